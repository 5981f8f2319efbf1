"""What a node says of itself: its log's head, its anchors, its claim, its health, its schemas, its chain."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from api.deps import NodeDep, body_of
from api.documents import JSON, PROBLEMS, RECEIPT, Answers, answer, document
from api.schemas import DIGEST, TIME, Anchors, Health, Schemas
from api.schemas import Node as NodeShown
from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.note import encode_vkey
from ledger.core.times import format_time
from ledger.errors import MalformedError, NotFoundError
from ledger.services.node import Node
from ledger.statements.catalogue import TYPES, json_schema
from ledger.store.anchors import Evidence, Stored

router = APIRouter(tags=["node"])
_RPC_LIMIT = 1 << 20


_ANCHOR = {
    "size": 97,
    "chain": "eip155:31001",
    "contract": "0x28af7a244d8aa76f0a6489d95271004fde8aac75",
    "block": 7,
    "blockHash": f"0x{DIGEST}",
    "blockTime": TIME,
    "finality": {"kind": "operator", "signature": "0x…"},
    "ours": True,
}
_SCHEMA = {"type": "TransferRecord", "roles": ["exporter"], "url": "/v1/schemas/TransferRecord"}
_NODE = {
    "jurisdiction": "XA",
    "origin": "registry.example.xa/XA/2026",
    "operator": "did:web:registry.example.xa",
    "registrar": "did:web:registrar.example.xa",
    "vkeys": ["registry.example.xa/XA/2026+1a2b3c4d+…"],
    "chain": {"id": "eip155:31001", "description": "development chain", "rpc": "/chain"},
    "api": {"openapi": "/openapi.json", "statements": "/v1/statements", "checkpoint": "/log/checkpoint"},
}
_HEALTH: dict[str, Any] = {
    "status": "ok",
    "size": 97,
    "signedSize": 97,
    "anchoredSize": 90,
    "pendingAnchors": 1,
}

_HEALTHS: Answers = {
    200: {"model": Health, "description": "It can register", "content": {JSON: {"example": _HEALTH}}},
    503: {"model": Health, "description": "It cannot register at present; why stands in `trouble`"},
    "4XX": PROBLEMS["4XX"],
}


@router.get(
    "/log/checkpoint",
    responses=document("text/plain", "registry.example.xa/XA/2026\n97\n…", "The checkpoint, a signed note"),
    response_class=Response,
)
def checkpoint(node: NodeDep) -> Response:
    """The latest signed checkpoint (C2SP tlog-checkpoint)."""
    latest = node.checkpoints.latest()
    if latest is None:
        raise NotFoundError("nothing is registered yet, so no checkpoint is signed", code="not-signed-yet")
    return Response(latest.note, media_type=RECEIPT, headers={"cache-control": "no-cache"})


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
    items = [_anchor(one) for one in held]
    return {"items": items, "next": held[-1].id} if len(held) == limit else {"items": items}


def _anchor(held: Stored[Evidence]) -> dict[str, Any]:
    row = held.row
    told: dict[str, Any] = {
        "size": row.size,
        "chain": row.chain,
        "contract": "0x" + row.contract.hex(),
        "block": row.block_number,
        "blockHash": "0x" + row.block_hash.hex(),
        "blockTime": format_time(row.block_time),
        "finality": decode(row.finality, limit=BUNDLE_LIMIT, what="stored finality"),
        "ours": row.intent is not None,
    }
    return told


@router.get("/v1/schemas", responses=answer(Schemas, {"items": [_SCHEMA]}), response_model=None)
def schemas() -> dict[str, Any]:
    """The types of statement, each with the address of its JSON Schema."""
    return {
        "items": [{"type": name, "roles": TYPES[name].roles, "url": f"/v1/schemas/{name}"} for name in TYPES]
    }


@router.get(
    "/v1/schemas/{name}",
    responses=document("application/schema+json", '{"title":"TransferRecord",…}', "The schema"),
    response_class=Response,
)
def schema(name: Annotated[str, Path(max_length=64, examples=["TransferRecord"])]) -> Response:
    """The JSON Schema (2020-12) of a signed statement of this type, generated from what the node checks."""
    if name not in TYPES:
        raise NotFoundError(f"there is no type of statement of that name; there are {', '.join(TYPES)}")
    return Response(orjson.dumps(json_schema(name)), media_type="application/schema+json")


@router.get("/.well-known/evidence-ledger", responses=answer(NodeShown, _NODE), response_model=None)
def well_known(node: NodeDep) -> dict[str, Any]:
    """Who this node is: for people to look up, and to compare with what they know from elsewhere.

    `claim` is the node's own trust list.  It is the operator's word about itself and no more.
    """
    settings = node.home.settings
    told: dict[str, Any] = {
        "jurisdiction": settings.jurisdiction,
        "origin": settings.origin,
        "operator": settings.operator,
        "registrar": settings.registrar,
        "vkeys": [encode_vkey(vkey) for vkey in node.home.log_signer().vkeys],
        "chain": {"id": node.chain_name, "description": _description(node)},
        "api": {"openapi": "/openapi.json", "statements": "/v1/statements", "checkpoint": "/log/checkpoint"},
    }
    if node.rpc is not None:
        told["chain"]["rpc"] = "/chain"
    if node.claim is not None:
        told["claim"] = orjson.loads(node.claim)
        told["fingerprint"] = node.trust.list_hash.hex()
    return told


def _description(node: Node) -> str:
    return "none yet: the anchor contract is not deployed" if node.chain is None else node.chain.description


@router.get("/health", responses=_HEALTHS, response_model=None)
def health(node: NodeDep) -> JSONResponse:
    """Whether the node can register (status 200; else 503), and how far anchoring is."""
    latest = node.checkpoints.latest()
    anchored = node.anchors.latest_anchored(node.chain_name)
    trouble = node.sequencer.trouble
    told: dict[str, Any] = {
        "status": "ok" if trouble is None else "cannot register",
        "size": node.log.head.size,
        "signedSize": 0 if latest is None else latest.size,
        "anchoredSize": 0 if anchored is None else anchored.row.size,
        "pendingAnchors": len(node.anchors.pending(node.chain_name)),
    }
    if trouble is not None:
        told["trouble"] = {"code": trouble.code, "detail": str(trouble)}
    if node.anchor_trouble is not None:
        told["anchorTrouble"] = {"code": node.anchor_trouble.code, "detail": str(node.anchor_trouble)}
    return JSONResponse(told, 200 if trouble is None else 503)


@router.post("/chain", include_in_schema=False)
async def chain(request: Request, node: NodeDep) -> Response:
    """JSON-RPC of the embedded development chain."""
    if node.rpc is None:
        raise NotFoundError("this node runs no chain of its own")
    data = await body_of(request, limit=_RPC_LIMIT, what="the request", types=(JSON,))
    try:
        asked = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"the request is not JSON: {error}", code="not-canonical") from error
    return Response(orjson.dumps(await run_in_threadpool(node.rpc.handle, asked)), media_type=JSON)
