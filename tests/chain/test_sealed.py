"""QBFT chains: blocks go by their own hash, are believed for the seals of the validators configured, and are final."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.chain.evidence import capture
from ledger.chain.port import Chain
from ledger.chains import RpcSettings
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.errors import ChainError
from ledger.services.home.chains import open_rpc
from tests.chain.anchoring import deploy
from tests.sealing import addresses
from tests.sealing_rpc import SealingChain, sealing, validators
from tests.servers import Anvil, anvil

CHAIN = 31_009


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil(chain_id=CHAIN) as started:
        yield started


@contextmanager
def opened(made: SealingChain, **changes: Any) -> Iterator[Chain]:
    settings = {"id": CHAIN, "consensus": "qbft", "validators": made.sets, **changes}
    chain = open_rpc(RpcSettings(urls=(made.url,), **settings))
    try:
        yield chain
    finally:
        chain.close()


def code_of(ask: Any) -> str:
    with pytest.raises(ChainError) as refused:
        ask()
    return refused.value.code


@pytest.mark.parametrize("count", [4, 7])
@pytest.mark.parametrize("in_round", [0, 5])
def test_an_anchor_on_a_sealed_chain_is_captured_under_its_block_hash(
    node: Anvil, count: int, in_round: int
) -> None:
    with sealing(node.url, validators(count), round=in_round) as made, opened(made) as chain:
        anchored = deploy(chain)
        signed = anchored.anchor(5)
        found = capture(chain, anchored.address, anchored.log_id, 5, signed.hash)
        sealed = parse_sealed(parse_header(found.header.encoded))
        assert sealed.round == in_round
        assert found.header.hash == sealed.block_hash != parse_header(found.header.encoded).hash
        assert len(verify_seals(sealed, addresses(validators(count)))) == count
        assert chain.finalized_number() == chain.head().number == found.header.number
        (event,) = chain.anchored(anchored.address, anchored.log_id)
        assert event.block_hash == found.header.hash
        assert chain.header_by_hash(found.header.hash) == found.header
        before = chain.header(found.header.number - 1)
        assert before is not None
        assert before.hash == found.header.parent_hash


def test_a_block_with_too_few_seals_is_not_believed(node: Anvil) -> None:
    with sealing(node.url, validators(4)) as made, opened(made) as chain:
        made.mine()
        made.missing = 1
        assert chain.head().number == made.number
        made.missing = 2
        made.mine()
        assert code_of(chain.head) == "chain-seals-invalid"
        assert code_of(chain.finalized_number) == "chain-seals-invalid"


def test_validators_that_are_not_configured_are_not_believed(node: Anvil) -> None:
    with sealing(node.url, validators(4, "B")) as made:
        made.mine()
        known = RpcSettings(urls=(made.url,), id=CHAIN, consensus="qbft", validators=made.sets).validators
        with sealing(node.url, validators(4)) as others, opened(others, validators=known) as chain:
            assert code_of(chain.head) == "chain-seals-invalid"
        with opened(made, confirmations=0) as chain:
            assert chain.head().number == made.number


def test_validators_hand_over_to_others_that_are_configured(node: Anvil) -> None:
    with sealing(node.url, validators(4)) as made:
        made.mine()
        before = made.sets
        start = made.rotate(validators(7, "C"))
        made.mine()
        with opened(made) as chain, opened(made, validators=before) as unaware:
            assert chain.head().number == unaware.head().number == start
            made.mine()
            assert chain.head().number == start + 1
            assert code_of(unaware.head) == "chain-seals-invalid"


def test_two_sealed_chains_of_the_same_validators_differ_from_where_they_part(node: Anvil) -> None:
    with sealing(node.url, validators(4)) as first, sealing(node.url, validators(4)) as second:
        first.mine(3)
        number = first.number
        second.equivocate(number - 1)
        with opened(first) as one, opened(second) as other:
            assert one.header(number - 2) == other.header(number - 2)
            for height in (number - 1, number):
                mine, theirs = one.header(height), other.header(height)
                assert mine is not None
                assert theirs is not None
                assert mine.hash != theirs.hash
                assert mine.state_root == theirs.state_root


def test_blocks_that_anvil_replaces_are_replaced_here(node: Anvil) -> None:
    with sealing(node.url, validators(4)) as made, opened(made) as chain:
        made.mine(3)
        lost = chain.head()
        made.ask("anvil_reorg", 2, [])
        found = chain.header(lost.number)
        assert found is not None
        assert found.hash != lost.hash
        before = chain.header(lost.number - 1)
        assert before is not None
        assert found.parent_hash == before.hash
