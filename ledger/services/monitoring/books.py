"""An issuer's own books: the digests of what it signed, from a list or from the statements themselves."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import MalformedError, SetupError
from ledger.services.files import read_bounded, reported

LIMIT: Final = 256 * 1024 * 1024
"""Bytes of one file."""
_DIGEST: Final = 64
_DIGITS: Final = frozenset("0123456789abcdef")


def digests_in(file: Path) -> set[bytes]:
    """The digests of a list: 64 hex digits at the beginning of each line; what follows a space is passed over.

    Raises:
        MalformedError: `digest-malformed`, naming the line.
    """
    found: set[bytes] = set()
    text = read_bounded(file, limit=LIMIT, what="list of digests").decode(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split(maxsplit=1)[0].removeprefix("sha256:").lower() if line.strip() else "#"
        if word.startswith("#"):
            continue
        if len(word) != _DIGEST or set(word) - _DIGITS:
            raise MalformedError(
                f"line {number} of {file} does not begin with 64 hex digits", code="digest-malformed"
            )
        found.add(bytes.fromhex(word))
    return found


def digests_of(folder: Path) -> set[bytes]:
    """The digests of the signed statements in a folder: each `*.json` is one, each line of an `*.ndjson` too.

    Raises:
        SetupError: `file-missing`: there is no statement.
    """
    found: set[bytes] = set()
    with reported("read folder of statements", folder):
        files = sorted(path for path in folder.rglob("*") if path.suffix in {".json", ".ndjson"})
    for path in files:
        if path.suffix == ".json":
            data = read_bounded(path, limit=STATEMENT_LIMIT, what="statement")
            found.add(sha256(data.removesuffix(b"\n")).digest())
        else:
            lines = read_bounded(path, limit=LIMIT, what="statements").split(b"\n")
            found.update(sha256(line).digest() for line in lines if line)
    if not found:
        raise SetupError(f"there is no statement in {folder}", code="file-missing")
    return found
