"""eth-tester as a node: its answers made JSON-RPC again, and the eth_getProof that it lacks."""

import ast
import re
from typing import Any

from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.embedded_proofs import prove
from ledger.chain.rpc_params import JsonRpcError, address, block, slots

_REVERT = re.compile(r"execution reverted: (b['\"].*['\"])", re.DOTALL)


class MangledNode:
    """A fresh eth-tester; what it answers is left as mangled as it is."""

    def __init__(self) -> None:
        self.provider = EthereumTesterProvider()
        w3 = Web3(self.provider, middleware=[])
        self._ask = self.provider.request_func(w3, w3.middleware_onion)
        self._chain: Any = self.provider.ethereum_tester.backend.chain

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if method == "eth_getProof":
            return {"jsonrpc": "2.0", "id": 1, "result": self._proof(list(params))}
        try:
            return dict(self._ask(method, params))  # type: ignore[return-value]
        except TransactionFailed as error:
            found = _REVERT.search(str(error))
            data = ast.literal_eval(found[1]) if found else b""
            refusal = {"code": 3, "message": "execution reverted", "data": "0x" + data.hex()}
            return {"jsonrpc": "2.0", "id": 1, "error": refusal}  # type: ignore[typeddict-item]

    def _proof(self, params: list[Any]) -> dict[str, Any]:
        number = block(params, 2)
        if not isinstance(number, int):
            raise JsonRpcError("block number required")
        header = self._chain.get_canonical_block_header_by_number(number)
        proof = prove(self._chain.chaindb.db, header.state_root, address(params, 0), slots(params, 1))
        return {
            "accountProof": proof.nodes,
            "storageProof": [{"proof": nodes} for _, _, nodes in proof.slots],
        }
