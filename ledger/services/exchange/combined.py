"""One bundle of what a node's own log and its partners' bundles hold of a matter: both sides, from either side's node.

What partners gave is not trusted for being here: whoever takes the bundle verifies it.

Source: docs/spec/exchange.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ledger.core.statement import Statement
from ledger.errors import NotFoundError, RefusedError
from ledger.services.bundles.closure import Tells
from ledger.services.bundles.export import Shelf, bundle_of
from ledger.services.bundles.joining import join
from ledger.services.recognition.answer import CERTIFICATE, Evidence, evidence_on
from ledger.statements.transfer import TransferRecord, read
from ledger.store.partners import Mirror
from ledger.verify.bundle import parse_bundle

_ACKNOWLEDGEMENT: Final = "TransferAcknowledgement"
_TRANSFER: Final = "TransferRecord"


def combined(
    digest: bytes,
    shelf: Shelf,
    mirror: Mirror,
    *,
    allow_unanchored: bool = False,
    at: int | None = None,
    also: Sequence[bytes] = (),
    tells: Tells | None = None,
) -> bytes:
    """The bundle about a statement of the own log or a partner's, with what the other side says of it.

    Args:
        digest: Of the statement.
        shelf: The node's log.
        mirror: What partners gave.
        allow_unanchored: Take what is not anchored yet too.
        at: The moment that is asked about, POSIX seconds.
        also: Further statements of the own log to carry.
        tells: As of `closure`.

    Raises:
        NotFoundError: The node does not hold the statement.
        RefusedError: `not-anchored-yet`; `evidence-apart`: a partner gave something newer that weighs against it, and
            the proof that ties both together is still to be pulled.
    """
    kept = mirror.bundle(digest)
    stored = shelf.statements.by_digest(digest)
    if stored is None and kept is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here, nor held of a partner")
    kind = stored.type if stored is not None else str(kept and kept.type)
    if kind == CERTIFICATE:
        evidence = evidence_on(digest, shelf, mirror, at=at, also=also, allow_unanchored=allow_unanchored)
        _require_whole(evidence)
        found = evidence.bundle
    elif stored is not None:
        found = bundle_of(digest, shelf, allow_unanchored=allow_unanchored, at=at, also=also, tells=tells)
        if kind == _TRANSFER:
            given = mirror.referring(digest, _ACKNOWLEDGEMENT, issuer=_receiver(found), limit=1)
            found = join(found, *(one.bundle for one in given))
    else:
        assert kept is not None
        found = kept.bundle
        if kind == _TRANSFER:
            said = shelf.statements.acknowledgements_of(digest, issuer=_receiver(found), limit=1)
            found = join(
                found,
                *(bundle_of(one.digest, shelf, allow_unanchored=allow_unanchored) for one in said),
            )
    if not allow_unanchored and not all(section.anchors for section in parse_bundle(found).sections):
        raise RefusedError(
            f"a part of the evidence about {digest.hex()} waits for its anchor", code="not-anchored-yet"
        )
    return found


def _receiver(transfer: bytes) -> str:
    """DID of the importer whom a transfer names.  Others may acknowledge it too, which proves nothing and fails it."""
    record: TransferRecord = read(parse_bundle(transfer).subject_item.statement, screened=False)
    return record.importer.did


def _require_whole(evidence: Evidence) -> None:
    """Check that nothing is left apart that may weigh against the certificate.

    Raises:
        RefusedError: `evidence-apart`.
    """
    carried: set[bytes] = set()
    newest: dict[tuple[str, str], int] = {}
    for section, item in parse_bundle(evidence.bundle).items:
        carried.add(item.statement.digest)
        if item.statement.type == "StatusList":
            key = (section.origin, _list_of(item.statement))
            newest[key] = max(item.index, newest.get(key, -1))
    for apart in evidence.beside:
        parsed = parse_bundle(apart)
        section, item = next(one for one in parsed.items if one[1].role == "subject")
        statement = item.statement
        if statement.type == "StatusList":
            known = newest.get((section.origin, _list_of(statement)))
            weighs = known is not None and item.index > known
        else:
            weighs = any(_against(statement))
        if weighs and statement.digest not in carried:
            raise RefusedError(
                f"the {statement.type} {statement.digest.hex()} of a partner is held apart from the rest of the"
                " evidence, until the rest is pulled anew",
                code="evidence-apart",
            )


def _list_of(statement: Statement) -> str:
    return f"{statement.issuer} {statement.subject.get('id')}"


def _against(statement: Statement) -> Iterator[bool]:
    """Whether a statement can end what others began."""
    subject: Any = statement.subject
    yield statement.type == "KeyRevocation"
    yield statement.type == "StatusChange" and subject["change"] != "reinstate"
    yield statement.type == "Endorsement" and subject["role"] == "denunciation"
    yield statement.type in (CERTIFICATE, "Recognition") and "supersedes" in subject
