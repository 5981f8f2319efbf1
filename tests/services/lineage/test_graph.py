"""The graph against a naive search, and what bounds, gaps and forks do to it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedError, NotFoundError
from ledger.services.lineage.graph import SUPERSEDES, Lineage, trace
from ledger.services.lineage.reading import read_lineage
from ledger.statements.edges import edges
from tests.services.lineage.graphs import BODY, Certified, at_hand, hexed, made


@pytest.fixture(scope="module")
def story() -> Certified:
    return Certified()


def links(lineage: Lineage) -> set[tuple[str, str, str]]:
    return {(link.source.hex(), link.relation, link.target.hex()) for link in lineage.links}


def test_a_certificate_shows_what_it_rests_on_and_what_rests_on_it(story: Certified) -> None:
    found = trace(story.certificate.digest, at_hand(story.every))
    met = {entry.digest for entry in found.entries}
    assert met == {one.digest for one in story.every} - {story.other.digest}
    assert (hexed(story.certificate), "accreditation", hexed(story.accreditation)) in links(found)
    assert (hexed(story.recognition), "arrangement", hexed(story.arrangement)) in links(found)
    assert (hexed(story.transfer), "derivedFrom", hexed(story.earlier)) in links(found)
    assert (hexed(story.acknowledgement), "record", hexed(story.transfer)) in links(found)
    assert (found.incomplete, found.conflicts, found.more) == ((), (), False)


def test_an_arrangement_is_not_left_by_way_of_others_that_use_it(story: Certified) -> None:
    found = trace(story.recognition.digest, at_hand(story.every))
    assert story.other.digest not in {entry.digest for entry in found.entries}


def test_a_missing_parent_is_incomplete(story: Certified) -> None:
    found = trace(story.transfer.digest, at_hand(story.every, story.accreditation))
    assert found.incomplete == (story.accreditation.digest,)
    assert found.entry(story.accreditation.digest).type is None


def test_two_that_supersede_the_same_are_a_conflict() -> None:
    first = made("ConformityCertificate", BODY)
    second, third = (made("ConformityCertificate", BODY, supersedes=hexed(first)) for _ in range(2))
    for root in (first, second, third):
        (conflict,) = trace(root.digest, at_hand([first, second, third])).conflicts
        assert (conflict.target, set(conflict.by)) == (first.digest, {second.digest, third.digest})


def test_a_line_of_versions_is_no_conflict_nor_is_what_a_stranger_supersedes() -> None:
    first = made("ConformityCertificate", BODY)
    second = made("ConformityCertificate", BODY, supersedes=hexed(first))
    third = made("ConformityCertificate", BODY, supersedes=hexed(second))
    stranger = made("ConformityCertificate", "did:web:stranger.example.xc", supersedes=hexed(first))
    found = trace(first.digest, at_hand([first, second, third, stranger]))
    assert len(found.entries) == 4
    assert found.conflicts == ()


def test_a_statement_that_is_only_referred_to_has_a_lineage_too(story: Certified) -> None:
    found = trace(story.certificate.digest, at_hand(story.every, story.certificate))
    assert found.incomplete == (story.certificate.digest,)
    assert story.transfer.digest in {entry.digest for entry in found.entries}


def test_what_nobody_knows_has_none(story: Certified) -> None:
    with pytest.raises(NotFoundError) as refused:
        trace(b"\x01" * 32, at_hand(story.every))
    assert refused.value.code == "not-found"


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_depth_is_bounded_and_said(story: Certified, depth: int) -> None:
    found = trace(story.acknowledgement.digest, at_hand(story.every), depth=depth)
    assert max(entry.depth for entry in found.entries) == depth
    assert found.more


def test_count_is_bounded_and_said() -> None:
    first = made("ConformityCertificate", BODY)
    crowd = [made("StatusChange", BODY, statement=hexed(first)) for _ in range(30)]
    found = trace(first.digest, at_hand([first, *crowd]), count=10)
    assert (len(found.entries), found.more) == (10, True)
    assert not trace(first.digest, at_hand([first, *crowd]), count=31).more


@given(seed=st.integers(0, 2**32), size=st.integers(1, 12))
def test_any_graph_is_what_a_naive_search_finds_whatever_the_order(seed: int, size: int) -> None:
    draw = random.Random(seed)
    statements = []
    for _ in range(size):
        known = [hexed(one) for one in statements] + ["ee" * 32]
        named = draw.sample(known, draw.randint(0, min(3, len(known))))
        parents = [{"digest": one, "rel": draw.choice(["cites", "partOf"])} for one in named]
        more = {"supersedes": draw.choice(known)} if draw.random() < 0.3 else {}
        statements.append(made("TransferRecord", **({"parents": parents} if parents else {}), **more))
    root = draw.choice(statements).digest
    every = {one.digest: edges(one) for one in statements}

    def up(start: set[bytes]) -> set[bytes]:
        reached = set(start)
        while more := {
            target for one in reached for _, target in every.get(one, ()) if target not in reached
        } | {
            source
            for source, named in every.items()
            for relation, target in named
            if relation == SUPERSEDES and target in reached and source not in reached
        }:
            reached |= more
        return reached

    below = {root}
    while (
        further := {source for source, named in every.items() for _, target in named if target in below}
        - below
    ):
        below |= further
    found = trace(root, at_hand(statements))
    assert {entry.digest for entry in found.entries} == up(below)
    draw.shuffle(statements)
    assert trace(root, at_hand(statements)) == found
    assert read_lineage(found.to_json()) == found


def test_a_graph_is_read_back_as_it_was_told(story: Certified) -> None:
    found = trace(story.certificate.digest, at_hand(story.every, story.arrangement))
    assert read_lineage(found.to_json()) == found


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("root"),
        lambda told: told.update(root="00" * 32),
        lambda told: told.update(more="no"),
        lambda told: told.update(statements={}),
        lambda told: told["statements"].append(told["statements"][0]),
        lambda told: told["statements"][0].update(issuer="\x1b[2J"),
        lambda told: told["statements"][0].update(type="<script>"),
        lambda told: told["statements"][0].update(created="now"),
        lambda told: told["statements"][0].update(depth=-1),
        lambda told: told["statements"][0].update(digest="AB" * 32),
        lambda told: told["links"][0].update(relation="<b>"),
        lambda told: told["links"][0].update(target="00" * 32),
        lambda told: told["links"].append(None),
        lambda told: told.update(links=[told["links"][0]] * 20_000),
    ],
)
def test_a_graph_of_a_stranger_that_is_not_in_order_is_refused(story: Certified, change: object) -> None:
    told = trace(story.certificate.digest, at_hand(story.every)).to_json()
    change(told)  # type: ignore[operator]
    with pytest.raises(MalformedError) as refused:
        read_lineage(told)
    assert refused.value.code == "lineage-malformed"
