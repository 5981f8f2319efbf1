"""Jurisdictions on chains of their own, whose nodes carry each other's checkpoints; for journeys across chains."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

import pytest

from ledger.chain.evm import EvmChain, connect
from ledger.chain.port import Message
from ledger.chain.sealed import Validators
from ledger.chains import AttesterMember, AttesterSet, Consensus, Observed, RpcSettings, ValidatorSet
from ledger.core.canonical import Json
from ledger.core.evm.anchor import log_id
from ledger.core.evm.foreign_calls import decode_verdict, encode_verify_inclusion
from ledger.core.secp256k1 import address_of
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.core.trust.values import ForeignSource
from ledger.errors import LedgerError
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.services.anchoring.chains import issue_claim
from ledger.services.anchoring.deploy import FOREIGN, deploy
from ledger.services.home.folder import Home, Plan, init_home, save_settings
from ledger.services.keys.keyfile import make_holder_key
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.foreign_sources import add_source, source_of
from ledger.services.relay.receiving import listed_sources
from ledger.services.trust.compose import Policy, compose
from ledger.services.trust.pinned import PinnedLists
from ledger.store.foreign import FILE, Followed, ForeignStore
from ledger.testing_nodes import Party, RunningNode, _await, _start, free_port
from ledger.verify.bundle import parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done, evidence
from tests.loopback import PlainProvider
from tests.sealing_rpc import SealingChain, sealing, validators
from tests.servers import Anvil, anvil

REQUIRE: dict[str, Any] = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 8, 9], "finality": "sealed"}}
REQUIRE_ATTESTED: dict[str, Any] = {
    "TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 8, 9], "finality": "attested"}
}
FUNDS = 10**20


def started(home: Home, folder: Path) -> RunningNode:
    """A home's node, serving."""
    output = folder / f"{home.settings.jurisdiction}.log"
    url = f"http://127.0.0.1:{home.settings.port}"
    node = RunningNode(home, url, output, _start(home, output), folder)
    _await(node)
    return node


class JourneyChain(Protocol):
    """A chain, whose blocks are final at once.

    Attributes:
        url: Of its JSON-RPC, on loopback.
        sets: Who seals its blocks; empty where nobody does.
    """

    @property
    def url(self) -> str: ...
    @property
    def sets(self) -> tuple[ValidatorSet, ...]: ...
    def fund(self, address: bytes, wei: int) -> None: ...


@dataclass
class Unsealed:
    """A chain whose blocks nobody seals, on an anvil."""

    server: Anvil
    sets: tuple[ValidatorSet, ...] = ()

    @property
    def url(self) -> str:
        return self.server.url

    def fund(self, address: bytes, wei: int) -> None:
        provider = PlainProvider(self.url)
        try:
            provider.make_request("anvil_setBalance", ["0x" + address.hex(), hex(wei)])
        finally:
            provider.close()


def urls(chain: JourneyChain) -> tuple[str, str]:
    """Two addresses of a chain's node."""
    return chain.url, chain.url.replace("127.0.0.1", "localhost")


@dataclass
class Side:
    """A jurisdiction: its chain, its home, and its node once it serves."""

    code: str
    chain: JourneyChain
    home: Home
    node: RunningNode | None = None

    def connected(self) -> EvmChain:
        sets = [
            Validators(one.start, tuple(bytes.fromhex(m[2:]) for m in one.members)) for one in self.chain.sets
        ]
        return connect(self.chain.url, chain_id=self.home.settings.chain.id, confirmations=0, validators=sets)

    @property
    def settings(self) -> RpcSettings:
        assert isinstance(self.home.settings.chain, RpcSettings)
        return self.home.settings.chain

    @property
    def anchor(self) -> bytes:
        return bytes.fromhex(str(self.settings.anchor)[2:])

    @property
    def foreign(self) -> bytes:
        return bytes.fromhex(str(self.settings.foreign)[2:])

    def start(self, folder: Path) -> RunningNode:
        self.node = started(self.home, folder)
        return self.node


def prepared(folder: Path, code: str, chain: JourneyChain, number: int, *others: Observed) -> Side:
    """A home whose chain has both contracts, and which reads others' chains itself."""
    where = f"example.{code.lower()}"
    consensus: Consensus = "qbft" if chain.sets else "operator"
    settings = RpcSettings(
        urls(chain), number, period=1, confirmations=0, consensus=consensus, validators=chain.sets
    )
    plan = Plan(
        code, f"registry.{where}", registrar=f"did:web:registrar.{where}", chain=settings, port=free_port()
    )
    home = init_home(folder / f"node-{code.lower()}", plan, now=int(time.time()), random=os.urandom)
    side = Side(code, chain, home)
    for key in (home.keys.sender, home.keys.relay):
        chain.fund(address_of(key.secret), FUNDS)
    connected = side.connected()
    try:
        anchor = deploy(connected, home.keys.sender.secret)
        foreign = deploy(connected, home.keys.sender.secret, contract=FOREIGN)
    finally:
        connected.close()
    told = replace(settings, anchor="0x" + anchor.hex(), foreign="0x" + foreign.hex())
    side.home = save_settings(home, replace(home.settings, chain=told, observed=others, partner_period=1))
    issue(side)
    return side


