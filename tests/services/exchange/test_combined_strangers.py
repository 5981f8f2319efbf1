"""What a stranger says of a transfer does not take the place of what its importer says."""

from collections.abc import Iterator

import pytest

from ledger.services.exchange.combined import combined
from ledger.verify.bundle import parse_bundle
from tests.services.both import Both, recognised
from tests.services.sides import holder


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with recognised(tmp_path_factory.mktemp("strangers")) as made:
        yield made


def test_a_strangers_acknowledgement_is_in_neither_sides_bundle(both: Both) -> None:
    sides = both.made.sides
    stranger = holder("stranger", "XB")
    sides.xb.enrol(stranger, "importer")
    record = sides.record()
    sides.xa.register(record)
    both.pull(sides.xb, sides.xa)
    sides.xb.register(sides.acknowledge(record.digest, "rejected", key=stranger))
    both.pull(sides.xa, sides.xb)
    said = sides.xb.register(sides.acknowledge(record.digest))
    both.pull(sides.xa, sides.xb)
    sides.clock.now += 60
    for side in (sides.xa, sides.xb):
        data = combined(record.digest, side.node.shelf, side.node.mirror)
        given = [
            item.statement.digest for _, item in parse_bundle(data).items if item.role == "acknowledgement"
        ]
        assert given == [said]
        assert sides.verify(data).step(9).code == "accepted"
