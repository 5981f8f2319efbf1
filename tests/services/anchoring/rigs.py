"""A log to anchor, chains to anchor it on, and ways for either to fail at any step."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifact import load_artifact
from ledger.chain.embedded_port import EmbeddedProvider
from ledger.chain.embedded_rpc import EmbeddedRpc
from ledger.chain.evm import EvmChain
from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.chain.port import Chain
from ledger.chain.transactions import contract_address, prepare
from ledger.core import secp256k1
from ledger.core.checkpoint import Checkpoint, head_signature, parse_checkpoint, sign_checkpoint
from ledger.core.evm import rlp
from ledger.core.evm.anchor import encode_anchor_call, log_id
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of
from ledger.errors import LedgerError
from ledger.services.anchoring.anchor import Anchorer, AnchorSettings
from ledger.store.anchors import Anchors, Event, Evidence, Intent
from ledger.store.captures import Captures
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database, open_database
from ledger.store.log import Log
from tests.chain.anchoring import CHAIN_ID as EMBEDDED_ID
from tests.chain.anchoring import SECRET, await_inclusion, embedded
from tests.loopback import PlainProvider
from tests.servers import anvil
from tests.services.nodes import empty_log
from tests.simulator import START, World, seed
from tests.store.conftest import make_statements

CODE_HASH = load_artifact().runtime_code_hash
OTHER = seed("somebody else's account")


class Crash(BaseException):
    """The process ends here: nothing catches it."""


class Faulty:
    """A provider that crashes at its n-th request, before or after the node has it, or whose answers are tampered."""

    def __init__(self, honest: Any) -> None:
        self.honest = honest
        self.asked: list[str] = []
        self.before: Callable[[int, str], None] = lambda _count, _method: None
        self.after: Callable[[int, str], None] = lambda _count, _method: None
        self.refused: dict[str, str] = {}
        self.tamper: Callable[[str, list[Any], Any], Any] = lambda _method, _params, answer: answer

    def make_request(self, method: str, params: Any) -> Any:
        self.asked.append(method)
        count = len(self.asked)
        self.before(count, method)
        if method in self.refused:
            error = {"code": -32000, "message": self.refused[method]}
            return {"jsonrpc": "2.0", "id": 1, "error": error}
        answer = self.honest.make_request(method, params)
        self.after(count, method)
        return self.tamper(method, list(params), answer)

    def ask(self, method: str, *params: Any) -> Any:
        """Past every fault."""
        answer = self.honest.make_request(method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    @property
    def sent(self) -> int:
        return self.asked.count("eth_sendRawTransaction")


class CrashingAnchors(Anchors):
    """A journal whose n-th write never happens, or is the last thing that does."""

    left = 0
    is_written = False

    def record_intent(self, intent: Intent) -> int:
        return self._count(super().record_intent, intent)

    def record_event(self, event: Event) -> int:
        return self._count(super().record_event, event)

    def record_evidence(self, evidence: Evidence) -> int:
        return self._count(super().record_evidence, evidence)

    def _count(self, write: Callable[[Any], int], row: Any) -> int:
        self.left -= 1
        if self.left == 0 and not self.is_written:
            raise Crash
        number = write(row)
        if self.left == 0:
            raise Crash
        return number


@dataclass
class Rig:
    """XA's log in a database, and the contract on a chain."""

    world: World
    database: Database
    log: Log
    checkpoints: Checkpoints
    anchors: Anchors
    provider: Faulty
    options: dict[str, Any]
    contract: bytes
    url: str = ""
    now: int = START + 1_000

    def grow(self, count: int) -> int:
        """Add entries and sign the checkpoint."""
        first = self.log.head.size
        self.log.append(make_statements(range(first, first + count)))
        self.sign()
        return self.log.head.size

    def sign(self, **changes: bytes) -> None:
        """Sign the head, with another head key where a test steals the origin."""
        head = self.log.head
        signer = replace(self.world.xa.signer, **changes)
        note = sign_checkpoint(Checkpoint(self.log.origin, head.size, head.root), signer, self.now)
        self.checkpoints.store(StoredCheckpoint(head.size, note, self.now))

    def chain(self, **changes: Any) -> EvmChain:
        return EvmChain(self.provider, **{**self.options, **changes})

    def anchorer(
        self, *, anchors: Anchors | None = None, chain: Chain | None = None, **changes: Any
    ) -> Anchorer:
        settings = {
            "contract": self.contract,
            "code_hash": CODE_HASH,
            "operator": self.world.xa.operator,
            "head_address": self.world.xa.signer.head_address,
            "finality_secret": seed("XA chain operator"),
            "sender_secret": SECRET,
        }
        return Anchorer(
            chain=self.chain() if chain is None else chain,
            settings=AnchorSettings(**{**settings, **changes}),
            log=self.log,
            checkpoints=self.checkpoints,
            anchors=self.anchors if anchors is None else anchors,
            captures=Captures(self.database),
        )

    def tick(self, anchorer: Anchorer | None = None, times: int = 1) -> None:
        for _ in range(times):
            self.now += 10
            (anchorer or self.anchorer()).tick(lambda: self.now)

    def settle(self) -> None:
        """Tick until nothing is pending and everything is anchored; bounded."""
        anchorer = self.anchorer()
        for _ in range(20):
            self.tick(anchorer)
            held = self.anchors.latest_anchored(anchorer.name)
            if not self.anchors.pending() and held and held.row.size == self.log.head.size:
                return
            time.sleep(0.02)
        raise AssertionError(f"not settled: {[self.history(one.id) for one in self.anchors.intents()]}")

    @property
    def log_id(self) -> bytes:
        return log_id(self.world.xa.origin, self.world.xa.signer.head_address)

    def history(self, intent: int) -> list[str]:
        return [event.row.kind for event in self.anchors.events(intent)]

    def evidence(self) -> list[Evidence]:
        found: list[Evidence] = []
        after = 0
        while page := self.anchors.evidence_list(after=after):
            found += [one.row for one in page]
            after = page[-1].id
        return found

    def announced(self) -> list[int]:
        return [event.size for event in self.chain().anchored(self.contract, self.log_id)]

    def ours_mined(self) -> list[int]:
        """For each block on the chain: sizes that transactions of our sender tried to anchor, with status 1."""
        sizes = []
        head = int(self.provider.ask("eth_blockNumber"), 16)
        for number in range(head + 1):
            block = self.provider.ask("eth_getBlockByNumber", hex(number), True)
            for one in block["transactions"]:
                if one["from"] == "0x" + address_of(SECRET).hex() and one["to"] == "0x" + self.contract.hex():
                    receipt = self.provider.ask("eth_getTransactionReceipt", one["hash"])
                    if receipt["status"] == "0x1":
                        sizes.append(int(one["input"][10 + 128 : 10 + 192], 16))
        return sizes

    def call_data(self, size: int, before: int) -> bytes:
        stored = self.checkpoints.at(size)
        assert stored is not None
        signed = parse_checkpoint(stored.note)
        path = self.log.consistency_path(before, size) if before else ()
        head = self.world.xa.signer.head_address
        return encode_anchor_call(
            self.log.origin, head, size, signed.checkpoint.root, path, head_signature(signed, head)
        )

    def somebody_anchors(self, size: int, before: int = 0) -> bytes:
        """Another account sends our checkpoint; the transaction's hash."""
        chain = EvmChain(self.provider.honest, **self.options)
        signed = prepare(chain, OTHER, to=self.contract, data=self.call_data(size, before))
        chain.send_raw(signed.raw)
        return signed.hash

    def fund(self, secret: bytes, wei: int = 10**18) -> None:
        pay(EvmChain(self.provider.honest, **self.options), address_of(secret), wei)


