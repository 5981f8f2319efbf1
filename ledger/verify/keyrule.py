"""Who may sign what, and when: from the trust list, over enrolments, to the key behind a signature.

Authorities and their keys are named by the trust list.  Parties are named by Enrolments, which authorities with
the role `registrar` sign.  Either way a key is *granted* to a holder, for roles, for a jurisdiction and between
two dates: a `Grant`.  A statement has an author when a grant fits it and the key rule
holds.  The node applies the same rule when it registers a statement as the verifier does years later; only the
times differ.

Source: docs/spec/key-rule.md.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.core.statement import Statement, verify_statement
from ledger.core.suites import PublicKey
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import SignatureError, VerificationError
from ledger.statements.enrolment import Enrolment
from ledger.statements.party import Party
from ledger.statements.revocation import KeyRevocation

CLOCK_DRIFT = 300
"""Seconds by which two honest clocks may differ."""
LISTED_ROLES = frozenset(("registrar", "authority", "accreditor"))
"""What the trust list can make somebody; the other words it may give a role mean nothing here."""
LISTED_ONLY = frozenset(("authority",))
"""What no Enrolment makes anybody, whatever roles it gives: a registrar would make authorities of whom it likes."""
LATE_PROOF = 86_400
"""Seconds after a key's end within which something it signed in time may still be proven."""


class Times(NamedTuple):
    """What is known of when a statement existed, in POSIX seconds.

    Attributes:
        proven: By witnesses, attesters or seals: a time at which it existed, whoever runs its log.
        operator: By a block of a chain that only its operator vouches for.  Counts for rules 1 and 2, never 3.
    """

    proven: int | None = None
    operator: int | None = None

    @property
    def known(self) -> int | None:
        """The time that rules 1 and 2 use."""
        return self.proven if self.proven is not None else self.operator


class Grant(NamedTuple):
    """One key as an authority vouches for it.

    Attributes:
        holder: DID of the party or authority that holds the key.
        key_id: Fragment that names the key, with its `#`.
        begins: First second at which the key may sign.
        ends: First second at which it no longer may.
        granted_by: DID of the registrar; None where the trust list itself names the key.
        revoked_at: When the trust list revokes the key; party keys are revoked by statements instead.
        identifiers: (scheme, id) of the holder in registers of companies, as its Enrolment has them.
    """

    holder: str
    key_id: str
    key: PublicKey
    begins: int
    ends: int
    roles: frozenset[str]
    jurisdiction: str
    granted_by: str | None
    revoked_at: int | None = None
    identifiers: tuple[tuple[str, str], ...] = ()

    def identifies(self, party: Party) -> bool:
        """Whether the holder was enrolled with the identifier by which a statement names it."""
        return party.scheme == "DID" or (party.scheme, party.id) in self.identifiers


class Revocation(NamedTuple):
    """A KeyRevocation that counts: the key, who revoked it, and the second from which it is distrusted."""

    party: str
    key_id: str
    by: str
    effective: int


def authority_grants(trust: TrustList, did: str) -> tuple[Grant, ...]:
    """The keys that the trust list gives to the authority `did`, each with those of its roles that have a meaning.

    None when it names no such authority.
    """
    authority = trust.authority(did)
    if authority is None:
        return ()
    return tuple(
        Grant(
            holder=did,
            key_id=key.id,
            key=key.key,
            begins=key.valid_from,
            ends=key.valid_until,
            roles=authority.roles & LISTED_ROLES,
            jurisdiction=authority.jurisdiction,
            granted_by=None,
            revoked_at=key.revoked_at,
        )
        for key in authority.keys.values()
    )


def enrolment_grants(registrar: str, enrolment: Enrolment) -> tuple[Grant, ...]:
    """The keys that an Enrolment signed by `registrar` gives to its party.  The caller has checked who signed it."""
    return tuple(
        Grant(
            holder=enrolment.party,
            key_id=key.id,
            key=key.key,
            begins=key.valid_from,
            ends=key.valid_until,
            roles=enrolment.roles - LISTED_ONLY,
            jurisdiction=enrolment.jurisdiction,
            granted_by=registrar,
            identifiers=enrolment.identifiers,
        )
        for key in enrolment.keys
    )


