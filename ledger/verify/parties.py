"""Step 9: the receiver acknowledged this very record and content, and custody has neither gap, fork nor break.

Source: docs/spec/verification.md.
"""

from collections.abc import Sequence

from ledger.errors import VerificationError
from ledger.statements.acknowledgement import TransferAcknowledgement
from ledger.statements.transfer import TransferRecord
from ledger.verify.authorship import Authorship, Subjects
from ledger.verify.bundle import Bundle, Item
from ledger.verify.keyrule import require_identity
from ledger.verify.report import Check, Outcome
from ledger.verify.sections import Examined

CUSTODY = frozenset(("derivedFrom", "revises", "corrects"))
"""Relations by which a record goes on from an earlier record."""


def check_parties(
    bundle: Bundle, examined: Sequence[Examined], subjects: Subjects, authorship: Authorship
) -> Check:
    """The one check of step 9."""
    carried = [(at, item) for at in examined for item in at.section.items if item.role == "acknowledgement"]
    record = subjects[bundle.subject]
    if not isinstance(record, TransferRecord):
        if carried:
            told = f"an acknowledgement of a {bundle.subject_item.statement.type}"
            return _check("failed", "acknowledgement-stray", told)
        return _check("absent", "not-a-transfer", "not a transfer record")
    try:
        gap = _custody(bundle, subjects)
        if len(carried) > 1:
            told = f"{len(carried)} acknowledgements; exactly one is required"
            return _check("failed", "acknowledgement-twice", told)
        for at, item in carried:
            _receiver(record, bundle.subject, at, item, subjects, authorship)
    except VerificationError as error:
        return _check("failed", error.code, str(error))
    return _acknowledged(bundle.subject, carried, gap, examined, subjects, authorship)


def _acknowledged(
    subject: bytes,
    carried: Sequence[tuple[Examined, Item]],
    gap: str | None,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
) -> Check:
    """Nothing is wrong: is everything there?"""
    if not carried:
        return _check("absent", "not-acknowledged", "no acknowledgement carried")
    if gap is not None:
        return _check("absent", "custody-gap", gap)
    _, item = carried[0]
    for at in examined:
        for one in at.section.items:
            digest = one.statement.digest
            rests_on = one.role in ("acknowledgement", "parent") or digest == subject
            if rests_on and not (at.stands and digest in authorship.grants):
                told = f"the {one.role} {digest.hex()} itself is not shown to be signed and logged"
                return _check("absent", "premise-failed", told)
    given = subjects[item.statement.digest]
    assert isinstance(given, TransferAcknowledgement)
    how = "acknowledged" if given.outcome == "accepted" else "acknowledged with reservation"
    return _check("passed", given.outcome, f"{how} by {item.statement.issuer}")


def _check(outcome: Outcome, code: str, detail: str) -> Check:
    return Check(9, outcome, code, detail)


def _receiver(
    record: TransferRecord,
    subject: bytes,
    at: Examined,
    item: Item,
    subjects: Subjects,
    authorship: Authorship,
) -> None:
    """The acknowledgement is the named importer's, of this record, in a log of its own jurisdiction."""
    given = subjects[item.statement.digest]
    assert isinstance(given, TransferAcknowledgement)
    if given.record != subject:
        raise VerificationError(
            f"the acknowledgement is of {given.record.hex()}; the subject is {subject.hex()}",
            code="acknowledgement-of-another",
        )
    if item.statement.issuer != record.importer.did:
        raise VerificationError(
            f"acknowledged by {item.statement.issuer}; the record names {record.importer.did}",
            code="acknowledgement-by-another",
        )
    grant = authorship.grants.get(item.statement.digest)
    jurisdiction = record.importer.jurisdiction
    if grant is not None and grant.jurisdiction != jurisdiction:
        raise VerificationError(
            f"{grant.holder} is enrolled in {grant.jurisdiction}; the record names {jurisdiction}",
            code="importer-jurisdiction",
        )
    if grant is not None:
        require_identity(grant, record.importer)
    if at.log is not None and at.log.jurisdiction != jurisdiction:
        raise VerificationError(
            f"the acknowledgement stands in a log of {at.log.jurisdiction}; the importer acts for {jurisdiction}",
            code="acknowledgement-log",
        )
    _require_content(record, given, item)
    if given.outcome == "rejected":
        raise VerificationError(f"{item.statement.issuer} rejected the transfer", code="transfer-rejected")


