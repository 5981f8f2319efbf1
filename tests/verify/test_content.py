"""Files and values against commitments: what opens the subject's, and what only looks so."""

from hashlib import sha256
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.commitment import Opening, Openings, commitment
from ledger.core.statement import Statement
from ledger.verify.content import Content
from ledger.verify.report import Check, Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import NOW, START, World, statement_id, world
from tests.verify.attacking import rebuilt

PAYLOAD = "/credentialSubject/payload/commitment"
VOLUME = "/credentialSubject/volume/commitment"
SALT = bytes(range(32))
FILE, OTHER = sha256(b"the file").digest(), sha256(b"another file").digest()


def committing(made: World, name: str, file: bytes, **members: Any) -> Statement:
    """A logged record whose payload commits to a file and whose volume commits to 7."""
    subject = {
        "payload": {
            "commitment": commitment(statement_id(name), PAYLOAD, SALT, file).hex(),
            "mediaType": "text/plain",
        },
        "volume": {"commitment": commitment(statement_id(name), VOLUME, SALT, b"7").hex()},
        **members,
    }
    return made.xa.add(made.record(name, **subject))


def about(name: str = "committing", **members: Any) -> World:
    made = world()
    made.subject = committing(made, name, FILE, **members)
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    return made


def judge(
    made: World,
    disclosures: dict[str, Any] | None = None,
    content: Content | None = None,
    more: list[tuple[str, Statement, dict[str, Any]]] | None = None,
) -> Report:
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    sections = rebuilt(made, [*items, *((role, statement) for role, statement, _ in more or [])])
    if disclosures is not None:
        sections[0]["items"][0]["disclosures"] = disclosures
    for place, (_, _, disclosed) in enumerate(more or [], 2):
        sections[0]["items"][place]["disclosures"] = disclosed
    return verify_bundle(made.bundle(sections), made.trust(), now=NOW, content=content)


def said(report: Report) -> tuple[str, str]:
    check: Check = report.step(2)
    return check.outcome, check.code


def opened(file: bytes) -> dict[str, Any]:
    return {PAYLOAD: {"salt": SALT.hex(), "fileSha256": file.hex()}}


def test_a_disclosed_value_that_fits_passes() -> None:
    report = judge(about(), {VOLUME: {"salt": SALT.hex(), "value": 7}})
    assert (report.verdict, *said(report)) == ("verified", "passed", "content")


@pytest.mark.parametrize(
    "opening",
    [
        {"salt": SALT.hex(), "value": 8},
        {"salt": bytes(32).hex(), "value": 7},
        {"salt": SALT.hex(), "value": "7"},
    ],
    ids=["value", "salt", "kind of value"],
)
def test_a_disclosed_value_that_does_not_fit_fails(opening: dict[str, Any]) -> None:
    report = judge(about(), {VOLUME: opening})
    assert (report.verdict, *said(report)) == ("not verified", "failed", "commitment-mismatch")


def test_an_opening_moved_to_another_place_does_not_fit() -> None:
    report = judge(about(), {PAYLOAD: {"salt": SALT.hex(), "value": 7}})
    assert said(report) == ("failed", "commitment-mismatch")


def test_a_disclosed_file_is_absent_until_it_is_in_hand() -> None:
    made = about()
    assert said(judge(made, opened(FILE))) == ("absent", "file-not-in-hand")
    assert said(judge(made, opened(FILE), Content({"payload": FILE}))) == ("passed", "content")
    assert said(judge(made, opened(FILE), Content({PAYLOAD: FILE}))) == ("passed", "content")
    assert said(judge(made, opened(FILE), Content({"payload": OTHER}))) == ("failed", "content-mismatch")


def test_one_disclosure_that_fails_is_not_hidden_by_one_that_fits() -> None:
    disclosures = {VOLUME: {"salt": SALT.hex(), "value": 7}, **opened(OTHER)}
    assert said(judge(about(), disclosures, Content({"payload": OTHER}))) == ("failed", "commitment-mismatch")


def test_a_file_without_a_salt_is_not_checked() -> None:
    assert said(judge(about(), None, Content({"payload": FILE}))) == ("absent", "salt-missing")


def test_a_file_under_a_name_that_the_statement_does_not_have_fails() -> None:
    assert said(judge(about(), None, Content({"dataset": FILE}))) == ("failed", "content-unknown")


def test_the_signers_openings_stand_for_disclosures() -> None:
    made = about()
    openings = Openings(made.subject.id, {PAYLOAD: Opening(SALT, file_sha256=FILE), VOLUME: Opening(SALT, 7)})
    assert said(judge(made, None, Content({"payload": FILE}, openings))) == ("passed", "content")
    assert said(judge(made, None, Content({"payload": OTHER}, openings))) == ("failed", "content-mismatch")
    wrong = Openings(made.subject.id, {VOLUME: Opening(SALT, 8)})
    assert said(judge(made, None, Content({}, wrong))) == ("failed", "commitment-mismatch")
    foreign = Openings(statement_id("other"), {VOLUME: Opening(SALT, 7)})
    assert said(judge(made, None, Content({}, foreign))) == ("failed", "openings-of-another")


def test_the_file_of_another_statement_in_the_bundle_is_not_the_subjects() -> None:
    made = world()
    earlier = committing(made, "earlier", OTHER)
    made.subject = committing(
        made, "later", FILE, parents=[{"digest": earlier.digest.hex(), "rel": "derivedFrom"}]
    )
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    parent = [("parent", earlier, opened(OTHER))]
    # The parent's file, handed over as the subject's.
    assert said(judge(made, None, Content({"payload": OTHER}), parent))[0] != "passed"
    report = judge(made, opened(FILE), Content({"payload": OTHER}), parent)
    assert said(report) == ("failed", "content-mismatch")
    # The subject's own file is the subject's, whatever the parent discloses.
    assert said(judge(made, opened(FILE), Content({"payload": FILE}), parent)) == (
        "absent",
        "file-not-in-hand",
    )
    both = Content({"payload": FILE, f"{earlier.digest.hex()}/payload": OTHER})
    assert said(judge(made, opened(FILE), both, parent)) == ("passed", "content")
    swapped = Content({"payload": OTHER, f"{earlier.digest.hex()}/payload": FILE})
    assert said(judge(made, opened(FILE), swapped, parent)) == ("failed", "content-mismatch")


@pytest.mark.parametrize(
    "pointer",
    [
        "/credentialSubject/reference",
        "/credentialSubject/payload",
        "/credentialSubject/payload/commitment/0",
        "/credentialSubject/dataLocation/" + "1" * 5_000,
        "/credentialSubject/dataLocation/0" + "1" * 70_000,
        "payload",
        "",
        "/credentialSubject/" + "a" * 70_000,
    ],
    ids=lambda pointer: pointer[:40],
)
def test_a_disclosure_of_what_is_no_commitment_fails_and_never_raises(pointer: str) -> None:
    made = world()
    name = "referring"
    held = commitment(statement_id(name), "/credentialSubject/reference", SALT, encode(7)).hex()
    made.subject = made.xa.add(made.record(name, reference=held, dataLocation=["XB"]))
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    report = judge(made, {pointer: {"salt": SALT.hex(), "value": 7}})
    assert said(report) == ("failed", "disclosure-no-commitment")
    assert len(report.step(2).detail) < 1_000
    assert START < NOW
