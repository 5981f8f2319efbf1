"""A partner's log on a chain made from the trie up, and an anvil with the contract that takes its checkpoints."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from ledger.chain.artifact import load_artifact
from ledger.chain.evm import EvmChain
from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.chain.port import Message
from ledger.chain.transactions import contract_address, prepare
from ledger.core.checkpoint import head_signature, parse_checkpoint
from ledger.core.evm.foreign import source_id
from ledger.core.evm.foreign_calls import (
    SignedHead,
    encode_add_source,
    encode_disputed,
    encode_head,
    encode_prove_split,
    encode_root_at,
)
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError, RemoteError
from ledger.services.anchoring.evidence import Vouching
from ledger.services.relay.feed import Route
from ledger.services.relay.foreign import Finality, ForeignWatcher
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.relayer import Relay
from ledger.store.foreign import Followed, ForeignStore
from ledger.store.relay import Halt, Item, Outbox, State
from tests.blocks import hexed
from tests.chain.anchoring import SECRET, await_inclusion
from tests.servers import anvil
from tests.services.anchoring.rigs import Faulty, pay
from tests.services.relay.relay_partner import NodeFeed, Partner
from tests.simulator import START, World, seed
from tests.trees import tree_root

CHAIN_ID = 31_002
RELAY = seed("XB relay")
FUNDS = 10**19


@dataclass
class Rig:
    """The contract on an anvil, and relays to it."""

    partner: Partner
    folder: Path
    provider: Faulty
    contract: bytes
    options: dict[str, Any]
    published: list[Halt] = field(default_factory=list)
    now: int = START + 1_000

    def chain(self) -> EvmChain:
        return EvmChain(self.provider, **self.options)

    @property
    def honest(self) -> EvmChain:
        return EvmChain(self.provider.honest, **self.options)

    @property
    def followed(self) -> Followed:
        source = self.partner.source()
        return Followed(f"eip155:{CHAIN_ID}", source_id(source), self.contract, "XA", source, START)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.folder / "relay.sqlite")

    @property
    def store(self) -> ForeignStore:
        return ForeignStore(self.folder / "foreign.sqlite")

    def relay(self, *, secret: bytes = RELAY, outbox: Outbox | None = None) -> Relay:
        chain = self.chain()
        return Relay(
            chain=chain,
            contract=ForeignContract(chain, self.contract),
            outbox=outbox or self.outbox,
            store=self.store,
            trust=self.partner.trust,
            secret=secret,
            publish=self.published.append,
        )

    def route(self, **changes: Any) -> Route:
        return replace(Route(self.followed, self.partner.log.origin, NodeFeed(self.partner)), **changes)

    def watcher(self) -> ForeignWatcher:
        chain = self.chain()
        return ForeignWatcher(
            chain=chain,
            contract=ForeignContract(chain, self.contract),
            finality=Finality(Vouching(seed("XB chain operator"), self.partner.world.xb.operator)),
            store=self.store,
            outbox=self.outbox,
            trust=self.partner.trust,
        )

    def tick(self, relay: Relay | None = None, route: Route | None = None, times: int = 1) -> Route:
        carried = relay or self.relay()
        way = route or self.route()
        for _ in range(times):
            self.now += 10
            carried.tick([way], self.now)
        return way

    def settle(self, relay: Relay | None = None, route: Route | None = None) -> None:
        """Tick until every anchored size is done; bounded.

        As in a node's rounds, one that a wrong proof ended is made up for by the next: anvil shows the state after a
        block that it is only about to add, when it is asked just then.
        """
        carried, way = relay or self.relay(), route or self.route()
        for _ in range(40):
            try:
                self.tick(carried, way)
            except ChainError as error:
                if error.code != "chain-proof-invalid":
                    raise
                way.trouble = error
                continue
            states = {one.state for one in self.items()}
            if states <= {"done"} and len(self.checkpoints()) == len(self.partner.anchored):
                return
            time.sleep(0.01)
        raise AssertionError(
            [way.trouble, *((one.size, one.state, one.code, one.detail) for one in self.items())]
        )

    def items(self) -> list[Item]:
        target = self.followed.target
        return self.outbox.in_state(target, *get_args(State), limit=2**31)

    def checkpoints(self) -> list[Item]:
        return [one for one in self.items() if one.kind == "checkpoint"]

    def states(self) -> dict[int, str]:
        return {one.size: one.state for one in self.checkpoints()}

    def listed(self) -> dict[str, Any]:
        """Members of a trust list that believes the contract on XB's chain."""
        followed = self.followed
        base = json.loads(self.partner.trust().encoded)
        own = next(one for one in base["chains"] if one["chain"] == followed.chain)
        own["genesis"] = hexed(self.honest.genesis_hash)
        code_hash = load_artifact("ForeignCheckpoints").runtime_code_hash
        foreign = {
            "chain": followed.chain,
            "contract": hexed(self.contract),
            "codeHash": hexed(code_hash),
            "sourceId": hexed(followed.source_id),
        }
        return {"chains": base["chains"], "foreign": [foreign]}

    def prove_split(self) -> None:
        """Somebody shows that the log signed two roots of its present size."""
        log = self.partner.log
        size = len(log.entries)
        heads = tuple(
            SignedHead(size, root, head_signature(parse_checkpoint(note), log.signer.head_address))
            for root in (tree_root(log.leaves), seed("another history"))
            for note in (log.checkpoint(size, root=root),)
        )
        send(self.honest, self.contract, encode_prove_split(log.origin, log.signer.head_address, heads))  # type: ignore[arg-type]

    # The contract, past every fault

    def root_at(self, size: int) -> bytes:
        return self._call(encode_root_at(self.followed.source_id, self.partner.log.log_id, size))

    def head(self) -> int:
        return int.from_bytes(self._call(encode_head(self.followed.source_id, self.partner.log.log_id)))

    def is_disputed(self) -> bool:
        return any(self._call(encode_disputed(self.partner.log.log_id)))

    def _call(self, data: bytes) -> bytes:
        return self.honest.call(Message(bytes(20), self.contract, data))

    def accepted(self) -> list[int]:
        """Sizes of the contract's `Accepted` events on the canonical chain, in their order."""
        from ledger.core.evm.foreign_calls import ACCEPTED_TOPIC

        logs = self.provider.ask(
            "eth_getLogs",
            {"address": hexed(self.contract), "topics": [hexed(ACCEPTED_TOPIC)], "fromBlock": "0x0"},
        )
        return [int(one["topics"][3], 16) for one in logs]

    def mined(self, secret: bytes = RELAY) -> list[tuple[int, int]]:
        """Nonce and status of every transaction of a sender on the canonical chain."""
        found = []
        for number in range(int(self.provider.ask("eth_blockNumber"), 16) + 1):
            for one in self.provider.ask("eth_getBlockByNumber", hex(number), True)["transactions"]:
                if one["from"] == hexed(address_of(secret)):
                    receipt = self.provider.ask("eth_getTransactionReceipt", one["hash"])
                    found.append((int(one["nonce"], 16), int(receipt["status"], 16)))
        return found


