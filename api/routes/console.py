"""The node console: what people see of this node in a browser, as far as who asks may see it.

Pages are for people: their form may change, and programs ask the API.  A browser signs no requests, so that a node that
answers its parties alone shows here what everybody may see; see docs/operations.md.
"""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Reader, ReaderDep
from api.console import plots
from api.console.pages import HEADERS, page, stylesheet
from api.deps import DigestPath, NodeDep
from api.health import health_of
from api.limiting import limited
from api.routes.transfers import After
from ledger.errors import NotFoundError
from ledger.services.console.anchoring import Anchoring, anchoring
from ledger.services.console.certified import certified
from ledger.services.console.finding import LONGEST, digest_in, found
from ledger.services.console.growth import growth
from ledger.services.console.lists import published_lists
from ledger.services.console.matrix import Sees, matrix
from ledger.services.console.sheet import sheet
from ledger.services.lineage.graph import trace
from ledger.services.lineage.sources import Logged
from ledger.services.node.assembly import Node

PAGES = 300
"""Pages that one address may ask for in a minute."""
LIMITED = [Depends(limited("console", PAGES))]
router = APIRouter(include_in_schema=False)
_STYLE = "/console.css"


def view(template: str, node: Node, reader: Reader, status: int = 200, **values: Any) -> HTMLResponse:
    """A page with what all pages say."""
    own = {"origin": node.log.origin, "jurisdiction": node.home.settings.jurisdiction, "query": ""}
    return page(template, status, whole=reader.whole, now=int(node.clock()), **own | values)


@router.get(_STYLE)
def style(request: Request) -> Response:
    """The stylesheet of all pages."""
    held, tag = stylesheet()
    headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(held, media_type="text/css; charset=utf-8", headers=headers)


@router.get("/", dependencies=LIMITED)
def overview(node: NodeDep, reader: ReaderDep) -> Response:
    """Whether the node can register, how its log grows, and who anchors and witnesses it."""
    told, grown = health_of(node), growth(node.checkpoints)
    chains = [anchoring(node.anchors, node.checkpoints, one.name, told["size"]) for one in node.chains]
    plot = plots.steps([(one.at, one.size) for one in grown]) if len(grown) > 1 else None
    witnesses = told.get("witnesses", ())
    signed = {one["organisation"] for one in witnesses if one["size"] >= told["signedSize"] > 0}
    return view(
        "overview.html",
        node,
        reader,
        health=told,
        grown=grown,
        plot=plot,
        chains=[(one, _lags(one)) for one in chains],
        witnesses=witnesses,
        organisations=len({one["organisation"] for one in witnesses}),
        signed=len(signed),
        quorum=node.home.settings.quorum,
        operator=node.home.settings.operator,
    )


def _lags(one: Anchoring) -> plots.Plot | None:
    lags = [sent.lag for sent in one.delivered if sent.lag is not None]
    return plots.needles(lags) if len(lags) > 1 else None


@router.get("/console/certificates", dependencies=LIMITED)
def certificates(node: NodeDep, reader: ReaderDep, after: After = -1) -> Response:
    """Certificates with what became of them; and the status lists that are published."""
    now = int(node.clock())
    shown = certified(node.shelf, node.trust, sees=reader.sees, now=now, after=after)
    lists = published_lists(node.statements)
    return view("certificates.html", node, reader, page=shown, lists=lists, is_first=after < 0)


@router.get("/console/recognition", dependencies=LIMITED)
def recognition(node: NodeDep, reader: ReaderDep) -> Response:
    """Between which jurisdictions an arrangement is in force."""
    sees = Sees(reader.sees, reader.sees_digest)
    shown = matrix(node.shelf, node.mirror, node.believed(), sees=sees, now=int(node.clock()))
    return view("recognition.html", node, reader, matrix=shown)


@router.get("/console/search", dependencies=LIMITED)
def search(node: NodeDep, reader: ReaderDep, q: Annotated[str, Query()] = "") -> Response:
    """Statements by digest, id, number, reference or place; a digest leads to its page."""
    digest = digest_in(q)
    if digest is not None:
        return Response(
            status_code=303, headers={**HEADERS, "Location": f"/console/statements/{digest.hex()}"}
        )
    results = found(q, node.statements, sees=reader.sees)
    return view("search.html", node, reader, results=results, query=q[:LONGEST])


@router.get("/console/statements/{digest}", dependencies=LIMITED)
def statement(digest: DigestPath, node: NodeDep, reader: ReaderDep) -> Response:
    """One statement: its place, what proves it, and what is not known."""
    stored = node.statements.by_digest(bytes.fromhex(digest))
    if stored is None:
        return _unknown(digest, node, reader)
    made = sheet(
        stored,
        node.shelf,
        node.anchors,
        node.claims,
        node.trust,
        organisations=node.witnesses.organisations(),
        sees=reader.sees(stored),
        now=int(node.clock()),
    )
    said = "" if made.said is None else orjson.dumps(made.said.subject, option=orjson.OPT_INDENT_2).decode()
    return view("statement.html", node, reader, sheet=made, digest=digest, text=said)


@router.get("/console/lineage/{digest}", dependencies=LIMITED)
def lineage(digest: DigestPath, node: NodeDep, reader: ReaderDep) -> Response:
    """What a statement rests on and what rests on it: a picture, and the same as a table."""
    try:
        drawn = trace(bytes.fromhex(digest), Logged(node.statements)) if reader.whole else None
    except NotFoundError:
        return _unknown(digest, node, reader)
    return view("lineage.html", node, reader, digest=digest, lineage=drawn)


def _unknown(digest: str, node: Node, reader: Reader) -> Response:
    """What there is to say of a digest that this log does not have."""
    named = bytes.fromhex(digest)
    kept = node.mirror.bundle(named) if reader.sees_digest(named) else None
    return view("unknown.html", node, reader, 404, digest=digest, kept=kept)
