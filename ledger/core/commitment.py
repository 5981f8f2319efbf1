"""Commitments to private fields, and the file of openings that their signer keeps.

    C = SHA-256("evidence-ledger/commit/v1" || u16be(len ctx) || ctx || salt || v)

where ctx is the statement's id, `#` and the JSON pointer of the member that holds C; salt is 32 random bytes;
and v is the canonical JSON of a value, or the SHA-256 of a file.  An openings file, `evidence-openings/1`:

    {"format": "evidence-openings/1",
     "openings": {"/credentialSubject/payload/commitment": {"fileSha256": "…", "name": "…", "salt": "…"},
                  "/credentialSubject/volume/commitment": {"salt": "…", "value": 4200}},
     "statement": "urn:uuid:…"}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.canonical import TRUST_LIMIT, Json, decode, encode
from ledger.errors import MalformedError

FORMAT: Final = "evidence-openings/1"
SALT_SIZE: Final = 32
OPENINGS_LIMIT: Final = TRUST_LIMIT
"""Most bytes of an openings file that are read."""

_DOMAIN = b"evidence-ledger/commit/v1"
_CONTEXT_LIMIT = 2**16
_HASH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """What one commitment stands for; either a value or a file.

    Attributes:
        salt: 32 bytes.
        value: The value committed to; None for a file.
        file_sha256: SHA-256 of the file committed to; None for a value.
        name: What the signer calls the file or value; not committed to.
    """

    salt: bytes
    value: Json = None
    file_sha256: bytes | None = None
    name: str | None = None

    @property
    def committed(self) -> bytes:
        """The bytes that go into the commitment."""
        return encode(self.value) if self.file_sha256 is None else self.file_sha256


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of one statement, private to its signer.

    Attributes:
        statement: The statement's id.
        openings: By JSON pointer of the member that holds the commitment.
    """

    statement: str
    openings: Mapping[str, Opening]


def commitment(statement_id: str, pointer: str, salt: bytes, value: bytes) -> bytes:
    """The 32-byte commitment to a value.

    Args:
        statement_id: `urn:uuid:…` of the statement that holds the commitment.
        pointer: JSON pointer of the member that holds it, so that it cannot be moved to another.
        salt: 32 random bytes, used once.
        value: Canonical JSON of the value, or SHA-256 of the file.
    """
    context = f"{statement_id}#{pointer}".encode()
    if len(salt) != SALT_SIZE:
        raise MalformedError(f"a salt has {SALT_SIZE} bytes, not {len(salt)}", code="commitment-malformed")
    if len(context) >= _CONTEXT_LIMIT:
        raise MalformedError("statement id and pointer are too long", code="commitment-malformed")
    return sha256(_DOMAIN + len(context).to_bytes(2) + context + salt + value).digest()


def parse_openings(data: bytes) -> Openings:
    """Read an openings file.

    Raises:
        MalformedError: As `canonical.decode`; `openings-malformed` for anything else.
    """
    document = decode(data, limit=OPENINGS_LIMIT, what="openings file")
    if not isinstance(document, dict) or set(document) != {"format", "openings", "statement"}:
        raise _malformed("an openings file has the members format, openings and statement", "")
    if document["format"] != FORMAT:
        raise _malformed(f"the format of an openings file is {FORMAT}", "/format")
    statement, openings = document["statement"], document["openings"]
    if not isinstance(statement, str) or not statement.startswith("urn:uuid:"):
        raise _malformed("statement is the id of a statement, urn:uuid:…", "/statement")
    if not isinstance(openings, dict) or not openings:
        raise _malformed("openings is an object with at least one member", "/openings")
    return Openings(statement, {pointer: _read_opening(pointer, held) for pointer, held in openings.items()})


def encode_openings(openings: Openings) -> bytes:
    """Write an openings file; the inverse of `parse_openings`."""
    held: dict[str, Json] = {}
    for pointer, opening in openings.openings.items():
        member: dict[str, Json] = {"salt": opening.salt.hex()}
        if opening.file_sha256 is None:
            member["value"] = opening.value
        else:
            member["fileSha256"] = opening.file_sha256.hex()
        if opening.name is not None:
            member["name"] = opening.name
        held[pointer] = member
    return encode({"format": FORMAT, "openings": held, "statement": openings.statement}, what="openings file")


def _read_opening(pointer: str, held: Json) -> Opening:
    at = "/openings/" + pointer.replace("~", "~0").replace("/", "~1")
    if not pointer.startswith("/"):
        raise _malformed("openings are named by JSON pointers", "/openings")
    if not isinstance(held, dict) or not set(held) <= {"salt", "value", "fileSha256", "name"}:
        raise _malformed("an opening has the members salt, name, and value or fileSha256", at)
    if ("value" in held) == ("fileSha256" in held):
        raise _malformed("an opening has either value or fileSha256", at)
    name = held.get("name")
    if name is not None and not isinstance(name, str):
        raise _malformed("name is text", f"{at}/name")
    return Opening(
        salt=_read_hex(held.get("salt"), f"{at}/salt"),
        value=held.get("value"),
        file_sha256=_read_hex(held["fileSha256"], f"{at}/fileSha256") if "fileSha256" in held else None,
        name=name,
    )


def _read_hex(text: Json, pointer: str) -> bytes:
    if isinstance(text, str) and len(text) == 2 * _HASH_SIZE and not set(text) - set("0123456789abcdef"):
        return bytes.fromhex(text)
    raise _malformed("64 lower-case hexadecimal digits are required", pointer)


def _malformed(required: str, pointer: str) -> MalformedError:
    return MalformedError(required, code="openings-malformed", pointer=pointer)
