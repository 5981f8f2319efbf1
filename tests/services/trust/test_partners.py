"""Partners: the entry that a node logs, and entries of others, taken up by fingerprint alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.errors import NotFoundError, RefusedError, SetupError
from ledger.services.node.jurisdiction import logged_entry
from ledger.services.trust.partners import PartnerBook
from tests.services.exchange.exchanging import Exchange, exchanging


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchanging(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@pytest.fixture
def exchange(nodes: Exchange, tmp_path: Path) -> Exchange:
    return nodes.anew(tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Exchange]:
    """Nodes of a test's own, which changes them."""
    with exchanging(tmp_path) as made:
        yield made


def test_a_node_logs_its_entry_once_and_again_when_its_claim_changes(own: Exchange) -> None:
    node, settings = own.sides.xa.node, own.sides.xa.node.home.settings
    size = node.log.head.size
    node.log_entry()
    assert node.log.head.size == size
    node.home = replace(node.home, settings=replace(settings, address="https://registry.example.xa"))
    node.log_entry()
    later = logged_entry(node.statements, settings.registrar)
    assert later is not None
    assert later.subject["node"] == "https://registry.example.xa"
    assert later.subject["supersedes"] == own.entry.digest.hex()


@pytest.fixture
def book(tmp_path: Path) -> PartnerBook:
    return PartnerBook(tmp_path / "book", "XB")


def test_a_partner_is_kept_with_its_entry_verbatim(exchange: Exchange, book: PartnerBook) -> None:
    entry = exchange.entry
    added = book.add(entry.encoded, fingerprint=f" SHA256:{entry.digest.hex().upper()} ", node=None, now=7)
    assert (added.name, added.node, added.added) == ("XA", None, 7)
    assert book.of("XA") == added
    assert book.list() == [added]
    assert book.of("XA").entry.statement.encoded == entry.encoded
    assert book.remove("XA") == added
    assert book.list() == []


@pytest.mark.parametrize(
    ("fingerprint", "code"),
    [(None, "fingerprint-missing"), ("0" * 64, "fingerprint-mismatch"), ("", "fingerprint-mismatch")],
)
def test_no_partner_is_taken_up_without_its_fingerprint(
    exchange: Exchange, book: PartnerBook, fingerprint: str | None, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        book.add(exchange.entry.encoded, fingerprint=fingerprint, now=7)
    assert refused.value.code == code
    assert book.list() == []


def test_one_is_not_ones_own_partner(exchange: Exchange, tmp_path: Path) -> None:
    digest = exchange.entry.digest.hex()
    with pytest.raises(RefusedError) as refused:
        PartnerBook(tmp_path / "xa", "XA").add(exchange.entry.encoded, fingerprint=digest, now=7)
    assert refused.value.code == "partner-own"


def test_an_earlier_entry_never_replaces_a_later_one(own: Exchange, book: PartnerBook) -> None:
    node = own.sides.xa.node
    own.sides.clock.now += 10
    node.home = replace(node.home, settings=replace(node.home.settings, address="https://a.example"))
    node.log_entry()
    later = logged_entry(node.statements, node.home.settings.registrar)
    assert later is not None
    book.add(own.entry.encoded, fingerprint=own.entry.digest.hex(), now=7)
    assert book.add(later.encoded, fingerprint=later.digest.hex(), now=8).node == "https://a.example"
    with pytest.raises(RefusedError) as refused:
        book.add(own.entry.encoded, fingerprint=own.entry.digest.hex(), now=9)
    assert refused.value.code == "entry-older"
    assert book.of("XA").entry.statement == later


@pytest.mark.parametrize("name", ["XC", "xa", "../trust", "", "XA/../XA"])
def test_a_name_that_is_no_partners_is_not_found(book: PartnerBook, name: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        book.of(name)
    assert refused.value.code == "partner-unknown"


def test_a_damaged_partner_is_told(exchange: Exchange, book: PartnerBook) -> None:
    book.add(exchange.entry.encoded, fingerprint=exchange.entry.digest.hex(), now=7)
    path = book.folder / "XA.json"
    path.write_bytes(path.read_bytes().replace(b"registry.example.xa/XA", b"registry.example.xz/XA", 1))
    with pytest.raises(SetupError) as refused:
        book.list()
    assert refused.value.code == "partner-damaged"


def test_an_address_of_this_machine_is_taken_from_the_operator_and_not_from_an_entry(
    own: Exchange, book: PartnerBook
) -> None:
    node = own.sides.xa.node
    for url in ("http://127.0.0.1:8151", "http://169.254.169.254", "http://localhost", "http://2130706433"):
        own.sides.clock.now += 10
        node.home = replace(node.home, settings=replace(node.home.settings, address=url))
        node.log_entry()
        entry = logged_entry(node.statements, node.home.settings.registrar)
        assert entry is not None
        fingerprint = entry.digest.hex()
        with pytest.raises(RefusedError) as refused:
            book.add(entry.encoded, fingerprint=fingerprint, now=7)
        assert refused.value.code == "address-private"
        assert book.list() == []
        assert book.add(entry.encoded, fingerprint=fingerprint, node=url, now=7).node == url
        book.remove("XA")
