"""Signed notes (C2SP signed-note) and the verifier keys that name their signers.

    text, one or more lines
                                        an empty line
    — registry.example.xa/XA/2026 okkr+GWTI/BB0gPNIpK6RF2tczgoHJli…
    — witness.example.xb a1TqsAAAAABrAjDl…

Each signature line holds base64 of a 4-byte key id and the signature.  A verifier key, or vkey, is
`name+<key id, 8 hex>+base64(type || key)`; its key id is SHA-256(name || 0x0A || type || key)[:4].

A note is bytes as much as a value: `encode_note(parse_note(b)) == b`.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.core.canonical import NOTE_LIMIT
from ledger.errors import MalformedError

ED25519: Final = 0x01
"""Ed25519 over the note text."""
ED25519_COSIGNATURE: Final = 0x04
"""Timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""
MLDSA44_COSIGNATURE: Final = 0x06
"""Timestamped ML-DSA-44 cosignature (C2SP tlog-cosignature)."""
EXPERIMENTAL: Final = 0xFF
"""Key material beginning with a name of its own; here the head signature."""

KEY_SIZES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44_COSIGNATURE: 1312}
SIGNATURE_LINES_LIMIT: Final = 64
NAME_LIMIT: Final = 255

_KEY_ID_SIZE = 4
_CONTROLS = bytes({*range(0x20)} - {0x0A})
_DASH = "\N{EM DASH} "
_DASH_BYTES = "\N{EM DASH}".encode()


class NoteSignature(NamedTuple):
    """One signature line, not verified.

    Attributes:
        name: Name of the key, as the line has it.
        key_id: 4 bytes, a hint; anybody may write any key id.
        payload: What follows the key id: a signature, or a time and a signature.
    """

    name: str
    key_id: bytes
    payload: bytes


class Note(NamedTuple):
    """A text and its signature lines, none of them verified.

    Attributes:
        text: The signed text, with its last newline.
        signatures: In the order they stand.
    """

    text: str
    signatures: tuple[NoteSignature, ...]


class VKey(NamedTuple):
    """A verifier key.

    Attributes:
        name: Name of the signer.
        key_id: 4 bytes, always `key_id_of(name, type, key)`.
        type: One of the signature types above.
        key: 32 bytes for Ed25519, 1312 for ML-DSA-44; for `EXPERIMENTAL` the material after the type byte.
    """

    name: str
    key_id: bytes
    type: int
    key: bytes


def key_id_of(name: str, key_type: int, key: bytes) -> bytes:
    """The 4-byte key id."""
    return sha256(name.encode() + b"\n" + bytes([key_type]) + key).digest()[:_KEY_ID_SIZE]


def make_vkey(name: str, key_type: int, key: bytes) -> VKey:
    """The verifier key of these parts."""
    if not is_key_name(name):
        raise MalformedError(
            "a key name is not empty and has no space, plus or control character", code="vkey-malformed"
        )
    size = KEY_SIZES.get(key_type, len(key) if key_type == EXPERIMENTAL and key else -1)
    if len(key) != size:
        raise MalformedError(
            f"verifier key of {name} has type {key_type:#04x} and {len(key)} bytes of key material",
            code="vkey-malformed",
        )
    return VKey(name, key_id_of(name, key_type, key), key_type, key)


def parse_vkey(text: str) -> VKey:
    """Read a verifier key.

    Raises:
        MalformedError: `vkey-malformed`: wrong form, type, key size, or a key id of other parts.
    """
    parts = text.split("+", 2)
    material = decode_base64(parts[-1])
    if len(parts) != 3 or not material:  # noqa: PLR2004
        raise MalformedError("a verifier key is written name+keyid+base64", code="vkey-malformed")
    vkey = make_vkey(parts[0], material[0], material[1:])
    if vkey.key_id.hex() != parts[1]:
        raise MalformedError(
            f"verifier key of {vkey.name} has key id {vkey.key_id.hex()}, and states another",
            code="vkey-malformed",
        )
    return vkey


def encode_vkey(vkey: VKey) -> str:
    """Write a verifier key; the inverse of `parse_vkey`."""
    return f"{vkey.name}+{vkey.key_id.hex()}+{encode_base64(bytes([vkey.type]) + vkey.key)}"


