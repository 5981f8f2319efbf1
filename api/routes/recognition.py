"""Whether a certificate counts in a country, for a use, then and now: this node's answer, to be checked offline."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.deps import DIGEST as DIGEST_FORM
from api.deps import NodeDep
from api.documents import answer
from api.schemas import DIGEST, TIME, Recognised
from ledger.core.times import format_time, parse_time
from ledger.core.trust import TrustList
from ledger.services.recognition.answer import recognition_of
from ledger.verify.report import Report

router = APIRouter(tags=["certificates"])
_STANDING = {
    "moment": TIME,
    "outcome": "valid",
    "premises": [
        {
            "code": "IN_DATES",
            "outcome": "passed",
            "detail": "valid until 2028-11-21T00:00:00Z",
            "restsOn": [DIGEST],
        }
    ],
    "effect": "full",
    "limits": [],
}
_SHOWN = {
    "certificate": DIGEST,
    "into": "XB",
    "verdict": "VALID",
    "recognition": {
        "verdict": "VALID",
        "at": _STANDING,
        "known": _STANDING,
        "statusNow": "valid",
        "into": "XB",
        "notChecked": ["whether a use lies within its scope"],
        "notices": [],
    },
    "steps": [
        {"step": 10, "name": "recognition", "outcome": "passed", "code": "valid", "detail": "valid into XB"}
    ],
    "statusNow": "valid",
    "outcome": "verified",
    "exitStatus": 0,
    "notices": [],
    "notCounted": [],
    "notChecked": ["whether a later correction exists", "whether a use lies within its scope"],
    "trust": {"publisher": "did:web:trust.example.xb", "version": 12, "listHash": DIGEST},
    "checkedAt": TIME,
}
Into = Annotated[
    str | None,
    Query(pattern="^[A-Z]{2}$", description="where it is to be used, ISO 3166-1", examples=["XB"]),
]
At = Annotated[
    str | None, Query(max_length=20, description="when it mattered", examples=["2026-11-22T00:00:00Z"])
]
For = Annotated[
    str | None,
    Query(
        alias="for",
        pattern=DIGEST_FORM,
        description="digest of the TransferRecord that it is to be used for; `at` is then its own time",
        examples=[DIGEST],
    ),
]


@router.get(
    "/v1/recognition",
    responses=answer(Recognised, _SHOWN, "The certificate was judged; what was found"),
    response_model=None,
)
def recognition(
    node: NodeDep,
    certificate: Annotated[
        str, Query(pattern=DIGEST_FORM, description="digest of the certificate", examples=[DIGEST])
    ],
    into: Into = None,
    at: At = None,
    transfer: For = None,
) -> dict[str, Any]:
    """What this node says by its own log and its partners' bundles, under the trust list that it believes.

    Status 200 says that it was judged; `verdict`, `steps` and `exitStatus` say what was found.  It is a second opinion:
    the bundles of both nodes show the same to whoever verifies them offline, by a trust list of their own.
    """
    trust, now = node.believed(), int(node.clock())
    report = recognition_of(
        bytes.fromhex(certificate),
        into=into,
        at=None if at is None else parse_time(at),
        transfer=None if transfer is None else bytes.fromhex(transfer),
        shelf=node.shelf,
        mirror=node.mirror,
        trust=trust,
        now=now,
    )
    return _told(certificate, report, trust, now)


def _told(certificate: str, report: Report, trust: TrustList, now: int) -> dict[str, Any]:
    document = report.to_json()
    judged = report.recognition
    into = None if judged is None else judged.into
    return {
        "certificate": certificate,
        **({} if into is None else {"into": into}),
        "verdict": "UNKNOWN" if judged is None else judged.verdict,
        "recognition": document["recognition"],
        "steps": document["steps"],
        "statusNow": report.status_now,
        "outcome": report.verdict,
        "exitStatus": report.exit_status,
        "notices": list(report.notices),
        "notCounted": list(report.not_counted),
        "notChecked": list(report.not_checked),
        "trust": {
            "publisher": trust.publisher.id,
            "version": trust.version,
            "listHash": trust.list_hash.hex(),
        },
        "checkedAt": format_time(now),
    }
