from collections.abc import Iterator

import pytest

from tests.cli.commands import Served, enrolled
from tests.cli.sides import Side, side
from tests.nodes import serving


@pytest.fixture(scope="session")
def xa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """XA's node with an exporter; the same for all tests, so no test may rely on the log's size."""
    folder = tmp_path_factory.mktemp("xa")
    with serving(folder) as node:
        yield side(node, "exporter", "exporter", folder)


@pytest.fixture(scope="session")
def xb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """XB's node with an importer."""
    folder = tmp_path_factory.mktemp("xb")
    with serving(folder, "XB") as node:
        yield side(node, "importer", "importer", folder)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node served by a process of its own, with an exporter enrolled; the same for all tests."""
    with enrolled(tmp_path_factory.mktemp("node")) as served:
        yield served
