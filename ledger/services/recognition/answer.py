"""What a node says of a certificate: by its own log and its partners' bundles, under the trust list it believes.

The evidence is put together as a bundle, with what does not fit in it beside, and verified like anybody's: whoever
has the same evidence and the same list gets the same answer offline.

Source: docs/spec/recognition.md, docs/spec/verification.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError, NotFoundError, RefusedError
from ledger.services.bundles.export import Shelf, bundle_of
from ledger.services.bundles.joining import MOST_SECTIONS, join
from ledger.statements.edges import edges
from ledger.statements.premises.evidence import existed
from ledger.statements.recognition import Purpose, purpose_of
from ledger.statements.transfer import TransferRecord
from ledger.statements.transfer import read as read_record
from ledger.store.partners import PAGE, Kept, Mirror
from ledger.verify.bundle import SECTION_LIMIT, parse_bundle
from ledger.verify.evidence import authenticated
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle

CERTIFICATE: Final = "ConformityCertificate"
RECOGNITION: Final = 10
LOOKED_AT: Final = 512
"""Statements whose answers are looked for."""
BUNDLES: Final = 128
"""Partners' bundles that are taken into account."""
BYTES: Final = 64 * 1024 * 1024
"""Bytes of these, together."""
EDITIONS: Final = 8
"""Newest editions of a partner's issuer's status lists."""

_ANSWERS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    CERTIFICATE: (("certificate", "Recognition"),),
    "RecognitionArrangement": (("statement", "Endorsement"),),
}
"""By the type of a statement, the relation and the type of those by others that answer it."""
_SAID_LATER: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    CERTIFICATE: (("statement", "StatusChange"), ("supersedes", CERTIFICATE)),
    "Accreditation": (("statement", "StatusChange"), ("supersedes", "Accreditation")),
    "Recognition": (("statement", "StatusChange"), ("supersedes", "Recognition")),
    "Endorsement": (("supersedes", "Endorsement"),),
}
"""Likewise of those by its own issuer: what strangers say of its status counts for nothing, and takes no room."""
_NAMED: Final[Mapping[str, str]] = {
    "certificate": CERTIFICATE,
    "accreditation": "Accreditation",
    "parent": "Accreditation",
    "arrangement": "RecognitionArrangement",
    "onward": "Recognition",
}
"""By relation, the type of what a statement rests on."""


class Evidence(NamedTuple):
    """A bundle about a certificate, and bundles of the same logs that cannot be joined to it."""

    bundle: bytes
    beside: tuple[bytes, ...]


def recognition_of(
    certificate: bytes,
    *,
    into: str | None,
    at: int | None = None,
    transfer: bytes | None = None,
    shelf: Shelf,
    mirror: Mirror,
    trust: TrustList,
    now: int,
) -> Report:
    """Judge a certificate by all that a node holds; step 10 is required beside those of the trust list.

    Args:
        certificate: Digest.
        into: Where it is to be used; None: where it is known to be recognised, else at home.
        at: When it mattered, POSIX seconds; None: when the transfer was made, else when it was good first.
        transfer: Digest of the record that it is to be used for.
        shelf: The node's log.
        mirror: What partners gave.
        trust: The list that the node believes.
        now: POSIX seconds.

    Raises:
        NotFoundError: The node does not hold the certificate, or the transfer.
        MalformedError: `statement-type`: one of them is something else.
        RefusedError: `transfer-of-another-certificate`.

    Cost: a verification of what there is, one look-up a statement in it.
    """
    moment, purpose = at, None
    if transfer is not None:
        used, purpose = use_of(transfer, shelf, mirror, trust, now=now, certificate=certificate)
        moment = used if at is None else at
    found = evidence_on(certificate, shelf, mirror, at=moment)
    return verify_bundle(
        found.bundle,
        trust,
        at=moment,
        now=now,
        require=(RECOGNITION,),
        into=into,
        purpose=purpose,
        beside=found.beside,
    )