def send(chain: EvmChain, to: bytes, data: bytes, secret: bytes = SECRET) -> bytes:
    """A transaction, mined; its hash."""
    signed = prepare(chain, secret, to=to, data=data)
    chain.send_raw(signed.raw)
    included = await_inclusion(chain, signed.hash)
    assert included.status == 1
    return signed.hash


@contextmanager
def rig(
    folder: Path,
    *,
    sets: Sequence[tuple[int, tuple[bytes, ...]]] = (),
    round_: int = 0,
    confirmations: int = 0,
) -> Iterator[Rig]:
    """The contract with XA's source on a fresh anvil."""
    with anvil(chain_id=CHAIN_ID) as node:
        provider = BoundedHTTPProvider(node.url)
        try:
            yield rig_on(provider, folder, Partner(World(), list(sets), round_), confirmations=confirmations)
        finally:
            provider.close()


def rig_on(provider: Any, folder: Path, partner: Partner, *, confirmations: int = 0) -> Rig:
    options = {"chain_id": CHAIN_ID, "confirmations": confirmations}
    chain = EvmChain(provider, **options)
    signed = prepare(chain, SECRET, to=b"", data=load_artifact("ForeignCheckpoints").creation_code)
    chain.send_raw(signed.raw)
    assert await_inclusion(chain, signed.hash).status == 1
    made = Rig(
        partner, folder, Faulty(provider), contract_address(signed.sender, signed.transaction.nonce), options
    )
    pay(chain, address_of(RELAY), FUNDS)
    send(chain, made.contract, encode_add_source(partner.source()))
    made.store.follow(made.followed)
    return made


def unreachable() -> RemoteError:
    return RemoteError("the node does not answer", code="remote-unreachable")


__all__ = ["NodeFeed", "Partner"]
