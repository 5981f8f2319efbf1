"""Two jurisdictions on chains of their own: each chain comes to know the other's log, and shows it alone."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.evm import EvmChain, connect
from ledger.chain.port import Message
from ledger.chain.sealed import Validators
from ledger.chains import Observed, RpcSettings
from ledger.core.evm.anchor import log_id
from ledger.core.evm.foreign import SEALED
from ledger.core.evm.foreign_calls import decode_verdict, encode_verify_inclusion
from ledger.core.secp256k1 import address_of
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.services.compose import Policy, compose
from ledger.services.deploy import FOREIGN, deploy
from ledger.services.foreign_contract import ForeignContract
from ledger.services.foreign_sources import add_source, source_of
from ledger.services.home import Home, Plan, init_home, open_home, save_settings
from ledger.services.keyfile import make_holder_key
from ledger.services.own_chains import issue_claim
from ledger.services.pinned import PinnedLists
from ledger.services.receiving import listed_sources
from ledger.store.foreign import FILE, Followed, ForeignStore
from ledger.testing_nodes import Party, RunningNode, _await, _start, free_port, serving
from ledger.verify.bundle import parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done, evidence
from tests.sealing_rpc import SealingChain, sealing, validators
from tests.servers import anvil

FUNDS = 10**20
REQUIRE = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 8, 9], "finality": "sealed"}}


def urls(chain: SealingChain) -> tuple[str, str]:
    """Two addresses of a chain's node."""
    return chain.url, chain.url.replace("127.0.0.1", "localhost")


@dataclass
class Side:
    """A jurisdiction: its chain, its home, and its node once it serves."""

    code: str
    chain: SealingChain
    home: Home
    node: RunningNode | None = None

    def connected(self) -> EvmChain:
        sets = [
            Validators(one.start, tuple(bytes.fromhex(m[2:]) for m in one.members)) for one in self.chain.sets
        ]
        return connect(self.chain.url, chain_id=self.home.settings.chain.id, validators=sets)

    @property
    def foreign(self) -> bytes:
        settings = self.home.settings.chain
        assert isinstance(settings, RpcSettings)
        return bytes.fromhex(str(settings.foreign)[2:])

    def start(self, folder: Path) -> RunningNode:
        output = folder / f"{self.code}.log"
        url = f"http://127.0.0.1:{self.home.settings.port}"
        self.node = RunningNode(self.home, url, output, _start(self.home, output), folder)
        _await(self.node)
        return self.node


def prepared(
    folder: Path, code: str, number: int, chain: SealingChain, other: tuple[str, int, SealingChain]
) -> Side:
    """A home whose chain has both contracts, and which reads the other's chain itself."""
    where = f"example.{code.lower()}"
    settings = RpcSettings(urls(chain), number, period=1, consensus="qbft", validators=chain.sets)
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
        told = replace(settings, anchor="0x" + anchor.hex(), foreign="0x" + foreign.hex())
        observed = (Observed(other[0], other[1], urls(other[2])),)
        changed = replace(home.settings, chain=told, observed=observed, partner_period=1)
        side.home = save_settings(home, changed)
        issue_claim(side.home, [(connected, anchor)], int(time.time()))
    finally:
        connected.close()
    return side


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
        chain = side.home.settings.chain
        assert isinstance(chain, RpcSettings)
        anchor = bytes.fromhex(str(chain.anchor)[2:])
        issue_claim(side.home, [(connected, anchor)], int(time.time()), foreign=listed_sources(store))
    finally:
        connected.close()
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
    stack: ExitStack

    def until(self, what: str, check: Callable[[], Any], seconds: float = 120) -> Any:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if found := check():
                return found
            time.sleep(0.2)
        told = [
            done("relay", "status", "--home", side.home.path, expect=None).text for side in (self.xa, self.xb)
        ]
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
        parties = {
            role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
            for role, did, code in (
                ("exporter", self.exporter.did, "XA"),
                ("importer", self.importer.did, "XB"),
            )
        }
        payload = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
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


@contextmanager
def journey(folder: Path) -> Iterator[Journey]:
    with ExitStack() as stack:
        chains = []
        for number, family in ((31_001, "A"), (31_002, "B")):
            node = stack.enter_context(anvil(chain_id=number))
            chain = stack.enter_context(sealing(node.url, validators(4, family)))
            chains.append(chain)
        a, b = chains
        # After what is done before the nodes serve, and before the second record.
        a.rotate(validators(7, "A"), at=a.number + 20)
        xa = prepared(folder, "XA", 31_001, a, ("XB", 31_002, b))
        xb = prepared(folder, "XB", 31_002, b, ("XA", 31_001, a))
        add_other(xa, xb)
        source = add_other(xb, xa)
        publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
        claims = [xa.home.claim.read_bytes(), xb.home.claim.read_bytes()]
        trust = compose(claims, keys=[publisher], policy=Policy(require=REQUIRE), now=int(time.time()))  # type: ignore[arg-type]
        for side in (xa, xb):
            listed = parse_trust_list(trust)
            PinnedLists(side.home.trust).add(trust, fingerprint=listed.list_hash.hex())
        nodes = [side.start(folder) for side in (xa, xb)]
        for node in nodes:
            stack.callback(_stop, node)
        for here, there in ((xa, xb), (xb, xa)):
            assert here.node is not None
            assert there.node is not None
            become_partners(here.node, there.node)
        exporter = nodes[0].enrol("exporter", "exporter")
        importer = nodes[1].enrol("importer", "importer")
        yield Journey(folder, xa, xb, source, parse_trust_list(trust), exporter, importer, stack)


