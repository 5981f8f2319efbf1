"""The table of `README.md`: each verdict from a saved file, by `evidence verify`, kept from the network if possible."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import decode
from ledger.demo.commands import PROGRAM
from ledger.demo.offline import isolation
from ledger.errors import SetupError

PAGE: Final = Path(__file__).with_name("README.md")
LIMIT: Final = 1 << 20
SECONDS: Final = 60
NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """A documented verdict.

    Attributes:
        evidence: The bundle's file, without its ending.
        into: Where the certificate is to be used; None: as the transfer says.
        at: The moment that matters, by its name; None: when the transfer was signed.
        answer: Exit status, verdict and code, as they are due.
    """

    number: str
    evidence: str
    into: str | None
    at: str | None
    answer: tuple[str, str, str]


def check(folder: Path) -> bool:
    """Verify every row and print the table; whether all came out as documented.

    Raises:
        SetupError: `example-missing`: the folder does not hold what a run leaves.
    """
    moments = folder / "moments.json"
    if not moments.is_file():
        raise SetupError(f"{folder} holds no finished run of this example", code="example-missing")
    told: Any = decode(moments.read_bytes(), limit=LIMIT, what="moments")
    kept = isolation()
    print(f"\n     {kept.told}\n")
    rows = list(documented(PAGE))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda row: answer(row, folder, told, kept.within), rows))
    same = 0
    for row, found in zip(rows, answers, strict=True):
        asked = f"{row.evidence:<15} {row.into or NONE:<4} {row.at or 'when signed':<12}"
        line = f"{row.number:>4}  {asked} {found[0]}  {found[1]:<19} {found[2]}"
        if found == row.answer:
            same += 1
        else:
            line += f"\n      DIFFERS: documented is {' '.join(row.answer)}"
        print(line)
    print(f"\n     {same} of {len(rows)} verdicts as documented")
    return same == len(rows)


def documented(page: Path) -> Iterator[Row]:
    """The rows of the page's table."""
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            number, evidence, into, at, status, verdict, code, *_ = cells
            yield Row(
                number,
                evidence,
                None if into == NONE else into,
                None if at == NONE else at,
                (status, verdict, code),
            )


def answer(row: Row, folder: Path, moments: dict[str, str], within: tuple[str, ...]) -> tuple[str, str, str]:
    """Exit status, verdict and first code of `evidence verify` on a saved file."""
    words = ["verify", str(folder / f"{row.evidence}.evidence.json"), "--trust", str(folder / "trust.json")]
    words += ["--require", "10", "--json"]
    words += [] if row.into is None else ["--into", row.into]
    words += [] if row.at is None else ["--at", moments[row.at]]
    ended = subprocess.run(  # noqa: S603 - our own program
        [*within, *PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "EVIDENCE_TRUST_DIR": str(folder / "pinned")},
    )
    try:
        told = json.loads(ended.stdout)["recognition"]
    except ValueError:
        return str(ended.returncode), "none", ended.stderr.strip()
    return str(ended.returncode), told["verdict"], _code(told)


def _code(told: dict[str, Any]) -> str:
    """What decided: the first premise that failed or was absent at the moment asked about, else at present."""
    for standing in (told["at"], told["known"]):
        for outcome in ("failed", "absent"):
            for premise in standing["premises"]:
                if premise["outcome"] == outcome:
                    return str(premise["code"])
    return ", ".join(dict.fromkeys(limit.split(":")[0] for limit in told["at"]["limits"])) or NONE
