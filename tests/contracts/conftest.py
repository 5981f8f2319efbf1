"""CheckpointAnchor, freshly deployed on each kind of chain."""

from collections.abc import Iterator

import pytest
from web3 import EthereumTesterProvider, HTTPProvider, Web3

from tests.contracts.chains import Deployment, deploy
from tests.servers import anvil


@pytest.fixture(scope="session")
def eth_tester_web3() -> Web3:
    return Web3(EthereumTesterProvider())


@pytest.fixture(scope="session")
def anvil_web3() -> Iterator[Web3]:
    with anvil(chain_id=31001) as server:
        yield Web3(HTTPProvider(server.url))


@pytest.fixture(params=["eth-tester", "anvil"])
def deployed(request: pytest.FixtureRequest) -> Deployment:
    """A deployment of its own for each test, so that no test sees another's anchors."""
    web3 = request.getfixturevalue(request.param.replace("-", "_") + "_web3")
    return deploy(request.param, web3)
