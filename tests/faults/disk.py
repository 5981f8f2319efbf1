"""A disk in memory that forgets what was not synchronised, and fails on demand.

A write counts once the file's `fsync` returned, a name (created, linked, renamed, removed) once its folder's did.  A
power cut takes the rest away: all of it, or what chance says, 512-byte sector by sector and in any order; names go in
the order in which they were changed, as journalling file systems keep them.

What an `fsync` could not write is taken for written by the next one, as Linux does it: processes go on seeing it, and
only a cut shows that it was never there.
"""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from random import Random

SECTOR = 512
FOR_EVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that were written at a place, or the length that a file was cut to."""

    offset: int
    data: bytes | None

    def onto(self, content: bytearray) -> None:
        if self.data is None:
            resize(content, self.offset)
            return
        resize(content, max(len(content), self.offset))
        content[self.offset : self.offset + len(self.data)] = self.data

    def sectors(self) -> Iterator["Write"]:
        """What may reach the disk by itself."""
        if self.data is None:
            yield self
            return
        at = 0
        while at < len(self.data):
            end = min(len(self.data), at + SECTOR - (self.offset + at) % SECTOR)
            yield Write(self.offset + at, self.data[at:end])
            at = end


@dataclass(eq=False, slots=True)
class Inode:
    """A file or a folder: what processes see, what is safe, and what came in between."""

    number: int
    mode: int
    content: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    pending: list[Write] = field(default_factory=list)

    def write(self, change: Write) -> None:
        change.onto(self.content)
        self.pending.append(change)

    def synchronise(self) -> None:
        for change in self.pending:
            change.onto(self.safe)
        self.pending.clear()

    def survives(self, chance: Random | None) -> bytearray:
        """What a cut leaves of it; `chance` None: nothing that was not synchronised."""
        left = bytearray(self.safe)
        if chance is not None:
            likely = chance.choice((0.0, 0.2, 0.5, 0.9, 1.0))
            for change in self.pending:
                for sector in change.sectors():
                    if chance.random() < likely:
                        sector.onto(left)
        return left


Names = dict[str, Inode]
Renaming = dict[str, Inode | None]
"""Names that change together: what they stand for now, None for what is gone."""


@dataclass(slots=True)
class Fault:
    """The `after`-th operation of a kind from now on fails, and as many more as `times` says.

    Attributes:
        kind: `write`, `fsync`, `create`, `remove`, `read`, or `change`: any but the last.
        clean: What fails has no effect at all: power is gone already, and somebody is still asking.
    """

    kind: str
    number: int
    after: int = 1
    times: int = FOR_EVER
    clean: bool = False

    def strikes(self, kind: str) -> bool:
        if self.kind != kind and not (self.kind == "change" and kind != "read"):
            return False
        self.after -= 1
        return -self.times < self.after <= 0


class Disk:
    """Files by path; every method is one operation of the file system."""

    def __init__(self) -> None:
        root = Inode(1, stat.S_IFDIR | 0o755)
        self.names: Names = {"/": root}
        self.safe: Names = {"/": root}
        self.pending: list[Renaming] = []
        self.opened: dict[int, Inode] = {}
        self.fault: Fault | None = None
        self.counts: dict[str, int] = {}
        self.struck = 0
        self._next = 2

    def strike(self, kind: str) -> None:
        """Count an operation; fail where it is the one to fail."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.fault is not None and self.fault.strikes(kind):
            self.struck += 1
            raise OSError(self.fault.number, os.strerror(self.fault.number))

    @property
    def is_frozen(self) -> bool:
        """Whether what fails now has no effect."""
        return self.fault is not None and self.fault.clean

    def at(self, path: str) -> Inode:
        try:
            return self.names[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, path) from None

    def list(self, folder: str) -> list[str]:
        return [PurePosixPath(path).name for path in self.names if _is_in(path, folder)]

    def make(self, path: str, mode: int) -> Inode:
        self.strike("create")
        made = Inode(self._next, mode)
        self._next += 1
        self._rename({path: made})
        return made

    def open(self, inode: Inode) -> int:
        handle = self._next
        self._next += 1
        self.opened[handle] = inode
        return handle

    def link(self, path: str, target: str) -> None:
        self.strike("create")
        if path in self.names:
            raise FileExistsError(errno.EEXIST, path)
        self._rename({path: self.at(target)})

    def rename(self, old: str, new: str) -> None:
        self.strike("create")
        inside = {path: inode for path, inode in self.names.items() if path.startswith(old + "/")}
        change: Renaming = {old: None, new: self.at(old)}
        for path, inode in inside.items():
            change |= {path: None, new + path.removeprefix(old): inode}
        self._rename(change)

    def remove(self, path: str) -> None:
        self.strike("remove")
        self.at(path)
        self._rename({path: None})

    def write(self, inode: Inode, data: bytes, offset: int) -> int:
        try:
            self.strike("write")
        except OSError:
            if not self.is_frozen:
                inode.write(Write(offset, data[: len(data) // 2]))  # as much as there was room for
            raise
        inode.write(Write(offset, data))
        return len(data)

    def truncate(self, inode: Inode, length: int) -> None:
        self.strike("write")
        inode.write(Write(length, None))

    def synchronise(self, inode: Inode) -> None:
        try:
            self.strike("fsync")
        except OSError:
            if not self.is_frozen:
                inode.pending.clear()  # never written, and never again tried
            raise
        inode.synchronise()

    def synchronise_folder(self, folder: str) -> None:
        changes = [change for change in self.pending if any(_is_in(path, folder) for path in change)]
        others = [change for change in self.pending if change not in changes]
        try:
            self.strike("fsync")
        except OSError:
            if not self.is_frozen:
                self.pending = others  # neither safe nor tried again
            raise
        self.pending = others
        for change in changes:
            _apply(change, self.safe)

    def after_a_cut(self, chance: Random | None) -> dict[str, tuple[int, bytearray]]:
        """Mode and content by path, if power failed now."""
        names = dict(self.safe)
        for change in self.pending[: 0 if chance is None else chance.randint(0, len(self.pending))]:
            _apply(change, names)
        left = {inode: inode.survives(chance) for inode in dict.fromkeys(names.values())}
        return {path: (inode.mode, left[inode]) for path, inode in names.items()}

    def cut(self, chance: Random | None) -> None:
        """Power fails, and is back.  Whoever used the disk must be gone."""
        left = self.after_a_cut(chance)
        self.names = {path: Inode(self._next + at, mode) for at, (path, (mode, _)) in enumerate(left.items())}
        self._next += len(left)
        for path, (_, content) in left.items():
            self.names[path].content[:] = self.names[path].safe[:] = content
        self.safe = dict(self.names)
        self.pending, self.opened, self.fault = [], {}, None

    def save(self, folder: Path, chance: Random | None) -> None:
        """Write into `folder` what a cut would leave now; the disk goes on."""
        for path, (mode, content) in sorted(self.after_a_cut(chance).items()):
            place = folder / path.removeprefix("/")
            if stat.S_ISDIR(mode):
                place.mkdir(exist_ok=True, parents=True)
            else:
                place.write_bytes(content)
                place.chmod(mode & 0o777)

    def _rename(self, change: Renaming) -> None:
        _apply(change, self.names)
        self.pending.append(change)


def resize(content: bytearray, length: int) -> None:
    del content[length:]
    content.extend(bytes(length - len(content)))


def _apply(change: Renaming, names: Names) -> None:
    for path, inode in change.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _is_in(path: str, folder: str) -> bool:
    return path != "/" and str(PurePosixPath(path).parent) == folder
