"""The three rules at their edges, with a proven time, with the operator's word, and with neither."""

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError, VerificationError
from ledger.statements.catalogue import read
from ledger.statements.revocation import KeyRevocation
from ledger.verify.keyrule import (
    Grant,
    Revocation,
    Times,
    check_key_dates,
    check_not_revoked,
    revocation_author,
    revoked_from,
)
from tests.simulator import DAY, START, Jurisdiction, World, key

BEGINS, ENDS = START, START + 1_000
NOW = START + 500
GRANT = Grant(
    holder="did:web:exporter.example.xa",
    key_id="#2026",
    key=key("exporter").public,
    begins=BEGINS,
    ends=ENDS,
    roles=frozenset({"exporter"}),
    jurisdiction="XA",
    granted_by="did:web:registrar.example.xa",
)


def dated(created: int, *, proven: int | None = None, operator: int | None = None, now: int = NOW) -> str:
    """`holds`, or the code of the refusal."""
    try:
        check_key_dates(GRANT, created, times=Times(proven, operator), now=now)
    except VerificationError as error:
        return error.code
    return "holds"


@pytest.mark.parametrize(
    ("created", "verdict"),
    [(BEGINS - 1, "key-dates"), (BEGINS, "holds"), (ENDS - 1, "holds"), (ENDS, "key-dates")],
)
def test_rule_1_a_key_signs_from_its_first_second_up_to_its_end(created: int, verdict: str) -> None:
    assert dated(created, proven=created, now=ENDS) == verdict


def test_rule_1_a_signature_lies_at_most_300_seconds_ahead() -> None:
    assert dated(NOW + 300) == "holds"
    assert dated(NOW + 301) == "created-in-future"
    assert dated(NOW + 301, proven=NOW + 301) == "created-in-future"


@pytest.mark.parametrize("kind", ["proven", "operator"])
def test_rule_2_with_a_time_the_signature_is_no_younger_and_the_proof_at_most_a_day_late(kind: str) -> None:
    def at(created: int, time: int, now: int = NOW) -> str:
        return dated(created, **{kind: time}, now=now)  # type: ignore[arg-type]

    assert at(NOW, NOW - 300) == "holds"
    assert at(NOW, NOW - 301) == "created-after-proof"
    assert at(NOW, ENDS + DAY - 1) == "holds"
    assert at(NOW, ENDS + DAY) == "key-expired"
    assert at(NOW, NOW, now=ENDS + 10 * DAY) == "holds"


def test_rule_2_without_a_time_the_key_is_valid_now() -> None:
    assert dated(NOW, now=ENDS - 1) == "holds"
    assert dated(NOW, now=ENDS) == "key-expired"


def test_rule_2_prefers_what_is_proven_to_what_the_operator_says() -> None:
    assert dated(NOW, proven=ENDS + DAY, operator=NOW) == "key-expired"
    assert dated(NOW, proven=NOW, operator=ENDS + DAY) == "holds"


def counts(revocations: list[Revocation], grant: Grant = GRANT, **times: int) -> bool:
    try:
        check_not_revoked(grant, revocations, times=Times(**times))
    except VerificationError as error:
        return {"key-revoked": False}[error.code]
    return True


def by(whom: str, effective: int, party: str = GRANT.holder, key_id: str = GRANT.key_id) -> Revocation:
    return Revocation(party, key_id, whom, effective)


@pytest.mark.parametrize("whom", [GRANT.holder, GRANT.granted_by])
def test_rule_3_only_what_is_proven_before_the_revocation_counts(whom: str) -> None:
    revoked = [by(whom, NOW)]
    assert counts(revoked, proven=NOW - 1)
    assert not counts(revoked, proven=NOW)
    assert not counts(revoked)
    assert not counts(revoked, operator=NOW - 100)
    assert counts(revoked, proven=NOW - 1, operator=NOW + 1)


def test_rule_3_the_trust_lists_own_revocation_is_one_too() -> None:
    revoked = GRANT._replace(revoked_at=NOW)
    assert counts([], revoked, proven=NOW - 1)
    assert not counts([], revoked, proven=NOW)
    assert not counts([], revoked, operator=NOW - 1)


def test_rule_3_the_earliest_revocation_counts() -> None:
    several = [by(GRANT.holder, NOW), by(GRANT.granted_by, NOW - 50)]
    assert revoked_from(GRANT, several) == NOW - 50
    assert revoked_from(GRANT._replace(revoked_at=NOW - 80), several) == NOW - 80
    assert not counts(several, proven=NOW - 50)
    assert counts(several, proven=NOW - 51)


@pytest.mark.parametrize(
    "other",
    [
        by("did:web:registrar.example.xb", NOW),
        by(GRANT.holder, NOW, key_id="#2025"),
        by(GRANT.holder, NOW, party="did:web:other.example.xa"),
    ],
    ids=["by another registrar", "another key", "another party"],
)
def test_rule_3_revocations_of_others_and_by_others_change_nothing(other: Revocation) -> None:
    assert counts([other])
    assert revoked_from(GRANT, [other]) is None


def effect(statement: Statement, times: Times, grants: list[Grant], now: int = NOW) -> int | str:
    """Second from which it takes effect, or the code of the refusal."""
    made = World()
    subject = read(statement)
    assert isinstance(subject, KeyRevocation)
    try:
        return revocation_author(
            statement, subject, trust=made.trust(), grants=grants, times=times, now=now
        ).effective
    except LedgerError as error:
        return error.code


SPARE = GRANT._replace(key_id="#spare", key=key("exporter spare").public)
XA = Jurisdiction("XA", 31_001)


def by_party(at: int, created: int = START + 50) -> Statement:
    return XA.revoke(
        GRANT.holder,
        GRANT.key_id,
        at,
        issuer=GRANT.holder,
        signing=key("exporter spare"),
        with_key="#spare",
        created=created,
    )


def test_a_partys_own_revocation_takes_effect_at_the_later_of_its_word_and_its_proof() -> None:
    grants = [GRANT, SPARE]
    assert effect(by_party(START + 10), Times(proven=START + 60), grants) == START + 60
    assert effect(by_party(START + 90), Times(proven=START + 60), grants) == START + 90
    assert effect(by_party(START + 10), Times(operator=START + 60), grants) == NOW
    assert effect(by_party(START + 10), Times(), grants) == NOW


def test_a_partys_revocation_is_held_to_the_key_rule_like_any_statement() -> None:
    grants = [GRANT, SPARE]
    assert effect(by_party(START, created=ENDS + 1), Times(proven=ENDS + 1), grants, ENDS + 1) == "key-dates"
    assert effect(by_party(START), Times(), [GRANT, SPARE._replace(ends=NOW)]) == "key-expired"
    assert effect(by_party(START), Times(), [GRANT, SPARE._replace(revoked_at=NOW)]) == "key-revoked"
    assert effect(by_party(START), Times(), [GRANT]) == "key-unknown"


def test_the_registrar_alone_may_name_an_earlier_time() -> None:
    made = XA.revoke(GRANT.holder, GRANT.key_id, START - 5_000)
    assert effect(made, Times(proven=START + 60), [GRANT]) == START - 5_000
    assert effect(made, Times(), [GRANT]) == START - 5_000
    assert (
        effect(made, Times(), [GRANT._replace(granted_by="did:web:other.example.xa")])
        == "revocation-by-stranger"
    )
    assert effect(made, Times(), [SPARE]) == "revocation-of-unknown-key"
    forged = XA.revoke(GRANT.holder, GRANT.key_id, START, signing=key("impostor"))
    assert effect(forged, Times(), [GRANT]) == "signature-invalid"