def pay(chain: EvmChain, receiver: bytes, wei: int) -> None:
    """Send wei from the rich account; our own transactions never carry value."""
    fees = chain.fees()
    nonce = chain.nonce(address_of(SECRET))
    fields: list[Any] = [
        *(
            rlp.encode_integer(n)
            for n in (chain.chain_id, nonce, fees.max_priority_fee, fees.max_fee, 21_000)
        ),
        receiver,
        rlp.encode_integer(wei),
        b"",
        (),
    ]
    signature = secp256k1.sign(SECRET, keccak256(b"\2" + rlp.encode(fields)))
    r, s = (rlp.encode_integer(int.from_bytes(half, "big")) for half in (signature[:32], signature[32:64]))
    raw = b"\2" + rlp.encode([*fields, rlp.encode_integer(signature[64] - 27), r, s])
    await_inclusion(chain, chain.send_raw(raw))


def put_contract(chain: EvmChain) -> bytes:
    signed = prepare(chain, SECRET, to=b"", data=load_artifact().creation_code)
    chain.send_raw(signed.raw)
    assert await_inclusion(chain, signed.hash).status == 1
    return contract_address(signed.sender, signed.transaction.nonce)


@contextmanager
def rig(folder: Path, honest: Any, **options: Any) -> Iterator[Rig]:
    """A fresh log, and a fresh contract on the chain behind `honest`."""
    contract = fresh(folder, honest, **options)
    with reopened(folder, honest, contract, World(), **options) as made:
        yield made


def fresh(folder: Path, honest: Any, **options: Any) -> bytes:
    """Put an empty log into the folder, and the contract on the chain; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger.db").write_bytes(empty_log(World().xa.origin))
    return put_contract(EvmChain(honest, **options))


@contextmanager
def reopened(folder: Path, honest: Any, contract: bytes, world: World, **options: Any) -> Iterator[Rig]:
    """The log in the folder, and the contract on the chain, as they are."""
    with open_database(folder / "ledger.db") as database:
        parts = (Log(database, world.xa.origin), Checkpoints(database), Anchors(database), Faulty(honest))
        yield Rig(world, database, *parts, options, contract)


@contextmanager
def embedded_provider(folder: Path) -> Iterator[EmbeddedProvider]:
    with embedded(folder) as dev:
        yield EmbeddedProvider(EmbeddedRpc(dev.chain))


def http_provider(url: str) -> BoundedHTTPProvider:
    return BoundedHTTPProvider(url)


ANVIL_ID = 31_008


@contextmanager
def on_embedded(folder: Path) -> Iterator[Rig]:
    with embedded_provider(folder) as provider, rig(folder, provider, chain_id=EMBEDDED_ID) as made:
        yield made


@contextmanager
def on_anvil(folder: Path, confirmations: int | None = 0, *arguments: str) -> Iterator[Rig]:
    with anvil(*arguments, chain_id=ANVIL_ID) as node:
        provider = PlainProvider(node.url)
        try:
            with rig(folder, provider, chain_id=ANVIL_ID, confirmations=confirmations) as made:
                made.url = node.url
                yield made
        finally:
            provider.close()


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    return refused.value.code


def hold(rig: Rig) -> None:
    rig.provider.ask("evm_setAutomine", False)


def mine(rig: Rig, blocks: int = 1) -> None:
    rig.provider.ask("anvil_mine", hex(blocks))
