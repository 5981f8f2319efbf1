"""anvil replaces blocks: what was in them is absent again, and final blocks do not come into it."""

from collections.abc import Iterator

import pytest

from ledger.chain.evidence import capture
from ledger.chain.evm import EvmChain, connect
from ledger.chain.transactions import prepare
from ledger.errors import ChainError
from tests.chain.anchoring import SECRET, SENDER, await_inclusion, closing, deploy
from tests.servers import anvil


@pytest.fixture
def fork() -> Iterator[EvmChain]:
    with anvil(chain_id=31_007) as node, closing(connect(node.url, chain_id=31_007)) as chain:
        yield chain


def control(chain: EvmChain, method: str, *params: object) -> object:
    return chain._node.request(method, *params)


def test_a_transaction_whose_block_was_replaced_is_absent_and_can_be_sent_again(fork: EvmChain) -> None:
    anchored = deploy(fork)
    anchored.anchor(2)
    signed = anchored.anchor(5)
    before = capture(fork, anchored.address, anchored.log_id, 5, signed.hash)

    control(fork, "anvil_reorg", 1, [])

    assert fork.head().number == before.header.number
    assert fork.head().hash != before.header.hash
    assert fork.inclusion(signed.hash) is None
    with pytest.raises(ChainError) as refused:
        capture(fork, anchored.address, anchored.log_id, 5, signed.hash)
    assert refused.value.code == "anchor-absent"
    assert [event.size for event in fork.anchored(anchored.address, anchored.log_id)] == [2]
    with pytest.raises(ChainError) as refused:
        fork.state_proof(anchored.address, [], before.header)
    assert refused.value.code == "chain-proof-invalid"

    fork.send_raw(signed.raw)
    await_inclusion(fork, signed.hash)
    again = capture(fork, anchored.address, anchored.log_id, 5, signed.hash)
    assert again.header.hash != before.header.hash
    assert again.storage.root == before.storage.root


def test_a_block_that_lost_is_still_known_by_its_hash_or_not_at_all(fork: EvmChain) -> None:
    anchored = deploy(fork)
    lost = fork.inclusion(anchored.anchor(2).hash)
    assert lost is not None
    control(fork, "anvil_reorg", 1, [])
    assert fork.header_by_hash(lost.header.hash) in {None, lost.header}
    replaced = fork.header(lost.header.number)
    assert replaced is not None
    assert replaced.hash != lost.header.hash


def test_a_young_chain_has_nothing_final_yet(fork: EvmChain) -> None:
    assert fork.finalized_number() == 0
    control(fork, "anvil_mine", hex(100))
    final = fork.finalized_number()
    assert 0 < final < fork.head().number


def test_a_chain_rolled_back_below_a_final_block_is_stale(fork: EvmChain) -> None:
    control(fork, "anvil_mine", hex(100))
    final = fork.finalized_number()
    control(fork, "anvil_rollback", fork.head().number - final + 1)
    with pytest.raises(ChainError) as refused:
        fork.head()
    assert refused.value.code == "chain-stale"


def test_a_transaction_waiting_to_be_mined_is_in_no_block(fork: EvmChain) -> None:
    control(fork, "evm_setAutomine", False)
    signed = prepare(fork, SECRET, to=SENDER, data=b"")
    fork.send_raw(signed.raw)
    assert fork.inclusion(signed.hash) is None
    assert (fork.nonce(SENDER), fork.nonce(SENDER, pending=True)) == (0, 1)
    control(fork, "evm_mine")
    assert await_inclusion(fork, signed.hash).status == 1


def test_receipts_are_proven_in_a_block_of_many_transactions(fork: EvmChain) -> None:
    anchored = deploy(fork)
    control(fork, "evm_setAutomine", False)
    nonce = fork.nonce(SENDER)
    signed = [prepare(fork, SECRET, to=SENDER, data=bytes([n]), nonce=nonce + n) for n in range(20)]
    for each in signed:
        fork.send_raw(each.raw)
    last = prepare(fork, SECRET, to=anchored.address, data=anchored.call_data(3), nonce=nonce + 20)
    fork.send_raw(last.raw)
    control(fork, "evm_mine")
    places = [fork.inclusion(each.hash) for each in (*signed, last)]
    assert sorted(place.index for place in places if place) == list(range(21))
    evidence = capture(fork, anchored.address, anchored.log_id, 3, last.hash)
    assert evidence.receipt is not None
    assert len(evidence.receipt.nodes) > 1
