"""Whole nodes for tests, as the testing kit serves them: see `ledger.testing_nodes`."""

from pathlib import Path

from ledger.services.keys.keyfile import HolderKey
from ledger.testing_nodes import RunningNode, free_port, serving

__all__ = ["RunningNode", "enrol", "free_port", "serving"]


def enrol(
    node: RunningNode, name: str, role: str, folder: Path, *, days: int = 365
) -> tuple[HolderKey, Path]:
    """Enrol `did:web:<name>.example.<country>` with a new key; the key, and its file in `folder`."""
    party = node.enrol(name, role, days=days, folder=folder)
    return party.key, party.path
