"""Starting again: before a node signs its first new head it asks who watched the log what they saw of it.

    every witness that is asked to cosign   the checkpoint it cosigned last, which this log's own key signed
    every chain that the log is anchored on   the size and root that the contract holds, as the chain proves them

A size larger than the durable log, or a root that is not of its history, says that an older copy of the database was
put back, or another one: a node that signed on would show two histories.  Nothing is signed then, and reads go on.
Where some are to be asked and none answers, nothing is signed until one does, or the operator takes it upon himself.

What a witness says counts for the log's own signature under it, and proves itself; nobody can hold up a log by a lie.

Source: docs/recovery.md.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ledger.chain.artifact import load_artifact
from ledger.core.checkpoint import LogSigner, parse_checkpoint, sign_checkpoint
from ledger.core.evm.anchor import log_id
from ledger.core.note import VKey
from ledger.core.tile_paths import WIDTH
from ledger.core.witness import verify_plain_lines
from ledger.errors import LedgerError, RemoteError, StoreError, VerificationError
from ledger.services.anchor_contract import AnchorContract
from ledger.services.home import Home
from ledger.services.own_chains import OwnChain
from ledger.services.sequencer import Sequencer
from ledger.services.witnesses import Asked, Witnesses
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.cosignatures import Cosignatures
from ledger.store.log import Log
from ledger.store.statements import Statements

PATIENCE: Final = 10.0
"""Seconds that all have together to answer; who is later is asked again."""
SLOWEST: Final = 60.0
"""Longest wait until one that did not answer is asked again; it begins at two seconds and doubles."""
_NAMED: Final = 4
"""Most of those who contradict, or are silent, that a message names."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """That somebody saw this log at a size, with a root."""

    who: str
    size: int
    root: bytes

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


class Restart:
    """Whether this log may be signed on; `may_sign` is asked by one thread until it says so.

    Who had not answered by then is asked on, and may still end it.

    Args:
        log: As it was opened.
        sources: Who is to be asked; found out at the first question.
        unproven: Sign though nobody answered.

    Attributes:
        halt: Told of a contradiction that comes late.
    """

    def __init__(
        self,
        log: Log,
        sources: Callable[[], Sequence[Source]],
        *,
        unproven: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self._log = log
        self._find = sources
        self._sources: Sequence[Source] | None = None
        self._unproven = unproven
        self._patience = patience
        self._stop = threading.Event()
        self.halt: Callable[[LedgerError], None] = lambda _: None

    def may_sign(self) -> LedgerError | None:
        """Why nothing may be signed; None where it may.  Takes up to `PATIENCE` seconds.

        Returns:
            A StoreError: `log-rolled-back` and `log-rewritten`, which stand until the database is another;
            `restart-unproven`: nobody answered yet.
        """
        if self._sources is None:
            self._sources = self._find()
        ask_all(self._sources, self._stop, self._patience)
        answered: list[Source] = []
        late: list[Source] = []  # who answers from here on is one of them, whatever it says
        for one in self._sources:
            (answered if one.answered else late).append(one)
        against = contradiction(self._log, _seen_by(answered))
        if against is not None:
            return against
        if not self._sources or self._unproven or answered:
            if late:
                threading.Thread(target=self._ask_on, args=(late,), name="restart", daemon=True).start()
            return None
        return unanswered(self._log.origin, self._sources)

    def _ask_on(self, late: Sequence[Source]) -> None:
        """Ask until all answered; every answer is looked at, the last one too."""
        heard = False
        while not heard and not self._stop.wait(1.0):
            ask_all(late, self._stop, self._patience)
            heard = all(one.answered for one in late)  # before what they say is read: the last may come now
            try:
                against = contradiction(self._log, _seen_by(late))
            except LedgerError:  # the disk: looked at again
                heard = False
                continue
            if against is not None:
                self.halt(against)
                return

    def close(self) -> None:
        """Wait for no answer any more."""
        self._stop.set()


def _seen_by(sources: Iterable[Source]) -> list[Sighting]:
    return [one.sighting for one in sources if one.sighting is not None]


def contradiction(log: Log, seen: Iterable[Sighting]) -> StoreError | None:
    """What was seen that the log does not have, and by whom: `log-rolled-back` or `log-rewritten`."""
    head = log.head
    told = sorted(seen, key=lambda one: -one.size)
    larger = [one for one in told if one.size > head.size]
    if larger:
        return StoreError(
            f"log {log.origin} has {head.size} entries, yet {_listed(larger)}: an older copy of the database was put"
            " back; nothing is signed; evidence log recover rebuilds it from a partner's mirror",
            code="log-rolled-back",
        )
    others = [one for one in told if log.root_at(one.size) != one.root]
    if others:
        own = log.root_at(others[0].size).hex()
        return StoreError(
            f"log {log.origin} has root {own} at size {others[0].size}, yet {_listed(others)}: this is not the history"
            " that was shown; nothing is signed",
            code="log-rewritten",
        )
    return None


def unanswered(origin: str, sources: Sequence[Source]) -> StoreError:
    """That none of those who may have seen the log answered."""
    silent = "; ".join(f"{one.name}: {one.error or 'no answer in time'}" for one in sources[:_NAMED])
    return StoreError(
        f"nobody said what was seen of log {origin} before this start ({silent}); nothing is signed until one does,"
        " or the node is served with --unproven",
        code="restart-unproven",
    )


def _listed(seen: Sequence[Sighting]) -> str:
    more = len(seen) - _NAMED
    return " and ".join(str(one) for one in seen[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def sequencer_of(
    home: Home,
    log: Log,
    checkpoints: Checkpoints,
    witnesses: Witnesses,
    chains: Sequence[OwnChain],
    *,
    clock: Callable[[], float],
    unproven: bool = False,
    publish: Callable[[StoredCheckpoint], None] | None = None,
) -> tuple[Restart, Sequencer]:
    """What signs a node's log, and what it asks before the first time; the log's last bundle is held together first.

    Raises:
        StoreError: As `check_last_bundle` and `Sequencer`.
    """
    check_last_bundle(log, Statements(log.database))
    signer, cosignatures = home.log_signer(), Cosignatures(log.database)

    def sources() -> list[Source]:
        return sources_of(signer, witnesses=witnesses.all(), cosignatures=cosignatures, chains=chains)

    restart = Restart(log, sources, unproven=unproven)
    sequencer = Sequencer(
        log,
        checkpoints,
        lambda checkpoint, now: sign_checkpoint(checkpoint, signer, now),
        clock=clock,
        publish=publish,
        may_sign=restart.may_sign,
    )
    restart.halt = sequencer.halt
    return restart, sequencer


# -- who is asked --------------------------------------------------------------------------------------------


def sources_of(
    signer: LogSigner,
    *,
    witnesses: Sequence[Asked],
    cosignatures: Cosignatures | None,
    chains: Sequence[OwnChain],
) -> list[Source]:
    """The witnesses whose addresses are known, and the chains whose contracts are.

    Args:
        signer: The log's keys: what a witness shows must be signed with them.
        cosignatures: What witnesses signed, as far as it is remembered here.
        chains: That the log is anchored on.
    """
    found = [_witness_source(one, one.url, signer, cosignatures) for one in witnesses if one.url is not None]
    on_chains = [_chain_source(one, one.contract, signer) for one in chains if one.contract is not None]
    return found + on_chains


def _witness_source(asked: Asked, url: str, signer: LogSigner, cosignatures: Cosignatures | None) -> Source:
    def ask() -> Sighting | None:
        from ledger.remote.witness import WitnessClient  # a node without partners needs no client

        with WitnessClient(url, patience=PATIENCE) as client:
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
    return Sighting(f"witness {name}", found.size, found.root)


def _chain_source(own: OwnChain, address: bytes, signer: LogSigner) -> Source:
    def ask() -> Sighting | None:
        own.chain.check_identity()
        code = load_artifact().runtime_code_hash
        contract = AnchorContract(own.chain, address, code, log_id(signer.origin, signer.head_address))
        header = own.chain.head()
        size = contract.held_size(header)
        return Sighting(f"chain {own.name}", size, contract.root_at(size, header)) if size else None

    return Source(f"chain {own.name}", ask)


# -- the last bundle -----------------------------------------------------------------------------------------


def check_last_bundle(log: Log, statements: Statements) -> None:
    """Hold the statements of the tree's last 256 places, or fewer, against the entries they stand for.

    Raises:
        StoreError: `store-corrupt`, naming the entry and both digests.
    """
    size = log.head.size
    if size == 0:
        return
    index = (size - 1) // WIDTH * WIDTH
    for stored in statements.every(index):
        if stored.index != index:
            break
        try:
            found = sha256(stored.body).digest()
        except TypeError:  # damage may make of bytes a text or nothing, whatever the column says
            found = b""
        if found != stored.digest:
            raise StoreError(
                f"entry {index} of log {log.origin} is {stored.digest.hex()}, and its statement has digest"
                f" {found.hex()}",
                code="store-corrupt",
            )
        index += 1
    if index < size:
        raise StoreError(
            f"log {log.origin} has {size} entries, and no statement of entry {index}", code="store-corrupt"
        )
