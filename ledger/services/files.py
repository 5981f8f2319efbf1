"""Files that survive a crash whole or not at all, and secrets that other users of the machine cannot read.

A new file is written under a temporary name beside its place, synced, and then linked or renamed into place; the
folder is synced too.  A crash at any step leaves the old state or the new one, and perhaps a file whose name
starts with a dot, which nothing reads.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.errors import MalformedError, SetupError

PRIVATE = 0o600
"""Mode of files with secrets: read and written by their owner alone."""
READABLE = 0o644
"""Mode of files that other users of the machine may read."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO

_CAUSES = {
    errno.ENOSPC: ("disk-full", "the disk is full"),
    errno.EDQUOT: ("disk-full", "the disk quota is used up"),
    errno.EROFS: ("disk-read-only", "the disk is read-only"),
    errno.EACCES: ("permission-denied", "this user may not do that there"),
    errno.EPERM: ("permission-denied", "this user may not do that there"),
    errno.ENOENT: ("file-missing", "there is no such file or folder"),
    errno.ENOTDIR: ("file-missing", "a part of the path is not a folder"),
    errno.EISDIR: ("file-kind", "it is a folder"),
    errno.ENAMETOOLONG: ("file-name", "the name is too long"),
    errno.EMFILE: ("too-many-files", "too many files are open"),
    errno.ENFILE: ("too-many-files", "too many files are open"),
}


def file_error(error: OSError, action: str, path: Path) -> SetupError:
    """The error of this package for one of the operating system.

    Args:
        action: What was tried, e.g. "write key file".
        path: The user's path, not the temporary one.
    """
    code, says = _CAUSES.get(error.errno or 0, ("file-failed", os.strerror(error.errno or 0).lower()))
    return SetupError(f"could not {action} {path}: {says}", code=code)


@contextmanager
def reported(action: str, path: Path) -> Iterator[None]:
    """Turn errors of the operating system inside the block into `SetupError`s about `path`."""
    try:
        yield
    except OSError as error:
        raise file_error(error, action, path) from None


def write_new(path: Path, data: bytes, *, what: str, mode: int = PRIVATE) -> None:
    """Write a file that must not exist yet.

    Raises:
        SetupError: `file-exists`; or the disk's own fault (`disk-full`, `disk-read-only`, `permission-denied`, …).
            Nothing is left behind.
    """
    with reported(f"write {what}", path), _synced_beside(path, data, mode) as temporary:
        try:
            # Unlike a rename, a link never replaces what is already there.
            os.link(temporary, path)
        except FileExistsError:
            raise _taken(path, what) from None
        sync_folder(path.parent)


def write_out(path: Path, data: bytes, *, what: str, made_of: Path | None = None) -> None:
    """Write what a user asked for under a name of theirs, so that they lose no file that they had.

    Where a file with the same bytes is there already, it stays.

    Args:
        made_of: What `data` was made of; whoever gives the same file for both asks for it to be replaced.

    Raises:
        SetupError: `file-exists`: anything else is there, and stands unchanged; or as `write_new`.
    """
    if made_of is not None and is_same(path, made_of):
        replace(path, data, what=what, mode=READABLE)
    elif not _holds(path, data):
        write_new(path, data, what=what, mode=READABLE)


def check_out(path: Path, data: bytes, *, what: str) -> None:
    """Refuse what `write_out` would refuse, where another file is to be written first.

    Raises:
        SetupError: `file-exists`.
    """
    if not _holds(path, data):
        require_absent(path, what=what)


def require_absent(path: Path, *, what: str) -> None:
    """Refuse a name that is taken before anything is done, where doing it takes long or cannot be undone.

    Raises:
        SetupError: `file-exists`.
    """
    if exists(path):
        raise _taken(path, what)


def replace(path: Path, data: bytes, *, what: str, mode: int = PRIVATE) -> None:
    """Write a file in one step, in place of the one that may be there.

    Raises:
        SetupError: As `write_new`; the earlier file then stands unchanged.
    """
    with reported(f"write {what}", path), _synced_beside(path, data, mode) as temporary:
        temporary.replace(path)
        sync_folder(path.parent)


def read_bounded(path: Path, *, limit: int, what: str) -> bytes:
    """The bytes of a file.

    Raises:
        SetupError: It cannot be read: `file-missing`, `permission-denied`, `file-kind`, …
        MalformedError: `too-large`: it has more than `limit` bytes.
    """
    with reported(f"read {what}", path):
        return _read(path, limit=limit, what=what, check=lambda _: None)


def read_private(path: Path, *, limit: int, what: str) -> bytes:
    """The bytes of a file that only its owner may read or write.

    Raises:
        SetupError: As `read_bounded`, and `key-file-readable` where it is another user's, or the group or others
            have any right on it.
        MalformedError: `too-large`.
    """

    def require_private(found: os.stat_result) -> None:
        if found.st_uid != os.geteuid():
            raise SetupError(
                f"{what} {path} belongs to another user, who may use it; it must be the reader's own (chown)",
                code="key-file-readable",
            )
        mode = stat.S_IMODE(found.st_mode)
        if mode & OTHERS:
            raise SetupError(
                f"{what} {path} has mode {mode:04o}, so others may use it; it must be 0600 (chmod 600)",
                code="key-file-readable",
            )

    with reported(f"read {what}", path):
        return _read(path, limit=limit, what=what, check=require_private)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(path: Path, what: str) -> SetupError:
    return SetupError(f"{what} {path} exists already; it is never overwritten", code="file-exists")


def _holds(path: Path, data: bytes) -> bool:
    try:
        return _read(path, limit=len(data), what="file", check=lambda _: None) == data
    except (OSError, SetupError, MalformedError):
        return False


def _read(path: Path, *, limit: int, what: str, check: Callable[[os.stat_result], None]) -> bytes:
    # A pipe put in the file's place must not block; the checks ask the open file, so that nobody can swap it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise SetupError(f"{what} {path} is not a regular file", code="file-kind")
        check(found)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise MalformedError(f"{what} {path} has more than {limit} bytes", code="too-large")
    return data


@contextmanager
def _synced_beside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A durable temporary file with `data` in the folder of `path`; gone afterwards unless it was renamed."""
    import tempfile  # not needed by those who only read, `evidence verify` among them

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Whether anything has this name, a dangling link included.

    Raises:
        SetupError: It cannot be told.
    """
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise file_error(error, "look for", path) from None
    return True


def is_same(path: Path, other: Path) -> bool:
    """Whether two names are of one file that is there."""
    try:
        return path.samefile(other)
    except OSError:
        return False
