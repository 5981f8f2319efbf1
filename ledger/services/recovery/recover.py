"""Rebuilding a log's database from a mirror, beside the old one, and putting it in its place in one step.

    mirror: checkpoint, signed by this log → its statements, every digest and the root computed again
    old database: what it acknowledged beyond the mirror, up to the checkpoint it signed last
    witnesses and chains: nothing larger was seen, nothing else
    old database: checkpoints, cosignatures and anchors; statements that no checkpoint covered, at the end
    → the old file under another name, the new one in its place

What the old database acknowledged, the checkpoint that it signed last says: its root must be that of the new log at its
size.  Where it is not, two histories were signed; that cannot be repaired, and nothing is put in place.  The mirror's
checkpoint becomes a stored one, so that the next signature is of a size that nobody ever saw signed.

Source: docs/recovery.md.
"""

import dataclasses
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from ledger.core.checkpoint import LogSigner, SignedCheckpoint, parse_checkpoint, verify_log_lines
from ledger.core.note import Note, encode_note
from ledger.core.statement import parse_statement
from ledger.core.tile_paths import WIDTH
from ledger.errors import (
    ConflictError,
    RefusedError,
    StoreError,
    VerificationError,
)
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.tiles import LogReader
from ledger.services.files import replace, reported
from ledger.services.monitoring.mirroring import MirrorFolder
from ledger.services.recovery.old_database import Old, locked, opened_old, put_in_place, tidy
from ledger.services.recovery.sightings import Sighting, Source, require_seen
from ledger.store.carrying import carry
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database, open_database
from ledger.store.log import Appended, Log
from ledger.store.rebuilding import begin_rebuilding, end_rebuilding, is_rebuilt
from ledger.store.rows import row_of
from ledger.store.statements import Statements

PAGE: Final = 256
"""Statements taken at a time."""
UNRECOVERED: Final = "unrecovered.ndjson"
"""The home's file of statements that the old database had and the new one could not take, one a line."""
_NAMED: Final = 8
_READABLE: Final = 0o644


class Copy(Protocol):
    """A copy of a log, as it is read here: a folder that a monitor kept, or a node."""

    def checkpoint(self) -> SignedCheckpoint | None:
        """What covers it; no signature verified.  None while it holds nothing."""
        ...

    def statements(self, first: int, count: int) -> list[bytes]:
        """Canonical statements from a place on, one at least where there are any, `count` at most."""
        ...


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was put in place.

    Attributes:
        size: Entries of the new log; `before` of the old one, None where it could not be read.
        mirrored: Entries that the mirror gave.
        signed: Size of the largest checkpoint; the next one is larger.
        again: Statements that no checkpoint covered, appended anew.
        unrecovered: Statements of that kind that could not be; they stand in the home's file.
        checkpoints: How many the new database has; `anchors` likewise, with their evidence.
        kept: Where the old database is now; None where there was none.
        seen: What witnesses and chains had seen.
    """

    origin: str
    size: int
    before: int | None
    mirrored: int
    signed: int
    again: int
    unrecovered: int
    checkpoints: int
    anchors: int
    kept: Path | None
    seen: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose log it is, and what must be heard before a copy of it is believed to be whole.

    Attributes:
        signer: The log's keys.
        sources: Who is asked what was seen of the log, given what there is of it, and the old database.
        home: Where statements go that cannot be taken.
        unproven: Go on though none of them answers.
        told: Of statements taken, and of how many.
    """

    signer: LogSigner
    sources: Callable[[Log, Database | None], Sequence[Source]]
    home: Path
    unproven: bool = False
    told: Callable[[int, int], None] = lambda _done, _all: None


def recover(place: Path, mirror: Copy, terms: Terms, *, now: int) -> Recovered:
    """Rebuild the database file at `place`; the node must not be serving.

    Args:
        now: POSIX seconds; names the old file.

    Raises:
        RefusedError: `mirror-empty`, `mirror-short`: more was witnessed or anchored than the mirror and the old
            database have together; `mirror-rewritten`: something else was; `recover-fork`: the old database
            acknowledged what is not in the mirror's history; `recover-unproven`.
        SignatureError: The mirror's checkpoint is not of this log.
        VerificationError: `mirror-root`, `mirror-damaged`.
        StoreError, SetupError: `store-locked`: the node is serving; or the disk.
    """
    building = place.with_name(place.name + ".recovering")
    with locked(place), opened_old(place, terms.signer.origin) as old:
        tidy(building)
        try:
            with open_database(building, create=True) as database:
                made = fill(database, mirror, terms, old)
            kept = put_in_place(place, building, now)
        finally:
            tidy(building)
    return dataclasses.replace(made, kept=kept)


