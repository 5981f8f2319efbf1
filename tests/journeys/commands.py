"""Commands typed as in the pages: by a shell, in a folder and a home of their own, with `evidence` on the path."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def program(folder: Path) -> Path:
    """A folder with `python3` and `evidence` of this interpreter's environment, to be put on a path."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    for name, words in (("python3", ""), ("evidence", " -P -m ledger.cli")):
        command = bin_folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        command.chmod(0o755)
    return bin_folder


def environment(bin_folder: Path, home: Path, **more: str) -> dict[str, str]:
    """Nothing but the system's programs, ours and a home."""
    home.mkdir(parents=True, exist_ok=True)
    path = f"{bin_folder}:{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **more}


def shell(
    script: str, folder: Path, env: dict[str, str], answer: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run lines of a page; the first command that fails ends them."""
    ended = subprocess.run(
        ["bash", "-eu", "-c", script], cwd=folder, env=env, input=answer, capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert "Traceback" not in ended.stdout + ended.stderr, ended.stderr
    return ended


def blocks(page: Path, heading: str) -> list[tuple[str, str]]:
    """The shell blocks below a heading of a page, each with the text before it."""
    section = re.split(rf"^## {re.escape(heading)}\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[
        1
    ]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    found = []
    end = 0
    for block in _BLOCK.finditer(section):
        found.append((section[end : block.start()], block[1]))
        end = block.end()
    return found
