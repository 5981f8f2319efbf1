"""What became of the rows of a table, as CSV that a spreadsheet opens without running anything.

What a spreadsheet would take for a formula has an apostrophe before it, also behind what may separate cells.
Format: docs/spec/tables.md.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ledger.errors import SetupError
from ledger.services.files import READABLE, exists, replace, reported
from ledger.services.tables.rows import CellProblem
from ledger.statements.deciding.precheck import LineCheck, Precheck
from ledger.statements.deciding.precheck_year import Reached

PROBLEMS: Final = ("row", "column", "found", "required", "code")
OUTCOMES: Final = (
    "row", "reference", "outcome", "goes", "direction", "line", "rule", "measure", "cite", "mechanisms", "missing",
    "conditions", "persons", "sensitive", "findings",
)  # fmt: skip
_FORMULA: Final = re.compile("(^|[,;|\t\r\n])([\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n])")
"""Before which a formula begins, and be it in a spreadsheet that separates cells by another character."""
_BEGINS: Final = codecs.BOM_UTF8
"""Tells spreadsheets that it is UTF-8."""


def write_problems(path: Path, problems: Iterable[CellProblem]) -> None:
    """Write what is wrong with rows, in the order of the rows."""
    _write(path, PROBLEMS, [tuple(each) for each in sorted(problems, key=lambda problem: problem.row)])


def write_outcomes(path: Path, outcomes: Iterable[tuple[int, str, Precheck, Reached]]) -> None:
    """Write what the measures say of each row, as (row, reference, what was found, the year after it)."""
    _write(path, OUTCOMES, (_outcome(*each) for each in outcomes))


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'\2", text)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a report in place of an earlier one, and of nothing else."""
    _require_earlier(path, header)
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(header)
    writer.writerows([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    replace(path, _BEGINS + made.getvalue().encode(), what="report", mode=READABLE)


def _require_earlier(path: Path, header: Sequence[str]) -> None:
    if not exists(path):
        return
    first = _BEGINS + ",".join(header).encode()
    with reported("look into", path), path.open("rb") as file:
        if file.read(len(first)) == first:
            return
    raise SetupError(
        f"file {path} exists already and is no report of this kind; it is not overwritten", code="file-exists"
    )


def _outcome(row: int, reference: str, checked: Precheck, after: Reached) -> tuple[object, ...]:
    line = _deciding(checked)
    reason = line.reasons[0] if line.reasons else None
    cite = "" if reason is None or reason.cite is None else " ".join(filter(None, reason.cite))
    numbers = {each.measure.digest: each.measure.measure.number for each in checked.measures}
    return (
        row,
        reference,
        checked.outcome,
        str(checked.goes).lower(),
        line.direction,
        line.line,
        "" if reason is None else reason.rule,
        "" if reason is None else numbers[reason.measure],
        cite,
        " ".join(checked.mechanisms or ()),
        " ".join(dict.fromkeys(missing.fact for missing in checked.missing)),
        " ".join(checked.conditions),
        "" if after.persons is None else after.persons,
        "" if after.sensitive is None else after.sensitive,
        " ".join(dict.fromkeys(finding.code for finding in after.findings)),
    )


def _deciding(checked: Precheck) -> LineCheck:
    """The line that the outcome is of."""
    return next(line for line in checked.lines if (line.direction, line.line) == checked.strictest)
