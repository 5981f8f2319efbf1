"""The chains that a node's log is anchored on: opened, their contracts found, each anchored on a thread of its own.

A chain that is silent holds up neither the others nor the log.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain
from ledger.chains import ChainSettings, RpcSettings
from ledger.core.canonical import TRUST_LIMIT
from ledger.core.secp256k1 import address_of
from ledger.core.trust.values import ForeignSource
from ledger.errors import ChainError, LedgerError
from ledger.services.anchoring.anchor import Anchorer, AnchorSettings
from ledger.services.anchoring.deploy import FOREIGN, deployed_on
from ledger.services.files import exists, read_bounded, replace
from ledger.services.home.folder import Home
from ledger.services.trust.claim import ChainIdentity, claim_of
from ledger.services.trust.pinned import READABLE
from ledger.store.anchors import Anchors
from ledger.store.captures import Captures
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, Office
from ledger.store.log import Log

CHAIN = "chain.sqlite"
PREFUNDED = 10**24
"""Wei that an embedded chain gives to the node's sender and its relay; it is worth nothing."""


@dataclass(slots=True)
class OwnChain:
    """One of the chains.

    Attributes:
        contract: Of the anchors; None until it is deployed.
        foreign: Address of the contract there for other jurisdictions' checkpoints; None where there is none.
        rpc: JSON-RPC of an embedded chain; None where the chain is elsewhere.
        anchorer: None without a contract.
        office: Who anchors, of several processes.
        trouble: Why the last attempt to anchor there failed; None when it did not.
        doubts: By the names of its nodes, what they showed of the log at the start that its head key never signed.
    """

    settings: ChainSettings
    chain: Chain
    contract: bytes | None = None
    foreign: bytes | None = None
    rpc: Any = None
    anchorer: Anchorer | None = None
    office: Office | None = None
    trouble: LedgerError | None = None
    doubts: dict[str, LedgerError] = field(default_factory=dict)
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """CAIP-2 name."""
        return f"eip155:{self.settings.id}"

    @property
    def doubt(self) -> LedgerError | None:
        """What one of its nodes invented, as long as it does; None where none did."""
        return next(iter(tuple(self.doubts.values())), None)

    def start(self, clock: Callable[[], float], stop: threading.Event) -> None:
        """Begin to anchor, on a thread, until `stop` is set; while the office is this process's."""
        if self.anchorer is not None and self._thread is None:
            self._thread = threading.Thread(
                target=self._run,
                args=(self.anchorer, clock, stop),
                name=f"anchorer {self.name}",
                daemon=True,
            )
            self._thread.start()

    def close(self) -> None:
        """Wait for the thread, release connections, and the file of an embedded chain."""
        if self._thread is not None:
            self._thread.join()
        self.chain.close()
        if self.rpc is not None:
            self.rpc.close()

    def _run(self, anchorer: Anchorer, clock: Callable[[], float], stop: threading.Event) -> None:
        while not stop.wait(self.settings.period):
            try:
                if self.office is None or self.office.hold():
                    anchorer.tick(lambda: int(clock()))
                self.trouble = None
            except LedgerError as error:
                self.trouble = error  # shown by /health; the next tick tries again
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self.trouble = ChainError(
                    f"anchoring failed in a way that was not foreseen ({type(error).__name__})",
                    code="anchor-failed",
                )


def open_chains(home: Home, clock: Callable[[], float], *, embedded: bool = True) -> list[OwnChain]:
    """The chains of the settings, the first one first; an embedded one gets its contracts at once.

    Args:
        embedded: Whether an embedded one is opened, which one process can.
    """
    opened: list[OwnChain] = []
    try:
        for settings in (home.settings.chain, *home.settings.chains):
            if not embedded and not isinstance(settings, RpcSettings):
                continue
            opened.append(_open(settings, home, clock))
            opened[-1].contract = _contract(opened[-1], home)
            opened[-1].foreign = _foreign(opened[-1], home)
    except BaseException:
        for one in opened:
            one.close()
        raise
    return opened


def _open(settings: ChainSettings, home: Home, clock: Callable[[], float]) -> OwnChain:
    if isinstance(settings, RpcSettings):
        from ledger.services.home.chains import open_rpc

        return OwnChain(settings, open_rpc(settings, home))
    from ledger.chain.embedded import EmbeddedChain
    from ledger.chain.embedded_genesis import Genesis
    from ledger.chain.embedded_port import connect_embedded
    from ledger.chain.embedded_rpc import EmbeddedRpc

    rich = {address_of(key.secret): PREFUNDED for key in (home.keys.sender, home.keys.relay)}
    genesis = Genesis(settings.id, home.settings.founded, rich)
    embedded = EmbeddedChain(home.path / CHAIN, genesis, clock=lambda: int(clock()))
    rpc = EmbeddedRpc(embedded)
    return OwnChain(settings, connect_embedded(embedded, rpc), rpc=rpc)


def _contract(own: OwnChain, home: Home) -> bytes | None:
    if isinstance(own.settings, RpcSettings):
        return None if own.settings.anchor is None else bytes.fromhex(own.settings.anchor[2:])
    return deployed_on(own.chain, home.keys.sender.secret)


def _foreign(own: OwnChain, home: Home) -> bytes | None:
    if isinstance(own.settings, RpcSettings):
        return None if own.settings.foreign is None else bytes.fromhex(own.settings.foreign[2:])
    return deployed_on(own.chain, home.keys.relay.secret, FOREIGN)


def give_anchorers(
    chains: Sequence[OwnChain],
    home: Home,
    *,
    database: Database,
    log: Log,
    checkpoints: Checkpoints,
) -> None:
    """Give each chain that has its contract what anchors there, while one office for all is this process's."""
    office = database.office("anchoring", log.origin)
    for own in chains:
        if own.contract is None:
            continue
        settings = AnchorSettings(
            contract=own.contract,
            code_hash=load_artifact().runtime_code_hash,
            operator=home.settings.operator,
            head_address=home.keys.head.signer.public,
            finality_secret=home.keys.finality.secret,
            sender_secret=home.keys.sender.secret,
        )
        own.office = office
        own.anchorer = Anchorer(
            chain=own.chain,
            settings=settings,
            log=log,
            checkpoints=checkpoints,
            anchors=Anchors(database, office),
            captures=Captures(database, office),
        )


def issue_claim(
    home: Home, chains: Sequence[tuple[Chain, bytes]], now: int, *, foreign: Sequence[ForeignSource] = ()
) -> bytes:
    """The node's claim, issued anew where it must be.  With a silent chain, the one issued last stands.

    Args:
        chains: Each with the address of its contract; those without one are left out.
        foreign: Sources that contracts on these chains hold.
    """
    previous = issued_claim(home)
    found = []
    for chain, contract in chains:
        try:
            found.append(
                ChainIdentity(chain.chain_id, chain.genesis_hash, contract, load_artifact().runtime_code_hash)
            )
        except LedgerError:
            if previous is not None:
                return previous
    claim = claim_of(home, *found, now=now, previous=previous, foreign=foreign)
    if claim != previous:
        write_claim(home.claim, claim)
    return claim


def issued_claim(home: Home) -> bytes | None:
    """The claim that was issued last; None before the first."""
    return read_bounded(home.claim, limit=TRUST_LIMIT, what="claim") if exists(home.claim) else None


def write_claim(path: Path, claim: bytes) -> None:
    """Replace the node's claim; a crash leaves the old one or the new one."""
    replace(path, claim, what="claim", mode=READABLE)
