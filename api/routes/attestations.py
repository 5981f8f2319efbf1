"""Attesting: what other jurisdictions' nodes ask of this one about blocks of their chains."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.anchor_schemas import Attestation, AttestedSize
from api.deps import NodeDep, body_of
from api.documents import JSON, answer
from api.limiting import LimitedAttestation
from api.once import once
from api.schemas import DIGEST
from ledger.core.attestation import FORMAT, REQUEST_FORMAT, REQUEST_LIMIT, encode_attestation

router = APIRouter(tags=["partners"])
_ADDRESS = "0x36c96d05c2130a6ec37266dd74a72f6431cc0bda"
_LOG = "registry.example.xa/XA/2026"
_ANSWER = {
    "address": _ADDRESS,
    "chain": "eip155:31001",
    "epoch": 1,
    "format": FORMAT,
    "logId": f"0x{DIGEST}",
    "signature": "0x" + "5a" * 65,
    "size": 97,
}
_REQUEST = {
    "anchor": {"account": ["0x…"], "header": "0x…", "storage": ["0x…"]},
    "chain": "eip155:31001",
    "checkpoint": "registry.example.xa/XA/2026\n97\n…",
    "consistency": [],
    "epoch": 1,
    "format": REQUEST_FORMAT,
    "old": 0,
}


@router.post(
    "/v1/attestations",
    dependencies=[LimitedAttestation],
    responses=answer(Attestation, _ANSWER, "Everything holds as this node sees it, and is signed"),
    response_model=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"type": "object", "description": "a request to attest, canonical bytes"},
                    "example": _REQUEST,
                }
            },
        }
    },
)
async def attest(request: Request, node: NodeDep) -> Response:
    """This node's word that a final block of a partner's chain holds a checkpoint of its log.

    The node checks everything itself: the log's lines, that the tree extends the one it attested before, header,
    account and storage, and that the block is final by its seals or by this node's own view of the chain.
    """
    data = await body_of(request, limit=REQUEST_LIMIT, what="the request", types=(JSON,))
    async with once(request):
        given = await run_in_threadpool(node.attester.attest, data)
    return Response(encode_attestation(given), media_type=JSON)


@router.get(
    "/v1/attestations",
    responses=answer(AttestedSize, {"address": _ADDRESS, "log": _LOG, "size": 97}),
    response_model=None,
)
def attested(
    node: NodeDep, log: Annotated[str, Query(max_length=255, description="its origin", examples=[_LOG])]
) -> dict[str, Any]:
    """The largest tree of a log that this node attested or cosigned, which the next request begins at; 0 for none."""
    address = "0x" + node.attester.address.hex()
    return {"address": address, "log": log, "size": node.attester.largest(log)}
