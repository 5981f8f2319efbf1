"""What a node says of itself: its log's head, its anchors, its claim, its health, its schemas, its chain."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from api.caching import FOR_AN_HOUR, cached, kept
from api.deps import NodeDep, body_of
from api.documents import JSON, PROBLEMS, Answers, answer, document
from api.foreign_schemas import NodeHealth
from api.health import health_of
from api.schemas import TIME, Schemas
from api.schemas import Node as NodeShown
from ledger.core.note import encode_vkey
from ledger.errors import MalformedError, NotFoundError
from ledger.services.node.assembly import Node
from ledger.statements.catalogue import TYPES, json_schema

router = APIRouter(tags=["node"])
_RPC_LIMIT = 1 << 20


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
    "succeeds": "registry.example.xa/XA/2025",
    "size": 97,
    "signedSize": 97,
    "anchoredSize": 90,
    "pendingAnchors": 1,
    "chains": [
        {
            "chain": "eip155:31001",
            "state": "included",
            "size": 97,
            "anchoredSize": 90,
            "pendingAnchors": 1,
        }
    ],
    "attester": {
        "address": "0x36c96d05c2130a6ec37266dd74a72f6431cc0bda",
        "attested": 41,
        "splits": 0,
        "blocks": 0,
    },
    "witness": {"logs": 2, "splits": 0, "unproven": 0},
    "witnesses": [
        {
            "name": "registry.example.xb/witness",
            "organisation": "did:web:registry.example.xb",
            "size": 97,
            "time": TIME,
        }
    ],
}

_HEALTHS: Answers = {
    200: {"model": NodeHealth, "description": "It can register", "content": {JSON: {"example": _HEALTH}}},
    503: {"model": NodeHealth, "description": "It cannot register at present; why stands in `trouble`"},
    "4XX": PROBLEMS["4XX"],
}


@router.get("/v1/schemas", responses=answer(Schemas, {"items": [_SCHEMA]}), response_model=None)
def schemas() -> dict[str, Any]:
    """The types of statement, each with the address of its JSON Schema."""
    return {
        "items": [{"type": name, "roles": TYPES[name].roles, "url": f"/v1/schemas/{name}"} for name in TYPES]
    }


@router.get(
    "/v1/schemas/{name}",
    responses=kept(
        document("application/schema+json", {"title": "TransferRecord", "type": "object"}, "The schema")
    ),
    response_class=Response,
)
def schema(
    request: Request, name: Annotated[str, Path(max_length=64, examples=["TransferRecord"])]
) -> Response:
    """The JSON Schema (2020-12) of a signed statement of this type, generated from what the node checks."""
    if name not in TYPES:
        raise NotFoundError(f"there is no type of statement of that name; there are {', '.join(TYPES)}")
    return cached(request, orjson.dumps(json_schema(name)), "application/schema+json", FOR_AN_HOUR)


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
    return JSONResponse(health_of(node), 200 if node.sequencer.trouble is None else 503)


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
