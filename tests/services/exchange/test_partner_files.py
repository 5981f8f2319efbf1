"""The exchange by a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.services.exchange.partner_files import export_lines, take_file
from ledger.services.exchange.pulling import Pulled
from tests.services.exchange.exchanging import Exchange, exchanging, tampered


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchanging(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@pytest.fixture
def exchange(nodes: Exchange, tmp_path: Path) -> Exchange:
    return nodes.anew(tmp_path)


def taken(exchange: Exchange, path: Path, **changes: Any) -> list[Pulled]:
    members: dict[str, Any] = {
        "mirror": exchange.mirror,
        "trust": exchange.trust,
        "clock": lambda: exchange.sides.clock.now,
    }
    return take_file(path, changes.pop("partners", [exchange.partner]), **{**members, **changes})


def test_a_file_brings_what_the_node_would(exchange: Exchange, tmp_path: Path) -> None:
    (certificate,) = exchange.register()
    exchange.sides.xa.anchor()
    node = exchange.sides.xa.node
    lines = list(export_lines(node.shelf, node.concerns, "XB"))
    path = tmp_path / "xa.ndjson"
    path.write_bytes(b"".join([lines[0], b"rubbish\n", tampered(lines[-1]), lines[-1]]))
    (unknown, pulled) = taken(exchange, path)
    assert (unknown.partner, unknown.refused) == ("-", 2)
    assert (pulled.partner, pulled.kept, pulled.refused) == ("XA", 2, 0)
    assert certificate.digest in exchange.kept()


def test_a_file_of_nobody_i_know_is_counted_as_refused(exchange: Exchange, tmp_path: Path) -> None:
    node = exchange.sides.xa.node
    path = tmp_path / "xa.ndjson"
    path.write_bytes(b"".join(export_lines(node.shelf, node.concerns, "XB")))
    assert [set(one.why) for one in taken(exchange, path, partners=[])] == [{"partner-log"}]
    (pulled,) = taken(exchange, path, trust=exchange.sides.xb.node.trust)
    assert set(pulled.why) == {"partner-not-trusted"}
    assert exchange.kept() == {}


def test_an_empty_file_and_an_endless_line_are_refused(exchange: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "xa.ndjson"
    path.write_bytes(b"\n\n")
    with pytest.raises(LedgerError) as refused:
        taken(exchange, path)
    assert refused.value.code == "input-empty"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 2)
    with pytest.raises(LedgerError) as refused:
        taken(exchange, path)
    assert refused.value.code == "line-too-long"
