"""What clients were told, held against what the store leads to after a fault and a restart.

One judge for every kind of fault.  `autopsy` looks before anything is restarted: what was told must be durable and
signed already.  `judge` looks at a store that was restarted, and verifies every receipt.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Literal

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.receipt import encode_receipt, verify_receipt
from ledger.errors import LedgerError
from ledger.services.auditing.audit import LogIdentity, audit
from ledger.services.registration.receipts import receipt_of
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, open_database
from ledger.store.log import Log
from ledger.store.statements import Statements

Kind = Literal[
    "lost",  # an acknowledged record has no place, or another one
    "reused",  # one index was given to two records
    "not-provable",  # its receipt does not verify, or is not what it was
    "unsigned",  # acknowledged before a stored checkpoint covered it
    "rolled-back",  # a checkpoint that was seen is not stored, or a smaller one followed
    "two-heads",  # two checkpoints of one size were seen or signed
    "unusable",  # the store cannot be opened
    "damaged",  # the audit finds something
    "clock",  # a later checkpoint is dated before an earlier one
]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that must never be."""

    kind: Kind
    detail: str


@dataclass
class Told:
    """What clients were told so far, in the order in which they were.

    Attributes:
        indices: Index of each acknowledged record, by digest.
        receipts: Receipts that were fetched, by digest.
        seen: SHA-256 of each checkpoint that was published, by size.
        wrong: What contradicted itself already.
        in_order: Whether checkpoints must be published by ascending size: not where a process that was stopped between
            storing one and publishing it may be resumed after another one moved the log.
    """

    indices: dict[bytes, int] = field(default_factory=dict)
    receipts: dict[bytes, bytes] = field(default_factory=dict)
    seen: dict[int, bytes] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    in_order: bool = True
    _places: dict[int, bytes] = field(default_factory=dict)
    _largest: int = 0

    def so_far(self) -> "Told":
        """What was told until now: a copy, for looking at a store beside which a process goes on telling."""
        return Told(dict(self.indices), dict(self.receipts), dict(self.seen), list(self.wrong), self.in_order)

    def acknowledged(self, digest: bytes, index: int) -> None:
        """A client was told that a record is at an index."""
        before = self.indices.setdefault(digest, index)
        if before != index:
            self._say("lost", f"record {digest.hex()} was at {before}, then at {index}")
        other = self._places.setdefault(index, digest)
        if other != digest:
            self._say("reused", f"index {index} was given to {other.hex()}, then to {digest.hex()}")

    def published(self, size: int, note: bytes) -> None:
        """A client saw a checkpoint: `note` is the SHA-256 of its bytes."""
        before = self.seen.setdefault(size, note)
        if before != note:
            self._say("two-heads", f"two checkpoints of size {size} were published")
        if self.in_order and size < self._largest:
            self._say(
                "rolled-back", f"a checkpoint of size {size} was published after one of {self._largest}"
            )
        self._largest = max(self._largest, size)

    def line(self, line: str) -> bool:
        """Take in a line of `tests.faults.writer`; whether it told of something."""
        word, *rest = line.split()
        if word == "ack":
            self.acknowledged(bytes.fromhex(rest[0]), int(rest[1]))
        elif word == "seen":
            self.published(int(rest[0]), bytes.fromhex(rest[1]))
        else:
            return False
        return True

    def _say(self, kind: Kind, detail: str) -> None:
        self.wrong.append(Wrong(kind, detail))


def autopsy(told: Told, place: Path | str) -> list[Wrong]:
    """What is wrong with a store, before anything is mended: at least what was told before the call is there."""
    told = told.so_far()
    try:
        with open_database(place, read_only=True) as database:
            return [*told.wrong, *_unstored(told, Checkpoints(database)), *_unsigned(told, database)]
    except LedgerError as error:
        return [*told.wrong, Wrong("unusable", f"{error.code}: {error}")]


def judge(told: Told, place: Path | str, identity: LogIdentity) -> list[Wrong]:
    """What is wrong with a store after a restart; empty: nothing.

    Every receipt is made anew and verified, every stored checkpoint is held against the history, and the whole log
    is audited.
    """
    try:
        with open_database(place, read_only=True) as database:
            log = Log(database, identity.origin)
            wrong = [*told.wrong, *_unstored(told, Checkpoints(database)), *_heads(log)]
            wrong += _records(told, log, identity)
            wrong += [Wrong("damaged", str(found)) for found in audit(database, identity).findings]
            return wrong
    except LedgerError as error:
        return [*told.wrong, Wrong("unusable", f"{error.code}: {error}")]


def kinds(wrong: Iterable[Wrong]) -> set[Kind]:
    """The kinds of what is wrong."""
    return {one.kind for one in wrong}


def _unstored(told: Told, checkpoints: Checkpoints) -> Iterable[Wrong]:
    """Checkpoints that somebody has, and the store has not."""
    stored = {one.size: sha256(one.note).digest() for one in checkpoints.every()}
    for size, note in told.seen.items():
        if size not in stored:
            yield Wrong("rolled-back", f"the checkpoint of size {size} was published and is not stored")
        elif stored[size] != note:
            yield Wrong(
                "two-heads", f"the stored checkpoint of size {size} is not the one that was published"
            )


def _unsigned(told: Told, database: Database) -> Iterable[Wrong]:
    latest = Checkpoints(database).latest()
    covered = 0 if latest is None else latest.size
    for digest, index in told.indices.items():
        if index >= covered:
            yield Wrong(
                "unsigned", f"record {digest.hex()} was told {index}; the last checkpoint is of {covered}"
            )


def _heads(log: Log) -> Iterable[Wrong]:
    stored = list(Checkpoints(log.database).every())
    for one in stored:
        signed = parse_checkpoint(one.note).checkpoint
        if one.size > log.head.size or signed.root != log.root_at(one.size):
            yield Wrong("rolled-back", f"the checkpoint of size {one.size} is not of this history")
    for before, after in pairwise(stored):
        if after.signed_at < before.signed_at:
            yield Wrong("clock", f"the checkpoint of size {after.size} is dated before that of {before.size}")


def _records(told: Told, log: Log, identity: LogIdentity) -> Iterable[Wrong]:
    statements, checkpoints = Statements(log.database), Checkpoints(log.database)
    for digest, index in told.indices.items():
        try:
            receipt = receipt_of(digest, log=log, statements=statements, checkpoints=checkpoints)
        except LedgerError as error:
            yield Wrong("lost", f"record {digest.hex()}, told {index}: {error.code}: {error}")
            continue
        if receipt.index != index:
            yield Wrong("lost", f"record {digest.hex()} was told {index} and is at {receipt.index}")
        try:
            verify_receipt(
                receipt, digest, origin=identity.origin, vkeys=identity.vkeys,
                head_addresses=identity.head_addresses,
            )  # fmt: skip
        except LedgerError as error:
            yield Wrong("not-provable", f"record {digest.hex()}, told {index}: {error.code}: {error}")
        if encode_receipt(receipt) != told.receipts.get(digest, encode_receipt(receipt)):
            yield Wrong("not-provable", f"the receipt of {digest.hex()} is another one now")
