"""A process that registers until it is killed: `python -m tests.services.crashing DATABASE`.

For each line on stdin it forks a child that opens the node and registers records named `<line>-<n>`, one by one and
in streams; each digest is printed after its answer came.  The parent of the children stays single-threaded and
loaded, so that a round costs no start-up.
"""

# ruff: noqa: T201 - its output is how it tells what was acknowledged

import os
import sys
from pathlib import Path

from ledger.services.register import Registration
from tests.services.nodes import running


def work(path: Path, name: str) -> None:
    """Register for ever, telling of each answer."""
    with running(path, interval=0.01) as node:
        node.enrol_exporter()
        print("ready", flush=True)
        for at in range(100_000):
            names = [f"{name}-{at}"] if at % 3 else [f"{name}-{at}-{number}" for number in range(40)]
            documents = [node.world.record(one).encoded for one in names]
            for answer in node.register_many(documents):
                assert isinstance(answer, Registration)
                print(f"{answer.digest.hex()} {answer.index}", flush=True)


def main() -> None:
    """Fork a child for each line; tell its number, and when it is gone."""
    path = Path(sys.argv[1])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(path, line.strip())
            os._exit(0)
        print(f"child {child}", flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
