"""`evidence witness`: logs by their keys, policies in and out, and forks as files that prove themselves."""

from pathlib import Path

import pytest

from ledger.core.note import ED25519_COSIGNATURE, encode_vkey, make_vkey
from ledger.core.policy import parse_policy
from ledger.core.trust import parse_trust_list
from ledger.services.home.folder import Home, open_home
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.services.witnessing.witnessing import begin_witness, witness_of
from ledger.verify.fork import parse_fork, require_contradiction
from tests.cli.commands import Run, evidence, init
from tests.services.witnessing.noting import PLAIN, PLAIN_VKEY, entry_of, plain_note, take_up
from tests.simulator import START, Jurisdiction, key

XB = Jurisdiction("XB", 31_002)
OTHER = make_vkey("witness.example.xq", ED25519_COSIGNATURE, key("XQ witness").public.raw)
POLICY = f"witness theirs {encode_vkey(OTHER)} https://witness.example.xq\nquorum theirs\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(init(tmp_path))


@pytest.fixture
def book(home: Home) -> PartnerBook:
    """XB is a partner, and has a witness."""
    book = PartnerBook(home.path / FOLDER, "XA")
    vkey = make_vkey("registry.example.xb/witness", ED25519_COSIGNATURE, key("XB witness").public.raw)
    witness = {"vkey": encode_vkey(vkey), "organisation": XB.operator}
    take_up(book, entry_of(XB, witnesses=[witness]), "https://registry.example.xb")
    return book


def run(home: Home, *words: object, status: int = 0, answer: str = "") -> Run:
    found = evidence(home.path.parent, "witness", *words, "--home", home.path, answer=answer)
    assert found.status == status, found
    return found


def test_a_log_is_added_once_its_keys_were_compared_and_removed_again(home: Home) -> None:
    assert "(not-confirmed)" in run(home, "log", "add", PLAIN_VKEY, answer="n\n", status=1).err
    assert "no log is known" in run(home, "log", "list").out
    assert PLAIN.origin in run(home, "log", "add", PLAIN_VKEY, answer="y\n").out
    (listed,) = run(home, "log", "list", "--json").json
    assert listed == {"origin": PLAIN.origin, "size": 0}
    assert "nothing cosigned yet (added by its keys)" in run(home, "log", "list").out
    run(home, "log", "remove", PLAIN.origin)
    assert run(home, "log", "list", "--json").json == []
    assert "(log-unknown)" in run(home, "log", "remove", PLAIN.origin, status=3).err


def test_show_tells_the_key_the_logs_and_the_witnesses(home: Home, book: PartnerBook) -> None:
    told = run(home, "show", "--json").json
    assert told["vkey"] == encode_vkey(home.witness_vkey())
    assert [(one["origin"], one["partner"]) for one in told["logs"]] == [(XB.origin, book.list()[0].name)]
    assert [(one["organisation"], one["url"], one["size"]) for one in told["witnesses"]] == [
        (XB.operator, "https://registry.example.xb/witness", 0)
    ]
    shown = run(home, "show").out
    assert f"asked        registry.example.xb/witness of {XB.operator}: nothing cosigned yet" in shown


def test_a_policy_goes_in_and_out(home: Home, book: PartnerBook, tmp_path: Path) -> None:
    file = tmp_path / "their.policy"
    file.write_text(POLICY)
    imported = run(home, "policy", "import", file)
    assert "It asks for 1 organisations, the settings for 0" in imported.out
    exported = parse_policy(run(home, "policy", "export", "--quorum", 2).out.encode())
    assert exported.threshold() == 2
    assert {one.vkey.name for one in exported.witnesses} == {"registry.example.xb/witness", OTHER.name}
    assert [one.vkey.name for one in exported.logs] == [home.settings.origin]
    run(home, "policy", "remove")
    told = run(home, "policy", "export", "--own", "--out", tmp_path / "own.policy", "--json").json
    assert {one["organisation"] for one in told["witnesses"]} == {XB.operator, home.settings.operator}
    assert told["logs"] == []
    assert "(policy-malformed)" in run(home, "policy", "export", "--quorum", 3, status=1).err
    assert len(book.list()) == 1


def test_a_list_is_made_with_the_witnesses_and_the_quorum_of_a_policy(home: Home, tmp_path: Path) -> None:
    entry = entry_of(XB)
    (tmp_path / "xb.entry.json").write_bytes(entry.encoded)
    policy = POLICY.replace("quorum theirs", "group did:web:witness.example.xq any theirs\nquorum none")
    (tmp_path / "witnesses.policy").write_text(policy)
    made = evidence(
        tmp_path, "trust", "make", "xb.entry.json", "--fingerprint", entry.digest.hex(), "--publisher",
        "did:web:trust.example.xb", "--key", "publisher.key", "--out", "trust.json",
        "--witnesses", "witnesses.policy", "--quorum", 1,
    )  # fmt: skip
    assert made.status == 0, made
    listed = parse_trust_list((tmp_path / "trust.json").read_bytes())
    assert [(one.vkey, one.organisation) for one in listed.witnesses] == [
        (OTHER, "did:web:witness.example.xq")
    ]
    assert {one.quorum for one in listed.require.values()} == {1}


def test_a_quorum_is_set_and_what_lacks_to_it_is_told(home: Home, book: PartnerBook) -> None:
    assert len(book.list()) == 1
    assert "are asked so far" not in run(home, "quorum", 1).out
    assert "1 are asked so far; evidence partner add" in run(home, "quorum", 2).out
    assert open_home(home.path).settings.quorum == 2
    assert run(home, "quorum", 0, "--json").json == {"quorum": 0, "organisations": [XB.operator]}
    assert run(home, "show", "--json").json["quorum"] == 0
    run(home, "quorum", 65, status=2)


def test_two_histories_of_a_log_come_out_as_a_proof(home: Home, book: PartnerBook, tmp_path: Path) -> None:
    from ledger.core.witness import encode_add_checkpoint

    assert "nothing was refused" in run(home, "forks").out
    begin_witness(home)
    XB.entries[:] = [bytes([n]) * 32 for n in range(5)]
    witness = witness_of(home, book, lambda: START + 500)
    assert witness.add_checkpoint(encode_add_checkpoint(0, [], XB.checkpoint())).status == 200
    assert witness.add_checkpoint(encode_add_checkpoint(5, [], XB.checkpoint(root=bytes(32)))).status == 422
    run(home, "log", "add", PLAIN_VKEY, "--yes")
    (row,) = run(home, "forks", "--out", tmp_path / "forks", "--json").json
    assert (row["kind"], row["heldSize"], row["size"], row["origin"]) == ("split", 5, 5, XB.origin)
    assert require_contradiction(parse_fork(Path(row["file"]).read_bytes()))
    again = run(home, "forks", "--out", tmp_path / "forks")
    assert "size 5 was cosigned, 5 refused" in again.out
    assert "forks        1 refused and kept" in run(home, "show").out
    plain = encode_add_checkpoint(0, [], plain_note(PLAIN.origin, 5, bytes(32)))
    assert witness.add_checkpoint(plain).status == 200
    assert "size 5, 2026-11-22T00:08:20Z (added by its keys)" in run(home, "log", "list").out


def test_a_key_is_renewed_once_that_is_confirmed(home: Home) -> None:
    before = run(home, "show", "--json").json["vkey"]
    assert "(not-confirmed)" in run(home, "renew", status=1).err
    assert run(home, "renew", "--yes", "--json").json["vkey"] != before
    assert run(home, "show", "--json").json["vkey"] != before
