"""The specification's examples are real: what they quote in full stands in the vectors."""

import json
import re

import pytest

from tests.structure.source import ROOT, name_of, text

SPEC = ROOT / "docs" / "spec"
VECTORS = ROOT / "tests" / "vectors"
KNOWN = "\n".join(text(path) for path in sorted(VECTORS.rglob("*")) if path.is_file())
QUOTED = ("statement", "keys", "commitments", "trust-list", "log", "receipt", "chain", "key-file")
BYTES = re.compile(
    r"\b(?:0x)?[0-9a-f]{64,}\b|\b(?:0x)?[0-9a-f]{40}\b|\bz[1-9A-HJ-NP-Za-km-z]{40,}\b|[A-Za-z0-9+/]{43,}="
)
FENCE = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", QUOTED)
def test_bytes_that_a_page_quotes_in_full_are_in_the_vectors(page: str) -> None:
    quoted = set(BYTES.findall(text(SPEC / f"{page}.md")))
    assert quoted
    # A node's log key is two seeds one after the other; both stand in the vectors, each for itself.
    halves = {
        part for found in quoted for part in ([found[:64], found[64:]] if len(found) == 128 else [found])
    }
    assert not {found for found in halves if found.removeprefix("0x") not in KNOWN}


def test_the_statement_shown_is_the_vector() -> None:
    shown = FENCE.search(text(SPEC / "statement.md"))
    assert shown
    assert json.loads(shown[1]) == json.loads(text(VECTORS / "statements" / "enrolment.json"))


def test_the_vectors_that_a_page_names_exist() -> None:
    missing = [
        f"{name_of(page)}: {found}"
        for page in sorted(SPEC.glob("*.md"))
        for found in re.findall(r"`(tests/vectors/[^`*]+)`", text(page))
        if not (ROOT / found).exists()
    ]
    assert not missing