def use_of(
    transfer: bytes,
    shelf: Shelf,
    mirror: Mirror,
    trust: TrustList,
    *,
    now: int,
    certificate: bytes | None = None,
) -> tuple[int, Purpose]:
    """From when on a transfer that the node holds counts, and what it uses a certificate for.

    A signer can date a transfer back, not the log that it stands in: what was logged much later counts from then.

    Args:
        certificate: The one that is asked about; None: whichever.

    Raises:
        NotFoundError, MalformedError, RefusedError: As `recognition_of`.
    """
    statement = _statement(transfer, shelf, mirror)
    record: TransferRecord = read_record(statement, screened=False)
    if certificate is not None and record.certificate not in (None, certificate):
        raise RefusedError(
            f"the transfer {transfer.hex()} rests on the certificate {record.certificate.hex()},"
            f" not on {certificate.hex()}",
            code="transfer-of-another-certificate",
        )
    # Two clocks differ, and a signer may claim any time: none counts from a moment that is still to come.
    return min(_existed(statement, shelf, mirror, trust, now), now), purpose_of(record)


def _existed(statement: Statement, shelf: Shelf, mirror: Mirror, trust: TrustList, now: int) -> int:
    """By the own log's first checkpoint over it, or by what a partner's bundle shows."""
    stored = shelf.statements.by_digest(statement.digest)
    if stored is not None:
        checkpoint = shelf.checkpoints.earliest_covering(stored.index)
        return existed(statement.created, None if checkpoint is None else checkpoint.signed_at)
    kept = mirror.bundle(statement.digest)
    held = None if kept is None else authenticated(kept.bundle, trust, now=now).held(statement.digest)
    return statement.created if held is None else held.existed


def evidence_on(
    certificate: bytes,
    shelf: Shelf,
    mirror: Mirror,
    *,
    at: int | None = None,
    also: Sequence[bytes] = (),
    allow_unanchored: bool = True,
) -> Evidence:
    """All that a node holds on a certificate: what both logs say of it and of all that it rests on.

    Args:
        at: The moment that is asked about, POSIX seconds.
        also: Further statements of the own log to carry.
        allow_unanchored: Take what is not anchored yet in the own log too.

    Raises:
        NotFoundError: The node does not hold the certificate.
        MalformedError: `statement-type`: it is something else.
        RefusedError: `not-anchored-yet`; `evidence-too-much`: there is more than is taken into account, and what is
            left out may weigh against it.
    """
    subject = _statement(certificate, shelf, mirror)
    if subject.type != CERTIFICATE:
        raise MalformedError(
            f"{certificate.hex()} is a {subject.type}; a {CERTIFICATE} is required", code="statement-type"
        )
    work = _Gathering(shelf, mirror)
    work.gather(subject)
    if work.is_cut:
        raise RefusedError(
            f"more refers to certificate {certificate.hex()}, and to what it rests on, than is taken into account:"
            f" {LOOKED_AT} statements, {BUNDLES} bundles of partners, {PAGE} of one kind about one of them",
            code="evidence-too-much",
        )
    parts = [kept.bundle for kept in work.parts.values()]
    own = [*work.own, *(one for one in also if one not in work.own)]
    if certificate in work.own:
        first = bundle_of(certificate, shelf, allow_unanchored=allow_unanchored, at=at, also=own)
    else:
        first, *parts = parts  # the partner's bundle about the certificate was found before any other
        if own:
            room = min(SECTION_LIMIT - len(parse_bundle(first).sections), MOST_SECTIONS)
            given = bundle_of(
                own[0], shelf, allow_unanchored=allow_unanchored, at=at, also=own[1:], sections=room
            )
            parts.insert(0, given)
    return _united(first, parts)


def _united(first: bytes, parts: list[bytes]) -> Evidence:
    """One bundle with a part of every log, and the other parts beside it."""
    made, beside = first, []
    origins = _origins(first)
    for part in parts:
        theirs = _origins(part)
        if origins.isdisjoint(theirs):
            try:
                made = join(made, part)
            except MalformedError:  # too much for one bundle, or tied to it by what stands beside only
                beside.append(part)
            else:
                origins |= theirs
        else:
            beside.append(part)
    return Evidence(made, tuple(beside))


