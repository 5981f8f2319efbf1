"""Statements: W3C Verifiable Credentials 2.0 of one exact shape, secured by one Data Integrity proof.

    {"@context": ["https://www.w3.org/ns/credentials/v2", "urn:evidence-ledger:context:v1"],
     "credentialSubject": {…},
     "id": "urn:uuid:0198f3c2-…",
     "issuer": "did:web:exporter.example.xa",
     "proof": {"@context": […the same…], "created": "2026-11-22T04:03:04Z", "cryptosuite": "eddsa-jcs-2022",
               "proofPurpose": "assertionMethod", "proofValue": "z…", "type": "DataIntegrityProof",
               "verificationMethod": "did:web:exporter.example.xa#2026"},
     "type": ["VerifiableCredential", "TransferRecord"],
     "validFrom": "2026-11-22T04:03:04Z"}

Exactly these members, in canonical bytes.  What is signed is 64 bytes, SHA-256 of the canonical proof without
`proofValue` and SHA-256 of the canonical document without `proof`.  The statement's name everywhere, and its
entry in the log, is its digest: SHA-256 of all its bytes.

Source: W3C vc-data-model-2.0, vc-data-integrity, vc-di-eddsa and vc-di-ecdsa.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from ledger.core.canonical import (
    STATEMENT_LIMIT,
    Json,
    decode,
    decode_checked,
    decode_part,
    encode,
    encode_decoded,
)
from ledger.core.did import is_did, is_key_id
from ledger.core.multibase import base58btc_decode, base58btc_encode
from ledger.core.suites import (
    ECDSA,
    EDDSA,
    SIGNATURE_SIZE,
    PublicKey,
    Suite,
    normalise_p256,
    verify,
)
from ledger.core.times import format_time, parse_time
from ledger.errors import MalformedError, SignatureError

if TYPE_CHECKING:
    from ledger.core.signer import Signer

CONTEXT: Final = ("https://www.w3.org/ns/credentials/v2", "urn:evidence-ledger:context:v1")

_CONTEXT: list[Json] = list(CONTEXT)
_MEMBERS = frozenset({"@context", "credentialSubject", "id", "issuer", "proof", "type", "validFrom"})
_PROOF_MEMBERS = frozenset(
    {"@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod"}
)
_ID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")

# A statement as its bytes stand: the members before the subject, the subject, and those after it.  None of these can
# hold a quotation mark, so that they begin at the last such place.
_BEFORE = encode_decoded({"@context": _CONTEXT, "credentialSubject": 0})[:-2]
_AFTER_BEGINS = b',"id":"urn:uuid:'
_AFTER = re.compile(
    rf',"id":"({_ID.pattern})","issuer":"(did:[^"\\]+)"'
    rf'(,"proof":({{"@context":{re.escape(encode_decoded(_CONTEXT).decode())},"created":"([^"\\]{{20}})"'
    rf',"cryptosuite":"({EDDSA}|{ECDSA})","proofPurpose":"assertionMethod",)'
    rf'"proofValue":"(z[1-9A-HJ-NP-Za-km-z]+)",("type":"DataIntegrityProof","verificationMethod":"\2(#[^"\\]+)"}}))'
    rf',"type":\["VerifiableCredential","({_TYPE.pattern})"\],"validFrom":"([^"\\]{{20}})"}}'
)


class Statement(NamedTuple):
    """A statement of the right shape.  Its signature is not verified; see `verify_statement`.

    Attributes:
        encoded: The canonical bytes of the whole document.
        digest: SHA-256 of `encoded`, 32 bytes: the entry in the log.
        id: `urn:uuid:…`, unique for the issuer.
        type: The second entry of `type`, such as TransferRecord.
        issuer: DID of the signer.
        subject: `credentialSubject`, an object; its fields are not looked at here.
        valid_from: POSIX seconds.
        created: POSIX seconds of the proof, as the signer claims.
        suite: Cryptosuite of the proof.
        verification_method: `issuer` + `key_id`.
        key_id: `#…`.
        signature: 64 bytes.
        message: What the signature is over, 64 bytes; see `message_to_sign`.
    """

    encoded: bytes
    digest: bytes
    id: str
    type: str
    issuer: str
    subject: dict[str, Json]
    valid_from: int
    created: int
    suite: Suite
    verification_method: str
    key_id: str
    signature: bytes
    message: bytes

    @property
    def document(self) -> dict[str, Json]:
        """The whole document, decoded anew."""
        return cast("dict[str, Json]", decode_checked(self.encoded))


def parse_statement(data: bytes) -> Statement:
    """Read a statement from its canonical bytes.

    Raises:
        MalformedError: As `canonical.decode`; else `statement-malformed` or `proof-malformed`, with `pointer`.

    Cost: for 1 KiB a tenth of one Ed25519 check.
    """
    if len(data) <= STATEMENT_LIMIT and data.startswith(_BEFORE):
        ends = data.rfind(_AFTER_BEGINS)
        found = _read_as_it_stands(data, decode_part(data[len(_BEFORE) : ends], around=1), ends)
        if found is not None:
            return found
    return _read(decode(data, limit=STATEMENT_LIMIT, what="statement"), data)


def statement_of(value: Json) -> Statement:
    """The statement in a value that `canonical.decode` returned, such as a member of a bundle.

    Raises:
        MalformedError: `too-large`, `statement-malformed` or `proof-malformed`.
    """
    encoded = encode_decoded(value)
    if len(encoded) > STATEMENT_LIMIT:
        raise MalformedError(
            f"statement has {len(encoded)} bytes; at most {STATEMENT_LIMIT} are read", code="too-large"
        )
    if isinstance(value, dict) and value.keys() == _MEMBERS and encoded.startswith(_BEFORE):
        found = _read_as_it_stands(encoded, value["credentialSubject"], encoded.rfind(_AFTER_BEGINS))
        if found is not None:
            return found
    return _read(value, encoded)


def unsigned(
    *, kind: str, identifier: str, issuer: str, subject: Mapping[str, Json], valid_from: int
) -> dict[str, Json]:
    """A document to give to `sign_statement`.

    Args:
        kind: The statement's type, such as TransferRecord.
        identifier: `urn:uuid:…`, new for each statement of this issuer.
        issuer: DID of the signer.
        subject: Fields of the type.
        valid_from: POSIX seconds.
    """
    return {
        "@context": list(CONTEXT),
        "credentialSubject": dict(subject),
        "id": identifier,
        "issuer": issuer,
        "type": ["VerifiableCredential", kind],
        "validFrom": format_time(valid_from),
    }


def sign_statement(
    document: Mapping[str, Json], key: "Signer[PublicKey]", verification_method: str, created: int
) -> Statement:
    """Sign a document that has no proof yet.

    Args:
        document: The six members besides `proof`.
        key: The signer's key.
        verification_method: Issuer and key id, as the enrolment names the key.
        created: POSIX seconds of signing.

    Raises:
        MalformedError: The document is not that of a statement, or already has a proof.
    """
    if "proof" in document:
        raise _fault("the document has a proof already; a statement has one", "/proof")
    proof: dict[str, Json] = {
        "@context": list(CONTEXT),
        "created": format_time(created),
        "cryptosuite": key.suite,
        "proofPurpose": "assertionMethod",
        "type": "DataIntegrityProof",
        "verificationMethod": verification_method,
    }
    signed: dict[str, Json] = {**document, "proof": proof}
    encode(signed, what="statement")  # refuses what cannot be canonical, before anything is signed
    proof["proofValue"] = base58btc_encode(key.sign(message_to_sign(signed)))
    return parse_statement(encode_decoded(signed))


def message_to_sign(document: Mapping[str, Json]) -> bytes:
    """The 64 bytes that a signature is over: hash of the proof configuration, hash of the unsecured document.

    Args:
        document: A decoded statement, `proofValue` present or not.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise _fault("proof is one object", "/proof", "proof-malformed")
    configuration = encode_decoded(_without(proof, "proofValue"))
    unsecured = encode_decoded(_without(document, "proof"))
    return sha256(configuration).digest() + sha256(unsecured).digest()


