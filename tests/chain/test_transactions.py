"""Transactions: the same bytes and hashes as eth-account makes, and limits a node accepts."""

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain import gas
from ledger.chain.evm import EvmChain
from ledger.chain.transactions import (
    GAS_CAP,
    Transaction,
    contract_address,
    gas_limit,
    prepare,
    sign_transaction,
)
from ledger.errors import ChainError
from tests.campaign import count
from tests.chain.anchoring import SECRET, SENDER, await_inclusion, deploy

small = st.integers(0, 2**64 - 1)


@given(
    chain_id=st.integers(1, 2**63 - 1),
    nonce=small,
    to=st.binary(min_size=20, max_size=20) | st.just(b""),
    data=st.binary(max_size=300),
    limit=st.integers(21_000, 2**40),
    tip=small,
    secret=st.integers(1, 2**200),
)
@settings(max_examples=count(60))
def test_signed_bytes_equal_those_of_eth_account(
    chain_id: int, nonce: int, to: bytes, data: bytes, limit: int, tip: int, secret: int
) -> None:
    transaction = Transaction(chain_id, nonce, to, data, limit, tip + 7, tip)
    key = secret.to_bytes(32, "big")
    theirs = Account.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "to": to_checksum_address(to) if to else b"",
            "data": data,
            "value": 0,
            "gas": limit,
            "maxFeePerGas": tip + 7,
            "maxPriorityFeePerGas": tip,
        },
        key,
    )
    ours = sign_transaction(transaction, key)
    assert ours.raw == bytes(theirs.raw_transaction)
    assert ours.hash == bytes(theirs.hash)
    assert "0x" + ours.sender.hex() == Account.from_key(key).address.lower()


def test_the_chain_id_is_part_of_what_is_signed() -> None:
    made = [sign_transaction(Transaction(id_, 0, SENDER, b"", 21_000, 2, 1), SECRET) for id_ in (1, 2)]
    assert made[0].hash != made[1].hash


def test_a_contract_address_is_that_of_eip_161() -> None:
    # The first contract of anvil's first account, known to everybody who ever used it.
    assert contract_address(SENDER, 0).hex() == "5fbdb2315678afecb367f032d93f642f64180aa3"


def test_a_limit_covers_the_calldata_floor_even_where_the_estimate_does_not() -> None:
    data = b"\x11" * 1_000
    assert gas.floor_gas(data) == 21_000 + 40 * 1_000
    assert gas.intrinsic_gas(data, creation=False) == 21_000 + 16 * 1_000
    assert gas_limit(30_000, data, creation=False) >= gas.floor_gas(data)


def test_creation_costs_its_init_code_words() -> None:
    assert gas.intrinsic_gas(bytes(33), creation=True) == 21_000 + 32_000 + 33 * 4 + 2 * 2


def test_an_absurd_estimate_is_not_paid() -> None:
    with pytest.raises(ChainError) as refused:
        gas_limit(GAS_CAP, b"", creation=False)
    assert refused.value.code == "chain-gas-too-high"


def test_a_prepared_transaction_is_accepted_with_its_exact_floor(chain: EvmChain) -> None:
    signed = prepare(chain, SECRET, to=bytes([3]) * 20, data=b"\xff" * 500)
    floor = gas.floor_gas(b"\xff" * 500)
    assert signed.transaction.gas >= floor
    below = Transaction(
        chain.chain_id, signed.transaction.nonce, bytes([3]) * 20, b"\xff" * 500, floor - 1, 10**10, 1
    )
    try:  # anvil takes it, makes an empty block and drops it; the embedded chain says no as go-ethereum does
        chain.send_raw(sign_transaction(below, SECRET).raw)
    except ChainError as error:
        assert error.code == "transaction-refused"  # noqa: PT017
    assert chain.inclusion(sign_transaction(below, SECRET).hash) is None
    assert chain.nonce(SENDER) == signed.transaction.nonce
    chain.send_raw(signed.raw)
    assert await_inclusion(chain, signed.hash).gas_used == floor


def test_a_transaction_that_would_fail_is_not_signed(chain: EvmChain) -> None:
    anchored = deploy(chain)
    anchored.anchor(2)
    with pytest.raises(ChainError) as refused:
        prepare(chain, SECRET, to=anchored.address, data=anchored.call_data(2))
    assert refused.value.code == "chain-reverted"


def test_the_same_transaction_sent_twice_is_mined_once(chain: EvmChain) -> None:
    anchored = deploy(chain)
    signed = anchored.anchor(3)
    nonce = chain.nonce(SENDER)
    with pytest.raises(ChainError) as refused:
        chain.send_raw(signed.raw)
    assert refused.value.code == "transaction-refused"
    assert chain.nonce(SENDER) == chain.nonce(SENDER, pending=True) == nonce
    assert chain.inclusion(signed.hash) is not None
