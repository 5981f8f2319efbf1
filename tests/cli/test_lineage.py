"""Lineage by command: from a file with the network off, from a node, on the node itself."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ledger.core.statement import parse_statement
from tests.cli.running import done, evidence
from tests.cli.sides import Side
from tests.cli.test_certificate import certificate
from tests.nodes import enrol


@pytest.fixture(scope="module")
def registered(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed certificate in XA's log, and its bundle."""
    folder = tmp_path_factory.mktemp("lineage")
    signed = certificate(folder, enrol(xa.node, "body", "body", folder)[1], "PIL-2026-0001")
    done("certificate", "register", signed, "--node", xa.url)
    bundle = folder / "c.evidence.json"
    done("bundle", "export", signed, "--node", xa.url, "--allow-unanchored", "--out", bundle)
    return signed, bundle


def test_a_bundle_tells_its_lineage_by_itself(registered: tuple[Path, Path]) -> None:
    digest = parse_statement(registered[0].read_bytes()).digest.hex()
    ran = done("lineage", "show", registered[1])
    assert ran.text.startswith(f"{digest}  ConformityCertificate by did:web:body.example.xa, ")


def test_a_node_and_its_home_tell_the_same(registered: tuple[Path, Path], xa: Side) -> None:
    digest = parse_statement(registered[0].read_bytes()).digest.hex()
    asked = [
        done("lineage", "show", *which, "--json").json
        for which in (
            (digest, "--node", xa.url),
            (registered[0], "--node", xa.url),
            (digest, "--home", xa.node.home.path),
        )
    ]
    assert asked[0]["root"] == digest
    assert asked[0] == asked[1] == asked[2]


def test_it_is_written_as_prov_and_as_a_drawing(registered: tuple[Path, Path], tmp_path: Path) -> None:
    ran = done("lineage", "show", registered[1], "--format", "prov-json")
    assert "entity" in json.loads(ran.text)
    out = tmp_path / "lineage.svg"
    done("lineage", "show", registered[1], "--format", "svg", "--out", out)
    done("lineage", "show", registered[1], "--format", "svg", "--out", out)  # the same drawing again
    ran = evidence("lineage", "show", registered[1], "--format", "prov-json", "--out", out)
    assert (ran.status, "(file-exists)" in ran.told) == (2, True)
    assert ET.fromstring(out.read_bytes()).tag.endswith("svg")


def test_what_is_neither_file_nor_digest_is_bad_usage_and_what_nobody_knows_is_told(xa: Side) -> None:
    assert evidence("lineage", "show", "nothing").status == 2
    assert evidence("lineage", "show", "00" * 32).status == 2  # neither node nor home
    ran = evidence("lineage", "show", "00" * 32, "--node", xa.url)
    assert (ran.status, "(not-found)" in ran.told) == (3, True)


def test_the_help_has_an_example() -> None:
    assert "Example: evidence lineage show " in done("lineage", "show", "--help").text
