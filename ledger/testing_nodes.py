"""Real nodes for tests: a home in a temporary folder, its server in a process of its own on a free loopback port.

A node anchors every second, so that a test waits a few seconds for an anchor at most.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from ledger.chains import RpcSettings
from ledger.core.canonical import Json
from ledger.core.secp256k1 import address_of
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.core.trust import parse_trust_list
from ledger.errors import RemoteError
from ledger.forks import Forks, Process
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient, Registered
from ledger.services.bundles.joining import join
from ledger.services.drafting.enrol import enrolment_of
from ledger.services.home.folder import Home, Plan, init_home, save_settings
from ledger.services.ids import RANDOM_SIZE as ID_SIZE
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, make_holder_key, write_key
from ledger.services.trust.compose import Policy, compose
from ledger.statements.request import make
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle

START_SECONDS: Final = 60
STOP_SECONDS: Final = 20
WAIT_SECONDS: Final = 60
PERIOD: Final = 1
"""Seconds between anchors."""
DAY: Final = 86_400
FUNDS: Final = 10**20
"""Wei that a node's sender is given on a chain it does not run."""
_FORKS: Final = Forks()


class GivenChain(Protocol):
    """A chain that a node may anchor on; `EthTesterChain` is one, a test's own anvil may be another.

    Attributes:
        url: Of its JSON-RPC, on loopback.
        confirmations: Blocks on top that make one final; None where the chain calls blocks `finalized` itself.
    """

    @property
    def url(self) -> str:
        """Of its JSON-RPC, on loopback."""
        ...

    @property
    def confirmations(self) -> int | None:
        """Blocks on top that make one final; None where the chain calls blocks `finalized` itself."""
        ...

    def fund(self, address: bytes, wei: int) -> None:
        """Give an account wei."""
        ...


@dataclass(frozen=True, slots=True)
class Party:
    """An enrolled company, and the file of its key.

    Attributes:
        did: Its id.
        path: Of the key file, as `--key` takes it.
    """

    key: HolderKey
    path: Path

    @property
    def did(self) -> str:
        """Its id."""
        return self.key.holder

    def sign(self, kind: str, subject: Mapping[str, Json]) -> Statement:
        """A statement of its own, signed now."""
        now = int(time.time())
        document = unsigned(
            kind=kind,
            identifier=statement_id(now, os.urandom(ID_SIZE)),
            issuer=self.did,
            subject=subject,
            valid_from=now,
        )
        return sign_statement(document, self.key.private, self.key.verification_method, now)


@dataclass(slots=True)
class RunningNode:
    """A node that listens at `url`; what its process says goes to `output`."""

    home: Home
    url: str
    output: Path
    process: Process
    folder: Path

    def client(self) -> NodeClient:
        """Typed calls to it; to be closed."""
        return NodeClient(self.url)

    @property
    def claim(self) -> bytes:
        """The node's own trust list."""
        return self.home.claim.read_bytes()

    @property
    def claim_path(self) -> Path:
        """Where that list lies, as `--trust` takes it."""
        return self.home.claim

    def enrol(self, name: str, role: str, *, days: int = 365, folder: Path | None = None) -> Party:
        """Enrol `did:web:<name>.example.<country>` with a new key, whose file goes to `folder`, else to the node's."""
        code = self.home.settings.jurisdiction
        now = int(time.time())
        made = os.urandom(RANDOM_SIZE)
        key = make_holder_key(f"did:web:{name}.example.{code.lower()}", "#2026", EDDSA, made)
        path = (folder or self.folder) / f"{name}.key"
        write_key(path, key)
        dates = {"from": format_time(now), "until": format_time(now + days * DAY)}
        subject: dict[str, Any] = {
            "party": key.holder,
            "jurisdiction": code,
            "identifiers": [],
            "roles": [role],
            "keys": [{"id": key.id, "publicKeyMultibase": key.multikey, **dates}],
        }
        request = make(subject, {key.id: key.private}, created=now)
        registrar = self.home.keys.registrar
        statement = enrolment_of(request, registrar, jurisdiction=code, now=now)
        self.register(statement)
        return Party(key, path)

    def register(self, statement: Statement) -> Registered:
        """Register a signed statement over HTTP."""
        with self.client() as client:
            return client.register(statement.encoded)

    def wait(self, digest: str, *, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Wait until a statement is anchored; its status.

        Raises:
            TimeoutError: It is not, after `seconds`.
        """
        give_up = time.monotonic() + seconds
        with self.client() as client:
            while time.monotonic() < give_up:
                status = client.status(digest)
                if "anchored" in status:
                    return status
                time.sleep(0.1)
            health = client.health()
        raise TimeoutError(f"statement {digest} is not anchored after {seconds} s; the node says {health}")

    def bundle(self, digest: str) -> bytes:
        """The node's bundle about an anchored statement."""
        with self.client() as client:
            return client.bundle(digest)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self, *, well: bool = True) -> None:
        """Start the process again over the same home and port; until it is well, or answers at all."""
        self.process = _start(self.home, self.output)
        _await(self, well=well)