def _origins(bundle: bytes) -> set[str]:
    return {section.origin for section in parse_bundle(bundle).sections}


def _statement(digest: bytes, shelf: Shelf, mirror: Mirror) -> Statement:
    stored = shelf.statements.by_digest(digest)
    if stored is not None:
        return parse_statement(stored.body)
    kept = mirror.bundle(digest)
    if kept is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here, nor held of a partner")
    return parse_bundle(kept.bundle).subject_item.statement


@dataclass(slots=True)
class _Gathering:
    """Goes from statement to statement, through the own log and the mirror.

    Attributes:
        own: Digests in the own log, in the order in which they were found.
        parts: Partners' bundles, by the statement and the log that they are about.
        is_cut: Whether there was more than is looked at.
    """

    shelf: Shelf
    mirror: Mirror
    own: dict[bytes, None] = field(default_factory=dict)
    parts: dict[tuple[bytes, str], Kept] = field(default_factory=dict)
    is_cut: bool = False
    _size: int = 0
    _seen: set[bytes] = field(default_factory=set)
    _followed: set[bytes] = field(default_factory=set)
    _waiting: list[tuple[bytes, str]] = field(default_factory=list)
    _issuers: set[str] = field(default_factory=set)

    def gather(self, subject: Statement) -> None:
        """Find what answers the subject, what it rests on, and so on; then the issuers' lists and revoked keys."""
        self._waiting.append((subject.digest, subject.type))
        looked = 0
        while looked < len(self._waiting) and len(self._seen) < LOOKED_AT:
            self._look(*self._waiting[looked])
            looked += 1
        self.is_cut = self.is_cut or any(digest not in self._seen for digest, _ in self._waiting[looked:])
        for issuer in sorted(self._issuers):
            for kept in (
                *self.mirror.latest("StatusList", issuer=issuer, limit=EDITIONS),
                *self.mirror.of_type("KeyRevocation", holder=issuer),
            ):
                self._keep(kept)

    def _look(self, digest: bytes, kind: str) -> None:
        if digest in self._seen:
            return
        self._seen.add(digest)
        stored = self.shelf.statements.by_digest(digest)
        if stored is not None:
            self.own[digest] = None
            self._follow(parse_statement(stored.body))
        else:
            for kept in self.mirror.bundles(digest):
                self._take(kept)
        for relation, answer in _ANSWERS.get(kind, ()):
            self._answered(digest, relation, answer)

    def _answered(self, digest: bytes, relation: str, kind: str, issuer: str | None = None) -> None:
        here = self.shelf.statements.referring(digest, relation, kind=kind, issuer=issuer, limit=PAGE)
        there = self.mirror.referring(digest, kind, issuer=issuer, limit=PAGE)
        self.is_cut = self.is_cut or PAGE in (len(here), len(there))
        self._waiting += [(answering.digest, answering.type) for answering in here]
        for kept in there:
            self._take(kept)

    def _take(self, kept: Kept) -> None:
        if self._keep(kept):
            for statement in _statements(kept):
                self._follow(statement)

    def _keep(self, kept: Kept) -> bool:
        key = (kept.subject, kept.origin)
        if key in self.parts or kept.subject in self.own:
            return False
        if len(self.parts) >= BUNDLES or self._size + len(kept.bundle) > BYTES:
            self.is_cut = True
            return False
        self._size += len(kept.bundle)
        self.parts[key] = kept
        return True

    def _follow(self, statement: Statement) -> None:
        if statement.digest in self._followed:
            return
        self._followed.add(statement.digest)
        self._issuers.add(statement.issuer)
        for relation, answer in _SAID_LATER.get(statement.type, ()):
            self._answered(statement.digest, relation, answer, statement.issuer)
        self._waiting.append((statement.digest, statement.type))
        self._waiting += [
            (digest, _NAMED[relation]) for relation, digest in edges(statement) if relation in _NAMED
        ]


def _statements(kept: Kept) -> Iterator[Statement]:
    try:
        items = parse_bundle(kept.bundle).items
    except LedgerError:  # the mirror was written by another version, or was damaged: its verification tells
        return
    yield from (item.statement for _, item in items)
