"""An EVM chain seen through one JSON-RPC node, none of whose answers is believed unchecked.

Works with any web3 provider: HTTP, or one inside this process.  See `port` for what each method promises and
which codes its errors carry.
"""

from collections.abc import Mapping, Sequence
from typing import Any, overload

from ledger.chain.gas import DEFAULT_FEE_CAP
from ledger.chain.port import AnchoredEvent, Fees, Inclusion, Message, StateProof
from ledger.chain.rpc import DEFAULT_TIMEOUT, Provider, RpcNode, RpcRefusedError
from ledger.chain.rpc_encoding import header_of, invalid, read_data, read_list, read_object, read_quantity
from ledger.chain.rpc_proofs import prove_inclusion, prove_state
from ledger.chain.sealed import SealedChain, Validators
from ledger.chain.several import Several
from ledger.core.evm import anchor as contract
from ledger.core.evm import foreign_calls, rlp
from ledger.core.evm.header import Header
from ledger.core.keccak import keccak256
from ledger.errors import ChainError

DEFAULT_PRIORITY_FEE = 1_000_000_000
LOG_RANGE = 10_000
_BASE_FEE_FIELD = 15
_ERRORS = {**contract.ERROR_SELECTORS, **foreign_calls.ERROR_SELECTORS}


class EvmChain:
    """The `Chain` behind a JSON-RPC node.

    Args:
        provider: Carries the requests; none of them is sent before the first method is called.
        name: Of the node, in messages.
        description: What the chain is and who runs it; made up from id and name when absent.
        chain_id: Required of the node; the node's own when absent.
        genesis_hash: Likewise.
        confirmations: For chains that know no `finalized` block: how many blocks on top make one final.
        fee_cap: Largest fee per gas ever offered, in wei.
        validators: Of a QBFT chain: every block must be sealed by a quorum of them, and then is final.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        name: str = "chain node",
        description: str | None = None,
        chain_id: int | None = None,
        genesis_hash: bytes | None = None,
        confirmations: int | None = None,
        fee_cap: int = DEFAULT_FEE_CAP,
        validators: Sequence[Validators] = (),
    ) -> None:
        self._node = RpcNode(provider, name=name)
        self._description = description
        self._expected_id = chain_id
        self._expected_genesis = genesis_hash
        self._identity: tuple[int, bytes] | None = None
        self._confirmations = confirmations
        self._fee_cap = fee_cap
        self._seals = SealedChain(validators) if validators else None
        self._final = 0

    def close(self) -> None:
        """Release connections."""
        self._node.close()

    # Which chain

    @property
    def description(self) -> str:
        """What the chain is and who runs it, for people."""
        return self._description or f"chain eip155:{self.chain_id}, seen through {self._node.name}"

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self._known_identity()[0]

    @property
    def genesis_hash(self) -> bytes:
        """Hash of block 0."""
        return self._known_identity()[1]

    def _known_identity(self) -> tuple[int, bytes]:
        if self._identity is None:
            self._identity = self._ask_identity()
        return self._identity

    def check_identity(self) -> None:
        """Ask again which chain the node serves; an address can come to mean another node."""
        self._identity = self._ask_identity()

    def _ask_identity(self) -> tuple[int, bytes]:
        # Once known, the chain is not exchanged for another while this object lives.
        known_id, known_genesis = self._identity or (self._expected_id, self._expected_genesis)
        chain_id = read_quantity(self._node.request("eth_chainId"), "chain id")
        if known_id is not None and chain_id != known_id:
            raise ChainError(
                f"{self._node.name} serves chain {chain_id}; chain {known_id} is required",
                code="chain-wrong-id",
            )
        genesis = self._canonical(0)
        if genesis is None:
            raise invalid("no block 0")
        if known_genesis is not None and genesis.hash != known_genesis:
            raise ChainError(
                f"{self._node.name} has genesis block {genesis.hash.hex()};"
                f" {known_genesis.hex()} is required",
                code="chain-wrong-genesis",
            )
        return chain_id, genesis.hash

    # Blocks

    def head(self) -> Header:
        """Header of the node's last block.

        Raises:
            ChainError: `chain-stale`: the node has fallen behind what it said was final.
        """
        block = self._node.request("eth_getBlockByNumber", "latest", False)
        if block is None:
            raise invalid("no last block")
        header = self._header_of(block)
        if header.number < self._final:
            raise ChainError(
                f"{self._node.name} is at block {header.number}; block {self._final} was final before",
                code="chain-stale",
            )
        return header

    def finalized_number(self) -> int:
        """Number of the last block that the node holds to be final."""
        head = self.head()
        if self._seals is not None:
            number = head.number
        elif self._confirmations is not None:
            number = max(0, head.number - self._confirmations)
        else:
            block = self._node.request("eth_getBlockByNumber", "finalized", False)
            number = 0 if block is None else self._header_of(block).number
        # The head may be a block older by now than the block just called final.
        if number > head.number and self._confirmations is not None:
            raise invalid(f"a final block {number} above its last block {head.number}")
        if number < self._final:
            raise ChainError(
                f"{self._node.name} calls block {number} final; block {self._final} was final before",
                code="chain-stale",
            )
        self._final = number
        return number

    def header(self, number: int) -> Header | None:
        """Header of the canonical block `number`."""
        return self._canonical(number)

    def _canonical(self, number: int) -> Header | None:
        block = self._node.request("eth_getBlockByNumber", hex(number), False)
        if block is None:
            return None
        header = self._header_of(block)
        if header.number != number:
            raise invalid(f"block {header.number} when asked for block {number}")
        return header

    def _header_of(self, block: Any) -> Header:
        if self._seals is None:
            return header_of(block)
        header = header_of(block, self._seals.named)
        self._seals.require_sealed(header)
        return header

    def header_by_hash(self, block_hash: bytes) -> Header | None:
        """The header with this hash, canonical or not."""
        block = self._node.request("eth_getBlockByHash", "0x" + block_hash.hex(), False)
        if block is None:
            return None
        header = self._header_of(block)
        if header.hash != block_hash:
            raise invalid(f"block {header.hash.hex()} when asked for block {block_hash.hex()}")
        return header

    # Accounts, by the node's word

    def code(self, address: bytes) -> bytes:
        """Runtime code at the head."""
        return read_data(self._node.request("eth_getCode", _hex(address), "latest"), "code")

    def balance(self, address: bytes) -> int:
        """Wei at the head."""
        return read_quantity(self._node.request("eth_getBalance", _hex(address), "latest"), "balance")

    def nonce(self, address: bytes, *, pending: bool = False) -> int:
        """Number of the next transaction of `address`."""
        tag = "pending" if pending else "latest"
        return read_quantity(self._node.request("eth_getTransactionCount", _hex(address), tag), "nonce")

    # Transactions

    def fees(self) -> Fees:
        """What to offer for the next transaction, below the configured cap."""
        fields = self.head().fields
        if len(fields) <= _BASE_FEE_FIELD:
            raise ChainError("chain has no base fee; EIP-1559 is required", code="chain-unsupported")
        base = rlp.read_integer(fields[_BASE_FEE_FIELD], "base fee")
        try:
            tip = read_quantity(self._node.request("eth_maxPriorityFeePerGas"), "priority fee")
        except RpcRefusedError as error:
            if not error.method_missing:
                raise
            tip = DEFAULT_PRIORITY_FEE
        fees = Fees(base, tip, 2 * base + tip)
        if fees.max_fee > self._fee_cap:
            raise ChainError(
                f"{self._node.name} asks {fees.max_fee} wei per gas; {self._fee_cap} is the most allowed",
                code="chain-fee-too-high",
            )
        return fees

    def estimate_gas(self, message: Message) -> int:
        """Gas the node thinks `message` needs."""
        return read_quantity(self._execute("eth_estimateGas", message), "gas estimate")

    def call(self, message: Message) -> bytes:
        """What `message` returns at the head."""
        return read_data(self._execute("eth_call", message, "latest"), "call result")

    def _execute(self, method: str, message: Message, *params: Any) -> Any:
        request = {"from": _hex(message.sender), "data": _hex(message.data)}
        if message.to:
            request["to"] = _hex(message.to)
        try:
            return self._node.request(method, request, *params)
        except RpcRefusedError as error:
            reason = _ERRORS.get(error.data[:4])
            if reason is not None:
                raise ChainError(f"contract refused: {reason}", code="chain-reverted") from error
            if error.data or "revert" in str(error):
                raise ChainError(str(error), code="chain-reverted") from error
            raise

    def send_raw(self, raw: bytes) -> bytes:
        """Hand a signed transaction to the node, once, and return its hash.

        Raises:
            ChainError: `transaction-refused` when the node said no, which it also does for one it has
                already; any other code when it is not known what became of it.
        """
        expected = keccak256(raw)
        try:
            answer = self._node.request("eth_sendRawTransaction", _hex(raw))
        except RpcRefusedError as error:
            raise ChainError(str(error), code="transaction-refused") from error
        if read_data(answer, "transaction hash", 32) != expected:
            raise invalid(f"another transaction hash than {expected.hex()}")
        return expected

    def inclusion(self, transaction_hash: bytes) -> Inclusion | None:
        """Where the transaction was mined; None when it is in no block of the canonical chain."""
        answer = self._node.request("eth_getTransactionReceipt", _hex(transaction_hash))
        if answer is None:
            return None
        fields = read_object(answer, "transaction receipt")
        if read_data(fields.get("transactionHash"), "transaction hash", 32) != transaction_hash:
            raise invalid(f"the receipt of another transaction than {transaction_hash.hex()}")
        if fields.get("blockHash") is None:
            return None  # some nodes show a receipt before the block is sealed
        number = read_quantity(fields.get("blockNumber"), "block number")
        index = read_quantity(fields.get("transactionIndex"), "transaction index")
        block = self._node.request("eth_getBlockByNumber", hex(number), False)
        if block is None:
            return None
        header = self._header_of(block)
        if header.number != number:
            raise invalid(f"block {header.number} when asked for block {number}")
        if header.hash != read_data(fields["blockHash"], "block hash", 32):
            return None  # mined in a block that is not, or no longer, the canonical one
        hashes = [read_data(each, "transaction hash", 32) for each in _transactions(block)]
        if index >= len(hashes) or hashes[index] != transaction_hash:
            raise invalid(f"a block whose transaction {index} is not {transaction_hash.hex()}")
        return prove_inclusion(self._node, header, hashes, index)

    # Proofs and events

    def state_proof(self, address: bytes, slots: Sequence[bytes], header: Header) -> StateProof:
        """Account and storage slots after the block of `header`, proven under it."""
        return prove_state(self._node, address, slots, header)

    def anchored(
        self, anchor: bytes, log_id: bytes, *, first: int = 0, last: int | None = None
    ) -> list[AnchoredEvent]:
        """Events of a log in the blocks `first` to `last`; asked for in ranges that nodes allow."""
        end = self.head().number if last is None else last
        found = []
        for start in range(first, end + 1, LOG_RANGE):
            wanted = {
                "address": _hex(anchor),
                "topics": [_hex(contract.ANCHORED_TOPIC), _hex(log_id)],
                "fromBlock": hex(start),
                "toBlock": hex(min(start + LOG_RANGE - 1, end)),
            }
            answer = read_list(self._node.request("eth_getLogs", wanted), "event logs")
            found += [_event(log, anchor, log_id) for log in answer]
        return found

    def call_data(self, transaction_hash: bytes) -> bytes | None:
        """What a transaction was called with."""
        answer = self._node.request("eth_getTransactionByHash", _hex(transaction_hash))
        if answer is None:
            return None
        fields = read_object(answer, "transaction")
        if read_data(fields.get("hash"), "transaction hash", 32) != transaction_hash:
            raise invalid(f"another transaction than {transaction_hash.hex()}")
        return read_data(fields.get("input"), "call data")


@overload
def connect(urls: str, *, timeout: float = ..., **options: Any) -> EvmChain: ...


@overload
def connect(urls: Sequence[str], *, timeout: float = ..., **options: Any) -> EvmChain | Several: ...


def connect(
    urls: str | Sequence[str], *, timeout: float = DEFAULT_TIMEOUT, **options: Any
) -> EvmChain | Several:
    """The chain behind one or more nodes; nothing is sent yet.

    Args:
        urls: Of its nodes; http or https.  May hold API keys; only hosts are ever shown.
        timeout: Seconds for a whole request.
        options: As of `EvmChain`.

    Raises:
        SetupError: `chain-url`: one is not an HTTP URL.
    """
    from ledger.chain.http_provider import BoundedHTTPProvider

    providers = [
        BoundedHTTPProvider(url, timeout=timeout) for url in ([urls] if isinstance(urls, str) else urls)
    ]
    chains = [EvmChain(one, name=f"chain node at {one.host}", **options) for one in providers]
    if len(chains) == 1:
        return chains[0]
    names = [f"chain node at {one.host}" for one in providers]
    return Several(chains, names, sealed=bool(options.get("validators")))


def _event(log: Any, anchor: bytes, log_id: bytes) -> AnchoredEvent:
    fields = read_object(log, "event log")
    topics = [read_data(topic, "log topic", 32) for topic in read_list(fields.get("topics"), "log topics")]
    data = read_data(fields.get("data"), "event data", 64)
    emitter = read_data(fields.get("address"), "log address", 20)
    if emitter != anchor or len(topics) != 3 or topics[:2] != [contract.ANCHORED_TOPIC, log_id]:  # noqa: PLR2004
        raise invalid("an event log that was not asked for")
    return AnchoredEvent(
        log_id=log_id,
        size=int.from_bytes(topics[2], "big"),
        root=data[:32],
        previous_size=int.from_bytes(data[32:], "big"),
        block_number=read_quantity(fields.get("blockNumber"), "block number"),
        block_hash=read_data(fields.get("blockHash"), "block hash", 32),
        transaction_hash=read_data(fields.get("transactionHash"), "transaction hash", 32),
    )


def _transactions(block: Mapping[str, Any]) -> Sequence[Any]:
    return read_list(block.get("transactions"), "block transactions")


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
