"""Exporting evidence: all that is needed to verify one matter offline, in one file.

Source: docs/spec/bundle.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.statement import Statement, parse_statement, verify_statement
from ledger.errors import NotFoundError, RefusedError, SignatureError
from ledger.statements.catalogue import TYPES, read
from ledger.statements.enrolment import Enrolment
from ledger.statements.revocation import KeyRevocation
from ledger.statements.transfer import TransferRecord
from ledger.store.anchors import Anchors, Evidence
from ledger.store.checkpoints import Checkpoints
from ledger.store.log import Log
from ledger.store.statements import Statements
from ledger.verify.bundle import ITEM_LIMIT, SECTION_LIMIT, TYPE_OF_ROLE, encode_bundle
from ledger.verify.parties import CUSTODY

PARENT_LIMIT = ITEM_LIMIT // 2
"""Statements after which no earlier record is added; the report then names the gap."""
SECTIONS = SECTION_LIMIT - 4
"""Most sections of one log; the others are left for the acknowledgement's log, with which a bundle is joined."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The parts of a node that evidence is taken from.  `chain` is the CAIP-2 name of the chain it anchors on."""

    log: Log
    statements: Statements
    checkpoints: Checkpoints
    anchors: Anchors
    chain: str | None


def bundle_of(digest: bytes, shelf: Shelf, *, allow_unanchored: bool = False) -> bytes:
    """The evidence bundle about a registered statement, as far as this node holds it.

    Each statement stands in the section of the earliest anchored checkpoint that covers it.

    Args:
        digest: Of the statement.
        allow_unanchored: Export before the anchor too; such sections stand at the earliest signed checkpoint.

    Raises:
        NotFoundError: Nothing is registered under this digest.
        RefusedError: `not-anchored-yet`: the log has the statement and the chain does not hold it yet.
    """
    placed: dict[int, list[tuple[str, Statement, int]]] = {}
    for role, statement, index in _wanted(digest, shelf):
        size = _section_size(index, shelf, allow_unanchored=allow_unanchored)
        placed.setdefault(size, []).append((role, statement, index))
    while len(placed) > SECTIONS:
        # A later checkpoint covers them as well; the oldest lose some of their age, and the file stays readable.
        first, second = sorted(placed)[:2]
        placed[second] += placed.pop(first)
    sections: list[Mapping[str, Json]] = []
    before: int | None = None
    for size in sorted(placed):
        sections.append(_section(size, before, placed[size], shelf))
        before = size
    return encode_bundle(digest, sections)


def _wanted(digest: bytes, shelf: Shelf) -> list[tuple[str, Statement, int]]:
    """The subject and all it rests on that this log holds: role, statement and index, each digest once."""
    found: dict[bytes, tuple[str, Statement, int]] = {}

    def add(role: str, wanted: bytes) -> Statement | None:
        stored = shelf.statements.by_digest(wanted)
        if stored is None:
            return None
        statement = parse_statement(stored.body)
        if wanted not in found:
            found[wanted] = (role, statement, stored.index)
            _add_signer(statement, shelf, add)
        return statement

    subject = add("subject", digest)
    if subject is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here")
    waiting = [subject]
    while waiting:
        for earlier in _earlier(waiting.pop(), shelf):
            if earlier not in found and len(found) < PARENT_LIMIT:
                parent = add("parent", earlier)
                waiting += [] if parent is None else [parent]
    record = read(subject, screened=False)
    # One in a log of another country than the importer's counts for nothing, and would stand in the way of the other.
    if isinstance(record, TransferRecord) and record.importer.jurisdiction == shelf.log.jurisdiction:
        given = shelf.statements.acknowledgements_of(digest, issuer=record.importer.did, limit=1)
        if given:
            add("acknowledgement", given[0].digest)
    return list(found.values())


def _earlier(statement: Statement, shelf: Shelf) -> Iterator[bytes]:
    """The records in this log that a record goes on from; those that it merely cites prove nothing about it."""
    record = read(statement, screened=False)
    if not isinstance(record, TransferRecord):
        return
    named = {parent.digest for parent in record.parents if parent.rel in CUSTODY}
    if record.supersedes is not None:
        named.add(record.supersedes)
    for digest in sorted(named):
        stored = shelf.statements.by_digest(digest)
        if stored is not None and stored.type == TYPE_OF_ROLE["parent"]:
            yield digest


def _add_signer(statement: Statement, shelf: Shelf, add: Callable[[str, bytes], Statement | None]) -> None:
    """The first enrolment under which the signature counts, and every revocation of its key."""
    enrolled = False
    for stored in shelf.statements.about_party(statement.issuer):
        about = read(parse_statement(stored.body), screened=False)
        if isinstance(about, KeyRevocation) and about.key == statement.key_id:
            add("keyRevocation", stored.digest)
        elif isinstance(about, Enrolment) and not enrolled and _names_signer(about, statement):
            enrolled = True
            add("enrolment", stored.digest)


def _names_signer(enrolment: Enrolment, statement: Statement) -> bool:
    """Whether a statement was signed with a key of this enrolment, in a role that it grants."""
    key = enrolment.key(statement.key_id)
    if key is None or (
        enrolment.roles.isdisjoint(TYPES[statement.type].roles) and statement.type != "KeyRevocation"
    ):
        return False
    if not key.valid_from <= statement.created < key.valid_until:
        return False
    try:
        verify_statement(statement, key.key)
    except SignatureError:
        return False
    return True


def _section_size(index: int, shelf: Shelf, *, allow_unanchored: bool) -> int:
    """The checkpoint under which an entry is exported."""
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, index + 1)
    if held is not None:
        return held.row.size
    stored = shelf.checkpoints.earliest_covering(index)
    if stored is not None and allow_unanchored:
        return stored.size
    raise RefusedError(
        f"entry {index} is in the log and waits for its anchor on the chain", code="not-anchored-yet"
    )


def _section(
    size: int, before: int | None, placed: Sequence[tuple[str, Statement, int]], shelf: Shelf
) -> dict[str, Json]:
    stored = shelf.checkpoints.at(size)
    if stored is None:
        raise NotFoundError(f"no checkpoint of size {size} is stored")
    items: list[Json] = [
        {
            "role": role,
            "statement": statement.document,
            "index": index,
            "path": [one.hex() for one in shelf.log.inclusion_path(index, size)],
        }
        for role, statement, index in placed
    ]
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, size)
    anchors: list[Json] = [] if held is None or held.row.size != size else [_anchor(held.row)]
    section: dict[str, Json] = {
        "origin": shelf.log.origin,
        "checkpoint": stored.note.decode(),
        "items": items,
        "anchors": anchors,
        "foreign": [],
    }
    if before is not None:
        section["extends"] = [one.hex() for one in shelf.log.consistency_path(before, size)]
    return section


def _anchor(evidence: Evidence) -> dict[str, Json]:
    """Evidence as an anchor of a bundle."""

    def kept(data: bytes) -> Json:
        return decode(data, limit=BUNDLE_LIMIT, what="stored evidence")

    part: dict[str, Json] = {
        "chain": evidence.chain,
        "header": "0x" + evidence.header.hex(),
        "finality": kept(evidence.finality),
        "account": kept(evidence.account),
        "storage": kept(evidence.storage),
    }
    if evidence.receipt is not None:
        part["receipt"] = kept(evidence.receipt)
    if evidence.start is not None:
        part["start"] = kept(evidence.start)
    return part
