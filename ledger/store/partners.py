"""What partners' nodes gave: verified bundles, and how far each was asked.

A mirror and no history: rows are replaced by newer ones, and whatever is here can be fetched again.  So it has a file
of its own beside the log's, which never waits for it; several processes may write it, one short transaction at a time.

    cursor      log → up to where it was looked through
    progress    partner → how the last time went that it was asked
    pending     statements of a partner to be asked for again, why, and when
    bundle      the newest bundle about a statement out of a log, compressed
    refers      statement → those it refers to
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ledger.errors import RefusedError
from ledger.store.sidefile import SideFile

VERSION: Final = 1
PAGE: Final = 256
MOST_READ: Final = 256 * 1024 * 1024  # bytes of bundles in one answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS progress (
    partner TEXT PRIMARY KEY, tried_at INTEGER NOT NULL, synced_at INTEGER, code TEXT, detail TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (
    origin TEXT PRIMARY KEY, partner TEXT NOT NULL, leaf_index INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
    partner TEXT NOT NULL, digest BLOB NOT NULL, leaf_index INTEGER NOT NULL, code TEXT NOT NULL,
    detail TEXT NOT NULL, tries INTEGER NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (partner, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bundle (
    subject BLOB NOT NULL, origin TEXT NOT NULL, partner TEXT NOT NULL, leaf_index INTEGER NOT NULL,
    size INTEGER NOT NULL, anchored INTEGER NOT NULL, type TEXT NOT NULL, issuer TEXT NOT NULL,
    number TEXT, holder TEXT, stored_at INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (subject, origin)
);
CREATE TABLE IF NOT EXISTS refers (
    target BLOB NOT NULL, subject BLOB NOT NULL, PRIMARY KEY (target, subject)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bundle_number ON bundle (number) WHERE number IS NOT NULL;
CREATE INDEX IF NOT EXISTS bundle_holder ON bundle (holder) WHERE holder IS NOT NULL;
CREATE INDEX IF NOT EXISTS bundle_type ON bundle (type, issuer);
CREATE INDEX IF NOT EXISTS bundle_partner ON bundle (partner, leaf_index);
"""
_COLUMNS = (
    "subject, origin, partner, leaf_index, size, anchored, type, issuer, number, holder, stored_at, body"
)
_NEWEST = f"SELECT {_COLUMNS} FROM bundle WHERE {{}} ORDER BY anchored DESC, size DESC, origin"  # noqa: S608
_REFERRING = (
    f"SELECT {_COLUMNS} FROM bundle WHERE type = ?1 AND subject IN (SELECT subject FROM refers WHERE target = ?2)"  # noqa: S608
    " AND (?3 IS NULL OR issuer = ?3) ORDER BY anchored DESC, size DESC, origin LIMIT ?4"
)
_NAMED = f"SELECT {_COLUMNS} FROM bundle WHERE {{}} ORDER BY origin, leaf_index LIMIT ?"  # noqa: S608
_LATEST = f"SELECT {_COLUMNS} FROM bundle WHERE {{}} ORDER BY leaf_index DESC, origin LIMIT ?"  # noqa: S608
# A bundle gives way to one of a larger tree, and one without an anchor to one with it; never the other way round.
_PUT = (
    f"INSERT INTO bundle ({_COLUMNS}) VALUES ({', '.join('?' * 12)}) ON CONFLICT (subject, origin) DO UPDATE SET"  # noqa: S608
    + ", ".join(f" {name} = excluded.{name}" for name in _COLUMNS.split(", ")[2:])
    + " WHERE (excluded.anchored, excluded.size) >= (bundle.anchored, bundle.size)"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A verified bundle about a statement in a partner's log.

    Attributes:
        subject: Digest of the statement.
        origin: The log.
        partner: Who gave it.
        index: Of the statement in that log.
        size: Of the tree that shows it there.
        anchored: Whether its anchor and that block's finality held.
        type: Of the statement; `issuer`, `number` (of a certificate or accreditation) and `holder` (of an attestation;
            of an enrolment or a revocation the party) likewise.
        stored_at: POSIX seconds.
        bundle: Canonical bytes.
        refers: Digests of the statements that it refers to; kept to find it by, and not read back.
    """

    subject: bytes
    origin: str
    partner: str
    index: int
    size: int
    anchored: bool
    type: str
    issuer: str
    number: str | None
    holder: str | None
    stored_at: int
    bundle: bytes = field(repr=False)
    refers: tuple[bytes, ...] = field(default=(), repr=False, compare=False)

    @property
    def jurisdiction(self) -> str:
        """Of the log."""
        return self.origin.split("/")[1]


@dataclass(frozen=True, slots=True)
class Pending:
    """A statement of a partner that is to be asked for again: not anchored yet, or refused.

    Attributes:
        tries: How often it was asked for; `due_at` is when to ask again, POSIX seconds.
    """

    digest: bytes
    index: int
    code: str
    detail: str
    tries: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How it went to ask a partner; times in POSIX seconds.

    Attributes:
        tried_at: When it was asked last.
        synced_at: When that last went well to the end.
        code: Why it did not the last time, and `detail` the same for people; None where it did.
    """

    tried_at: int | None = None
    synced_at: int | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much of a partner is kept."""

    bundles: int
    bytes: int
    anchored: int
    pending: int


class Mirror:
    """The mirror in the file at `path`, which is made when something is first kept.  Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SideFile(path, _SCHEMA, VERSION, "mirror of partners")

    def bundle(self, subject: bytes) -> Kept | None:
        """The bundle about the statement with this digest: an anchored one before others, then of the largest tree."""
        found = self._kept(_NEWEST.format("subject = ?"), (subject,))
        return found[0] if found else None

    def bundles(self, subject: bytes) -> list[Kept]:
        """Every bundle about a statement, one for each log that it stands in."""
        return self._kept(_NEWEST.format("subject = ?"), (subject,))

    def certificates(
        self,
        *,
        number: str | None = None,
        body: str | None = None,
        holder: str | None = None,
        limit: int = PAGE,
    ) -> list[Kept]:
        """Certificates of partners' bodies: by number, body and holder, those that are given."""
        return self.of_type("ConformityCertificate", number=number, issuer=body, holder=holder, limit=limit)

    def of_type(
        self,
        kind: str,
        *,
        number: str | None = None,
        issuer: str | None = None,
        holder: str | None = None,
        limit: int = PAGE,
    ) -> list[Kept]:
        """Statements of one type, in the order of each partner's log."""
        where, values = ["type = ?"], [kind]
        for column, value in (("number", number), ("issuer", issuer), ("holder", holder)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        return self._kept(_NAMED.format(" AND ".join(where)), (*values, limit))

    def referring(self, to: bytes, kind: str, *, issuer: str | None = None, limit: int = PAGE) -> list[Kept]:
        """Bundles about statements of a type that refer to this one, whoever signed them unless `issuer` says."""
        return self._kept(_REFERRING, (kind, to, issuer, limit))

    def latest(self, kind: str, *, issuer: str | None = None, limit: int = PAGE) -> list[Kept]:
        """The newest of one type, and of one issuer where it is named: the last of each log first."""
        where = "type = ?" if issuer is None else "type = ? AND issuer = ?"
        values = (kind,) if issuer is None else (kind, issuer)
        return self._kept(_LATEST.format(where), (*values, limit))

    def jurisdiction_of(self, subject: bytes) -> str | None:
        """In whose log a statement stands; None where no partner gave it."""
        with self._file.reading() as connection:
            row = (
                connection
                and connection.execute(
                    "SELECT origin FROM bundle WHERE subject = ? LIMIT 1", (subject,)
                ).fetchone()
            )
        return str(row[0]).split("/")[1] if row else None

    def put(
        self,
        partner: str,
        kept: Sequence[Kept],
        *,
        pending: Sequence[Pending] = (),
        settled: Sequence[bytes] = (),
        cursor: tuple[str, int] | None = None,
    ) -> None:
        """Keep what a partner gave, in one transaction with how far it was asked.

        Args:
            pending: Statements to be asked for again.
            settled: Digests of those that need not be any more.
            cursor: A log, and the index of the last statement of it that was looked at; it never goes back.
        """
        rows = [
            (
                one.subject,
                one.origin,
                one.partner,
                one.index,
                one.size,
                int(one.anchored),
                one.type,
                one.issuer,
                one.number,
                one.holder,
                one.stored_at,
                zlib.compress(one.bundle),
            )
            for one in kept
        ]
        with self._file.writing() as connection:
            connection.executemany(_PUT, rows)
            connection.executemany(
                "INSERT OR IGNORE INTO refers VALUES (?, ?)",
                [(target, one.subject) for one in kept for target in one.refers],
            )
            connection.executemany(
                "DELETE FROM pending WHERE partner = ? AND digest = ?", [(partner, one) for one in settled]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (partner, one.digest, one.index, one.code, one.detail, one.tries, one.due_at)
                    for one in pending
                ],
            )
            if cursor is not None:
                connection.execute(
                    "INSERT INTO cursor VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET leaf_index = max(leaf_index, excluded.leaf_index)",
                    (cursor[0], partner, cursor[1]),
                )

    def ended(self, partner: str, *, at: int, code: str | None = None, detail: str | None = None) -> None:
        """Note that asking a partner came to its end at `at`: well, or with the error `code`."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO progress (partner, tried_at, synced_at, code, detail) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT DO UPDATE SET tried_at = ?2, synced_at = coalesce(?3, synced_at), code = ?4, detail = ?5",
                (partner, at, at if code is None else None, code, detail),
            )

    def cursor(self, origin: str) -> int:
        """Index of the last statement of a log that was looked at; -1 before the first."""
        with self._file.reading() as connection:
            row = (
                connection
                and connection.execute("SELECT leaf_index FROM cursor WHERE origin = ?", (origin,)).fetchone()
            )
        return int(row[0]) if row else -1

    def progress(self, partner: str) -> Progress:
        """How the last time went that a partner was asked."""
        with self._file.reading() as connection:
            row = (
                connection
                and connection.execute(
                    "SELECT tried_at, synced_at, code, detail FROM progress WHERE partner = ?",
                    (partner,),
                ).fetchone()
            )
        return Progress(*row) if row else Progress()

    def pending(self, partner: str, *, now: int | None = None, limit: int = PAGE) -> list[Pending]:
        """What is to be asked for again, by when it is due; only what is due at `now` where that is given."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT digest, leaf_index, code, detail, tries, due_at FROM pending"
                " WHERE partner = ? AND due_at <= ? ORDER BY due_at, leaf_index LIMIT ?",
                (partner, 2**62 if now is None else now, limit),
            ).fetchall()
        return [Pending(*row) for row in rows]

    def holdings(self, partner: str) -> Holdings:
        """How much of a partner is kept.  Cost: linear in it."""
        with self._file.reading() as connection:
            if connection is None:
                return Holdings(0, 0, 0, 0)
            count, size, anchored = connection.execute(
                "SELECT count(*), coalesce(sum(length(body)), 0), coalesce(sum(anchored), 0) FROM bundle"
                " WHERE partner = ?",
                (partner,),
            ).fetchone()
            (waiting,) = connection.execute(
                "SELECT count(*) FROM pending WHERE partner = ?", (partner,)
            ).fetchone()
        return Holdings(count, size, anchored, waiting)

    def forget(self, partner: str) -> None:
        """Drop all that a partner gave."""
        if not self.path.exists():
            return
        with self._file.writing() as connection:
            for table in ("bundle", "pending", "progress", "cursor"):
                connection.execute(f"DELETE FROM {table} WHERE partner = ?", (partner,))  # noqa: S608
            connection.execute("DELETE FROM refers WHERE subject NOT IN (SELECT subject FROM bundle)")

    def _kept(self, query: str, values: tuple[object, ...]) -> list[Kept]:
        found: list[Kept] = []
        size = 0  # a partner may fill a page with bundles that no memory holds
        with self._file.reading() as connection:
            for row in () if connection is None else connection.execute(query, values):
                found.append(_read(*row))
                size += len(found[-1].bundle)
                if size > MOST_READ:
                    told = f"the bundles of partners that are asked for have more than {MOST_READ} bytes"
                    raise RefusedError(told, code="evidence-too-much")
        return found


def _read(*row: Any) -> Kept:
    values = list(row)
    values[5], values[-1] = bool(values[5]), zlib.decompress(values[-1])
    return Kept(*values)
