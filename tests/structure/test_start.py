"""`evidence verify` loads the pure floors and nothing heavy: that is what lets it start in a blink."""

import subprocess
import sys
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[1] / "vectors"
HEAVY = (
    "web3", "eth", "eth_account", "sqlmodel", "sqlalchemy", "alembic", "fastapi", "starlette", "pydantic", "typer",
    "click", "rich", "uvicorn", "httpx2", "requests", "asyncio", "logging", "sqlite3", "http", "ssl",
)  # fmt: skip
LOADED = """
import sys
sys.argv = ["evidence", "verify", *{arguments!r}]
from ledger.cli import main
try:
    main()
except SystemExit:
    pass
print("loaded:", *sorted(name for name in sys.modules if "." not in name))
"""


def modules_after_verify(*arguments: str) -> set[str]:
    program = LOADED.format(arguments=arguments)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return set(run.stdout.splitlines()[-1].removeprefix("loaded:").split())


def test_verify_help_loads_no_framework_database_or_chain_library() -> None:
    loaded = modules_after_verify("--help")
    assert "argparse" in loaded
    assert not loaded & set(HEAVY)


def test_verify_of_a_file_loads_no_framework_database_or_chain_library(tmp_path: Path) -> None:
    # A real trust list, and a file that is refused in step 1: by then the command has loaded what it loads.
    bundle = tmp_path / "a.evidence.json"
    bundle.write_bytes(b"{}")
    loaded = modules_after_verify(str(bundle), "--trust", str(VECTORS / "trust" / "v1.json"))
    assert "ledger" in loaded
    assert not loaded & set(HEAVY)


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


@pytest.mark.parametrize("noun", ["bundle", "certificate", "transfer", "trust", "verify"])
def test_a_clients_commands_load_no_database_and_no_chain_library(noun: str) -> None:
    program = f"import ledger.cli.app, ledger.cli.{noun}, sys\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert not set(run.stdout.split()) & {"sqlalchemy", "sqlite3", "web3", "eth", "fastapi", "requests"}


def test_a_command_with_plain_options_loads_nothing_to_read_them_by(tmp_path: Path) -> None:
    listed = VECTORS / "trust" / "v1.json"
    program = f"""
import sys
from ledger.cli.app import run_app
assert run_app(["trust", "show", {str(listed)!r}, "--json"]) == 0
print("loaded:", *sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "typer" in run.stdout.split()
    assert not set(run.stdout.split()) & {"pydantic", "pydantic_core", "importlib.metadata", "email"}
