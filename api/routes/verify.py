"""Verifying evidence for somebody who cannot run the verifier; a second opinion, to be checked offline."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from api.access import ReaderDep, denied
from api.deps import NodeDep, body_of
from api.documents import BUNDLE, FORK, JSON, answer
from api.limiting import LimitedVerification
from api.problems import QueryInvalidError
from api.routes.recognition import At, For, Into
from api.schemas import DIGEST, TIME, Verified
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.times import format_time, parse_time
from ledger.core.trust import TrustList
from ledger.services.node.assembly import Node
from ledger.services.recognition.answer import use_of
from ledger.statements.shape import Problem
from ledger.verify.bundle import kind_of
from ledger.verify.fork_report import ForkReport, verify_fork
from ledger.verify.report import Report
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

router = APIRouter(tags=["verification"])


@router.post(
    "/v1/verify",
    dependencies=[LimitedVerification],
    responses=answer(
        Verified,
        {
            "report": {"format": "evidence-report/1", "verdict": "verified"},
            "text": "passed  1 format …",
            "exitStatus": 0,
            "trust": {"publisher": "did:web:trust.example.xb", "version": 12, "listHash": DIGEST},
            "checkedAt": TIME,
        },
        "The bundle was looked at; what was found",
    ),
    response_model=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                BUNDLE: {
                    "schema": {"type": "object", "description": "an evidence bundle, canonical bytes"},
                    "example": {"format": "evidence-bundle/1", "sections": [], "subject": "e799…d56b"},
                },
                FORK: {
                    "schema": {"type": "object", "description": "a fork proof, canonical bytes"},
                    "example": {"format": "evidence-fork/1", "origin": "registry.example.xa/XA/2026"},
                },
            },
        }
    },
)
async def verify(
    request: Request,
    node: NodeDep,
    reader: ReaderDep,
    at: At = None,
    into: Into = None,
    transfer: For = None,
    require: Annotated[
        list[Annotated[int, Field(ge=1, le=11)]], Query(description="steps required beside those of the list")
    ] = [],  # noqa: B006 - read, never changed
) -> dict[str, Any]:
    """The full report under this node's trust list, which the answer names by version and hash.

    Status 200 says that the bundle was looked at; `report.verdict` and `exitStatus` say what was found.  `into` and
    `for` ask where and for what a certificate is to be used; this node must hold the transfer, and nothing else that
    it holds is taken into account.  A node that answers its parties alone takes no `for` here: GET /v1/recognition,
    signed, does.  A fork proof is judged by itself: whoever asks anything of evidence gets no
    answer by one.
    """
    data = await body_of(request, limit=BUNDLE_LIMIT, what="the evidence", types=(BUNDLE, FORK, JSON))
    moment = None if at is None else parse_time(at)
    use = None if transfer is None else bytes.fromhex(transfer)
    if use is not None and not await run_in_threadpool(reader.sees_digest, use):
        raise denied()
    return await run_in_threadpool(_verified, data, node, moment, require, into, use)


def _verified(
    data: bytes, node: Node, at: int | None, require: list[int], into: str | None, transfer: bytes | None
) -> dict[str, Any]:
    trust, now = node.believed(), int(node.clock())
    if kind_of(data) == "fork":
        _refuse_questions({"at": at, "require": require or None, "into": into, "for": transfer})
        fork = verify_fork(data, trust, now=now)
        return _answer(fork, fork.render(), trust, now)
    purpose = None
    if transfer is not None:
        used, purpose = use_of(transfer, node.shelf, node.mirror, trust, now=now)
        at = used if at is None else at
    report = verify_bundle(data, trust, at=at, now=now, require=require, into=into, purpose=purpose)
    return _answer(report, render(report), trust, now)


def _refuse_questions(asked: Mapping[str, object]) -> None:
    """What is asked of evidence is not answered by a fork proof, and above all not with its exit status."""
    problems = tuple(
        Problem(f"/query/{name}", "query-invalid", "a fork proof answers nothing that is asked of evidence")
        for name, value in asked.items()
        if value is not None
    )
    if problems:
        raise QueryInvalidError("the body is a fork proof, of which nothing else can be asked", problems)


def _answer(report: Report | ForkReport, text: str, trust: TrustList, now: int) -> dict[str, Any]:
    return {
        "report": report.to_json(),
        "text": text,
        "exitStatus": report.exit_status,
        "trust": {
            "publisher": trust.publisher.id,
            "version": trust.version,
            "listHash": trust.list_hash.hex(),
        },
        "checkedAt": format_time(now),
    }
