"""Pulling from a partner's node: nothing that does not hold is kept, and nothing that does is missed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.checkpoint import parse_checkpoint
from ledger.errors import LedgerError, RefusedError, RemoteError
from ledger.remote.concerning import Concerning, Named
from ledger.remote.exchange import RemoteRefusedError
from ledger.services.exchange import pulling
from tests.services.exchange.exchanging import Exchange, exchanging, tampered


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchanging(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@pytest.fixture
def exchange(nodes: Exchange, tmp_path: Path) -> Exchange:
    return nodes.anew(tmp_path)


def test_what_concerns_me_is_pulled_verified_and_kept_with_its_anchor_later(exchange: Exchange) -> None:
    (certificate,) = exchange.register()
    record = exchange.sides.xa.register(exchange.sides.record())
    exchange.sides.xa.register(exchange.certificate("XC"))
    pulled = exchange.pull()
    assert (pulled.kept, pulled.waiting, pulled.refused) == (2, 2, 0)
    assert set(exchange.kept()) == {certificate.digest, record}
    mirror = exchange.mirror
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
    made = exchange.register(7)
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
    assert exchange.mirror.progress("XA").code == "remote-unreachable"
    assert len(exchange.kept()) == 5
    exchange.answers.bundles = lambda _, data: data
    exchange.answers.asked.clear()
    assert exchange.pull().kept == 3
    assert len(exchange.answers.asked) == 3  # the part under way is asked for again, and nothing before it
    assert set(exchange.kept()) == {one.digest for one in made}
    exchange.answers.asked.clear()
    exchange.pull()
    assert exchange.answers.asked == []


def test_nothing_is_pulled_of_a_partner_that_the_trust_list_does_not_name(exchange: Exchange) -> None:
    exchange.register()
    with pytest.raises(RefusedError) as refused:
        exchange.pull(trust=exchange.sides.xb.node.trust)
    assert refused.value.code == "partner-not-trusted"
    assert exchange.answers.asked == []
    assert exchange.kept() == {}


def edited(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """A bundle whose last section is changed."""

    def edit(data: bytes) -> bytes:
        document: Any = decode(data, limit=BUNDLE_LIMIT, what="bundle")
        change(document["sections"][-1])
        return encode(document)

    return edit


def wrong_path(section: Any) -> None:
    path = section["items"][0]["path"]
    path[0] = ("1" if path[0][0] == "0" else "0") + path[0][1:]


def wrong_checkpoint(section: Any) -> None:
    lines = section["checkpoint"].split("\n")
    lines[4] = lines[4][:-8] + ("B" if lines[4][-8] == "A" else "A") + lines[4][-7:]
    section["checkpoint"] = "\n".join(lines)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (tampered, "subject-missing"),
        (lambda _: b"rubbish", "not-canonical"),
        (lambda _: b"{}", "member-missing"),
        (edited(wrong_path), "evidence-refused"),
        (edited(wrong_checkpoint), "evidence-refused"),
    ],
    ids=["changed", "rubbish", "empty", "path", "checkpoint"],
)
def test_a_bundle_that_does_not_hold_is_not_kept_and_asked_for_again(
    exchange: Exchange, lie: Callable[[bytes], bytes], code: str
) -> None:
    good, bad = exchange.register(2)
    exchange.sides.xa.anchor()
    exchange.answers.bundles = lambda digest, data: lie(data) if digest == bad.digest.hex() else data
    pulled = exchange.pull()
    assert pulled.refused == 1
    assert set(pulled.why) == {code}
    assert good.digest in exchange.kept()
    assert bad.digest not in exchange.kept()
    (waiting,) = exchange.mirror.pending("XA")
    assert waiting.digest == bad.digest
    assert exchange.mirror.progress("XA").code == waiting.code
    exchange.answers.asked.clear()
    exchange.pull()
    assert exchange.answers.asked == []  # not due yet
    exchange.answers.bundles = lambda _, data: data
    exchange.sides.clock.now += 60
    assert exchange.pull().kept == 1
    assert bad.digest in exchange.kept()
    assert exchange.mirror.pending("XA") == []


def test_another_statement_than_the_one_named_is_not_kept(exchange: Exchange) -> None:
    first, second = exchange.register(2)
    exchange.sides.xa.anchor()
    held = exchange.sides.xa.bundle(first.digest)
    exchange.answers.bundles = lambda digest, data: held if digest == second.digest.hex() else data
    assert set(exchange.pull().why) == {"remote-answer-invalid"}
    assert second.digest not in exchange.kept()


def test_a_statement_at_another_place_than_named_is_not_kept(exchange: Exchange) -> None:
    exchange.register(2)
    exchange.sides.xa.anchor()

    def swapped(page: Concerning) -> Concerning:
        one, two = page.items[-2:]
        items = (*page.items[:-2], Named(one.index, two.digest), Named(two.index, one.digest))
        return replace(page, items=items)

    exchange.answers.pages = swapped
    assert exchange.pull().refused == 2


def test_evidence_of_a_key_that_my_list_no_longer_believes_is_not_kept(exchange: Exchange) -> None:
    """XA's registrar is not in the list: its enrolments count for nothing."""
    (certificate,) = exchange.register()
    trust = exchange.trust
    authorities = {name: one for name, one in trust.authorities.items() if one.jurisdiction != "XA"}
    pulled = exchange.pull(trust=trust._replace(authorities=authorities))
    assert set(pulled.why) == {"evidence-refused"}
    assert certificate.digest not in exchange.kept()


