"""Keys whose secret another program holds: what it answers is verified, and bounded in time and size."""

import json
import os
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.core.canonical import encode
from ledger.core.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint, verify_log_lines
from ledger.core.secp256k1 import address_of
from ledger.core.statement import parse_statement, verify_statement
from ledger.core.suites import ECDSA, EDDSA, PublicKey, verify
from ledger.errors import MalformedError, SetupError
from ledger.remote.signing import RequestSigner
from ledger.services.home.folder import open_home
from ledger.services.keys.external import External, external_key
from ledger.services.keys.keyfile import (
    HolderKey,
    NodeKey,
    encode_holder_key,
    make_holder_key,
    parse_head_key,
    parse_holder_key,
    parse_node_key,
    read_holder_key,
)
from tests.cli.running import done, draft
from tests.services.homes import NOW, home

HOLDER = "did:web:exporter.example.xa"
PROGRAM = """
import sys
from pathlib import Path

kind, secret = sys.argv[1], bytes.fromhex(Path(sys.argv[2]).read_text())
message = sys.stdin.buffer.read()
if kind == "ed25519":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    answer = Ed25519PrivateKey.from_private_bytes(secret).sign(message)
elif kind == "p256":  # with the larger s, as some hardware gives it
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    key = ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    answer = r.to_bytes(32) + max(s, order - s).to_bytes(32)
else:  # secp256k1: r and s alone, and the larger s
    from coincurve import PrivateKey

    assert len(message) == 32
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    made = PrivateKey(secret).sign_recoverable(message, hasher=None)
    answer = made[:32] + (order - int.from_bytes(made[32:64])).to_bytes(32)
sys.stdout.buffer.write(answer)
"""
OTHER = sha256(b"another key").digest()


def command(folder: Path, kind: str, secret: bytes) -> list[str]:
    """A program that holds a secret, and how it is called."""
    (folder / "signs.py").write_text(PROGRAM)
    (folder / "secret").write_text(secret.hex())
    return [sys.executable, str(folder / "signs.py"), kind, str(folder / "secret")]


def held(key: HolderKey, words: list[str]) -> bytes:
    """The file of a key whose secret a program holds."""
    members = json.loads(encode_holder_key(key))
    del members["secret"]
    return encode({**members, "command": words})


def key(suite: str = EDDSA) -> HolderKey:
    return make_holder_key(HOLDER, "#2026", suite, sha256(b"key").digest() + bytes(16))


def secret_of(made: HolderKey) -> bytes:
    return bytes.fromhex(json.loads(encode_holder_key(made))["secret"])


@pytest.mark.parametrize(("suite", "kind"), [(EDDSA, "ed25519"), (ECDSA, "p256")])
def test_a_record_is_signed_with_a_key_that_a_program_holds(tmp_path: Path, suite: str, kind: str) -> None:
    made = key(suite)
    file, signed = tmp_path / "held.key", tmp_path / "signed.json"
    file.write_bytes(held(made, command(tmp_path, kind, secret_of(made))))
    file.chmod(0o600)
    done("transfer", "sign", draft(tmp_path, file), "--key", file, "--out", signed)
    verify_statement(parse_statement(signed.read_bytes()), made.private.public)


def test_a_request_is_signed_with_a_key_that_a_program_holds(tmp_path: Path) -> None:
    made = key()
    found = parse_holder_key(held(made, command(tmp_path, "ed25519", secret_of(made))))
    fields = RequestSigner(found.private, found.verification_method).fields("GET", "http://127.0.0.1/v1/x")
    assert fields["signature"].startswith("evidence=:")


def test_the_head_of_a_log_is_signed_with_a_key_that_a_program_holds(tmp_path: Path) -> None:
    made = home(tmp_path)
    head = made.keys.head
    assert isinstance(head, NodeKey)
    file = made.path / "keys" / "head.json"
    words = command(tmp_path, "secp256k1", head.secret)
    file.write_bytes(
        encode({"command": words, "format": "evidence-node-key/1", "kind": "head", "public": head.public})
    )
    signer = open_home(made.path).log_signer()
    assert signer.vkeys == made.log_signer().vkeys
    note = sign_checkpoint(Checkpoint(made.settings.origin, 1, b"\x07" * 32), signer, NOW)
    address = address_of(head.secret)
    lines = verify_log_lines(parse_checkpoint(note), made.settings.origin, signer.vkeys[:2], [address])
    assert lines.head_address == address