def author_of(
    statement: Statement,
    *,
    roles: tuple[str, ...],
    grants: Iterable[Grant],
    revocations: Sequence[Revocation] = (),
    times: Times,
    now: int,
) -> Grant:
    """The grant under which `statement` was validly signed.

    Args:
        statement: Well-formed; its signature is checked here.
        roles: Of which its type asks for one; none where any role of the holder will do.
        grants: Candidates; those of other holders or keys are passed over.
        revocations: Revocations that count, of any key.
        times: What is known of when the statement existed.
        now: The verifier's clock.

    Raises:
        SignatureError: No grant names the key (`key-unknown`), or the signature does not verify.
        VerificationError: The key rule or the role refuses it: `role-missing`, `key-dates`, `created-in-future`,
            `key-expired`, `key-revoked`, `created-after-proof`.
    """
    refusal: VerificationError | None = None
    for grant in grants:
        if grant.holder != statement.issuer or grant.key_id != statement.key_id:
            continue
        try:
            _require_role(grant, roles, statement)
            check_key_dates(grant, statement.created, times=times, now=now)
            check_not_revoked(grant, revocations, times=times)
            verify_statement(statement, grant.key)
        except VerificationError as error:
            refusal = error
        else:
            return grant
    if refusal is not None:
        raise refusal
    raise SignatureError(
        f"no authority that is trusted here vouches for key {statement.verification_method}",
        code="key-unknown",
    )


def enrolment_author(
    statement: Statement,
    enrolment: Enrolment,
    *,
    trust: TrustList,
    log_jurisdiction: str,
    times: Times,
    now: int,
) -> Grant:
    """The registrar's grant under which an Enrolment counts.

    Raises:
        SignatureError, VerificationError: As `author_of`; `enrolment-jurisdiction` where the Enrolment, its
            authority and the log it stands in are not of one jurisdiction.
    """
    grant = author_of(
        statement,
        roles=("registrar",),
        grants=authority_grants(trust, statement.issuer),
        times=times,
        now=now,
    )
    if not enrolment.jurisdiction == grant.jurisdiction == log_jurisdiction:
        raise VerificationError(
            f"enrolment of {enrolment.party} for {enrolment.jurisdiction}, by an authority of {grant.jurisdiction},"
            f" stands in a log of {log_jurisdiction}; all three must be one jurisdiction",
            code="enrolment-jurisdiction",
        )
    return grant


def revocation_author(
    statement: Statement,
    revocation: KeyRevocation,
    *,
    trust: TrustList,
    grants: Sequence[Grant],
    revocations: Sequence[Revocation] = (),
    times: Times,
    now: int,
) -> Revocation:
    """The effect of a KeyRevocation, after its author is accepted.

    Only the registrar that enrolled the key may name an earlier time; the party's own takes effect no earlier than
    it is proven to exist, and without a proven time, now.

    Args:
        grants: Of the party.  Those of the trust list neither revoke nor are revoked by a statement.
        revocations: Those by registrars; a party's revocations do not silence one another, so that the outcome is
            the narrowest and needs no order.

    Raises:
        SignatureError, VerificationError: As `author_of`; `revocation-of-unknown-key`, `revocation-by-stranger`.
    """
    named = f"{revocation.party}{revocation.key}"
    enrolled = [grant for grant in grants if grant.granted_by is not None]
    revoked = [
        grant for grant in enrolled if (grant.holder, grant.key_id) == (revocation.party, revocation.key)
    ]
    if not revoked:
        raise VerificationError(
            f"revocation of {named}, which no enrolment names", code="revocation-of-unknown-key"
        )
    if statement.issuer == revocation.party:
        author_of(statement, roles=(), grants=enrolled, revocations=revocations, times=times, now=now)
        effective = now if times.proven is None else max(revocation.at, times.proven)
    elif any(grant.granted_by == statement.issuer for grant in revoked):
        registrar = authority_grants(trust, statement.issuer)
        author_of(statement, roles=("registrar",), grants=registrar, times=times, now=now)
        effective = revocation.at
    else:
        raise VerificationError(
            f"revocation of {named} is signed by {statement.issuer}, which is neither the party nor its registrar",
            code="revocation-by-stranger",
        )
    return Revocation(revocation.party, revocation.key, statement.issuer, effective)


