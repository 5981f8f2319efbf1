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
_COSIGNATURES = frozenset({ED25519_COSIGNATURE, MLDSA44_COSIGNATURE})


def cosignature_differences(database: Database, witnesses: Sequence[VKey]) -> Iterator[Difference]:
    """What is wrong with the cosignatures that are stored.

    Args:
        witnesses: Keys that are known now; a line of another is only held against its row.
    """
    known = {(vkey.name, vkey.key_id): vkey for vkey in witnesses if vkey.type in _COSIGNATURES}
    checkpoints, cosignatures = Checkpoints(database), Cosignatures(database)
    for stored in cosignatures.sizes():
        checkpoint = checkpoints.at(stored)
        for row in cosignatures.of(stored):
            fault: str | None = "there is no checkpoint of that size"
            if checkpoint is not None:
                try:
                    fault = _fault(row, parse_checkpoint(checkpoint.note), known.get((row.name, row.key_id)))
                except LedgerError as error:
                    fault = str(error)
            if fault is not None:
                yield Difference("cosignature", stored - 1, f"size {stored}, {row.name}: {fault}")


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
