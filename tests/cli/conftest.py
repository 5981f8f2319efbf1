from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import request
from tests.cli.sides import Side, side
from tests.nodes import RunningNode, enrol, serving


@pytest.fixture(scope="package")
def xa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """XA's node with an exporter; the same for all tests, so no test may rely on the log's size."""
    folder = tmp_path_factory.mktemp("xa")
    with serving(folder) as node:
        yield side(node, "exporter", "exporter", folder)


@pytest.fixture(scope="package")
def xb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """XB's node with an importer."""
    folder = tmp_path_factory.mktemp("xb")
    with serving(folder, "XB") as node:
        yield side(node, "importer", "importer", folder)


@pytest.fixture(scope="package")
def parties(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The key files of a body and an accreditor that are enrolled in XA."""
    folder = tmp_path_factory.mktemp("parties")
    return {role: enrol(xa.node, role, role, folder)[1] for role in ("body", "accreditor")}


@pytest.fixture(scope="package")
def node(xa: Side) -> RunningNode:
    """XA's node; in its folder there is also the exporter's enrolment request, request.json."""
    assert request(xa.node.folder).status == 0
    return xa.node
