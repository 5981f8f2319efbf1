"""Enrolling a party: its request, which proves that it holds its keys, becomes an Enrolment by the registrar.

The registrar has made sure by other means who the party is; nothing here can.  The Enrolment narrows what was asked
for and never widens it.

Source: docs/spec/enrolment.md.
"""

from hashlib import sha256
from typing import Any, Final

from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import RefusedError
from ledger.services.ids import derived_id
from ledger.services.keys.keyfile import HolderKey
from ledger.statements import enrolment as enrolments
from ledger.statements import request as requests
from ledger.statements.request import EnrolmentRequest

CLOCK_DRIFT: Final = 300
"""Seconds by which two honest clocks may differ."""
LIFE: Final = 30 * 86_400
"""Seconds for which a request may be granted."""


def enrolment_of(
    request: bytes,
    registrar: HolderKey,
    *,
    jurisdiction: str,
    now: int,
) -> Statement:
    """The signed Enrolment that grants `request`; ready to be registered.

    Its id follows from the request, so that a log takes one Enrolment for it, however often it is granted.  Keys asked
    for from an earlier date are enrolled from `now`: nobody is enrolled into the past.

    Args:
        request: As the party handed it in, `evidence-enrolment-request/1`.
        registrar: The key that signs.
        jurisdiction: That of the registrar and its node.
        now: POSIX seconds; the Enrolment's `created`.

    Raises:
        MalformedError: The request is not in order (`request-invalid`, every problem listed).
        SignatureError: `possession-not-proven`: a key of it did not sign it.
        RefusedError: `request-jurisdiction`; `request-stale`; `request-in-future`; `request-key-ended`.
    """
    asked = requests.parse(request)
    require_timely(asked, now)
    if asked.wanted.jurisdiction != jurisdiction:
        raise RefusedError(
            f"{asked.wanted.party} asks to be enrolled in {asked.wanted.jurisdiction}; this registrar enrols in"
            f" {jurisdiction}",
            code="request-jurisdiction",
            pointer="/jurisdiction",
        )
    document = unsigned(
        kind="Enrolment",
        identifier=derived_id(registrar.holder, {"request": sha256(request).hexdigest()}),
        issuer=registrar.holder,
        subject=_narrowed(asked.subject, now),
        valid_from=now,
    )
    statement = sign_statement(document, registrar.private, registrar.verification_method, now)
    enrolments.read(statement)  # what this node would refuse is never handed out
    return statement


def require_timely(asked: EnrolmentRequest, now: int) -> None:
    """Check that a request was made lately.

    Raises:
        RefusedError: `request-in-future`, `request-stale`.
    """
    made = format_time(asked.created)
    if asked.created > now + CLOCK_DRIFT:
        raise RefusedError(
            f"the request says it was made at {made}, which is still to come",
            code="request-in-future",
            pointer="/created",
        )
    if asked.created < now - LIFE:
        raise RefusedError(
            f"the request was made at {made}, more than {LIFE // 86_400} days ago; ask for a new one",
            code="request-stale",
            pointer="/created",
        )


def _narrowed(subject: dict[str, Any], now: int) -> dict[str, Any]:
    earliest = format_time(now)
    keys = []
    for index, key in enumerate(subject["keys"]):
        if key["until"] <= earliest:  # times of one form order as text does
            raise RefusedError(
                f"key {key['id']} was asked for until {key['until']}, which is past",
                code="request-key-ended",
                pointer=f"/keys/{index}/until",
            )
        keys.append({**key, "from": max(key["from"], earliest)})
    return {**subject, "keys": keys}
