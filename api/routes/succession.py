"""The notice that this node's log begins with, where it succeeds another one."""

from fastapi import APIRouter
from fastapi.responses import Response

from api.deps import NodeDep
from api.documents import STATEMENT, document
from ledger.errors import NotFoundError
from ledger.services.recovery.succession import published

router = APIRouter(tags=["log"])


@router.get(
    "/v1/log/succession",
    responses=document(
        STATEMENT, '{"@context":…,"type":["VerifiableCredential","LogSuccession"],…}', "The notice"
    ),
    response_class=Response,
)
def succession(node: NodeDep) -> Response:
    """The LogSuccession that is entry 0 of this log: which log it succeeds, and what of that is lost."""
    notice = published(node.statements)
    if notice is None:
        raise NotFoundError(f"log {node.log.origin} succeeds no other one", code="succession-none")
    return Response(notice.encoded, media_type=STATEMENT)
