"""A node, put together: database, log, sequencer, chain, anchorer and partners of one home."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

from ledger.chain.port import Chain
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError, StoreError
from ledger.services.admission.batches import Admission
from ledger.services.admission.parties import Parties
from ledger.services.anchoring.anchor import Anchorer
from ledger.services.anchoring.chains import OwnChain, give_anchorers, issue_claim, issued_claim, open_chains
from ledger.services.anchoring.claims import AnchorClaims
from ledger.services.anchoring.observing import ObservedChains
from ledger.services.bundles.export import Shelf
from ledger.services.exchange.concerning import Concerns
from ledger.services.exchange.syncing import Syncing, syncing_of
from ledger.services.finality.attesting import Attester
from ledger.services.finality.finalising import Finalising, finalising_of
from ledger.services.finality.own_attester import own_attester
from ledger.services.home.calling import calling_of
from ledger.services.home.database import is_begun, open_log_database
from ledger.services.home.folder import Home
from ledger.services.monitoring.rounds import Monitoring
from ledger.services.node.jurisdiction import log_entry
from ledger.services.node.roles import ANCHORING, Role, submitting_of
from ledger.services.recovery.restart import Restart, sequencer_of
from ledger.services.recovery.succession import require_goes_on
from ledger.services.registration.deciding import MeasureBook, rules_of
from ledger.services.registration.intake import Intake
from ledger.services.registration.submitting import Submitting
from ledger.services.relay.abroad import Abroad
from ledger.services.relay.receiving import listed_sources
from ledger.services.relay.rounds import Relaying, relaying_of
from ledger.services.rules.reviewing import Reviewer, reviewer_of
from ledger.services.trust.claim import claim_of
from ledger.services.trust.partners import FOLDER, MIRROR, PartnerBook
from ledger.services.trust.pinned import believed
from ledger.services.witnessing.cosigning import Collector
from ledger.services.witnessing.witnesses import Witnesses
from ledger.services.witnessing.witnessing import Witness, begin_witness, witness_of
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import Checkpoints
from ledger.store.cosignatures import Cosignatures
from ledger.store.database import Database
from ledger.store.foreign import FILE as FOREIGN
from ledger.store.foreign import ForeignStore
from ledger.store.log import Log
from ledger.store.partners import Mirror
from ledger.store.relay import FILE as OUTBOX
from ledger.store.relay import Outbox
from ledger.store.statements import Statements


@dataclass(slots=True)
class Node:
    """An open node.  `close` stops its threads and releases its files.

    Attributes:
        measures: Those of the log, ready to be asked.
        claim: The node's own trust list; None until its chain and contract are known.
        partners: Whose nodes are asked for what concerns this jurisdiction.
        mirror: What they gave.
        concerns: Tells what of this log concerns whom.
        syncing: Asks the partners; None until `start`.
        monitoring: Watches their logs; None until `start`.
        observed: Partners' chains that the node looks at itself.
        attester: Vouches for blocks of partners' chains.
        claims: What is claimed of this log's anchors, and who vouches for them.
        finalising: Asks others to vouch for them; None until `start`.
        foreign: What is known of partners' logs through the own chains.
        outbox: What is carried there.
        relaying: Carries it, and looks; None until `start`.
        chains: Those that the log is anchored on, the first one first.
        witness: Cosigns other logs' checkpoints.
        witnesses: Who is asked to cosign this log's.
        cosignatures: What they signed.
        restart: Asks who watched this log before it is signed on; None where several processes serve it, and that is
            done at each election.
        role: What this process does of all that; see `ledger.services.node.roles`.
        collector: Asks them; None until `start`.
        reviewer: Reviews measures; None until `start`, and where the settings name no key.
    """

    home: Home
    database: Database
    log: Log
    statements: Statements
    checkpoints: Checkpoints
    anchors: Anchors
    sequencer: Submitting
    parties: Parties
    admission: Admission
    intake: Intake
    measures: MeasureBook
    claim: bytes | None
    trust: TrustList
    clock: Callable[[], float]
    partners: PartnerBook
    mirror: Mirror
    concerns: Concerns
    witness: Witness
    witnesses: Witnesses
    cosignatures: Cosignatures
    restart: Restart | None
    observed: ObservedChains
    attester: Attester
    claims: AnchorClaims
    foreign: ForeignStore
    outbox: Outbox
    role: Role = "all"
    chains: list[OwnChain] = field(default_factory=list)
    finalising: Finalising | None = None
    relaying: Relaying | None = None
    syncing: Syncing | None = None
    monitoring: Monitoring | None = None
    collector: Collector | None = None
    reviewer: Reviewer | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def chain(self) -> Chain | None:
        """The first chain that the log is anchored on."""
        return self.chains[0].chain if self.chains else None

    @property
    def rpc(self) -> Any:
        """JSON-RPC of the embedded chain; None where the chain is elsewhere."""
        return self.chains[0].rpc if self.chains else None

    @property
    def anchorer(self) -> Anchorer | None:
        """What anchors on the first chain; None until its contract is known."""
        return self.chains[0].anchorer if self.chains else None

    @property
    def anchor_trouble(self) -> LedgerError | None:
        """Why the last attempt to anchor failed, or what was invented at the start, on the first chain where it was."""
        return next((found for one in self.chains if (found := one.trouble or one.doubt) is not None), None)

    @property
    def chain_name(self) -> str:
        """CAIP-2 name of the chain that the node anchors on."""
        return f"eip155:{self.home.settings.chain.id}"

    @property
    def shelf(self) -> Shelf:
        """What evidence is exported from."""
        return _shelf(self.home, self.database, self.log, self.witnesses)

    def start(self) -> None:
        """Log the jurisdiction's entry where it is new; begin anchoring and asking partners, on threads."""
        if self.role not in ANCHORING:
            return
        for own in self.chains:
            own.start(self.clock, self._stop)
        if self.syncing is None:
            with suppress(StoreError):  # the disk is full, or so: /health tells, and each round tries again
                self.log_entry()
            self.syncing = syncing_of(
                self.home, self.partners, self.mirror, self.believed, clock=self.clock, before=self.log_entry
            )
            self.syncing.start()
        if self.monitoring is None:
            self.monitoring = Monitoring(
                self.home.path,
                self.partners,
                believed=self.believed,
                observed=self.observed,
                witness=self.witness.store,
                foreign=self.foreign,
                period=self.home.settings.partner_period,
                clock=self.clock,
                calling=calling_of(self.home),
            )
            self.monitoring.start()
        if self.collector is None:
            self.collector = Collector(
                self.log,
                self.cosignatures,
                latest=lambda: self.sequencer.latest,
                witnesses=self.witnesses.all,
                clock=self.clock,
            )
            self.collector.start()
        if self.reviewer is None:
            parts = self.home, lambda: self.shelf, self.parties, self.sequencer
            self.reviewer = reviewer_of(*parts, clock=self.clock)
            if self.reviewer is not None:
                self.reviewer.start()
        if self.finalising is None and self.claim is not None:
            self.finalising = finalising_of(
                self.log,
                self.claims,
                self.anchors,
                self.partners,
                self.foreign,
                period=min(one.settings.period for one in self.chains),
                clock=self.clock,
                calling=calling_of(self.home),
            )
            self.finalising.start()
        if self.relaying is None and self.claim is not None:
            abroad = Abroad(self.log.origin, self.anchors, self.checkpoints)
            self.relaying = relaying_of(
                self.home, self.chains, self.partners, self.believed, abroad, clock=self.clock
            )
            self.relaying.start(self.home.path)

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

    def close(self) -> None:
        """Stop; what was acknowledged is durable already."""
        self._stop.set()
        begun = self.syncing, self.monitoring, self.collector, self.reviewer, self.finalising, self.relaying
        for one in begun:
            if one is not None:
                one.close()
        self.observed.close()
        self.intake.close()
        self.admission.close()
        if self.restart is not None:
            self.restart.close()
        self.sequencer.close()
        _close(self.chains, self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_node(
    home: Home,
    *,
    clock: Callable[[], float],
    workers: int = 0,
    unproven: bool = False,
    role: Role = "all",
) -> Node:
    """Open everything a home holds; makes the databases at the first start.

    A chain that does not answer keeps nothing from starting: the log is served without it, and registered in once a
    witness or another chain says what it saw; see `ledger.services.recovery.restart`.

    Args:
        home: See `open_home`.
        clock: POSIX seconds.
        workers: Processes that judge streams; see `Admission`.
        unproven: Sign though nobody says what was seen of the log before; see `Restart`.
        role: What this process does, where several serve the log.

    Raises:
        SetupError, StoreError: The files are not usable, damaged, or in use by another process.
        RefusedError: `log-succeeded`.
    """
    require_goes_on(home)
    database = _database(home, role)
    chains: list[OwnChain] = []
    try:
        log = Log(database, home.settings.origin)
        checkpoints, anchors, statements = Checkpoints(database), Anchors(database), Statements(database)
        chains = open_chains(home, clock, embedded=role in ANCHORING) if role != "api" else []
        foreign = ForeignStore(home.path / FOREIGN)
        claim, trust = _claim(home, chains, foreign, int(clock()), issue=role in ANCHORING)
        partners = PartnerBook(home.path / FOLDER, log.jurisdiction)
        witnesses = Witnesses(home, partners)
        parties = Parties(statements, checkpoints, trust, log.jurisdiction)
        parts = home, log, checkpoints, witnesses, chains
        made = partial(sequencer_of, *parts, clock=clock, unproven=unproven)
        restart, sequencer = submitting_of(home, role, log, checkpoints, parties, made)
    except BaseException:
        _close(chains, database)
        raise
    admission, mirror = Admission(parties, workers), Mirror(home.path / MIRROR)
    observed, (measures, rules) = ObservedChains(home.settings.observed), rules_of(home, statements, log)
    give_anchorers(chains, home, database=database, log=log, checkpoints=checkpoints)
    return Node(
        home=home,
        database=database,
        log=log,
        statements=statements,
        checkpoints=checkpoints,
        anchors=anchors,
        sequencer=sequencer,
        parties=parties,
        admission=admission,
        intake=Intake(parties, sequencer, admission, checkpoints, clock=clock, threads=workers, rules=rules),
        measures=measures,
        claim=claim,
        trust=trust,
        clock=clock,
        partners=partners,
        mirror=mirror,
        concerns=Concerns(statements, mirror),
        witness=witness_of(home, partners, clock),
        witnesses=witnesses,
        cosignatures=Cosignatures(database),
        restart=restart,
        observed=observed,
        attester=own_attester(home, partners, observed, trust, log.origin, checkpoints, clock),
        claims=_claims(trust, log, checkpoints, anchors),
        foreign=foreign,
        outbox=Outbox(home.path / OUTBOX),
        role=role,
        chains=chains,
    )


def _database(home: Home, role: Role) -> Database:
    if role == "all" and not is_begun(home):
        begin_witness(home)
    return open_log_database(home, lead=home.settings.database is None)


def _claims(trust: TrustList, log: Log, checkpoints: Checkpoints, anchors: Anchors) -> AnchorClaims:
    keys = trust.logs[log.origin]
    return AnchorClaims(keys=keys, checkpoints=checkpoints, anchors=anchors, chains=trust.chains)


def _close(chains: Sequence[OwnChain], database: Database) -> None:
    for own in chains:
        own.close()
    database.close()


def _claim(
    home: Home, chains: Sequence[OwnChain], foreign: ForeignStore, now: int, *, issue: bool
) -> tuple[bytes | None, TrustList]:
    """The node's claim, None while no chain has its contract; and what the node believes by it in either case.

    Args:
        issue: Issue it anew where it must be; else the one stands that another process issued.
    """
    if not issue:
        held = issued_claim(home)
        trust = parse_trust_list(claim_of(home, now=now) if held is None else held)
        return (held if trust.chains else None), trust
    contracts = [(one.chain, one.contract) for one in chains if one.contract is not None]
    claim = issue_claim(home, contracts, now, foreign=listed_sources(foreign))
    return (claim if contracts else None), parse_trust_list(claim)


@contextmanager
def open_shelf(home: Home) -> Iterator[tuple[Shelf, Concerns]]:
    """What evidence is exported from, and what concerns whom, of a home whose node may be serving."""
    with open_log_database(home, read_only=True) as database:
        witnesses = Witnesses(home, PartnerBook(home.path / FOLDER, home.settings.jurisdiction))
        shelf = _shelf(home, database, Log(database, home.settings.origin), witnesses)
        yield shelf, Concerns(shelf.statements, Mirror(home.path / MIRROR))


def _shelf(home: Home, database: Database, log: Log, witnesses: Witnesses) -> Shelf:
    settings = home.settings
    return Shelf(
        log,
        Statements(database),
        Checkpoints(database),
        Anchors(database),
        f"eip155:{settings.chain.id}",
        further=tuple(f"eip155:{one.id}" for one in settings.chains),
        cosignatures=Cosignatures(database),
        quorum=settings.quorum,
        organisations=witnesses.organisations() if settings.quorum else {},
    )
