"""Carrying partners' checkpoints to the own chains, and looking at what these hold: again and again, on one thread.

One process of a home does so at a time; another one stands by until it ends.  Relays of other homes may work beside it.

Source: docs/spec/foreign.md.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.chain.port import Chain
from ledger.chains import Observed, RpcSettings, ValidatorSet
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import ChainError, LedgerError, RefusedError, SetupError
from ledger.remote.exchange import GUARDED
from ledger.remote.relaying import RelayClient
from ledger.services.anchoring.chains import OwnChain
from ledger.services.anchoring.evidence import Vouching
from ledger.services.files import exists, replace, reported
from ledger.services.home.chains import open_observed
from ledger.services.home.folder import Home
from ledger.services.relay.abroad import Abroad
from ledger.services.relay.feed import Route
from ledger.services.relay.foreign import Finality, ForeignWatcher
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.receiving import Receiving, receiving, require_several
from ledger.services.relay.relayer import Relay
from ledger.services.relay.sending import STUCK_SECONDS
from ledger.services.trust.partners import Partner, PartnerBook
from ledger.store.foreign import FILE as FOREIGN
from ledger.store.foreign import ForeignStore
from ledger.store.relay import FILE as OUTBOX
from ledger.store.relay import Halt, Outbox

FORKS: Final = "forks"
LOCK: Final = "relay.lock"
UNDER_WAY_PERIOD: Final = 1.0
"""Seconds between two rounds while a transaction waits for its block, where the period is longer."""
_IDENTITY: Final = ("chain-wrong-id", "chain-wrong-genesis")
_FOLDER_MODE: Final = 0o700
_READABLE: Final = 0o644


def relaying_of(
    home: Home,
    chains: Sequence[OwnChain],
    partners: PartnerBook,
    believed: Callable[[], TrustList],
    abroad: Abroad,
    *,
    clock: Callable[[], float],
) -> "Relaying":
    """The rounds of a serving node; carries only where the settings say so."""
    found = [receiving(home, one.settings, one.rpc, one.foreign) for one in chains]
    rounds = Rounds(
        home,
        partners,
        believed,
        [one for one in found if one is not None],
        abroad=abroad,
        carry=home.settings.relay,
    )
    return Relaying(rounds, min(one.settings.period for one in chains), clock)


@contextmanager
def only_relay(home: Path) -> Iterator[None]:
    """Be the one process of a home that relays, until the block ends.

    Raises:
        RefusedError: `relay-running`: another one is.
    """
    path = home / LOCK
    with reported("open lock of the relay", path):
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RefusedError(
                f"another process of home {home} relays already", code="relay-running"
            ) from None
        yield
    finally:
        os.close(lock)


def publish_to(home: Path) -> Callable[[Halt], None]:
    """Writes what proves a contradiction to the home's folder `forks`, from where the node shows it to everybody."""

    def publish(halt: Halt) -> None:
        folder = home / FORKS
        name = f"{format_time(halt.at)[:10]}-{halt.code}-{sha256(halt.evidence).hexdigest()[:16]}.json"
        if not exists(folder / name):
            with reported("make folder of contradictions", folder):
                folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            replace(folder / name, halt.evidence, what="proof of a contradiction", mode=_READABLE)

    return publish


@dataclass(slots=True)
class _Far:
    """A partner's side: its node, and its chain through nodes of this node's choice."""

    client: RelayClient
    observed: Chain | None


