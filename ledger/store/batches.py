"""Batches of statements: which of one are new, and writing those with all they are found by.

Raw and by the batch, since every registration passes here; a statement that refers to nothing and attests nothing
costs no more than its own row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import ConflictError
from ledger.store.database import Writing
from ledger.store.rows import NewStatement, Version
from ledger.store.tiles import FullTile

Place = tuple[str, str, int]
"""Issuer, name of a status list, and place in it."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a statement stands.  `first` is False where it stood there before."""

    index: int
    first: bool


def sort_out(
    writing: Writing, batch: Sequence[NewStatement], size: int
) -> tuple[list[Appended | ConflictError], list[NewStatement]]:
    """Each statement's answer, and those that are new, in order; the first of them becomes entry `size`."""
    known = _indexes(writing, [statement.digest for statement in batch])
    unknown = [statement for statement in batch if statement.digest not in known]
    taken = _names(writing, unknown)
    attesting = [statement for statement in unknown if statement.attestation is not None]
    places = _places(writing, [place for place in map(_place, attesting) if place is not None])
    versions = _versions(writing, [one.version for one in unknown if one.version is not None])
    outcomes: list[Appended | ConflictError] = []
    fresh: list[NewStatement] = []
    for statement in batch:
        place = None if statement.attestation is None else _place(statement)
        name = (statement.issuer, statement.statement_id)
        version = statement.version
        index = known.get(statement.digest)
        if index is not None:
            outcomes.append(Appended(index, first=False))
        elif name in taken:
            outcomes.append(
                ConflictError(
                    f"{statement.issuer} used the id {statement.statement_id} for entry {taken[name]};"
                    f" statement {statement.digest.hex()} is another",
                    code="statement-id-taken",
                )
            )
        elif place is not None and place in places:
            outcomes.append(
                ConflictError(
                    f"place {place[2]} of the status list {place[1]} of {place[0]} is that of entry {places[place]};"
                    f" statement {statement.digest.hex()} needs another",
                    code="status-index-reused",
                )
            )
        elif version is not None and version in versions:
            outcomes.append(
                ConflictError(
                    f"version {version.number} of {statement.reference} is entry {versions[version]}; statement"
                    f" {statement.digest.hex()} needs a further version",
                    code="version-taken",
                )
            )
        else:
            index = size + len(fresh)
            known[statement.digest] = taken[name] = index
            if version is not None:
                versions[version] = index
            if place is not None:
                places[place] = index
            outcomes.append(Appended(index, first=True))
            fresh.append(statement)
    return outcomes, fresh


def _indexes(writing: Writing, digests: Sequence[bytes]) -> dict[bytes, int]:
    if not digests:
        return {}
    rows = writing.leaf_indexes("entry", ("digest",), [(digest,) for digest in digests])
    return {digest: index for digest, index in rows}  # noqa: C416 - rows are of any length to the type checker


def _names(writing: Writing, statements: Sequence[NewStatement]) -> dict[tuple[str, str], int]:
    if not statements:
        return {}
    wanted = [(statement.issuer, statement.statement_id) for statement in statements]
    rows = writing.leaf_indexes("statement", ("issuer", "statement_id"), wanted)
    return {(issuer, statement_id): index for issuer, statement_id, index in rows}


def _place(statement: NewStatement) -> Place | None:
    status = statement.status
    return None if status is None else (statement.issuer, *status)


def _places(writing: Writing, wanted: Sequence[Place]) -> dict[Place, int]:
    """Of the places asked for, those that are taken, with the entries that have them."""
    if not wanted:
        return {}
    rows = writing.leaf_indexes("status_index", ("issuer", "list", "number"), wanted)
    return {(issuer, name, number): index for issuer, name, number, index in rows}


def _versions(writing: Writing, wanted: Sequence[Version]) -> dict[Version, int]:
    """Of the versions asked for, those that are taken, with the entries that are them.

    Asked in the transaction that appends them: of two that come at once, one finds the other.
    """
    if not wanted:
        return {}
    rows = writing.leaf_indexes("version", ("name", "version"), wanted)
    return {Version(name, number): index for name, number, index in rows}


def insert(writing: Writing, fresh: Sequence[NewStatement], size: int, full: Sequence[FullTile]) -> None:
    """Write new statements, the first of them as entry `size`, and the tiles that became full."""
    writing.insert_entries(size, [statement.digest for statement in fresh])
    writing.insert(
        "statement",
        ("leaf_index", "issuer", "statement_id", "type", "created", "party", "record", "reference", "body"),
        [
            (size + at, new.issuer, new.statement_id, new.type, new.created, new.party, new.record,
             new.reference, new.body)
            for at, new in enumerate(fresh)
        ],
    )  # fmt: skip
    versions = [(*new.version, size + at) for at, new in enumerate(fresh) if new.version is not None]
    if versions:
        writing.insert("version", ("name", "version", "leaf_index"), versions)
    edges = [(size + at, *edge) for at, new in enumerate(fresh) if new.edges for edge in new.edges]
    if edges:
        writing.insert("edge", ("leaf_index", "relation", "target"), edges)
    terms = [(size + at, new) for at, new in enumerate(fresh) if new.attestation or new.edition]
    if terms:
        _insert_terms(writing, terms)
    if full:
        writing.insert(
            "tile",
            ("level", "number", "hashes", "nodes"),
            [(tile.level, tile.number, tile.hashes, tile.nodes) for tile in full],
        )


def _insert_terms(writing: Writing, placed: Sequence[tuple[int, NewStatement]]) -> None:
    """What attestations and status lists are found by; few statements are either."""
    for index, new in placed:
        if new.attestation is not None:
            number, holder, begins, ends, status = new.attestation
            where = (None, None) if status is None else tuple(status)
            writing.execute(
                "INSERT INTO attestation (leaf_index, issuer, type, number, holder, list, list_index, valid_from,"
                " valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (index, new.issuer, new.type, number, holder, *where, begins, ends),
            )
        if (place := _place(new)) is not None:
            writing.execute(
                "INSERT INTO status_index (issuer, list, number, leaf_index) VALUES (?, ?, ?, ?)",
                (*place, index),
            )
        if new.edition is not None:
            name, begins, ends = new.edition
            writing.execute(
                "INSERT INTO status_list (leaf_index, issuer, list, valid_from, valid_until)"
                " VALUES (?, ?, ?, ?, ?)",
                (index, new.issuer, name, begins, ends),
            )
