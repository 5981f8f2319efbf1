"""Registering statements, and what a node says of one: its bytes, receipt, bundle and state."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from api.access import ReaderDep
from api.caching import ASK_AGAIN, FOR_EVER, FOR_EVER_PRIVATE, cached, kept
from api.deps import DIGEST, DigestPath, NodeDep, body_of, media_type, require_type
from api.documents import (
    BUNDLE,
    JSON,
    NDJSON,
    RECEIPT,
    REGISTERED,
    STANDING,
    STATEMENT,
    answer,
    document,
    examples_of,
)
from api.origin import client_of
from api.schemas import DIGEST as EXAMPLE
from api.schemas import Standing
from api.single import WHAT, registration, told_of
from api.streams import LinesResponse
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.receipt import encode_receipt
from ledger.core.times import parse_time
from ledger.errors import NotFoundError
from ledger.services.bundles.export import bundle_of
from ledger.services.bundles.foreign_parts import parts_of, with_foreign
from ledger.services.bundles.joining import FEWEST_SECTIONS, MOST_SECTIONS
from ledger.services.exchange.combined import combined
from ledger.services.node.assembly import Node
from ledger.services.registration.receipts import cosigned_receipt_of, receipt_of
from ledger.services.registration.states import state_of
from ledger.store.statements import StoredStatement

router = APIRouter(tags=["statements"])
ALSO = 256
"""Further statements that may be asked for in one bundle."""
REGISTERING: dict[str, str | None] = {}
"""The paths that register, each with the type that it takes; None takes any."""
_PUBLIC = ("digest", "index", "type", "url", "created", "anchored")
_BODIES = (JSON, STATEMENT)
_DESCRIPTION = """\
One canonical signed statement (`application/json`), or many, one a line (`application/x-ndjson`).  A signed statement
needs no other signature.  The answer comes when a stored, signed checkpoint covers the entry; no chain is waited for.
The same bytes again answer with their first place, and status 200 instead of 201.

