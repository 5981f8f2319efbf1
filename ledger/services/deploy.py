"""Putting the anchor contract on a chain, and finding out whether what is there is the contract."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain, Message
from ledger.chain.transactions import SignedTransaction, contract_address, gas_limit, prepare
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError

ANCHOR_GAS = 85_000
"""What one anchor costs at most after the first, in gas; measured."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Estimate:
    """What deploying would take, in gas and wei, and what the sender has."""

    gas: int
    cost: int
    balance: int
    fee: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What is found on a chain.

    Attributes:
        matches: The code at the address is the contract's.
        anchors: Anchors that the sender's balance pays for at the present fee.
        days: For how many days that is, anchoring once a period without pause.
    """

    chain_id: int
    genesis: bytes
    description: str
    contract: bytes | None
    code_hash: bytes | None
    matches: bool
    sender: bytes
    balance: int
    anchors: int
    days: int


def estimate(chain: Chain, secret: bytes) -> Estimate:
    """What it would take to deploy now; nothing is sent.

    Raises:
        ChainError: The chain cannot be asked.
    """
    chain.check_identity()
    sender = address_of(secret)
    creation = load_artifact().creation_code
    fees = chain.fees()
    gas = gas_limit(chain.estimate_gas(Message(sender, b"", creation)), creation, creation=True)
    return Estimate(gas, gas * fees.max_fee, chain.balance(sender), fees.max_fee)


def deploy(
    chain: Chain,
    secret: bytes,
    *,
    before_sending: Callable[[SignedTransaction], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
    patience: int = 300,
) -> bytes:
    """Deploy the contract and return its address, once its code is there and is the contract's.

    Args:
        secret: Of the sender, who pays.
        before_sending: Told of the transaction before it is sent.
        wait: Waits some seconds.
        patience: Seconds after which the outcome is called unknown.

    Raises:
        ChainError: `chain-balance-low`, `chain-reverted`, `chain-deploy-unknown`, or the chain's own trouble.
    """
    needed = estimate(chain, secret)
    if needed.balance < needed.cost:
        raise ChainError(
            f"sender 0x{address_of(secret).hex()} has {needed.balance} wei; deploying needs up to {needed.cost}",
            code="chain-balance-low",
        )
    signed = prepare(chain, secret, to=b"", data=load_artifact().creation_code)
    before_sending(signed)
    chain.send_raw(signed.raw)
    for _ in range(max(1, patience)):
        included = chain.inclusion(signed.hash)
        if included is not None:
            break
        wait(1.0)
    else:
        raise ChainError(
            f"transaction 0x{signed.hash.hex()} was sent and is in no block after {patience} s; check again later",
            code="chain-deploy-unknown",
        )
    address = contract_address(signed.sender, signed.transaction.nonce)
    if included.status == 0 or keccak256(chain.code(address)) != load_artifact().runtime_code_hash:
        raise ChainError(
            f"transaction 0x{signed.hash.hex()} did not deploy the contract", code="chain-reverted"
        )
    return address


def found_on(chain: Chain, secret: bytes) -> bytes | None:
    """The contract that `secret` deployed as its first transaction, where it is there."""
    address = contract_address(address_of(secret), 0)
    return address if keccak256(chain.code(address)) == load_artifact().runtime_code_hash else None


def deployed_on(chain: Chain, secret: bytes) -> bytes:
    """The contract that `secret` deployed as its first transaction; deployed now where it is not there."""
    found = found_on(chain, secret)
    return deploy(chain, secret) if found is None else found


def condition(chain: Chain, secret: bytes, contract: bytes | None, period: int) -> Condition:
    """What is on the chain, and how long the sender's balance lasts.

    Raises:
        ChainError: The chain cannot be asked.
    """
    chain.check_identity()
    sender = address_of(secret)
    code = b"" if contract is None else chain.code(contract)
    balance = chain.balance(sender)
    anchors = balance // (ANCHOR_GAS * max(1, chain.fees().max_fee))
    code_hash = keccak256(code) if code else None
    return Condition(
        chain_id=chain.chain_id,
        genesis=chain.genesis_hash,
        description=chain.description,
        contract=contract,
        code_hash=code_hash,
        matches=code_hash == load_artifact().runtime_code_hash,
        sender=sender,
        balance=balance,
        anchors=anchors,
        days=anchors * period // DAY,
    )
