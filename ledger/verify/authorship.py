"""Step 3: each statement is signed by a key and role that the key rule accepts.

Source: docs/spec/key-rule.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, SignatureError, VerificationError
from ledger.statements.acknowledgement import TransferAcknowledgement
from ledger.statements.catalogue import TYPES
from ledger.statements.enrolment import Enrolment
from ledger.statements.party import Party
from ledger.statements.revocation import KeyRevocation
from ledger.statements.transfer import TransferRecord
from ledger.verify.bundle import Item
from ledger.verify.keyrule import (
    LISTED_ROLES,
    Grant,
    Revocation,
    Times,
    author_of,
    authority_grants,
    enrolment_author,
    enrolment_grants,
    require_identity,
    revocation_author,
    revoked_from,
)
from ledger.verify.report import Check
from ledger.verify.sections import Examined

_ACTING = {
    "TransferRecord": "exporter",
    "ConformityCertificate": "body",
    "Accreditation": "accreditor",
    "PolicyMeasure": "authority",
}
"""The member under which a statement names its own issuer, with a number and a jurisdiction."""
_UNKNOWN = frozenset(("key-unknown", "revocation-of-unknown-key"))

Subjects = Mapping[bytes, object]
"""The subject of each statement, as its type reads it, by digest."""


@dataclass(slots=True)
class Authorship:
    """Who signed what.

    Attributes:
        grants: For each digest, the grant under which it was signed; those that failed are not in it.
        unjudged: Parties enrolled in a log that the trust list does not name: their keys are not known to be wrong.
        passed_over: What of the bundles beside was not validly signed, and why.
    """

    checks: list[Check] = field(default_factory=list)
    grants: dict[bytes, Grant] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    unjudged: set[str] = field(default_factory=set)
    passed_over: list[str] = field(default_factory=list)


class _Placed(NamedTuple):
    """An item with its section; `is_beside`: of a bundle beside the one that is verified."""

    item: Item
    place: int
    at: Examined
    is_beside: bool = False

    @property
    def statement(self) -> Statement:
        return self.item.statement

    @property
    def pointer(self) -> str:
        return f"/sections/{self.at.number}/items/{self.place}"


def check_authorship(
    examined: Sequence[Examined],
    subjects: Subjects,
    trust: TrustList,
    now: int,
    *,
    beside: Sequence[Examined] = (),
) -> Authorship:
    """Walk from the trust list over the enrolments to every signature.

    Args:
        examined: The bundle's sections.
        subjects: Of all statements, those beside too.
        trust: Whom the verifier believes.
        now: POSIX seconds.
        beside: Sections of other bundles in hand.  Their enrolments and revocations count like the bundle's own; what
            is wrong with them fails nothing.
    """
    found = Authorship()
    placed = [_Placed(item, place, at) for at in examined for place, item in enumerate(at.section.items)]
    own = len(placed)
    placed += [_Placed(item, place, at, True) for at in beside for place, item in enumerate(at.section.items)]
    enrolled = _enrolments(
        [one for one in placed if one.statement.type == "Enrolment"], subjects, trust, now, found
    )
    revoked = [one for one in placed if one.statement.type == "KeyRevocation"]
    revocations = _revocations(revoked, subjects, trust, enrolled, now, found)
    for one in placed:
        if one.statement.type not in ("Enrolment", "KeyRevocation"):
            _signed(one, subjects, trust, enrolled, revocations, now, found)
    _print_revoked(revocations, found)
    if not found.checks:
        found.checks.append(_conclude(placed[:own], examined, found))
    return found


def _print_revoked(revocations: Sequence[Revocation], found: Authorship) -> None:
    """What a key signed before it was revoked counts; that it was revoked is printed."""
    told: dict[str, None] = {}
    for grant in found.grants.values():
        revoked = revoked_from(grant, revocations)
        if revoked is not None:
            named = f"{grant.holder}{grant.key_id}"
            told[
                f"{named} is revoked from {format_time(revoked)}; what counts of it is proven to be older"
            ] = None
    found.notices += told


def _enrolments(
    placed: Sequence[_Placed], subjects: Subjects, trust: TrustList, now: int, found: Authorship
) -> list[Grant]:
    """The grants of all enrolments that count; one that does not fails the step."""
    grants: list[Grant] = []
    for one in placed:
        enrolment = subjects[one.statement.digest]
        assert isinstance(enrolment, Enrolment)
        if one.at.log is None:
            found.unjudged.add(enrolment.party)
            continue
        try:
            registrar = enrolment_author(
                one.statement,
                enrolment,
                trust=trust,
                log_jurisdiction=one.at.log.jurisdiction,
                times=one.at.times,
                now=now,
            )
        except LedgerError as error:
            _fail(one, error, found)
            continue
        found.grants[one.statement.digest] = registrar
        grants += enrolment_grants(one.statement.issuer, enrolment)
    return grants


def _revocations(
    placed: Sequence[_Placed],
    subjects: Subjects,
    trust: TrustList,
    grants: Sequence[Grant],
    now: int,
    found: Authorship,
) -> list[Revocation]:
    """Those by registrars first, since they may silence a party's; a party's never silence one another."""
    by_registrar: list[Revocation] = []
    by_party: list[Revocation] = []
    for own in (False, True):
        for one in placed:
            revocation = subjects[one.statement.digest]
            assert isinstance(revocation, KeyRevocation)
            if (one.statement.issuer == revocation.party) != own:
                continue
            try:
                effect = revocation_author(
                    one.statement,
                    revocation,
                    trust=trust,
                    grants=grants,
                    revocations=by_registrar,
                    times=one.at.times,
                    now=now,
                )
            except LedgerError as error:
                _fail(one, error, found, revocation.party)
                continue
            (by_party if own else by_registrar).append(effect)
            if not own and revocation.at < one.statement.created:
                found.notices.append(
                    f"{effect.by} revoked {effect.party}{effect.key_id} with effect from an earlier time"
                )
    return by_registrar + by_party


def _signed(
    one: _Placed,
    subjects: Subjects,
    trust: TrustList,
    grants: Sequence[Grant],
    revocations: Sequence[Revocation],
    now: int,
    found: Authorship,
) -> None:
    """A statement of a party or an authority: its signature, and the jurisdiction in which it acts."""
    if one.at.log is None:
        return
    subject = subjects[one.statement.digest]
    receiver = _receiver(subject, subjects)
    if receiver is not None:
        # A party may be enrolled several times; the enrolment that fits what the record says of it goes first.
        own = [grant for grant in grants if grant.holder == one.statement.issuer]
        grants = sorted(
            own,
            key=lambda grant: grant.jurisdiction != receiver.jurisdiction or not grant.identifies(receiver),
        )
    try:
        found.grants[one.statement.digest] = party_author(
            one.statement,
            subject,
            log_jurisdiction=one.at.log.jurisdiction,
            grants=(*grants, *authority_grants(trust, one.statement.issuer)),
            revocations=revocations,
            times=one.at.times,
            now=now,
        )
    except LedgerError as error:
        _fail(one, error, found)


def party_author(
    statement: Statement,
    subject: object,
    *,
    log_jurisdiction: str,
    grants: Sequence[Grant],
    revocations: Sequence[Revocation],
    times: Times,
    now: int,
) -> Grant:
    """The grant under which a party or an authority signed; not for statements about parties' keys.

    It is of the jurisdiction of the log that the statement stands in, and has the number that the statement gives.
    Of an acknowledgement neither is asked here: the record that it answers says where its issuer acts (step 9).

    Args:
        subject: As the statement's type reads it.
        grants: Candidates, by enrolments and by the trust list.

    Raises:
        SignatureError, VerificationError: As `author_of` and `require_identity`; `log-jurisdiction`, a SignatureError
            where the key is another jurisdiction's.
    """
    roles, may_be_listed = _roles_of(statement.type)
    if not may_be_listed:
        grants = [grant for grant in grants if grant.granted_by is not None]
    if statement.type == "TransferAcknowledgement":
        return author_of(statement, roles=roles, grants=grants, revocations=revocations, times=times, now=now)
    acting = acting_party(statement.type, subject)
    if acting is not None and acting.jurisdiction != log_jurisdiction:
        raise VerificationError(
            f"{statement.issuer} acts for {acting.jurisdiction};"
            f" the statement stands in a log of {log_jurisdiction}",
            code="log-jurisdiction",
        )
    here = [grant for grant in grants if grant.jurisdiction == log_jurisdiction]
    if acting is not None and len(here) > 1:
        here.sort(key=lambda grant: not grant.identifies(acting))
    try:
        grant = author_of(statement, roles=roles, grants=here, revocations=revocations, times=times, now=now)
    except SignatureError as error:
        if error.code == "key-unknown" and may_be_listed:
            _forbid_elsewhere(statement, log_jurisdiction, grants)
        raise
    if acting is not None:
        require_identity(grant, acting)
    return grant


@lru_cache(len(TYPES))
def _roles_of(kind: str) -> tuple[tuple[str, ...], bool]:
    """The roles of which the signer of a type must have one, and whether the trust list gives one of them."""
    roles = TYPES[kind].roles
    return roles, not LISTED_ROLES.isdisjoint(roles)


def _forbid_elsewhere(statement: Statement, log_jurisdiction: str, grants: Sequence[Grant]) -> None:
    """Name the jurisdiction of a key that counts in another one's logs only."""
    for grant in grants:
        if (grant.holder, grant.key_id) == (statement.issuer, statement.key_id):
            raise SignatureError(
                f"{statement.verification_method} is a key of {grant.jurisdiction};"
                f" the statement stands in a log of {log_jurisdiction}",
                code="log-jurisdiction",
            )


