"""How far an audit is: a small file in the home, so that a run that broke off is gone on with.

    {"format": "evidence-audit-position/1", "begun": …, "log": "…", "version": "0.1.0", "head": ["90001", "…"],
     "compared": 81920, "byBodies": ["…"], "byEntries": ["…"], "findings": {"statement": [["statement", 41, "…"]]},
     "counts": […], "fileDone": true, "sha256": "…"}

`byBodies` is the right edge of the tiles above level 0 that the bodies of the first `compared` entries lead to, and
`byEntries` the one that the entries do: its hashes, lowest level first.  The file is believed only where it is whole,
by the same version, for the same log and keys, of the last day, and where the stored tiles still lead to the same root
at that size; otherwise the audit begins anew, which does no harm.  Who can write to the home could make it skip
entries: `--from-start` does not look at it.

A crash while it is written leaves the earlier one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Protocol

from ledger.core.canonical import decode, encode
from ledger.core.tile_paths import WIDTH
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.services import files
from ledger.services.auditing.ranges import Findings, LogIdentity
from ledger.store.database import Database
from ledger.store.integrity import Difference
from ledger.store.subtrees import RANGE, Upper, stored_upper
from ledger.store.tiles import edge_of

NAME: Final = "audit.progress"
FORMAT: Final = "evidence-audit-position/1"
LIMIT: Final = 64 << 20
"""Most bytes read of the file."""
DAY: Final = 86_400
"""Seconds for which what was compared needs no second look."""
KEEP_SECONDS: Final = 5.0
"""How often the file is written."""
_WHAT: Final = "position of the audit"


@dataclass(slots=True)
class Position:
    """What was compared so far.

    Attributes:
        compared: Entries; a multiple of `RANGE`.
        by_bodies, by_entries: The tree that their bodies, and the entries themselves, lead to.
        is_readable: Whether every range could be read, so that these are known.
        file_done: Whether the database program has looked at what it keeps.
        untold: Differences that were found and not kept.
    """

    compared: int = 0
    by_bodies: Upper = field(default_factory=Upper)
    by_entries: Upper = field(default_factory=Upper)
    is_readable: bool = True
    file_done: bool = False
    statements: int = 0
    checkpoints: int = 0
    anchors: int = 0
    untold: int = 0
    findings: Findings = field(default_factory=dict)

    def copy(self) -> "Position":
        """This position, which stays as it is."""
        return replace(self, findings={part: list(found) for part, found in self.findings.items()})


class Keeper(Protocol):
    """Keeps how far an audit is."""

    def found(self, database: Database, size: int, head: object) -> Position:
        """Where to go on: at the start, where nothing is kept that is to be believed."""

    def keep(self, position: Position, *, at_once: bool = False) -> None:
        """Keep a position, now and then; `at_once` in any case."""

    def forget(self) -> None:
        """The audit came to its end."""


class NotKept:
    """Keeps nothing."""

    def found(self, database: Database, size: int, head: object) -> Position:  # noqa: ARG002 - as of Keeper
        """The start."""
        return Position()

    def keep(self, position: Position, *, at_once: bool = False) -> None:
        """Nothing happens."""

    def forget(self) -> None:
        """Nothing happens."""


class InFile:
    """Keeps it in a file.

    Args:
        path: Of the file.
        identity: The log that is audited.
        now: POSIX seconds.
        from_start: Whether what is kept is not to be used.
        told: Told why what is kept is not believed, or where it goes on.
    """

    def __init__(
        self,
        path: Path,
        identity: LogIdentity,
        *,
        now: int,
        from_start: bool = False,
        told: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._told, self._clock, self._now = path, told, clock, now
        self._from_start = from_start
        self._log = _fingerprint(identity)
        self._begun = now
        self._head: list[Any] = []
        self._next = clock() + KEEP_SECONDS

    def found(self, database: Database, size: int, head: object) -> Position:
        """As of `Keeper`."""
        held = head if isinstance(head, tuple) else (None, None)
        self._head = [one.hex() if isinstance(one, bytes) else str(one) for one in held]
        if self._from_start or not files.exists(self._path):
            return Position()
        try:
            document = self._read(size)
            position = _position(document)
            _require_same_tree(database, position)
        except LedgerError as error:
            self._told(f"{self._path} is not believed, so the audit begins at the first entry: {error}")
            return Position()
        self._begun = document["begun"]
        self._told(
            f"going on at entry {position.compared:,}: those before it were compared"
            f" {max(0, self._now - self._begun) // 60:,} minutes ago or since"
        )
        return position

    def keep(self, position: Position, *, at_once: bool = False) -> None:
        """As of `Keeper`; durable when it returns, where it is written."""
        if not at_once and self._clock() < self._next:
            return
        document: dict[str, Any] = {
            "format": FORMAT,
            "begun": self._begun,
            "log": self._log,
            "version": _version(),
            "head": self._head,
            "compared": position.compared,
            "byBodies": [hashes.hex() for hashes in position.by_bodies.tiles.hashes],
            "byEntries": [hashes.hex() for hashes in position.by_entries.tiles.hashes],
            "fileDone": position.file_done,
            "counts": [position.statements, position.checkpoints, position.anchors, position.untold],
            "findings": {
                part: [[one.table, one.index, one.detail] for one in found]
                for part, found in position.findings.items()
            },
        }
        try:
            files.replace(self._path, encode({**document, "sha256": _hash(document)}), what=_WHAT)
        except LedgerError as error:  # the audit goes on without
            self._told(f"how far the audit is cannot be kept: {error}")
            self._next = float("inf")
        else:
            self._next = self._clock() + KEEP_SECONDS

    def forget(self) -> None:
        """As of `Keeper`."""
        with files.reported(f"remove {_WHAT}", self._path):
            self._path.unlink(missing_ok=True)

    def _read(self, size: int) -> dict[str, Any]:
        document = decode(files.read_private(self._path, limit=LIMIT, what=_WHAT), limit=LIMIT, what=_WHAT)
        if not isinstance(document, dict) or document.pop("sha256", None) != _hash(document):
            raise MalformedError("it is not whole")
        compared, begun = document.get("compared"), document.get("begun")
        faults = {
            "it is of another version": (document.get("format"), document.get("version"))
            != (FORMAT, _version()),
            "it is of another log, or of other keys": document.get("log") != self._log,
            "it is more than a day old": not isinstance(begun, int) or not 0 <= self._now - begun < DAY,
            "it is past the end of the log": not isinstance(compared, int)
            or not 0 <= compared <= size
            or compared % RANGE != 0,
        }
        for fault, is_so in faults.items():
            if is_so:
                raise MalformedError(fault)
        return document


def _position(document: dict[str, Any]) -> Position:
    compared = document["compared"]
    try:
        trees = [
            Upper(
                edge_of(compared // WIDTH, [bytes.fromhex(hashes) for hashes in document[name]]), (), compared
            )
            for name in ("byBodies", "byEntries")
        ]
        findings = {
            part: [Difference(table, index, detail) for table, index, detail in found]
            for part, found in document["findings"].items()
        }
        statements, checkpoints, anchors, untold = document["counts"]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise MalformedError("it is not whole") from None
    return Position(
        compared=compared,
        by_bodies=trees[0],
        by_entries=trees[1],
        file_done=document.get("fileDone") is True,
        statements=statements,
        checkpoints=checkpoints,
        anchors=anchors,
        untold=untold,
        findings=findings,
    )


def _require_same_tree(database: Database, position: Position) -> None:
    """What was compared has to be what is stored now: of bodies and entries, what was not damaged led to the tiles.

    Raises:
        ProofError: It leads elsewhere.
    """
    found = [tree.tiles.frontier().root() for tree in (position.by_bodies, position.by_entries)]
    if found[0] != found[1] and not position.findings.get("log"):
        raise ProofError("bodies and entries lead to two trees, and no difference is named")
    stored = stored_upper(database, position.compared).tiles.frontier().root()
    if stored not in found:
        raise ProofError(
            f"at entry {position.compared} the tiles lead to {stored.hex()}, and what was compared to {found[0].hex()}"
        )


def _fingerprint(identity: LogIdentity) -> str:
    keys = [
        f"{key.name} {key.key_id.hex()} {key.key.hex()}" for key in (*identity.vkeys, *identity.witnesses)
    ]
    heads = [address.hex() for address in identity.head_addresses]
    return sha256("\n".join([identity.origin, *keys, *heads]).encode()).hexdigest()


def _hash(document: dict[str, Any]) -> str:
    return sha256(encode(document)).hexdigest()


def _version() -> str:
    try:
        return version("evidence-ledger")
    except PackageNotFoundError:
        return "not installed"
