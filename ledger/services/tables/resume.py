"""Where a long registration stands: a small file beside its input, so that a run that broke off goes on.

    {"format": "evidence-progress/1", "known": 12, "last": {"digest": "…", "index": 52010}, "lines": 52000,
     "node": "http://127.0.0.1:8151", "offset": 73123456, "prefix": "…", "refusals": [{"line": 7, …}], "refused": 3,
     "registered": 51985}

It is believed only where the input still begins with the same bytes (`prefix`, their SHA-256) and the node still has
the last registered statement at its place.  Otherwise the run starts again from the beginning, which does no harm: a
node gives a statement it already has its first place again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.errors import LedgerError, MalformedError
from ledger.services.files import exists, read_bounded, replace, reported

FORMAT: Final = "evidence-progress/1"
LIMIT: Final = 512 * 1024
"""Most bytes read of a progress file."""
_PIECE: Final = 1 << 20
_COUNTS: Final = ("known", "lines", "offset", "refused", "registered")


@dataclass(slots=True)
class Position:
    """How much of an input was answered.

    Attributes:
        node: Address of the node that answered.
        lines: Lines of the input, empty ones included.
        offset: Bytes of the input.
        registered: Statements that are in the log now for the first time.
        known: Those that were there before.
        refused: Those that the node did not take.
        last: Digest and index of the last one that is in the log; None where there is none.
        refusals: The first refusals, for the summary at the end.
        hashed: SHA-256 over the first `offset` bytes.
    """

    node: str
    lines: int = 0
    offset: int = 0
    registered: int = 0
    known: int = 0
    refused: int = 0
    last: tuple[str, int] | None = None
    refusals: list[dict[str, Any]] = field(default_factory=list)
    hashed: Any = field(default_factory=sha256)

    def save(self, path: Path) -> None:
        """Write the progress file in one step.

        Raises:
            SetupError: The disk's own fault; the earlier file then stands.
        """
        value: dict[str, Any] = {name: getattr(self, name) for name in _COUNTS}
        value |= {"format": FORMAT, "node": self.node, "prefix": self.hashed.hexdigest()}
        value["refusals"] = self.refusals
        if self.last is not None:
            value["last"] = {"digest": self.last[0], "index": self.last[1]}
        replace(path, encode(value, what="progress file"), what="progress file", mode=0o644)


def beside(path: Path) -> Path:
    """The progress file of an input."""
    return path.with_name(f"{path.name}.progress")


def resumed(path: Path, node: str, index_of: Callable[[str], int | None]) -> Position:
    """Where to go on with the input at `path`; at its beginning where nothing, or nothing that holds, was kept.

    Args:
        path: The input.
        node: Address of the node that is to register it.
        index_of: Asks that node for the place of a digest; None where it has no such statement.

    Raises:
        SetupError: The input cannot be read.
        RemoteError: The node did not answer.
    """
    kept = beside(path)
    if not exists(kept):
        return Position(node)
    try:
        found = _parse(read_bounded(kept, limit=LIMIT, what="progress file"))
    except LedgerError:
        return Position(node)
    if found.node != node or found.last is None or not _begins_so(path, found):
        return Position(node)
    return found if index_of(found.last[0]) == found.last[1] else Position(node)


def _parse(data: bytes) -> Position:
    value: Any = decode(data, limit=LIMIT, what="progress file")
    try:
        counts: dict[str, int] = {name: value[name] for name in _COUNTS}
        last = (value["last"]["digest"], value["last"]["index"])
        position = Position(value["node"], last=last, refusals=value["refusals"], **counts)
        position.hashed = _Expected(value["prefix"])
        texts = (position.node, last[0], value["prefix"])
        listed = type(position.refusals) is list and all(type(one) is dict for one in position.refusals)
        sound = value["format"] == FORMAT and listed and all(type(text) is str for text in texts)
        sound = sound and all(type(count) is int and count >= 0 for count in (*counts.values(), last[1]))
    except (KeyError, TypeError):
        sound = False
    if not sound:
        raise MalformedError(f"the progress file is not of the format {FORMAT}", code="progress-malformed")
    return position


class _Expected:
    """A hash that was read and not computed yet."""

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def hexdigest(self) -> str:
        return self._digest


def _begins_so(path: Path, found: Position) -> bool:
    """Whether the input begins with the bytes that were answered; goes on hashing from there."""
    hashed, left = sha256(), found.offset
    with reported("read", path), path.open("rb") as file:
        while left and (piece := file.read(min(left, _PIECE))):
            hashed.update(piece)
            left -= len(piece)
    if left or hashed.hexdigest() != found.hashed.hexdigest():
        return False
    found.hashed = hashed
    return True