def fill(database: Database, mirror: Copy, terms: Terms, old: Old | None = None) -> Recovered:
    """Make the log in an empty database, a server's too; what an earlier attempt left there is gone on from.

    Until this ends well the log bears a mark that nobody else opens it with; see `ledger.store.rebuilding`.

    Raises:
        RefusedError: As `recover`, and `recover-not-empty`: the database holds a log that a node began.
        LedgerError: As `recover`.
    """
    signer = terms.signer
    signed = mirror.checkpoint()
    if signed is None:
        raise RefusedError(f"the mirror holds nothing of log {signer.origin}", code="mirror-empty")
    time = verify_log_lines(signed, signer.origin, signer.vkeys[:2], [signer.head_address]).mldsa_time
    _begin(database, signer.origin)
    log = Log(database, signer.origin)
    take_mirror(log, mirror, signed, terms.told)
    take_acknowledged(log, old, terms.home)
    proven = log.head.size
    sources = terms.sources(log, None if old is None else old.database)
    seen = require_seen(log, sources, unproven=terms.unproven)
    again, unrecovered = _take_unsigned(log, old, terms.home)
    checkpoints, anchors = _carry(log, old, own_lines(signed, signer), time)
    end_rebuilding(database)
    return Recovered(
        origin=signer.origin,
        size=log.head.size,
        before=None if old is None else old.size,
        mirrored=signed.checkpoint.size,
        signed=proven,
        again=again,
        unrecovered=unrecovered,
        checkpoints=checkpoints,
        anchors=anchors,
        kept=None,
        seen=tuple(seen),
    )


def _begin(database: Database, origin: str) -> None:
    """Write the head of the new log, or go on from where an earlier attempt was broken off."""
    held = database.rows("SELECT origin, size FROM head")
    if not held:
        begin_rebuilding(database, origin)
        return
    if not is_rebuilt(database):
        raise RefusedError(
            f"{database.name} holds log {held[0][0]} with {held[0][1]} entries, which a node began; a log is rebuilt in"
            " an empty database",
            code="recover-not-empty",
        )
    database.rebuilding = True
    database.lead(origin)


# -- statements ----------------------------------------------------------------------------------------------


def take_mirror(log: Log, mirror: Copy, signed: SignedCheckpoint, told: Callable[[int, int], None]) -> None:
    """Append what the mirror has, and hold the root against the signed one."""
    size = signed.checkpoint.size
    while (first := log.head.size) < size:
        bodies = mirror.statements(first, min(PAGE, size - first))
        if not bodies:
            raise VerificationError(f"the mirror has no statement {first} of {size}", code="mirror-damaged")
        if any(isinstance(one, ConflictError) or not one.first for one in _append(log, bodies)):
            raise VerificationError(
                f"the mirror repeats a statement between entries {first} and {first + len(bodies) - 1}",
                code="mirror-damaged",
            )
        told(log.head.size, size)
    root = log.root_at(size)
    if root != signed.checkpoint.root:
        raise VerificationError(
            f"the mirror's statements lead to root {root.hex()}; its checkpoint of size {size} was signed"
            f" with root {signed.checkpoint.root.hex()}",
            code="mirror-root",
        )


def take_acknowledged(log: Log, old: Old | None, home: Path) -> None:
    """Append what the old database acknowledged beyond the mirror, and hold all that it did against its checkpoint."""
    if old is None or old.latest is None:
        return
    mirrored = log.head.size
    acknowledged = parse_checkpoint(old.latest.note).checkpoint
    read = mirrored
    for page in _pages(old.statements(mirrored), acknowledged.size - mirrored):
        _append(log, [body for _, body in page])
        read += len(page)
    if read < acknowledged.size:
        raise StoreError(
            f"the old database acknowledged {acknowledged.size} entries, and statement {read} is missing, in the"
            " mirror too",
            code="store-corrupt",
        )
    size = log.head.size
    if acknowledged.size <= size and log.root_at(acknowledged.size) == acknowledged.root:
        return
    lost = _lacking(log, old, mirrored)
    replace(home / UNRECOVERED, b"".join(body + b"\n" for _, body in lost), what="statements", mode=_READABLE)
    named = ", ".join(str(index) for index, _ in lost[:_NAMED]) + (", …" if len(lost) > _NAMED else "")
    raise RefusedError(
        f"the old database signed size {acknowledged.size} with root {acknowledged.root.hex()}, which is not of the"
        f" mirror's history; entries that it acknowledged and the mirror lacks: {named or 'none'} ({len(lost)}, written"
        f" to {home / UNRECOVERED}); two histories of this log were signed, and nothing was put in place",
        code="recover-fork",
    )


