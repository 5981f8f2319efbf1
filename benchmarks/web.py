"""The verifier of the page: what its bundled sources take in node, against the verifier in Python.

Both verify the same bundles by turns in one run, as CPU time of the whole process, and keep no answer from one bundle
to the next; node has compiled what it runs often, as a page has that was open for some seconds.
"""

import time
from collections.abc import Iterator

import psutil

from benchmarks.evidence import NOW, certificate_example, example, sealed_example
from benchmarks.measure import Row, at_most, microseconds, of_turns
from ledger.core.trust import parse_trust_list
from ledger.verify.verifier import verify_bundle
from tests.differential.process import Case, built, running

GOAL = 5.0
WARM = 400
TURNS = 7
CALLS = 40


def rows() -> Iterator[Row]:
    """A transfer, the same sealed, and a certificate."""
    built()
    yield _row("a transfer's bundle", example())
    yield _row("the same, sealed by 3 of 4", sealed_example(4))
    yield _row("a certificate's bundle", certificate_example())


def _row(what: str, evidence: tuple[bytes, bytes]) -> Row:
    bundle, trust_list = evidence
    trust = parse_trust_list(trust_list)
    with running(afresh=True, plain=True) as node:
        process = psutil.Process(node.pid)

        def in_node(calls: int) -> float:
            case = Case(what, bundle, trust_list, {"now": NOW, "times": calls})
            begun = process.cpu_times()
            verdicts = {report["verdict"] for _, report in node.reports([case])}
            if verdicts != {"verified"}:
                raise SystemExit(f"{what} is {verdicts}")
            ended = process.cpu_times()
            return float(ended.user + ended.system - begun.user - begun.system) / calls

        def in_python() -> float:
            begun = time.process_time()
            for _ in range(CALLS):
                verify_bundle(bundle, trust, now=NOW)
            return (time.process_time() - begun) / CALLS

        in_node(WARM)
        pair = of_turns([(in_node(CALLS), in_python()) for _ in range(TURNS)])
    detail = f"{len(bundle):,} bytes: {microseconds(pair.ours)} in node, {microseconds(pair.limit)} in Python"
    return at_most(f"{what} by the page's verifier, against Python's", pair, GOAL, detail)
