"""Whether a program is that of the user who is about to start it: nobody else may change or replace it.

A file, the folders that it is in and the links on the way belong to the user or to root, and nobody else may write to
them.  A folder such as /tmp, in which everybody may make names and nobody touch those of others, is no danger.

Source: docs/spec/key-file.md.
"""

import os
import stat
from collections import deque
from pathlib import Path
from typing import Final

from ledger.errors import SetupError

WRITABLE: Final = stat.S_IWGRP | stat.S_IWOTH
LINKS: Final = 40
"""Most links on the way, as of the system."""


def require_own(program: str) -> None:
    """Look at each part of the whole path of a program.

    Raises:
        SetupError: `signer-exposed`.
        OSError: A part is not there, or cannot be looked at.
    """
    at, links = Path("/"), 0
    _require_own(at)
    left = deque(Path(program).parts[1:])
    while left:
        name = left.popleft()
        if name == "..":
            at = at.parent
            continue
        found = _require_own(at / name)
        if not stat.S_ISLNK(found.st_mode):
            at /= name
            continue
        links += 1
        if links > LINKS:
            raise _exposed(at / name, "leads on by too many links")
        target = Path(os.readlink(at / name))  # noqa: PTH115 - as text, which may be relative
        at = Path("/") if target.is_absolute() else at
        left.extendleft(reversed(target.parts[1:] if target.is_absolute() else target.parts))


def _require_own(place: Path) -> os.stat_result:
    found = place.lstat()
    if found.st_uid not in (0, os.geteuid()):
        raise _exposed(place, "belongs to another user; it must be this user's own or root's (chown)")
    is_shared = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & WRITABLE and not is_shared and not stat.S_ISLNK(found.st_mode):
        mode = stat.S_IMODE(found.st_mode)
        raise _exposed(place, f"has mode {mode:04o}, so others may change it (chmod go-w)")
    return found


def _exposed(place: Path, fault: str) -> SetupError:
    return SetupError(
        f"the program that holds a key is not started, since others may replace it: {place} {fault}",
        code="signer-exposed",
    )