def require_identity(grant: Grant, party: Party) -> None:
    """Check that a party is enrolled under the register number that a statement gives.

    Raises:
        VerificationError: `party-not-enrolled-so`.
    """
    if not grant.identifies(party):
        raise VerificationError(
            f"{grant.holder} is not enrolled with the {party.scheme} {party.id} that the statement gives",
            code="party-not-enrolled-so",
        )


def check_key_dates(grant: Grant, created: int, *, times: Times, now: int) -> None:
    """Rules 1 and 2 of the key rule, for a signature that claims to have been made at `created`.

    Raises:
        VerificationError: `key-dates`, `created-in-future`, `created-after-proof`, `key-expired`.
    """
    if not grant.begins <= created < grant.ends:
        raise VerificationError(
            f"signed at {format_time(created)} with {grant.holder}{grant.key_id},"
            f" a key for {format_time(grant.begins)} to {format_time(grant.ends)}",
            code="key-dates",
        )
    if created > now + CLOCK_DRIFT:
        raise VerificationError(
            f"signed at {format_time(created)} with {grant.holder}{grant.key_id},"
            f" which is in the future at {format_time(now)}",
            code="created-in-future",
        )
    known = times.known
    if known is None:
        if now >= grant.ends:
            raise VerificationError(
                f"{grant.holder}{grant.key_id} ended at {format_time(grant.ends)}"
                " and nothing proves that the signature is older",
                code="key-expired",
            )
        return
    if created > known + CLOCK_DRIFT:
        raise VerificationError(
            f"signed at {format_time(created)} with {grant.holder}{grant.key_id},"
            f" yet it existed by {format_time(known)}",
            code="created-after-proof",
        )
    if known >= grant.ends + LATE_PROOF:
        raise VerificationError(
            f"{grant.holder}{grant.key_id} ended at {format_time(grant.ends)};"
            f" the first proof of the signature is of {format_time(known)}",
            code="key-expired",
        )


def revoked_from(grant: Grant, revocations: Sequence[Revocation]) -> int | None:
    """The earliest second from which its party, its registrar or the trust list revokes a key; None if none does."""
    if not revocations or grant.granted_by is None:
        return grant.revoked_at
    moments = [
        found.effective
        for found in revocations
        if (found.party, found.key_id) == (grant.holder, grant.key_id)
        and found.by in (grant.holder, grant.granted_by)
    ]
    if grant.revoked_at is not None:
        moments.append(grant.revoked_at)
    return min(moments, default=None)


def check_not_revoked(grant: Grant, revocations: Sequence[Revocation], *, times: Times) -> None:
    """Rule 3: what a revoked key signed counts only if it is proven, by others than the operator, to be older.

    Raises:
        VerificationError: `key-revoked`.
    """
    revoked = revoked_from(grant, revocations)
    if revoked is None:
        return
    if times.proven is None or times.proven >= revoked:
        known = (
            "nothing proves"
            if times.proven is None
            else f"the proof of {format_time(times.proven)} does not show"
        )
        raise VerificationError(
            f"{grant.holder}{grant.key_id} is revoked from {format_time(revoked)}"
            f" and {known} that the signature is older",
            code="key-revoked",
        )


def _require_role(grant: Grant, roles: tuple[str, ...], statement: Statement) -> None:
    if roles and grant.roles.isdisjoint(roles):
        held = ", ".join(sorted(grant.roles)) or "no role that counts"
        raise VerificationError(
            f"{statement.type} is signed by the role {' or '.join(roles)}; {grant.holder} has {held}",
            code="role-missing",
        )
