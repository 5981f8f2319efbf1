"""Logs to anchor, on chains of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.anchoring.rigs import Rig, on_anvil, on_embedded


@pytest.fixture(params=["embedded", "anvil"])
def any_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with {"embedded": on_embedded, "anvil": on_anvil}[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Rig]:
    with on_embedded(tmp_path) as made:
        yield made


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[Rig]:
    """On anvil, where blocks are replaced at will."""
    with on_anvil(tmp_path) as made:
        yield made
