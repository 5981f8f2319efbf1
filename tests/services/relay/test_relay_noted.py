"""What somebody took note of, or one node withholds, does not keep what else there is from being carried."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ledger.cli.relay import resume_outbox
from ledger.errors import RefusedError
from ledger.remote.exchange import RemoteRefusedError
from ledger.services.relay.feed import Route
from ledger.store.relay import Outbox
from tests.services.relay.carrying import NodeFeed, Rig, rig
from tests.simulator import seed


@pytest.fixture
def attested(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as made:
        yield made


@dataclass
class Forging(NodeFeed):
    """A node that shows another history of its log's latest size than it showed before."""

    signed: ClassVar[bytes] = b""

    def latest(self) -> bytes:
        return self.signed


@dataclass
class Withholding(NodeFeed):
    """A node that lists an anchor and does not give it."""

    withheld: ClassVar[int] = 0

    def carried(self, size: int, chain: str) -> Any:
        if size == self.withheld:
            raise RemoteRefusedError("there is none", problem="anchor-unknown", status=404)
        return super().carried(size, chain)


def noted(attested: Rig) -> Route:
    """A route whose contradiction somebody took note of, though it still stands."""
    size = attested.partner.grow()
    attested.settle()
    Forging.signed = attested.partner.log.checkpoint(size, root=seed("another history"))
    route = attested.route(feed=Forging(attested.partner))
    with pytest.raises(RefusedError):
        attested.tick(route=route)
    (halt,) = attested.outbox.halts()
    resume_outbox(attested.outbox, sha256(halt.evidence).hexdigest(), attested.now)
    return route


def test_a_contradiction_that_was_noted_is_told_and_holds_up_no_other_partner(attested: Rig) -> None:
    route = noted(attested)
    size = attested.partner.grow()
    relay, other = attested.relay(), attested.route()
    for _ in range(3):
        attested.now += 10
        relay.tick([route, other], attested.now)
    assert route.trouble is not None
    assert route.trouble.code == "log-forked"
    assert attested.accepted()[-1] == size


def test_the_same_contradiction_signed_again_is_no_new_one(attested: Rig) -> None:
    route = noted(attested)
    Forging.signed += Forging.signed.splitlines(keepends=True)[-1].replace(b" registry", b" ragistry")
    attested.tick(route=route)
    assert len(attested.outbox.halts()) == 1


def test_another_root_in_the_contract_that_was_noted_is_set_aside(attested: Rig) -> None:
    attested.partner.grow()
    attested.tick()
    item = replace(attested.items()[0], root=seed("another root"), state="queued")
    outbox = Outbox(attested.folder / "second.sqlite")
    outbox.add([item])
    relay = attested.relay(outbox=outbox)
    with pytest.raises(RefusedError):
        relay.tick([], attested.now + 1)
    (halt,) = outbox.halts()
    resume_outbox(outbox, sha256(halt.evidence).hexdigest(), attested.now)
    attested.provider.ask("anvil_mine", "0x1")  # another block shows the same
    relay.tick([], attested.now + 2)
    found = outbox.item(item.key)
    assert found is not None
    assert (found.state, found.code) == ("quarantined", "accepted-other")
    assert len(outbox.halts()) == 1


def test_a_size_that_a_node_lists_and_does_not_give_keeps_no_other_waiting(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(3)]
    Withholding.withheld = sizes[0]
    route = attested.tick(route=attested.route(feed=Withholding(attested.partner)), times=4)
    assert attested.accepted() == sizes[1:]
    assert set(route.later) == {sizes[0]}