def _without(members: Mapping[str, Json], name: str) -> dict[str, Json]:
    kept = dict(members)
    kept.pop(name, None)
    return kept


def verify_statement(statement: Statement, key: PublicKey) -> None:
    """Check that `key` signed the statement.  Whose key it is, and whether it counts, is not asked here.

    Raises:
        SignatureError: `suite-mismatch` where the key is of another suite; else as `suites.verify`.
    """
    if key.suite != statement.suite:
        raise SignatureError(
            f"the proof is of suite {statement.suite}; key {statement.verification_method} is of {key.suite}",
            code="suite-mismatch",
        )
    verify(key, statement.message, statement.signature)


def normalise_signature(document: Mapping[str, Json]) -> Statement:
    """The statement with the low-s form of its P-256 signature, for importing what other tools signed.

    Tools that do not choose the lower s emit the higher half of the time.  Both fit the same message, so that
    the signer's word is unchanged; the digest is that of the imported form.  An Ed25519 proof stays as it is.
    """
    statement = parse_statement(encode(dict(document), what="statement"))
    if statement.suite == EDDSA:
        return statement
    proof = {
        **cast("dict[str, Json]", document["proof"]),
        "proofValue": base58btc_encode(normalise_p256(statement.signature)),
    }
    return statement_of({**document, "proof": proof})


