"""Asking every partner in turn, each on a thread of its own: one that is silent or lies holds up no other.

For a serving node `Syncing` does so again and again, and gently: between two bundles it leaves the processor to
requests for as long as the last one took.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ledger.core.trust import TrustList
from ledger.errors import LedgerError, RefusedError, RemoteError
from ledger.remote.exchange import UNSIGNED, Calling
from ledger.services.exchange.pulling import Pulled, Puller
from ledger.services.home.calling import calling_of
from ledger.services.home.folder import Home
from ledger.services.repeating import InRounds, Repeating
from ledger.services.trust.partners import Partner, PartnerBook
from ledger.store.partners import Mirror

PATIENCE: Final = 60.0
"""Seconds that a partner has for one answer."""
STILL: Final = 150.0
"""Seconds without any progress after which a partner is given up."""
_UNFORESEEN: Final = "asking the partner failed in a way that was not foreseen"


@dataclass(frozen=True, slots=True)
class Wants:
    """What pulls from all partners have in common; see `ledger.services.exchange.pulling.Puller`."""

    mirror: Mirror
    trust: TrustList
    jurisdiction: str
    clock: Callable[[], float]
    again: bool = False
    calling: Calling = UNSIGNED


@dataclass(slots=True)
class Asked:
    """How asking one partner went: `pulled` as far as it came, and the error that ended it, if one did."""

    partner: str
    pulled: Pulled
    error: LedgerError | None = None


def ask(
    partner: Partner,
    wants: Wants,
    *,
    told: Callable[[Pulled], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Asked:
    """Pull from one partner.  Never raises: whatever fails concerns this partner alone, and is told."""
    asked = Asked(partner.name, Pulled(partner.name))

    def note(pulled: Pulled) -> None:
        asked.pulled = pulled
        told(pulled)

    if partner.node is None:
        asked.error = RefusedError(
            f"where the node of {partner.name} is, is not known; evidence partner add --node says it",
            code="partner-without-node",
        )
        return asked
    from ledger.remote.node import NodeClient  # a node without partners needs no client

    try:
        with NodeClient(partner.node, patience=PATIENCE, calling=wants.calling) as source:
            puller = Puller(
                partner,
                source,
                wants.mirror,
                wants.trust,
                wants.jurisdiction,
                wants.clock,
                told=note,
                stop=stop,
                again=wants.again,
            )
            asked.pulled = puller.pull()
    except LedgerError as error:
        asked.error = error
    except Exception as error:  # noqa: BLE001 - no partner may end the thread that asks
        asked.error = _unforeseen(error)
    return asked


def ask_all(
    partners: Sequence[Partner], wants: Wants, *, told: Callable[[Sequence[Pulled]], None] = lambda _: None
) -> list[Asked]:
    """Pull from several partners at once; one answer each, in their order.

    A partner that makes no progress for `STILL` seconds is left, with the error `partner-silent`.

    Args:
        told: Called now and then with how far all are; from the calling thread.
    """
    works = [_Work(partner, wants) for partner in partners]
    for work in works:
        work.thread.start()
    while any(work.is_waited_for() for work in works):
        next(work for work in works if work.is_waited_for()).thread.join(0.1)
        told([work.pulled for work in works])
    return [work.outcome() for work in works]


@dataclass(eq=False, slots=True)
class _Work:
    """One partner being asked."""

    partner: Partner
    wants: Wants
    pulled: Pulled = field(init=False)
    moved: float = field(init=False)
    asked: Asked | None = None
    left: bool = False
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.pulled, self.moved = Pulled(self.partner.name), time.monotonic()
        self.thread = threading.Thread(target=self._run, name=f"partner {self.partner.name}", daemon=True)

    def _run(self) -> None:
        self.asked = ask(self.partner, self.wants, told=self._note, stop=lambda: self.left)

    def _note(self, pulled: Pulled) -> None:
        self.pulled, self.moved = pulled, time.monotonic()

    def is_waited_for(self) -> bool:
        if not self.thread.is_alive():
            return False
        self.left = self.left or time.monotonic() - self.moved > STILL
        return not self.left

    def outcome(self) -> Asked:
        if self.asked is not None:
            return self.asked
        silent = RemoteError(
            f"the node of {self.partner.name} made no progress for {STILL:.0f} s", code="partner-silent"
        )
        return Asked(self.partner.name, self.pulled, silent)


class Syncing(InRounds):
    """Asks a node's partners every `period` seconds until it is closed.

    Args:
        believed: The trust list in force, asked for each time.
        calling: In whose name they are asked.
        before: Done at the beginning of each round, whatever it is; its errors are the next round's business.
    """

    def __init__(
        self,
        book: PartnerBook,
        mirror: Mirror,
        *,
        believed: Callable[[], TrustList],
        period: float,
        clock: Callable[[], float],
        calling: Calling = UNSIGNED,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._book = book
        self._mirror = mirror
        self._believed = believed
        self._clock = clock
        self._calling = calling
        self._before = before
        self._rounds = Repeating("partners", self._round, period=period, unforeseen=_unforeseen)

    def _round(self) -> None:
        self._before()
        partners = self._book.list()
        if not partners:
            return
        wants = Wants(self._mirror, self._believed(), self._book.own, self._clock, calling=self._calling)
        for partner in partners:
            if partner.node is not None:
                self._rounds.beside(
                    partner.name, f"partner {partner.name}", partial(self._ask, partner, wants)
                )

    def _ask(self, partner: Partner, wants: Wants) -> None:
        last = time.monotonic()

        def told(_: Pulled) -> None:
            nonlocal last
            self._rounds.stop.wait(min(1.0, time.monotonic() - last))
            last = time.monotonic()

        ask(partner, wants, told=told, stop=self._rounds.stop.is_set)


def syncing_of(
    home: Home,
    partners: PartnerBook,
    mirror: Mirror,
    believed: Callable[[], TrustList],
    *,
    clock: Callable[[], float],
    before: Callable[[], None],
) -> Syncing:
    """What asks the partners of a home; begun with `start`."""
    return Syncing(
        partners,
        mirror,
        believed=believed,
        period=home.settings.partner_period,
        clock=clock,
        calling=calling_of(home),
        before=before,
    )


def _unforeseen(error: Exception) -> RemoteError:
    return RemoteError(f"{_UNFORESEEN} ({type(error).__name__})", code="partner-failed")