class Rounds:
    """The rounds of one home's relay.

    Args:
        home: Whose keys pay and vouch.
        partners: Whose logs are carried.
        believed: The trust list in force, asked for each time.
        chains: Where they are carried to.
        abroad: Fetches what partners' chains hold of the own log; None where that is not wanted.
        carry: Whether to carry, or only to look.
        only: Jurisdictions whose logs are carried; None: all partners'.
    """

    def __init__(
        self,
        home: Home,
        partners: PartnerBook,
        believed: Callable[[], TrustList],
        chains: Sequence[Receiving],
        *,
        abroad: Abroad | None = None,
        carry: bool = True,
        only: frozenset[str] | None = None,
    ) -> None:
        self._home, self._partners, self.believed = home, partners, believed
        self._abroad, self.carry, self._only = abroad, carry, only
        self.chains = chains
        self.outbox = Outbox(home.path / OUTBOX)
        self.store = ForeignStore(home.path / FOREIGN)
        self.routes: dict[tuple[str, bytes, str], Route] = {}
        self.halted: LedgerError | None = None
        self._far: dict[str, _Far] = {}
        self._relays: dict[str, Relay] = {}
        self._fetched = 0

    def round(self, now: int) -> None:
        """Every chain once; what goes wrong on one stands in its `trouble`."""
        self.halted = None
        for one in self.chains:
            one.trouble = None
            if not self.store.sources(one.name):
                continue
            if self.carry:
                self._try(one, lambda one=one: self._relay(one, now))  # type: ignore[misc]
            self._try(one, lambda one=one: self._watch(one, now))  # type: ignore[misc]
        if self._abroad is not None and now - self._fetched >= self._home.settings.partner_period:
            self._fetched = now
            self._abroad.fetch(self._partners.list(), self._client, self.store, self.believed(), now)

    def pause(self, period: float, now: int) -> float:
        """Seconds until the next round is due: a period, or one while what was sent keeps what comes after it waiting.

        Raises:
            StoreError: The outbox could not be read.
        """
        sent = (item for one in self.chains for item in self.outbox.in_state(one.target, "sent", limit=1))
        is_under_way = any(now - item.changed_at < STUCK_SECONDS for item in sent)
        return min(period, UNDER_WAY_PERIOD) if is_under_way and self.carry else period

    def close(self) -> None:
        """Release connections."""
        for far in self._far.values():
            far.client.close()
            if far.observed is not None:
                far.observed.close()
        for one in self.chains:
            one.chain.close()

    def _try(self, one: Receiving, action: Callable[[], None]) -> None:
        try:
            action()
        except LedgerError as error:
            if error.code == "relay-halted":
                self.halted = error
            one.trouble = one.trouble or error
            if error.code in _IDENTITY and one.opened is not None:
                # A node that lied when it was first asked must not be believed for as long as the connection lives.
                self._relays.pop(one.name, None)
                one.chain.close()
                one.chain = one.opened()

    def _relay(self, one: Receiving, now: int) -> None:
        if isinstance(one.settings, RpcSettings):
            require_several(one.settings.urls, one.name)
        self.relay_to(one).tick(self._routes_to(one), now)

    def relay_to(self, one: Receiving) -> Relay:
        """What carries to one of the chains."""
        if one.name not in self._relays:
            self._relays[one.name] = Relay(
                chain=one.chain,
                contract=ForeignContract(one.chain, one.contract),
                outbox=self.outbox,
                store=self.store,
                trust=self.believed,
                secret=self._home.keys.relay.secret,
                publish=publish_to(self._home.path),
            )
        return self._relays[one.name]

    def _routes_to(self, one: Receiving) -> list[Route]:
        found = []
        trust = self.believed()
        known = {partner.name: partner for partner in self._partners.list()}
        for followed in self.store.sources(one.name):
            partner = known.get(followed.partner)
            if followed.contract != one.contract or partner is None or partner.node is None:
                continue
            if self._only is not None and partner.name not in self._only:
                continue
            for log in trust.logs.values():
                if log.jurisdiction != partner.name:
                    continue
                key = (followed.target, followed.source_id, log.origin)
                try:
                    far = self._far_of(partner, followed.source.chain_id, trust)
                    if key not in self.routes or self.routes[key].feed is not far.client:
                        self.routes[key] = Route(followed, log.origin, far.client, far.observed)
                except SetupError as error:  # nothing is read of this one; the others go on
                    one.trouble = error
                    continue
                found.append(self.routes[key])
        return found

    def _client(self, partner: Partner) -> RelayClient | None:
        if partner.node is None:
            return None
        far = self._far.get(partner.name)
        if far is None or far.client.url != partner.node.rstrip("/"):
            if far is not None:
                far.client.close()
            far = self._far[partner.name] = _Far(RelayClient(partner.node, calling=GUARDED), None)
        return far.client

    def _far_of(self, partner: Partner, chain_id: int, trust: TrustList) -> _Far:
        self._client(partner)
        far = self._far[partner.name]
        for observed in self._home.settings.observed:
            if (observed.partner, observed.chain) == (partner.name, chain_id) and far.observed is None:
                _require_observable(observed, partner)
                far.observed = open_observed(observed, _validators(trust, chain_id))
        return far

    def _watch(self, one: Receiving, now: int) -> None:
        validators = one.settings.validators if isinstance(one.settings, RpcSettings) else ()
        finality = Finality(
            Vouching(self._home.keys.finality.secret, self._home.settings.operator), validators
        )
        ForeignWatcher(
            chain=one.chain,
            contract=ForeignContract(one.chain, one.contract),
            finality=finality,
            store=self.store,
            outbox=self.outbox,
            trust=self.believed,
        ).tick(now)


def _require_observable(observed: Observed, partner: Partner) -> None:
    """One node is enough only of an embedded chain, which has no other."""
    embedded = partner.node is not None and observed.urls == (partner.node.rstrip("/") + "/chain",)
    if not embedded:
        require_several(observed.urls, f"eip155:{observed.chain}")


def _validators(trust: TrustList, chain_id: int) -> tuple[ValidatorSet, ...]:
    chain = trust.chain(f"eip155:{chain_id}")
    if chain is None:
        return ()
    return tuple(
        ValidatorSet(one.epoch, one.start, tuple("0x" + member.hex() for member in one.members))
        for one in chain.validators
    )


@dataclass(slots=True)
class Relaying:
    """The rounds of a serving node, on a thread of their own until `close`.

    Attributes:
        standing_by: Another process of the home relays.
    """

    rounds: Rounds
    period: float
    clock: Callable[[], float]
    standing_by: bool = False
    trouble: LedgerError | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, home: Path) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, args=(home,), name="relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the round under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.rounds.close()

    def _run(self, home: Path) -> None:
        while not self._stop.wait(self.period):
            with suppress(RefusedError):
                self.standing_by = self.rounds.carry
                # Who only looks is in nobody's way.
                with only_relay(home) if self.rounds.carry else nullcontext():
                    self.standing_by = False
                    while not self._stop.is_set():
                        self._stop.wait(self._round())

    def _round(self) -> float:
        """One round; seconds until the next one."""
        try:
            self.rounds.round(int(self.clock()))
            self.trouble = None
            return self.rounds.pause(self.period, int(self.clock()))
        except LedgerError as error:
            self.trouble = error  # shown by /health; the next round tries again
        except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
            self.trouble = ChainError(
                f"relaying failed in a way that was not foreseen ({type(error).__name__})",
                code="relay-failed",
            )
        return self.period
