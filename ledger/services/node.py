"""A node, put together: database, log, sequencer, chain, anchorer and partners of one home."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain
from ledger.chains import RpcSettings
from ledger.core.canonical import TRUST_LIMIT
from ledger.core.checkpoint import sign_checkpoint
from ledger.core.secp256k1 import address_of
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import ChainError, LedgerError, NotFoundError, StoreError
from ledger.services.admission import Admission
from ledger.services.anchor import Anchorer, AnchorSettings
from ledger.services.claim import ChainIdentity, claim_of
from ledger.services.concerning import Concerns
from ledger.services.deploy import deployed_on
from ledger.services.export import Shelf
from ledger.services.files import exists, read_bounded, replace, reported, sync_folder
from ledger.services.home import Home
from ledger.services.jurisdiction import log_entry
from ledger.services.parties import Parties
from ledger.services.partners import FOLDER, MIRROR, PartnerBook
from ledger.services.pinned import READABLE, believed
from ledger.services.sequencer import Sequencer
from ledger.services.syncing import Syncing
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.partners import Mirror
from ledger.store.statements import Statements

DATABASE = "ledger.sqlite"
CHAIN = "chain.sqlite"
PREFUNDED = 10**24
"""Wei that an embedded chain gives to the node's sender and its relay; it is worth nothing."""


@dataclass(slots=True)
class Node:
    """An open node.  `close` stops its threads and releases its files.

    Attributes:
        chain: None where none is configured yet.
        rpc: JSON-RPC of the embedded chain; None where the chain is elsewhere.
        claim: The node's own trust list; None until its chain and contract are known.
        anchor_trouble: Why the last attempt to anchor failed; None when it did not.
        partners: Whose nodes are asked for what concerns this jurisdiction.
        mirror: What they gave.
        concerns: Tells what of this log concerns whom.
        syncing: Asks the partners; None until `start`.
    """

    home: Home
    database: Database
    log: Log
    statements: Statements
    checkpoints: Checkpoints
    anchors: Anchors
    sequencer: Sequencer
    parties: Parties
    admission: Admission
    claim: bytes | None
    trust: TrustList
    clock: Callable[[], float]
    partners: PartnerBook
    mirror: Mirror
    concerns: Concerns
    chain: Chain | None = None
    rpc: Any = None
    anchorer: Anchorer | None = None
    anchor_trouble: LedgerError | None = None
    syncing: Syncing | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def chain_name(self) -> str:
        """CAIP-2 name of the chain that the node anchors on."""
        return f"eip155:{self.home.settings.chain.id}"

    @property
    def shelf(self) -> Shelf:
        """What evidence is exported from."""
        return Shelf(self.log, self.statements, self.checkpoints, self.anchors, self.chain_name)

    def start(self) -> None:
        """Log the jurisdiction's entry where it is new; begin anchoring and asking partners, on threads."""
        if self.anchorer is not None and self._thread is None:
            self._thread = threading.Thread(target=self._anchor, name="anchorer", daemon=True)
            self._thread.start()
        if self.syncing is None:
            with suppress(StoreError):  # the disk is full, or so: /health tells, and each round tries again
                self.log_entry()
            self.syncing = Syncing(
                self.partners,
                self.mirror,
                believed=self.believed,
                period=self.home.settings.partner_period,
                clock=self.clock,
                before=self.log_entry,
            )
            self.syncing.start()

    def log_entry(self) -> None:
        """Log an entry of the jurisdiction where the claim says something else than the one logged last.

        Raises:
            StoreError: It could not be stored.
        """
        if self.claim is not None:
            log_entry(
                self.home,
                self.claim,
                statements=self.statements,
                sequencer=self.sequencer,
                now=int(self.clock()),
                random=os.urandom,
            )

    def believed(self) -> TrustList:
        """The trust list that this node answers verifications with: the one pinned here, else its own claim.

        Raises:
            SetupError: `trust-several`: more than one is pinned.
        """
        return believed(self.home.trust, self.trust)

    def _anchor(self) -> None:
        assert self.anchorer is not None
        while not self._stop.wait(self.home.settings.chain.period):
            try:
                self.anchorer.tick(lambda: int(self.clock()))
                self.anchor_trouble = None
            except LedgerError as error:
                self.anchor_trouble = error  # shown by /health; the next tick tries again
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self.anchor_trouble = ChainError(
                    f"anchoring failed in a way that was not foreseen ({type(error).__name__})",
                    code="anchor-failed",
                )

    def close(self) -> None:
        """Stop; what was acknowledged is durable already."""
        self._stop.set()
        if self.syncing is not None:
            self.syncing.close()
        self.admission.close()
        self.sequencer.close()
        if self._thread is not None:
            self._thread.join()
        _close_chain(self.chain, self.rpc)
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_node(home: Home, *, clock: Callable[[], float], workers: int = 0) -> Node:
    """Open everything a home holds; makes the databases at the first start.

    A chain that does not answer keeps nothing from starting: the log is registered in and served without it.

    Args:
        home: See `open_home`.
        clock: POSIX seconds.
        workers: Processes that judge streams; see `Admission`.

    Raises:
        SetupError, StoreError: The files are not usable, damaged, or in use by another process.
    """
    signer = home.log_signer()
    database = open_log_database(home)
    chain: Chain | None = None
    rpc: Any = None
    try:
        log = Log(database, home.settings.origin)
        checkpoints, anchors = Checkpoints(database), Anchors(database)
        statements = Statements(database)
        chain, rpc = _open_chain(home, clock)
        contract = _contract(home, chain)
        claim = issue_claim(home, chain, contract, int(clock()))
        trust = parse_trust_list(claim)
        sequencer = Sequencer(
            log, checkpoints, lambda checkpoint, now: sign_checkpoint(checkpoint, signer, now), clock=clock
        )
    except BaseException:
        _close_chain(chain, rpc)
        database.close()
        raise
    parties = Parties(statements, checkpoints, trust, home.settings.jurisdiction)
    mirror = Mirror(home.path / MIRROR)
    node = Node(
        home=home,
        database=database,
        log=log,
        statements=statements,
        checkpoints=checkpoints,
        anchors=anchors,
        sequencer=sequencer,
        parties=parties,
        admission=Admission(parties, workers),
        claim=claim if contract is not None else None,
        trust=trust,
        clock=clock,
        partners=PartnerBook(home.path / FOLDER, home.settings.jurisdiction),
        mirror=mirror,
        concerns=Concerns(statements, mirror),
        chain=chain,
        rpc=rpc,
    )
    if contract is not None:
        node.anchorer = Anchorer(
            chain=chain,
            settings=AnchorSettings(
                contract=contract,
                code_hash=load_artifact().runtime_code_hash,
                operator=home.settings.operator,
                head_address=address_of(home.keys.head.secret),
                finality_secret=home.keys.finality.secret,
                sender_secret=home.keys.sender.secret,
            ),
            log=log,
            checkpoints=checkpoints,
            anchors=anchors,
        )
    return node


