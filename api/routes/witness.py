"""The node as a witness (C2SP tlog-witness), and what lets others hold its own log's checkpoints together."""

from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.deps import DIGEST, NodeDep, body_of
from api.documents import PROBLEMS, RECEIPT, Answers, answer, document
from api.limiting import LimitedCosigning
from api.log_schemas import Consistency
from api.problems import MEDIA_TYPE, problem
from api.problems import answer as answered
from ledger.core.witness import BODY_LIMIT, SIZE_TYPE
from ledger.errors import NotFoundError

router = APIRouter(tags=["witness"])
_HASH = "gLoim8F1l3M4wHlZhD49QQ2RWyoGSyKaHqJvdyh2mvc="
_NOTE = f"registry.example.xa/XA/2026\n97\n{_HASH}\n\n— registry.example.xa/XA/2026 …\n"
_LINE = "— registry.example.xb/witness …\n"
_BODY = f"old 41\n{_HASH}\n\n{_NOTE}"
_CONSISTENCY = {"origin": "registry.example.xa/XA/2026", "old": 41, "new": 97, "path": ["4f1d…", "…"]}
_SIZE = Annotated[int, Path(ge=0, le=2**63 - 1, description="Entries", examples=[97])]
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_ANSWERS: Answers = {
    200: {
        "description": "The cosignature, a signature line",
        "content": {"text/plain": {**_TEXT, "example": _LINE}},
    },
    409: {
        "description": "Another size than `old` was cosigned last: that size",
        "content": {SIZE_TYPE: {**_TEXT, "example": "90\n"}},
    },
    **PROBLEMS,
}
_REQUEST = {
    "requestBody": {"required": True, "content": {"text/plain": {**_TEXT, "example": _BODY}}},
}


@router.post(
    "/witness/add-checkpoint",
    dependencies=[LimitedCosigning],
    responses=_ANSWERS,
    response_class=Response,
    openapi_extra=_REQUEST,
)
async def add_checkpoint(request: Request, node: NodeDep) -> Response:
    """Cosign a checkpoint of a log that this node witnesses, once it is shown to extend the last that it cosigned.

    Refused with 400 (malformed, or `old` is above the size), 404 (the log is not witnessed here), 403 (the log's keys
    did not sign it), 409, or 422 (it is not shown to extend the last one).
    """
    body = await body_of(request, limit=BODY_LIMIT, what="the request", types=None)
    given = await run_in_threadpool(node.witness.add_checkpoint, body)
    if given.error is None:  # as a header, to which no charset is added
        return Response(given.body, given.status, {"content-type": given.content_type})
    if given.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return answered(given.error, request.url.path)
    told = {**problem(given.error, request.url.path), "status": given.status}
    return Response(orjson.dumps(told), given.status, media_type=MEDIA_TYPE)


@router.get(
    "/witness/{origin}/checkpoint",
    responses=document("text/plain", _NOTE + _LINE, "The checkpoint, a signed note"),
    response_class=Response,
)
def witnessed(
    origin: Annotated[str, Path(pattern=DIGEST, description="SHA-256 of the log's origin, lower-case hex")],
    node: NodeDep,
) -> Response:
    """The checkpoint that this node cosigned last of a log, with the log's lines and its own."""
    note = node.witness.latest(origin)
    return Response(note, media_type=RECEIPT, headers={"cache-control": "no-cache"})


@router.get(
    "/v1/checkpoints/{size}",
    responses=document("text/plain", _NOTE + _LINE, "The checkpoint, a signed note"),
    response_class=Response,
)
def checkpoint_of(size: _SIZE, node: NodeDep) -> Response:
    """The signed checkpoint of exactly this size, with the cosignatures that are held of it."""
    note = node.cosignatures.note_of(size)
    return Response(note, media_type=RECEIPT, headers={"cache-control": "no-cache"})


@router.get(
    "/v1/log/consistency",
    responses=answer(Consistency, _CONSISTENCY, "The path"),
    response_model=None,
)
def consistency(
    node: NodeDep,
    old: Annotated[int, Query(ge=1, le=2**63 - 1, description="Size of the smaller tree", examples=[41])],
    new: Annotated[int, Query(ge=1, le=2**63 - 1, description="Size of the larger tree", examples=[97])],
) -> dict[str, Any]:
    """The path that shows the tree of `new` entries to begin with that of `old` (RFC 9162 section 2.1.4)."""
    latest = node.checkpoints.latest()
    if latest is None or new > latest.size:
        raise NotFoundError(f"no checkpoint of size {new} was signed here", code="checkpoint-unknown")
    path = node.log.consistency_path(old, new)
    return {
        "origin": node.log.origin,
        "old": old,
        "new": new,
        "path": [one.hex() for one in path],
    }
