"""What of a log concerns another jurisdiction."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.exchange.exchanging import Exchange, exchanging
from tests.services.sides import holder


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchanging(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@pytest.fixture
def exchange(nodes: Exchange, tmp_path: Path) -> Exchange:
    return nodes.anew(tmp_path)


def concerning(exchange: Exchange, code: str) -> list[bytes]:
    """What of XA's log concerns a jurisdiction, read in pages of two."""
    node = exchange.sides.xa.node
    found, after, more = [], exchange.begin, True
    while more:
        page = node.concerns.page(code, after=after, size=node.log.head.size, limit=2)
        assert page.after > after
        assert all(after < told.index <= page.after for told in page.items)
        found += [told.digest for told in page.items]
        after, more = page.after, page.more
    return found


def test_certificates_and_what_refers_to_them_concern_their_destinations(exchange: Exchange) -> None:
    xa = exchange.sides.xa
    first = xa.register(exchange.certificate("XB", "XC"))
    other = xa.register(exchange.certificate("XD"))
    change = xa.register(exchange.change(first))
    later = xa.register(exchange.certificate("XD", supersedes=first.hex()))
    of_other = xa.register(exchange.change(other))
    assert concerning(exchange, "XB") == [first, change, later]
    assert concerning(exchange, "XC") == [first, change, later]
    assert concerning(exchange, "XD") == [other, later, of_other]
    assert concerning(exchange, "XE") == []


def test_records_concern_both_sides_and_a_new_enrolment_those_who_rely_on_the_party(
    exchange: Exchange,
) -> None:
    sides = exchange.sides
    record = sides.xa.register(sides.record())
    body = holder("fresh", "XA")
    enrolled = [sides.xa.enrol(body, "body"), sides.xa.enrol(holder("fresh", "XA", "#2027"), "body")]
    assert concerning(exchange, "XB") == [record]
    certificate = sides.xa.register(exchange.certificate("XB", key=body))
    again = sides.xa.enrol(holder("fresh", "XA", "#2028"), "body")
    assert concerning(exchange, "XB") == [record, certificate, again]
    assert not set(enrolled) & set(concerning(exchange, "XB"))


def test_an_acknowledgement_of_anothers_record_concerns_that_one(exchange: Exchange) -> None:
    """The record stands in XB's log; XA's importer acknowledges it in XA's."""
    sides = exchange.sides
    importer, exporter = holder("importer", "XA"), holder("exporter", "XB")
    sides.xa.enrol(importer, "importer")
    sides.xb.enrol(exporter, "exporter")
    party = {"scheme": "DID", "did": exporter.holder, "id": exporter.holder, "jurisdiction": "XB"}
    receiver = {"scheme": "DID", "did": importer.holder, "id": importer.holder, "jurisdiction": "XA"}
    subject = {
        "exporter": party,
        "importer": receiver,
        "flow": "outbound",
        "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/plain"},
    }
    record = sides.sign(exporter, "TransferRecord", subject)
    sides.xb.register(record)
    given = sides.xa.register(sides.acknowledge(record.digest, key=importer))
    # XA's node does not hold the record, so that anybody may be meant.
    assert given in concerning(exchange, "XB")
    assert given in concerning(exchange, "XC")
