"""A signed certificate and reports about it, as a verifier would give them."""

from typing import Any

from ledger.core.statement import Statement, sign_statement
from ledger.core.suites import EDDSA, generate
from ledger.core.times import parse_time
from ledger.services.render.sheet import Sheet, sheet_of
from ledger.statements import catalogue
from ledger.statements.premises.finding import Premise
from ledger.statements.premises.standing import Standing
from ledger.statements.recognition import RecognitionReport
from ledger.verify.report import Check, Dated, Report

KEY = generate(EDDSA, b"\x07" * 48)
METHOD = "did:web:body.example.xa#2026"
CREATED = parse_time("2026-11-22T04:03:04Z")
CHECKED = parse_time("2026-12-01T09:30:00Z")
TRUST = bytes.fromhex("77ab" + "5c" * 28 + "0c19")
URL = "https://registry.example.xa/v1/bundle/PIP-2026-0042"
GOOD = [
    ("IN_DATES", "passed"),
    ("GOOD", "passed"),
    ("ACCREDITED", "passed"),
    ("RECOGNISED", "passed"),
    ("IN_FORCE", "passed"),
    ("DESIGNATED", "passed"),
    ("EQUIVALENT", "passed"),
    ("IN_SCOPE", "passed"),
]


def certificate(**changes: Any) -> Statement:
    """The example of a certificate, signed; members of the subject changed, or of its scope."""
    document = catalogue.example("ConformityCertificate")
    document.pop("proof", None)
    subject = document["credentialSubject"]
    for name, value in changes.items():
        (subject["scope"] if name in subject["scope"] else subject)[name] = value
    return sign_statement(document, KEY, METHOD, CREATED)


def standing(premises: Any = GOOD, moment: int = CHECKED) -> Standing:
    """What the premises come to."""
    grounds = tuple(Premise(code, outcome, "as it is", ()) for code, outcome in premises)
    outcomes = {premise.outcome for premise in grounds}
    came = "invalid" if "failed" in outcomes else "unknown" if "absent" in outcomes else "valid"
    limits = ("condition: data of residents of XB are stored in XB", "gap: no rule on minors")
    return Standing(moment, came, grounds, "conditional", limits)  # type: ignore[arg-type]


def recognition(verdict: str = "VALID", then: Any = GOOD, now: Any = None, into: str | None = "XB") -> Any:
    """What the rule of recognition says."""
    known = standing(then if now is None else now)
    status = (
        "valid" if known.outcome == "valid" else "not checked" if known.outcome == "unknown" else "suspended"
    )
    not_checked = ("whether a use lies within its scope", "whether the conditions are met")
    return RecognitionReport(verdict, standing(then), known, status, into, not_checked)  # type: ignore[arg-type]


def report(statement: Statement, found: Any = None, **changes: Any) -> Report:
    """A report on which the steps that concern a certificate passed, but for its partner's chain."""
    outcomes = dict.fromkeys((2, 8, 9, 11), "absent")
    if found is None or found.verdict == "UNKNOWN":
        outcomes[10] = "absent"
    elif found.verdict == "NOT_VALID_THEN":
        outcomes[10] = "failed"
    checks = tuple(
        Check(step, outcomes.get(step, "passed"), "in-order", "as it should be")  # type: ignore[arg-type]
        for step in range(1, 12)
    )
    later = found is not None and found.verdict == "VALID_THEN_NOT_NOW"
    dated = Dated(
        statement.digest, "subject", statement.type, statement.issuer, CREATED, CREATED + 27, ("2 witnesses",)
    )
    return Report(
        subject=statement.digest,
        subject_type=statement.type,
        verdict="verified then, not now"
        if later
        else "not verified"
        if outcomes.get(10) == "failed"
        else "verified",
        checks=checks,
        required=(1, 3, 4, 5, 6, 7),
        missing=(),
        trust_version=12,
        trust_hash=TRUST,
        trust_publisher="did:web:trade.example.xb",
        checked_at=CHECKED,
        statements=(dated,),
        status_now="not checked" if found is None else found.status_now,
        recognition=found,
        not_checked=("whether a later correction exists", *(() if found is None else found.not_checked)),
    )._replace(**changes)


def sheet(*languages: str, found: Any = ..., url: str | None = URL, **changes: Any) -> Sheet:
    """A page; recognised in XB unless said otherwise."""
    made = certificate(**changes)
    told = report(made, recognition() if found is ... else found)
    return sheet_of(made, told, languages=languages or ("en", "zh"), url=url)
