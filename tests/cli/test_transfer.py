"""Transfer records by command: drafts, checks, signatures, acknowledgements, status."""

import json
from pathlib import Path

import pytest

from ledger.core.statement import parse_statement, verify_statement
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.services.keys.keyfile import make_holder_key, read_holder_key, write_key
from tests.cli.running import RECORD, done, draft, evidence
from tests.cli.sides import Side
from tests.nodes import free_port


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "exporter.key"
    write_key(path, make_holder_key("did:web:exporter.example.xa", "#2026", EDDSA, bytes(range(RANDOM_SIZE))))
    return path


def test_a_new_draft_says_what_is_to_be_filled_in_and_takes_the_exporter_from_the_key(
    tmp_path: Path, key: Path
) -> None:
    made = tmp_path / "record.json"
    ran = done(
        "transfer", "new", "--template", "e-invoice", "--key", key, "--jurisdiction", "XA", "--out", made
    )
    document = json.loads(made.read_bytes())
    assert document["issuer"] == "did:web:exporter.example.xa"
    assert document["credentialSubject"]["exporter"] == {
        "did": "did:web:exporter.example.xa",
        "id": "did:web:exporter.example.xa",
        "scheme": "DID",
        "jurisdiction": "XA",
    }
    assert document["id"][:9] == "urn:uuid:"
    assert document["id"][23] == "7"
    assert "/credentialSubject/importer/did: to be filled in" in ran.told
    assert "/credentialSubject/exporter" not in ran.told


def test_the_example_of_every_template_is_one_that_check_finds_nothing_in(tmp_path: Path) -> None:
    for kind in ("transfer", "certificate"):
        for made in done(kind, "new", "--list", "--json").json["templates"]:
            sets = [f"{pointer}:={json.dumps(field['example'])}" for pointer, field in made["asks"].items()]
            path = tmp_path / f"{made['name']}.json"
            arguments = [part for text in sets for part in ("--set", text)]
            party = made["asks"]["/exporter/did" if kind == "transfer" else "/body/did"]["example"]
            done(kind, "new", "--template", made["name"], "--party", party, *arguments, "--out", path)
            done(kind, "check", path)


def test_without_a_file_a_draft_goes_to_standard_output(key: Path) -> None:
    assert done("transfer", "new", *RECORD, "--key", key).json["type"] == [
        "VerifiableCredential",
        "TransferRecord",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--template", "no-such"),
        ("--template", "e-invoice", "--set", "reference"),
        ("--template", "e-invoice", "--set", "reference:=unquoted"),
        ("--template", "e-invoice", "--set", "lines.7.line:=1"),
        ("--template", "e-invoice", "--set", "flow.more=1"),
        ("--template", "group-staff", "--set", "lines.0.persons.count=many"),
        ("--template", "e-invoice", "--importer", "importer.example.xb"),
        ("--template", "e-invoice", "--identifier", "5493"),
    ],
)
def test_bad_arguments_of_a_new_draft_are_bad_usage(arguments: tuple[str, ...]) -> None:
    ran = evidence("transfer", "new", *arguments)
    assert ran.status == 2
    assert ran.told.startswith("error: ")
    assert ran.output == b""


def test_a_draft_that_is_there_is_not_overwritten(tmp_path: Path, key: Path) -> None:
    made = tmp_path / "record.json"
    made.write_bytes(b"mine")
    assert "(file-exists)" in evidence("transfer", "new", *RECORD, "--key", key, "--out", made).told
    assert made.read_bytes() == b"mine"


def test_check_names_every_error_at_once_with_its_pointer(tmp_path: Path, key: Path) -> None:
    made = draft(tmp_path, key)
    document = json.loads(made.read_bytes())
    document["credentialSubject"]["flow"] = "sideways"
    document["credentialSubject"]["reference"] = "anna@example.org"
    document["credentialSubject"]["importer"]["jurisdiction"] = "ZZ"
    document["id"] = "1"
    made.write_text(json.dumps(document, indent=4))
    ran = evidence("transfer", "check", made, "--json")
    assert ran.status == 1
    found = {one["pointer"]: one["code"] for one in ran.json["problems"]}
    assert found.keys() >= {
        "/id", "/credentialSubject/flow", "/credentialSubject/reference", "/credentialSubject/importer/jurisdiction",
    }  # fmt: skip
    assert found["/credentialSubject/reference"] == "personal-data"
    text = evidence("transfer", "check", made)
    assert text.status == 1
    assert all(pointer in text.text for pointer in found)
    assert "anna@example.org" not in text.text


def test_check_takes_signed_records_and_names_lines(tmp_path: Path, key: Path) -> None:
    made, signed = draft(tmp_path, key), tmp_path / "signed.json"
    done("transfer", "sign", made, "--key", key, "--out", signed)
    done("transfer", "check", signed)
    good = signed.read_bytes()
    bad = good.replace(b'"flow":"outbound"', b'"flow":"outsold"')
    lines = tmp_path / "lines.ndjson"
    lines.write_bytes(good + b"\n\n" + bad + b"\nnot JSON\n[]\n")
    found = evidence("transfer", "check", lines, "--json")
    assert found.status == 1
    assert [one["line"] for one in found.json["problems"]] == [3, 4, 5]


