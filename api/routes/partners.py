"""What partners' nodes ask of this one: its jurisdiction's entry, and what of its log concerns them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.deps import NodeDep
from api.documents import STATEMENT, answer, document
from api.schemas import DIGEST, Concerning
from ledger.services.node.jurisdiction import require_entry

router = APIRouter(tags=["partners"])
_PAGE = {
    "items": [{"index": 41, "digest": DIGEST, "type": "ConformityCertificate"}],
    "after": 96,
    "more": False,
}


@router.get(
    "/v1/jurisdiction",
    responses=document(
        STATEMENT, '{"@context":["https://www.w3.org/ns/credentials/v2"],…}', "A signed JurisdictionEntry"
    ),
    response_class=Response,
)
def jurisdiction(node: NodeDep) -> Response:
    """What this jurisdiction says of itself, for others to list; its digest is compared by another way first."""
    entry = require_entry(node.statements, node.home.settings.registrar)
    return Response(entry.encoded, media_type=STATEMENT, headers={"cache-control": "no-cache"})


@router.get("/v1/concerning", responses=answer(Concerning, _PAGE, "A part of the log"), response_model=None)
def concerning(
    node: NodeDep,
    jurisdiction: Annotated[str, Query(pattern="^[A-Z]{2}$", description="Whom it concerns, ISO 3166-1")],
    after: Annotated[int, Query(ge=-1, le=2**53 - 1, description="Index after which to begin")] = -1,
) -> dict[str, Any]:
    """What of this log concerns a jurisdiction, in its order: for that one's node to pull, bundle by bundle.

    A page looks at a bounded part of the log, so it may be empty though `more` follows.
    """
    latest = node.checkpoints.latest()
    page = node.concerns.page(jurisdiction, after=after, size=0 if latest is None else latest.size)
    items = [{"index": told.index, "digest": told.digest.hex(), "type": told.type} for told in page.items]
    return {"items": items, "after": page.after, "more": page.more}
