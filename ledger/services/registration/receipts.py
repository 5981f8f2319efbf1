"""Receipts: where a statement stands, and the first signed checkpoint that says so, or the first that was cosigned."""

from collections.abc import Mapping

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.receipt import Receipt
from ledger.errors import NotFoundError, RefusedError, StoreError
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.cosignatures import Cosignatures, KeyName
from ledger.store.log import Log
from ledger.store.statements import Statements


def receipt_of(digest: bytes, *, log: Log, statements: Statements, checkpoints: Checkpoints) -> Receipt:
    """The receipt of a registered statement: index, path, and the earliest stored checkpoint that covers it.

    The same for ever: asking again gives the same bytes.  `extra` holds the entry.

    Raises:
        NotFoundError: Not registered (`not-found`), or no checkpoint covers it yet (`not-signed-yet`).
        StoreError: `store-corrupt`: what is stored does not prove it.
    """
    index = _index_of(digest, statements)
    stored = checkpoints.earliest_covering(index)
    if stored is None:
        raise NotFoundError(f"no checkpoint covers entry {index} yet", code="not-signed-yet")
    return _receipt(digest, index, stored, stored.note, log)


def cosigned_receipt_of(
    digest: bytes,
    *,
    log: Log,
    statements: Statements,
    cosignatures: Cosignatures,
    quorum: int,
    organisations: Mapping[KeyName, str],
) -> Receipt:
    """The receipt at the earliest checkpoint that enough organisations cosigned, with every line that is held.

    Args:
        quorum: How many, at least one.
        organisations: Of the keys that count.

    Raises:
        NotFoundError: Not registered (`not-found`).
        RefusedError: `not-cosigned-yet`: too few have cosigned a checkpoint that covers it.
        StoreError: `store-corrupt`: what is stored does not prove it.
    """
    index = _index_of(digest, statements)
    stored = cosignatures.earliest_with_quorum(index, quorum, organisations)
    if stored is None:
        raise RefusedError(
            f"no checkpoint that covers entry {index} was cosigned by {quorum} organisations yet",
            code="not-cosigned-yet",
        )
    return _receipt(digest, index, stored, cosignatures.under(stored), log)


def _index_of(digest: bytes, statements: Statements) -> int:
    index = statements.index_of(digest)
    if index is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here")
    return index


def _receipt(digest: bytes, index: int, stored: StoredCheckpoint, note: bytes, log: Log) -> Receipt:
    checkpoint = parse_checkpoint(stored.note).checkpoint
    if (checkpoint.origin, checkpoint.size) != (log.origin, stored.size):
        raise StoreError(
            f"the checkpoint stored for size {stored.size} is of another log or size", code="store-corrupt"
        )
    path = log.inclusion_path(index, checkpoint.size, checkpoint.root, digest)
    return Receipt(index=index, path=tuple(path), checkpoint=note, extra=digest)