def _receiver(subject: object, subjects: Subjects) -> Party | None:
    """The importer as the record acknowledged names it, where that record is at hand."""
    if not isinstance(subject, TransferAcknowledgement):
        return None
    record = subjects.get(subject.record)
    return record.importer if isinstance(record, TransferRecord) else None


def acting_party(kind: str, subject: object) -> Party | None:
    """The issuer as a statement of the type `kind` itself names it; None where it does not."""
    member = _ACTING.get(kind)
    if member is None:
        return None
    party: Party = getattr(subject, member)
    return party


def _fail(one: _Placed, error: LedgerError, found: Authorship, holder: str | None = None) -> None:
    detail = f"{one.item.role} {one.statement.digest.hex()}: {error}"
    if one.is_beside:
        found.passed_over.append(f"beside: {detail} ({error.code})")
        return
    of_party = one.statement.type != "Enrolment"  # no enrolment makes a registrar; the trust list alone does
    is_elsewhere = isinstance(error, SignatureError) and error.code == "log-jurisdiction"
    is_unknown = is_elsewhere or error.code in _UNKNOWN
    if of_party and is_unknown and not found.unjudged.isdisjoint((one.statement.issuer, holder)):
        told = f"{detail}; an enrolment of the party stands in a log that the trust list does not name"
        found.checks.append(Check(3, "absent", "premise-failed", told, pointer=one.pointer))
        return
    found.checks.append(Check(3, "failed", error.code, detail, pointer=one.pointer))


def _conclude(placed: Sequence[_Placed], examined: Sequence[Examined], found: Authorship) -> Check:
    """Nothing failed: passed, unless a premise did."""
    if any(not at.stands for at in examined):
        return Check(
            3,
            "absent",
            "premise-failed",
            "signatures hold as far as checked, but a statement is not shown to be in its log",
        )
    subject = next(one for one in placed if one.item.role == "subject").statement
    grant = found.grants.get(subject.digest)
    if grant is None or grant.granted_by == grant.holder:
        by = ""
    else:
        by = f", enrolled by {grant.granted_by}" if grant.granted_by else ", an authority of the trust list"
    return Check(3, "passed", "signed", f"{subject.issuer}{by}; {len(placed)} signatures in all")
