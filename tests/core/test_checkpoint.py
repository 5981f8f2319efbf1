"""Checkpoints: own vectors, the three lines, what is known and wrong, what is unknown, cosignatures."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import mldsa, secp256k1
from ledger.core.checkpoint import (
    SIZE_LIMIT,
    Checkpoint,
    LogLines,
    LogSigner,
    SignedCheckpoint,
    cosign,
    cosign_mldsa,
    head_vkey,
    mldsa_message,
    parse_checkpoint,
    sign_checkpoint,
    uncounted_lines,
    verify_cosignature,
    verify_log_lines,
)
from ledger.core.evm.anchor import head_digest, log_id
from ledger.core.note import (
    ED25519_COSIGNATURE,
    MLDSA44_COSIGNATURE,
    Note,
    NoteSignature,
    encode_note,
    make_vkey,
    parse_vkey,
)
from ledger.core.secp256k1 import Account
from ledger.core.suites import EDDSA, PrivateKey, sign
from ledger.errors import LedgerError, MalformedError, SignatureError
from tests.core.vectors import KEYS, LOG, read, secret
from tests.outside import outside

ORIGIN = LOG["origin"]
NOW = 1_795_320_184
SIGNER = LogSigner(
    ORIGIN,
    secret("ed25519", "XA log ed25519"),
    secret("mlDsa44", "XA log ml-dsa"),
    Account(secret("secp256k1", "XA head 1")),
)
VKEYS = SIGNER.vkeys
HEADS = [SIGNER.head_address]
CHECKPOINT = Checkpoint(ORIGIN, 97, bytes(range(32)))
SIGNED = parse_checkpoint(sign_checkpoint(CHECKPOINT, SIGNER, NOW))
LINES = SIGNED.note.signatures
WITNESS = PrivateKey(EDDSA, secret("ed25519", "witness C"))
WITNESS_VKEY = make_vkey("witness.example.xc", ED25519_COSIGNATURE, WITNESS.public.raw)


def with_lines(*lines: NoteSignature) -> SignedCheckpoint:
    return parse_checkpoint(encode_note(Note(CHECKPOINT.text, lines)))


def verified(signed: SignedCheckpoint, heads: list[bytes] = HEADS) -> LogLines:
    return verify_log_lines(signed, ORIGIN, VKEYS[:2], heads)


def code_of(signed: SignedCheckpoint, heads: list[bytes] = HEADS) -> str:
    with pytest.raises(SignatureError) as refused:
        verified(signed, heads)
    return refused.value.code


def changed(line: NoteSignature, byte: int) -> NoteSignature:
    payload = bytearray(line.payload)
    payload[byte] ^= 1
    return line._replace(payload=bytes(payload))


# --- vectors


@pytest.mark.parametrize("row", LOG["checkpoints"], ids=lambda row: row["file"])
def test_the_lines_of_the_vectors_verify_with_the_keys_given(row: dict[str, object]) -> None:
    data = read(str(row["file"]))
    signed = parse_checkpoint(data)
    assert signed.checkpoint == Checkpoint(ORIGIN, row["size"], bytes.fromhex(str(row["root"])))  # type: ignore[arg-type]
    assert signed.checkpoint.text == signed.note.text
    vkeys = [parse_vkey(text) for text in LOG["vkeys"]]
    assert tuple(vkeys) == VKEYS
    lines = verify_log_lines(signed, ORIGIN, vkeys[:2], HEADS)
    assert lines == LogLines(HEADS[0], row["mlDsaTimestamp"])  # type: ignore[arg-type]
    assert mldsa_message(signed.checkpoint, ORIGIN, lines.mldsa_time).hex() == row["mlDsaMessage"]
    digest = head_digest(log_id(ORIGIN, HEADS[0]), signed.checkpoint.size, signed.checkpoint.root)
    assert "0x" + digest.hex() == row["headDigest"]


@pytest.mark.parametrize("row", LOG["checkpoints"], ids=lambda row: row["file"])
def test_the_two_repeatable_lines_are_those_of_the_vectors(row: dict[str, object]) -> None:
    expected = parse_checkpoint(read(str(row["file"])))
    made = parse_checkpoint(sign_checkpoint(expected.checkpoint, SIGNER, row["mlDsaTimestamp"]))  # type: ignore[arg-type]
    assert made.note.signatures[0] == expected.note.signatures[0]
    assert made.note.signatures[2] == expected.note.signatures[2]
    assert made.note.signatures[1].payload[:8] == expected.note.signatures[1].payload[:8]


def test_the_worked_example_with_a_witness_verifies() -> None:
    own = json.loads((outside("c2sp-examples") / "selfmade.json").read_text())
    signed = parse_checkpoint(own["checkpoint"].encode())
    assert (signed.checkpoint.origin, signed.checkpoint.size) == ("evidence.example/eu/2026", 5)
    witness = parse_vkey(own["witness_vkey"])
    assert verify_cosignature(signed, signed.note.signatures[1], witness) == 0x6955B900
    examples = json.loads((outside("c2sp-examples") / "vectors.json").read_text())
    syntax = parse_checkpoint(examples["checkpoint_syntax_only"].encode())
    time = int.from_bytes(syntax.note.signatures[1].payload[:8])
    assert time == examples["cosig_timestamp_in_it"]


# --- syntax


@given(
    st.text(alphabet="abcXYZ019./-", min_size=1, max_size=255),
    st.integers(0, SIZE_LIMIT),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_written_is_read_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    data = encode_note(Note(checkpoint.text, LINES[2:]))
    signed = parse_checkpoint(data)
    assert (signed.checkpoint, signed.encoded) == (checkpoint, data)


ROOT = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"log\n1\n{ROOT}\nextension\n",
        "log\n1\n",
        f"\n1\n{ROOT}\n",
        f"lög\n1\n{ROOT}\n",
        f"log log\n1\n{ROOT}\n",
        f"log_1\n1\n{ROOT}\n",
        f"{'x' * 256}\n1\n{ROOT}\n",
        f"log\n01\n{ROOT}\n",
        f"log\n+1\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n1 \n{ROOT}\n",
        f"log\n\u0661\n{ROOT}\n",
        f"log\n1_0\n{ROOT}\n",
        f"log\n{SIZE_LIMIT + 1}\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\n1\n{ROOT[:-1]}\n",
        f"log\n1\n{ROOT[:-2]}B=\n",
        f"log\n1\n{b64encode(bytes(31)).decode()}\n",
        f"log\n1\n{b64encode(bytes(33)).decode()}\n",
        f"log\n1\n {ROOT}\n",
        f"log\n1\n{ROOT.replace('A', '_')}\n",
    ],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_checkpoint(encode_note(Note(text, LINES[2:])))
    assert refused.value.code == "checkpoint-malformed"


# --- the log's own lines


def test_a_signed_checkpoint_verifies_and_says_who_and_when() -> None:
    assert verified(SIGNED) == LogLines(HEADS[0], NOW)
    assert verified(with_lines(*reversed(LINES))) == LogLines(HEADS[0], NOW)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_missing_line_is_named(index: int) -> None:
    assert code_of(with_lines(*(line for n, line in enumerate(LINES) if n != index))) == "line-missing"


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_line_that_stands_twice_is_named(index: int) -> None:
    assert code_of(with_lines(*LINES, LINES[index])) == "line-twice"


@pytest.mark.parametrize("index", [0, 1, 2])
@given(data=st.data())
def test_a_known_key_with_a_changed_signature_fails_even_beside_a_good_line(
    index: int, data: st.DataObject
) -> None:
    bad = changed(LINES[index], data.draw(st.integers(0, len(LINES[index].payload) - 1)))
    assert code_of(with_lines(*LINES[:index], bad, *LINES[index + 1 :])) == "line-invalid"
    assert code_of(with_lines(bad, *LINES)) in {"line-invalid", "line-twice"}
    assert code_of(with_lines(*LINES, bad)) in {"line-invalid", "line-twice"}


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 8, 63])
def test_a_shortened_line_of_a_known_key_fails(index: int, size: int) -> None:
    short = LINES[index]._replace(payload=LINES[index].payload[:size])
    assert code_of(with_lines(*LINES[:index], short, *LINES[index + 1 :])) == "line-invalid"


def test_a_line_over_another_root_fails() -> None:
    other = parse_checkpoint(sign_checkpoint(replace(CHECKPOINT, root=bytes(32)), SIGNER, NOW))
    for index in range(3):
        lines = [*LINES[:index], other.note.signatures[index], *LINES[index + 1 :]]
        assert code_of(with_lines(*lines)) == "line-invalid"


def test_lines_of_unknown_keys_change_nothing_and_are_listed() -> None:
    strangers = [
        NoteSignature("stranger.example", bytes(4), bytes(64)),
        NoteSignature("stranger.example", bytes(4), bytes(64)),
        NoteSignature(ORIGIN, bytes(4), bytes(64)),
    ]
    signed = with_lines(*strangers, *LINES)
    assert verified(signed) == LogLines(HEADS[0], NOW)
    assert uncounted_lines(signed, VKEYS) == tuple(strangers)


def test_a_line_under_another_name_is_no_line_of_the_log() -> None:
    assert code_of(with_lines(LINES[0]._replace(name="other.example"), *LINES[1:])) == "line-missing"


def test_a_head_key_that_is_not_believed_counts_for_nothing() -> None:
    assert code_of(SIGNED, [bytes(20)]) == "line-missing"
    other = secret("secp256k1", "XA head 2")
    both = [HEADS[0], secp256k1.address_of(other)]
    assert verified(SIGNED, both).head_address == HEADS[0]
    rotated = parse_checkpoint(sign_checkpoint(CHECKPOINT, replace(SIGNER, head=Account(other)), NOW))
    assert verified(rotated, both).head_address == both[1]
    assert code_of(with_lines(*LINES, rotated.note.signatures[2]), both) == "line-twice"


def test_a_head_signature_by_another_key_under_the_known_key_id_fails() -> None:
    digest = head_digest(log_id(ORIGIN, HEADS[0]), CHECKPOINT.size, CHECKPOINT.root)
    forged = LINES[2]._replace(payload=secp256k1.sign(secret("secp256k1", "XA head 2"), digest))
    assert code_of(with_lines(*LINES[:2], forged)) == "line-invalid"


def test_a_line_of_the_log_with_time_zero_fails() -> None:
    timeless = cosign_mldsa(CHECKPOINT, ORIGIN, SIGNER.mldsa_seed, 0)
    assert code_of(with_lines(LINES[0], timeless, LINES[2])) == "line-invalid"


def test_a_checkpoint_of_another_log_is_refused_by_name() -> None:
    with pytest.raises(SignatureError) as refused:
        verify_log_lines(SIGNED, "registry.example.xb/XB/2026", VKEYS[:2], HEADS)
    assert refused.value.code == "origin-mismatch"


def test_a_key_of_another_name_is_not_the_log_s() -> None:
    foreign = [VKEYS[0]._replace(name="other.example"), VKEYS[1]]
    with pytest.raises(SignatureError) as refused:
        verify_log_lines(SIGNED, ORIGIN, foreign, HEADS)
    assert refused.value.code == "line-missing"


def test_no_keys_verify_nothing() -> None:
    with pytest.raises(SignatureError):
        verify_log_lines(SIGNED, ORIGIN, [], [])


def test_a_log_signs_its_own_checkpoints_only() -> None:
    with pytest.raises(MalformedError):
        sign_checkpoint(replace(CHECKPOINT, origin="other.example"), SIGNER, NOW)


def test_secrets_are_not_in_what_is_printed() -> None:
    for held in (SIGNER.ed25519_secret, SIGNER.mldsa_seed, secret("secp256k1", "XA head 1")):
        assert repr(held) not in repr(SIGNER)
    assert "secret" not in repr(SIGNER.head)


def test_a_head_key_is_an_address() -> None:
    with pytest.raises(MalformedError):
        head_vkey(ORIGIN, bytes(32))


# --- witnesses


def test_an_ed25519_cosignature_verifies_and_tells_its_time() -> None:
    line = cosign(SIGNED, "witness.example.xc", WITNESS, NOW)
    assert verify_cosignature(SIGNED, line, WITNESS_VKEY) == NOW
    assert verified(with_lines(*LINES, line)) == LogLines(HEADS[0], NOW)


def test_an_ml_dsa_cosignature_verifies_and_tells_its_time() -> None:
    seed = secret("mlDsa44", "witness E")
    vkey = make_vkey("witness.example.xe", MLDSA44_COSIGNATURE, mldsa.public_of(seed))
    line = cosign_mldsa(CHECKPOINT, "witness.example.xe", seed, NOW)
    assert verify_cosignature(SIGNED, line, vkey) == NOW
    with pytest.raises(SignatureError):
        verify_cosignature(SIGNED, changed(line, 100), vkey)


@given(st.integers(0, 71))
def test_every_changed_byte_of_a_cosignature_is_refused(byte: int) -> None:
    line = cosign(SIGNED, "witness.example.xc", WITNESS, NOW)
    with pytest.raises(SignatureError) as refused:
        verify_cosignature(SIGNED, changed(line, byte), WITNESS_VKEY)
    assert refused.value.code == "line-invalid"


def test_a_cosignature_is_of_one_checkpoint_and_one_key() -> None:
    line = cosign(SIGNED, "witness.example.xc", WITNESS, NOW)
    other = parse_checkpoint(encode_note(Note(replace(CHECKPOINT, size=98).text, LINES)))
    with pytest.raises(SignatureError):
        verify_cosignature(other, line, WITNESS_VKEY)
    for name in ("witness.example.xd", ORIGIN):
        with pytest.raises(SignatureError):
            verify_cosignature(SIGNED, line._replace(name=name), WITNESS_VKEY)


def test_a_plain_signature_over_the_text_is_no_cosignature() -> None:
    line = NoteSignature(
        WITNESS_VKEY.name, WITNESS_VKEY.key_id, bytes(8) + sign(WITNESS, SIGNED.note.text.encode())
    )
    with pytest.raises(SignatureError):
        verify_cosignature(SIGNED, line, WITNESS_VKEY)
    with pytest.raises(SignatureError):
        verify_cosignature(SIGNED, LINES[0], VKEYS[0])


@pytest.mark.parametrize("time", [-1, 1 << 64])
def test_a_time_that_does_not_fit_is_not_signed(time: int) -> None:
    with pytest.raises(MalformedError):
        cosign(SIGNED, "witness.example.xc", WITNESS, time)


def test_every_witness_key_of_the_vectors_can_cosign() -> None:
    for witness in KEYS["witnesses"]:
        vkey = parse_vkey(witness["vkey"])
        if vkey.type == ED25519_COSIGNATURE:
            named = {"6b54eab0": "witness C", "bfbb7f3e": "witness D"}[witness["keyId"]]
            line = cosign(SIGNED, vkey.name, PrivateKey(EDDSA, secret("ed25519", named)), NOW)
        else:
            line = cosign_mldsa(CHECKPOINT, vkey.name, secret("mlDsa44", "witness E"), NOW)
        assert verify_cosignature(SIGNED, line, vkey) == NOW


@given(st.binary(max_size=100))
def test_any_payload_of_a_known_key_fails_in_our_own_words(payload: bytes) -> None:
    for index in range(3):
        line = LINES[index]._replace(payload=payload)
        with pytest.raises(LedgerError) as refused:
            verified(SignedCheckpoint(CHECKPOINT, Note(CHECKPOINT.text, (line, *LINES)), b""))
        assert refused.value.code == "line-invalid"
