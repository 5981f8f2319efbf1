"""Bytes and values: canonical JSON, keys, Merkle trees, notes, EVM proofs, trust lists.  Pure."""
