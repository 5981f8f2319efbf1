"""How anchoring goes on one chain: its state, how far it lags behind the log, and what it costs in gas."""

from typing import Any, Final, NamedTuple

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.evm.receipt import parse_receipt
from ledger.services.anchoring.fees import gas_of
from ledger.services.anchoring.states import AnchorState, anchor_state
from ledger.store.anchors import Anchors, Evidence, Intent
from ledger.store.checkpoints import Checkpoints

NEWEST: Final = 24
"""Transactions that are looked at, the newest."""


class Delivered(NamedTuple):
    """One transaction of this node that anchored a size.

    Attributes:
        size: Leaves that it covers.
        block_time: POSIX seconds; None while no block holds it for good.
        lag: Seconds from the checkpoint's signature to the block; None while that is so.
        gas: What it used, where it was its block's first and so can be told; else None.
        gas_limit: What it may use at most.
    """

    size: int
    block: int | None
    block_time: int | None
    lag: int | None
    gas: int | None
    gas_limit: int


class Anchoring(NamedTuple):
    """Anchoring on one chain.

    Attributes:
        behind: Statements of the log that no final anchor covers.
        since: When the last anchored block was made, POSIX seconds; None before the first.
        delivered: The newest transactions, oldest first.
    """

    state: AnchorState
    behind: int
    since: int | None
    delivered: tuple[Delivered, ...]


def anchoring(anchors: Anchors, checkpoints: Checkpoints, chain: str, size: int) -> Anchoring:
    """How far a log of `size` statements is anchored on `chain`.

    Cost: two look-ups for each of `NEWEST` transactions.
    """
    state = anchor_state(anchors, chain)
    last = anchors.latest_anchored(chain)
    sent = [one.row for one in reversed(anchors.intents(chain, NEWEST))]
    return Anchoring(
        state,
        max(0, size - state.anchored_size),
        None if last is None else last.row.block_time,
        tuple(_delivered(one, anchors, checkpoints) for one in sent),
    )


def _delivered(sent: Intent, anchors: Anchors, checkpoints: Checkpoints) -> Delivered:
    limit = gas_of(sent.raw_transaction)
    held = anchors.evidence_for(sent.chain, sent.size)
    if held is None or held.row.size != sent.size:
        return Delivered(sent.size, None, None, None, None, limit)
    row, signed = held.row, checkpoints.at(sent.size)
    lag = None if signed is None else max(0, row.block_time - signed.signed_at)
    return Delivered(sent.size, row.block_number, row.block_time, lag, _gas(row), limit)


def _gas(row: Evidence) -> int | None:
    """Gas that the transaction used: a receipt has only what its block used up to it."""
    if row.receipt is None:
        return None
    told: Any = decode(row.receipt, limit=BUNDLE_LIMIT, what="stored receipt")
    return parse_receipt(bytes.fromhex(told["bytes"][2:])).cumulative_gas if told["index"] == 0 else None
