"""When a relay looks again: soon while a transaction is under way, else after its period."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ledger.services.relay_sending import STUCK_SECONDS
from ledger.services.relaying import UNDER_WAY_PERIOD, Rounds
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
