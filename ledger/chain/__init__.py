"""EVM chains: any RPC endpoint, and the embedded development chain."""

from ledger.chain.curves import defer_curves

defer_curves()  # before any module of this package imports py-evm
