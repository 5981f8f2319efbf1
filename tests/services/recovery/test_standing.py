"""What is known of parties counts again in another log, or is left: never so that a key counts which was taken away."""

from collections.abc import Sequence

from ledger.core.statement import Statement
from ledger.services.recovery.standing import Standing, standing
from tests.simulator import DAY, START, World, key

WORLD = World()
PARTY = WORLD.exporter
NOW = START + 30 * DAY
FIRST, SECOND = "#2026", "#second"


def enrol(*keys: str, until: int = START + 365 * DAY, created: int = START, party: str = PARTY) -> Statement:
    named = [(name, key(name)) for name in keys or (FIRST,)]
    return WORLD.xa.enrol(party, ["exporter"], named, until=until, created=created, from_=created)


def own(revoked: str, by: str, at: int = START + DAY) -> Statement:
    """A revocation by the party itself."""
    return WORLD.xa.revoke(
        PARTY, revoked, at, issuer=PARTY, signing=key(by), with_key=by, created=START + DAY
    )


def judged(*about: Statement, now: int = NOW) -> Standing:
    return standing(about, WORLD.trust(), "XA", now)


def left(found: Standing) -> Sequence[str | None]:
    return [None if error is None else error.code for _, error in found.left]


def test_what_still_counts_is_kept_in_its_order() -> None:
    enrolled, revoked = enrol(FIRST, SECOND), WORLD.xa.revoke(PARTY, FIRST, START + DAY)
    found = judged(enrolled, revoked)
    assert found.kept == (enrolled, revoked)
    assert found.left == ()


def test_an_enrolment_whose_keys_ended_is_left_with_what_takes_them_away() -> None:
    ended = enrol(FIRST, until=START + 2 * DAY)
    found = judged(ended, WORLD.xa.revoke(PARTY, FIRST, START + DAY))
    assert found.kept == ()
    assert left(found) == [None, "revocation-of-unknown-key"]


def test_an_enrolment_by_somebody_else_is_left() -> None:
    stranger = WORLD.xa.enrol(PARTY, ["exporter"], [(FIRST, key(FIRST))], signing=key("stranger"))
    assert left(judged(stranger)) == ["signature-invalid"]


def test_a_partys_own_revocation_counts_again_while_its_other_key_does() -> None:
    enrolled, revoked = enrol(FIRST, SECOND), own(FIRST, SECOND)
    assert judged(enrolled, revoked).kept == (enrolled, revoked)


def test_a_key_whose_revocation_counts_no_more_is_not_enrolled_again() -> None:
    # The key that revoked the first one ended since: its word counts no more, and must not be forgotten.
    first = enrol(FIRST)
    second = enrol(SECOND, until=START + 2 * DAY, created=START + 1)
    other = enrol("#other", party="did:web:other.example.xa")
    found = judged(first, second, own(FIRST, SECOND), other)
    assert found.kept == (other,)
    assert {one.digest for one, _ in found.left} >= {first.digest, second.digest}


def test_a_revocation_that_the_registrar_silenced_has_the_party_enrolled_anew() -> None:
    enrolled = enrol(FIRST, SECOND)
    silenced = WORLD.xa.revoke(PARTY, SECOND, START)
    found = judged(enrolled, silenced, own(FIRST, SECOND))
    assert found.kept == ()


def test_what_is_left_of_one_party_bars_what_rests_on_it_and_no_other() -> None:
    # With the enrolment gone, a revocation that was signed under it counts no more either, and so on.
    first, second = enrol(FIRST), enrol(SECOND, created=START + 1)
    gone = enrol("#third", until=START + 2 * DAY, created=START + 2)
    found = judged(first, second, gone, own(SECOND, "#third"), own(FIRST, SECOND))
    assert found.kept == ()
