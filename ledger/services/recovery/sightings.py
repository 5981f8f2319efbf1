"""Who watched a log, and what they say they saw of it.

    every witness that is asked to cosign   the checkpoint it cosigned last, which this log's own key signed
    every node of every chain that the log is anchored on   the size and root that the contract holds

What a witness says counts for the log's own signature under it, and proves itself.  What a chain's node says is what
the log has too, or counts for the signature of the log's head key in the transaction.  Nobody can hold up a log by a
lie: who invents something is as good as silent, and is named.

Source: docs/recovery.md.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain
from ledger.chain.several import nodes_of
from ledger.core.checkpoint import LogSigner, parse_checkpoint
from ledger.core.evm.anchor import log_id
from ledger.core.note import VKey
from ledger.core.witness import verify_plain_lines
from ledger.errors import ChainError, LedgerError, RefusedError, RemoteError, VerificationError
from ledger.remote.exchange import GUARDED
from ledger.services.anchoring.chains import OwnChain
from ledger.services.anchoring.shown import ShownAnchors
from ledger.services.witnessing.witnesses import Asked
from ledger.store.anchors import Anchors
from ledger.store.cosignatures import Cosignatures
from ledger.store.log import Log

PATIENCE: Final = 10.0
"""Seconds that all have together to answer; who is later is asked again."""
SLOWEST: Final = 60.0
"""Longest wait until one that did not answer is asked again; it begins at two seconds and doubles."""
_NAMED: Final = 8


class ChainPlace(NamedTuple):
    """Where a chain holds what it showed: the contract, and the number and hash of the block looked at.

    The hash is Keccak-256 of the header as the chain's node gave it, seals included.
    """

    chain: str
    contract: bytes
    number: int
    block: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """That somebody saw this log at a size, with a root.

    Attributes:
        note: The checkpoint that a witness shows; None of a chain.
        place: Where a chain holds it; None of a witness.
    """

    who: str
    size: int
    root: bytes
    note: bytes | None = field(default=None, compare=False, repr=False)
    place: ChainPlace | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.who} saw size {self.size} with root {self.root.hex()}"


@dataclass(slots=True)
class Source:
    """Somebody who may have seen the log, and how asking went.

    Attributes:
        name: For people.
        ask: What it saw; None: nothing.  Raises `LedgerError` where it gives no answer that holds.
        answered: Whether it did; `sighting` is what it saw, `error` why it did not.
        due: When it is asked again, by the monotonic clock.
    """

    name: str
    ask: Callable[[], Sighting | None] = field(repr=False)
    answered: bool = False
    sighting: Sighting | None = None
    error: LedgerError | None = None
    fails: int = 0
    due: float = 0.0
    thread: threading.Thread | None = field(default=None, repr=False)

    def run(self) -> None:
        """Ask.  Never raises: whatever fails is told."""
        try:
            self.sighting = self.ask()
        except LedgerError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - on a thread of its own
            self._failed(
                RemoteError(f"asking failed in a way that was not foreseen ({type(error).__name__})")
            )
        else:
            self.answered, self.error = True, None

    def _failed(self, error: LedgerError) -> None:
        self.error = error
        self.fails += 1
        self.due = time.monotonic() + min(SLOWEST, 2.0 ** min(self.fails, 6))


def ask_all(
    sources: Iterable[Source], stop: threading.Event | None = None, patience: float = PATIENCE
) -> None:
    """Ask those whose time it is, each on a thread of its own; returns once all answered or `patience` is over."""
    now, ends = time.monotonic(), time.monotonic() + patience
    asked = [one for one in sources if not one.answered and now >= one.due]
    for one in asked:
        if one.thread is None or not one.thread.is_alive():
            one.thread = threading.Thread(target=one.run, name=f"restart {one.name}", daemon=True)
            one.thread.start()
    for one in asked:
        while one.thread is not None and one.thread.is_alive():
            if time.monotonic() >= ends or (stop is not None and stop.is_set()):
                return
            one.thread.join(0.05)


def sources_of(
    signer: LogSigner,
    *,
    witnesses: Sequence[Asked],
    cosignatures: Cosignatures | None,
    chains: Sequence[OwnChain],
    log: Log,
    anchors: Anchors,
) -> list[Source]:
    """The witnesses whose addresses are known, and each node of the chains whose contracts are.

    Args:
        signer: The log's keys: what a witness or a chain shows must be signed with them.
        cosignatures: What witnesses signed, as far as it is remembered here.
        chains: That the log is anchored on.
        log: What there is of it.
        anchors: What was anchored, as far as it is remembered here.
    """
    found = [_witness_source(one, one.url, signer, cosignatures) for one in witnesses if one.url is not None]
    for own in chains:
        if own.contract is not None:
            for node, chain in nodes_of(own.chain).items():
                name = f"chain {own.name}" if node is None else f"chain {own.name} through {node}"
                shown = partial(_shown_anchors, chain, own.contract, signer, log, anchors)
                found.append(_chain_source(name, own, shown))
    return found


def _witness_source(asked: Asked, url: str, signer: LogSigner, cosignatures: Cosignatures | None) -> Source:
    def ask() -> Sighting | None:
        from ledger.remote.witness import WitnessClient  # a node without partners needs no client

        with WitnessClient(url, patience=PATIENCE, calling=GUARDED) as client:
            shown = client.checkpoint(signer.origin)
        if shown is not None:
            return shown_by(asked.name, shown, signer.origin, signer.vkeys[:1])
        held = None if cosignatures is None else cosignatures.last_of(asked.keys)
        if held is not None:
            raise RemoteError(
                f"the witness knows nothing of this log, and cosigned size {held.size} of it",
                code="witness-forgot",
            )
        return None

    return Source(f"witness {asked.name}", ask)


def shown_by(name: str, shown: bytes, origin: str, vkeys: Sequence[VKey]) -> Sighting:
    """What a note shows that a witness cosigned of this log, once the log's own signature holds.

    Raises:
        MalformedError: It is no checkpoint.
        VerificationError: `witness-answer`: of another log; or `SignatureError`: not signed by this log.
    """
    signed = parse_checkpoint(shown)
    found = signed.checkpoint
    if found.origin != origin:
        raise VerificationError(
            f"witness {name} shows a checkpoint of {found.origin}, not of {origin}", code="witness-answer"
        )
    verify_plain_lines(signed, vkeys)
    return Sighting(f"witness {name}", found.size, found.root, note=shown)


def _shown_anchors(
    chain: Chain, contract: bytes, signer: LogSigner, log: Log, anchors: Anchors
) -> ShownAnchors:
    code, key = load_artifact().runtime_code_hash, signer.head_address
    named = log_id(signer.origin, key)
    return ShownAnchors(chain, contract, code, named, head_address=key, log=log, anchors=anchors)


def _chain_source(name: str, own: OwnChain, shown: Callable[[], ShownAnchors]) -> Source:
    def ask() -> Sighting | None:
        try:
            found = shown().last()
        except ChainError as error:
            if error.code == "anchor-unsigned":
                own.doubts[name] = error
            raise
        own.doubts.pop(name, None)
        if found is None:
            return None
        place = ChainPlace(own.name, found.contract, found.header.number, found.header.hash)
        return Sighting(name, found.size, found.root, place=place)

    return Source(name, ask)


def require_seen(log: Log, sources: Sequence[Source], *, unproven: bool) -> list[Sighting]:
    """Hold what was seen of a log that is rebuilt against what there is of it.

    Raises:
        RefusedError: `mirror-short`, `mirror-rewritten`, `recover-unproven`.
    """
    ask_all(sources)
    seen = sorted((one.sighting for one in sources if one.sighting is not None), key=lambda one: -one.size)
    head = log.head.size
    for one in seen:
        if one.size > head:
            raise RefusedError(
                f"{one}; the mirror and the old database have {head} entries of log {log.origin} together: entries"
                f" {head} to {one.size - 1} are missing; another partner's mirror may have them",
                code="mirror-short",
            )
        if log.root_at(one.size) != one.root:
            raise RefusedError(
                f"{one}; the mirror's history has root {log.root_at(one.size).hex()} there: two histories of log"
                f" {log.origin} were signed",
                code="mirror-rewritten",
            )
    if sources and not unproven and not any(one.answered for one in sources):
        silent = "; ".join(f"{one.name}: {one.error or 'no answer in time'}" for one in sources[:_NAMED])
        raise RefusedError(
            f"nobody said what was seen of log {log.origin} ({silent}); whether the mirror is as large is not known;"
            " --unproven goes on without",
            code="recover-unproven",
        )
    return seen
