"""Nodes that fail and lie in every way of `faulty_rpc`: the anchorer takes nothing false, and mends by itself."""

import random
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.evm import EvmChain
from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.chain.port import Chain
from ledger.chain.several import Several
from ledger.core.evm import rlp
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError, LedgerError
from ledger.services.anchoring.anchor import Anchorer
from tests.campaign import count
from tests.chain.anchoring import SECRET
from tests.faulty_rpc import KINDS, LIES, OF_HTTP, FaultyRpc, faulty
from tests.services.anchoring.rigs import ANVIL_ID, Rig, hold, mine, on_anvil

SEEDS = 3
PATIENCE = 0.2
FEE_CAP = 50 * 10**9
FINAL = 70
"""Blocks after which anvil calls one final."""
DEPTH = 2


def test_there_are_kinds_enough_and_each_strikes_something() -> None:
    assert len(KINDS) >= 14
    asked = [("eth_sendRawTransaction", []), ("eth_chainId", []), ("eth_getLogs", []), ("eth_getProof", [])]
    asked += [("eth_getTransactionReceipt", []), ("eth_getTransactionCount", []), ("eth_estimateGas", [])]
    asked += [("eth_getBlockByNumber", [one]) for one in ("0x0", "0x9", "finalized")]
    asked += [("eth_maxPriorityFeePerGas", [])]
    assert all(any(concerns(*one) for one in asked) for concerns in KINDS.values())


def seen_through(*providers: Any, genesis: bytes, confirmations: int | None) -> Chain:
    """The chain through these providers, its genesis as the node's claim names it, with what bounds its fees."""
    chains = [
        EvmChain(one, chain_id=ANVIL_ID, genesis_hash=genesis, confirmations=confirmations, fee_cap=FEE_CAP)
        for one in providers
    ]
    return chains[0] if len(chains) == 1 else Several(chains, [f"node {n}" for n, _ in enumerate(chains)])


class Trial:
    """One log and contract, under one fault after the other."""

    def __init__(self, rig: Rig, proxy: FaultyRpc, rng: random.Random) -> None:
        self.rig, self.proxy, self.rng = rig, proxy, rng
        self.nonce = self._nonce()
        self.seen = self.standing = 0

    def _nonce(self) -> int:
        return int(self.proxy.ask("eth_getTransactionCount", "0x" + address_of(SECRET).hex(), "latest"), 16)

    def run(self, kind: str, anchorer: Anchorer, final: int | None) -> None:
        """Strike for some ticks, then leave it alone until everything is anchored."""
        self.rig.grow(self.rng.randint(1, 3))
        concerns_some = not KINDS[kind]("", [])
        self.proxy.kind, self.proxy.rate = kind, 1.0 if concerns_some else self.rng.choice([0.1, 0.3])
        least = self.rng.randint(2, 3)
        for number in range(8):
            if number >= least and (final is None or kind in self.proxy.struck):
                break
            try:
                self.rig.tick(anchorer)
            except ChainError as error:
                assert error.code  # noqa: PT017 - any of them will do
            self.check(final)
            if kind == "nonce-lie" or self.rng.random() < 0.2:
                self.rig.provider.ask("anvil_dropAllTransactions")
                continue
            mine(self.rig, self.rng.choice([1, DEPTH, final or FINAL]) if number < least else FINAL)
        self.proxy.kind = None
        self.settle(kind, anchorer, final)

    def check(self, final: int | None) -> None:
        """Every anchor that stands is in a final block of the true chain, and nothing was signed for another."""
        limit = self._finalized() if final is None else int(self.proxy.ask("eth_blockNumber"), 16) - final
        for one in self.rig.anchors.evidence_list(after=self.seen):
            block = self.proxy.ask("eth_getBlockByNumber", hex(one.row.block_number), False)
            assert block["hash"] == "0x" + one.row.block_hash.hex()
            assert one.row.block_number <= limit
            self.seen = one.id
            self.standing += 1
        # No block was replaced, so no lie may withdraw what stands.
        assert len(self.rig.evidence()) == self.standing
        for intent in self.rig.anchors.intents(limit=4):
            fields = rlp.read_list(rlp.decode(intent.row.raw_transaction[1:]), "transaction", 12)
            assert rlp.read_integer(fields[0], "chain id") == ANVIL_ID
            assert rlp.read_integer(fields[3], "fee") <= FEE_CAP

    def _finalized(self) -> int:
        return int(self.proxy.ask("eth_getBlockByNumber", "finalized", False)["number"], 16)

    def settle(self, kind: str, anchorer: Anchorer, final: int | None) -> None:
        for _ in range(40):
            mine(self.rig, FINAL if final is None else final)
            try:
                self.rig.tick(anchorer)
            except LedgerError:
                continue
            held = self.rig.anchors.latest_anchored(anchorer.name)
            if not self.rig.anchors.pending() and held and held.row.size == self.rig.log.head.size:
                break
        else:
            told = [self.rig.history(one.id) for one in self.rig.anchors.intents(limit=4)]
            raise AssertionError(f"not settled after {kind}: {told}")
        self.check(final)
        sizes = self.rig.announced()
        assert sorted(one.size for one in self.rig.evidence()) == sizes
        # Nothing was paid for but anchors: each nonce used is one announcement.
        assert self._nonce() - self.nonce == len(sizes)


@pytest.mark.parametrize("number", range(count(SEEDS)))
def test_no_fault_of_a_node_makes_anything_false_and_all_recover(tmp_path: Path, number: int) -> None:
    rng = random.Random(f"faults {number}")
    with on_anvil(tmp_path, DEPTH) as rig, faulty(rig.url, rng) as proxy:
        http = BoundedHTTPProvider(proxy.url, timeout=PATIENCE, response_limit=200_000)
        genesis = rig.chain().genesis_hash
        far, near = (seen_through(one, genesis=genesis, confirmations=DEPTH) for one in (http, proxy))
        pair = seen_through(proxy, rig.provider.honest, genesis=genesis, confirmations=None)
        trial = Trial(rig, proxy, rng)
        hold(rig)
        kinds = [*KINDS]
        rng.shuffle(kinds)
        for kind in kinds:
            if kind in LIES or (kind not in OF_HTTP and rng.random() < 0.3):
                trial.run(kind, rig.anchorer(chain=pair), None)
            if kind not in proxy.struck:  # of two nodes, the one that failed last is asked last
                trial.run(kind, rig.anchorer(chain=far if kind in OF_HTTP else near), DEPTH)
        far.close()
        assert {*proxy.struck} == {*KINDS}, {*KINDS} - {*proxy.struck}
