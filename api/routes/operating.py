"""For whoever runs the node: whether its process answers, whether it takes statements, and its counters."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.deps import NodeDep
from api.documents import JSON, PROBLEMS, Answers, answer, document
from api.metrics import Metrics
from api.schemas import Trouble, Wire

router = APIRouter(tags=["node"])


class Alive(Wire):
    """The process answers."""

    alive: bool


class Ready(Wire):
    """Whether statements are taken."""

    ready: bool
    trouble: Trouble | None = None


_NOT_READY: dict[str, Any] = {"ready": False, "trouble": {"code": "store-full", "detail": "the disk is full"}}
_READY: Answers = {
    200: {
        "model": Ready,
        "description": "It takes statements",
        "content": {JSON: {"example": {"ready": True}}},
    },
    503: {
        "model": Ready,
        "description": "It takes none at present",
        "content": {JSON: {"example": _NOT_READY}},
    },
    "4XX": PROBLEMS["4XX"],
}


@router.get("/health/live", responses=answer(Alive, {"alive": True}, "It answers"), response_model=None)
async def live() -> dict[str, bool]:
    """The process answers; nothing else is looked at.  Where it does not, start it anew."""
    return {"alive": True}


@router.get("/health/ready", responses=_READY, response_model=None)
def ready(node: NodeDep) -> JSONResponse:
    """The node takes statements (status 200; else 503): send it some, or send them to another process meanwhile.

    Starting it anew helps nothing that `trouble` tells of.  `/health` says the same, and how far everything is.
    """
    trouble = node.sequencer.trouble
    if trouble is None:
        return JSONResponse({"ready": True})
    return JSONResponse({"ready": False, "trouble": {"code": trouble.code, "detail": str(trouble)}}, 503)


@router.get(
    "/metrics",
    responses=document(
        "text/plain", "# TYPE evidence_log_size gauge\nevidence_log_size 97.0\n", "The metrics"
    ),
    response_class=Response,
)
def metrics(request: Request) -> Response:
    """Counters of this process, and how far the node is, as Prometheus reads them.

    For users of this machine where the node serves it alone; else for its operator's signed request.
    """
    found: Metrics = request.app.state.metrics
    return Response(found.text(), headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})
