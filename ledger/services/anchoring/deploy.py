"""Putting the product's contracts on a chain, and finding out whether what is there is the contract.

Anchoring needs state proofs, so a node that gives none is found out before anything is paid.
"""

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
ANCHOR = "CheckpointAnchor"
FOREIGN = "ForeignCheckpoints"
FIRST = 16
"""How many of a sender's first transactions may have made the contract."""


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
        code_hash: Proven under the node's last header; None where nothing is at the address, or none is given.
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


def estimate(chain: Chain, secret: bytes, contract: str = ANCHOR) -> Estimate:
    """What it would take to deploy now; nothing is sent.

    Raises:
        ChainError: The chain cannot be asked; `chain-proof-unavailable`: its node gives no state proofs.
    """
    chain.check_identity()
    sender = address_of(secret)
    creation = load_artifact(contract).creation_code
    fees = chain.fees()
    gas = gas_limit(chain.estimate_gas(Message(sender, b"", creation)), creation, creation=True)
    _require_proofs(chain, sender)
    return Estimate(gas, gas * fees.max_fee, chain.balance(sender), fees.max_fee)


def _require_proofs(chain: Chain, sender: bytes) -> None:
    """The node gives state proofs.  What they prove is not looked at here: some nodes make up the state of block 0."""
    try:
        chain.state_proof(sender, (), chain.head())
    except ChainError as error:
        if error.code == "chain-proof-unavailable":
            raise


def deploy(
    chain: Chain,
    secret: bytes,
    *,
    before_sending: Callable[[SignedTransaction], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
    patience: int = 300,
    contract: str = ANCHOR,
) -> bytes:
    """Deploy a contract and return its address, once its code is there and is the contract's.

    Args:
        secret: Of the sender, who pays.
        contract: Name of its artifact.
        before_sending: Told of the transaction before it is sent.
        wait: Waits some seconds.
        patience: Seconds after which the outcome is called unknown.

    Raises:
        ChainError: `chain-balance-low`; `transaction-refused`; `chain-deploy-failed`: it was mined and did not make
            the contract; `chain-deploy-unknown`: whether it was mined cannot be said; or the chain's own trouble
            before anything was sent.
    """
    needed = estimate(chain, secret, contract)
    if needed.balance < needed.cost:
        raise ChainError(
            f"sender 0x{address_of(secret).hex()} has {needed.balance} wei; deploying needs up to {needed.cost}",
            code="chain-balance-low",
        )
    signed = prepare(chain, secret, to=b"", data=load_artifact(contract).creation_code)
    before_sending(signed)
    address = contract_address(signed.sender, signed.transaction.nonce)
    try:
        chain.send_raw(signed.raw)
    except ChainError as error:
        if error.code == "transaction-refused":
            raise
        # No answer: the transaction may have been taken, and is asked for by its hash like any other.
    for _ in range(max(1, patience)):
        found = _deployed(chain, signed.hash, address, contract)
        if found is not None:
            break
        wait(1.0)
    else:
        raise ChainError(
            f"transaction 0x{signed.hash.hex()}, which makes the contract 0x{address.hex()}, was sent and is in no"
            f" block after {patience} s; check again later",
            code="chain-deploy-unknown",
        )
    if not found:
        raise ChainError(
            f"transaction 0x{signed.hash.hex()} did not make the contract", code="chain-deploy-failed"
        )
    return address


def _deployed(chain: Chain, transaction_hash: bytes, address: bytes, contract: str) -> bool | None:
    """Whether the transaction made the contract; None while it is in no block, or the node does not say."""
    try:
        included = chain.inclusion(transaction_hash)
        if included is None:
            return None
        made = load_artifact(contract).runtime_code_hash
        return included.status == 1 and proven_code(chain, address) == made
    except ChainError:
        return None  # after sending, only the outcome counts; the caller's patience ends this


def proven_code(chain: Chain, address: bytes) -> bytes | None:
    """Hash of the code at an address, proven under the node's last header; None where there is none.

    Raises:
        ChainError: `chain-proof-unavailable` and others; see `Chain.state_proof`.
    """
    header = chain.head()
    if header.number == 0:
        return None  # no transaction has made anything yet
    try:
        found = chain.state_proof(address, (), header).account.code_hash
    except ChainError as error:
        if error.code != "chain-account-absent":
            raise
        return None
    return None if found == keccak256(b"") else found


def found_on(chain: Chain, secret: bytes, contract: str = ANCHOR) -> bytes | None:
    """The contract that `secret` deployed with one of its first transactions; None where none of them made it."""
    sender = address_of(secret)
    for nonce in range(min(chain.nonce(sender), FIRST)):
        address = contract_address(sender, nonce)
        if proven_code(chain, address) == load_artifact(contract).runtime_code_hash:
            return address
    return None


def deployed_on(chain: Chain, secret: bytes, contract: str = ANCHOR) -> bytes:
    """The contract that `secret` deployed with one of its first transactions; deployed now where it is not there."""
    found = found_on(chain, secret, contract)
    return deploy(chain, secret, contract=contract) if found is None else found


def condition(chain: Chain, secret: bytes, contract: bytes | None, period: int) -> Condition:
    """What is on the chain, and how long the sender's balance lasts.

    Raises:
        ChainError: The chain cannot be asked.
    """
    chain.check_identity()
    sender = address_of(secret)
    balance = chain.balance(sender)
    anchors = balance // (ANCHOR_GAS * max(1, chain.fees().max_fee))
    code_hash = None if contract is None else proven_code(chain, contract)
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
