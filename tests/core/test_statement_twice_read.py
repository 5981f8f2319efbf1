"""The reader of statements as they stand, held against the reader that names every fault."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.core import statement as statements
from ledger.core.canonical import DEPTH_LIMIT, INTEGER_LIMIT, STATEMENT_LIMIT, decode, encode, encode_decoded
from ledger.core.multibase import base58btc_encode
from ledger.core.statement import Statement, parse_statement, sign_statement, statement_of, unsigned
from ledger.core.suites import ECDSA, EDDSA, PrivateKey
from ledger.errors import LedgerError, MalformedError
from tests.campaign import count
from tests.core.vectors import load, read, secret

ISSUER = "did:web:exporter.example.xa"
KEYS = (
    PrivateKey(EDDSA, secret("ed25519", "exporter")),
    PrivateKey(ECDSA, secret("p256", "exporter p256")),
)
FALSE_END = ',"id":"urn:uuid:'
ODD: tuple[Any, ...] = (
    "",
    "did:web:",
    "did:web:a",
    "did:key:z6Mk",
    "did:web:" + "a" * 247,
    "did:web:" + "a" * 248,
    'did:web:a"',
    "did:web:a\\",
    "did:web:ä",
    "did:web:a\n",
    "did:web:a,%41",
    ISSUER + "#2027",
    ISSUER + "#",
    ISSUER + "#" + "k" * 64,
    ISSUER + "#" + "k" * 65,
    "did:web:other.example.xa#2026",
    "2026-02-29T00:00:00Z",
    "2024-02-29T00:00:00Z",
    "2026-11-22T04:03:60Z",
    "2026-11-22T04:03:04z",
    "0000-01-01T00:00:00Z",
    "urn:uuid:0198f3c2-3310-7c60-8fd7-f1131271c4f9",
    "urn:uuid:0198F3C2-3310-7c60-8fd7-f1131271c4f9",
    base58btc_encode(bytes(64)),
    base58btc_encode(bytes(63) + b"\x01"),
    base58btc_encode(bytes([255]) * 64),
    base58btc_encode(bytes(65)),
    base58btc_encode(bytes(63)),
    "z" + "1" * 300,
    "eddsa-jcs-2022",
    "ecdsa-jcs-2019",
    "eddsa-rdfc-2022",
    "A" * 64,
    "A" * 65,
    "Aé",
    "proof",
    FALSE_END,
    0,
    True,
    None,
    1.5,
    INTEGER_LIMIT + 1,
    [],
    {},
    ["VerifiableCredential", "A"],
    ["VerifiableCredential", "a"],
    ["VerifiableCredential", "A", "B"],
    ["A", "VerifiableCredential"],
    list(statements.CONTEXT),
    [statements.CONTEXT[0]],
)


def good(subject: dict[str, Any] | None = None, key: PrivateKey = KEYS[0]) -> bytes:
    made = unsigned(
        kind="TransferRecord",
        identifier="urn:uuid:0198f3c2-3310-7c60-8fd7-f1131271c4f8",
        issuer=ISSUER,
        subject=subject or {"a": [1, "ä", {"b": False}]},
        valid_from=1_795_320_184,
    )
    return sign_statement(made, key, ISSUER + "#2026", 1_795_320_185).encoded


def exactly(data: bytes) -> Statement:
    return statements._read(decode(data, limit=STATEMENT_LIMIT, what="statement"), data)


def told(read: Callable[[], Statement]) -> object:
    try:
        return read()
    except LedgerError as error:
        return (type(error), str(error), error.code, error.pointer, error.offset)


def agree(data: bytes) -> None:
    """Both readers say the same, in a file and in another document, and the quick one takes all that is good."""
    wanted = told(lambda: exactly(data))
    assert told(lambda: parse_statement(data)) == wanted
    if isinstance(wanted, Statement):
        with pytest.MonkeyPatch.context() as patched:
            patched.delattr(statements, "_read")
            assert parse_statement(data) == statement_of(json.loads(data)) == wanted
        assert wanted.message == statements.message_to_sign(wanted.document)
        assert encode_decoded(wanted.document) == data


MEMBERS = [
    ("", name) for name in ("@context", "id", "issuer", "proof", "type", "validFrom", "aa", "é", "idz")
] + [
    ("proof", name)
    for name in (
        *(
            "@context",
            "created",
            "cryptosuite",
            "proofPurpose",
            "proofValue",
            "type",
            "verificationMethod",
            "domain",
        ),
    )
]


@pytest.mark.parametrize(("place", "name"), MEMBERS)
def test_both_readers_agree_on_changed_members(place: str, name: str) -> None:
    for value in (*ODD, ...):
        for beside in (ISSUER, value):  # an issuer counts with a key of its own only
            made = json.loads(good())
            inner = made[place] if place else made
            if value is ...:
                inner.pop(name, None)
            else:
                inner[name] = value
            if name == "issuer" and isinstance(beside, str):
                made["proof"]["verificationMethod"] = beside + "#2026"
            agree(json.dumps(made, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())


@given(st.data())
@settings(max_examples=count(250))
def test_both_readers_agree_on_changed_bytes(data: st.DataObject) -> None:
    made = bytearray(good(key=data.draw(st.sampled_from(KEYS))))
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(made)))
        length = data.draw(st.sampled_from([0, 0, 1, 1, 2, 20]))
        piece = data.draw(
            st.sampled_from(
                [b"", b'"', b"\\", b"\\u0061", b",", b"{", b"}", b" ", b"1", b"a", b"\n", b"\x00"]
            )
            | st.just(FALSE_END.encode())
            | st.binary(max_size=3)
            | st.builds(
                lambda first, size: bytes(made[first : first + size]), st.integers(0, 900), st.integers(1, 60)
            )
        )
        made[at : at + length] = piece
    agree(bytes(made))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from([FALSE_END, INTEGER_LIMIT, -INTEGER_LIMIT, -INTEGER_LIMIT - 1, "\ud800", "\\"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    )
)
@settings(max_examples=count(150))
@example({"a": {"id": "urn:uuid:"}, "z": {"A": 1, "id": "urn:uuid:0198f3c2-3310-7c60-8fd7-f1131271c4f8"}})
@example({})
def test_both_readers_agree_on_any_subject(subject: Any) -> None:
    made = json.loads(good())
    made["credentialSubject"] = subject
    agree(
        json.dumps(made, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    )


@pytest.mark.parametrize(
    "depth", [DEPTH_LIMIT - 2, DEPTH_LIMIT - 1, DEPTH_LIMIT, 1_022, 1_023, 1_024, 1_025, 5_000]
)
def test_both_readers_agree_on_depth(depth: int) -> None:
    before, after = good({"a": 0}).split(b'{"a":0}')
    agree(before + b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}" + after)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_both_readers_agree_on_size(more: int) -> None:
    room = STATEMENT_LIMIT - len(good({"a": ""}))
    before, after = good({"a": ""}).split(b'{"a":""}')
    agree(before + b'{"a":"' + b"x" * (room + more) + b'"}' + after)


def test_both_readers_agree_on_the_vectors() -> None:
    for row in load("statements.json"):
        agree(read(row["file"]))


def test_another_document_around_a_statement_does_not_lend_it_members() -> None:
    value = json.loads(good())
    for name in ("aa", "credentialSubjecta", "idz", "z"):
        with pytest.raises(MalformedError) as refused:
            statement_of({**value, name: value["credentialSubject"]})
        assert refused.value.code == "statement-malformed"
    assert statement_of(decode(encode(value), limit=STATEMENT_LIMIT, what="statement")).encoded == good()
