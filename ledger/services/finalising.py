"""Looking for stronger finality: on a thread of a serving node, or once for a command.

Source: docs/spec/attestation.md.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import parse_trust_list
from ledger.errors import LedgerError, RemoteError, SetupError, StoreError
from ledger.services.anchor_claims import AnchorClaims
from ledger.services.attesters import PATIENCE, Asked, attesters_of
from ledger.services.files import exists, read_bounded
from ledger.services.finality import Finaliser
from ledger.services.home import Home
from ledger.services.partners import PartnerBook
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database
from ledger.store.log import Log


class Finalising:
    """Has a `Finaliser` go round every `period` seconds until it is closed."""

    def __init__(self, finaliser: Finaliser, *, period: float) -> None:
        self._finaliser = finaliser
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
            try:
                self._finaliser.tick()
                self.trouble = None
            except LedgerError as error:
                self.trouble = error  # shown by /health; the next round tries again
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self.trouble = StoreError(
                    f"looking for stronger finality failed in a way that was not foreseen ({type(error).__name__})",
                    code="finality-failed",
                )


def finalising_of(
    log: Log,
    claims: AnchorClaims,
    anchors: Anchors,
    partners: PartnerBook,
    *,
    period: float,
    clock: Callable[[], float],
) -> Finalising:
    """What finds stronger finality for a node's anchors by asking its partners' nodes, not begun yet."""

    def connect(url: str) -> Asked:
        from ledger.remote.node import NodeClient  # a node without attesters needs no client

        return NodeClient(url, patience=PATIENCE)

    finaliser = Finaliser(
        log=log,
        claims=claims,
        anchors=anchors,
        attesters=lambda: attesters_of(partners.list()),
        connect=connect,
        clock=clock,
    )
    return Finalising(finaliser, period=period)


@contextmanager
def opened_finaliser(
    home: Home, *, clock: Callable[[], float], read_only: bool = True
) -> Iterator[Finaliser]:
    """The same for one use, of a home whose node may be serving; asks nobody.

    Raises:
        SetupError: `claim-missing`: the node was never served.
    """
    from ledger.services.node import open_log_database  # a node has a finaliser

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
