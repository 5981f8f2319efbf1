"""A partner's chain as nodes of our own show it: what they do not have is not carried, what they lost is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.core.evm.header import Header, parse_header
from ledger.errors import ChainError, RefusedError
from tests.sealing import replaced, secrets
from tests.services.relay.carrying import Rig, rig
from tests.services.relay.relay_partner import Partner

_TIME = 11


@dataclass
class Observed:
    """The chain that a simulated partner's anchors stand on, or what nodes say of it that fail or lie.

    Attributes:
        lie: What they answer instead of the header.
    """

    partner: Partner
    lie: Callable[[Header], Header | None] = field(default=lambda header: header)
    identity: ChainError | None = None

    def check_identity(self) -> None:
        if self.identity is not None:
            raise self.identity

    def finalized_number(self) -> int:
        return max(self.partner.anchored.values())

    def header(self, number: int) -> Header | None:
        for size, at in self.partner.anchored.items():
            if at == number:
                told = self.partner.documents[size]["anchor"]["header"]
                return self.lie(parse_header(bytes.fromhex(told[2:])))
        return None


def another(header: Header) -> Header:
    """Another block of the same height."""
    later = (header.time + 1).to_bytes(5)
    return parse_header(replaced(header.encoded, {_TIME: later.lstrip(b"\0")}))


def silent(header: Header) -> Header | None:
    raise ChainError("no node of eip155:31001 answers", code="chain-unreachable")


LIES: dict[str, tuple[Callable[[Header], Header | None], str]] = {
    "another block": (another, "block-not-canonical"),
    "no such block": (lambda _: None, "block-not-canonical"),
    "nothing": (silent, "chain-unreachable"),
}


def told(made: Rig, observed: Observed) -> str | None:
    """What a round says of the partner."""
    route = made.tick(route=made.route(observed=observed))
    return None if route.trouble is None else route.trouble.code


def test_nodes_that_lie_about_a_partners_chain_delay_and_nothing_else(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        size = made.partner.grow()
        observed = Observed(made.partner)
        for name, (lie, code) in LIES.items():
            observed.lie = lie
            assert told(made, observed) == code, name
        observed.lie = lambda header: header
        observed.identity = ChainError("it is eip155:1", code="chain-wrong-id")
        assert told(made, observed) == "chain-wrong-id"
        assert (made.items(), made.accepted()) == ([], [])
        observed.identity = None
        assert told(made, observed) is None
        assert made.accepted() == [size]


def test_a_carried_block_that_its_chain_drops_is_told_while_it_is_gone(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        size = made.partner.grow()
        observed = Observed(made.partner)
        assert told(made, observed) is None
        assert made.accepted() == [size]
        observed.lie = lambda header: (
            another(header) if header.number == made.partner.anchored[size] else header
        )
        later = made.partner.grow()
        for _ in range(2):
            assert told(made, observed) == "block-not-canonical"
        # The log still extends what was accepted, and whoever vouches for the later block answers for it.
        assert made.accepted() == [size, later]
        assert made.outbox.halts() == []
        observed.lie = lambda header: header
        assert told(made, observed) is None


def test_a_second_sealed_block_stops_the_relay_whichever_the_nodes_show(tmp_path: Path) -> None:
    with rig(tmp_path, sets=[(0, secrets(4))]) as made:
        first = made.partner.grow()
        observed = Observed(made.partner)
        assert told(made, observed) is None
        size = made.partner.grow()
        made.partner.anchored[size] = made.partner.anchored[first]
        made.partner.documents[size] = made.partner.document(size)
        with pytest.raises(RefusedError) as refused:
            told(made, observed)
        assert refused.value.code == "relay-halted"
        (halt,) = made.outbox.halts()
        assert halt.code == "chain-forked"
