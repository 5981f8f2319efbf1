"""Transactions of the anchor service: built, signed and named by their hash before anything is sent.

The same inputs give the same bytes and hash (RFC 6979 signatures), so that a node that crashed between
signing and sending knows afterwards which transaction was its own.  The chain id is part of what is signed.

Source: EIP-1559 (type 2 transactions), EIP-155, EIP-7623.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.chain.gas import floor_gas, intrinsic_gas
from ledger.chain.port import Chain, Fees, Message
from ledger.core.evm import rlp
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign
from ledger.errors import ChainError

TYPE = 2
# Estimates are made on one state and mined on another; anchoring costs differ by a few storage reads.
MARGIN_PERCENT = 25
GAS_CAP = 5_000_000
_ATTEMPTS = 5
"""Times that a transaction is prepared, where somebody else takes its nonce."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """An unsigned type 2 transaction without value or access list.

    Attributes:
        to: 20 bytes; empty for the creation of a contract.
        data: Call data or init code.
        gas: Limit; what is not used is not paid.
        max_fee: Most to be paid per gas, base fee included, in wei.
        max_priority_fee: Tip per gas, in wei.
    """

    chain_id: int
    nonce: int
    to: bytes
    data: bytes
    gas: int
    max_fee: int
    max_priority_fee: int


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to be sent, any number of times, to the same effect."""

    transaction: Transaction
    sender: bytes
    raw: bytes
    hash: bytes

    @property
    def largest_cost(self) -> int:
        """Wei the sender must own for it to be accepted."""
        return self.transaction.gas * self.transaction.max_fee


def sign_transaction(transaction: Transaction, secret: bytes) -> SignedTransaction:
    """Sign with the 32-byte secp256k1 key `secret`; deterministic."""
    fields: list[rlp.Item] = [
        rlp.encode_integer(transaction.chain_id),
        rlp.encode_integer(transaction.nonce),
        rlp.encode_integer(transaction.max_priority_fee),
        rlp.encode_integer(transaction.max_fee),
        rlp.encode_integer(transaction.gas),
        transaction.to,
        b"",  # value
        transaction.data,
        (),  # access list
    ]
    prefix = bytes([TYPE])
    signature = sign(secret, keccak256(prefix + rlp.encode(fields)))
    parity = signature[64] - 27
    r, s = (rlp.encode_integer(int.from_bytes(half, "big")) for half in (signature[:32], signature[32:64]))
    raw = prefix + rlp.encode([*fields, rlp.encode_integer(parity), r, s])
    return SignedTransaction(transaction, address_of(secret), raw, keccak256(raw))


def gas_limit(estimate: int, data: bytes, *, creation: bool) -> int:
    """Gas limit for a transaction that was estimated to need `estimate`.

    A margin on top, and never below what a node asks before it looks at the code: intrinsic gas and the
    calldata floor, which some nodes' estimates forget.

    Raises:
        ChainError: `chain-gas-too-high`: more than any transaction of ours can need.
    """
    needed = max(estimate, intrinsic_gas(data, creation=creation), floor_gas(data))
    limit = needed + needed * MARGIN_PERCENT // 100
    if limit > GAS_CAP:
        raise ChainError(
            f"transaction would need {limit} gas; {GAS_CAP} is the most allowed", code="chain-gas-too-high"
        )
    return limit


def prepare(
    chain: Chain,
    secret: bytes,
    *,
    to: bytes,
    data: bytes,
    nonce: int | None = None,
    fees: Fees | None = None,
    least_gas: int = 0,
) -> SignedTransaction:
    """Estimate, price and sign a transaction for `chain`; nothing is sent.

    The chain's identity is asked again first, and its id is signed.

    Args:
        chain: Where it is to be mined.
        secret: Of the sender, 32 bytes.
        to: Contract to call; empty to create one.
        data: Call data or init code.
        nonce: The sender's next by the chain's word when absent.
        fees: What to offer; the chain's own suggestion when absent.
        least_gas: What it is known to need, lest a node's estimate make it fail at our cost.

    Raises:
        ChainError: `chain-reverted` when it would fail, `chain-wrong-id`, `chain-wrong-genesis`, or whatever
            keeps the chain from answering.
    """
    chain.check_identity()
    sender = address_of(secret)
    offered = chain.fees() if fees is None else fees
    estimate = chain.estimate_gas(Message(sender, to, data))
    transaction = Transaction(
        chain_id=chain.chain_id,
        nonce=chain.nonce(sender, pending=True) if nonce is None else nonce,
        to=to,
        data=data,
        gas=gas_limit(max(estimate, least_gas), data, creation=not to),
        max_fee=offered.max_fee,
        max_priority_fee=offered.max_priority_fee,
    )
    return sign_transaction(transaction, secret)


def send(
    chain: Chain,
    secret: bytes,
    *,
    to: bytes,
    data: bytes,
    before_sending: Callable[[SignedTransaction], None],
) -> SignedTransaction:
    """Prepare and send; again where another program that signs with the same key took the nonce meanwhile.

    What is returned may not have been taken: without an answer, only the chain's state can tell.

    Args:
        chain: Where it is to be mined.
        secret: Of the sender, 32 bytes.
        to: Contract to call.
        data: Call data.
        before_sending: Told of each transaction before it is sent.

    Raises:
        ChainError: As `prepare`; `transaction-refused`.
    """
    sender = address_of(secret)
    for left in reversed(range(_ATTEMPTS)):
        signed = prepare(chain, secret, to=to, data=data)
        before_sending(signed)
        try:
            chain.send_raw(signed.raw)
        except ChainError as error:
            if error.code == "transaction-refused":
                if not left or chain.nonce(sender) <= signed.transaction.nonce:
                    raise
                continue
        break
    return signed


def contract_address(sender: bytes, nonce: int) -> bytes:
    """Address of the contract that `sender` creates with its transaction `nonce`."""
    return keccak256(rlp.encode([sender, rlp.encode_integer(nonce)]))[12:]
