"""The append-only log: entries, head and tiles, moved forward together or not at all.

Entry = the 32-byte digest of a statement; leaf = SHA-256(0x00 ‖ entry); tree of RFC 6962.  One transaction
writes entries, statements, the tiles that became full, and the head by compare-and-swap: a crash leaves all
of it or nothing, so that no tile is ever missing for a durable head.  Paths are made from tiles and verified
before they are given out.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.core.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.core.tile_paths import WIDTH
from ledger.errors import ConflictError, NotFoundError, ProofError, SetupError, StoreError
from ledger.store.batches import Appended, insert, sort_out
from ledger.store.database import Database, Writing
from ledger.store.integrity import first_difference
from ledger.store.rows import NewStatement
from ledger.store.tiles import TILE_BYTES, Edge, TileCache, TreeReader, edge_of, nodes_of, tile_root

__all__ = ["Appended", "Log", "LogHead", "create_log"]


@dataclass(frozen=True, slots=True)
class LogHead:
    """Size and root of the log, durable but not necessarily signed yet."""

    size: int
    root: bytes


def create_log(database: Database, origin: str, *, lead: bool = True) -> None:
    """Write the head of the empty log `origin`, and become the process that moves it."""
    with database.write() as writing:
        writing.execute("INSERT INTO head (origin, size, root) VALUES (?, 0, ?)", (origin, EMPTY_ROOT))
    if lead:
        database.lead(origin)


Settle = Callable[[Writing, Sequence[Appended | ConflictError]], None]
"""Writes, in the transaction that appends, what became of each statement."""
FEW = 65_536
"""Entries that are taken in one by one when another process appended them; more are read as at the start."""


class Log:
    """The log in `database`.  One object a process may append; any number of threads may read.

    Where another process appends, `follow` takes in what is new.

    Opening verifies the right edge of the tree, stored tiles included, against the head: at most 65,536
    hashes a tile level, whatever the size.  `services.auditing.audit` verifies the rest.

    Raises:
        SetupError: The database holds no log, or the log of another origin (`log-origin`).
        StoreError: `store-corrupt`, naming the first entry that differs.

    Attributes:
        follows: Whether another process may append, so that what is not known yet is looked for.
        followed: Told of the entries that another process appended, once they are taken in: the first, and the size.
    """

    def __init__(self, database: Database, origin: str) -> None:
        self.database = database
        self.origin = origin
        self._lock = threading.Lock()
        self._tiles = TileCache(self._read_tile)
        self._outcome_unknown = False
        self.follows = False
        self.followed: Callable[[int, int], None] = lambda _first, _size: None
        self._edge, self._frontier, self._head = self._load()

    @property
    def jurisdiction(self) -> str:
        """The second part of the origin."""
        return self.origin.split("/")[1]

    @property
    def head(self) -> LogHead:
        """The durable head."""
        return self._head

    @property
    def edge(self) -> Edge:
        """The unfinished tiles at the durable head."""
        return self._edge

    def append(
        self, batch: Sequence[NewStatement], settle: Settle | None = None
    ) -> list[Appended | ConflictError]:
        """Append what is new of `batch`, in order, in one transaction; durable when this returns.

        A digest that is known already answers with its first index.  An (issuer, id) that names another
        digest is a `ConflictError` (`statement-id-taken`) in its place of the answer, a place in a status list
        that another statement has is one (`status-index-reused`), so is a version of a measure or of a dataset that
        the log has (`version-taken`), and the rest goes on.

        Raises:
            ConflictError: `head-moved`: another writer was first; `fenced`: another process has become the one
                that moves this log.  Nothing was written.
            StoreError: The disk or the database failed; nothing was acknowledged, the same batch may be
                tried again.  `log-rolled-back`, `log-rewritten`: what was durable is there no more.
        """
        with self._lock:
            if self._outcome_unknown:
                # The last commit may have taken effect although it reported an error.
                self._reload()
                self._outcome_unknown = False
            try:
                return self._append(batch, settle)
            except BaseException:
                self._outcome_unknown = True
                raise

    def _append(self, batch: Sequence[NewStatement], settle: Settle | None) -> list[Appended | ConflictError]:
        with self.database.write(leading=True) as writing:
            outcomes, fresh = sort_out(writing, batch, self._head.size)
            if settle is not None:
                settle(writing, outcomes)
            if not fresh:
                self._require_known(outcomes)
                return outcomes
            leaves = leaf_hashes([statement.digest for statement in fresh])
            edge, full = self._edge.extended(leaves)
            frontier = Frontier(self._frontier.size, self._frontier.hashes)
            # From the very bytes that are being stored, and by other code: a bit that flips in memory, or a
            # digest that is not of its body, would otherwise be signed and never be repairable.
            frontier.extend([leaf_hash(sha256(statement.body).digest()) for statement in fresh])
            head = LogHead(edge.size, frontier.root())
            if edge.peaks() != list(frontier.hashes):
                raise StoreError(
                    "two computations of the new root differ; nothing was written", code="store-corrupt"
                )
            insert(writing, fresh, self._head.size, full)
            self._move_head(writing, head)
        # A crash from here on leaves durable entries that no checkpoint covers yet: the sequencer signs them
        # at start.
        self._edge, self._frontier, self._head = edge, frontier, head
        return outcomes

    def _move_head(self, writing: Writing, head: LogHead) -> None:
        moved = writing.execute(
            "UPDATE head SET size = ?, root = ? WHERE origin = ? AND size = ? AND root = ?",
            (head.size, head.root, self.origin, self._head.size, self._head.root),
        ).rowcount
        if moved != 1:
            raise self._moved()

    def _require_known(self, outcomes: Sequence[Appended | ConflictError]) -> None:
        """Answer with no place that this process does not know of: a commit that was given up may end late."""
        if any(isinstance(found, Appended) and found.index >= self._head.size for found in outcomes):
            raise self._moved()

    def _moved(self) -> ConflictError:
        return ConflictError(
            f"log {self.origin} no longer has {self._head.size} entries; another writer was first",
            code="head-moved",
        )

    def _reload(self) -> None:
        """Read the head anew.  What was durable may have been signed: it must still be there, as it was.

        A server's place may be taken by a copy that lacks the last commits, and its sessions are made anew by
        themselves.
        """
        known = self._head
        edge, frontier, head = self._load()
        if head.size < known.size:
            raise StoreError(
                f"log {self.origin} has {head.size} entries, and had {known.size}: an older copy of the database was"
                " put back",
                code="log-rolled-back",
            )
        root = subtree_root(TreeReader(edge, self._tiles), 0, known.size)
        if root != known.root:
            raise StoreError(
                f"log {self.origin} has root {root.hex()} at size {known.size}, and had {known.root.hex()}: another"
                " database was put in the place of this one",
                code="log-rewritten",
            )
        self._edge, self._frontier, self._head = edge, frontier, head

    def follow(self) -> None:
        """Take in what another process appended since, and verify that it leads to the head.

        Cost: one query; for each new entry two hashes.

        Raises:
            StoreError: `log-rolled-back`: the log is shorter than it was; `log-rewritten`: it is another one.
                `store-corrupt`: what is stored does not lead to its root.
        """
        with self._lock:
            begun = self._head
            (size, root) = self.database.rows("SELECT size, root FROM head")[0]
            if (size, root) == (begun.size, begun.root):
                return
            if size < begun.size or size - begun.size > FEW:
                self._reload()
            else:
                self._take_in(LogHead(size, root))
        self.followed(begun.size, self._head.size)

    def _take_in(self, head: LogHead) -> None:
        leaves = leaf_hashes(self._entries(self._head.size, head.size))
        edge, _ = self._edge.extended(leaves)
        frontier = edge.frontier()
        if edge.size != head.size or frontier.root() != head.root:
            raise StoreError(
                f"log {self.origin} at size {head.size} does not follow from its {self._head.size} entries before:"
                f" root {head.root.hex()} is not that of what was added",
                code="store-corrupt",
            )
        self._edge, self._frontier, self._head = edge, frontier, head

    def _reach(self, size: int) -> None:
        """Look whether another process appended what is asked for."""
        if self.follows and size > self._edge.size:
            self.follow()

    # -- reading ---------------------------------------------------------------------------------------------

    def root_at(self, size: int) -> bytes:
        """Root hash of the first `size` entries, 0 <= size <= head."""
        return subtree_root(self._reader(size), 0, size)

    def inclusion_path(
        self, index: int, size: int, root: bytes | None = None, entry: bytes | None = None
    ) -> list[bytes]:
        """Path of entry `index` in the tree of `size` entries, verified here.

        Args:
            root: That of a signed checkpoint; by default the log's own.
            entry: The entry, where the caller holds it; by default the log's own, for one more read.

        Cost: one stored tile of level 0, and the one at the right edge of an older size; those of the levels above
        are mostly in memory.  Nothing is hashed but to verify.

        Raises:
            NotFoundError: No such entry or size.
            StoreError: `store-corrupt`: what is stored does not prove the entry.
        """
        reader = self._reader(size)
        if not 0 <= index < size:
            raise NotFoundError(f"log {self.origin} at size {size} has no entry {index}")
        path = inclusion_path(reader, index, size)
        try:
            leaf = leaf_hash(self.entry(index) if entry is None else entry)
            verify_inclusion(leaf, index, size, path, root or subtree_root(reader, 0, size))
        except ProofError as error:
            raise StoreError(
                f"entry {index} of log {self.origin} does not lead to the root at size {size}",
                code="store-corrupt",
            ) from error
        return path

    def consistency_path(self, size1: int, size2: int) -> list[bytes]:
        """Proof that the tree of `size2` extends that of `size1`, 0 < size1 <= size2; verified here.

        Cost: a stored tile of level 0 at the right edge of each size, and those of the levels above.

        Raises:
            NotFoundError, StoreError: As `inclusion_path`.
        """
        reader = self._reader(size2)
        if not 0 < size1 <= size2:
            raise NotFoundError(f"there is no consistency path from size {size1} to size {size2}")
        path = consistency_path(reader, size1, size2)
        try:
            old, new = (subtree_root(reader, 0, size) for size in (size1, size2))
            verify_consistency(size1, size2, old, new, path)
        except ProofError as error:
            raise StoreError(
                f"log {self.origin} at size {size2} does not extend size {size1}", code="store-corrupt"
            ) from error
        return path

    def entry(self, index: int) -> bytes:
        """The 32-byte entry at `index`."""
        found = self.entries(index, 1)
        if not found:
            raise NotFoundError(f"log {self.origin} has no entry {index}")
        return found[0]

    def entries(self, first: int, count: int) -> list[bytes]:
        """Up to `count` entries from `first` on."""
        self._reach(first + count)
        return self._entries(first, min(first + count, self._head.size))

    def _entries(self, first: int, end: int) -> list[bytes]:
        query = "SELECT digest FROM entry WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index"
        return [row[0] for row in self.database.rows(query, (first, end))]

    def claimed(self, first: int, end: int) -> int:
        """The latest `created` of the entries from `first` to `end`, excluded; 0 of none."""
        query = "SELECT max(created) FROM statement WHERE leaf_index >= ? AND leaf_index < ?"
        return self.database.rows(query, (first, end))[0][0] or 0

    def tile(self, level: int, number: int, width: int = WIDTH) -> bytes:
        """The first `width` hashes of a tile, full or open, 32 bytes each.

        Raises:
            NotFoundError: The log has not so many hashes there.
        """
        self._reach((number * WIDTH + width) << (8 * level))
        edge = self._edge
        held: bytes | None = None
        if number < edge.size >> (8 * (level + 1)):
            held = self._tiles.full(level, number)[:TILE_BYTES]
        elif level < len(edge.levels) and number == edge.size >> (8 * (level + 1)):
            held = edge.levels[level][0]
        if held is None or not 1 <= width <= WIDTH or len(held) < width * HASH_SIZE:
            raise NotFoundError(f"log {self.origin} has no tile {level}/{number} of {width} hashes")
        return held[: width * HASH_SIZE]

    def _reader(self, size: int) -> TreeReader:
        self._reach(size)
        edge = self._edge
        if not 0 <= size <= edge.size:
            raise NotFoundError(f"log {self.origin} has {edge.size} entries; size {size} was asked for")
        return TreeReader(edge, self._tiles)

    def _read_tile(self, level: int, number: int) -> tuple[object, object] | None:
        rows = self.database.rows(
            "SELECT hashes, nodes FROM tile WHERE level = ? AND number = ?", (level, number)
        )
        return (rows[0][0], rows[0][1]) if rows else None

    # -- opening ---------------------------------------------------------------------------------------------

    def _load(self) -> tuple[Edge, Frontier, LogHead]:
        """Read the head and the right edge, and hold one against the other."""
        with self.database.read() as connection:
            row = connection.exec_driver_sql("SELECT origin, size, root FROM head").first()
            last = connection.exec_driver_sql("SELECT max(leaf_index) FROM entry").scalar()
        if row is None or row.origin != self.origin:
            holds = "no log" if row is None else f"the log {row.origin}"
            raise SetupError(
                f"database {self.database.name} holds {holds}, not {self.origin}", code="log-origin"
            )
        head = LogHead(row.size, row.root)
        held = 0 if last is None else last + 1
        if held != head.size:
            raise StoreError(
                f"log {self.origin} has head {head.size} and {held} entries: entry {min(held, head.size)}"
                " differs",
                code="store-corrupt",
            )
        edge = edge_of(head.size, list(self._load_levels(head.size)))
        frontier = edge.frontier()
        if frontier.root() != head.root:
            found = first_difference(self.database)
            raise StoreError(
                f"log {self.origin} at size {head.size} does not lead to its root {head.root.hex()}:"
                f" {'its head differs' if found is None else found}",
                code="store-corrupt",
            )
        return edge, frontier, head

    def _load_levels(self, size: int) -> Iterator[bytes]:
        yield b"".join(map(leaf_hash, self._entries(size - size % WIDTH, size)))
        level = 1
        while size >> (8 * level):
            count = size >> (8 * level)
            first = count - count % WIDTH
            yield b"".join(self._verified_root(level - 1, number) for number in range(first, count))
            level += 1

    def _verified_root(self, level: int, number: int) -> bytes:
        """Root of a stored tile, computed from its hashes; what is stored above them has to follow from them."""
        tile = self._tiles.full(level, number)
        nodes = nodes_of(tile[:TILE_BYTES])
        if nodes != tile[TILE_BYTES:]:
            raise StoreError(
                f"tile {level}/{number} of log {self.origin} does not fit together:"
                f" {first_difference(self.database)}",
                code="store-corrupt",
            )
        return tile_root(nodes)
