"""Partners: taken up by fingerprint, asked for what concerns one's own, and believed in nothing."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError, NotFoundError, RefusedError, RemoteError, SetupError
from ledger.remote.concerning import Concerning, Named
from ledger.remote.exchange import RemoteRefusedError
from ledger.services import pulling
from ledger.services.jurisdiction import logged_entry
from ledger.services.partner_files import export_lines, take_file
from ledger.services.partners import PartnerBook
from ledger.services.pulling import Pulled
from tests.services.exchanging import Exchange, exchanging
from tests.services.sides import holder


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with exchanging(tmp_path) as made:
        yield made


def kept(exchange: Exchange) -> dict[bytes, str]:
    """What XB's node keeps: type by digest."""
    mirror = exchange.sides.xb.node.mirror
    found = [mirror.bundle(one.digest) for one in exchange.sides.xa.node.statements.every()]
    return {one.subject: one.type for one in found if one is not None}


# --- the entry -----------------------------------------------------------------------------------------------------


def test_a_node_logs_its_entry_once_and_again_when_its_claim_changes(exchange: Exchange) -> None:
    node, settings = exchange.sides.xa.node, exchange.sides.xa.node.home.settings
    size = node.log.head.size
    node.log_entry()
    assert node.log.head.size == size
    node.home = replace(node.home, settings=replace(settings, address="https://registry.example.xa"))
    node.log_entry()
    later = logged_entry(node.statements, settings.registrar)
    assert later is not None
    assert later.subject["node"] == "https://registry.example.xa"
    assert later.subject["supersedes"] == exchange.entry.digest.hex()


# --- the book ------------------------------------------------------------------------------------------------------


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


def test_an_earlier_entry_never_replaces_a_later_one(exchange: Exchange, book: PartnerBook) -> None:
    node = exchange.sides.xa.node
    exchange.sides.clock.now += 10
    node.home = replace(node.home, settings=replace(node.home.settings, address="https://a.example"))
    node.log_entry()
    later = logged_entry(node.statements, node.home.settings.registrar)
    assert later is not None
    book.add(exchange.entry.encoded, fingerprint=exchange.entry.digest.hex(), now=7)
    assert book.add(later.encoded, fingerprint=later.digest.hex(), now=8).node == "https://a.example"
    with pytest.raises(RefusedError) as refused:
        book.add(exchange.entry.encoded, fingerprint=exchange.entry.digest.hex(), now=9)
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


# --- what concerns whom --------------------------------------------------------------------------------------------


def concerning(exchange: Exchange, code: str) -> list[bytes]:
    """What of XA's log concerns a jurisdiction, read in pages of two."""
    node = exchange.sides.xa.node
    found, after, more = [], -1, True
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
    entry = exchange.entry.digest
    assert concerning(exchange, "XB") == [entry, first, change, later]
    assert concerning(exchange, "XC") == [entry, first, change, later]
    assert concerning(exchange, "XD") == [entry, other, later, of_other]
    assert concerning(exchange, "XE") == [entry]


def test_records_concern_both_sides_and_a_new_enrolment_those_who_rely_on_the_party(
    exchange: Exchange,
) -> None:
    sides = exchange.sides
    record = sides.xa.register(sides.record())
    enrolled = sides.xa.enrol(holder("body", "XA", "#2027"), "body")
    assert concerning(exchange, "XB") == [exchange.entry.digest, record]
    certificate = sides.xa.register(exchange.certificate("XB"))
    again = sides.xa.enrol(holder("body", "XA", "#2028"), "body")
    assert concerning(exchange, "XB") == [exchange.entry.digest, record, certificate, again]
    assert enrolled not in concerning(exchange, "XB")


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


# --- pulling -------------------------------------------------------------------------------------------------------


def registered(exchange: Exchange, count: int = 1) -> list[Statement]:
    made = []
    for _ in range(count):
        statement = exchange.certificate("XB")
        exchange.sides.xa.register(statement)
        made.append(statement)
    return made


def test_what_concerns_me_is_pulled_verified_and_kept_with_its_anchor_later(exchange: Exchange) -> None:
    (certificate,) = registered(exchange)
    record = exchange.sides.xa.register(exchange.sides.record())
    exchange.sides.xa.register(exchange.certificate("XC"))
    pulled = exchange.pull()
    assert (pulled.kept, pulled.waiting, pulled.refused) == (3, 2, 0)
    assert set(kept(exchange)) == {exchange.entry.digest, certificate.digest, record}
    mirror = exchange.sides.xb.node.mirror
    found = mirror.bundle(certificate.digest)
    assert found is not None
    assert not found.anchored
    exchange.sides.xa.anchor()
    exchange.sides.clock.now += 10
    assert exchange.pull().waiting == 0
    found = mirror.bundle(certificate.digest)
    assert found is not None
    assert found.anchored
    assert (found.number, found.issuer) == (certificate.subject["certificateNumber"], exchange.body.holder)
    assert mirror.holdings("XA").pending == 0
    assert mirror.progress("XA").code is None


