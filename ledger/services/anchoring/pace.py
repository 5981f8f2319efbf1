"""When the next anchor may be sent: what waits gives way after a while, and what failed is not tried at once again.

Source: docs/operations.md.
"""

from collections.abc import Iterable

from ledger.core.evm.header import Header
from ledger.services.anchoring.fees import is_outpriced
from ledger.store.anchors import Anchors, Intent

STUCK_SECONDS = 120
"""How long a transaction may wait at too low a fee before one for a later checkpoint takes its nonce."""
FAILED_SECONDS = 30
"""Pause after a transaction that was mined and anchored nothing; doubled for each that failed before it."""
LONGEST_PAUSE = 86_400
_LOOKED_AT = 16


def gives_way(waiting: Iterable[Intent], size: int, nonce: int, header: Header, now: int) -> bool:
    """Whether nothing that waits is in the way of an anchor of `size` leaves.

    A transaction that waits too long at a fee below the base fee, or behind a nonce that nobody uses, gives way to one
    for a later checkpoint at the sender's next nonce.  The chain takes one of the two.

    Args:
        waiting: Not settled.
        nonce: The sender's next, after the block of `header`.
        now: POSIX seconds.
    """
    return all(
        row.size < size
        and now - row.created_at >= STUCK_SECONDS
        and (row.nonce > nonce or is_outpriced(row.raw_transaction, header))
        for row in waiting
    )


def paused_until(anchors: Anchors, chain: str) -> int:
    """When to send again after transactions that were paid for and anchored nothing; POSIX seconds, 0 for at once."""
    failed = 0
    begun = 0
    for one in anchors.intents(chain, _LOOKED_AT):
        events = anchors.events(one.id)
        if not events or events[-1].row.kind != "reverted":
            break
        failed += 1
        begun = max(begun, events[-1].row.at)
    return begun + min(FAILED_SECONDS << failed, LONGEST_PAUSE) if failed else 0
