"""Two verifiers, written apart from one page, tell the same of everything: Python's, and the one in TypeScript.

Whatever one of them answers otherwise, in the outcome or in the code of any step, is a fault of one of them or of the
specification.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import pytest

from ledger.core import mldsa, suites
from ledger.errors import LedgerError
from ledger.verify import keyrule
from tests.campaign import count
from tests.differential import changing, edges, resigning
from tests.differential.inputs import Good, goods, smaller, vectors
from tests.differential.process import Case, Verifier, running
from tests.differential.telling import difference
from tests.remembering import answers_kept

CASES = count(20_000)
PARTS = 4
"""Tests that they are shared among, each with a process of its own where tests run at the same time."""
SHOWN = 8
PLANTED = 1_000
"""Cases within which each fault that is planted comes to light; mostly within a hundred."""
FOLLOWING = 3
"""Changes of a file that was signed again: to sign and to check it costs more than all else."""

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


def test_both_refuse_a_question_about_a_time_to_come(node: Verifier) -> None:
    good = next(iter(goods())).case
    cases = [good._replace(asked={**good.asked, "at": good.asked["now"] + late}) for late in (0, 1)]
    answers = [report for _, report in node.reports(cases)]
    assert [answer.get("code") for answer in answers] == [None, "at-in-future"]
    assert disagreements(node, cases) == []


def drawn(seed: int) -> Iterator[Case]:
    """Changed cases without end, in the same order for one seed."""
    random = Random(seed)
    bundles = goods()
    remade = [good for good in bundles if good.places]
    small = list(smaller())
    documents = [one for one in small if one.data.startswith(b"{")]
    while True:
        good, other = random.choice(bundles), random.choice(bundles)
        how = random.randrange(88)
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
            good = random.choice(remade)
            made = resigning.resigned(good, random, random.choice(remade))
            yield made
            yield from _changed_further(replace(good, name=made.name, data=made.data), random, other)


def _changed_further(good: Good, random: Random, other: Good) -> Iterator[Case]:
    """More of a file of which all signatures hold but those that a change touches."""
    for _ in range(FOLLOWING):
        how = random.randrange(4)
        try:
            if how == 0:
                yield changing.parts_changed(good, random, other)
            elif how == 1:
                yield changing.spliced(good, random, other)
            elif how == 2:
                yield changing.believed_otherwise(good, random)
            else:
                yield changing.asked_otherwise(good, random)
        except (LedgerError, LookupError, TypeError):  # nothing is left in it that this could change
            return


def test_both_tell_the_same_of_signers_at_the_edges() -> None:
    tried = list(edges.cases())
    with running(afresh=True) as node:
        assert disagreements(node, tried) == []
        verdicts = {case.name: report["verdict"] for case, report in node.reports(tried)}
    # A component of small order in the key, and the same in R: the equation holds, so that the signature counts.
    assert all(verdicts[f"exporter: mixed 8, twist {twist}"] == "verified" for twist in range(8))
    assert {verdict for name, verdict in verdicts.items() if "small" in name} == {"not verified"}


@pytest.mark.parametrize("part", range(PARTS))
def test_both_tell_the_same_of_everything_that_was_changed(node: Verifier, part: int) -> None:
    with answers_kept():
        found = disagreements(node, islice(drawn(9_162 + part), CASES // PARTS))
    assert found == [], f"{len(found)} of {CASES // PARTS}:\n" + "\n".join(found[:SHOWN])


def _anything(*_: bytes) -> None:
    """A check that accepts all."""


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (suites, "_verify_ed25519", _anything),
        (mldsa, "verify", _anything),
        (keyrule, "CLOCK_DRIFT", 0),
    ],
)
def test_a_verifier_with_a_fault_is_found_out_though_answers_are_kept(
    node: Verifier, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Any
) -> None:
    monkeypatch.setattr(module, name, wrong)
    with answers_kept(), closing(node.reports(islice(drawn(6_962), PLANTED))) as answered:
        assert any(difference(case, theirs) for case, theirs in answered)
