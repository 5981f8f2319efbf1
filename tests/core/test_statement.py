"""Statements: own vectors with their verdicts, each rule of the shape, and signing."""

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import STATEMENT_LIMIT, decode, encode
from ledger.core.merkle import leaf_hash
from ledger.core.multibase import base58btc_encode
from ledger.core.statement import (
    CONTEXT,
    Statement,
    message_to_sign,
    normalise_signature,
    parse_statement,
    sign_statement,
    statement_of,
    unsigned,
    verify_statement,
)
from ledger.core.suites import ECDSA, EDDSA, P256_ORDER, PrivateKey, PublicKey, parse_multikey
from ledger.errors import LedgerError, MalformedError, SignatureError
from tests.core.vectors import load, read, secret

ROWS = load("statements.json")
GOOD = [row for row in ROWS if row["expect"] == "signature verifies"]
REFUSED = {
    "statements/refused-high-s.json": (SignatureError, "high-s"),
    "statements/refused-expires.json": (MalformedError, "proof-malformed"),
    "statements/refused-no-proof-context.json": (MalformedError, "proof-malformed"),
    "statements/refused-eighth-member.json": (MalformedError, "statement-malformed"),
    "statements/refused-tampered.json": (SignatureError, "signature-invalid"),
}
ED = PrivateKey(EDDSA, secret("ed25519", "exporter"))
P256 = PrivateKey(ECDSA, secret("p256", "exporter p256"))
ISSUER = "did:web:exporter.example.xa"
ID = "urn:uuid:0198f3c2-3310-7c60-8fd7-f1131271c4f8"
NOW = 1_795_320_184


def draft(**members: Any) -> dict[str, Any]:
    subject = members.pop("subject", {"a": 1})
    made = unsigned(kind="TransferRecord", identifier=ID, issuer=ISSUER, subject=subject, valid_from=NOW)
    return {**made, **members}


def signed(key: PrivateKey = ED, **members: Any) -> Statement:
    return sign_statement(draft(**members), key, ISSUER + "#2026", NOW)


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(signed().encoded)
    return found


def fault(changed: Any) -> tuple[str, str | None]:
    with pytest.raises(MalformedError) as refused:
        parse_statement(encode(changed))
    with pytest.raises(MalformedError):
        statement_of(changed)
    return refused.value.code, refused.value.pointer


# --- vectors


def test_the_vector_file_holds_both_verdicts() -> None:
    assert len(GOOD) == 24
    assert {row["file"] for row in ROWS if row not in GOOD} == set(REFUSED)


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["file"])
def test_a_good_statement_has_the_hashes_of_the_vectors_and_verifies(row: dict[str, str]) -> None:
    statement = parse_statement(read(row["file"]))
    assert statement.digest.hex() == row["digest"]
    assert leaf_hash(statement.digest).hex() == row["leafHash"]
    assert message_to_sign(statement.document).hex() == row["messageToSign"]
    assert row["messageToSign"] == row["proofConfigHash"] + row["documentHash"]
    assert statement.signature.hex() == row["signature"]
    verify_statement(statement, parse_multikey(row["multikey"]))
    assert statement_of(decode(statement.encoded, limit=STATEMENT_LIMIT, what="statement")) == statement


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["file"])
def test_signing_again_gives_the_bytes_of_the_vectors(row: dict[str, str]) -> None:
    data = read(row["file"])
    statement = parse_statement(data)
    bare = {name: value for name, value in statement.document.items() if name != "proof"}
    assert encode(bare).decode() == row["documentCanonical"]
    key = PrivateKey(statement.suite, secret("p256" if statement.suite == ECDSA else "ed25519", row["key"]))
    made = sign_statement(bare, key, statement.verification_method, statement.created)
    assert made.encoded == data
    assert made == statement


@pytest.mark.parametrize("file", REFUSED)
def test_a_refused_statement_is_refused_by_name(file: str) -> None:
    row = next(row for row in ROWS if row["file"] == file)
    data = read(file)
    assert sha256(data).hexdigest() == row["digest"]
    key = parse_multikey(row["multikey"]) if "multikey" in row else ED.public
    kind, code = REFUSED[file]
    with pytest.raises(kind) as refused:
        verify_statement(parse_statement(data), key)
    assert refused.value.code == code


