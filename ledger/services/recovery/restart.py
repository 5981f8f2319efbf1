"""Starting again: before a node signs its first new head it asks who watched the log what they saw of it.

A size larger than the durable log, or a root that is not of its history, says that an older copy of the database was
put back, or another one: a node that signed on would show two histories.  Nothing is signed then, and reads go on.
Where some are to be asked and none answers, nothing is signed until one does, or the operator takes it upon himself.

Whom it asks, and what counts of what they say: `ledger.services.recovery.sightings`.

Source: docs/recovery.md.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

from ledger.core.checkpoint import sign_checkpoint
from ledger.core.tile_paths import WIDTH
from ledger.errors import LedgerError, StoreError
from ledger.services.anchoring.chains import OwnChain
from ledger.services.home.folder import Home
from ledger.services.log.sequencer import Sequencer
from ledger.services.recovery.sightings import PATIENCE, Sighting, Source, ask_all, sources_of
from ledger.services.witnessing.witnesses import Witnesses
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.cosignatures import Cosignatures
from ledger.store.log import Log
from ledger.store.statements import Statements

_NAMED: Final = 4
"""Most of those who contradict, or are silent, that a message names."""


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
        asked = witnesses.all()
        return sources_of(
            signer,
            witnesses=asked,
            cosignatures=cosignatures,
            chains=chains,
            log=log,
            anchors=Anchors(log.database),
        )

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