def test_a_signed_record_verifies_and_has_canonical_bytes(tmp_path: Path, key: Path) -> None:
    made, signed = draft(tmp_path, key), tmp_path / "signed.json"
    before = json.loads(made.read_bytes())
    ran = done("transfer", "sign", made, "--key", key, "--out", signed, "--json")
    statement = parse_statement(signed.read_bytes())
    assert statement.digest.hex() == ran.json["digest"]
    verify_statement(statement, read_holder_key(key).private.public)
    assert statement.subject == before["credentialSubject"]
    assert statement.valid_from == statement.created


def test_what_is_not_filled_in_or_not_ones_own_is_not_signed(tmp_path: Path, key: Path) -> None:
    signed, blank, other = tmp_path / "signed.json", tmp_path / "blank.json", tmp_path / "other.key"
    done("transfer", "new", *RECORD, "--key", key, "--out", blank)
    ran = evidence("transfer", "sign", blank, "--key", key, "--out", signed)
    assert ran.status == 1
    assert "(not-filled-in)" in ran.told
    write_key(other, make_holder_key("did:web:other.example.xa", "#1", EDDSA, bytes(RANDOM_SIZE)))
    made = draft(tmp_path, key)
    ran = evidence("transfer", "sign", made, "--key", other, "--out", signed)
    assert (ran.status, "(key-of-another)" in ran.told) == (1, True)
    assert not signed.exists()
    done("transfer", "sign", made, "--key", key, "--out", signed)
    ran = evidence("transfer", "sign", signed, "--key", key, "--out", tmp_path / "again.json")
    assert (ran.status, "(signed-already)" in ran.told) == (1, True)
    ran = evidence("transfer", "sign", made, "--key", key, "--out", signed)
    assert "(file-exists)" in ran.told


def test_lines_are_signed_all_or_none(tmp_path: Path, key: Path) -> None:
    document = json.loads(draft(tmp_path, key).read_bytes())
    lines, signed = tmp_path / "drafts.ndjson", tmp_path / "signed.ndjson"
    drafts = [{**document, "id": f"urn:uuid:0198f3c2-0000-7000-8000-{number:012x}"} for number in range(3)]
    lines.write_text("\n".join(map(json.dumps, drafts)))
    done("transfer", "sign", lines, "--key", key, "--out", signed)
    assert [parse_statement(line).id for line in signed.read_bytes().splitlines()] == [
        one["id"] for one in drafts
    ]
    signed.unlink()
    del drafts[1]["credentialSubject"]["flow"]
    lines.write_text("\n".join(map(json.dumps, drafts)))
    ran = evidence("transfer", "sign", lines, "--key", key, "--out", signed)
    assert ran.status == 1
    assert "drafts.ndjson line 2:" in ran.told
    assert "(drafts-refused)" in ran.told
    assert not signed.exists()
    assert not list(tmp_path.glob(".evidence-*"))


def test_a_record_is_registered_acknowledged_by_its_importer_and_followed(
    tmp_path: Path, xa: Side, xb: Side
) -> None:
    signed = tmp_path / "signed.json"
    done("transfer", "sign", draft(tmp_path, xa.key), "--key", xa.key, "--out", signed)
    digest = parse_statement(signed.read_bytes()).digest.hex()
    assert evidence("transfer", "status", digest, "--node", xa.url).status == 3
    ran = done("transfer", "register", signed, "--node", xa.url)
    assert digest in ran.text
    anchored = done("transfer", "status", signed, "--node", xa.url, "--wait", "anchored", "--json").json
    assert anchored["anchored"]["size"] > anchored["index"]

    wrong = evidence(
        "transfer", "acknowledge", signed, "--outcome", "accepted", "--key", xa.key, "--node", xb.url
    )
    assert (wrong.status, "(not-the-importer)" in wrong.told) == (1, True)
    late = evidence(
        "transfer",
        "status",
        digest,
        "--node",
        xa.url,
        "--partner",
        xb.url,
        "--wait",
        "acknowledged",
        "--timeout",
        "0",
    )
    assert (late.status, "(wait-timeout)" in late.told) == (3, True)

    word = ("transfer", "acknowledge", signed, "--key", xb.key, "--node", xb.url, "--outcome")
    first = done(*word, "accepted", "--json").json
    assert first["new"]
    assert done(*word, "accepted", "--json").json == {**first, "new": False}
    other = evidence(*word, "rejected")
    assert (other.status, "(acknowledged-already)" in other.told) == (1, True)
    done("transfer", "acknowledgment", *word[2:], "rejected", "--again")

    followed = done(
        "transfer", "status", digest, "--node", xa.url, "--partner", xb.url, "--wait", "acknowledged", "--json"
    ).json  # fmt: skip
    assert followed["state"] == "acknowledged"
    assert [one["outcome"] for one in followed["partner"]] == ["accepted", "rejected"]


def test_a_node_that_is_away_and_a_name_that_is_nothing_are_told_apart(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    ran = evidence("transfer", "status", "0" * 64, "--node", away)
    assert (ran.status, "(remote-unreachable)" in ran.told) == (3, True)
    assert evidence("transfer", "status", "no-such-file", "--node", away).status == 2
    assert evidence("transfer", "status", "0" * 64, "--node", "not an address").status == 2


@pytest.mark.parametrize("verb", ["new", "check", "sign", "register", "acknowledge", "status"])
def test_every_help_has_an_example_and_says_where_it_runs(verb: str) -> None:
    shown = done("transfer", verb, "--help").text
    assert "Example: evidence transfer " in shown
    assert "[runs anywhere]" in " ".join(shown.split())
