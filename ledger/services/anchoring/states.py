"""How far anchoring is on each chain, as the journal has it: pending, included, final, and pending again.

Source: docs/operations.md.
"""

from dataclasses import dataclass
from typing import Literal

from ledger.store.anchors import Anchors, Intent, Stored

State = Literal["none", "pending", "included", "final"]
"""`none`: nothing was sent yet.  `pending`: in no block.  `included`: in a block that is not final.  `final`."""


@dataclass(frozen=True, slots=True)
class AnchorState:
    """How far anchoring is on one chain.

    Attributes:
        chain: CAIP-2 name.
        state: Of the newest anchor.
        size: Leaves that it covers; 0 before the first.
        anchored_size: Leaves that final anchors cover.
        pending: Transactions that are not settled.
    """

    chain: str
    state: State
    size: int
    anchored_size: int
    pending: int


def anchor_state(anchors: Anchors, chain: str) -> AnchorState:
    """How far anchoring is on a chain."""
    held = anchors.latest_anchored(chain)
    anchored = 0 if held is None else held.row.size
    waiting = anchors.pending(chain)
    if not waiting:
        return AnchorState(chain, "final" if held is not None else "none", anchored, anchored, 0)
    newest = max(waiting, key=lambda one: one.row.size)
    return AnchorState(chain, state_of(anchors, newest), newest.row.size, anchored, len(waiting))


def state_of(anchors: Anchors, waiting: Stored[Intent]) -> State:
    """Whether a transaction that is not settled is in a block."""
    events = anchors.events(waiting.id)
    return "included" if events and events[-1].row.kind == "mined" else "pending"
