"""eth-tester as a chain that evidence can be anchored on: exact headers, state proofs, and JSON-RPC on loopback.

eth-tester mangles headers and receipts and has no `eth_getProof`; both are read here from the state of its py-evm, so
that what is anchored verifies offline like any other anchor.  What it cannot show at all is in `NOT_SHOWN`.
"""

import ast
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final

from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]
from web3 import EthereumTesterProvider, Web3
from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain import embedded_json as show
from ledger.chain import rpc_params as take
from ledger.chain.embedded import MinedTransaction
from ledger.chain.embedded_proofs import prove
from ledger.chain.evm import EvmChain

DESCRIPTION: Final = "eth-tester, a chain inside the test process: adds no independence"
NOT_SHOWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "finality": "every block is final at once and no block is ever replaced; test reorganisations on anvil",
        "chain id": "transactions signed for other chains are taken, and every eth-tester has the same chain id",
        "gas limit": "the calldata floor of EIP-7623 is not asked for; a real node would refuse some transactions",
        "fees": "a transaction is mined at once, whatever it offers above the base fee",
        "consensus": "nobody but this process makes blocks, so an anchor shows that the code works and nothing else",
    }
)
"""What a test on eth-tester says nothing about, each with the reason."""

_REVERT: Final = re.compile(r"execution reverted: (b['\"].*['\"])", re.DOTALL)
_REQUEST_LIMIT: Final = 1 << 20


class EthTesterProvider(BaseProvider):
    """A web3 provider over a fresh eth-tester, with the answers of a real node.  Safe for threads."""

    def __init__(self) -> None:
        super().__init__()
        self.mangled = EthereumTesterProvider()
        w3 = Web3(self.mangled, middleware=[])
        self._ask = self.mangled.request_func(w3, w3.middleware_onion)
        self._lock = threading.RLock()
        self._own: Mapping[str, Any] = {
            "eth_getProof": self._proof,
            "eth_getBlockByNumber": self._block,
            "eth_getBlockByHash": self._block,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBlockReceipts": self._block_receipts,
        }

    @property
    def _chain(self) -> Any:
        tester: Any = self.mangled.ethereum_tester
        return tester.backend.chain

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """The JSON-RPC response, as plain JSON."""
        with self._lock:
            answer = self._answer(method, list(params))
        return {"jsonrpc": "2.0", "id": 1, **answer}  # type: ignore[typeddict-item]

    def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002 - web3's signature
        """Always."""
        return True

    def _answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        try:
            if method in self._own:
                return {"result": self._own[method](params)}
            answer: Any = self._ask(RPCEndpoint(method), params)
        except take.JsonRpcError as error:
            return _error(error.number, str(error))
        except TransactionFailed as error:
            found = _REVERT.search(str(error))
            data = ast.literal_eval(found[1]) if found else b""
            return _error(3, "execution reverted", show.data(data))
        except Exception as error:  # noqa: BLE001 - eth-tester refuses with errors of many kinds
            return _error(-32000, str(error)[:300])
        kind = "result" if answer.get("error") is None else "error"
        return {kind: plain(answer[kind])}

    def _header(self, params: list[Any]) -> Any:
        wanted = take.block(params, 0)
        chain = self._chain
        head = chain.get_canonical_head()
        try:
            if isinstance(wanted, bytes):
                return chain.get_block_header_by_hash(wanted)
            if isinstance(wanted, str):
                wanted = 0 if wanted == "earliest" else head.block_number
            if wanted > head.block_number:
                return None
            return chain.get_canonical_block_header_by_number(wanted)
        except HeaderNotFound:
            return None

    def _mined(self, header: Any) -> list[MinedTransaction]:
        chain = self._chain
        vm = chain.get_vm_class(header)
        transactions = chain.chaindb.get_block_transactions(header, vm.get_transaction_builder())
        receipts = chain.chaindb.get_receipts(header, vm.get_receipt_builder())
        mined, used, logs = [], 0, 0
        for index, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
            mined.append(MinedTransaction(header, index, transaction, receipt, receipt.gas_used - used, logs))
            used, logs = receipt.gas_used, logs + len(receipt.logs)
        return mined

    def _block(self, params: list[Any]) -> Any:
        header = self._header(params)
        if header is None:
            return None
        return show.block_object(header, self._mined(header), full=take.flag(params, 1), size=0)

    def _receipt(self, params: list[Any]) -> Any:
        chain = self._chain
        try:
            number, index = chain.chaindb.get_transaction_index(take.word(params, 0))
        except TransactionNotFound:
            return None
        header = chain.get_canonical_block_header_by_number(number)
        return show.receipt_object(self._mined(header)[index])

    def _block_receipts(self, params: list[Any]) -> Any:
        header = self._header(params)
        return None if header is None else [show.receipt_object(each) for each in self._mined(header)]

    def _proof(self, params: list[Any]) -> Any:
        header = self._header(params[2:])
        if header is None:
            raise take.JsonRpcError("block not found", -32000)
        address = take.address(params, 0)
        return show.proof_object(
            address, prove(self._chain.chaindb.db, header.state_root, address, take.slots(params, 1))
        )


def _error(number: int, message: str, data: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"code": number, "message": message}
    return {"error": told if data is None else {**told, "data": data}}


def plain(value: Any) -> Any:
    """eth-tester's Python values as JSON-RPC writes them."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(member) for name, member in value.items()}
    return [plain(member) for member in value]


@dataclass(slots=True)
class EthTesterChain:
    """A fresh eth-tester, in every form in which a test may want it.

    Attributes:
        provider: For `Web3(provider)`.
        chain: For the product's services, which check its answers as those of any node.
        url: Its JSON-RPC on loopback, for another process.
        confirmations: A block is final at once.
    """

    provider: EthTesterProvider
    chain: EvmChain
    server: ThreadingHTTPServer
    confirmations: int = 0

    @property
    def not_shown(self) -> Mapping[str, str]:
        """What a test on it says nothing about, each with the reason."""
        return NOT_SHOWN

    @property
    def url(self) -> str:
        """Where its JSON-RPC listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def tester(self) -> Any:
        """The `EthereumTester` itself, to mine, travel in time, or take snapshots."""
        return self.provider.mangled.ethereum_tester

    def fund(self, address: bytes, wei: int) -> None:
        """Give an account wei from the first of eth-tester's own."""
        rich = self.tester.get_accounts()[0]
        payment = {"from": rich, "to": Web3.to_checksum_address(address), "value": wei, "gas": 21_000}
        self.tester.send_transaction(payment)

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()


def start_eth_tester() -> EthTesterChain:
    """A fresh chain, listening on a free loopback port until it is closed."""
    provider = EthTesterProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(provider))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), name="eth-tester", daemon=True).start()
    chain = EvmChain(provider, name="eth-tester", description=DESCRIPTION, confirmations=0)
    return EthTesterChain(provider, chain, server)


def _handler_for(provider: EthTesterProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or head and body of an answer wait for each other

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= _REQUEST_LIMIT:
                self.send_error(413)
                return
            try:
                asked = json.loads(self.rfile.read(length))
                method, params = str(asked["method"]), list(asked.get("params", []))
            except (ValueError, TypeError, KeyError):
                self.send_error(400)
                return
            answer = {**provider.make_request(RPCEndpoint(method), params), "id": asked.get("id")}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in the base class
            pass

    return Handler
