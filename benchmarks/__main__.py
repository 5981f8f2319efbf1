"""Measure everything or the parts named, print it, and write docs/performance.md."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

from benchmarks import (
    admission,
    audit,
    bundle,
    chain,
    deciding,
    gas,
    growth,
    peers,
    postgres,
    precheck,
    recognition,
    registration,
    relay,
    ruling,
    start,
    store,
    tree,
    web,
)
from benchmarks.measure import Row
from benchmarks.page import page_of, section_of, sections_of

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
PARTS: Final = (
    start,
    bundle,
    web,
    recognition,
    deciding,
    precheck,
    admission,
    registration,
    ruling,
    postgres,
    store,
    growth,
    tree,
    audit,
    chain,
    gas,
    relay,
    peers,
)


def main(chosen: Iterable[str]) -> int:
    """Measure the parts named, or all, and write each one's section.  0 where every goal was reached, else 1."""
    parts = {_name(part): part for part in PARTS}
    wanted = list(chosen)
    if unknown := sorted(set(wanted) - parts.keys()):
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(parts)}", file=sys.stderr)
        return 2
    missed = 0
    for name, part in parts.items():
        if not wanted or name in wanted:
            found: list[Row] = []
            for row in part.rows():
                print(_told(row), flush=True)
                found.append(row)
            missed += sum(row.met is False for row in found)
            # At once, so that what was measured stays when a later part fails.
            sections = {**sections_of(PAGE.read_text()), name: section_of(_about(part), found)}
            PAGE.write_text(page_of(sections, parts))
            print(f"section {name} of {PAGE} is written", flush=True)
    return 1 if missed else 0


def _name(part: ModuleType) -> str:
    return part.__name__.rpartition(".")[2]


def _about(part: ModuleType) -> str:
    """The first paragraph of its docstring, in one line."""
    return " ".join((part.__doc__ or "").partition("\n\n")[0].split())


def _told(row: Row) -> str:
    goal = f" (goal {row.goal}: {'reached' if row.met else 'not reached'})" if row.goal else ""
    return f"{row.found:>8}  {row.what}{goal}\n          {row.detail}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