def attested_by(side: Side, *others: Home) -> None:
    """Have a side's chain attested by all these together."""
    members = tuple(
        AttesterMember("0x" + address_of(one.keys.attester.secret).hex(), one.settings.operator)
        for one in others
    )
    made = AttesterSet(1, 0, len(members), members)
    changed = replace(side.settings, consensus="attested", attesters=(made,))
    side.home = save_settings(side.home, replace(side.home.settings, chain=changed))
    issue(side)


def issue(side: Side, foreign: Sequence[ForeignSource] = ()) -> None:
    """Have a side claim what its settings say."""
    connected = side.connected()
    try:
        issue_claim(side.home, [(connected, side.anchor)], int(time.time()), foreign=foreign)
    finally:
        connected.close()


def add_other(side: Side, other: Side) -> bytes:
    """Have a side's chain take the other's checkpoints; its claim names the source."""
    trust = parse_trust_list(other.home.claim.read_bytes())
    source = source_of(trust, frozenset(trust.chains))
    connected = side.connected()
    store = ForeignStore(side.home.path / FILE)
    try:
        contract = ForeignContract(connected, side.foreign)
        found = add_source(connected, contract, source, side.home.keys.relay.secret, wait=time.sleep)
        name = f"eip155:{side.home.settings.chain.id}"
        store.follow(Followed(name, found, side.foreign, other.code, source, int(time.time())))
    finally:
        connected.close()
    issue(side, listed_sources(store))
    return found


@dataclass
class Journey:
    """XA and XB serving, each carrying the other's checkpoints."""

    folder: Path
    xa: Side
    xb: Side
    source: bytes
    trust: TrustList
    exporter: Party
    importer: Party

    def until(self, what: str, check: Callable[[], Any], seconds: float = 120) -> Any:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if found := check():
                return found
            time.sleep(0.2)
        told = [evidence("relay", "status", "--home", side.home.path).text for side in (self.xa, self.xb)]
        health = [self.health(side) for side in (self.xa, self.xb)]
        pytest.fail(f"not within {seconds} s: {what}\n{told}\n{health}")

    def health(self, side: Side) -> Any:
        assert side.node is not None
        try:
            with side.node.client() as client:
                return client.health()
        except LedgerError as error:  # it may have been stopped
            return str(error)

    def record(self) -> str:
        parties: dict[str, Json] = {
            role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
            for role, did, code in (
                ("exporter", self.exporter.did, "XA"),
                ("importer", self.importer.did, "XB"),
            )
        }
        payload: dict[str, Json] = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
        record = self.exporter.sign("TransferRecord", {**parties, "flow": "outbound", "payload": payload})
        assert self.xa.node is not None
        return self.xa.node.register(record).digest

    def provenance(self, digest: str) -> Any:
        assert self.xb.node is not None
        with self.xb.node.client() as client:
            return client.provenance(digest)

    def acknowledged(self, digest: str) -> str:
        """The importer's word on a record, in XB's log."""
        subject = {"record": digest, "outcome": "accepted", "at": format_time(int(time.time()))}
        assert self.xb.node is not None
        return self.xb.node.register(self.importer.sign("TransferAcknowledgement", subject)).digest

    def verified(self, digest: str) -> tuple[bytes, Report] | None:
        """The bundle that XB's node gives, and the report on it, once it passes every required step."""
        assert self.xb.node is not None
        with self.xb.node.client() as client:
            bundle = given(client, digest)
        if bundle is None:
            return None
        report = verify_bundle(bundle, self.trust, at=None, now=int(time.time()))
        return (bundle, report) if report.verdict == "verified" else None

    def carried(self) -> tuple[str, bytes]:
        """A record that went all the way, and its bundle."""
        digest = self.record()
        self.acknowledged(digest)
        self.until("XB's chain knows the record", lambda: self.provenance(digest)["answer"] == "known")
        bundle, report = self.until("its bundle passes every step", lambda: self.verified(digest))
        passed = {check.step for check in report.checks if check.outcome == "passed"}
        assert passed >= {1, 3, 4, 5, 6, 7, 8, 9}
        return digest, bundle


