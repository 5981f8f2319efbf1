"""Looking for stronger finality: on a thread of a serving node, or once for a command.

Source: docs/spec/attestation.md.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import parse_trust_list
from ledger.errors import LedgerError, RefusedError, RemoteError, SetupError, StoreError
from ledger.remote.exchange import Calling
from ledger.services.anchoring.claims import AnchorClaims
from ledger.services.files import exists, read_bounded
from ledger.services.finality.attesters import PATIENCE, Asked, AttesterNode, attesters_of
from ledger.services.finality.finality import Finaliser
from ledger.services.finality.foreign_finality import ForeignFinaliser
from ledger.services.home.folder import Home
from ledger.services.trust.partners import PartnerBook
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database
from ledger.store.foreign import ForeignStore
from ledger.store.log import Log


class Rounds(Protocol):
    """What looks for stronger finality: of anchors, or of what the own chains hold of partners' logs."""

    def tick(self) -> None:
        """One round."""
        ...


class Finalising:
    """Has each of them go round every `period` seconds until it is closed.

    Attributes:
        trouble: The first of the last round.
    """

    def __init__(self, finalisers: Sequence[Rounds], *, period: float) -> None:
        self._finalisers = finalisers
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="finaliser", daemon=True)
        self.trouble: LedgerError | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; an attester that is being asked is left."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE)

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            troubles = [_round(one) for one in self._finalisers]
            # Shown by /health; the next round tries again.
            self.trouble = next((one for one in troubles if one is not None), None)


def _round(finaliser: Rounds) -> LedgerError | None:
    try:
        finaliser.tick()
    except LedgerError as error:
        return error
    except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
        return StoreError(
            f"looking for stronger finality failed in a way that was not foreseen ({type(error).__name__})",
            code="finality-failed",
        )
    return None


def finalising_of(
    log: Log,
    claims: AnchorClaims,
    anchors: Anchors,
    partners: PartnerBook,
    foreign: ForeignStore,
    *,
    period: float,
    clock: Callable[[], float],
    calling: Calling,
) -> Finalising:
    """What finds stronger finality by asking its partners' nodes, not begun yet.

    For a node's anchors, and for what its chains hold of partners' logs.
    """

    def connect(url: str) -> Asked:
        from ledger.remote.node import NodeClient  # a node without attesters needs no client

        return NodeClient(url, patience=PATIENCE, calling=calling)

    def path(origin: str, smaller: int, larger: int) -> Sequence[bytes]:
        from ledger.remote.relaying import RelayClient

        for one in partners.list():
            if one.node is not None and origin in one.entry.listed.logs:
                with RelayClient(one.node, calling=calling) as client:
                    return client.consistency(smaller, larger)
        raise RefusedError(f"no partner's node has the log {origin}", code="log-unknown")

    def attesters() -> Mapping[bytes, AttesterNode]:
        return attesters_of(partners.list())

    anchored = Finaliser(
        log=log, claims=claims, anchors=anchors, attesters=attesters, connect=connect, clock=clock
    )
    held = ForeignFinaliser(
        store=foreign,
        chains=claims.chains,
        operator=claims.keys.operator,
        attesters=attesters,
        connect=connect,
        path=path,
        clock=clock,
    )
    return Finalising([anchored, held], period=period)


@contextmanager
def opened_finaliser(
    home: Home, *, clock: Callable[[], float], read_only: bool = True
) -> Iterator[Finaliser]:
    """The same for one use, of a home whose node may be serving; asks nobody.

    Raises:
        SetupError: `claim-missing`: the node was never served.
    """
    from ledger.services.home.database import open_log_database  # a node has a finaliser

    with open_log_database(home, read_only=read_only) as database:
        yield Finaliser(
            log=Log(database, home.settings.origin),
            claims=claims_of(home, database),
            anchors=Anchors(database),
            attesters=dict,
            connect=_nobody,
            clock=clock,
        )


def claims_of(home: Home, database: Database) -> AnchorClaims:
    """The claims about the anchors of a home's log, by the trust list that the home issued last.

    Raises:
        SetupError: `claim-missing`: the node was never served.
    """
    if not exists(home.claim):
        raise SetupError(f"{home.claim} is not there yet; evidence node serve makes it", code="claim-missing")
    trust = parse_trust_list(read_bounded(home.claim, limit=TRUST_LIMIT, what="claim"))
    return AnchorClaims(
        keys=trust.logs[home.settings.origin],
        checkpoints=Checkpoints(database),
        anchors=Anchors(database),
        chains=trust.chains,
    )


def _nobody(_: str) -> Asked:
    raise RemoteError("nobody is asked", code="remote-unreachable")
