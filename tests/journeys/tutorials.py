"""The pages of docs/tutorials: their commands typed one after the other by one shell, and what they show."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.commands import ROOT

PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
START = "scripts/demo demo --serve\n"
"""What every page begins with, and the demonstration's own fixture runs."""
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ENDED = "-- ended with "
_SECONDS = 120
_NAMED = 22
"""Columns in which a report names a step."""
_CHANGING = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"(?<=/X[ABC]/)\d{4}\b", "YEAR"),
    (r"\bz(6M|Dn)\w{40,}", "KEY"),
    (r"\b0x[0-9a-f]{40}\b", "ADDRESS"),
    (r"\b[0-9a-f]{4}…[0-9a-f]{4}\b|\b(0x)?[0-9a-f]{64}\b|\b(?=[a-f]*\d)[0-9a-f]{8}\b", "DIGEST"),
    (r"(eip155:)\d+( block \d+)?( at size \d+)?|(in )?block \d+", "CHAIN"),
    (r"( at| holds)? size \d+|\d+ sections", " SIZE"),
    (r"entr(y|ies) [\d, ]+ of \d+( in)?", "ENTRIES"),
    (r"\b(entry|index|next)\"?:? +\d+|\b[\d,]+ (bytes|entries)\b|\d+ operations", "COUNT"),
    (r"\b[0-9]{10}\b", "SECONDS"),
    # Which witness was first, and how many checkpoints were needed, is a matter of milliseconds.
    (r"(did:web:registry\.example\.x[abc](, )?){2,}", "WITNESSES"),
)


@dataclass
class Shown:
    """A command of a page, and the lines that the page shows below it."""

    command: str
    output: list[str] = field(default_factory=list)


def shown(page: Path) -> list[Shown]:
    """The commands of a page's `console` blocks in order; `>` goes on, and so does what follows a backslash."""
    found: list[Shown] = []
    goes_on = False
    for kind, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines() if kind == "console" else ():
            if goes_on or line.startswith("> "):
                found[-1].command += "\n" + line.removeprefix("> ")
            elif line.startswith("$ "):
                found.append(Shown(line[2:]))
            else:
                found[-1].output.append(line)
                continue
            goes_on = line.endswith("\\")
    return found


def elsewhere(page: Path) -> list[str]:
    """The blocks of a page that this module does not run."""
    text = page.read_text(encoding="utf-8")
    written = [code for _, code in _FILE.findall(text)]
    return [block for kind, block in _FENCE.findall(text) if kind != "console" and block not in written]


def typed(page: Path, folder: Path, env: Mapping[str, str], places: Mapping[str, str]) -> list[Shown]:
    """Type a page's commands in a folder; what they say, `yes` answered to every question.

    Args:
        page: The page.
        folder: Where the shell stands at first.
        env: The shell's environment.
        places: What a command has for what the page has, such as addresses of nodes.
    """

    def moved(text: str) -> str:
        for there, here in places.items():
            text = text.replace(there, here)
        return text

    for name, code in _FILE.findall(page.read_text(encoding="utf-8")):
        (folder / name).write_text(moved(code), encoding="utf-8")
    commands = [one.command for one in shown(page)]
    script = ""
    for command in map(moved, commands):
        script += f"{{ {command}\n}} 2>&1 <<<$'y\\ny\\ny'\nprintf '\\n{_ENDED}%d\\n' $?\n"
    ran = subprocess.run(
        ["bash", "-u", "-c", script], cwd=folder, env=dict(env), capture_output=True, text=True, timeout=_SECONDS
    )  # fmt: skip
    assert ran.stderr == ""
    said = ran.stdout
    for there, here in places.items():
        said = said.replace(here, there)
    parts = re.split(rf"\n{_ENDED}(\d+)\n", said)
    assert len(parts) == 2 * len(commands) + 1, said
    made = []
    for command, text, status in zip(commands, parts[::2], parts[1::2], strict=False):
        assert "Traceback" not in text, text
        assert status == "0", f"{command}\n{text}"
        made.append(Shown(command, text.replace("[y/N] ", "[y/N] y\n").splitlines()))
    return made


def alike(line: str) -> str:
    """A line without what differs from one demonstration to the next."""
    for changing, name in _CHANGING:
        line = re.sub(changing, name, line)
    said = "; ".join(dict.fromkeys(line[_NAMED:].split("; ")))
    return " ".join((line[:_NAMED] + said).split())


def agrees(page: list[str], said: list[str]) -> bool:
    """Whether a page shows what was said: `…` alone stands for any lines, at the end of a line for its rest."""
    if not page:
        return not "".join(said).strip()
    first, *rest = page
    if first == "…":
        return not rest or any(agrees(rest, said[at:]) for at in range(len(said)))
    if not said:
        return not "".join(page).strip()
    wanted, found = alike(first.removesuffix(" …")), alike(said[0])
    fits = found.startswith(wanted) if first.endswith(" …") else found == wanted
    return fits and agrees(rest, said[1:])
