"""Nothing that was changed, dropped or put together from two true bundles is ever verified, and nothing raises."""

import copy
import json
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.trust import TrustList, parse_trust_list, sign_trust_list
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.campaign import count
from tests.remembering import answers_kept
from tests.simulator import NOW, START, World, key, world
from tests.verify.jury import Jury, sitting

OPTIONAL = {("sections", n, "anchors", 0, "receipt") for n in range(2)}
"""Parts on which no step of these bundles rests."""
WHOLE = 10_000
"""Splices from which on a run is a campaign."""
SPLICES = count(2_500)
STEP = 1 if SPLICES >= WHOLE else 5
"""Of the bytes of what is long, such as a proof, every fifth is changed, but in a campaign every one."""
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[^"]')
SHORT = 14
"""Bytes of a token of JSON up to which all of them are changed: names, numbers, what holds them together."""

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def made() -> World:
    return world()


@pytest.fixture(scope="module")
def trust(made: World) -> TrustList:
    return made.trust()


@pytest.fixture(scope="module")
def true(made: World) -> bytes:
    return made.bundle()


@pytest.fixture(scope="module")
def other(made: World) -> bytes:
    """A second true bundle of the same world, about another record."""
    another = copy.deepcopy(made)
    another.subject = another.xa.add(another.record("second record", created=START + 12))
    another.ack = another.xb.add(another.acknowledgement(another.subject, outcome="reservation"))
    another.filler()
    another.xa.anchor()
    another.xb.anchor()
    return another.bundle()


@pytest.fixture(scope="module")
def jury(made: World, trust: TrustList) -> Iterator[Jury]:
    listed = sign_trust_list(made.trust_body(), {"#1": key("publisher")})
    assert parse_trust_list(listed).list_hash == trust.list_hash
    with sitting(listed, NOW) as jury:
        yield jury


@pytest.fixture(scope="module", autouse=True)
def _kept() -> Iterator[None]:
    """Nearly all signatures of a changed bundle are those of the true one."""
    with answers_kept():
        yield


def judge(data: bytes, trust: TrustList) -> Report:
    return verify_bundle(data, trust, now=NOW)


def test_both_originals_verify(true: bytes, other: bytes, trust: TrustList) -> None:
    assert judge(true, trust).verdict == judge(other, trust).verdict == "verified"


def test_no_changed_byte_survives(true: bytes, jury: Jury) -> None:
    tokens = [range(*found.span()) for found in TOKEN.finditer(true)]
    short = {place for token in tokens if len(token) <= SHORT for place in token}
    positions = sorted(short.union(range(0, len(true), STEP)))
    verdicts = jury.verdicts(change(true, position) for position in positions)
    assert [position for position, verified in zip(positions, verdicts, strict=True) if verified] == []


def change(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def test_a_jury_verifies_what_is_true_and_nothing_else(true: bytes, other: bytes, jury: Jury) -> None:
    # A jury that never found anything would make the tests of every byte and of splices pass for nothing.
    mixed = [b"", true, change(true, 5), other] * 110
    assert list(jury.verdicts(mixed)) == [False, True, False, True] * 110


def test_no_truncated_bundle_survives(true: bytes, trust: TrustList) -> None:
    for length in range(0, len(true), 97):
        assert judge(true[:length], trust).verdict == "not verified"


def pointers(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value, the members of members included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in inner:
        yield (*at, name)
        yield from pointers(below, (*at, name))


def holder(document: Any, at: tuple[str | int, ...]) -> Any:
    """The object or list that holds the last step of a pointer."""
    for step in at[:-1]:
        document = document[step]
    return document


def test_no_dropped_part_survives_unless_nothing_rests_on_it(true: bytes, trust: TrustList) -> None:
    document = json.loads(true)
    survived = set()
    for at in pointers(document):
        without = copy.deepcopy(document)
        del holder(without, at)[at[-1]]
        report = judge(encode(without), trust)
        if report.verdict == "verified":
            survived.add(at)
        else:
            assert report.missing or any(check.outcome == "failed" for check in report.checks)
    assert survived == OPTIONAL


def test_a_dropped_anchor_leaves_neither_anchor_nor_finality_passed(true: bytes, trust: TrustList) -> None:
    document = json.loads(true)
    document["sections"][0]["anchors"] = []
    report = judge(encode(document), trust)
    assert [report.step(step).outcome for step in (6, 7)] == ["absent", "absent"]
    assert report.missing == ("6 anchor: absent (no-anchor)", "7 finality: absent (no-anchor)")


def test_a_dropped_acknowledgement_is_named(true: bytes, trust: TrustList) -> None:
    document = json.loads(true)
    document["sections"] = document["sections"][:1]
    report = judge(encode(document), trust)
    assert report.missing == ("9 parties: absent (not-acknowledged)",)


def test_a_dropped_enrolment_is_named(true: bytes, trust: TrustList) -> None:
    document = json.loads(true)
    items = document["sections"][0]["items"]
    document["sections"][0]["items"] = [item for item in items if item["role"] != "enrolment"]
    report = judge(encode(document), trust)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def splices(one: Any, two: Any) -> Iterator[Any]:
    """Every part of `one` replaced by every part of `two` of the same JSON type, in a fixed random order."""
    kinds: dict[type, list[tuple[str | int, ...]]] = {}
    for at in pointers(two):
        kinds.setdefault(type(holder(two, at)[at[-1]]), []).append(at)
    pairs = [(at, source) for at in pointers(one) for source in kinds.get(type(holder(one, at)[at[-1]]), [])]
    random.Random(6962).shuffle(pairs)
    for at, source in pairs:
        spliced = copy.deepcopy(one)
        holder(spliced, at)[at[-1]] = holder(two, source)[source[-1]]
        yield spliced


def test_no_splice_of_two_true_bundles_survives(true: bytes, other: bytes, jury: Jury) -> None:
    one, two = json.loads(true), json.loads(other)
    both = (spliced for pair in zip(splices(one, two), splices(two, one), strict=False) for spliced in pair)
    changed = (data for data in map(encode, both) if data not in {true, other})
    verdicts = list(jury.verdicts(islice(changed, SPLICES)))
    assert len(verdicts) == SPLICES
    assert [place for place, verified in enumerate(verdicts) if verified] == []


def test_corresponding_parts_swapped_between_the_bundles_never_survive(
    true: bytes, other: bytes, trust: TrustList
) -> None:
    """The likeliest attack: the same place, taken from the other true bundle."""
    one, two = json.loads(true), json.loads(other)
    places = set(pointers(two))
    for at in pointers(one):
        if at not in places:
            continue
        spliced = copy.deepcopy(one)
        holder(spliced, at)[at[-1]] = holder(two, at)[at[-1]]
        data = encode(spliced)
        if data in (true, other):
            continue
        report = judge(data, trust)
        assert report.verdict != "verified" or at in OPTIONAL, at
