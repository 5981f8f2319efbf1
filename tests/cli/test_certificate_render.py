"""A certificate's page by command, from a node's bundle to a code that leads back to it."""

import json
from pathlib import Path

import pytest

from ledger.core import canonical
from ledger.core.trust import parse_trust_list
from ledger.services.render.pointer import parse_pointer
from ledger.verify.bundle import parse_bundle
from tests.cli.running import done, evidence
from tests.cli.sides import Side
from tests.cli.test_certificate import certificate
from tests.nodes import enrol
from tests.services.render.reading import code_in, code_on_page, picture, text_of


@pytest.fixture(scope="module")
def exported(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bundle about a certificate and the trust list to verify it with."""
    folder = tmp_path_factory.mktemp("render")
    key = enrol(xa.node, "body", "body", folder)[1]
    signed = certificate(folder, key, "PIS-2026-0001")
    done("certificate", "register", signed, "--node", xa.url)
    bundle = folder / "c.evidence.json"
    done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", bundle)
    return bundle, xa.claim(folder)[0]


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


@pytest.mark.parametrize("name", ["page.pdf", "page.html"])
def test_the_code_of_a_page_leads_to_evidence_that_verifies(
    name: str, exported: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, trust = exported
    url = "https://node.example.xa/c.evidence.json"
    out = tmp_path / name
    ran = evidence("certificate", "render", bundle, "--trust", trust, "-o", out, "--url", url, "--json")
    assert ran.status == 3, ran.told  # nothing carried says whether it is valid
    assert ran.json["bytes"] == out.stat().st_size
    page = out.read_bytes()
    pointer = parse_pointer(code_in(picture(page)) if name.endswith("pdf") else code_on_page(page))
    assert pointer.url == url
    assert pointer.digest == parse_bundle(bundle.read_bytes()).subject
    assert pointer.trust == parse_trust_list(trust.read_bytes()).list_hash
    assert done("verify", bundle, "--trust", trust).status == 0


def test_a_page_that_nobody_checked_recognition_for_says_so(
    exported: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, trust = exported
    out = tmp_path / "page.pdf"
    ran = evidence("certificate", "render", bundle, "--trust", trust, "-o", out, "--lang", "en")
    assert ran.status == 3
    assert "validity was not checked" in ran.text
    before = out.read_bytes()
    ran = evidence("certificate", "render", bundle, "--trust", trust, "-o", out, "--lang", "zh")
    assert (ran.status, "(file-exists)" in ran.told, out.read_bytes()) == (2, True, before)
    assert "status, accreditation and recognition in another state" in text_of(out.read_bytes())


def test_a_broken_proof_makes_a_page_that_says_so_and_ends_with_1(
    exported: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, trust = exported
    value = json.loads(bundle.read_bytes())
    for item in value["sections"][0]["items"]:
        item["path"][0] = "00" * 32
    broken, out = tmp_path / "broken.json", tmp_path / "page.pdf"
    broken.write_bytes(canonical.encode(value))
    ran = evidence("certificate", "render", broken, "--trust", trust, "-o", out, "--lang", "en")
    assert ran.status == 1
    assert "Not verified: the evidence does not hold" in text_of(out.read_bytes())


def test_a_certificate_that_was_changed_gets_no_page(exported: tuple[Path, Path], tmp_path: Path) -> None:
    broken, out = tmp_path / "broken.json", tmp_path / "page.pdf"
    broken.write_bytes(exported[0].read_bytes().replace(b"After-sales", b"Other-sales"))
    assert evidence("certificate", "render", broken, "--trust", exported[1], "-o", out).status == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["-o", "page.txt"], 2),
        (["-o", "page.pdf", "--lang", "fr"], 2),
        (["-o", "page.pdf", "--url", "javascript:alert(1)"], 2),
        (["-o", "page.pdf", "--at", "yesterday"], 2),
        (["-o", "page.pdf"], 3),
    ],
)
def test_what_cannot_be_rendered_is_refused_before_anything_is_written(
    arguments: list[str], status: int, exported: tuple[Path, Path], tmp_path: Path
) -> None:
    arguments = [str(tmp_path / one) if one.startswith("page.") else one for one in arguments]
    assert evidence("certificate", "render", exported[0], *arguments).status == status
    assert not list(tmp_path.glob("page.*"))


def test_a_record_has_no_page(xa: Side, tmp_path: Path, exported: tuple[Path, Path]) -> None:
    bundle = json.loads(exported[0].read_bytes())
    enrolment = next(
        item["statement"]
        for section in bundle["sections"]
        for item in section["items"]
        if item["role"] == "enrolment"
    )
    file = tmp_path / "enrolment.json"
    file.write_text(json.dumps(enrolment, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    ran = evidence("certificate", "render", file, "--trust", exported[1], "-o", tmp_path / "page.pdf")
    assert (ran.status, "(statement-type)" in ran.told) == (1, True)