def forged(exchange: Exchange) -> Any:
    def change(signed: Any) -> Any:
        text = signed.encoded.decode()
        size = str(signed.checkpoint.size)
        return parse_checkpoint(text.replace(f"\n{size}\n", "\n999999\n", 1).encode())

    return change


def test_a_checkpoint_that_the_log_did_not_sign_ends_the_pull(exchange: Exchange) -> None:
    exchange.register()
    exchange.answers.checkpoints = forged(exchange)
    with pytest.raises(LedgerError):
        exchange.pull()
    assert exchange.kept() == {}


def test_a_cursor_never_goes_beyond_the_signed_head(exchange: Exchange) -> None:
    exchange.register()
    exchange.answers.pages = lambda page: replace(page, items=(), after=2**53 - 1, more=False)
    exchange.pull()
    node = exchange.sides.xa.node
    assert exchange.mirror.cursor(node.log.origin) == node.log.head.size - 1


def test_a_page_that_leads_nowhere_ends_the_pull(exchange: Exchange) -> None:
    exchange.register()
    exchange.answers.pages = lambda page: Concerning((), -1, more=False)
    with pytest.raises(RemoteError) as refused:
        exchange.pull()
    assert refused.value.code == "remote-answer-invalid"


def test_a_log_that_has_become_smaller_is_told(exchange: Exchange) -> None:
    exchange.register()
    before = exchange.answers.checkpoint()
    exchange.register()
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
    first, second = exchange.register(2)

    def no(digest: str, data: bytes) -> bytes:
        if digest == first.digest.hex():
            raise RemoteRefusedError("no", problem="not-found", status=status)
        return data

    exchange.answers.bundles = no
    if ends:
        with pytest.raises(RemoteRefusedError):
            exchange.pull()
        assert second.digest not in exchange.kept()
    else:
        assert set(exchange.pull().why) == {"not-found"}
        assert second.digest in exchange.kept()


def test_a_full_mirror_takes_no_more(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.register()
    exchange.pull()
    exchange.register()
    monkeypatch.setattr(pulling, "MOST_BYTES", 10)
    with pytest.raises(RefusedError) as refused:
        exchange.pull()
    assert refused.value.code == "mirror-full"


def test_a_pull_may_be_stopped_between_two_statements(exchange: Exchange) -> None:
    exchange.register(3)
    with pytest.raises(RefusedError) as refused:
        exchange.pull(stop=lambda: len(exchange.answers.asked) >= 2)
    assert refused.value.code == "pull-stopped"
    assert len(exchange.kept()) == 2
