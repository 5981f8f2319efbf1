"""The statements of the vectors are one case: a certificate of XA that counts in XB, and later does not."""

from typing import Any

from ledger.core.times import parse_time
from ledger.statements import catalogue
from ledger.statements.recognition import Held, recognise
from tests.statements import vectors
from tests.statements.recognition.world import World, authority

MADE = {file: vectors.signed(document) for file, document in vectors.documents().items()}
BEGIN = parse_time("2026-11-22T04:03:04Z")
DAY = 86_400


def ask(*, without: str | None = None, **question: Any) -> Any:
    authorities = [authority(f"did:web:authority.example.{code.lower()}", code) for code in ("XA", "XB")]
    held = [
        Held(
            statement.digest,
            statement.type,
            statement.issuer,
            statement.created,
            catalogue.read(statement),
            statement.issuer[-2:].upper(),
        )
        for file, statement in MADE.items()
        if file not in ("jurisdiction-entry", "log-succession", without)
    ]
    certificate = MADE["conformity-certificate"].digest
    asked = {"into": "XB", "purpose": None, "at": BEGIN, "known": BEGIN + DAY, **question}
    return recognise(certificate, evidence=held, trust=World(*authorities).trust, **asked)


def test_the_certificate_of_the_vectors_counts_in_the_other_country() -> None:
    report = ask()
    assert report.verdict == "VALID", report.at.premises
    assert report.at.effect == "conditional"


def test_it_does_no_longer_once_it_is_suspended() -> None:
    report = ask(known=parse_time("2027-12-02T00:00:00Z"))
    assert (report.verdict, report.status_now) == ("VALID_THEN_NOT_NOW", "suspended")


def test_every_statement_of_the_vectors_is_needed() -> None:
    told = {"status-change", "identity-recognition", "jurisdiction-entry", "log-succession"}
    told.add("conformity-certificate")
    told |= {"policy-measure", "decision", "dataset-registration", "measure-review", "observation"}
    told.add("transfer-record-lines")
    verdicts = {file: ask(without=file).verdict for file in MADE if file not in told}
    assert len(verdicts) == len(MADE) - len(told)
    assert set(verdicts.values()) == {"UNKNOWN"}, verdicts
