"""A log kept as files, so that it can be read, served or rebuilt where its own server is gone.

    <folder>/<origin>/checkpoint                    the newest that was verified, verbatim
    <folder>/<origin>/tile/…, tile/entries/…        as the log serves them (C2SP tlog-tiles), partial ones of that size
    <folder>/<origin>/statements/<N>.ndjson         256 canonical statements each, in order; the last one shorter

Statements come first, then entries and tiles, then the checkpoint that covers them, each under a temporary name, synced
and renamed: what a checkpoint there covers is there.  A crash leaves files beyond it, which the next run takes up.

Source: docs/monitoring.md.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.core.canonical import NOTE_LIMIT, STATEMENT_LIMIT
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.merkle import HASH_SIZE
from ledger.core.tile_paths import (
    CHECKPOINT,
    WIDTH,
    bundle_path,
    encode_bundle,
    number_path,
    parse_bundle,
    tile_path,
    width_at,
)
from ledger.errors import LedgerError, RefusedError, StoreError, VerificationError
from ledger.remote.tiles import LogReader
from ledger.services.files import exists, read_bounded, replace, reported, sync_folder
from ledger.services.monitoring.following import is_recomputed
from ledger.services.monitoring.tile_trees import TileTree
from ledger.store.followed import FollowedLogs

LONGEST: Final = 300.0
"""Seconds that statements are read for in one run: their server may be slow on purpose."""
STATEMENTS: Final = "statements"
_READABLE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_BUNDLE_LIMIT: Final = WIDTH * (HASH_SIZE + 2)
_FILE_LIMIT: Final = WIDTH * (STATEMENT_LIMIT + 1)


class MirrorFolder:
    """What is kept of one log under a folder; what is read of it is held against the entries, these against nothing.

    Whether the checkpoint is the log's, and the entries lead to its root, its reader finds out.

    Args:
        path: The folder given as `--keep`.
        origin: The log's.

    Raises:
        RefusedError: `origin-path`: the origin is no path below a folder.
    """

    def __init__(self, path: Path, origin: str) -> None:
        parts = origin.split("/")
        if any(part.strip(".") == "" for part in parts):
            raise RefusedError(f"the origin {origin} names no folder below another", code="origin-path")
        self.origin = origin
        self.path = path.joinpath(*parts)

    def checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint that covers what is kept; no signature verified.  None while nothing is kept.

        Raises:
            StoreError: `mirror-damaged`: it is none, or of another log.
        """
        path = self.path / CHECKPOINT
        if not exists(path):
            return None
        try:
            signed = parse_checkpoint(read_bounded(path, limit=NOTE_LIMIT, what="mirrored checkpoint"))
        except LedgerError as error:
            raise self._damaged(path, str(error)) from None
        if signed.checkpoint.origin != self.origin:
            raise self._damaged(path, f"it is of {signed.checkpoint.origin}")
        return signed

    @property
    def size(self) -> int:
        """How many entries and statements are kept."""
        signed = self.checkpoint()
        return 0 if signed is None else signed.checkpoint.size

    def entries(self, first: int, count: int) -> list[bytes]:
        """Entries by their places, at most those that the checkpoint covers.

        Raises:
            StoreError: `mirror-damaged`: a file is missing, or not what was written.
        """
        size = self.size
        end = min(first + count, size)
        found: list[bytes] = []
        for number in range(first // WIDTH, -(-end // WIDTH)):
            width = width_at(size, 0, number)
            path = self.path / bundle_path(number, width)
            try:
                part = parse_bundle(read_bounded(path, limit=_BUNDLE_LIMIT, what="mirrored entries"), width)
            except LedgerError as error:
                raise self._damaged(path, str(error)) from None
            found += part[max(0, first - number * WIDTH) : end - number * WIDTH]
        return found

    def statements(self, first: int, count: int) -> list[bytes]:
        """Canonical statements by their places, each of which has its entry for digest.

        Raises:
            StoreError: `mirror-damaged`.
        """
        wanted = self.entries(first, count)
        found: list[bytes] = []
        end = first + len(wanted)
        for number in range(first // WIDTH, -(-end // WIDTH)):
            lines = self.lines(number)
            found += lines[max(0, first - number * WIDTH) : end - number * WIDTH]
        for at, (entry, body) in enumerate(zip(wanted, found, strict=False)):
            if sha256(body).digest() != entry:
                raise self._damaged(
                    self._statements(number=(first + at) // WIDTH),
                    f"statement {first + at} is not its entry's",
                )
        if len(found) != len(wanted):
            raise self._damaged(self._statements(end // WIDTH), f"statement {first + len(found)} is missing")
        return found

    def lines(self, number: int) -> list[bytes]:
        """What stands in a file of statements, held against nothing; none where there is no file."""
        path = self._statements(number)
        if not exists(path):
            return []
        try:
            data = read_bounded(path, limit=_FILE_LIMIT, what="mirrored statements")
        except LedgerError as error:
            raise self._damaged(path, str(error)) from None
        return data.split(b"\n")[:-1]

    def write_statements(self, number: int, lines: Sequence[bytes]) -> None:
        """Write a file of statements, durably."""
        self._write(self._statements(number), b"".join(line + b"\n" for line in lines), "mirrored statements")

    def write(self, path: str, data: bytes) -> None:
        """Write a file of the log by its path there, durably."""
        self._write(self.path / path, data, "mirrored log")

    def remove_partials(self, path: Path, keep: int | None) -> None:
        """Take away the partial files of a tile but the one of a width: the checkpoint that they were for is older."""
        folder = path.with_name(path.name + ".p")
        with reported("tidy mirror", folder), suppress(FileNotFoundError):
            for one in list(folder.iterdir()):
                if one.name != str(keep):
                    one.unlink(missing_ok=True)
            if keep is None:
                folder.rmdir()

    def _write(self, path: Path, data: bytes, what: str) -> None:
        _make_folder(path.parent)
        replace(path, data, what=what, mode=_READABLE)

    def _statements(self, number: int) -> Path:
        return self.path / STATEMENTS / f"{number_path(number)}.ndjson"

    def _damaged(self, path: Path, why: str) -> StoreError:
        return StoreError(f"mirror of {self.origin}: {path}: {why}", code="mirror-damaged")


def keep(
    logs: FollowedLogs,
    origin: str,
    reader: LogReader,
    folder: Path,
    *,
    told: Callable[[int], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    longest: float = LONGEST,
) -> int:
    """Bring a mirror to the newest head that was followed; the size that it has then.

    Resumes where an earlier run was cut off.  Each statement is held against its entry before it is written.

    Args:
        logs: What was followed; its entries lead to the root of its head.
        reader: Where statements are read.
        told: Called with the number of statements that are there.
        stop: Whether to leave off; the mirror is then as large as before.
        longest: Seconds after which reading is left off likewise.

    Raises:
        RemoteError: The statements could not be read.
        VerificationError: `statement-other`: the server gave another statement than that of an entry;
            `mirror-other`: the mirror holds another history than was followed.
        SetupError, StoreError: The disk.
    """
    mirror, head = MirrorFolder(folder, origin), logs.head(origin)
    if head is None or not is_recomputed(head):
        return mirror.size
    tree = TileTree(head.size, lambda level, number: logs.tile(origin, level, number, head.size))
    held = mirror.checkpoint()
    before = 0 if held is None else held.checkpoint.size
    if held is not None and (before > head.size or tree.root_at(before) != held.checkpoint.root):
        raise VerificationError(
            f"the mirror of {origin} has root {held.checkpoint.root.hex()} at size {before}, which is not of the"
            f" history followed, of size {head.size}",
            code="mirror-other",
        )
    if before == head.size:
        return before
    for number in range(before // WIDTH, -(-head.size // WIDTH)):
        if stop() or longest <= 0:
            return before
        entries = logs.entries(origin, number * WIDTH, width_at(head.size, 0, number))
        width, began = len(entries), time.monotonic()
        lines = _completed(mirror.lines(number), entries, number * WIDTH, reader, began + longest)
        if lines is not None:
            mirror.write_statements(number, lines)
            longest -= time.monotonic() - began
            if len(lines) < width:
                return before
        mirror.write(bundle_path(number, width), encode_bundle(entries))
        told(number * WIDTH + width)
    written = list(_write_tiles(mirror, logs, before, head.size))
    mirror.write(CHECKPOINT, head.note)
    for path, width in written:
        mirror.remove_partials(path, None if width == WIDTH else width)
    return head.size


def _completed(
    held: Sequence[bytes], entries: Sequence[bytes], first: int, reader: LogReader, ends: float
) -> list[bytes] | None:
    """The statements of these entries, those that are missing read until the monotonic clock is at `ends`.

    None where all are there already.
    """
    lines: list[bytes] = []
    for line, entry in zip(held, entries, strict=False):
        if sha256(line).digest() != entry:
            break
        lines.append(line)
    if len(lines) == len(entries) == len(held):
        return None
    while len(lines) < len(entries) and time.monotonic() < ends:
        at = first + len(lines)
        for offset, line in enumerate(reader.statements(at, len(entries) - len(lines))):
            if sha256(line).digest() != entries[len(lines)]:
                raise VerificationError(
                    f"{reader.url} gave statement {at + offset} with digest {sha256(line).hexdigest()};"
                    f" its entry is {entries[len(lines)].hex()}",
                    code="statement-other",
                )
            lines.append(line)
    return lines


def _write_tiles(
    mirror: MirrorFolder, logs: FollowedLogs, before: int, size: int
) -> Iterator[tuple[Path, int]]:
    """Write every tile that is another at `size` than before, and the paths and widths of them and their bundles."""
    level = 0
    while size >> (8 * level):
        last = size >> (8 * level)
        for number in range((before >> (8 * level)) // WIDTH, -(-last // WIDTH)):
            width = width_at(size, level, number)
            mirror.write(tile_path(level, number, width), logs.tile(mirror.origin, level, number, size))
            yield mirror.path / tile_path(level, number), width
            if level == 0:
                yield mirror.path / bundle_path(number), width
        level += 1


def _make_folder(path: Path) -> None:
    """Make a folder with those above it, each durably."""
    if exists(path):
        return
    _make_folder(path.parent)
    with reported("make folder", path):
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        sync_folder(path.parent)