def parse_note(data: bytes) -> Note:
    """Read a note and its signature lines.  Verifies nothing.

    Raises:
        MalformedError: `too-large` beyond 128 KiB or 64 signature lines; `note-malformed` otherwise.
    """
    if len(data) > NOTE_LIMIT:
        raise MalformedError(f"note has {len(data)} bytes; at most {NOTE_LIMIT} are read", code="too-large")
    lines = data.split(b"\n")
    count = 0 if lines.pop() else lines[::-1].index(b"") if b"" in lines else 0
    if not 0 < count < len(lines) - 1 or count > SIGNATURE_LINES_LIMIT:
        raise _fault_of(data)
    text = _as_text(b"\n".join(lines[:-count]))
    signatures = [_signature(line) for line in lines[-count:]]
    if text is None or None in signatures:
        raise _fault_of(data)
    return Note(text, tuple(filter(None, signatures)))


def _fault_of(data: bytes) -> MalformedError:
    """The first fault of a note that has one, whose lines `parse_note` read one by one and as bytes."""
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        return _malformed("is not UTF-8", offset=error.start)
    if _as_text(data) is None:
        return _malformed("has a control character")
    _, blank, tail = whole.rpartition("\n\n")
    if not blank:
        return _malformed("has no empty line before its signatures")
    lines = tail.split("\n")
    if lines.pop() or not lines:
        return _malformed("has no signature line, or no newline after the last one")
    if len(lines) > SIGNATURE_LINES_LIMIT:
        return MalformedError(
            f"note has {len(lines)} signature lines; at most {SIGNATURE_LINES_LIMIT} are read",
            code="too-large",
        )
    return _fault_of_line(next(line for line in lines if _signature(line.encode()) is None))


def _fault_of_line(line: str) -> MalformedError:
    name, space, _ = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        return _malformed("has a signature line that is not an em dash, a key name and base64")
    return _malformed(f"has a signature line of {name} without strict base64 of a key id and a signature")


def _as_text(data: bytes) -> str | None:
    """The text of a note; None if it is not UTF-8 or has a control character."""
    if len(data.translate(None, _CONTROLS)) != len(data):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _signature(line: bytes) -> NoteSignature | None:
    """What a signature line says, given without its newline; None if it is none."""
    dash, name, encoded = (*line.split(b" ", 2), b"", b"")[:3]
    named, payload = _as_key_name(name), _strict_base64(encoded)
    if dash != _DASH_BYTES or named is None or payload is None or len(payload) <= _KEY_ID_SIZE:
        return None
    return NoteSignature(named, payload[:_KEY_ID_SIZE], payload[_KEY_ID_SIZE:])


def encode_note(note: Note) -> bytes:
    """Write a note; the inverse of `parse_note`."""
    return (
        note.text + "\n" + "".join(encode_signature_line(line) + "\n" for line in note.signatures)
    ).encode()


def encode_signature_line(signature: NoteSignature) -> str:
    """Write one signature line, without its newline."""
    return f"{_DASH}{signature.name} {encode_base64(signature.key_id + signature.payload)}"


def is_key_name(name: str) -> bool:
    """Whether `name` may name a key: 1 to 255 bytes of UTF-8, no space, plus or control character."""
    if name.split() != [name] or "+" in name or not (name.isprintable() or min(name) >= " "):
        return False
    try:
        return len(name.encode()) <= NAME_LIMIT
    except UnicodeEncodeError:
        return False


def _as_key_name(encoded: bytes) -> str | None:
    return _key_name(encoded) if len(encoded) <= NAME_LIMIT else None


@lru_cache(maxsize=1024)  # logs and witnesses sign again and again
def _key_name(encoded: bytes) -> str | None:
    try:
        name = encoded.decode()
    except UnicodeDecodeError:
        return None
    return name if is_key_name(name) else None


def decode_base64(text: str) -> bytes | None:
    """Bytes of padded standard base64, None if it is written any other way."""
    return _strict_base64(text.encode()) if text.isascii() else None


def _strict_base64(encoded: bytes) -> bytes | None:
    try:
        data = a2b_base64(encoded, strict_mode=True)
    except Base64Error:
        return None
    # The library is strict but for the bits that the last character before padding has over: the last group, written
    # anew, tells whether the whole would be written so.
    last = (len(encoded) - 1) // 4
    return data if b2a_base64(data[3 * last :], newline=False) == encoded[4 * last :] else None


def encode_base64(data: bytes) -> str:
    """Padded standard base64."""
    return b2a_base64(data, newline=False).decode()


def _malformed(fault: str, offset: int | None = None) -> MalformedError:
    return MalformedError(f"note {fault}", code="note-malformed", offset=offset)
