"""JSON-RPC 2.0 over an embedded chain: a fixed table of methods, no accounts, no administration.

`EmbeddedRpc.handle` takes one decoded request or a batch of them and gives back what is to be encoded as the
answer; it knows nothing of HTTP.  Whatever the request holds, the answer is a JSON-RPC response.

Source: JSON-RPC 2.0; the Ethereum execution API specification; revert data as `error.data`, as anvil and
go-ethereum give it.
"""

from collections.abc import Callable
from typing import Any

from eth.abc import BlockHeaderAPI
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas

from ledger.chain import embedded_json as show
from ledger.chain import rpc_params as take
from ledger.chain.embedded import EmbeddedChain
from ledger.chain.embedded_calls import Call, Outcome
from ledger.chain.rpc_params import JsonRpcError
from ledger.core.keccak import keccak256
from ledger.errors import ChainError

BATCH_LIMIT = 100
FEE_HISTORY_LIMIT = 1_024
PRIORITY_FEE = 1_000_000_000
CLIENT_VERSION = "evidence-ledger/development-chain"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
EXECUTION_REVERTED = 3


class EmbeddedRpc:
    """The JSON-RPC face of `chain`; safe to use from several threads."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._methods: dict[str, Callable[[list[Any]], Any]] = {
            "web3_clientVersion": lambda _: CLIENT_VERSION,
            "web3_sha3": lambda params: show.data(keccak256(take.data(params, 0))),
            "net_version": lambda _: str(chain.chain_id),
            "net_listening": lambda _: True,
            "eth_chainId": lambda _: show.quantity(chain.chain_id),
            "eth_syncing": lambda _: False,
            "eth_blockNumber": lambda _: show.quantity(chain.head().block_number),
            "eth_getBlockByNumber": self._block,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBlockTransactionCountByNumber": self._transaction_count,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBalance": lambda params: show.quantity(self._account(params)[1]),
            "eth_getTransactionCount": lambda params: show.quantity(self._account(params)[0]),
            "eth_getCode": lambda params: show.data(self._account(params)[2]),
            "eth_getStorageAt": self._storage,
            "eth_getProof": self._proof,
            "eth_getLogs": self._logs,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_gasPrice": lambda _: show.quantity(self._next_base_fee() + PRIORITY_FEE),
            "eth_maxPriorityFeePerGas": lambda _: show.quantity(PRIORITY_FEE),
            "eth_feeHistory": self._fee_history,
            "eth_sendRawTransaction": lambda params: show.data(chain.send_raw(take.data(params, 0))),
        }

    def close(self) -> None:
        """Release the chain's file."""
        self._chain.close()

    def handle(self, request: Any) -> Any:
        """The response to one request, or the list of responses to a batch.

        A request without `id` is a notification in JSON-RPC 2.0; it is answered all the same, with a null id.
        """
        if not isinstance(request, list):
            return self._respond(request)
        if not 1 <= len(request) <= BATCH_LIMIT:
            return _error(
                None, INVALID_REQUEST, f"batch of {len(request)} requests; 1 to {BATCH_LIMIT} allowed"
            )
        return [self._respond(each) for each in request]

    def _respond(self, request: Any) -> dict[str, Any]:
        if not isinstance(request, dict):
            return _error(None, INVALID_REQUEST, "invalid request")
        identifier = request.get("id")
        if not isinstance(identifier, str | int | float | None):
            identifier = None
        name, params = request.get("method"), request.get("params", [])
        if not isinstance(name, str) or not isinstance(params, list):
            return _error(identifier, INVALID_REQUEST, "invalid request")
        return self._run(identifier, name, params)

    def _run(self, identifier: Any, name: str, params: list[Any]) -> dict[str, Any]:
        method = self._methods.get(name)
        if method is None:
            return _error(
                identifier, METHOD_NOT_FOUND, f"the method {name[:64]} does not exist/is not available"
            )
        try:
            return {"jsonrpc": "2.0", "id": identifier, "result": method(params)}
        except JsonRpcError as error:
            return _error(identifier, error.number, str(error), error.data)
        except ChainError as error:
            return _error(identifier, SERVER_ERROR, str(error))
        except Exception as error:  # noqa: BLE001 - whatever the EVM library raises stays behind this door
            return _error(identifier, INTERNAL_ERROR, f"internal error: {type(error).__name__}")

    def _header(self, params: list[Any], position: int) -> BlockHeaderAPI | None:
        """The header that a block parameter names; the last one when the parameter is left out."""
        wanted = take.block(params, position)
        if isinstance(wanted, bytes):
            return self._chain.header_by_hash(wanted)
        if isinstance(wanted, int):
            return self._chain.header_by_number(wanted)
        return self._chain.header_by_number(0) if wanted == "earliest" else self._chain.head()

    def _known_header(self, params: list[Any], position: int) -> BlockHeaderAPI:
        header = self._header(params, position)
        if header is None:
            raise JsonRpcError("header not found", SERVER_ERROR)
        return header

    def _block(self, params: list[Any]) -> Any:
        return self._show_block(self._header(params, 0), full=take.flag(params, 1))

    def _block_by_hash(self, params: list[Any]) -> Any:
        return self._show_block(self._chain.header_by_hash(take.word(params, 0)), full=take.flag(params, 1))

    def _show_block(self, header: BlockHeaderAPI | None, *, full: bool) -> Any:
        if header is None:
            return None
        mined = self._chain.transactions(header)
        size = len(self._chain.encoded_header(header)) + sum(len(each.transaction.encode()) for each in mined)
        return show.block_object(header, mined, full=full, size=size)

    def _transaction_count(self, params: list[Any]) -> Any:
        header = self._header(params, 0)
        return None if header is None else show.quantity(len(self._chain.transactions(header)))

    def _block_receipts(self, params: list[Any]) -> Any:
        header = self._header(params, 0)
        return None if header is None else [show.receipt_object(m) for m in self._chain.transactions(header)]

    def _transaction(self, params: list[Any]) -> Any:
        mined = self._chain.transaction(take.word(params, 0))
        return None if mined is None else show.transaction_object(mined)

    def _receipt(self, params: list[Any]) -> Any:
        mined = self._chain.transaction(take.word(params, 0))
        return None if mined is None else show.receipt_object(mined)

    def _account(self, params: list[Any]) -> tuple[int, int, bytes]:
        return self._chain.account(take.address(params, 0), self._known_header(params, 1))

    def _storage(self, params: list[Any]) -> Any:
        slot = int.from_bytes(take.slot(params[1] if len(params) > 1 else None), "big")
        value = self._chain.storage(take.address(params, 0), slot, self._known_header(params, 2))
        return show.data(value.to_bytes(32, "big"))

    def _proof(self, params: list[Any]) -> Any:
        address = take.address(params, 0)
        slots = take.slots(params, 1)
        return show.proof_object(address, self._chain.proof(address, slots, self._known_header(params, 2)))

    def _logs(self, params: list[Any]) -> Any:
        wanted = take.log_filter(params)
        if wanted.block_hash is not None:
            header = self._chain.header_by_hash(wanted.block_hash)
            if header is None:
                raise JsonRpcError("unknown block", SERVER_ERROR)
            first = last = int(header.block_number)
        else:
            head = self._chain.head().block_number
            first = _number(wanted.first, head)
            last = min(_number(wanted.last, head), head)
        found = self._chain.logs(first, last, addresses=wanted.addresses, topics=wanted.topics)
        blocks: dict[int, tuple[BlockHeaderAPI, list[bytes]]] = {}
        shown = []
        for log in found:
            if log.block not in blocks:
                header = self._known_header([show.quantity(log.block)], 0)
                blocks[log.block] = header, [m.transaction.hash for m in self._chain.transactions(header)]
            header, hashes = blocks[log.block]
            shown.append(show.log_object(log, header, hashes[log.transaction_index]))
        return shown

    def _call(self, params: list[Any]) -> Any:
        return show.data(_succeeded(self._chain.call(_call_of(params), self._known_header(params, 1))).output)

    def _estimate(self, params: list[Any]) -> Any:
        outcome, limit = self._chain.estimate(_call_of(params), self._known_header(params, 1))
        _succeeded(outcome)
        return show.quantity(limit)

    def _next_base_fee(self) -> int:
        return calculate_expected_base_fee_per_gas(self._chain.head())

    def _fee_history(self, params: list[Any]) -> Any:
        count = take.count(params, 0, FEE_HISTORY_LIMIT)
        newest = self._known_header(params, 1)
        percentiles = take.percentiles(params, 2)
        first = max(0, newest.block_number - count + 1)
        headers = [
            self._known_header([show.quantity(number)], 0) for number in range(first, newest.block_number + 1)
        ]
        fees = [show.quantity(header.base_fee_per_gas or 0) for header in headers]
        answer = {
            "oldestBlock": show.quantity(first),
            "baseFeePerGas": [*fees, show.quantity(calculate_expected_base_fee_per_gas(newest))],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        }
        if percentiles:
            answer["reward"] = [[show.quantity(PRIORITY_FEE)] * percentiles for _ in headers]
        return answer


def _call_of(params: list[Any]) -> Call:
    members = take.members(params, 0)
    return Call(
        sender=take.optional_address(members, "from") or bytes(20),
        to=take.optional_address(members, "to"),
        data=take.call_data(members),
        value=take.optional_quantity(members, "value") or 0,
        gas=take.optional_quantity(members, "gas"),
    )


def _succeeded(outcome: Outcome) -> Outcome:
    if outcome.error == "execution reverted":
        raise JsonRpcError("execution reverted", EXECUTION_REVERTED, show.data(outcome.output))
    if outcome.error is not None:
        raise JsonRpcError(outcome.error, SERVER_ERROR)
    return outcome


def _number(wanted: int | str, head: int) -> int:
    if isinstance(wanted, int):
        return wanted
    return 0 if wanted == "earliest" else head


def _error(identifier: Any, number: int, message: str, data: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": number, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": identifier, "error": error}
