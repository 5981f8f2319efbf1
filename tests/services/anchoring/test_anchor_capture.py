"""Proofs are captured as soon as an anchor is mined, since nodes forget state before some chains call it final."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ledger.services.anchoring.states import anchor_state
from ledger.services.auditing.audit import LogIdentity, audit
from ledger.store.captures import Capture, Captures
from tests.services.anchoring.rigs import ANVIL_ID, OTHER, Rig, hold, mine, on_anvil

DEPTH = 3


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Rig]:
    """A chain whose blocks are final when three are on top."""
    with on_anvil(tmp_path, confirmations=DEPTH) as made:
        yield made


def captures(rig: Rig) -> list[Capture]:
    return Captures(rig.database).every()


def state(rig: Rig) -> tuple[str, int, int]:
    found = anchor_state(rig.anchors, f"eip155:{ANVIL_ID}")
    return found.state, found.size, found.anchored_size


def forget(rig: Rig) -> None:
    """The node has the state of its last block alone."""

    def tamper(method: str, params: list[Any], answer: Any) -> Any:
        last = int(rig.provider.ask("eth_blockNumber"), 16)
        if method == "eth_getProof" and int(params[2], 16) < last:
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "missing trie node"}}
        return answer

    rig.provider.tamper = tamper


def test_evidence_is_captured_when_it_is_mined_and_stands_when_it_is_final(slow: Rig) -> None:
    forget(slow)
    slow.grow(3)
    anchorer = slow.anchorer()
    slow.tick(anchorer, times=2)
    (kept,) = captures(slow)
    assert slow.evidence() == []
    mine(slow, DEPTH)
    slow.tick(anchorer)
    (held,) = slow.evidence()
    assert held.receipt is not None
    for one in fields(Capture):
        if one.name != "captured_at":
            assert getattr(held, one.name) == getattr(kept, one.name)
    assert captures(slow) == []
    signer = slow.world.xa.signer
    identity = LogIdentity(slow.log.origin, signer.vkeys[:2], (signer.head_address,))
    assert [one for one in audit(slow.database, identity).findings if one.table.startswith("anchor")] == []


def test_somebody_elses_anchor_is_captured_too(slow: Rig) -> None:
    slow.fund(OTHER)
    slow.grow(3)
    slow.somebody_anchors(3)
    forget(slow)
    anchorer = slow.anchorer()
    slow.tick(anchorer)
    assert [one.size for one in captures(slow)] == [3]
    mine(slow, DEPTH)
    slow.tick(anchorer)
    assert [(one.size, one.intent) for one in slow.evidence()] == [(3, None)]
    assert slow.provider.sent == 0


def test_a_capture_of_a_block_that_was_replaced_is_not_what_stands(slow: Rig) -> None:
    slow.grow(3)
    anchorer = slow.anchorer()
    assert state(slow) == ("none", 0, 0)
    slow.tick(anchorer)
    assert state(slow) == ("pending", 3, 0)
    slow.tick(anchorer)
    assert state(slow) == ("included", 3, 0)
    (lost,) = captures(slow)
    slow.provider.ask("anvil_reorg", 1, [])
    slow.provider.ask("evm_setAutomine", False)
    slow.tick(anchorer)
    assert state(slow) == ("pending", 3, 0)
    mine(slow)
    slow.tick(anchorer, times=3)
    assert slow.history(1)[:3] == ["sent", "mined", "reorged"]
    mine(slow, DEPTH)
    slow.tick(anchorer)
    (held,) = slow.evidence()
    assert state(slow) == ("final", 3, 3)
    assert held.block_hash != lost.block_hash
    assert captures(slow) == []
    assert slow.announced() == slow.ours_mined() == [3]


@pytest.mark.parametrize("column", ["header", "account", "storage", "receipt"])
def test_a_capture_that_was_damaged_is_fetched_again(slow: Rig, column: str) -> None:
    slow.grow(3)
    anchorer = slow.anchorer()
    slow.tick(anchorer, times=2)
    (kept,) = captures(slow)
    with slow.database.write() as connection:
        connection.execute(f"UPDATE anchor_capture SET {column} = substr({column}, 1, length({column}) - 3)")
    mine(slow, DEPTH)
    slow.tick(anchorer)
    (held,) = slow.evidence()
    assert (held.header, held.account, held.storage, held.receipt) == (
        kept.header,
        kept.account,
        kept.storage,
        kept.receipt,
    )


def test_a_lost_transaction_is_sent_again_by_a_node_that_forgot_the_final_state(slow: Rig) -> None:
    slow.grow(3)
    hold(slow)
    anchorer = slow.anchorer()
    slow.tick(anchorer)
    mine(slow, DEPTH + 1)
    slow.provider.ask("anvil_reorg", DEPTH + 1, [])
    slow.provider.ask("anvil_dropAllTransactions")
    forget(slow)
    slow.tick(anchorer, times=2)
    assert slow.provider.sent == 2
    mine(slow)
    slow.tick(anchorer)
    mine(slow, DEPTH)
    slow.tick(anchorer)
    assert [one.size for one in slow.evidence()] == slow.announced() == slow.ours_mined() == [3]


def test_what_was_mined_and_final_while_nobody_looked_is_shown_by_a_later_block(slow: Rig) -> None:
    slow.grow(3)
    hold(slow)
    slow.tick()
    mine(slow, DEPTH + 1)
    forget(slow)
    slow.tick(times=2)
    (kept,) = captures(slow)
    assert (kept.receipt, slow.evidence()) == (None, [])
    slow.provider.ask("anvil_reorg", 1, [])  # that block is replaced: another one has to do
    slow.tick()
    assert len(captures(slow)) == 2
    mine(slow, DEPTH)
    slow.tick()
    (held,) = slow.evidence()
    assert held.block_hash == kept_last(slow, held.block_number)
    assert (held.receipt, held.intent, slow.history(1)[-1]) == (None, 1, "final")
    assert captures(slow) == []


def kept_last(rig: Rig, number: int) -> bytes:
    header = rig.chain().header(number)
    assert header is not None
    return header.hash
