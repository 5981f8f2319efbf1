"""Receipts: that an entry stands in a log, as a file anybody can hold (C2SP tlog-proof, `.tlog-proof`).

    c2sp.org/tlog-proof@v1
    extra 8S9MoejmxuNgX8PTgJZoScDqSNb7nguLE2BpgUxz3DI=
    index 3
    /KifV8n4yOtAR6f/nTM6z54PM4SyCyVbzqsPIW3Momc=
    YKU+7Q3oepDI5ZQnxZxGJTwzp2oJUCpRgBMAknt+a9w=

    …the signed checkpoint, verbatim…

The hashes are the inclusion path, leaf's sibling first.  `extra` is signed by nobody; here it is the 32-byte
entry, so that a receipt of ours says by itself what it is of.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import NOTE_LIMIT
from ledger.core.checkpoint import SIZE_LIMIT, Checkpoint, parse_checkpoint, verify_log_lines
from ledger.core.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from ledger.core.note import VKey, decode_base64
from ledger.errors import MalformedError

HEADER: Final = "c2sp.org/tlog-proof@v1"
PATH_LIMIT: Final = 63
EXTRA_LIMIT: Final = 64 * 1024
RECEIPT_LIMIT: Final = NOTE_LIMIT + 2 * EXTRA_LIMIT

_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry stands, and what shows it.

    Attributes:
        index: Position of the entry, from 0.
        path: Inclusion path in the tree of the checkpoint, 32 bytes each.
        checkpoint: The signed checkpoint, byte for byte.
        extra: The 32-byte entry in our own receipts, anything or nothing in other people's; not signed.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def parse_receipt(data: bytes) -> Receipt:
    """Read a `.tlog-proof` file.  Verifies nothing.

    Raises:
        MalformedError: `too-large`, `receipt-malformed`, or what `parse_checkpoint` raises.
    """
    if len(data) > RECEIPT_LIMIT:
        raise MalformedError(
            f"receipt has {len(data)} bytes; at most {RECEIPT_LIMIT} are read", code="too-large"
        )
    head, empty, checkpoint = data.partition(b"\n\n")
    if not empty or not head.isascii():
        raise _malformed("ASCII lines, an empty line and a checkpoint are required")
    lines = head.decode().split("\n")
    if lines.pop(0) != HEADER:
        raise _malformed(f"the first line is {HEADER}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = decode_base64(lines.pop(0)[len(_EXTRA) :])
        if not extra or len(extra) > EXTRA_LIMIT:
            raise _malformed("extra is base64 of 1 to 65,536 bytes")
    if not lines:
        raise _malformed("a line with the index is required")
    index = _read_index(lines.pop(0))
    if len(lines) > PATH_LIMIT:
        raise _malformed(f"the path has {len(lines)} hashes; no log needs more than {PATH_LIMIT}")
    parse_checkpoint(checkpoint)
    return Receipt(index, tuple(map(_read_hash, lines)), checkpoint, extra)


def encode_receipt(receipt: Receipt) -> bytes:
    """Write a `.tlog-proof` file; the inverse of `parse_receipt`."""
    lines = [HEADER, f"{_INDEX}{receipt.index}", *map(_base64, receipt.path)]
    if receipt.extra is not None:
        lines.insert(1, _EXTRA + _base64(receipt.extra))
    return "\n".join(lines).encode() + b"\n\n" + receipt.checkpoint


def verify_receipt(
    receipt: Receipt, entry: bytes, *, origin: str, vkeys: Sequence[VKey], head_addresses: Sequence[bytes]
) -> Checkpoint:
    """Check that the log signed a checkpoint of a tree that has `entry` at the receipt's index.

    Args:
        receipt: The receipt; its `extra` is not believed.
        entry: The 32-byte digest of the statement in hand.
        origin: The log that is meant.
        vkeys: Its keys of types 0x01 and 0x06.
        head_addresses: Its head keys.

    Raises:
        SignatureError: As `verify_log_lines`.
        ProofError: The path does not lead from the entry to the checkpoint's root.
    """
    signed = parse_checkpoint(receipt.checkpoint)
    verify_log_lines(signed, origin, vkeys, head_addresses)
    checkpoint = signed.checkpoint
    verify_inclusion(leaf_hash(entry), receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return checkpoint


def _read_index(line: str) -> int:
    digits = line.removeprefix(_INDEX)
    if line.startswith(_INDEX) and digits.isdigit() and len(digits) <= len(str(SIZE_LIMIT)):
        index = int(digits)
        if str(index) == digits and index < SIZE_LIMIT:
            return index
    raise _malformed("the index is a decimal number without leading zeros")


def _read_hash(line: str) -> bytes:
    found = decode_base64(line)
    if found is None or len(found) != HASH_SIZE:
        raise _malformed(f"a line of the path is base64 of {HASH_SIZE} bytes")
    return found


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def _malformed(required: str) -> MalformedError:
    return MalformedError(f"receipt: {required}", code="receipt-malformed")
