"""The measures of this log, which everybody may read, and what they would say of a draft."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.caching import ASK_AGAIN, cached, kept
from api.deps import DigestPath, NodeDep, body_of
from api.documents import JSON, answer, examples_of
from api.limiting import limited
from api.measure_schemas import MEASURE, PRECHECK, MeasureItem, Measures, Prechecked
from api.routes.transfers import After
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.times import parse_time
from ledger.errors import NotFoundError
from ledger.services.node.assembly import Node
from ledger.services.rules.measures import KIND, measure_json, measured_of
from ledger.services.rules.precheck import precheck_of
from ledger.store.statements import PAGE, StoredStatement

PRECHECKS: Final = 60
"""Drafts that one client may ask about in a minute; each tries every fact."""
LISTS: Final = 600
"""Pages that one client may ask for in a minute."""
SCANNED: Final = 2_000
"""Measures looked at for one page."""
MOST: Final = 100
_LISTED: Final = kept(answer(Measures, {"items": [MEASURE], "next": 41}, "A page"))
_TIME: Final = "2026-11-22T00:00:00Z"
router = APIRouter(tags=["measures"])


@router.get(
    "/v1/measures",
    responses=_LISTED,
    response_class=Response,
    dependencies=[Depends(limited("measures", LISTS))],
)
def measures(
    request: Request,
    node: NodeDep,
    at: Annotated[
        str | None, Query(max_length=20, description="the moment asked about", examples=[_TIME])
    ] = None,
    jurisdiction: Annotated[str | None, Query(min_length=2, max_length=2, examples=["XA"])] = None,
    direction: Annotated[Literal["outbound", "inbound"] | None, Query()] = None,
    kind: Annotated[str | None, Query(max_length=32, description="code of `measure-kinds`")] = None,
    number: Annotated[str | None, Query(min_length=1, max_length=128, examples=["XA-NL-2026-01"])] = None,
    state: Annotated[Literal["future", "inForce", "ended", "superseded"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="most items of the page")] = 50,
    after: After = -1,
) -> Response:
    """Measures in the order of the log, a page at a time, with their state at `at` and what reviewers found.

    What is flagged is not blocked.  A page may hold fewer items than `limit`; `next`, where there is one, is the
    `after` of the following page.
    """
    now = int(node.clock()) if at is None else parse_time(at)
    wanted = {"jurisdiction": jurisdiction, "direction": direction, "kind": kind}
    items: list[dict[str, Any]] = []
    scanned = 0
    page: dict[str, Any] = {"items": items}
    for stored in _after(node, after, number):
        if len(items) == limit or scanned == SCANNED:
            page["next"] = after
            break
        after, scanned = stored.index, scanned + 1
        found = measured_of(stored, node.shelf, now=now)
        told = {name: getattr(found.measure, name) for name in wanted}
        if any(value is not None and told[name] != value for name, value in wanted.items()):
            continue
        made = measure_json(found)
        if state in (None, made["state"]):
            items.append(made)
    return cached(request, orjson.dumps(page), JSON, ASK_AGAIN)


@router.get(
    "/v1/measures/{digest}",
    responses=kept(answer(MeasureItem, MEASURE, "The measure")),
    response_class=Response,
)
def measure(
    request: Request,
    node: NodeDep,
    digest: DigestPath,
    at: Annotated[str | None, Query(max_length=20, examples=[_TIME])] = None,
) -> Response:
    """One measure: its state at `at`, its times, what reviewers found, and what its authority answers.

    Its signed text is GET /v1/statements/{digest}.
    """
    stored = node.statements.by_digest(bytes.fromhex(digest))
    if stored is None or stored.type != KIND:
        raise NotFoundError(f"no measure {digest} is registered here")
    now = int(node.clock()) if at is None else parse_time(at)
    found = measure_json(measured_of(stored, node.shelf, now=now))
    return cached(request, orjson.dumps(found), JSON, ASK_AGAIN)


@router.post(
    "/v1/precheck",
    responses=answer(Prechecked, PRECHECK, "What the measures say"),
    response_class=Response,
    dependencies=[Depends(limited("precheck", PRECHECKS))],
    openapi_extra={"requestBody": {"required": True, "content": {JSON: examples_of("TransferRecord")[JSON]}}},
)
async def precheck(
    request: Request,
    node: NodeDep,
    at: Annotated[
        str | None, Query(max_length=20, description="when it is to cross", examples=[_TIME])
    ] = None,
    by: Annotated[
        Literal["log", "shipped"] | None,
        Query(description="whose measures; else those of the log, or where it has none those that ship"),
    ] = None,
) -> Response:
    """Whether a draft of a TransferRecord may go: outcome, rules, missing facts, what would change it.

    Nothing of it is kept.  A draft may be signed or not, and may lack whatever is not known yet.
    """
    data = await body_of(request, limit=STATEMENT_LIMIT, what="the draft", types=(JSON,))
    moment = None if at is None else parse_time(at)
    made = await run_in_threadpool(precheck_of, data, node.measures, now=int(node.clock()), at=moment, by=by)
    return Response(orjson.dumps(made), media_type=JSON)


def _after(node: Node, after: int, number: str | None) -> Iterator[StoredStatement]:
    while page := node.statements.of_type(KIND, first=after + 1, reference=number):
        yield from page
        after = page[-1].index
        if len(page) < PAGE:
            return