def _stop(node: RunningNode) -> None:
    if node.process.poll() is None:
        node.kill()


def become_partners(here: RunningNode, there: RunningNode) -> None:
    with there.client() as client:
        card = here.folder / "card.json"
        card.write_bytes(client.entry())
    fingerprint = done("partner", "card", "--home", there.home.path, "--json").json["fingerprint"]
    done("partner", "add", card, "--node", there.url, "--fingerprint", fingerprint, "--home", here.home.path)


def test_records_of_xa_are_shown_by_xbs_chain_alone(tmp_path: Path) -> None:
    with journey(tmp_path) as found:
        xa, xb = found.xa.node, found.xb.node
        assert xa is not None
        assert xb is not None
        # Four validators seal in round 0.
        _, bundle = found.carried()
        assert verify_inclusion(found, bundle) == (True, SEALED, False)
        # Seven validators seal in round 5.
        found.xa.chain.mine(20)
        found.xa.chain.round = 5
        assert found.xa.chain.number > found.xa.chain.schedule[1][0]
        digest, bundle = found.carried()
        assert verify_inclusion(found, bundle) == (True, SEALED, False)
        # XA's node and chain are gone: a client that talks to XB alone still has everything.
        unknown = found.record()
        xa.kill()
        found.xa.chain.anvil.close()
        held = found.verified(digest)
        assert held is not None
        with xb.client() as client:
            assert client.verify(held[0])["exitStatus"] == 0
        assert found.provenance(digest)["answer"] == "known"
        assert found.provenance(unknown)["answer"] == "not yet known here"


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[RunningNode, RunningNode]]:
    """XA, whose chain XB and XC attest, and XB, whose chain takes XA's checkpoints; on development chains."""
    with serving(tmp_path, "XA") as xa, serving(tmp_path, "XB") as xb, serving(tmp_path, "XC") as xc:
        for other in (xb, xc):
            become_partners(xa, other)
        named = ("--partner", "XB", "--partner", "XC", "--threshold", "2")
        done("chain", "attesters", "--home", xa.home.path, *named)
        again(xa)  # issues its claim and its entry anew
        for other in (xb, xc):
            become_partners(other, xa)
            done("chain", "observe", "XA", "--rpc", f"{xa.url}/chain", "--home", other.home.path)
        again(xc)
        xb.home = save_settings(
            open_home(xb.home.path), replace(open_home(xb.home.path).settings, partner_period=1, relay=False)
        )
        pin(xb.home, [xa.claim, xb.claim])
        done("foreign", "add-source", "XA", "--home", xb.home.path, "--yes")
        again(xb)  # issues its claim anew: it names the source
        yield xa, xb


def pin(home: Home, claims: list[bytes]) -> TrustList:
    """Have a node believe what these claims say."""
    publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
    require: Any = {"TransferRecord": {"finality": "operator"}}
    trust = compose(claims, keys=[publisher], policy=Policy(require=require), now=int(time.time()))
    listed = parse_trust_list(trust)
    PinnedLists(home.trust).add(trust, fingerprint=listed.list_hash.hex())
    return listed


def again(node: RunningNode) -> None:
    node.kill()
    node.restart()


def test_what_others_attest_is_carried_to_a_development_chain(three: tuple[RunningNode, RunningNode]) -> None:
    xa, xb = three
    exporter = xa.enrol("exporter", "exporter")
    parties = {
        role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
        for role, did, code in (
            ("exporter", exporter.did, "XA"),
            ("importer", "did:web:importer.example.xb", "XB"),
        )
    }
    payload = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
    record = exporter.sign("TransferRecord", {**parties, "flow": "outbound", "payload": payload})
    digest = xa.register(record).digest
    give_up = time.monotonic() + 120
    with xb.client() as client:
        while (told := client.provenance(digest))["answer"] != "known":
            carried = evidence("relay", "run", "--from", "XA", "--to", "XB", "--once", "--home", xb.home.path)
            assert carried.status in {0, 1}, carried.told
            health = client.health()
            assert time.monotonic() < give_up, (
                told,
                health,
                done("relay", "status", "--home", xb.home.path).text,
            )
            time.sleep(0.2)
        (place,) = told["places"]
        assert place["through"][0]["grade"] == "attested"
        # XB asks again for what it pulled before its anchor.
        while (bundle := given(client, digest)) is None:
            assert time.monotonic() < give_up
            time.sleep(0.5)
    listed = done("foreign", "list", "--node", xb.url)
    assert "attested, 2 of 2" in listed.text
    trust = parse_trust_list(xb.claim)
    assert [one.source_id.hex() for one in trust.foreign] == [place["through"][0]["source"][2:]]
    publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
    made = compose([xa.claim, xb.claim], keys=[publisher], policy=Policy(), now=int(time.time()))
    report = verify_bundle(bundle, parse_trust_list(made), at=None, now=int(time.time()))
    assert ("passed", "foreign-accepted") in [
        (check.outcome, check.code) for check in report.checks if check.step == 8
    ]


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
