"""Finding certificates, and the status lists that tell what became of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.access import Reader, ReaderDep
from api.deps import DigestPath, NodeDep
from api.documents import CERTIFICATE, CHANGE, STATEMENT, answer, document
from api.routes.statements import described
from api.routes.transfers import PAGE, SCANNED, After, Limit
from api.schemas import Certificates, Changes, Status
from ledger.core.statement import parse_statement
from ledger.core.times import format_time, parse_time
from ledger.errors import NotFoundError
from ledger.services.node.assembly import Node
from ledger.services.recognition.editions import touched_by
from ledger.services.recognition.present_status import Statuses
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.certificate import read as read_certificate
from ledger.store.statements import StoredStatement

router = APIRouter(tags=["certificates"])
_KIND = "ConformityCertificate"
_CERTIFICATES = answer(Certificates, {"items": [CERTIFICATE], "next": 41}, "A page")
Did = Annotated[str | None, Query(max_length=255, examples=["did:web:body.example.xa"])]


@router.get("/v1/certificates", responses=_CERTIFICATES, response_model=None)
def certificates(
    node: NodeDep,
    reader: ReaderDep,
    number: Annotated[str | None, Query(min_length=1, max_length=64, examples=["CB-2026-0007"])] = None,
    body: Did = None,
    holder: Did = None,
    status: Annotated[Status | None, Query(description="as this log tells it at present")] = None,
    limit: Limit = 100,
    after: After = -1,
) -> dict[str, Any]:
    """Certificates in the order of the log, a page at a time; `body` and `holder` are DIDs.

    `status` is what this log alone tells at present, and `valid` says nothing about whether a certificate counts: that
    is for the bundle to show.  A page may hold fewer items than `limit`; `next`, where there is one, is the `after` of
    the following page.  The first page about a number names, as `partners`, those of that number that partners' nodes
    gave: GET /v1/statements/{digest}/bundle?partners=true is about those too.
    """
    held = _of_partners(number, body, holder, node, reader) if status is None and after < 0 else {}
    statuses = Statuses(node.shelf, node.trust, int(node.clock()))
    items: list[dict[str, Any]] = []
    scanned = 0
    while len(items) < limit and scanned < SCANNED:
        wanted = limit if status is None and reader.whole else PAGE
        page = node.statements.attestations(
            _KIND, number=number, issuer=body, holder=holder, first=after + 1, limit=wanted
        )
        for stored in page:
            after = stored.index
            scanned += 1
            if not reader.sees(stored):
                continue
            certificate = _certificate(stored)
            found = statuses.of(stored, certificate)
            if status is None or found == status:
                items.append(_told(stored, certificate, found, node))
                if len(items) == limit:
                    break
        if len(page) < wanted:
            return {"items": items, **held} if len(items) < limit else {"items": items, "next": after, **held}
    return {"items": items, "next": after, **held}


@router.get("/v1/certificates/{number:path}", responses=_CERTIFICATES, response_model=None)
def certificates_of_number(
    node: NodeDep,
    reader: ReaderDep,
    number: Annotated[str, Path(min_length=1, max_length=512, examples=["CB-2026-0007"])],
    body: Did = None,
    limit: Limit = 100,
    after: After = -1,
) -> dict[str, Any]:
    """The certificates that bodies gave this number."""
    return certificates(node, reader, number=number, body=body, limit=limit, after=after)


@router.get(
    "/v1/status-lists",
    responses=document(
        STATEMENT,
        '{"@context":["https://www.w3.org/ns/credentials/v2"],…}',
        "Canonical bytes of the StatusList",
    ),
    response_class=Response,
)
def status_list(
    node: NodeDep,
    issuer: Annotated[
        str, Query(min_length=1, max_length=255, description="DID", examples=["did:web:body.example.xa"])
    ],
    name: Annotated[
        str,
        Query(alias="id", min_length=1, max_length=2048, examples=["https://body.example.xa/status/1"]),
    ],
    at: Annotated[str | None, Query(max_length=20, examples=["2026-11-22T00:00:00Z"])] = None,
) -> Response:
    """An edition of a status list, whole: the newest, or with `at` the newest of those that cover that moment.

    Whose status is looked for is not asked, so that it cannot be told.  Its evidence bundle is that of its digest.
    """
    found = node.statements.status_list(issuer, name, at=None if at is None else parse_time(at))
    if found is None:
        raise NotFoundError(
            f"no status list {name} of {issuer} is registered here"
            + ("" if at is None else f" that covers {at}")
        )
    headers = {"content-location": f"/v1/statements/{found.digest.hex()}", "cache-control": "no-cache"}
    return Response(found.body, media_type=STATEMENT, headers=headers)


@router.get(
    "/v1/status-lists/{digest}/changes",
    responses=answer(Changes, {"items": [CHANGE]}, "The attestations whose places differ"),
    response_model=None,
)
def changes(digest: DigestPath, node: NodeDep, reader: ReaderDep) -> dict[str, Any]:
    """What this edition changed against the one before: each attestation at a place that differs, as it is now.

    The cost is that of the changes, not of the list: whoever keeps certificates asks this after each edition and judges
    again only those.
    """
    edition = bytes.fromhex(digest)
    touched = touched_by(edition, node.shelf, node.trust, now=int(node.clock()))
    items = [
        {
            "digest": one.stored.digest.hex(),
            "type": one.stored.type,
            "issuer": one.stored.issuer,
            "index": one.place,
            "status": one.word,
        }
        for one in touched
        if reader.sees(one.stored)
    ]
    return {"items": items}


def _certificate(stored: StoredStatement) -> ConformityCertificate:
    return read_certificate(parse_statement(stored.body), screened=False)


def _of_partners(
    number: str | None, body: str | None, holder: str | None, node: Node, reader: Reader
) -> dict[str, Any]:
    """The member that names partners' certificates of a number, where there are some."""
    if number is None:
        return {}
    found = node.mirror.certificates(number=number, body=body, holder=holder, limit=PAGE)
    told = [
        {
            "digest": kept.subject.hex(),
            "issuer": kept.issuer,
            "number": kept.number,
            "holder": kept.holder,
            "origin": kept.origin,
            "index": kept.index,
        }
        for kept in found
        if reader.sees_digest(kept.subject)
    ]
    return {"partners": told} if told else {}


def _told(
    stored: StoredStatement, certificate: ConformityCertificate, status: str, node: Node
) -> dict[str, Any]:
    return {
        **described(stored, node),
        "number": certificate.number,
        "holder": certificate.holder.did,
        "validFrom": format_time(certificate.valid_from),
        "validUntil": format_time(certificate.valid_until),
        "status": status,
    }
