"""Commitments by command: what goes into the draft, what stays in the openings, and what is refused."""

import json
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.core.commitment import commitment, parse_openings
from tests.cli.running import RECORD, done, evidence

PAYLOAD = "/credentialSubject/payload/commitment"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    made = tmp_path / "record.json"
    done("transfer", "new", *RECORD, "--party", "did:web:exporter.example.xa", "--out", made)
    (tmp_path / "data.csv").write_bytes(b"a,b\n" * 600_000)
    return made


def test_commitments_fit_the_openings_and_the_openings_are_private(tmp_path: Path, record: Path) -> None:
    out, openings = tmp_path / "committed.json", tmp_path / "private.json"
    before = record.read_bytes()
    ran = done(
        "commit", f"payload={tmp_path / 'data.csv'}", 'mechanism.reference:="CAC-2026-0042"', "lines.0.volume:=4200",
        "--statement", record, "--out", out, "--openings", openings, "--json",
    )  # fmt: skip
    assert "back up" in ran.told
    assert ran.json["commitments"].keys() == {"payload", "mechanism.reference", "lines.0.volume"}
    assert stat.S_IMODE(openings.stat().st_mode) == 0o600
    assert record.read_bytes() == before
    document, kept = json.loads(out.read_bytes()), parse_openings(openings.read_bytes())
    assert kept.statement == document["id"]
    assert kept.openings[PAYLOAD].file_sha256 == sha256((tmp_path / "data.csv").read_bytes()).digest()
    assert len({opening.salt for opening in kept.openings.values()}) == 3
    for pointer, opening in kept.openings.items():
        stands = document
        for token in pointer.split("/")[1:]:
            stands = stands[int(token)] if isinstance(stands, list) else stands[token]
        assert commitment(kept.statement, pointer, opening.salt, opening.committed).hex() == stands
    assert "CAC-2026-0042" not in out.read_text()
    done("transfer", "check", out)


def test_in_place_the_openings_stand_beside_the_draft_and_grow(tmp_path: Path, record: Path) -> None:
    done("commit", f"payload={tmp_path / 'data.csv'}", "--statement", record)
    kept = tmp_path / "record.openings.json"
    first = parse_openings(kept.read_bytes())
    done("commit", 'mechanism.reference:="X"', "--statement", record)
    both = parse_openings(kept.read_bytes())
    assert both.openings[PAYLOAD] == first.openings[PAYLOAD]
    assert len(both.openings) == 2
    done("transfer", "check", record)


def test_an_opening_that_is_kept_is_never_overwritten(tmp_path: Path, record: Path) -> None:
    payload = f"payload={tmp_path / 'data.csv'}"
    done("commit", payload, "--statement", record)
    kept, drafted = (tmp_path / "record.openings.json").read_bytes(), record.read_bytes()
    ran = evidence("commit", payload, "--statement", record)
    assert (ran.status, "(opening-exists)" in ran.told) == (1, True)
    other = tmp_path / "other.json"
    done("transfer", "new", *RECORD, "--party", "did:web:exporter.example.xa", "--out", other)
    openings = tmp_path / "record.openings.json"
    ran = evidence("commit", payload, "--statement", other, "--openings", openings)
    assert (ran.status, "(openings-of-another)" in ran.told) == (1, True)
    assert (openings.read_bytes(), record.read_bytes()) == (kept, drafted)


def test_without_the_draft_no_openings_are_left(tmp_path: Path, record: Path) -> None:
    out = tmp_path / "taken.json"
    out.write_bytes(b"mine")
    ran = evidence("commit", f"payload={tmp_path / 'data.csv'}", "--statement", record, "--out", out)
    assert "(file-exists)" in ran.told
    assert out.read_bytes() == b"mine"
    assert not (tmp_path / "taken.openings.json").exists()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("payload", 2),
        ("payload=no-such-file", 2),
        ("payload:=unquoted", 2),
        ("payload:=1.5", 2),
        ("exporter.did:=1", 2),
        ("lines.5.volume:=1", 2),
        ("paylod:=1", 1),
        ("exporter:=1", 1),
        ("lines.0.scenario:=1", 1),
    ],
)
def test_what_is_no_place_or_no_value_is_refused(record: Path, given: str, status: int) -> None:
    before = record.read_bytes()
    ran = evidence("commit", given, "--statement", record)
    assert ran.status == status, ran.told
    assert ran.told.startswith("error: ")
    assert record.read_bytes() == before
    assert not record.with_name("record.openings.json").exists()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"credentialSubject":{}}', b'{"id":"urn:uuid:1"}'])
def test_what_is_no_draft_is_refused(tmp_path: Path, data: bytes) -> None:
    made = tmp_path / "draft.json"
    made.write_bytes(data)
    ran = evidence("commit", "payload:=1", "--statement", made)
    assert ran.status == 1
    assert "Traceback" not in ran.told
