"""Verifying a bundle for somebody who cannot run the verifier; a second opinion, to be checked offline."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.deps import NodeDep, body_of
from api.documents import BUNDLE, JSON, PROBLEMS
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.times import format_time, parse_time
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

router = APIRouter(tags=["verification"])


@router.post(
    "/v1/verify",
    responses=PROBLEMS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                BUNDLE: {
                    "schema": {"type": "object", "description": "an evidence bundle, canonical bytes"},
                    "example": {"format": "evidence-bundle/1", "sections": [], "subject": "e799…d56b"},
                }
            },
        }
    },
)
async def verify(
    request: Request,
    node: NodeDep,
    at: Annotated[str | None, Query(max_length=20, examples=["2026-11-22T00:00:00Z"])] = None,
    require: Annotated[
        list[int], Query(ge=1, le=11, description="steps required beside those of the list")
    ] = [],  # noqa: B006
) -> dict[str, Any]:
    """The full report under this node's trust list, which the answer names by version and hash.

    Status 200 says that the bundle was looked at; `report.verdict` and `exitStatus` say what was found.
    """
    data = await body_of(request, limit=BUNDLE_LIMIT, what="the bundle", types=(BUNDLE, JSON))
    moment = None if at is None else parse_time(at)
    trust, now = node.believed(), int(node.clock())
    report = await run_in_threadpool(verify_bundle, data, trust, at=moment, now=now, require=require)
    return {
        "report": report.to_json(),
        "text": render(report),
        "exitStatus": report.exit_status,
        "trust": {
            "publisher": trust.publisher.id,
            "version": trust.version,
            "listHash": trust.list_hash.hex(),
        },
        "checkedAt": format_time(now),
    }
