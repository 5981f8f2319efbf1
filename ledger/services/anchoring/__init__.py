"""Checkpoints on a node's own chains: sent at most once, captured as evidence, followed until final."""