A stream is answered while it arrives, one line for each line, in order; a statement that is refused does not stop the
rest: `{"line": 3, "status": 422, "problem": {…}}`.
"""


def _registering(path: str, wanted: str | None, summary: str) -> None:
    """A route that registers statements, of one type where `wanted` names it."""

    async def route(request: Request, node: NodeDep) -> Response:
        if media_type(request) == NDJSON:
            require_type(request, (NDJSON,))
            return LinesResponse(request, node, wanted)
        data = await body_of(request, limit=STATEMENT_LIMIT, what=WHAT, types=(*_BODIES, NDJSON))
        found = await registration(request.scope, data, wanted=wanted, client=client_of(request))
        told = told_of(found)
        return JSONResponse(told, 201 if found.first else 200, {"location": str(told["url"])})

    REGISTERING[path] = wanted
    router.add_api_route(
        path,
        route,
        methods=["POST"],
        status_code=201,
        summary=summary,
        description=_DESCRIPTION,
        operation_id="register" + path.removeprefix("/v1/").title().replace("-", ""),
        responses=REGISTERED,
        openapi_extra={"requestBody": {"required": True, "content": examples_of(wanted)}},
        response_class=JSONResponse,
        response_model=None,
    )


_registering("/v1/statements", None, "Register statements of any type")
_registering("/v1/transfers", "TransferRecord", "Register transfer records")
_registering("/v1/acknowledgements", "TransferAcknowledgement", "Register acknowledgements")
_registering("/v1/certificates", "ConformityCertificate", "Register certificates")
_registering("/v1/accreditations", "Accreditation", "Register accreditations")
_registering("/v1/arrangements", "RecognitionArrangement", "Register the texts of arrangements")
_registering("/v1/endorsements", "Endorsement", "Register endorsements and denunciations of arrangements")
_registering("/v1/recognitions", "Recognition", "Register recognitions of certificates")
_registering("/v1/status-changes", "StatusChange", "Register changes of the status of what one issued")
_registering("/v1/status-lists", "StatusList", "Register editions of status lists")
_registering("/v1/identity-recognitions", "IdentityRecognition", "Register recognitions of identities")


@router.get(
    "/v1/statements/{digest}",
    responses=kept(
        document(STATEMENT, '{"@context":["https://www.w3.org/ns/credentials/v2"],…}', "Canonical bytes")
    ),
    response_class=Response,
)
def statement(request: Request, digest: DigestPath, node: NodeDep) -> Response:
    """The canonical bytes of a registered statement; their SHA-256 is the digest.  The same for ever."""
    return cached(request, _stored(node, digest).body, STATEMENT, FOR_EVER_PRIVATE)


@router.get(
    "/v1/statements/{digest}/receipt",
    responses=kept(document("text/plain", "c2sp.org/tlog-proof@v1\nindex 41\n…", "The receipt")),
    response_class=Response,
)
def receipt(
    request: Request,
    digest: DigestPath,
    node: NodeDep,
    cosigned: Annotated[  # noqa: FBT002 - a query parameter
        bool,
        Query(description="at the first checkpoint that as many organisations cosigned as the node asks for"),
    ] = False,
) -> Response:
    """Its receipt (C2SP tlog-proof): index, path, and the first checkpoint that covers it.  The same for ever.

    With `cosigned` the checkpoint carries witnesses' lines, of one organisation at least, and may come to carry more.
    """
    if cosigned:
        found = cosigned_receipt_of(
            bytes.fromhex(digest),
            log=node.log,
            statements=node.statements,
            cosignatures=node.cosignatures,
            quorum=max(1, node.home.settings.quorum),
            organisations=node.witnesses.organisations(),
        )
    else:
        found = receipt_of(
            bytes.fromhex(digest), log=node.log, statements=node.statements, checkpoints=node.checkpoints
        )
    return cached(request, encode_receipt(found), RECEIPT, ASK_AGAIN if cosigned else FOR_EVER)


@router.get(
    "/v1/statements/{digest}/bundle",
    responses=document(
        BUNDLE, {"format": "evidence-bundle/1", "sections": [], "subject": EXAMPLE}, "The bundle"
    ),
    response_class=Response,
)
def bundle(
    digest: DigestPath,
    node: NodeDep,
    reader: ReaderDep,
    allow_unanchored: Annotated[bool, Query(alias="allowUnanchored")] = False,  # noqa: FBT002 - a query parameter
    at: Annotated[
        str | None,
        Query(max_length=20, description="the moment asked about", examples=["2026-11-22T00:00:00Z"]),
    ] = None,
    also: Annotated[
        list[Annotated[str, Query(pattern=DIGEST)]] | None,
        Query(max_length=ALSO, description="further statements of this log to carry, with what they rest on"),
    ] = None,
    sections: Annotated[
        int,
        Query(
            ge=FEWEST_SECTIONS, le=MOST_SECTIONS, description="most sections, to leave room for other logs"
        ),
    ] = MOST_SECTIONS,
    partners: Annotated[  # noqa: FBT002 - a query parameter
        bool, Query(description="with what partners gave; of statements of their logs too")
    ] = False,
) -> Response:
    """All that its log holds to verify it offline.  Before its anchor: 409 `not-anchored-yet`, with Retry-After.

    A certificate comes with its accreditation, the arrangements it may be recognised by, changes of its status and
    the status lists that cover `at`, and the newest.  With `partners`, what this node pulled from its partners' nodes
    of the same matter is joined, and statements of theirs can be asked for; `sections` has no effect then.

    An earlier record or a certificate that a transfer record names is carried where the caller may see it, or whoever
    signed that record may.
    """
    moment = None if at is None else parse_time(at)
    more = [bytes.fromhex(one) for one in also or ()]
    subject = bytes.fromhex(digest)
    if partners:
        data = combined(
            subject,
            node.shelf,
            node.mirror,
            allow_unanchored=allow_unanchored,
            at=moment,
            also=more,
            tells=reader.tells,
        )
    else:
        data = bundle_of(
            subject,
            node.shelf,
            allow_unanchored=allow_unanchored,
            at=moment,
            also=more,
            sections=sections,
            tells=reader.tells,
        )
    return Response(
        with_foreign(data, parts_of(node.foreign), node.believed()),
        media_type=BUNDLE,
        headers={"content-disposition": f'attachment; filename="{digest[:16]}.evidence.json"'},
    )


@router.get("/v1/statements/{digest}/status", responses=answer(Standing, STANDING), response_model=None)
def status(digest: DigestPath, node: NodeDep, reader: ReaderDep) -> dict[str, Any]:
    """What became of it so far.  Whoever may not see the statement is told its type, its place and its times alone."""
    stored = _stored(node, digest)
    told = described(stored, node)
    return told if reader.sees(stored) else public(told)


def described(stored: StoredStatement, node: Node) -> dict[str, Any]:
    """A registered statement in a list: where it stands and what became of it."""
    name = stored.digest.hex()
    return {
        "digest": name,
        "index": stored.index,
        "type": stored.type,
        "issuer": stored.issuer,
        "url": f"/v1/statements/{name}",
        **state_of(stored, node.shelf).to_json(),
    }


def public(told: dict[str, Any]) -> dict[str, Any]:
    """What everybody is told of a statement: nothing of what it says, or who signed or answered it."""
    kept = {name: told[name] for name in _PUBLIC if name in told}
    return {**kept, "state": "anchored" if "anchored" in told else "registered"}


def _stored(node: Node, digest: str) -> StoredStatement:
    stored = node.statements.by_digest(bytes.fromhex(digest))
    if stored is None:
        raise NotFoundError(f"no statement {digest} is registered here")
    return stored
