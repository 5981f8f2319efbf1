"""What is generated is what its generator makes now; what the README names exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.cli import verify
from tests.cli.running import evidence
from tests.structure.source import ROOT, modules, name_of, text, tracked

PAGES = [path for path in tracked() if path.suffix == ".md" and "/vectors/" not in name_of(path)]
FENCE = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ALONE = {"verify", "commit"}
"""Commands without a verb."""
GROUPS = {"node authority", "witness log", "witness policy"}
"""Commands of which each has verbs of its own."""
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("script", ["generate_errors", "generate_code_lists"])
def test_a_generated_page_is_what_its_script_makes_now(script: str) -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    dead = [target for target in LINK.findall(text(page)) if not (page.parent / target).exists()]
    assert not dead, f"{name_of(page)}: {dead}"


def test_the_pages_that_the_sources_name_exist() -> None:
    named = {
        page: name_of(path)
        for path in modules()
        for page in re.findall(r"\bdocs/[a-z0-9/-]+\.md", text(path))
    }
    assert len(named) > 5
    assert not {page: where for page, where in named.items() if not (ROOT / page).is_file()}


def commands(page: Path) -> list[str]:
    """The command lines of a page's shell blocks: of `console` blocks those after a $."""
    lines = []
    for block in FENCE.finditer(text(page)):
        body = block[1].replace("\\\n", " ")
        shown = body.splitlines()
        lines += [line[2:] for line in shown if line.startswith("$ ")] if "$ " in body else shown
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def test_the_readme_shows_both_setup_commands() -> None:
    shown = commands(ROOT / "README.md")
    assert any(line.startswith("scripts/demo") for line in shown)
    assert any(line.startswith("scripts/test") for line in shown)


@pytest.mark.parametrize("page", [page for page in PAGES if FENCE.search(text(page))], ids=name_of)
def test_commands_of_a_page_exist(page: Path) -> None:
    missing = []
    for line in commands(page):
        first = line.split()[0]
        if first.startswith("scripts/") and not (ROOT / first).is_file():
            missing.append(line)
    assert not missing, f"{name_of(page)}: {missing}"


def evidence_commands() -> dict[str, set[str]]:
    """Every command of ours that the pages show, with the options they give it."""
    shown: dict[str, set[str]] = {}
    for page in PAGES:
        for line in commands(page):
            for found in re.finditer(r"\bevidence ([a-z][a-z-]+)(?: ([a-z][a-z-]+)(?=\s|$))?([^|;&]*)", line):
                noun, verb, rest = found.groups()
                command = noun if noun in ALONE or verb is None else f"{noun} {verb}"
                if command in GROUPS:
                    command += " " + rest.split()[0]
                shown.setdefault(command, set()).update(re.findall(r"(?<=\s)--[a-z][a-z-]*", rest))
    return shown


@pytest.mark.parametrize(
    ("command", "options"),
    # Sorted, since the processes that share the tests must name them alike.
    [(command, sorted(options)) for command, options in sorted(evidence_commands().items())],
    ids=str,
)
def test_a_command_that_the_pages_show_has_its_help_and_its_options(
    command: str, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    if command == "verify":  # it answers by itself, without what the others load
        with pytest.raises(SystemExit) as ended:
            verify.run(["--help"])
        status, told = ended.value.code, capsys.readouterr().out
    else:
        ran = evidence(*command.split(), "--help")
        status, told = ran.status, ran.text
    assert status == 0
    assert not {option for option in options if option not in told}


def test_the_verification_in_the_readme_is_the_one_the_demo_gave() -> None:
    shown = re.search(
        r"<!-- output: (\S+) -->\n```console\n(.*?)^```", text(ROOT / "README.md"), re.MULTILINE | re.DOTALL
    )
    assert shown, "README.md lost its verification"
    golden = ROOT / shown[1]
    # Until the demo has left its output there, the README shows the command alone.
    expected = (
        golden.read_text(encoding="utf-8") if golden.is_file() else shown[2].splitlines(keepends=True)[0]
    )
    assert shown[2] == expected
