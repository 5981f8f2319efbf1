"""One served node for the whole folder: what its tests register stays apart by reference."""

from collections.abc import Iterator

import pytest

from tests.api.served import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found
