"""EVM chains: any RPC endpoint, and the embedded development chain."""
