"""Taking a bundle from a partner: it is verified by one's own trust list before anything of it is kept.

Source: docs/spec/exchange.md.
"""

from typing import Final

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.trust import TrustList
from ledger.errors import RefusedError, RemoteError, VerificationError
from ledger.services.trust.partners import Partner
from ledger.store.partners import Kept
from ledger.store.rows import row_of
from ledger.verify.bundle import Bundle, Item, Section, parse_bundle
from ledger.verify.verifier import verify_bundle

REQUIRED: Final = (1, 3, 4, 5)
"""Steps that must pass: the statement is authentic, and in its log.  The others are kept as they are."""
ANCHOR: Final = (6, 7)


def require_believed(partner: Partner, trust: TrustList) -> None:
    """Check that a trust list names a log of the partner: else nothing that it gives could be verified.

    Raises:
        RefusedError: `partner-not-trusted`.
    """
    if not partner.believed_logs(trust):
        raise RefusedError(
            f"the trust list of {trust.publisher.id}, version {trust.version}, names no log of {partner.name};"
            " evidence trust make --home composes one that does, evidence trust add --home pins it",
            code="partner-not-trusted",
        )


def accept(
    data: bytes,
    partner: Partner,
    trust: TrustList,
    *,
    now: int,
    digest: bytes | None = None,
    place: tuple[str, int] | None = None,
) -> Kept:
    """The bundle, as it is kept, after all that must hold of it was found to hold.

    Args:
        data: As the partner gave it.
        now: POSIX seconds.
        digest: Of the statement that was asked for; None takes a bundle about any.
        place: The log and the index where the partner said that it stands.

    Raises:
        MalformedError: It is no bundle.
        RemoteError: `remote-answer-invalid`: it is about another statement, or that stands elsewhere.
        VerificationError: `evidence-refused`: a step does not pass; `partner-log`: it is not of a log that the
            partner's entry names.
    """
    bundle = parse_bundle(data)
    section, item = _subject(bundle)
    if digest not in (None, bundle.subject) or place not in (None, (section.origin, item.index)):
        raise RemoteError(
            f"the bundle is about {bundle.subject.hex()} at {item.index} of {section.origin}, which is another"
            " statement or place than the partner named",
            code="remote-answer-invalid",
        )
    if section.origin not in partner.entry.listed.logs:
        raise VerificationError(
            f"the bundle is about a statement in {section.origin}, which is no log of {partner.name}",
            code="partner-log",
        )
    report = verify_bundle(data, trust, now=now)
    for number in REQUIRED:
        check = report.step(number)
        if check.outcome != "passed":
            raise VerificationError(
                f"step {number}, {check.name}, {check.outcome} for {bundle.subject.hex()}: {check.detail}"
                f" ({check.code})",
                code="evidence-refused",
            )
    row = row_of(item.statement)
    attested = row.attestation
    return Kept(
        subject=bundle.subject,
        origin=section.origin,
        partner=partner.name,
        index=item.index,
        size=parse_checkpoint(section.checkpoint).checkpoint.size,
        anchored=all(report.step(number).outcome == "passed" for number in ANCHOR),
        type=row.type,
        issuer=row.issuer,
        number=None if attested is None else attested.number,
        holder=row.party if attested is None else attested.holder,
        stored_at=now,
        bundle=data,
        refers=tuple(digest for _, digest in row.edges),
    )


def _subject(bundle: Bundle) -> tuple[Section, Item]:
    return next((section, item) for section, item in bundle.items if item.role == "subject")
