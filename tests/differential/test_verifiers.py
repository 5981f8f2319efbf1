"""Two verifiers, written apart from one page, tell the same of everything: Python's, and the one in TypeScript.

Whatever one of them answers otherwise, in the outcome or in the code of any step, is a fault of one of them or of the
specification.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random

import pytest

from tests.campaign import count
from tests.differential import changing, edges, resigning
from tests.differential.inputs import goods, smaller, vectors
from tests.differential.process import Case, Verifier, running
from tests.differential.telling import difference

CASES = count(5_000)
PARTS = 4
"""Tests that they are shared among, each with a process of its own where tests run at the same time."""
SHOWN = 8

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def node() -> Iterator[Verifier]:
    with running() as verifier:
        yield verifier


def disagreements(node: Verifier, cases: Iterable[Case]) -> list[str]:
    found: list[str] = []
    for number, (case, theirs) in enumerate(node.reports(cases)):
        told = difference(case, theirs)
        if told:
            found.append(f"{number} {case.name}: " + "; ".join(told)[:600])
    return found


def test_both_verify_what_is_good(node: Verifier) -> None:
    cases = [good.case for good in (*goods(), *smaller())]
    verdicts = [report["verdict"] for _, report in node.reports(cases)]
    assert verdicts.count("verified") >= 11
    assert disagreements(node, cases) == []


def test_both_tell_the_same_of_every_vector(node: Verifier) -> None:
    assert disagreements(node, vectors()) == []


def drawn(seed: int) -> Iterator[Case]:
    """Changed cases without end, in the same order for one seed."""
    random = Random(seed)
    bundles = goods()
    remade = [good for good in bundles if good.places]
    small = list(smaller())
    documents = [one for one in small if one.data.startswith(b"{")]
    while True:
        good, other = random.choice(bundles), random.choice(bundles)
        how = random.randrange(100)
        if how < 15:
            yield changing.flipped(random.choice((good, good, random.choice(small))), random)
        elif how < 20:
            yield changing.rewritten(random.choice((good, random.choice(small))), random)
        elif how < 54:
            yield changing.parts_changed(
                random.choice((good, good, good, random.choice(documents))), random, other
            )
        elif how < 64:
            yield changing.spliced(good, random, other)
        elif how < 74:
            yield changing.believed_otherwise(good, random)
        elif how < 84:
            yield changing.asked_otherwise(good, random)
        else:
            yield resigning.resigned(random.choice(remade), random, random.choice(remade))


def test_both_tell_the_same_of_signers_at_the_edges(node: Verifier) -> None:
    tried = list(edges.cases())
    assert disagreements(node, tried) == []
    verdicts = {case.name: report["verdict"] for case, report in node.reports(tried)}
    # A component of small order in the key, and the same in R: the equation holds, so that the signature counts.
    assert all(verdicts[f"exporter: mixed 8, twist {twist}"] == "verified" for twist in range(8))
    assert {verdict for name, verdict in verdicts.items() if "small" in name} == {"not verified"}


@pytest.mark.parametrize("part", range(PARTS))
def test_both_tell_the_same_of_everything_that_was_changed(node: Verifier, part: int) -> None:
    found = disagreements(node, islice(drawn(9_162 + part), CASES // PARTS))
    assert found == [], f"{len(found)} of {CASES // PARTS}:\n" + "\n".join(found[:SHOWN])
