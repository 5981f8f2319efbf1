"""A notice that a log ended: both verifiers hold it alike against what is at hand."""

from collections.abc import Iterator

import pytest

from tests.differential.process import Case, Verifier, running
from tests.differential.telling import difference, python_report
from tests.simulator import NOW, world
from tests.verify.test_succession import SEEN, WITNESS, Rig, Successor, listed


@pytest.fixture(scope="module")
def node() -> Iterator[Verifier]:
    with running() as verifier:
        yield verifier


def test_both_tell_the_same_of_a_notice(node: Verifier) -> None:
    made = world()
    rig = Rig(made, Successor("XA", made.xa.number))
    trust = [rig.trust(), rig.trust(rig.made.xa), rig.trust(witnesses=[listed(WITNESS)])]
    bundles = [
        rig.bundle(rig.notice()),
        rig.bundle(rig.notice(seen=[rig.seen_with_a_forged_line()])),
        rig.bundle(rig.notice(), older=SEEN + 1),
        rig.bundle(rig.notice(), beside=rig.anchored_later()),
        rig.notice().encoded,
    ]
    cases = [
        Case(f"{place}", data, one.encoded, {"now": NOW})
        for one in trust
        for place, data in enumerate(bundles)
    ]
    verdicts = {python_report(case)["verdict"] for case in cases}
    assert verdicts >= {"verified", "not verified"}
    told = [difference(case, theirs) for case, theirs in node.reports(cases)]
    assert [one for one in told if one] == []