def _require_content(record: TransferRecord, given: TransferAcknowledgement, item: Item) -> None:
    """What the importer says that it received, if it says so, is what the record commits to."""
    if given.received_payload is None:
        return
    sent = record.subject.get("payload", {}).get("commitment")
    if given.received_payload.hex() != sent:
        raise VerificationError(
            f"{item.statement.issuer} received {given.received_payload.hex()};"
            f" the record commits to {'no payload' if sent is None else sent}",
            code="content-disputed",
        )


def _custody(bundle: Bundle, subjects: Subjects) -> str | None:
    """Follow each carried record to those before it.

    Returns:
        What is missing of the line, in words; None where there is no gap.

    Raises:
        VerificationError: `custody-fork` where two carried records replace the same one, `custody-stray` where a
            carried record is not an earlier one of any other; `custody-break`, `onward-forbidden`.
    """
    carried = _records(bundle, subjects)
    replaced: dict[bytes, bytes] = {}
    named: set[bytes] = set()
    gap: str | None = None
    for digest, record in carried.items():
        if record.supersedes is not None and replaced.setdefault(record.supersedes, digest) != digest:
            raise VerificationError(f"two records replace {record.supersedes.hex()}", code="custody-fork")
        earlier = _earlier(record)
        named.update(earlier)
        if record.flow == "onward":
            if not earlier:
                gap = f"the onward transfer {digest.hex()} does not say which record it goes on from"
            for parent, rel in earlier.items():
                if parent in carried:
                    _require_onward(digest, record, parent, carried[parent], rel)
    missing = sorted(named - carried.keys())
    if missing:
        gap = f"the earlier record {missing[0].hex()} is not carried"
    stray = sorted(carried.keys() - named - {bundle.subject})
    if stray:
        raise VerificationError(
            f"the record {stray[0].hex()} is carried and no other one refers to it", code="custody-stray"
        )
    return gap


def _records(bundle: Bundle, subjects: Subjects) -> dict[bytes, TransferRecord]:
    """The subject and the earlier records carried, by digest."""
    found: dict[bytes, TransferRecord] = {}
    for _, item in bundle.items:
        record = subjects[item.statement.digest]
        if item.role in ("subject", "parent") and isinstance(record, TransferRecord):
            found[item.statement.digest] = record
    return found


def _earlier(record: TransferRecord) -> dict[bytes, str]:
    """The records that a record goes on from: digest -> relation."""
    found = {parent.digest: parent.rel for parent in record.parents if parent.rel in CUSTODY}
    if record.supersedes is not None:
        found.setdefault(record.supersedes, "supersedes")
    return found


def _require_onward(
    digest: bytes, record: TransferRecord, parent: bytes, earlier: TransferRecord, rel: str
) -> None:
    """An onward transfer is made by whom the earlier one went to, and only where that one does not forbid it."""
    if rel != "derivedFrom" and record.exporter.did == earlier.exporter.did:
        return  # another version of the same transfer, by the same exporter
    if record.exporter.did != earlier.importer.did:
        raise VerificationError(
            f"{record.exporter.did} sends on, in {digest.hex()}, what {parent.hex()} sent to {earlier.importer.did}",
            code="custody-break",
        )
    if earlier.onward_allowed is False:
        raise VerificationError(
            f"{digest.hex()} sends on what {parent.hex()} says must not be sent on", code="onward-forbidden"
        )
