"""The log's anchors: which stand, who vouches for them, and what proves each."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.anchor_schemas import AnchorProof, Anchors
from api.deps import NodeDep
from api.documents import answer
from api.schemas import DIGEST, TIME
from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.times import format_time
from ledger.errors import NotFoundError
from ledger.services.bundles.export import anchor_part
from ledger.services.node.assembly import Node
from ledger.store.anchors import Evidence, Stored

router = APIRouter(tags=["node"])
_ANCHOR = {
    "size": 97,
    "chain": "eip155:31001",
    "contract": "0x28af7a244d8aa76f0a6489d95271004fde8aac75",
    "block": 7,
    "blockHash": f"0x{DIGEST}",
    "blockTime": TIME,
    "finality": {"kind": "attested", "epoch": 1, "signatures": ["0x…", "0x…"]},
    "vouched": "attested 2 of 3",
    "ours": True,
}
_PROOF = {
    "origin": "registry.example.xa/XA/2026",
    "size": 97,
    "chain": "eip155:31001",
    "checkpoint": "registry.example.xa/XA/2026\n97\n…",
    "anchor": {
        "chain": "eip155:31001",
        "header": "0x…",
        "finality": {"kind": "attested", "epoch": 1, "signatures": ["0x…", "0x…"]},
        "account": ["0x…"],
        "storage": ["0x…"],
    },
    "vouched": "attested 2 of 3",
}


@router.get(
    "/v1/anchors", responses=answer(Anchors, {"items": [_ANCHOR], "next": 12}, "A page"), response_model=None
)
def anchors(
    node: NodeDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[int, Query(ge=-1, le=2**53 - 1)] = -1,
) -> dict[str, Any]:
    """Anchors that stand, in the order they were recorded, a page at a time."""
    held = node.anchors.evidence_list(after=max(0, after), limit=limit)
    items = [_anchor(one, node) for one in held]
    return {"items": items, "next": held[-1].id} if len(held) == limit else {"items": items}


@router.get("/v1/anchors/{size}", responses=answer(AnchorProof, _PROOF, "The anchor"), response_model=None)
def anchor(
    node: NodeDep,
    size: Annotated[int, Path(ge=1, le=2**53 - 1, examples=[97])],
    chain: Annotated[
        str | None,
        Query(
            max_length=64, description="CAIP-2 name; else the node's first chain", examples=["eip155:31001"]
        ),
    ] = None,
) -> dict[str, Any]:
    """What proves the anchor of one size on one chain: the anchored note, and the anchor as a bundle has it."""
    name = node.chain_name if chain is None else chain
    held = node.anchors.evidence_for(name, size)
    if held is None or held.row.size != size:
        raise NotFoundError(f"no anchor of size {size} stands on that chain", code="anchor-unknown")
    return {
        "origin": node.log.origin,
        "size": size,
        "chain": name,
        "checkpoint": node.cosignatures.note_of(size).decode(),
        "anchor": anchor_part(held, node.shelf),
        "vouched": node.claims.told(held),
    }


def _anchor(held: Stored[Evidence], node: Node) -> dict[str, Any]:
    row = held.row
    return {
        "size": row.size,
        "chain": row.chain,
        "contract": "0x" + row.contract.hex(),
        "block": row.block_number,
        "blockHash": "0x" + row.block_hash.hex(),
        "blockTime": format_time(row.block_time),
        "finality": decode(node.anchors.finality_of(held), limit=BUNDLE_LIMIT, what="stored finality"),
        "vouched": node.claims.told(held),
        "ours": row.intent is not None,
    }
