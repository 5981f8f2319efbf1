"""Two nodes whose claims name authorities; apart from the others: what is arranged in a log concerns all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.sides import Side, name_authority, side
from tests.nodes import enrol, serving


@pytest.fixture(scope="package")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side, dict[str, Path]]]:
    folder = tmp_path_factory.mktemp("recognition")
    with serving(folder, "XA") as one, serving(folder, "XB") as two:
        keys = {}
        for code, node in (("XA", one), ("XB", two)):
            did = f"did:web:authority.example.{code.lower()}"
            name_authority(folder, node, code, f"authority-{code.lower()}", did, "authority")
            keys[code] = folder / f"authority-{code.lower()}.key"
        yield side(one, "exporter", "exporter", folder), side(two, "importer", "importer", folder), keys


@pytest.fixture(scope="package")
def xa(sides: tuple[Side, Side, dict[str, Path]]) -> Side:
    """XA's node with an exporter, an authority, and those of `parties`."""
    return sides[0]


@pytest.fixture(scope="package")
def xb(sides: tuple[Side, Side, dict[str, Path]]) -> Side:
    """XB's node with an importer and an authority."""
    return sides[1]


@pytest.fixture(scope="package")
def authorities(sides: tuple[Side, Side, dict[str, Path]]) -> dict[str, Path]:
    """The key files of XA's and XB's authorities."""
    return sides[2]


@pytest.fixture(scope="package")
def parties(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The key files of a body and an accreditor that are enrolled in XA."""
    folder = tmp_path_factory.mktemp("parties")
    return {role: enrol(xa.node, role, role, folder)[1] for role in ("body", "accreditor")}
