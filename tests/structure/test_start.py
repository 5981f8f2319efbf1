"""`evidence verify` loads the pure floors and nothing heavy: that is what lets it start in a blink."""

import subprocess
import sys

HEAVY = (
    "web3", "eth", "eth_account", "sqlmodel", "sqlalchemy", "alembic", "fastapi", "starlette", "pydantic", "typer", "click",
    "rich", "uvicorn", "httpx2", "requests", "asyncio", "logging", "sqlite3", "http", "ssl",
)  # fmt: skip
LOADED = """
import sys
sys.argv = ["evidence", "verify", {argument!r}]
from ledger.cli import main
try:
    main()
except SystemExit:
    pass
print("loaded:", *sorted(name for name in sys.modules if "." not in name))
"""


def modules_after_verify(argument: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", LOADED.format(argument=argument)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(run.stdout.splitlines()[-1].removeprefix("loaded:").split())


def test_verify_help_loads_no_framework_database_or_chain_library() -> None:
    loaded = modules_after_verify("--help")
    assert "argparse" in loaded
    assert not loaded & set(HEAVY)


def test_verify_of_a_file_loads_no_framework_database_or_chain_library(tmp_path) -> None:
    # The file is refused; every module that the command loads at the start has been loaded by then.
    bundle = tmp_path / "a.evidence.json"
    bundle.write_bytes(b"{}")
    assert not modules_after_verify(str(bundle)) & set(HEAVY)


def test_the_pure_floors_load_no_framework_database_or_chain_library() -> None:
    walk = """
import importlib, pkgutil, sys
import ledger.core, ledger.statements, ledger.verify
for package in (ledger.core, ledger.statements, ledger.verify):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
print("loaded:", *sorted(name for name in sys.modules if "." not in name))
"""
    run = subprocess.run([sys.executable, "-c", walk], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stdout.splitlines()[-1].removeprefix("loaded:").split())
    # ssl and asyncio are not heavy enough to care about in code that `verify` does not reach.
    assert not loaded & (set(HEAVY) - {"ssl", "asyncio", "http"})
