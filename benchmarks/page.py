"""The page of what was measured: a section for each part of the benchmarks, each with the run that it is of.

A part that is measured alone replaces its own section, and leaves the others as they stand.
"""

import os
import platform
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from benchmarks.measure import Row

LIBRARIES: Final = (
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
_HEADING: Final = "\n## "
_NOTES: Final = "What takes the time"
_PREFACE: Final = """\
# Performance

Written by `python -m benchmarks`, which measures each line by turns with the bare limit it is held against, in one
run on one machine, and takes the median.  A rate says more of that machine and of what else ran on it than of this
program; a ratio says what the program adds.  Run it yourself: the ratios should come out alike, the rates will not.
`python -m benchmarks tree store` measures these two sections anew and leaves the others.
"""
_TEXT: Final = (
    f"{_HEADING}{_NOTES}\n"
    """
What stands between `verify_bundle` and its signatures is spread thin over RLP and tries, JSON and hex, notes, and the
fields of statements; no part has a sixth of it (docs/adr/0010-one-reader-of-bundles.md).  A single request waits for
the next signed checkpoint, so its rate grows with the number of connections; many records go as lines of one request.
A proof reads one tile and is verified before it is given out; the one from memory is verified as well.  Records
of a stream are judged in worker processes, half of whose time goes into the signature; a sixth of all time goes into
what the node itself does, most of that into appending.  All of it has the same processors as the client.
"""
)


def sections_of(page: str) -> dict[str, str]:
    """The sections of a page by the name of their part, without their headings."""
    found = {}
    for section in page.split(_HEADING)[1:]:
        name, _, text = section.partition("\n")
        found[name] = text.strip("\n")
    return found


def page_of(sections: Mapping[str, str], parts: Iterable[str]) -> str:
    """The page with the sections that there are, in the order of `parts`."""
    whole = "".join(f"{_HEADING}{name}\n\n{sections[name]}\n" for name in parts if name in sections)
    return _PREFACE + whole + _TEXT


def section_of(about: str, rows: Iterable[Row]) -> str:
    """What was just measured, as the text of a section.

    Args:
        about: What the part measures, in a sentence.
    """
    lines = ["| measured | found | goal | reached | this run |", "|---|---|---|---|---|"]
    for row in rows:
        reached = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.found} | {row.goal} | {reached} | {row.detail} |")
    table = "\n".join(lines)
    return f"{about}\n\n{table}\n\n{_machine()}"


def _machine() -> str:
    libraries = ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} with {platform.python_implementation()}"
        f" {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} processors,"
        f" load {load} at the end; {libraries}."
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