@contextmanager
def serving(folder: Path, code: str = "XA", chain: GivenChain | None = None) -> Iterator[RunningNode]:
    """Serve a new node of jurisdiction `code` until the block ends.

    Args:
        folder: For its home, its output and the keys of those enrolled there.
        code: XA to XZ.
        chain: Where it anchors; None: on a development chain of its own.
    """
    where = f"example.{code.lower()}"
    settings = None if chain is None else RpcSettings((chain.url,), _chain_id(chain), period=PERIOD)
    plan = Plan(
        code, f"registry.{where}", registrar=f"did:web:registrar.{where}", chain=settings, port=free_port()
    )
    home = init_home(folder / f"node-{code.lower()}", plan, now=int(time.time()), random=os.urandom)
    if chain is not None:
        home = _put_contract(home, chain)
    output = folder / f"node-{code.lower()}.log"
    node = RunningNode(home, f"http://127.0.0.1:{home.settings.port}", output, _start(home, output), folder)
    try:
        _await(node)
        yield node
    finally:
        if node.process.poll() is None:
            node.process.terminate()
            try:
                node.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                node.kill()


@dataclass(frozen=True, slots=True)
class TwoJurisdictions:
    """XA with an exporter, XB with an importer, and a trust list that believes both nodes' claims.

    Attributes:
        trust: The composed list.
        trust_path: Its file, as `--trust` takes it.
    """

    xa: RunningNode
    xb: RunningNode
    exporter: Party
    importer: Party
    trust: bytes
    trust_path: Path

    def record(self, **members: Json) -> Statement:
        """A transfer record by the exporter to the importer, signed now; `members` are added or replaced."""
        subject: dict[str, Json] = {
            "exporter": {
                "did": self.exporter.did,
                "id": self.exporter.did,
                "jurisdiction": "XA",
                "scheme": "DID",
            },
            "importer": {
                "did": self.importer.did,
                "id": self.importer.did,
                "jurisdiction": "XB",
                "scheme": "DID",
            },
            "flow": "outbound",
            "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"},
        }
        return self.exporter.sign("TransferRecord", {**subject, **members})

    def register(self, record: Statement) -> str:
        """Register a record with XA's node; its digest."""
        return self.xa.register(record).digest

    def acknowledge(self, digest: str, outcome: str = "accepted") -> str:
        """The importer acknowledges a record in XB's log; the acknowledgement's digest."""
        at = format_time(int(time.time()))
        subject: dict[str, Json] = {"record": digest, "outcome": outcome, "at": at}
        return self.xb.register(self.importer.sign("TransferAcknowledgement", subject)).digest

    def wait(self, record: str, acknowledgement: str) -> None:
        """Wait until both are anchored, each on its own chain."""
        self.xa.wait(record)
        self.xb.wait(acknowledgement)

    def bundle(self, record: str, acknowledgement: str) -> bytes:
        """One bundle with a section of each log, once both are anchored."""
        self.wait(record, acknowledgement)
        return join(self.xa.bundle(record), self.xb.bundle(acknowledgement))

    def verify(self, bundle: bytes) -> Report:
        """The report on a bundle under the composed list, now."""
        now = int(time.time())
        return verify_bundle(bundle, parse_trust_list(self.trust), at=None, now=now, content=None, require=())


@contextmanager
def two_sides(folder: Path, xa: RunningNode) -> Iterator[TwoJurisdictions]:
    """Serve XB's node beside XA's, enrol a party on each side, and compose the list."""
    with ExitStack() as stack:
        xb = stack.enter_context(serving(folder, "XB"))
        exporter, importer = xa.enrol("exporter", "exporter"), xb.enrol("importer", "importer")
        publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
        trust = compose([xa.claim, xb.claim], keys=[publisher], policy=Policy(), now=int(time.time()))
        path = folder / "trust.json"
        path.write_bytes(trust)
        yield TwoJurisdictions(xa, xb, exporter, importer, trust, path)


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _chain_id(chain: GivenChain) -> int:
    from ledger.chain.evm import connect

    connected = connect(chain.url, confirmations=chain.confirmations)
    try:
        return connected.chain_id
    finally:
        connected.close()


def _put_contract(home: Home, chain: GivenChain) -> Home:
    """Fund the node's sender, deploy the contract, and write its address into the settings."""
    from ledger.chain.evm import connect
    from ledger.services.anchoring.deploy import deploy

    secret = home.keys.sender.secret
    chain.fund(address_of(secret), FUNDS)
    connected = connect(chain.url, confirmations=chain.confirmations)
    try:
        address = deploy(connected, secret)
    finally:
        connected.close()
    settings = home.settings.chain
    assert isinstance(settings, RpcSettings)
    told = replace(settings, anchor="0x" + address.hex(), confirmations=chain.confirmations)
    return save_settings(home, replace(home.settings, chain=told))


def _start(home: Home, output: Path) -> Process:
    environment = {**os.environ, "EVIDENCE_HOME": str(home.path), "EVIDENCE_ANCHOR_PERIOD": str(PERIOD)}
    return _FORKS.start(home.settings.port, output, environment)


def _await(node: RunningNode, *, well: bool = True) -> None:
    give_up = time.monotonic() + START_SECONDS
    with node.client() as client:
        while time.monotonic() < give_up and node.process.poll() is None:
            try:
                client.health()
            except RemoteError as error:
                if isinstance(error, RemoteRefusedError) and not well:
                    return
                time.sleep(0.1)
            else:
                return
    node.kill()
    raise RuntimeError(f"the node did not start: {node.output.read_text()[-4000:]}")
