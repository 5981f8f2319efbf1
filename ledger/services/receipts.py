"""Receipts: where a statement stands, and the first signed checkpoint that says so."""

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.receipt import Receipt
from ledger.errors import NotFoundError, StoreError
from ledger.store.checkpoints import Checkpoints
from ledger.store.log import Log
from ledger.store.statements import Statements


def receipt_of(digest: bytes, *, log: Log, statements: Statements, checkpoints: Checkpoints) -> Receipt:
    """The receipt of a registered statement: index, path, and the earliest stored checkpoint that covers it.

    The same for ever: asking again gives the same bytes.  `extra` holds the entry.

    Raises:
        NotFoundError: Not registered (`not-found`), or no checkpoint covers it yet (`not-signed-yet`).
        StoreError: `store-corrupt`: what is stored does not prove it.
    """
    index = statements.index_of(digest)
    if index is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here")
    stored = checkpoints.earliest_covering(index)
    if stored is None:
        raise NotFoundError(f"no checkpoint covers entry {index} yet", code="not-signed-yet")
    checkpoint = parse_checkpoint(stored.note).checkpoint
    if (checkpoint.origin, checkpoint.size) != (log.origin, stored.size):
        raise StoreError(
            f"the checkpoint stored for size {stored.size} is of another log or size", code="store-corrupt"
        )
    path = log.inclusion_path(index, checkpoint.size, checkpoint.root)
    return Receipt(index=index, path=tuple(path), checkpoint=stored.note, extra=digest)
