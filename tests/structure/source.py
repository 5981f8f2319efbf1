"""The tree as the structure tests see it: the repository's own Python files, parsed once."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ledger", "api")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the repository: those git tracks, or in an export without git all that is not made by tools."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True,
        )  # fmt: skip
        names = listed.stdout.decode().split("\0")
        files = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        made = {"node_modules", ".venv", "__pycache__", "build", "dist", ".git", "out", "cache"}
        files = [path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts)]
    environments = {found.parent for found in ROOT.glob("*/pyvenv.cfg")}  # whatever a user calls it
    own = [path for path in files if environments.isdisjoint(path.parents)]
    return tuple(sorted(path for path in own if path.is_file()))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """The file's text; empty for what is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def is_python(path: Path) -> bool:
    return path.suffix == ".py" or (path.suffix == "" and text(path).startswith("#!/usr/bin/env python3"))


@cache
def python_files() -> tuple[Path, ...]:
    return tuple(path for path in tracked() if is_python(path))


@cache
def modules() -> tuple[Path, ...]:
    """The files of the shipped packages."""
    return tuple(path for path in python_files() if path.relative_to(ROOT).parts[0] in PACKAGES)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))
