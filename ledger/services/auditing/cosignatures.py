"""Auditing cosignatures: each line says what its row does, and verifies where its key is still known."""

from collections.abc import Iterator, Sequence

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_cosignature
from ledger.core.note import ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, VKey
from ledger.core.witness import parse_cosignatures
from ledger.errors import LedgerError
from ledger.store.checkpoints import Checkpoints
from ledger.store.cosignatures import Cosignature, Cosignatures
from ledger.store.database import Database
from ledger.store.integrity import Difference

_TIME_SIZE = 8
_BETWEEN = "SELECT DISTINCT size FROM cosignature WHERE size > ? AND size <= ? ORDER BY size"
_BEYOND = (
    "SELECT DISTINCT size FROM cosignature WHERE size > ? AND size > (SELECT size FROM head) ORDER BY size"
)
_COSIGNATURES = frozenset({ED25519_COSIGNATURE, MLDSA44_COSIGNATURE})


def cosignature_differences(
    database: Database, witnesses: Sequence[VKey], above: int, up_to: int | None
) -> Iterator[Difference]:
    """What is wrong with the cosignatures that are stored of checkpoints of some sizes.

    Args:
        witnesses: Keys that are known now; a line of another is only held against its row.
        above: The sizes begin after this one.
        up_to: The last size; None: those above that are larger than the log is now.
    """
    known = {(vkey.name, vkey.key_id): vkey for vkey in witnesses if vkey.type in _COSIGNATURES}
    checkpoints, cosignatures = Checkpoints(database), Cosignatures(database)
    query, values = (_BEYOND, (above,)) if up_to is None else (_BETWEEN, (above, up_to))
    for (size,) in database.rows(query, values):
        try:
            rows = cosignatures.of(size)  # first: a line never comes before its checkpoint
        except LedgerError as error:
            yield Difference("cosignature", size - 1, f"size {size}: cannot be read: {error}")
            continue
        checkpoint = checkpoints.at(size)
        for row in rows:
            fault: str | None = "there is no checkpoint of that size"
            if checkpoint is not None:
                try:
                    fault = _fault(row, parse_checkpoint(checkpoint.note), known.get((row.name, row.key_id)))
                except LedgerError as error:
                    fault = str(error)
            if fault is not None:
                yield Difference("cosignature", size - 1, f"size {size}, {row.name}: {fault}")


def _fault(row: Cosignature, signed: SignedCheckpoint, vkey: VKey | None) -> str | None:
    lines = parse_cosignatures(row.line + b"\n", signed)
    line = lines[0]
    if len(lines) != 1 or (line.name, line.key_id) != (row.name, row.key_id):
        return "the line is by another key"
    if int.from_bytes(line.payload[:_TIME_SIZE]) != row.time:
        return f"the row says it was signed at {row.time}, the line another time"
    if vkey is not None:
        verify_cosignature(signed, line, vkey)
    return None
