"""The embedded chain behind the same port as any other: JSON-RPC, without HTTP in between.

What the node says of its own development chain is checked exactly as a stranger's answers are.
"""

from typing import Any

from ledger.chain.embedded import EmbeddedChain
from ledger.chain.embedded_rpc import EmbeddedRpc
from ledger.chain.evm import EvmChain

DESCRIPTION = "development chain, run by the operator: adds no independence"


class EmbeddedProvider:
    """A provider over an `EmbeddedRpc` in this process, as web3 would have it, but without web3 and its start."""

    def __init__(self, rpc: EmbeddedRpc) -> None:
        super().__init__()
        self._rpc = rpc

    def make_request(self, method: str, params: Any) -> Any:
        """The response of the embedded chain."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self._rpc.handle(request)


def connect_embedded(chain: EmbeddedChain, rpc: EmbeddedRpc | None = None) -> EvmChain:
    """`chain` as a `Chain`; the same blocks that its JSON-RPC shows to others."""
    provider = EmbeddedProvider(EmbeddedRpc(chain) if rpc is None else rpc)
    return EvmChain(
        provider,
        name="embedded chain",
        description=DESCRIPTION,
        chain_id=chain.chain_id,
        genesis_hash=chain.genesis_hash,
    )
