"""What a node tells of itself to whoever asks: whether it can register, how far anchoring is, and its troubles."""

from typing import Any

from api.attesting import attesting_of
from api.monitoring import monitoring_of
from api.relaying import relaying_of
from api.witnessing import witnessing_of
from ledger.services.anchoring.chains import OwnChain
from ledger.services.anchoring.states import anchor_state
from ledger.services.node.assembly import Node
from ledger.services.recovery.succession import published
from ledger.statements.log_succession import read


def health_of(node: Node) -> dict[str, Any]:
    """The members of `GET /health`."""
    latest = node.checkpoints.latest()
    anchored = node.anchors.latest_anchored(node.chain_name)
    trouble = node.sequencer.trouble
    told: dict[str, Any] = {
        "status": "ok" if trouble is None else "cannot register",
        "size": node.log.head.size,
        "signedSize": 0 if latest is None else latest.size,
        "anchoredSize": 0 if anchored is None else anchored.row.size,
        "pendingAnchors": len(node.anchors.pending(node.chain_name)),
        "chains": [_chain_health(node, own) for own in node.chains],
    }
    if (notice := published(node.statements)) is not None:
        told["succeeds"] = read(notice, screened=False).log.origin
    if trouble is not None:
        told["trouble"] = {"code": trouble.code, "detail": str(trouble)}
    if node.anchor_trouble is not None:
        told["anchorTrouble"] = {"code": node.anchor_trouble.code, "detail": str(node.anchor_trouble)}
    if node.measures.trouble is not None:
        told["ruleTrouble"] = {"code": node.measures.trouble.code, "detail": str(node.measures.trouble)}
    told |= _reviewing(node)
    told |= witnessing_of(node) | attesting_of(node) | relaying_of(node) | monitoring_of(node)
    return told


def _reviewing(node: Node) -> dict[str, Any]:
    """The members `reviewsWaiting` and `reviewTrouble`, of a node that reviews measures and could not."""
    told: dict[str, Any] = {}
    if node.reviewer is not None and node.reviewer.waiting:
        told["reviewsWaiting"] = len(node.reviewer.waiting)
    if node.reviewer is not None and (trouble := node.reviewer.trouble) is not None:
        told["reviewTrouble"] = {"code": trouble.code, "detail": str(trouble)}
    return told


def _chain_health(node: Node, own: OwnChain) -> dict[str, Any]:
    found = anchor_state(node.anchors, own.name)
    told: dict[str, Any] = {
        "chain": found.chain,
        "state": found.state,
        "size": found.size,
        "anchoredSize": found.anchored_size,
        "pendingAnchors": found.pending,
    }
    trouble = own.trouble or own.doubt
    if trouble is not None:
        told["trouble"] = {"code": trouble.code, "detail": str(trouble)}
    return told
