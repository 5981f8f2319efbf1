"""Nothing that was changed, dropped or put together from two true bundles is ever verified, and nothing raises."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.trust import TrustList
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import NOW, START, World, world

OPTIONAL = {("sections", n, "anchors", 0, "receipt") for n in range(2)}
"""Parts on which no step of these bundles rests."""
SPLICES = 10_000


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


def judge(data: bytes, trust: TrustList) -> Report:
    return verify_bundle(data, trust, now=NOW)


def test_both_originals_verify(true: bytes, other: bytes, trust: TrustList) -> None:
    assert judge(true, trust).verdict == judge(other, trust).verdict == "verified"


def test_no_changed_byte_survives(true: bytes, trust: TrustList) -> None:
    for position in range(len(true)):
        changed = true[:position] + bytes([true[position] ^ 1]) + true[position + 1 :]
        assert judge(changed, trust).verdict != "verified", f"byte {position}"


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


def test_no_splice_of_two_true_bundles_survives(true: bytes, other: bytes, trust: TrustList) -> None:
    one, two = json.loads(true), json.loads(other)
    tried = 0
    for place, (left, right) in enumerate(zip(splices(one, two), splices(two, one), strict=False)):
        for spliced in (left, right):
            data = encode(spliced)
            if data in (true, other):
                continue
            tried += 1
            assert judge(data, trust).verdict != "verified", f"splice {place}: {data!r}"
        if tried >= SPLICES:
            break
    assert tried >= SPLICES


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
