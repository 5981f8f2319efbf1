"""A witness of XB and the log of its partner XA, both in memory but for the witness's file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_cosignature
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.note import encode_vkey
from ledger.core.statement import Statement
from ledger.core.witness import encode_add_checkpoint, parse_cosignatures
from ledger.services.trust.known_logs import KnownLogs
from ledger.services.trust.partners import PartnerBook
from ledger.services.witnessing.witnessing import Answer, Witness
from ledger.store.witness import WitnessStore
from tests.services.witnessing.process import NAME, plain_note, vkey_of
from tests.simulator import START, Jurisdiction, key, make
from tests.trees import tree_consistency, tree_root


def entries(count: int, first: int = 0) -> list[bytes]:
    return [(first + n).to_bytes(32) for n in range(count)]


def entry_of(side: Jurisdiction, *, created: int = START, **members: Any) -> Statement:
    """A jurisdiction's word about itself."""
    subject = {
        "jurisdiction": side.code,
        "authorities": [side.authority()],
        "logs": [side.trusted_log()],
        "witnesses": [],
        "chains": [side.trusted_chain()],
        **members,
    }
    name = f"entry {side.code} {created}"
    return make(
        "JurisdictionEntry", subject, side.registrar, "#1", key(f"{side.code} registrar"), created, name=name
    )


def take_up(book: PartnerBook, entry: Statement, node: str | None = None) -> None:
    book.add(entry.encoded, fingerprint=entry.digest.hex(), node=node, now=START)


PLAIN = Jurisdiction("XP", 9, entries=entries(5))
"""A log that signs as C2SP has it and no more."""
PLAIN_VKEY = encode_vkey(vkey_of(PLAIN.origin))


def plain(size: int) -> bytes:
    return plain_note(PLAIN.origin, size, tree_root(PLAIN.leaves[:size]))


@dataclass
class Rig:
    """XB's witness, and XA whose log of forty entries it knows by XA's entry."""

    folder: Path
    xa: Jurisdiction = field(default_factory=lambda: Jurisdiction("XA", 31_001, entries=entries(40)))
    now: float = START + 1000

    def __post_init__(self) -> None:
        self.book = PartnerBook(self.folder / "partners", "XB")
        take_up(self.book, entry_of(self.xa))
        self.logs = KnownLogs(self.folder, self.book, "registry.example.xb/XB/2026")
        self.store = WitnessStore(self.folder / "witness.sqlite")
        self.witness = self.opened()
        self.store.begin(encode_vkey(self.witness.vkey))

    def opened(self) -> Witness:
        """The witness, as a process that starts now would have it."""
        return Witness(
            WitnessStore(self.folder / "witness.sqlite"),
            name=NAME,
            key=key("XB witness"),
            logs=self.logs.all,
            clock=lambda: self.now,
        )

    def body(self, size: int, old: int = 0, *, log: Jurisdiction | None = None, **changes: Any) -> bytes:
        """add-checkpoint from one size to another; members of it changed where a test says so."""
        of = log or self.xa
        path: Sequence[bytes] = tree_consistency(old, of.leaves[:size]) if 0 < old < size else []
        note = changes.get("note") or of.checkpoint(size, root=changes.get("root"))
        return encode_add_checkpoint(old, changes.get("path", path), note)

    def ask(self, size: int, old: int = 0, **changes: Any) -> Answer:
        return self.witness.add_checkpoint(self.body(size, old, **changes))

    def time_of(self, answer: Answer, signed: SignedCheckpoint) -> int:
        """When the line says it was made, once it verifies."""
        (line,) = parse_cosignatures(answer.body, signed)
        return verify_cosignature(signed, line, self.witness.vkey)

    def require_cosigned(self, answer: Answer, size: int) -> None:
        assert (answer.status, answer.error) == (200, None)
        signed = parse_checkpoint(self.xa.checkpoint(size, root=None if size else EMPTY_ROOT))
        assert self.time_of(answer, signed) == int(self.now)


def problem(answer: Answer) -> tuple[int, str]:
    assert answer.error is not None
    assert answer.body == b""
    return answer.status, answer.error.code