# --- shape


@pytest.mark.parametrize("name", sorted(document()))
def test_a_missing_member_is_refused(name: str) -> None:
    changed = document()
    del changed[name]
    assert fault(changed) == ("statement-malformed", "")


@pytest.mark.parametrize("name", sorted(document()["proof"]))
def test_a_missing_member_of_the_proof_is_refused(name: str) -> None:
    changed = document()
    del changed["proof"][name]
    assert fault(changed) == ("proof-malformed", "/proof")


@pytest.mark.parametrize("name", ["validUntil", "credentialStatus", "supersedes", "name", ""])
def test_another_member_is_refused(name: str) -> None:
    assert fault(document() | {name: "x"}) == ("statement-malformed", "")


@pytest.mark.parametrize("name", ["expires", "domain", "challenge", "previousProof", "id", "nonce"])
def test_another_member_of_the_proof_is_refused(name: str) -> None:
    changed = document()
    changed["proof"][name] = "2027-01-01T00:00:00Z"
    assert fault(changed) == ("proof-malformed", "/proof")


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("@context", CONTEXT[0], "/@context"),
        ("@context", [CONTEXT[0]], "/@context"),
        ("@context", [CONTEXT[1], CONTEXT[0]], "/@context"),
        ("@context", [*CONTEXT, "urn:more"], "/@context"),
        ("type", "TransferRecord", "/type"),
        ("type", ["VerifiableCredential"], "/type"),
        ("type", ["TransferRecord", "VerifiableCredential"], "/type"),
        ("type", ["VerifiableCredential", "TransferRecord", "Other"], "/type"),
        ("type", ["VerifiableCredential", ""], "/type/1"),
        ("type", ["VerifiableCredential", "transfer record"], "/type/1"),
        ("type", ["VerifiableCredential", 1], "/type/1"),
        ("id", "urn:uuid:0198F3C2-3310-7C60-8FD7-F1131271C4F8", "/id"),
        ("id", "0198f3c2-3310-7c60-8fd7-f1131271c4f8", "/id"),
        ("id", ID + "\n", "/id"),
        ("id", 1, "/id"),
        ("issuer", {"id": ISSUER}, "/issuer"),
        ("issuer", "https://exporter.example.xa", "/issuer"),
        ("credentialSubject", [{"a": 1}], "/credentialSubject"),
        ("credentialSubject", {}, "/credentialSubject"),
        ("credentialSubject", "a", "/credentialSubject"),
        ("validFrom", "2026-11-22", "/validFrom"),
        ("validFrom", "2026-11-22T04:03:60Z", "/validFrom"),
        ("validFrom", NOW, "/validFrom"),
    ],
)
def test_a_member_of_another_form_is_refused_at_its_place(name: str, value: Any, pointer: str) -> None:
    assert fault(document() | {name: value}) == ("statement-malformed", pointer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@context", [CONTEXT[0]]),
        ("created", "2026-11-22T04:03:04+00:00"),
        ("created", NOW),
        ("cryptosuite", "ecdsa-rdfc-2019"),
        ("cryptosuite", "eddsa-rdfc-2022"),
        ("cryptosuite", ["eddsa-jcs-2022"]),
        ("cryptosuite", {}),
        ("proofPurpose", "authentication"),
        ("type", "Ed25519Signature2020"),
        ("proofValue", ""),
        ("proofValue", "z"),
        ("proofValue", base58btc_encode(bytes(63))),
        ("proofValue", base58btc_encode(bytes(65))),
        ("proofValue", "u" + "A" * 86),
        ("proofValue", "z" + "1" * 5000),
        ("proofValue", 1),
        ("verificationMethod", ISSUER),
        ("verificationMethod", ISSUER + "#"),
        ("verificationMethod", "#2026"),
        ("verificationMethod", "did:web:other.example.xa#2026"),
        ("verificationMethod", ISSUER + ".evil#2026"),
        ("verificationMethod", ISSUER + "#a#b"),
        ("verificationMethod", ISSUER + "?x#2026"),
        ("verificationMethod", {"id": ISSUER + "#2026"}),
    ],
)
def test_a_member_of_the_proof_of_another_form_is_refused_at_its_place(name: str, value: Any) -> None:
    changed = document()
    changed["proof"][name] = value
    assert fault(changed) == ("proof-malformed", f"/proof/{name}")