def believed(claimed: Sequence[Home], by: Sequence[Home], require: Mapping[str, Any]) -> TrustList:
    """A list of what these homes claim, pinned by some."""
    publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
    claims = [one.claim.read_bytes() for one in claimed]
    made = compose(claims, keys=[publisher], policy=Policy(require=require), now=int(time.time()))
    trust = parse_trust_list(made)
    for home in by:
        PinnedLists(home.trust).add(made, fingerprint=trust.list_hash.hex())
    return trust


def stop(node: RunningNode) -> None:
    if node.process.poll() is None:
        node.kill()


def become_partners(here: RunningNode, there: RunningNode) -> None:
    with there.client() as client:
        card = here.folder / "card.json"
        card.write_bytes(client.entry())
    fingerprint = done("partner", "card", "--home", there.home.path, "--json").json["fingerprint"]
    done("partner", "add", card, "--node", there.url, "--fingerprint", fingerprint, "--home", here.home.path)


def again(node: RunningNode) -> None:
    node.kill()
    node.restart()


def given(client: NodeClient, digest: str) -> bytes | None:
    """The node's bundle with what its partners gave; None while a part of it waits for its anchor."""
    try:
        return client.bundle(digest, partners=True)
    except RemoteRefusedError:
        return None


def verify_inclusion(found: Journey, bundle: bytes) -> Any:
    """What the contract on XB's chain says of the bundle's subject."""
    parsed = parse_bundle(bundle)
    section = next(
        one for one in parsed.sections if any(item.statement.digest == parsed.subject for item in one.items)
    )
    item = next(item for item in section.items if item.statement.digest == parsed.subject)
    key = found.trust.logs[section.origin].head_keys[0].address
    size = int(section.checkpoint.split(b"\n")[1])
    data = encode_verify_inclusion(
        found.source, log_id(section.origin, key), size, parsed.subject, item.index, item.path
    )
    connected = found.xb.connected()
    try:
        return tuple(decode_verdict(connected.call(Message(bytes(20), found.xb.foreign, data))))
    finally:
        connected.close()


@contextmanager
def sealed(folder: Path) -> Iterator[tuple[Journey, SealingChain]]:
    """XA and XB on chains of their own, whose validators seal every block; those of XA change."""
    with ExitStack() as stack:
        chains = []
        for number, family in ((31_001, "A"), (31_002, "B")):
            server = stack.enter_context(anvil(chain_id=number))
            chains.append(stack.enter_context(sealing(server.url, validators(4, family))))
        a, b = chains
        # After what is done before the nodes serve, and before the second record.
        a.rotate(validators(7, "A"), at=a.number + 20)
        xa = prepared(folder, "XA", a, 31_001, Observed("XB", 31_002, urls(b)))
        xb = prepared(folder, "XB", b, 31_002, Observed("XA", 31_001, urls(a)))
        add_other(xa, xb)
        source = add_other(xb, xa)
        trust = believed([xa.home, xb.home], [xa.home, xb.home], REQUIRE)
        nodes = [side.start(folder) for side in (xa, xb)]
        for node in nodes:
            stack.callback(stop, node)
        for here, there in permutations(nodes, 2):
            become_partners(here, there)
        exporter = nodes[0].enrol("exporter", "exporter")
        importer = nodes[1].enrol("importer", "importer")
        yield Journey(folder, xa, xb, source, trust, exporter, importer), a


@contextmanager
def attested(folder: Path) -> Iterator[tuple[Journey, Unsealed]]:
    """XA and XB on chains of their own, each attested by the other and by XC, which runs a development chain."""
    with ExitStack() as stack:
        a, b = (Unsealed(stack.enter_context(anvil(chain_id=number))) for number in (31_003, 31_004))
        seen_a, seen_b = (Observed("XA", 31_003, urls(a), 0), Observed("XB", 31_004, urls(b), 0))
        xa = prepared(folder, "XA", a, 31_003, seen_b)
        xb = prepared(folder, "XB", b, 31_004, seen_a)
        plan = Plan("XC", "registry.example.xc", registrar="did:web:registrar.example.xc", port=free_port())
        xc = init_home(folder / "node-xc", plan, now=int(time.time()), random=os.urandom)
        xc = save_settings(xc, replace(xc.settings, observed=(seen_a, seen_b)))
        attested_by(xa, xb.home, xc)
        attested_by(xb, xa.home, xc)
        add_other(xa, xb)
        source = add_other(xb, xa)
        trust = believed([xa.home, xb.home], [xa.home, xb.home, xc], REQUIRE_ATTESTED)
        nodes = [started(home, folder) for home in (xa.home, xb.home, xc)]
        xa.node, xb.node, _ = nodes
        for node in nodes:
            stack.callback(stop, node)
        for here, there in permutations(nodes, 2):
            become_partners(here, there)
        exporter, importer = nodes[0].enrol("exporter", "exporter"), nodes[1].enrol("importer", "importer")
        yield Journey(folder, xa, xb, source, trust, exporter, importer), a
