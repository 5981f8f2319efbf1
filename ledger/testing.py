"""Pytest fixtures for other people's tests: a chain in memory, a node, two jurisdictions.

Loaded by pytest wherever this package is installed, so it imports nothing but pytest until a fixture is asked for.
All four fixtures live as long as a test module; docs/testing.md shows them at work.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ledger.testing_chain import EthTesterChain
    from ledger.testing_nodes import GivenChain, RunningNode, TwoJurisdictions


@pytest.fixture(scope="module")
def eth_tester_chain() -> "Iterator[EthTesterChain]":
    """A fresh eth-tester with exact headers and state proofs: web3 provider, `Chain`, and JSON-RPC on loopback."""
    from ledger.testing_chain import start_eth_tester

    chain = start_eth_tester()
    yield chain
    chain.close()


@pytest.fixture(scope="module")
def ledger_node_chain() -> "GivenChain | None":
    """Where `ledger_node` anchors; a test module overrides it.  None: a development chain of the node's own."""
    return None


@pytest.fixture(scope="module")
def ledger_node(
    ledger_node_chain: "GivenChain | None", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[RunningNode]":
    """A real node of jurisdiction XA in a process of its own, on a free loopback port."""
    from ledger.testing_nodes import serving

    with serving(tmp_path_factory.mktemp("xa"), "XA", ledger_node_chain) as node:
        yield node


@pytest.fixture(scope="module")
def two_jurisdictions(
    ledger_node: "RunningNode", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[TwoJurisdictions]":
    """`ledger_node` as XA and a node of XB, an exporter and an importer, and a trust list that believes both."""
    from ledger.testing_nodes import two_sides

    with two_sides(tmp_path_factory.mktemp("xb"), ledger_node) as both:
        yield both
