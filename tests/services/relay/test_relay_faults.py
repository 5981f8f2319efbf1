"""A relay whose node of the own chain fails or lies: nothing false is sent, and it recovers by itself."""

import random
from collections.abc import Iterator

import pytest

from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.core.evm import rlp
from ledger.errors import ChainError
from tests.campaign import count
from tests.faulty_rpc import OF_HTTP, FaultyRpc, faulty
from tests.servers import anvil
from tests.services.anchoring.rigs import Faulty
from tests.services.relay.carrying import CHAIN_ID, Partner, Rig, rig_on
from tests.simulator import World

KINDS = (
    "connection-cut", "server-error", "truncated", "not-json", "answer-of-another-request",
    "wrong-chain", "wrong-genesis", "stale-head", "forged-header", "forged-receipt", "receipt-of-another",
    "forged-proof", "nonce-lie", "fee-lie", "gas-lie", "underpriced-replacement", "wrong-hash",
)  # fmt: skip
SEEDS = count(3)
ROUNDS = 3


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, FaultyRpc]]:
    with anvil(chain_id=CHAIN_ID) as node, faulty(node.url, random.Random(0)) as proxy:
        honest = BoundedHTTPProvider(node.url)
        try:
            made = rig_on(honest, tmp_path_factory.mktemp("faults"), Partner(World()))
            made.options["genesis_hash"] = made.honest.genesis_hash
            yield made, proxy
        finally:
            honest.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_that_fails_or_lies_delays_and_nothing_else(proxied: tuple[Rig, FaultyRpc], kind: str) -> None:
    made, proxy = proxied
    through = BoundedHTTPProvider(proxy.url) if kind in OF_HTTP else proxy
    honest = made.provider
    for number in range(SEEDS):
        made.partner.grow()
        proxy.rng = random.Random(f"{kind} {number}")
        proxy.kind, proxy.rate = kind, (1.0, 0.3, 0.6)[number % 3]
        made.provider = Faulty(through)
        relay, route = made.relay(), made.route()
        honest.ask("evm_setAutomine", number % 3 == 1)  # else what is sent waits, and is asked for
        for _ in range(ROUNDS):
            try:
                made.tick(relay, route)
            except ChainError:
                made.now += 10
        proxy.kind = None
        honest.ask("evm_setAutomine", True)
        honest.ask("anvil_mine", "0x1")
        made.now += 1_000
        made.settle(relay, route)
        made.provider = honest
    assert proxy.struck[kind]
    sizes = sorted(made.partner.anchored)
    assert made.accepted() == sizes
    assert made.head() == sizes[-1]
    assert made.outbox.halts() == []
    for item in made.items():
        assert made.root_at(item.size) == item.root
        for sending in made.outbox.sendings(item):
            fields = rlp.read_list(rlp.decode(sending.raw[1:]), "transaction", 12)
            assert rlp.read_integer(fields[0], "chain id") == CHAIN_ID
    if through is not proxy:
        through.close()
