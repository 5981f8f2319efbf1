"""What the repository's texts may not say: where one machine keeps things, or where packages are fetched from."""

import json
import re
from pathlib import Path

import pytest

from tests.structure.source import ROOT, name_of, text, tracked

HOSTS = [
    "pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "deb.debian" + ".org", "proxy.golang" + ".org",
    "npmmirror" + ".com", "crates" + ".io", "binaries.solidity" + "lang",
]  # fmt: skip
# Absolute paths of one machine. /tmp and /dev are of every machine; so are the paths in a #! line.
MACHINE = re.compile(r"(?<![\w.:/~$}-])/(work|opt|home|Users|root|usr/local|pypi|mnt|srv)/[A-Za-z0-9]")
READ = [
    path for path in tracked() if text(path) and "/vectors/" not in name_of(path) and path.name != "LICENSE"
]


def test_the_texts_are_read() -> None:
    assert ROOT / "README.md" in READ


@pytest.mark.parametrize("host", HOSTS)
def test_no_text_names_a_package_host(host: str) -> None:
    assert not [name_of(path) for path in READ if host in text(path)]


def test_no_text_holds_a_path_of_one_machine() -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()[:120]}"
        for path in READ
        for number, line in enumerate(text(path).splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert not found


def test_the_python_locks_hold_names_versions_and_hashes_only() -> None:
    pinned = re.compile(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[A-Za-z0-9.!+]+( ; [^\\]+)? \\")
    for name in ("lock.txt", "runtime.txt"):
        lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
        assert sum("==" in line for line in lines) > 50
        for number, line in enumerate(lines, 1):
            plain = (
                not line or line.startswith(("#", "    #", "    --hash=sha256:")) or pinned.fullmatch(line)
            )
            assert plain, f"requirements/{name}:{number}: {line}"


def test_the_runtime_lock_is_part_of_the_full_lock() -> None:
    versions = [
        {
            line.split(" ")[0]
            for line in (ROOT / "requirements" / name).read_text().splitlines()
            if "==" in line[:60]
        }
        for name in ("runtime.txt", "lock.txt")
    ]
    assert versions[0] < versions[1]


@pytest.mark.parametrize(
    "path", [path for path in tracked() if path.name == "package-lock.json"], ids=name_of
)
def test_a_node_lock_holds_hashes_and_no_places(path: Path) -> None:
    packages = json.loads(text(path))["packages"]
    assert len(packages) > 1
    for name, entry in packages.items():
        assert "resolved" not in entry, f"{name_of(path)}: {name}"
        assert not name or entry.get("integrity", "").startswith("sha512-"), f"{name_of(path)}: {name}"
