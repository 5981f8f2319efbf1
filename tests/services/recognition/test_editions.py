"""What a new edition of a status list changes: those at the places that differ, and nobody else."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.statement import Statement
from ledger.errors import LedgerError, NotFoundError
from ledger.services.recognition.editions import changed_places, touched_by
from ledger.statements import bitstring
from ledger.statements.status_list import SMALLEST, StatusList, lists
from tests.services.recognising import BODY_LIST, Recognising, recognising


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def edition(
    made: Recognising, previous: Statement | None, suspended: list[int], name: str = BODY_LIST
) -> Statement:
    none = bitstring.of(SMALLEST, [])
    bits = lists(length=SMALLEST, revocation=none, suspension=bitstring.of(SMALLEST, suspended), refresh=none)
    earlier = {} if previous is None else {"supersedes": previous.digest.hex()}
    statement = made.status_list(made.body, name, **bits, **earlier)
    made.sides.xa.register(statement)
    return statement


def told(made: Recognising, one: Statement) -> dict[bytes, str]:
    found = touched_by(one.digest, made.sides.xa.node.shelf, made.sides.trust, now=made.sides.clock.now)
    return {each.stored.digest: each.word for each in found}


def test_only_what_changed_is_judged_again(made: Recognising) -> None:
    certificates = [made.certificate(None) for _ in range(4)]
    for one in certificates:
        made.sides.xa.register(one)
    places = [int(one.subject["statusReference"]["statusListIndex"]) for one in certificates]  # type: ignore[call-overload,index,arg-type]
    numbers = [one.digest for one in certificates]
    first = edition(made, None, [places[0]])
    assert told(made, first) == {numbers[0]: "suspended"}
    second = edition(made, first, [places[0], places[2], 99_999])  # nobody is at the last one
    assert told(made, second) == {numbers[2]: "suspended"}
    third = edition(made, second, [])
    assert told(made, third) == {numbers[0]: "valid", numbers[2]: "valid"}
    assert told(made, edition(made, third, [])) == {}


def test_what_is_no_edition_here_is_refused(made: Recognising) -> None:
    with pytest.raises(NotFoundError):
        told(made, made.status_list(made.body, BODY_LIST))
    certificate = made.certificate(None)
    made.sides.xa.register(certificate)
    with pytest.raises(LedgerError) as refused:
        told(made, certificate)
    assert refused.value.code == "statement-type"


SETS = st.sets(st.integers(0, 255), max_size=20)


@given(SETS, SETS, SETS, SETS)
def test_the_places_are_those_at_which_a_bit_differs(
    a: set[int], b: set[int], c: set[int], d: set[int]
) -> None:
    def of(revoked: set[int], suspended: set[int]) -> StatusList:
        bits = bitstring.of(256, revoked), bitstring.of(256, suspended), bitstring.of(256, [])
        return StatusList("urn:list", 0, 1, 256, *bits, None, {})

    assert changed_places(of(a, b), of(c, d)) == tuple(sorted((a ^ c) | (b ^ d)))
    assert changed_places(None, of(c, d)) == tuple(sorted(c | d))