def _read_as_it_stands(data: bytes, subject: Json, ends: int) -> Statement | None:
    """The statement of which `data` are the bytes, whose `subject` stands between `_BEFORE` and `ends`.

    Accepts what `_read` accepts, since canonical bytes leave one way to write each member, and finds what is hashed
    where it stands.  None where it does not: why not is for `_read` to say.
    """
    try:
        after = data[ends:].decode("ascii")
    except UnicodeDecodeError:
        return None
    found = _AFTER.fullmatch(after)
    if found is None or type(subject) is not dict or not subject:
        return None
    identifier, issuer, proof, head, created, suite, value, tail, key_id, kind, valid_from = found.groups()
    if not is_did(issuer) or not is_key_id(key_id):
        return None
    try:
        signature = base58btc_decode(value)
        times = parse_time(valid_from), parse_time(created)
    except MalformedError:
        return None
    if len(signature) != SIGNATURE_SIZE:
        return None
    begins = ends + found.start(3)
    unsecured = sha256(data[:begins])
    unsecured.update(data[begins + len(proof) :])
    return Statement(  # by place, which takes a quarter of the time that names take
        data,
        sha256(data).digest(),
        identifier,
        kind,
        issuer,
        subject,
        *times,
        cast("Suite", suite),
        issuer + key_id,
        key_id,
        signature,
        sha256((head + tail).encode()).digest() + unsecured.digest(),
    )


def _read(document: Json, encoded: bytes) -> Statement:
    if not isinstance(document, dict) or document.keys() != _MEMBERS:
        raise _fault(f"a statement has exactly the members {', '.join(sorted(_MEMBERS))}", "")
    if document["@context"] != _CONTEXT:
        raise _fault(f"@context is exactly {' and '.join(CONTEXT)}", "/@context")
    kinds = document["type"]
    if not (isinstance(kinds, list) and len(kinds) == 2 and kinds[0] == "VerifiableCredential"):  # noqa: PLR2004
        raise _fault("type is VerifiableCredential and one more", "/type")
    kind, identifier, issuer = kinds[1], document["id"], document["issuer"]
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise _fault("the type of a statement is a name in letters and digits", "/type/1")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise _fault("id is urn:uuid: and a lower-case UUID", "/id")
    if not isinstance(issuer, str) or not is_did(issuer):
        raise _fault("issuer is a did:web or did:key", "/issuer")
    subject = document["credentialSubject"]
    if not isinstance(subject, dict) or not subject:
        raise _fault("credentialSubject is an object with members", "/credentialSubject")
    created, suite, key_id, signature = _read_proof(document["proof"], issuer)
    return Statement(
        encoded,
        sha256(encoded).digest(),
        identifier,
        kind,
        issuer,
        subject,
        _read_time(document["validFrom"], "/validFrom", "statement-malformed"),
        created,
        suite,
        issuer + key_id,
        key_id,
        signature,
        message_to_sign(document),
    )


def _read_proof(proof: Json, issuer: str) -> tuple[int, Suite, str, bytes]:
    code = "proof-malformed"
    if not isinstance(proof, dict) or proof.keys() != _PROOF_MEMBERS:
        raise _fault(
            f"proof is one object with exactly the members {', '.join(sorted(_PROOF_MEMBERS))}",
            "/proof",
            code,
        )
    if proof["@context"] != _CONTEXT:
        raise _fault("the proof repeats the @context of the document", "/proof/@context", code)
    if proof["type"] != "DataIntegrityProof":
        raise _fault("the type of a proof is DataIntegrityProof", "/proof/type", code)
    if proof["proofPurpose"] != "assertionMethod":
        raise _fault("proofPurpose is assertionMethod", "/proof/proofPurpose", code)
    suite = proof["cryptosuite"]
    if suite not in {EDDSA, ECDSA} if isinstance(suite, str) else True:
        raise _fault(f"cryptosuite is {EDDSA} or {ECDSA}", "/proof/cryptosuite", code)
    method = proof["verificationMethod"]
    if (
        not isinstance(method, str)
        or not method.startswith(f"{issuer}#")
        or not is_key_id(method[len(issuer) :])
    ):
        raise _fault("verificationMethod is the issuer and a #fragment", "/proof/verificationMethod", code)
    value = proof["proofValue"]
    try:
        signature = base58btc_decode(value) if isinstance(value, str) else b""
    except MalformedError:
        signature = b""
    if len(signature) != SIGNATURE_SIZE:
        raise _fault(f"proofValue is base58btc of {SIGNATURE_SIZE} bytes", "/proof/proofValue", code)
    return (
        _read_time(proof["created"], "/proof/created", code),
        cast("Suite", suite),
        method[len(issuer) :],
        signature,
    )


def _read_time(text: Json, pointer: str, code: str) -> int:
    try:
        return parse_time(text if isinstance(text, str) else "")
    except MalformedError as error:
        raise _fault(str(error), pointer, code) from None


def _fault(required: str, pointer: str, code: str = "statement-malformed") -> MalformedError:
    return MalformedError(f"statement: {required}", code=code, pointer=pointer)