def test_a_pull_goes_on_where_the_last_one_ended(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "WRITTEN", 2)
    made = registered(exchange, 7)
    exchange.sides.xa.anchor()
    answered = 0

    def some(digest: str, data: bytes) -> bytes:
        nonlocal answered
        answered += 1
        if answered > 5:
            raise RemoteError("the connection broke off", code="remote-unreachable")
        return data

    exchange.answers.bundles = some
    with pytest.raises(RemoteError):
        exchange.pull()
    assert exchange.sides.xb.node.mirror.progress("XA").code == "remote-unreachable"
    assert len(kept(exchange)) == 5
    exchange.answers.bundles = lambda _, data: data
    exchange.answers.asked.clear()
    assert exchange.pull().kept == 4
    assert len(exchange.answers.asked) == 4  # the part under way is asked for again, and nothing before it
    assert set(kept(exchange)) == {exchange.entry.digest, *(one.digest for one in made)}
    exchange.answers.asked.clear()
    exchange.pull()
    assert exchange.answers.asked == []


def test_nothing_is_pulled_of_a_partner_that_the_trust_list_does_not_name(exchange: Exchange) -> None:
    registered(exchange)
    with pytest.raises(RefusedError) as refused:
        exchange.pull(trust=exchange.sides.xb.node.trust)
    assert refused.value.code == "partner-not-trusted"
    assert exchange.answers.asked == []
    assert kept(exchange) == {}


def tampered(data: bytes) -> bytes:
    """The bundle with the certificate's number changed."""
    return data.replace(b'"certificateNumber":"C-', b'"certificateNumber":"D-')


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (tampered, "subject-missing"),
        (lambda _: b"rubbish", "not-canonical"),
        (lambda _: b"{}", "member-missing"),
        (lambda data: data.replace(b'"proofValue":"z', b'"proofValue":"z1'), None),
        (lambda data: data.replace(b'"path":["', b'"path":["00', 1), None),
    ],
    ids=["changed", "rubbish", "empty", "signature", "path"],
)
def test_a_bundle_that_does_not_hold_is_not_kept_and_asked_for_again(
    exchange: Exchange, lie: Any, code: str | None
) -> None:
    good, bad = registered(exchange, 2)
    exchange.sides.xa.anchor()
    exchange.answers.bundles = lambda digest, data: lie(data) if digest == bad.digest.hex() else data
    pulled = exchange.pull()
    assert pulled.refused == 1
    assert code is None or set(pulled.why) == {code}
    assert good.digest in kept(exchange)
    assert bad.digest not in kept(exchange)
    (waiting,) = exchange.sides.xb.node.mirror.pending("XA")
    assert waiting.digest == bad.digest
    assert exchange.sides.xb.node.mirror.progress("XA").code == waiting.code
    exchange.answers.asked.clear()
    exchange.pull()
    assert exchange.answers.asked == []  # not due yet
    exchange.answers.bundles = lambda _, data: data
    exchange.sides.clock.now += 60
    assert exchange.pull().kept == 1
    assert bad.digest in kept(exchange)
    assert exchange.sides.xb.node.mirror.pending("XA") == []


def test_another_statement_than_the_one_named_is_not_kept(exchange: Exchange) -> None:
    first, second = registered(exchange, 2)
    exchange.sides.xa.anchor()
    held = exchange.sides.xa.bundle(first.digest)
    exchange.answers.bundles = lambda digest, data: held if digest == second.digest.hex() else data
    assert set(exchange.pull().why) == {"remote-answer-invalid"}
    assert second.digest not in kept(exchange)


def test_a_statement_at_another_place_than_named_is_not_kept(exchange: Exchange) -> None:
    registered(exchange, 2)
    exchange.sides.xa.anchor()

    def swapped(page: Concerning) -> Concerning:
        one, two = page.items[-2:]
        items = (*page.items[:-2], Named(one.index, two.digest), Named(two.index, one.digest))
        return replace(page, items=items)

    exchange.answers.pages = swapped
    assert exchange.pull().refused == 2


def test_evidence_of_a_key_that_my_list_no_longer_believes_is_not_kept(exchange: Exchange) -> None:
    """XA's registrar is not in the list: its enrolments count for nothing."""
    (certificate,) = registered(exchange)
    trust = exchange.trust
    authorities = {name: one for name, one in trust.authorities.items() if one.jurisdiction != "XA"}
    pulled = exchange.pull(trust=trust._replace(authorities=authorities))
    assert set(pulled.why) == {"evidence-refused"}
    assert certificate.digest not in kept(exchange)


def forged(exchange: Exchange) -> Any:
    from ledger.core.checkpoint import parse_checkpoint

    def change(signed: Any) -> Any:
        text = signed.encoded.decode()
        size = str(signed.checkpoint.size)
        return parse_checkpoint(text.replace(f"\n{size}\n", "\n999999\n", 1).encode())

    return change


