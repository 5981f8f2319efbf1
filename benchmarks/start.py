"""Starting: `evidence verify` on a real bundle against an interpreter that does nothing."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.evidence import example
from benchmarks.measure import Pair, Row, at_most, microseconds, of_turns

GOAL = 8.0
RUNS = 25
HEAVY = ("web3", "sqlmodel", "fastapi", "pydantic", "typer")
_NOTHING = ("-c", "pass")


def rows() -> list[Row]:
    """Cold start in CPU time, and what it must not load."""
    pair, heavy = cold(*example())
    row = at_most(
        "`evidence verify` of a bundle, cold, against `python -c pass`", pair, GOAL, told(pair, heavy)
    )
    return [row._replace(met=bool(row.met) and not heavy)]


def told(pair: Pair, heavy: Sequence[str]) -> str:
    """The figures of a cold start, for the table."""
    return (
        f"CPU of the whole process, {RUNS} runs by turns: {microseconds(pair.ours)} and {microseconds(pair.limit)};"
        f" loads {', '.join(heavy) if heavy else 'none of ' + ', '.join(HEAVY)}"
    )


def cold(bundle: bytes, trust_list: bytes, *more: str) -> tuple[Pair, list[str]]:
    """`evidence verify` of a bundle by turns with an interpreter that does nothing; what heavy it loads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bundle.json").write_bytes(bundle)
        (folder / "trust.json").write_bytes(trust_list)
        environment = {
            **os.environ,
            "EVIDENCE_TRUST_DIR": str(folder / "pinned"),
            # Compiled modules are kept, as an installation keeps them.
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        verify = (
            "-m",
            "ledger.cli",
            "verify",
            str(folder / "bundle.json"),
            "--trust",
            str(folder / "trust.json"),
            *more,
        )
        _cpu_seconds(verify, environment)  # compiles, and warms the page cache
        turns = [
            (_cpu_seconds(verify, environment), _cpu_seconds(_NOTHING, environment)) for _ in range(RUNS)
        ]
        loaded = _loaded(verify[2:], environment)
    return of_turns(turns), [module for module in HEAVY if module in loaded]


def _cpu_seconds(arguments: Sequence[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _loaded(arguments: Sequence[str], environment: dict[str, str]) -> set[str]:
    program = (
        "import sys\nfrom ledger.cli import main\n"
        f"sys.argv = ['evidence', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(run.stdout.splitlines()[-1].split())
