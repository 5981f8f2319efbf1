"""Finding transfers and acknowledgements in the log."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.access import Reader, ReaderDep
from api.deps import DIGEST, NodeDep
from api.documents import STANDING, answer
from api.routes.statements import described
from api.schemas import DIGEST as EXAMPLE
from api.schemas import Standings
from ledger.core.times import parse_time
from ledger.services.node.assembly import Node
from ledger.services.registration.states import state_of
from ledger.store.statements import StoredStatement

router = APIRouter(tags=["transfers"])
PAGE = 500
SCANNED = 5_000
"""Records looked at for one page of a list by state."""

_PAGE = answer(Standings, {"items": [STANDING], "next": 41}, "A page")
Limit = Annotated[int, Query(ge=1, le=PAGE, description="most items of the page")]
After = Annotated[int, Query(ge=-1, le=2**53 - 1, description="index of the last item of the page before")]


@router.get("/v1/transfers", responses=_PAGE, response_model=None)
def transfers(
    node: NodeDep,
    reader: ReaderDep,
    state: Annotated[Literal["registered", "anchored", "acknowledged"] | None, Query()] = None,
    reference: Annotated[
        str | None, Query(min_length=1, max_length=128, examples=["ORDER-2026-0041"])
    ] = None,
    since: Annotated[str | None, Query(max_length=20, examples=["2026-11-22T00:00:00Z"])] = None,
    limit: Limit = 100,
    after: After = -1,
) -> dict[str, Any]:
    """Transfer records in the order of the log, a page at a time.

    `next`, where there is one, is the `after` of the following page; a page may hold fewer items than `limit`.
    """
    moment = None if since is None else parse_time(since)
    items: list[dict[str, Any]] = []
    scanned = 0
    while len(items) < limit and scanned < SCANNED:
        wanted = limit if state is None and reader.whole else PAGE
        page = node.statements.of_type(
            "TransferRecord", first=after + 1, since=moment, reference=reference, limit=wanted
        )
        for stored in page:
            after = stored.index
            scanned += 1
            if reader.sees(stored) and (state is None or state_of(stored, node.shelf).state == state):
                items.append(described(stored, node))
                if len(items) == limit:
                    break
        if len(page) < wanted:
            return {"items": items} if len(items) < limit else {"items": items, "next": after}
    return {"items": items, "next": after}


@router.get("/v1/acknowledgements", responses=_PAGE, response_model=None)
def acknowledgements(
    node: NodeDep,
    reader: ReaderDep,
    record: Annotated[
        str, Query(pattern=DIGEST, description="digest of the transfer record", examples=[EXAMPLE])
    ],
    limit: Limit = 100,
    after: After = -1,
) -> dict[str, Any]:
    """The acknowledgements of a record in this log, first logged first; the record may be of another log.

    Whoever is enrolled as an importer may have signed one; the word that counts is that of the importer in the record.
    """
    found = node.statements.acknowledgements_of(bytes.fromhex(record), first=after + 1, limit=limit)
    return _page(found, limit, node, reader)


def _page(found: list[StoredStatement], limit: int, node: Node, reader: Reader) -> dict[str, Any]:
    items = [described(one, node) for one in found if reader.sees(one)]
    return {"items": items, "next": found[-1].index} if len(found) == limit else {"items": items}
