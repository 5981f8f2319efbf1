"""What a log and a witness say to each other: the body of `add-checkpoint` and its answer (C2SP tlog-witness).

    old 3
    /KifV8n4yOtAR6f/nTM6z54PM4SyCyVbzqsPIW3Momc=
    92g2MlrsVpnY1x+OQunUfFwpsIBZuiljhPfKQK06QK4=

    …the signed checkpoint, verbatim…

The hashes are the consistency path from the old size to the checkpoint's, at most 63 of them.  The answer is one or
more signature lines; or, where the old size is not the one that was cosigned last, that size.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import NOTE_LIMIT
from ledger.core.checkpoint import SIZE_LIMIT, SignedCheckpoint, parse_checkpoint, verify_cosignature
from ledger.core.merkle import HASH_SIZE
from ledger.core.note import (
    ED25519,
    NoteSignature,
    VKey,
    decode_base64,
    encode_signature_line,
    parse_note,
)
from ledger.core.suites import EDDSA, PublicKey, verify
from ledger.errors import MalformedError, SignatureError

PATH_LIMIT: Final = 63
BODY_LIMIT: Final = NOTE_LIMIT + 4096
"""Most bytes of a body: a note, and a path of 63 hashes of 45 bytes."""
ANSWER_LIMIT: Final = NOTE_LIMIT
"""Most bytes of an answer."""
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of an answer that is a size."""

_OLD: Final = "old "
_DIGITS: Final = len(str(SIZE_LIMIT))


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint for a witness to cosign.

    Attributes:
        old: Size that the witness is thought to have cosigned last; 0 for none.
        path: Consistency path from there to the checkpoint, 32 bytes each; not verified.
        signed: The checkpoint; none of its lines is verified.
    """

    old: int
    path: tuple[bytes, ...]
    signed: SignedCheckpoint


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Read a body.  Verifies nothing, and does not compare the sizes.

    Raises:
        MalformedError: `too-large`, `add-checkpoint-malformed`, or what `parse_checkpoint` raises.
    """
    if len(data) > BODY_LIMIT:
        raise MalformedError(f"body has {len(data)} bytes; at most {BODY_LIMIT} are read", code="too-large")
    head, empty, checkpoint = data.partition(b"\n\n")
    if not empty or not head.isascii():
        raise _malformed("ASCII lines, an empty line and a checkpoint are required")
    first, *lines = head.decode().split("\n")
    old = read_size(first.removeprefix(_OLD)) if first.startswith(_OLD) else None
    if old is None:
        raise _malformed("the first line is the word old, a space and a size without leading zeros")
    if len(lines) > PATH_LIMIT:
        raise _malformed(f"the path has {len(lines)} hashes; at most {PATH_LIMIT} are read")
    return AddCheckpoint(old, tuple(map(_read_hash, lines)), parse_checkpoint(checkpoint))


def encode_add_checkpoint(old: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write a body; the inverse of `parse_add_checkpoint`.

    Args:
        old: Size that the witness cosigned last, 0 for none; the path is then empty.
        path: Consistency path from there to the checkpoint.
        checkpoint: The signed note.
    """
    lines = [f"{_OLD}{old}", *(b2a_base64(one, newline=False).decode() for one in path)]
    return "\n".join(lines).encode() + b"\n\n" + checkpoint


def parse_cosignatures(data: bytes, signed: SignedCheckpoint) -> tuple[NoteSignature, ...]:
    """Read the lines that a witness answered with about `signed`.  Verifies none of them.

    Raises:
        MalformedError: `too-large`, or `note-malformed`: not one or more signature lines and nothing else.
    """
    note = parse_note(signed.note.text.encode() + b"\n" + data)
    if note.text != signed.note.text:
        raise MalformedError(
            "a witness answers with signature lines and no empty line", code="note-malformed"
        )
    return note.signatures


def encode_cosignatures(lines: Sequence[NoteSignature]) -> bytes:
    """Write the lines of an answer."""
    return "".join(encode_signature_line(line) + "\n" for line in lines).encode()


def verify_plain_lines(signed: SignedCheckpoint, vkeys: Sequence[VKey]) -> None:
    """Check that a log which signs as C2SP asks, and no more, signed the checkpoint with a key that is believed.

    Args:
        signed: The checkpoint; lines of other keys are passed over.
        vkeys: Keys of the log, of type 0x01 or 0x06.

    Raises:
        SignatureError: `line-missing`: no line is by any of them; `line-twice`; `line-invalid`.
    """
    known = {(vkey.name, vkey.key_id): vkey for vkey in vkeys}
    seen: set[tuple[str, bytes]] = set()
    for line in signed.note.signatures:
        named = (line.name, line.key_id)
        vkey = known.get(named)
        if vkey is None:
            continue
        if named in seen:
            raise SignatureError(f"checkpoint has two lines of the key {vkey.name}", code="line-twice")
        seen.add(named)
        if vkey.type != ED25519:
            verify_cosignature(signed, line, vkey)
            continue
        try:
            verify(PublicKey(EDDSA, vkey.key), signed.note.text.encode(), line.payload)
        except SignatureError as error:
            raise SignatureError(
                f"line of {vkey.name} ({vkey.key_id.hex()}) does not verify: {error}", code="line-invalid"
            ) from None
    if not seen:
        raise SignatureError(
            f"checkpoint of {signed.checkpoint.origin} has no line of a known key", code="line-missing"
        )


def parse_size(data: bytes) -> int:
    """Read the size that a witness says it cosigned last.

    Raises:
        MalformedError: `witness-size`: not a decimal number and a newline.
    """
    text = data.decode("ascii", "replace")
    size = read_size(text.removesuffix("\n")) if text.endswith("\n") else None
    if size is None:
        raise MalformedError(
            "the size that a witness cosigned last is a decimal number and a newline", code="witness-size"
        )
    return size


def encode_size(size: int) -> bytes:
    """Write the size that a witness cosigned last."""
    return f"{size}\n".encode()


def read_size(text: str) -> int | None:
    """A size in decimal without leading zeros, at most 2^63 - 1; None for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        return None
    size = int(text)
    return size if str(size) == text and size <= SIZE_LIMIT else None


def _read_hash(line: str) -> bytes:
    found = decode_base64(line)
    if found is None or len(found) != HASH_SIZE:
        raise _malformed(f"a line of the path is base64 of {HASH_SIZE} bytes")
    return found


def _malformed(required: str) -> MalformedError:
    return MalformedError(f"add-checkpoint: {required}", code="add-checkpoint-malformed")