def shell(script: str, public: PublicKey | None = None, patience: float = 20) -> External[PublicKey]:
    found = external_key(key().private.public if public is None else public, ["/bin/sh", "-c", script])
    return replace(found, patience=patience)


def refusal(signer: External[PublicKey]) -> SetupError:
    with pytest.raises(SetupError) as refused:
        signer.sign(b"message")
    return refused.value


def test_a_signature_by_another_key_is_not_used(tmp_path: Path) -> None:
    signer = external_key(key().private.public, command(tmp_path, "ed25519", OTHER))
    assert refusal(signer).code == "signer-answer"


@pytest.mark.parametrize("answer", ["printf ''", "printf x", "head -c 64 /dev/zero"])
def test_what_is_no_signature_is_not_used(answer: str) -> None:
    assert refusal(shell(answer)).code == "signer-answer"


def test_an_answer_without_end_is_cut_off() -> None:
    began = time.monotonic()
    assert refusal(shell("cat /dev/zero", patience=60)).code == "signer-failed"
    assert time.monotonic() - began < 30


def test_a_program_that_does_not_end_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {place}; wait"
    assert refusal(shell(script, patience=0.5)).code == "signer-failed"
    begun = int(place.read_text())
    for _ in range(100):
        if not running(begun):
            return
        time.sleep(0.05)
    pytest.fail("what the program began still runs")


def test_nothing_that_a_program_began_outlives_its_answer(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    script = f"sleep 600 >{tmp_path}/said & echo $! > {place}; printf x"
    assert refusal(shell(script)).code == "signer-answer"
    begun = int(place.read_text())
    assert any(not running(begun) or time.sleep(0.05) for _ in range(100))


def running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")
    return not state.exists() or state.read_text().split()[2] != "Z"


def test_a_program_that_is_not_there_is_named_by_its_key() -> None:
    signer = external_key(key().private.public, ["/nonexistent/program"])
    refused = refusal(signer)
    assert (refused.code, key().multikey in str(refused)) == ("signer-failed", True)


def test_a_status_other_than_0_is_no_signature_and_what_it_said_is_not_repeated() -> None:
    refused = refusal(shell("echo the secret is 5f3a >&2; echo 5f3a; exit 3"))
    assert refused.code == "signer-failed"
    assert "5f3a" not in str(refused)


def test_a_program_that_reads_nothing_does_not_hold_up_a_long_message() -> None:
    with pytest.raises(SetupError) as refused:
        shell("exit 0").sign(bytes(1 << 20))
    assert refused.value.code == "signer-answer"


def test_the_file_of_a_held_key_is_read_back(tmp_path: Path) -> None:
    data = held(key(), ["/usr/bin/sign", "--slot", "1"])
    file = tmp_path / "held.key"
    file.write_bytes(data)
    file.chmod(0o600)
    found = read_holder_key(file)
    assert isinstance(found.private, External)
    assert found.private.command == ("/usr/bin/sign", "--slot", "1")
    assert encode_holder_key(found) == data
    verify(key().private.public, b"m", key().private.sign(b"m"))  # of which nobody asked the program


@pytest.mark.parametrize("words", [[], "sign", ["sign"], ["/sign", 5], ["/sign"] * 33, ["/si\0gn"]])
def test_a_command_that_is_none_is_refused(words: object) -> None:
    data = held(key(), ["/sign"])
    changed = encode({**json.loads(data), "command": words})  # type: ignore[dict-item] # wrong on purpose
    with pytest.raises(MalformedError) as refused:
        parse_holder_key(changed)
    assert refused.value.code == "key-file-malformed"


def test_a_secret_and_a_command_are_not_given_together() -> None:
    both = encode({**json.loads(encode_holder_key(key())), "command": ["/sign"]})
    with pytest.raises(MalformedError):
        parse_holder_key(both)


def test_of_a_nodes_keys_the_head_key_alone_may_be_held_elsewhere(tmp_path: Path) -> None:
    made = home(tmp_path).keys.sender
    members = {"command": ["/sign"], "format": "evidence-node-key/1", "kind": "sender", "public": made.public}
    for read in (lambda data: parse_node_key(data, "sender"), parse_head_key):
        with pytest.raises(MalformedError):
            read(encode(members))
