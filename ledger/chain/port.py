"""What the product needs of an EVM chain, whichever it is.

Everything a `Chain` gives back was checked as far as it can be: headers hash to their hash, receipts and
state are proven under a header's roots.  What cannot be checked from one node's answers, namely that the
header is on the chain everybody else sees, is the business of finality, and each method says what it leaves
open.  A node that is absent, slow, or answers something else raises ChainError; nothing is retried here.

    code                     the caller may conclude
    chain-unavailable        no usable answer arrived; a transaction sent may or may not have been taken
    chain-timeout            likewise, after waiting
    chain-answer-invalid     an answer contradicts itself, or is not in the form the specification asks
    chain-wrong-id           the node serves another chain
    chain-wrong-genesis      the chain has this id and another history
    chain-seals-invalid      a block of a sealed chain is not sealed by the validators configured
    rpc-disagree             two nodes contradict each other; nothing is decided
    rpc-alone                too few of several nodes answer to say what is final
    chain-stale              the node is behind what it said was final before
    chain-request-refused    the node answered with an error; its text is in the message
    chain-reverted           the contract refused; the message names its error where it is one of ours
    chain-proof-unavailable  the node has no proof of that state, for it is too old or unsupported
    chain-proof-invalid      the node's proof does not lead to the header's root
    chain-account-absent     nothing is at that address in that block
    chain-fee-too-high       the node asks for more per gas than the configuration allows
    transaction-refused      the node refused the transaction; see its own hash for what became of it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.core.evm.account import Account
from ledger.core.evm.header import Header


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees for the next transaction, in wei per gas.

    Attributes:
        base_fee: Of the last block.
        max_priority_fee: Tip.
        max_fee: Twice the base fee and the tip, so that six full blocks in a row do not outprice it.
    """

    base_fee: int
    max_priority_fee: int
    max_fee: int


@dataclass(frozen=True, slots=True)
class Message:
    """A call that is not (yet) a transaction.

    Attributes:
        sender: 20 bytes.
        to: 20 bytes; empty for the creation of a contract.
        data: Call data or init code.
    """

    sender: bytes
    to: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A transaction's place in a block, with its receipt proven under the block's receipts root.

    That the transaction with this hash is the one at `index` is the node's word; that the receipt is that of
    `index` is not.

    Attributes:
        header: Of the block; on the node's canonical chain when it was asked.
        index: Of the transaction in the block.
        receipt: As it stands in the receipts trie, type byte included.
        nodes: Receipts trie from the root to the receipt.
        status: 1 when the transaction succeeded, else 0.
        gas_used: By this transaction alone.
    """

    transaction_hash: bytes
    header: Header
    index: int
    receipt: bytes
    nodes: tuple[bytes, ...]
    status: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class SlotProof:
    """A storage slot, proven; `value` is 32 bytes and zero where nothing was ever stored."""

    slot: bytes
    value: bytes
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StateProof:
    """An account and some of its storage, proven under the state root of `header`."""

    header: Header
    address: bytes
    account: Account
    account_nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]


@dataclass(frozen=True, slots=True)
class AnchoredEvent:
    """The anchor contract's `Anchored` event as a node lists it; prove it before relying on it."""

    log_id: bytes
    size: int
    root: bytes
    previous_size: int
    block_number: int
    block_hash: bytes
    transaction_hash: bytes


class Chain(Protocol):
    """One EVM chain, seen through one node."""

    @property
    def description(self) -> str:
        """What the chain is and who runs it, for people."""
        ...

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id; asked once and checked against the configuration."""
        ...

    @property
    def genesis_hash(self) -> bytes:
        """Hash of block 0; asked once and checked against the configuration."""
        ...

    def check_identity(self) -> None:
        """Ask again which chain the node serves; to be done before anything is signed for it.

        Raises:
            ChainError: `chain-wrong-id` or `chain-wrong-genesis`.
        """
        ...

    def head(self) -> Header:
        """Header of the node's last block."""
        ...

    def finalized_number(self) -> int:
        """Number of the last block that the node holds to be final."""
        ...

    def header(self, number: int) -> Header | None:
        """Header of the canonical block `number`; None when the node has no such block yet."""
        ...

    def header_by_hash(self, block_hash: bytes) -> Header | None:
        """The header with this hash, canonical or not; None when the node does not know it."""
        ...

    def code(self, address: bytes) -> bytes:
        """Runtime code at the head.  Only its hash under a state proof says that it is true."""
        ...

    def balance(self, address: bytes) -> int:
        """Wei at the head, by the node's word."""
        ...

    def nonce(self, address: bytes, *, pending: bool = False) -> int:
        """Number of the next transaction of `address`, by the node's word.

        Args:
            address: 20 bytes.
            pending: Count the transactions that the node holds and has not mined yet.
        """
        ...

    def fees(self) -> Fees:
        """What to offer for the next transaction, below the configured cap."""
        ...

    def estimate_gas(self, message: Message) -> int:
        """Gas the node thinks `message` needs; raises `chain-reverted` when it would fail."""
        ...

    def call(self, message: Message) -> bytes:
        """What `message` returns at the head, by the node's word."""
        ...

    def send_raw(self, raw: bytes) -> bytes:
        """Hand a signed transaction to the node, once, and return its hash.

        Whatever is raised, the transaction may have been taken: settle it by its hash.
        """
        ...

    def inclusion(self, transaction_hash: bytes) -> Inclusion | None:
        """Where the transaction was mined; None when it is in no block of the canonical chain."""
        ...

    def state_proof(self, address: bytes, slots: Sequence[bytes], header: Header) -> StateProof:
        """Account and storage slots (32 bytes each) after the block of `header`, proven under it."""
        ...

    def anchored(
        self, anchor: bytes, log_id: bytes, *, first: int = 0, last: int | None = None
    ) -> list[AnchoredEvent]:
        """Events of a log in the blocks `first` to `last` (the head when None), by the node's word."""
        ...

    def call_data(self, transaction_hash: bytes) -> bytes | None:
        """What a transaction was called with, by the node's word; None where the node does not know it."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
