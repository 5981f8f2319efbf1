"""When a relay looks again: soon while a transaction is under way, else after its period, whatever became of one."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.errors import ChainError
from ledger.services.relay.rounds import UNDER_WAY_PERIOD, Relaying, Rounds
from ledger.services.relay.sending import STUCK_SECONDS
from ledger.store.relay import Item, Sending

TARGET = "eip155:31002:0x" + "f0" * 20
NOW = 1_795_305_612
PERIOD = 10.0


def test_a_relay_looks_again_soon_while_what_it_sent_is_under_way(tmp_path: Path) -> None:
    home: Any = SimpleNamespace(path=tmp_path)
    chain: Any = SimpleNamespace(target=TARGET)
    partners: Any = None
    rounds = Rounds(home, partners, lambda: partners, [chain])
    assert rounds.pause(PERIOD, NOW) == PERIOD
    item = Item(
        TARGET, b"s" * 32, b"l" * 32, 3, "checkpoint", b"r" * 32, "registry.example.xa/XA/2026", 13, b"b" * 32,
        NOW, b"{}", NOW,
    )  # fmt: skip
    rounds.outbox.add([item])
    assert rounds.pause(PERIOD, NOW) == PERIOD
    rounds.outbox.record_sending(item, Sending(b"raw", b"h" * 32, 0, b"a" * 20, NOW))
    assert rounds.pause(PERIOD, NOW + 5) == UNDER_WAY_PERIOD
    assert rounds.pause(UNDER_WAY_PERIOD / 2, NOW + 5) == UNDER_WAY_PERIOD / 2
    # One that waits long is replaced in its own time.
    assert rounds.pause(PERIOD, NOW + STUCK_SECONDS) == PERIOD
    rounds.carry = False
    assert rounds.pause(PERIOD, NOW + 5) == PERIOD


def test_whatever_ends_a_round_the_next_one_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain: Any = SimpleNamespace(
        name="eip155:31002", target=TARGET, settings=None, trouble=None, opened=None,
        chain=SimpleNamespace(close=lambda: None),
    )  # fmt: skip
    home: Any = SimpleNamespace(path=tmp_path)
    partners: Any = SimpleNamespace(list=list)
    rounds = Rounds(home, partners, lambda: partners, [chain])
    monkeypatch.setattr(rounds.store, "sources", lambda _name: [True])
    monkeypatch.setattr(rounds, "_routes_to", lambda _chain: [])
    monkeypatch.setattr(rounds, "_watch", lambda _chain, _now: None)
    ends: list[Exception] = [
        ChainError("a state proof that does not hold", code="chain-proof-invalid"),
        RuntimeError("nobody foresaw this"),
    ]
    seen: list[str | None] = []

    def tick(_routes: Any, _now: int) -> None:
        seen.append(None if chain.trouble is None else chain.trouble.code)
        if ends:
            raise ends.pop(0)

    monkeypatch.setattr(rounds, "relay_to", lambda _chain: SimpleNamespace(tick=tick))
    rounds.round(NOW)
    assert chain.trouble.code == "chain-proof-invalid"
    assert rounds.halted is None
    relaying = Relaying(rounds, 0.01, lambda: NOW)
    relaying.start(tmp_path)
    try:
        until = time.monotonic() + 20
        while len(seen) < 4 and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        relaying.close()
    assert len(seen) >= 4
    assert {*seen} == {None}  # the trouble of one round is not carried into the next
    assert (chain.trouble, relaying.trouble) == (None, None)