@pytest.mark.parametrize("proof", [[], [document()["proof"]], "proof", 1])
def test_there_is_one_proof(proof: Any) -> None:
    assert fault(document() | {"proof": proof}) == ("proof-malformed", "/proof")


@pytest.mark.parametrize("value", [[], "x", 1, True])
def test_a_statement_is_an_object(value: Any) -> None:
    assert fault(value) == ("statement-malformed", "")


def test_a_statement_is_bounded_alone_and_inside_another_document() -> None:
    # A proofValue has 87 or 88 characters, now and then fewer.
    spare = STATEMENT_LIMIT - len(signed(subject={"a": ""}).encoded) - 5
    assert signed(subject={"a": "x" * spare})
    with pytest.raises(MalformedError) as refused:
        signed(subject={"a": "x" * (spare + 10)})
    assert refused.value.code == "too-large"
    with pytest.raises(MalformedError) as refused:
        statement_of(document() | {"credentialSubject": {"a": "x" * (spare + 10)}})
    assert refused.value.code == "too-large"


@given(st.data())
def test_a_changed_byte_is_refused_or_no_longer_signed(data: st.DataObject) -> None:
    changed = bytearray(signed().encoded)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(LedgerError):
        verify_statement(parse_statement(bytes(changed)), ED.public)


# --- signing


@pytest.mark.parametrize("key", [ED, P256], ids=["ed25519", "p256"])
def test_what_is_signed_is_read_back_and_verifies(key: PrivateKey) -> None:
    statement = signed(key)
    assert parse_statement(statement.encoded) == statement
    assert (statement.created, statement.valid_from, statement.key_id) == (NOW, NOW, "#2026")
    verify_statement(statement, key.public)


def test_another_key_does_not_verify() -> None:
    with pytest.raises(SignatureError) as refused:
        verify_statement(signed(), P256.public)
    assert refused.value.code == "suite-mismatch"
    other = PrivateKey(EDDSA, secret("ed25519", "importer")).public
    with pytest.raises(SignatureError) as refused:
        verify_statement(signed(), other)
    assert refused.value.code == "signature-invalid"


@pytest.mark.parametrize(
    "members",
    [
        {"proof": {}},
        {"subject": {"a": 1.5}},
        {"subject": {"a": None}},
        {"subject": {}},
        {"extra": 1},
        {"id": "x"},
    ],
)
def test_what_cannot_be_a_statement_is_not_signed(members: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        signed(**members)


def test_the_verification_method_belongs_to_the_issuer() -> None:
    with pytest.raises(MalformedError):
        sign_statement(draft(), ED, "did:web:other.example.xa#2026", NOW)


def test_a_message_needs_a_proof() -> None:
    with pytest.raises(MalformedError):
        message_to_sign(draft())


def test_a_foreign_high_s_is_imported_in_its_low_form() -> None:
    statement = signed(P256)
    s = P256_ORDER - int.from_bytes(statement.signature[32:])
    foreign: dict[str, Any] = json.loads(statement.encoded)
    foreign["proof"]["proofValue"] = base58btc_encode(statement.signature[:32] + s.to_bytes(32))
    with pytest.raises(SignatureError) as refused:
        verify_statement(parse_statement(encode(foreign)), P256.public)
    assert refused.value.code == "high-s"
    assert normalise_signature(foreign) == statement
    assert normalise_signature(json.loads(signed().encoded)) == signed()


def test_a_key_that_is_no_key_refuses_in_our_own_words() -> None:
    with pytest.raises(SignatureError):
        verify_statement(signed(), PublicKey(EDDSA, bytes(32)))
    with pytest.raises(SignatureError):
        verify_statement(signed(P256), PublicKey(ECDSA, b"\2" + b"\xff" * 32))
