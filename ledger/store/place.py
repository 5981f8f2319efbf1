"""The place of a database file: who may write there, and whether the file is still the one that was opened.

The process that writes holds an exclusive lock on `<file>.lock` for its life; the kernel gives it back however the
process ends.  A lock is on a file and not on a name: where the folder is moved away and a copy put in its place, or the
lock file is taken away, another process can lock what has the name now.  So whoever writes looks at the names again
before each change, and after it.
"""

import errno
import fcntl
import os
from pathlib import Path

from ledger.errors import StoreError

_CODES = {
    errno.EROFS: "store-read-only",
    errno.ENOSPC: "store-full",
    errno.EDQUOT: "store-full",
    errno.EACCES: "store-permission",
    errno.EPERM: "store-permission",
    errno.EEXIST: "store-exists",
}


class Place:
    """The lock of the process that writes to the file at `path`; taken when made, given back by `close`.

    Raises:
        StoreError: `store-locked`, or the disk's own fault.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = Path(f"{path}.lock")
        self._files: tuple[tuple[int, int], ...] | None = None
        try:
            self._lock = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise os_error(error, path) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise StoreError(
                f"database {path} is in use by another process of this node", code="store-locked"
            ) from error

    def opened(self) -> None:
        """Take note of the file that has been opened under the path."""
        self._files = (_file(self.path.stat()), _file(os.fstat(self._lock)))

    def require(self) -> None:
        """Require that path and lock still name the files that were opened.

        Raises:
            StoreError: `store-moved`.
        """
        try:
            found = (_file(self.path.stat()), _file(self._lock_path.stat()))
        except FileNotFoundError:
            found = None
        except OSError as error:
            raise os_error(error, self.path) from error
        if found is None or found != self._files:
            raise StoreError(
                f"database {self.path} or its lock was moved, removed or replaced while it was in use;"
                " nothing is written until the node is started again",
                code="store-moved",
            )

    def close(self) -> None:
        """Let another process write."""
        os.close(self._lock)


def synchronise_names(folder: Path) -> None:
    """Make the names in a folder durable, as they are now: a power cut may else undo what was made or removed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def os_error(error: OSError, path: Path) -> StoreError:
    """The error of this package for one of the system."""
    says = os.strerror(error.errno or 0).lower()
    return StoreError(f"database {path}: {says}", code=_CODES.get(error.errno or 0, "store-io"))


def _file(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