def open_log_database(home: Home, *, read_only: bool = False) -> Database:
    """The database of a home, with its log; made at the first start."""
    path = home.path / DATABASE
    fresh = not exists(path)
    if read_only and fresh:
        raise NotFoundError(f"{path} is not there yet: the node was never started")
    if fresh:
        _make_log(path, home.settings.origin)
    return open_database(path, read_only=read_only)


@contextmanager
def open_shelf(home: Home) -> Iterator[tuple[Shelf, Concerns]]:
    """What evidence is exported from, and what concerns whom, of a home whose node may be serving."""
    with open_log_database(home, read_only=True) as database:
        statements = Statements(database)
        shelf = Shelf(
            Log(database, home.settings.origin),
            statements,
            Checkpoints(database),
            Anchors(database),
            f"eip155:{home.settings.chain.id}",
        )
        yield shelf, Concerns(statements, Mirror(home.path / MIRROR))


def _make_log(path: Path, origin: str) -> None:
    """Make the database of an empty log beside its place, then give it its name.

    A crash leaves at most a file of another name, which the next start takes away.
    """
    building = path.with_name(path.name + ".new")
    with reported("make database", path):
        for part in path.parent.glob(building.name + "*"):
            part.unlink(missing_ok=True)
        with open_database(building, create=True) as database:
            create_log(database, origin)
        with suppress(FileExistsError):  # two first starts at once: one of them finds it in use
            path.hardlink_to(building)
        for part in path.parent.glob(building.name + "*"):
            part.unlink(missing_ok=True)
        sync_folder(path.parent)


def _open_chain(home: Home, clock: Callable[[], float]) -> tuple[Chain, Any]:
    """The chain of the settings, and its JSON-RPC where it is embedded."""
    settings = home.settings.chain
    if isinstance(settings, RpcSettings):
        from ledger.chain.evm import connect

        return connect(settings.urls[0], chain_id=settings.id, confirmations=settings.confirmations), None
    from ledger.chain.embedded import EmbeddedChain
    from ledger.chain.embedded_genesis import Genesis
    from ledger.chain.embedded_port import connect_embedded
    from ledger.chain.embedded_rpc import EmbeddedRpc

    rich = {address_of(key.secret): PREFUNDED for key in (home.keys.sender, home.keys.relay)}
    genesis = Genesis(settings.id, home.settings.founded, rich)
    embedded = EmbeddedChain(home.path / CHAIN, genesis, clock=lambda: int(clock()))
    rpc = EmbeddedRpc(embedded)
    return connect_embedded(embedded, rpc), rpc


def _close_chain(chain: Chain | None, rpc: Any) -> None:
    """Release connections, and the file of an embedded chain."""
    if chain is not None:
        chain.close()
    if rpc is not None:
        rpc.close()


def _contract(home: Home, chain: Chain) -> bytes | None:
    """Address of the anchor contract; an embedded chain gets it at once."""
    settings = home.settings.chain
    if isinstance(settings, RpcSettings):
        return None if settings.anchor is None else bytes.fromhex(settings.anchor[2:])
    return deployed_on(chain, home.keys.sender.secret)


def issue_claim(home: Home, chain: Chain, contract: bytes | None, now: int) -> bytes:
    """The node's claim, issued anew where it must be.  With a silent chain, the one issued last stands."""
    previous = read_bounded(home.claim, limit=TRUST_LIMIT, what="claim") if exists(home.claim) else None
    identity = None
    if contract is not None:
        try:
            identity = ChainIdentity(
                chain.chain_id, chain.genesis_hash, contract, load_artifact().runtime_code_hash
            )
        except LedgerError:
            if previous is not None:
                return previous
    claim = claim_of(home, identity, now=now, previous=previous)
    if claim != previous:
        write_claim(home.claim, claim)
    return claim


def write_claim(path: Path, claim: bytes) -> None:
    """Replace the node's claim; a crash leaves the old one or the new one."""
    replace(path, claim, what="claim", mode=READABLE)