def test_a_checkpoint_that_the_log_did_not_sign_ends_the_pull(exchange: Exchange) -> None:
    registered(exchange)
    exchange.answers.checkpoints = forged(exchange)
    with pytest.raises(LedgerError):
        exchange.pull()
    assert kept(exchange) == {}


def test_a_cursor_never_goes_beyond_the_signed_head(exchange: Exchange) -> None:
    registered(exchange)
    exchange.answers.pages = lambda page: replace(page, items=(), after=2**53 - 1, more=False)
    exchange.pull()
    node = exchange.sides.xa.node
    assert exchange.sides.xb.node.mirror.cursor(node.log.origin) == node.log.head.size - 1


def test_a_page_that_leads_nowhere_ends_the_pull(exchange: Exchange) -> None:
    registered(exchange)
    exchange.answers.pages = lambda page: Concerning((), -1, more=False)
    with pytest.raises(RemoteError) as refused:
        exchange.pull()
    assert refused.value.code == "remote-answer-invalid"


def test_a_log_that_has_become_smaller_is_told(exchange: Exchange) -> None:
    registered(exchange)
    before = exchange.answers.checkpoint()
    registered(exchange)
    exchange.pull()
    exchange.answers.checkpoints = lambda _: before
    with pytest.raises(LedgerError) as refused:
        exchange.pull()
    assert refused.value.code == "partner-log-shrunk"


def test_a_node_that_serves_another_log_than_its_entry_names_is_told(exchange: Exchange) -> None:
    exchange.answers.side = exchange.sides.xb
    with pytest.raises(LedgerError) as refused:
        exchange.pull()
    assert refused.value.code == "partner-log"


@pytest.mark.parametrize(
    ("status", "ends"), [(404, False), (409, False), (503, True), (429, True), (500, True)]
)
def test_a_node_that_cannot_answer_ends_the_pull_and_one_that_says_no_does_not(
    exchange: Exchange, status: int, *, ends: bool
) -> None:
    first, second = registered(exchange, 2)

    def no(digest: str, data: bytes) -> bytes:
        if digest == first.digest.hex():
            raise RemoteRefusedError("no", problem="not-found", status=status)
        return data

    exchange.answers.bundles = no
    if ends:
        with pytest.raises(RemoteRefusedError):
            exchange.pull()
        assert second.digest not in kept(exchange)
    else:
        assert set(exchange.pull().why) == {"not-found"}
        assert second.digest in kept(exchange)


def test_a_full_mirror_takes_no_more(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.pull()
    registered(exchange)
    monkeypatch.setattr(pulling, "MOST_BYTES", 10)
    with pytest.raises(RefusedError) as refused:
        exchange.pull()
    assert refused.value.code == "mirror-full"


def test_a_pull_may_be_stopped_between_two_statements(exchange: Exchange) -> None:
    registered(exchange, 3)
    with pytest.raises(RefusedError) as refused:
        exchange.pull(stop=lambda: len(exchange.answers.asked) >= 2)
    assert refused.value.code == "pull-stopped"
    assert len(kept(exchange)) == 2


# --- by a file -----------------------------------------------------------------------------------------------------


def taken(exchange: Exchange, path: Path, **changes: Any) -> list[Pulled]:
    members: dict[str, Any] = {
        "mirror": exchange.sides.xb.node.mirror,
        "trust": exchange.trust,
        "clock": lambda: exchange.sides.clock.now,
    }
    return take_file(path, changes.pop("partners", [exchange.partner]), **{**members, **changes})


def test_a_file_brings_what_the_node_would(exchange: Exchange, tmp_path: Path) -> None:
    (certificate,) = registered(exchange)
    exchange.sides.xa.anchor()
    node = exchange.sides.xa.node
    lines = list(export_lines(node.shelf, node.concerns, "XB"))
    assert len(lines) == 2
    path = tmp_path / "xa.ndjson"
    path.write_bytes(b"".join([lines[0], b"rubbish\n", tampered(lines[1]), lines[1]]))
    (unknown, pulled) = taken(exchange, path)
    assert (unknown.partner, unknown.refused) == ("-", 2)
    assert (pulled.partner, pulled.kept, pulled.refused) == ("XA", 2, 0)
    assert certificate.digest in kept(exchange)


def test_a_file_of_nobody_i_know_is_counted_as_refused(exchange: Exchange, tmp_path: Path) -> None:
    node = exchange.sides.xa.node
    path = tmp_path / "xa.ndjson"
    path.write_bytes(b"".join(export_lines(node.shelf, node.concerns, "XB")))
    assert [set(one.why) for one in taken(exchange, path, partners=[])] == [{"partner-log"}]
    (pulled,) = taken(exchange, path, trust=exchange.sides.xb.node.trust)
    assert set(pulled.why) == {"partner-not-trusted"}
    assert kept(exchange) == {}


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
