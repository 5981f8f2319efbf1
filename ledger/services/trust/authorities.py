"""The authorities of a node: whom its claim names beside the registrar, for recognising and accrediting.

An authority asks as a party does, with a request that proves that it holds its key (`evidence party request`).  What
is granted stands in the node's settings; the next start of the node writes it into a new version of its claim, and
into a new entry of its jurisdiction.

Source: docs/spec/trust-list.md, docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import replace

from ledger.authorities import MOST, ROLES, Authority, AuthorityKey
from ledger.config import Settings
from ledger.core.suites import encode_multikey
from ledger.errors import NotFoundError, RefusedError
from ledger.services.drafting.enrol import require_timely
from ledger.statements import request as requests
from ledger.statements.enrolment import MOST_KEYS
from ledger.statements.request import EnrolmentRequest


def with_authority(settings: Settings, request: bytes, roles: Sequence[str], *, now: int) -> Settings:
    """Settings that name whoever made `request` an authority with exactly `roles`.

    Keys that it has already stay; those of the request join them.  None counts from earlier than now.

    Args:
        request: `evidence-enrolment-request/1`.
        roles: Of `ROLES`; the request asks for each of them.
        now: POSIX seconds.

    Raises:
        MalformedError: The request is not in order.
        SignatureError: `possession-not-proven`: a key of it did not sign it.
        RefusedError: `request-jurisdiction`, `request-role`, `request-stale`, `request-in-future`,
            `request-key-ended`; `authority-is-registrar`; `authority-key-taken`: it has another key of that id;
            `authorities-full`.
    """
    asked = requests.parse(request)
    require_timely(asked, now)
    _require_fitting(settings, asked, roles)
    held = {one.id: one for one in settings.authorities}
    known = held.get(asked.wanted.party)
    keys = {key.id: key for key in known.keys} if known is not None else {}
    for enrolled in asked.wanted.keys:
        multikey = encode_multikey(enrolled.key)
        if enrolled.id in keys:
            if keys[enrolled.id].multikey != multikey:
                raise RefusedError(
                    f"{asked.wanted.party} has another key named {enrolled.id}; a key id is never used again",
                    code="authority-key-taken",
                )
            continue
        if enrolled.valid_until <= now:
            raise RefusedError(f"key {enrolled.id} was asked for until a time past", code="request-key-ended")
        begins = max(enrolled.valid_from, now)
        keys[enrolled.id] = AuthorityKey(enrolled.id, multikey, begins, enrolled.valid_until)
    held[asked.wanted.party] = Authority(asked.wanted.party, tuple(sorted(set(roles))), tuple(keys.values()))
    if len(held) > MOST or len(keys) > MOST_KEYS:
        raise RefusedError(
            f"a node names at most {MOST} authorities with {MOST_KEYS} keys each", code="authorities-full"
        )
    return replace(settings, authorities=tuple(held[name] for name in sorted(held)))


def without_key(
    settings: Settings, authority: str, key_id: str | None, *, at: int, reason: str
) -> tuple[Settings, tuple[str, ...]]:
    """Settings in which a key of an authority, or every key of it, is revoked from `at` on; and the keys' ids.

    A revocation that stands already is kept where it names an earlier time: it may only become narrower.

    Raises:
        NotFoundError: `authority-unknown`: the settings name no such authority or key.
    """
    known = next((one for one in settings.authorities if one.id == authority), None)
    wanted = () if known is None else tuple(key for key in known.keys if key_id in (None, key.id))
    if known is None or not wanted:
        named = authority if key_id is None else f"{authority}{key_id}"
        raise NotFoundError(f"the settings of this node do not name {named}", code="authority-unknown")
    revoked = {
        key.id: key
        if key.revoked_at is not None and key.revoked_at <= at
        else replace(key, revoked_at=at, revoked_reason=reason)
        for key in wanted
    }
    changed = replace(known, keys=tuple(revoked.get(key.id, key) for key in known.keys))
    others = (one for one in settings.authorities if one.id != authority)
    listed = tuple(sorted((*others, changed), key=lambda one: one.id))
    return replace(settings, authorities=listed), tuple(revoked)


def _require_fitting(settings: Settings, asked: EnrolmentRequest, roles: Sequence[str]) -> None:
    party, jurisdiction = asked.wanted.party, asked.wanted.jurisdiction
    if jurisdiction != settings.jurisdiction:
        raise RefusedError(
            f"{party} asks for {jurisdiction}; this node speaks for {settings.jurisdiction}",
            code="request-jurisdiction",
            pointer="/jurisdiction",
        )
    unasked = sorted(set(roles) - (asked.wanted.roles & set(ROLES)))
    if unasked or not roles:
        raise RefusedError(
            f"{party} asks for {', '.join(sorted(asked.wanted.roles))}; not for {', '.join(unasked) or 'no role'}"
            f" (an authority of a node has the role {' or '.join(ROLES)})",
            code="request-role",
            pointer="/roles",
        )
    if party == settings.registrar:
        raise RefusedError(
            f"{party} is the registrar: one whose keys enrol parties has no other role",
            code="authority-is-registrar",
        )
