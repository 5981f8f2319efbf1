"""Carrying a partner's checkpoints to the own chain: every one, in order, once, and none that does not hold."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ledger.cli.relay import resume_outbox
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError, LedgerError, RefusedError
from ledger.services.bundles.foreign_parts import require_holds
from ledger.services.relay.file import encode_file, export, parse_file, taken
from ledger.services.relay.sending import TRIES
from ledger.store.relay import Outbox
from ledger.verify.notes import open_note
from tests.sealing import secrets
from tests.services.anchoring.rigs import Faulty, pay
from tests.services.relay.carrying import NodeFeed, Rig, rig, unreachable
from tests.simulator import seed

OTHER = seed("somebody else's relay")


@dataclass
class NodeFeedWithout(NodeFeed):
    """A node that gives wrong paths to some sizes."""

    lies: ClassVar[set[int]] = set()

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        path = super().consistency(old, new)
        return path[:-1] if {old, new} & self.lies else path


@dataclass
class AtLatest:
    """A node that estimates on the last block, as most do; anvil counts what waits in its pool."""

    honest: Any

    def make_request(self, method: str, params: Any) -> Any:
        at = ["latest"] if method == "eth_estimateGas" else []
        return self.honest.make_request(method, [*params, *at])


def _anchor(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    return lambda document: {**document, "anchor": change(document["anchor"])}


SPOILT: dict[str, Callable[[Any], Any]] = {
    "a node of the account proof is missing": _anchor(lambda one: {**one, "account": one["account"][:-1]}),
    "a node of the storage proof is missing": _anchor(lambda one: {**one, "storage": one["storage"][:-1]}),
    "another header": _anchor(lambda one: {**one, "header": one["header"][:-2] + "00"}),
    "one attester twice": _anchor(
        lambda one: {
            **one,
            "finality": {**one["finality"], "signatures": one["finality"]["signatures"][:1] * 2},
        }
    ),
    "one attester too few": _anchor(
        lambda one: {**one, "finality": {**one["finality"], "signatures": one["finality"]["signatures"][:1]}}
    ),
    "an epoch that nobody lists": _anchor(lambda one: {**one, "finality": {**one["finality"], "epoch": 2}}),
    "another chain": _anchor(lambda one: {**one, "chain": "eip155:31002"}),
    "a note that the log did not sign": lambda one: {
        **one,
        "checkpoint": one["checkpoint"].replace("\n— registry", "\n— rogistry", 1),
    },
    "no anchor": lambda one: {"checkpoint": one["checkpoint"]},
}


@pytest.fixture
def attested(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as made:
        yield made


def test_every_anchored_checkpoint_is_carried_in_order(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(4)]
    attested.settle()
    assert attested.accepted() == sizes
    assert attested.head() == sizes[-1]
    assert attested.mined() == [(n, 1) for n in range(4)]


@pytest.mark.parametrize(("count", "round_"), [(4, 0), (4, 5), (7, 0), (7, 5)])
def test_sealed_checkpoints_are_carried_across_a_change_of_validators(
    tmp_path: Path, count: int, round_: int
) -> None:
    first, second = secrets(count), secrets(count + 2)[1:]
    with rig(tmp_path, sets=[(0, first), (16, second)], round_=round_) as sealed:
        sizes = [sealed.partner.grow() for _ in range(3)]  # blocks 13, 16 and 19
        sealed.settle()
        assert sealed.accepted() == sizes
        assert [one.kind for one in sealed.items()] == ["checkpoint", "rotation", "checkpoint", "checkpoint"]


def test_a_size_that_somebody_else_carried_is_not_carried_again(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(3)]
    other = replace(attested, folder=attested.folder / "other")
    other.folder.mkdir()
    other.store.follow(other.followed)
    pay(attested.honest, address_of(OTHER), 10**19)
    first, second = attested.relay(), other.relay(secret=OTHER)
    mine, theirs = attested.route(), other.route()
    for _ in range(4):
        attested.tick(first, mine)
        other.tick(second, theirs)
    assert attested.accepted() == sizes
    assert set(attested.states().values()) == set(other.states().values()) == {"done"}


def test_two_relays_that_race_do_no_harm(attested: Rig) -> None:
    other = replace(
        attested, folder=attested.folder / "other", provider=Faulty(AtLatest(attested.provider.honest))
    )
    other.folder.mkdir()
    other.store.follow(other.followed)
    pay(attested.honest, address_of(OTHER), 10**19)
    sizes = [attested.partner.grow() for _ in range(3)]
    attested.provider.ask("evm_setAutomine", False)
    relays = [
        (attested, attested.relay(), attested.route()),
        (other, other.relay(secret=OTHER), other.route()),
    ]
    for _ in range(8):
        for side, relay, route in relays:
            side.tick(relay, route)
        attested.provider.ask("anvil_mine", "0x1")  # both of them stand in one block, and one is refused
    assert attested.accepted() == sizes
    assert set(attested.states().values()) == set(other.states().values()) == {"done"}
    assert {status for _, status in (*attested.mined(), *attested.mined(OTHER))} == {0, 1}


def test_what_a_reorganisation_takes_away_is_carried_again(tmp_path: Path) -> None:
    with rig(tmp_path, confirmations=3) as made:
        sizes = [made.partner.grow() for _ in range(3)]
        relay, route = made.relay(), made.route()
        for _ in range(4):
            made.tick(relay, route)
        assert made.states() == dict.fromkeys(sizes, "included")
        made.provider.ask("anvil_reorg", 3, [])
        assert made.accepted() == []
        for _ in range(12):
            made.tick(relay, route)
            made.provider.ask("anvil_mine", "0x1")
        assert made.accepted() == sizes
        assert made.states() == dict.fromkeys(sizes, "done")


def test_what_waits_too_long_is_replaced_at_the_same_nonce(attested: Rig) -> None:
    attested.partner.grow()
    attested.provider.ask("evm_setAutomine", False)
    relay, route = attested.relay(), attested.route()
    for _ in range(8):
        attested.tick(relay, route)
    item = attested.items()[0]
    sendings = attested.outbox.sendings(item)
    assert {one.nonce for one in sendings} == {0}
    assert len(sendings) == 2  # ten seconds a round
    attested.provider.ask("anvil_mine", "0x1")
    attested.tick(relay, route)
    assert attested.states() == {item.size: "done"}
    assert attested.mined() == [(0, 1)]


def test_what_can_never_be_carried_is_set_aside_and_the_rest_goes_on(attested: Rig) -> None:
    first = attested.partner.grow()
    attested.settle()
    bad = attested.partner.grow()
    good = attested.partner.grow()
    honest = attested.partner.consistency
    NodeFeedWithout.lies = {bad}
    route = attested.route(feed=NodeFeedWithout(attested.partner))
    relay = attested.relay()
    for _ in range(TRIES + 3):
        attested.now += 600
        attested.tick(relay, route)
    assert attested.states() == {first: "done", bad: "quarantined", good: "done"}
    assert honest(first, bad)
    item = next(one for one in attested.items() if one.size == bad)
    assert item.code == "relay-inconsistent"
    NodeFeedWithout.lies = set()
    assert resume_outbox(attested.outbox, None, attested.now) == 1
    for _ in range(3):
        attested.tick(relay, route)
    assert attested.states() == {first: "done", bad: "done", good: "done"}
    assert attested.accepted() == [first, good, bad]


def test_the_word_of_the_operator_alone_is_not_carried(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(2)]
    attested.partner.unattested.add(sizes[1])
    attested.partner.documents[sizes[1]] = attested.partner.document(sizes[1])
    route = attested.tick(times=3)
    assert (attested.accepted(), route.waiting) == (sizes[:1], 1)
    attested.partner.unattested.clear()
    attested.partner.documents[sizes[1]] = attested.partner.document(sizes[1])
    attested.settle()
    assert attested.accepted() == sizes


def test_a_partner_that_is_silent_or_lies_is_told_and_nothing_is_sent(attested: Rig) -> None:
    size = attested.partner.grow()
    attested.partner.fault = unreachable()
    route = attested.tick()
    assert route.trouble is not None
    assert route.trouble.code == "remote-unreachable"
    attested.partner.fault = None
    good = attested.partner.documents[size]
    for name, spoil in SPOILT.items():
        attested.partner.documents[size] = spoil(good)
        route = attested.tick()
        assert route.trouble is not None or route.waiting, name
        assert attested.items() == [], name
    assert attested.mined() == []
    attested.partner.documents[size] = good
    attested.settle()


def test_two_roots_of_one_size_stop_the_relay_until_somebody_takes_note(attested: Rig) -> None:
    size = attested.partner.grow()
    attested.settle()
    root = seed("another history")
    forged = attested.partner.log.checkpoint(size, root=root)
    attested.partner.latest_note = forged
    with pytest.raises(RefusedError) as refused:
        attested.tick()
    assert refused.value.code == "relay-halted"
    (halt,) = attested.outbox.halts()
    proof = json.loads(halt.evidence)
    assert (halt.code, proof["format"]) == ("log-forked", "evidence-fork/1")
    assert {proof["a"], proof["b"]} == {forged.decode(), attested.partner.documents[size]["checkpoint"]}
    assert {one.id for one in attested.published} == {halt.id}

    # It survives a restart, and the log's good behaviour; nothing is sent.
    attested.partner.latest_note = None
    attested.partner.grow()
    asked = len(attested.partner.asked)
    with pytest.raises(RefusedError):
        attested.tick()
    assert len(attested.partner.asked) == asked
    for given in (None, "00" * 32):
        with pytest.raises(RefusedError) as kept:
            resume_outbox(attested.outbox, given, attested.now)
        assert kept.value.code == "halt-unacknowledged"
    resume_outbox(attested.outbox, sha256(halt.evidence).hexdigest(), attested.now)
    attested.settle()
    assert len(attested.accepted()) == 2


def test_two_blocks_of_one_height_stop_the_relay(tmp_path: Path) -> None:
    with rig(tmp_path, sets=[(0, secrets(4))]) as sealed:
        sealed.partner.grow()
        sealed.settle()
        size = sealed.partner.grow()
        sealed.partner.anchored[size] = min(sealed.partner.anchored.values())
        sealed.partner.documents[size] = sealed.partner.document(size)
        with pytest.raises(RefusedError) as refused:
            sealed.tick()
        assert refused.value.code == "relay-halted"
        (halt,) = sealed.outbox.halts()
        assert halt.code == "chain-forked"


def test_another_root_in_the_contract_stops_the_relay(attested: Rig) -> None:
    size = attested.partner.grow()
    attested.tick()
    assert attested.root_at(size)
    item = attested.items()[0]
    other = replace(item, root=seed("another root"), state="queued")
    outbox = Outbox(attested.folder / "second.sqlite")
    outbox.add([other])
    with pytest.raises(RefusedError):
        attested.relay(outbox=outbox).tick([], attested.now + 1)
    (halt,) = outbox.halts()
    assert halt.code == "accepted-other"


def test_a_proof_that_does_not_hold_ends_a_round_and_nothing_else(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(2)]
    relay, route = attested.relay(), attested.route()

    def before(method: str, params: list[Any], answer: Any) -> Any:
        if method != "eth_getProof":
            return answer
        return {**answer, "result": attested.provider.ask(method, *params[:2], hex(int(params[2], 16) - 1))}

    attested.provider.tamper = before
    for _ in range(2 * TRIES):
        with pytest.raises(ChainError) as untold:
            attested.tick(relay, route)
        assert untold.value.code == "chain-proof-invalid"
    assert attested.states() == dict.fromkeys(sizes, "queued")
    assert attested.mined() == []
    attested.provider.tamper = lambda _method, _params, answer: answer
    attested.settle(relay, route)
    assert route.trouble is None
    assert attested.accepted() == sizes
    assert attested.mined() == [(0, 1), (1, 1)]
    assert attested.outbox.halts() == []


def test_a_file_carries_what_no_network_does(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(3)]
    feed = NodeFeed(attested.partner)
    partner = attested.partner
    first = export(feed, partner.log.origin, partner.log.chain, trust=partner.trust(), most=2)
    rest = export(feed, partner.log.origin, partner.log.chain, since=sizes[1])
    relay = attested.relay()
    asked = len(partner.asked)
    for file in (first, rest, rest):
        given = parse_file(encode_file(file))
        assert given == file
        items, paths = taken(
            given, lambda document: relay.take(document, attested.followed, partner.trust(), attested.now)
        )
        attested.outbox.add(items, paths)
    for _ in range(5):
        attested.now += 10
        relay.tick([], attested.now)
    assert attested.accepted() == sizes
    assert len(partner.asked) == asked
    assert set(attested.states().values()) == {"done"}


def test_what_the_own_chain_holds_is_shown_offline(attested: Rig) -> None:
    size = attested.partner.grow()
    attested.settle()
    attested.watcher().tick(attested.now)
    (held,) = attested.store.accepted(attested.partner.log.log_id)
    assert (held.size, held.grade, held.disputed) == (size, 1, False)
    trust = attested.partner.trust(**attested.listed())
    note = open_note(held.note or b"", held.origin, trust.logs[held.origin])
    part = json.loads(held.part)
    require_holds(part, note, trust)
    for name in ("storage", "disputed", "account", "header"):
        spoilt = {**part, name: part[name][:-2] if name == "header" else part[name][:-1]}
        with pytest.raises(LedgerError):
            require_holds(spoilt, note, trust)

    # A split that somebody proves is shown with every checkpoint from then on.
    attested.prove_split()
    attested.watcher().tick(attested.now)
    (held,) = attested.store.accepted(attested.partner.log.log_id)
    assert held.disputed
    with pytest.raises(LedgerError) as disputed:
        require_holds(json.loads(held.part), note, trust)
    assert disputed.value.code == "log-disputed"
