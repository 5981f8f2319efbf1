"""Key files: written once, read strictly, silent about their secrets."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.secp256k1 import address_of
from ledger.core.suites import ECDSA, EDDSA, parse_multikey, verify
from ledger.errors import LedgerError, MalformedError, SetupError
from ledger.services.keys.keyfile import (
    KINDS,
    HolderKey,
    Kind,
    encode_holder_key,
    encode_node_key,
    make_holder_key,
    make_node_key,
    parse_holder_key,
    parse_node_key,
    random_size,
    read_holder_key,
    read_node_key,
    write_key,
)

HOLDER = "did:web:exporter.example.xa"


def random(size: int, name: str = "") -> bytes:
    return (sha256(name.encode()).digest() * 2)[:size]


def key(suite: str = EDDSA) -> HolderKey:
    return make_holder_key(HOLDER, "#2026", suite, random(48))


@pytest.mark.parametrize("suite", [EDDSA, ECDSA])
def test_a_key_is_read_back_and_signs(tmp_path: Path, suite: str) -> None:
    write_key(tmp_path / "key.json", key(suite))
    found = read_holder_key(tmp_path / "key.json")
    assert found == key(suite)
    assert found.verification_method == "did:web:exporter.example.xa#2026"
    verify(parse_multikey(found.multikey), b"message", found.private.sign(b"message"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_key_is_read_back_and_never_as_another_kind(tmp_path: Path, kind: Kind) -> None:
    made = make_node_key(kind, random(random_size(kind)))
    write_key(tmp_path / "key.json", made)
    assert read_node_key(tmp_path / "key.json", kind) == made
    for other in set(KINDS) - {kind}:
        with pytest.raises(SetupError) as refused:
            read_node_key(tmp_path / "key.json", other)
        assert refused.value.code == "key-file-malformed"
        assert str(tmp_path / "key.json") in str(refused.value)


def test_the_public_half_of_a_sender_key_is_its_address() -> None:
    made = make_node_key("sender", random(48))
    assert made.public == "0x" + address_of(made.secret).hex()
    assert json.loads(encode_node_key(made))["public"] == made.public


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    write_key(tmp_path / "key.json", key())
    with pytest.raises(SetupError) as refused:
        write_key(tmp_path / "key.json", key(ECDSA))
    assert refused.value.code == "file-exists"
    assert read_holder_key(tmp_path / "key.json") == key()


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "key.json", key())
    (tmp_path / "key.json").chmod(0o640)
    with pytest.raises(SetupError) as refused:
        read_holder_key(tmp_path / "key.json")
    assert refused.value.code == "key-file-readable"


def test_no_secret_is_shown_by_repr() -> None:
    log = make_node_key("log", random(64))
    assert key().private.secret.hex() not in repr(key())
    assert repr(key().private.secret) not in repr(key())
    assert repr(log.secret) not in repr(log)


def test_a_secret_of_another_public_key_is_refused() -> None:
    members = json.loads(encode_holder_key(key()))
    members["secret"] = random(32, "other").hex()
    with pytest.raises(MalformedError) as refused:
        parse_holder_key(encode(members))
    assert refused.value.code == "key-file-mismatch"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "evidence-key/2"),
        ("holder", "did:web:"),
        ("holder", "did:key:z6Mk"),
        ("holder", 5),
        ("id", "2026"),
        ("id", None),
        ("publicKeyMultibase", "z1"),
        ("secret", ""),
        ("secret", "AB" * 32),
        ("secret", "ab" * 31),
        ("extra", "x"),
    ],
)
def test_a_wrong_member_is_refused_and_the_secret_not_shown(member: str, value: object) -> None:
    members = json.loads(encode_holder_key(key()))
    secret = members["secret"]
    members[member] = value
    with pytest.raises(MalformedError) as refused:
        parse_holder_key(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())
    assert secret[:16] not in str(refused.value)
    assert "ABAB" not in str(refused.value)


@pytest.mark.parametrize("member", ["format", "holder", "id", "publicKeyMultibase", "secret"])
def test_a_missing_member_is_refused(member: str) -> None:
    members = json.loads(encode_holder_key(key()))
    del members[member]
    with pytest.raises(MalformedError):
        parse_holder_key(encode(members))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_gives_another_key_or_an_error_without_the_secret(at: int, to: int) -> None:
    data = bytearray(encode_holder_key(key()))
    data[at % len(data)] = to
    try:
        found = parse_holder_key(bytes(data))
    except LedgerError as error:
        shown = str(error)
    else:
        shown = ""
        assert found.private == key().private
        assert encode_holder_key(found) == bytes(data)
    assert key().private.secret.hex()[:16] not in shown


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_of_a_node_key_is_refused(at: int, to: int) -> None:
    whole = encode_node_key(make_node_key("head", random(48)))
    data = bytearray(whole)
    data[at % len(data)] = to
    if bytes(data) != whole:
        with pytest.raises(LedgerError):
            parse_node_key(bytes(data), "head")
