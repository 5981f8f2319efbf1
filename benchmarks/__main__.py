"""Measure everything, print it, and write docs/performance.md."""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    admission,
    audit,
    bundle,
    chain,
    gas,
    postgres,
    recognition,
    registration,
    relay,
    start,
    store,
    tree,
)
from benchmarks.measure import Row

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
LIBRARIES = (
    "cryptography",
    "coincurve",
    "safe-pysha3",
    "orjson",
    "fastapi",
    "uvicorn",
    "httptools",
    "uvloop",
    "py-evm",
)
PARTS: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
    ("start", start.rows),
    ("bundle", bundle.rows),
    ("recognition", recognition.rows),
    ("admission", admission.rows),
    ("registration", registration.rows),
    ("postgres", postgres.rows),
    ("store", store.rows),
    ("tree", tree.rows),
    ("audit", audit.rows),
    ("chain", chain.rows),
    ("gas", gas.rows),
    ("relay", relay.rows),
)
_PREFACE = """\
# Performance

Written by `python -m benchmarks`, which measures each line by turns with the bare limit it is held against, in one
run on one machine, and takes the median.  A rate says more of that machine and of what else ran on it than of this
program; a ratio says what the program adds.  Run it yourself: the ratios should come out alike, the rates will not.

"""

_NOTES = """
What stands between `verify_bundle` and its signatures is spread thin over RLP and tries, JSON and hex, notes, and the
fields of statements; no part has a sixth of it (docs/adr/0010-one-reader-of-bundles.md).  A single request waits for
the next signed checkpoint, so its rate grows with the number of connections; many records go as lines of one request.
A proof reads one tile and is verified before it is given out; the one from memory is verified as well.  Records
of a stream are judged in worker processes, half of whose time goes into the signature; a sixth of all time goes into
what the node itself does, most of that into appending.  All of it has the same processors as the client.
"""


def main(chosen: Iterable[str]) -> int:
    """Measure the parts named, or all; only a whole run writes the page.  0 where every goal was reached, else 1."""
    wanted = list(chosen)
    if unknown := sorted(set(wanted) - {name for name, _ in PARTS}):
        print(
            f"no such part: {', '.join(unknown)}; there are {', '.join(name for name, _ in PARTS)}",
            file=sys.stderr,
        )
        return 2
    found: list[Row] = []
    for name, rows in PARTS:
        if not wanted or name in wanted:
            for row in rows():
                print(_told(row), flush=True)
                found.append(row)
    if not wanted:
        PAGE.write_text(_PREFACE + _table(found) + _NOTES + _machine())
        print(f"written to {PAGE}")
    return 1 if any(row.met is False for row in found) else 0


def _told(row: Row) -> str:
    goal = f" (goal {row.goal}: {'reached' if row.met else 'not reached'})" if row.goal else ""
    return f"{row.found:>8}  {row.what}{goal}\n          {row.detail}"


def _table(rows: Iterable[Row]) -> str:
    lines = ["| measured | found | goal | reached | this run |", "|---|---|---|---|---|"]
    for row in rows:
        reached = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.found} | {row.goal} | {reached} | {row.detail} |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    libraries = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"\nMeasured {time.strftime('%Y-%m-%d', time.gmtime())} with {platform.python_implementation()}"
        f" {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} processors,"
        f" load {load} at the end.  Libraries: {libraries}.\n"
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ModuleNotFoundError:
        return None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
