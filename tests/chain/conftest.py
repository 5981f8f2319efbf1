from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.chain.evm import EvmChain, connect
from tests.chain.anchoring import closing, embedded
from tests.servers import Anvil, anvil


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """An embedded chain: `chain`, `port` and `clock`."""
    with embedded(tmp_path) as chain:
        yield chain


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[Anvil]:
    with anvil() as node:
        yield node


@pytest.fixture
def anvil_chain(anvil_node: Anvil) -> Iterator[EvmChain]:
    with closing(connect(anvil_node.url)) as chain:
        yield chain


@pytest.fixture(params=["embedded", "anvil"])
def chain(request: pytest.FixtureRequest) -> EvmChain:
    """The same tests on a chain of each kind."""
    if request.param == "anvil":
        return request.getfixturevalue("anvil_chain")
    return request.getfixturevalue("dev").port
