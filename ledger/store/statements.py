"""Registered statements: by digest, by issuer and id, by type, by what they are about, by what they refer to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.store.database import Database
from ledger.store.rows import Version

_COLUMNS = "s.leaf_index, e.digest, s.issuer, s.type, s.created, s.body"
_FROM = f"SELECT {_COLUMNS} FROM statement s JOIN entry e ON e.leaf_index = s.leaf_index"  # noqa: S608
PAGE = 256


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A registered statement: its place in the log and its canonical signed bytes."""

    index: int
    digest: bytes
    issuer: str
    type: str
    created: int
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredEdge:
    """That a registered statement refers to another, which may stand in another log.

    Attributes:
        index: Of the statement that refers.
        source: Its digest.
        relation: As in `ledger.statements.edges`.
        target: Digest of the statement referred to.
    """

    index: int
    source: bytes
    relation: str
    target: bytes


@dataclass(frozen=True, slots=True)
class Issued:
    """A registered statement by its place, digest, and the id that its issuer gave it."""

    index: int
    digest: bytes
    id: str


class Statements:
    """The statements of the log in `database`; reads only.  Safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index_of(self, digest: bytes) -> int | None:
        """Index of the entry `digest`; None where it is not registered."""
        found = self._database.rows("SELECT leaf_index FROM entry WHERE digest = ?", (digest,))
        return int(found[0][0]) if found else None

    def by_digest(self, digest: bytes) -> StoredStatement | None:
        """The statement whose canonical bytes have this SHA-256."""
        return self._one(f"{_FROM} WHERE e.digest = ?", (digest,))

    def by_index(self, index: int) -> StoredStatement | None:
        """The statement at a place in the log."""
        return self._one(f"{_FROM} WHERE s.leaf_index = ?", (index,))

    def by_name(self, issuer: str, statement_id: str) -> StoredStatement | None:
        """The statement that `issuer` gave this id."""
        return self._one(f"{_FROM} WHERE s.issuer = ? AND s.statement_id = ?", (issuer, statement_id))

    def of_id(self, statement_id: str, *, limit: int = PAGE) -> list[StoredStatement]:
        """The statements that issuers gave this id, whoever they are; `limit` of them.

        Cost: a look-up for each issuer of the log.
        """
        return self._many(
            "WITH RECURSIVE who (issuer) AS (SELECT min(issuer) FROM statement UNION ALL"  # noqa: S608 - constants
            " SELECT (SELECT min(issuer) FROM statement WHERE issuer > who.issuer) FROM who"
            f" WHERE who.issuer IS NOT NULL) {_FROM} JOIN who ON s.issuer = who.issuer"
            " WHERE s.statement_id = ? LIMIT ?",
            (statement_id, limit),
        )

    def of_type(
        self,
        kind: str,
        *,
        first: int = 0,
        since: int | None = None,
        reference: str | None = None,
        limit: int = PAGE,
    ) -> list[StoredStatement]:
        """Statements of one type in the order of the log.

        Args:
            kind: The type's name.
            first: Smallest index; the last index of a page plus one continues the list.
            since: Smallest claimed time of signing, POSIX seconds.
            reference: Only those with this document reference.
            limit: Size of the page.
        """
        where, values = ["s.type = ?", "s.leaf_index >= ?"], [kind, first]
        if since is not None:
            where.append("s.created >= ?")
            values.append(since)
        if reference is not None:
            where.append("s.reference = ?")
            values.append(reference)
        return self._many(
            f"{_FROM} WHERE {' AND '.join(where)} ORDER BY s.leaf_index LIMIT ?", (*values, limit)
        )

    def acknowledgements_of(
        self, record: bytes, *, issuer: str | None = None, first: int = 0, limit: int = PAGE
    ) -> list[StoredStatement]:
        """The TransferAcknowledgements of the record with this digest, first logged first.

        Args:
            record: Digest of the TransferRecord.
            issuer: Only theirs.  Anybody enrolled as an importer may have signed one about any record.
            first: Smallest index; the last index of a page plus one continues the list.
            limit: Size of the page.
        """
        where = ["s.record = ?", "s.leaf_index >= ?"]
        values: list[object] = [record, first]
        if issuer is not None:
            where.append("s.issuer = ?")
            values.append(issuer)
        return self._many(
            f"{_FROM} WHERE {' AND '.join(where)} ORDER BY s.leaf_index LIMIT ?", (*values, limit)
        )

    def parties_between(self, first: int, size: int) -> list[str]:
        """The parties that enrolments and revocations among the entries from `first` to `size`, excluded, are about."""
        query = "SELECT DISTINCT party FROM statement WHERE leaf_index >= ? AND leaf_index < ? AND party IS NOT NULL"
        return [row[0] for row in self._database.rows(query, (first, size))]

    def about_party(self, party: str) -> list[StoredStatement]:
        """Enrolments and KeyRevocations of a party, first logged first."""
        return self._many(f"{_FROM} WHERE s.party = ? ORDER BY s.leaf_index", (party,))

    def edges_from(self, digest: bytes) -> list[StoredEdge]:
        """What a registered statement refers to, in the order of relation and digest."""
        return self._edges("e.digest = ? ORDER BY g.relation, g.target", (digest,))

    def edges_to(
        self, digest: bytes, *, relation: str | None = None, first: int = 0, limit: int = PAGE
    ) -> list[StoredEdge]:
        """Which registered statements refer to a digest, in the order of the log; it may itself not be here.

        Args:
            digest: Of the statement referred to.
            relation: Only these edges.
            first: Smallest index; the last index of a page plus one continues the list.
            limit: Size of the page.
        """
        named = "" if relation is None else " AND g.relation = ?"
        values = (digest, first, limit) if relation is None else (digest, first, relation, limit)
        return self._edges(
            f"g.target = ? AND g.leaf_index >= ?{named} ORDER BY g.leaf_index, g.relation LIMIT ?", values
        )

    def referring(
        self,
        digest: bytes,
        relation: str,
        *,
        kind: str | None = None,
        issuer: str | None = None,
        first: int = 0,
        limit: int = PAGE,
    ) -> list[StoredStatement]:
        """Statements that refer to a digest by one relation, in the order of the log.

        So are found the changes of a status (`statement`, of type StatusChange), the recognitions of a certificate
        (`certificate`, Recognition), the endorsements of an arrangement (`statement`, Endorsement), and what
        supersedes a statement.

        Args:
            digest: Of the statement referred to; it may itself not be here.
            kind: Only of this type.
            issuer: Only theirs.
        """
        where, values = ["g.target = ?", "g.relation = ?", "g.leaf_index >= ?"], [digest, relation, first]
        for column, value in (("type", kind), ("issuer", issuer)):
            if value is not None:
                # As an expression, so that no planner goes through all statements of the type or the issuer.
                where.append(f"s.{column} || '' = ?")
                values.append(value)
        return self._many(
            f"{_FROM} JOIN edge g ON g.leaf_index = s.leaf_index WHERE {' AND '.join(where)}"
            " ORDER BY g.leaf_index LIMIT ?",
            (*values, limit),
        )

    def attestations(
        self,
        kind: str,
        *,
        number: str | None = None,
        issuer: str | None = None,
        holder: str | None = None,
        first: int = 0,
        limit: int = PAGE,
    ) -> list[StoredStatement]:
        """Certificates, accreditations or recognitions, in the order of the log.

        Args:
            kind: The type's name.
            number: As its issuer numbers it.
            issuer: DID of the body, accreditor or authority.
            holder: DID of whom it attests something; the body, of an Accreditation.
            first: Smallest index; the last index of a page plus one continues the list.
            limit: Size of the page.
        """
        where, values = ["a.type = ?", "a.leaf_index >= ?"], [kind, first]
        for column, value in (("number", number), ("issuer", issuer), ("holder", holder)):
            if value is not None:
                where.append(f"a.{column} = ?")
                values.append(value)
        return self._many(
            f"{_FROM} JOIN attestation a ON a.leaf_index = s.leaf_index WHERE {' AND '.join(where)}"
            " ORDER BY s.leaf_index LIMIT ?",
            (*values, limit),
        )

    def status_list(
        self, issuer: str, list_id: str, *, at: int | None = None, size: int | None = None
    ) -> StoredStatement | None:
        """An edition of a status list, whole: the newest, or the newest of those that cover a moment.

        One that was signed after the moment does not cover it, whatever dates it names.

        Args:
            issuer: Whose list.
            list_id: Its name.
            at: POSIX seconds.
            size: Only among the first so many statements of the log.
        """
        where = ["l.issuer = ?", "l.list = ?"]
        values: list[object] = [issuer, list_id]
        if at is not None:
            where += ["l.valid_from <= ?", "l.valid_until > ?", "s.created <= ?"]
            values += [at, at, at]
        if size is not None:
            where.append("l.leaf_index < ?")
            values.append(size)
        return self._one(
            f"{_FROM} JOIN status_list l ON l.leaf_index = s.leaf_index WHERE {' AND '.join(where)}"
            " ORDER BY l.valid_from DESC, l.leaf_index DESC LIMIT 1",
            tuple(values),
        )

    def status_lists(self, *, limit: int = PAGE) -> list[tuple[str, str]]:
        """Issuers and names of the status lists of which an edition is registered, by name; `limit` of them."""
        query = "SELECT DISTINCT list, issuer FROM status_list ORDER BY list, issuer LIMIT ?"
        return [(row[1], row[0]) for row in self._database.rows(query, (limit,))]

    def at_place(self, issuer: str, list_id: str, number: int) -> StoredStatement | None:
        """The attestation whose status is published at this place of an issuer's list."""
        return self._one(
            f"{_FROM} JOIN status_index i ON i.leaf_index = s.leaf_index"
            " WHERE i.issuer = ? AND i.list = ? AND i.number = ?",
            (issuer, list_id, number),
        )

    def at_version(self, version: Version) -> StoredStatement | None:
        """The statement that is this version of a measure or of a dataset's registration."""
        return self._one(
            f"{_FROM} JOIN version v ON v.leaf_index = s.leaf_index WHERE v.name = ? AND v.version = ?",
            version,
        )

    def status_list_after(self, issuer: str, list_id: str, moment: int) -> StoredStatement | None:
        """The first edition of a status list that ends after a moment, POSIX seconds."""
        return self._one(
            f"{_FROM} JOIN status_list l ON l.leaf_index = s.leaf_index WHERE l.issuer = ? AND l.list = ?"
            " AND l.valid_until > ? ORDER BY l.valid_from, l.leaf_index LIMIT 1",
            (issuer, list_id, moment),
        )

    def count(self, kind: str) -> int:
        """How many statements of a type are registered."""
        return int(self._database.rows("SELECT count(*) FROM statement WHERE type = ?", (kind,))[0][0])

    def of_issuer(self, issuer: str, *, after: str = "", limit: int = PAGE) -> list[Issued]:
        """An issuer's statements by their ids.

        Args:
            issuer: DID.
            after: Id of the last one of the page before.
            limit: Size of the page.
        """
        rows = self._database.rows(
            "SELECT s.leaf_index, e.digest, s.statement_id FROM statement s"
            " JOIN entry e ON e.leaf_index = s.leaf_index"
            " WHERE s.issuer = ? AND s.statement_id > ? ORDER BY s.statement_id LIMIT ?",
            (issuer, after, limit),
        )
        return [Issued(*row) for row in rows]

    def every(self, first: int = 0) -> Iterator[StoredStatement]:
        """All statements in the order of the log, read in pages."""
        while True:
            page = self._many(f"{_FROM} WHERE s.leaf_index >= ? ORDER BY s.leaf_index LIMIT ?", (first, PAGE))
            if not page:
                return
            yield from page
            first = page[-1].index + 1

    def _edges(self, where: str, values: tuple[object, ...]) -> list[StoredEdge]:
        rows = self._database.rows(
            "SELECT g.leaf_index, e.digest, g.relation, g.target FROM edge g"  # noqa: S608
            f" JOIN entry e ON e.leaf_index = g.leaf_index WHERE {where}",
            values,
        )
        return [StoredEdge(*row) for row in rows]

    def _one(self, query: str, values: tuple[object, ...]) -> StoredStatement | None:
        found = self._many(query, values)
        return found[0] if found else None

    def _many(self, query: str, values: Sequence[object]) -> list[StoredStatement]:
        return [StoredStatement(*row) for row in self._database.rows(query, tuple(values))]
