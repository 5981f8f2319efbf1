"""A development chain inside the node's own process: py-evm over one SQLite file.

It behaves as a real Ethereum chain does (Prague rules, exact headers, a block for each transaction) and adds
no independence whatever: whoever runs the node runs the chain.  There are no reorganisations, and a block is
final when it is stored.

The first block follows from the configuration alone: the same chain id, time and balances give the same
genesis hash for ever, and a file made with another configuration is refused.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from eth.abc import BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth.vm.forks.prague import PragueVM
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from ledger.chain import embedded_admission as admission
from ledger.chain import embedded_calls as calls
from ledger.chain.embedded_genesis import Genesis, genesis_header
from ledger.chain.embedded_proofs import Proof, prove
from ledger.chain.embedded_store import BlockStore, StoredLog
from ledger.errors import ChainError, SetupError

LOGS_LIMIT = 10_000

_CONFIGURATION = b"evidence:configuration"


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction, the receipt it left and its place."""

    header: BlockHeaderAPI
    index: int
    transaction: SignedTransactionAPI
    receipt: ReceiptAPI
    gas_used: int
    first_log: int


class EmbeddedChain:
    """One development chain, open in this process; safe to use from several threads.

    Args:
        path: The SQLite file; made when absent.
        genesis: Configuration of the first block.
        clock: Says what time it is, in POSIX seconds.  Block times follow it but always increase.

    Raises:
        SetupError: See `BlockStore`; or the file was made with another configuration
            (`chain-genesis-differs`).
    """

    def __init__(self, path: Path, genesis: Genesis, *, clock: Callable[[], int]) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self.chain_id = genesis.chain_id
        self._store = BlockStore(path)
        try:
            self._chain = self._open(path, genesis)
        except BaseException:
            self._store.close()
            raise
        self.genesis_hash = bytes(self._chain.get_canonical_block_hash(BlockNumber(0)))

    def _open(self, path: Path, genesis: Genesis) -> MiningChain:
        chain_class = MiningChain.configure(
            "EmbeddedMiningChain",
            vm_configuration=((BlockNumber(0), PragueVM),),
            chain_id=genesis.chain_id,
        )
        expected = genesis_header(chain_class, AtomicDB(), genesis)
        if _CONFIGURATION not in self._store:
            # A crash before the commit leaves an empty file, and the next start makes the same first block.
            genesis_header(chain_class, self._store, genesis)
            self._store[_CONFIGURATION] = genesis.encode()
            self._store.commit()
        chain = chain_class(self._store)
        stored = chain.get_canonical_block_hash(BlockNumber(0))
        if self._store[_CONFIGURATION] != genesis.encode() or stored != expected.hash:
            raise SetupError(
                f"chain file {path} has genesis {stored.hex()};"
                f" the configuration gives {expected.hash.hex()}",
                code="chain-genesis-differs",
            )
        return chain

    def close(self) -> None:
        """Release the file; every block already is in it."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Reading

    def head(self) -> BlockHeaderAPI:
        """Header of the last block."""
        with self._lock:
            return self._chain.get_canonical_head()

    def header_by_number(self, number: int) -> BlockHeaderAPI | None:
        """Header of block `number`, if there is one."""
        with self._lock:
            try:
                return self._chain.get_canonical_block_header_by_number(BlockNumber(number))
            except (HeaderNotFound, ValidationError):
                return None

    def header_by_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """Header of the block with this hash, if it is one of ours."""
        with self._lock:
            try:
                # Only headers have a score; the store holds trie nodes and code under hashes as well.
                self._chain.get_score(Hash32(block_hash))
                header = self._chain.get_block_header_by_hash(Hash32(block_hash))
                canonical = self._chain.get_canonical_block_hash(header.block_number)
            except (HeaderNotFound, ValidationError):
                return None
            return header if canonical == block_hash else None

    def account(self, address: bytes, header: BlockHeaderAPI) -> tuple[int, int, bytes]:
        """Nonce, balance in wei and code of `address` after the block of `header`."""
        with self._lock:
            state = self._state(header)
            key = Address(address)
            return state.get_nonce(key), state.get_balance(key), state.get_code(key)

    def storage(self, address: bytes, slot: int, header: BlockHeaderAPI) -> int:
        """Value of storage slot `slot` of `address` after the block of `header`."""
        with self._lock:
            return self._state(header).get_storage(Address(address), slot)

    def proof(self, address: bytes, slots: Sequence[bytes], header: BlockHeaderAPI) -> Proof:
        """Account and storage proofs after the block of `header`, which may be any old block."""
        with self._lock:
            return prove(self._store, header.state_root, address, slots)

    def encoded_header(self, header: BlockHeaderAPI) -> bytes:
        """RLP of a stored header."""
        with self._lock:
            return self._store[header.hash]

    def transactions(self, header: BlockHeaderAPI) -> list[MinedTransaction]:
        """The transactions of a block in order, with their receipts."""
        with self._lock:
            vm = self._chain.get_vm_class(header)
            transactions = self._chain.chaindb.get_block_transactions(
                header,
                vm.get_transaction_builder(),
            )
            receipts = self._chain.chaindb.get_receipts(header, vm.get_receipt_builder())
        mined = []
        used = 0
        logs = 0
        for index, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
            mined.append(MinedTransaction(header, index, transaction, receipt, receipt.gas_used - used, logs))
            used = receipt.gas_used
            logs += len(receipt.logs)
        return mined

    def transaction(self, transaction_hash: bytes) -> MinedTransaction | None:
        """The mined transaction with this hash, if any.  Cost: one block, however old."""
        with self._lock:
            try:
                number, index = self._chain.chaindb.get_transaction_index(Hash32(transaction_hash))
            except TransactionNotFound:
                return None
            return self.transactions(self._chain.get_canonical_block_header_by_number(number))[index]

    def logs(
        self,
        first: int,
        last: int,
        *,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes]] = (),
    ) -> list[StoredLog]:
        """Event logs of a range of blocks; see `BlockStore.logs`.

        Raises:
            ChainError: More than `LOGS_LIMIT` of them.
        """
        with self._lock:
            found = self._store.logs(first, last, addresses=addresses, topics=topics, limit=LOGS_LIMIT + 1)
        if len(found) > LOGS_LIMIT:
            raise ChainError(f"query returned more than {LOGS_LIMIT} results", code="chain-query-too-large")
        return found

    def call(self, call: calls.Call, header: BlockHeaderAPI) -> calls.Outcome:
        """Run `call` on the state after the block of `header`, without mining it."""
        with self._lock:
            return calls.simulate(self._chain, header, self._clock(), call)

    def estimate(self, call: calls.Call, header: BlockHeaderAPI) -> tuple[calls.Outcome, int]:
        """Outcome of `call`, and the smallest gas limit it was seen to succeed with."""
        with self._lock:
            return calls.estimate(self._chain, header, self._clock(), call)

    # Writing

    def send_raw(self, raw: bytes) -> bytes:
        """Mine `raw` in a block of its own and return the transaction's hash.

        When this returns the block is durable.  A crash before leaves the chain as it was.

        Raises:
            ChainError: `transaction-refused`, worded as go-ethereum words it, or `chain-storage`.
        """
        with self._lock:
            head = self._chain.get_canonical_head()
            header = self._chain.create_header_from_parent(
                head,
                timestamp=max(self._clock(), head.timestamp + 1),
                gas_limit=head.gas_limit,
                coinbase=Address(bytes(20)),
            )
            vm = self._chain.get_vm_class(header)
            transaction = admission.decode_transaction(raw, vm.get_transaction_builder())
            sender = admission.sender_of(transaction, self.chain_id)
            try:
                if self.transaction(transaction.hash) is not None:
                    raise admission.refused("already known")
                admission.check_admissible(transaction, sender, header, self._state(head))
                return self._mine(transaction, header)
            finally:
                # Whatever stopped it, the next block starts from the last one that is stored.
                self._store.discard()

    def _mine(self, transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> bytes:
        self._chain.header = header
        try:
            result, receipts, _ = self._chain.mine_all([transaction])
        except ValidationError as error:
            raise admission.refused(str(error)) from error
        block = result.imported_block
        logs = [(index, log) for index, receipt in enumerate(receipts) for log in receipt.logs]
        self._store.commit(
            [
                StoredLog(
                    block.number,
                    position,
                    index,
                    log.address,
                    tuple(topic.to_bytes(32, "big") for topic in log.topics),
                    log.data,
                )
                for position, (index, log) in enumerate(logs)
            ]
        )
        return bytes(transaction.hash)

    def _state(self, header: BlockHeaderAPI) -> StateAPI:
        return self._chain.get_vm(header).state