def _lacking(log: Log, old: Old, mirrored: int) -> list[tuple[int, bytes]]:
    """What the old database has and the mirror has not."""
    statements = Statements(log.database)
    found = []
    for index, body in old.statements(0):
        at = statements.index_of(sha256(body).digest())
        if at is None or at >= mirrored:
            found.append((index, body))
    return found


def _take_unsigned(log: Log, old: Old | None, home: Path) -> tuple[int, int]:
    """Append anew what no checkpoint of the old database covered: how many, and how many could not be.

    Nobody was told of a place of theirs, so they have whichever comes.
    """
    if old is None:
        return 0, 0
    covered = 0 if old.latest is None else old.latest.size
    again, left = 0, []
    for page in _pages(_readable(old.statements(covered)), old.size - covered):
        for (_, body), outcome in zip(page, _append(log, [body for _, body in page]), strict=True):
            if isinstance(outcome, ConflictError):
                left.append(body)
            elif outcome.first:
                again += 1
    if left:
        replace(home / UNRECOVERED, b"".join(one + b"\n" for one in left), what="statements", mode=_READABLE)
    return again, len(left)


def _readable(statements: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """As far as they are what was written; nobody was told of them."""
    with suppress(StoreError):
        yield from statements


def _pages(statements: Iterator[tuple[int, bytes]], count: int) -> Iterator[list[tuple[int, bytes]]]:
    first = islice(statements, max(0, count))
    while page := list(islice(first, PAGE)):
        yield page


def _append(log: Log, bodies: Sequence[bytes]) -> list[Appended | ConflictError]:
    return log.append([row_of(parse_statement(body)) for body in bodies])


# -- beside statements ---------------------------------------------------------------------------------------


def _carry(log: Log, old: Old | None, note: bytes, time: int) -> tuple[int, int]:
    """Take over the old database's checkpoints, with the mirror's in its place, and what rests on them."""
    size = parse_checkpoint(note).checkpoint.size
    own = iter(()) if old is None else Checkpoints(old.database).every()
    checkpoints, count = Checkpoints(log.database), 0
    merged = heapq.merge(own, [StoredCheckpoint(size, note, time)], key=lambda one: one.size)
    fitting = _fitting(log, merged, checkpoints.latest())
    while page := list(islice(fitting, PAGE)):
        checkpoints.store_all(page)
        count += len(page)
    return count, 0 if old is None else carry(old.database, log.database)["anchor_evidence"]


def _fitting(
    log: Log, found: Iterator[StoredCheckpoint], latest: StoredCheckpoint | None
) -> Iterator[StoredCheckpoint]:
    """Those of ascending size that are not stored yet, each held against the log."""
    before = -1 if latest is None else latest.size
    for one in found:
        if one.size <= before:
            continue  # the old database has the mirror's too, or an earlier attempt stored it
        told = parse_checkpoint(one.note).checkpoint
        if told.size != one.size or told.root != log.root_at(one.size):
            raise StoreError(
                f"the old database's checkpoint of size {one.size} is damaged", code="store-corrupt"
            )
        before = one.size
        yield one


def own_lines(signed: SignedCheckpoint, signer: LogSigner) -> bytes:
    """The note with the log's own lines alone, as this node would have stored it."""
    own = {(vkey.name, vkey.key_id) for vkey in signer.vkeys}
    lines = tuple(line for line in signed.note.signatures if (line.name, line.key_id) in own)
    return encode_note(Note(signed.note.text, lines))


# -- mirrors -------------------------------------------------------------------------------------------------


class _Served:
    """A copy that is served over HTTP: by a node, or a mirror's folder by any web server."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def checkpoint(self) -> SignedCheckpoint | None:
        return self._reader.checkpoint()

    def statements(self, first: int, count: int) -> list[bytes]:
        try:
            return self._reader.statements(first, count)
        except RemoteRefusedError:
            lines = self._reader.kept_statements(first // WIDTH)
            return lines[first % WIDTH :][:count]


@contextmanager
def mirror_at(source: str, origin: str) -> Iterator[Copy]:
    """The copy of a log in a folder, or at an address.

    Raises:
        SetupError: `file-missing`: there is no such folder.
    """
    if source.lower().startswith(("http://", "https://")):
        with LogReader(source) as reader:
            yield _Served(reader)
        return
    with reported("read mirror", Path(source)):
        list(Path(source).iterdir())
    yield MirrorFolder(Path(source), origin)
