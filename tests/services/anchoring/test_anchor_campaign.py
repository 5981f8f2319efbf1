"""Random reorganisations under the anchorer: what it calls final is on the chain, and every anchor is there once."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.chain.evm import EvmChain
from ledger.errors import ChainError
from ledger.services.anchoring.anchor import Anchorer
from tests.campaign import count
from tests.services.anchoring.rigs import Rig, on_anvil

DEEPEST = 64
ROUNDS = 60
SEED = 20261122


@contextmanager
def long_chain(folder: Path, confirmations: int) -> Iterator[Rig]:
    """A chain whose contract no reorganisation reaches, mined when it is told to."""
    with on_anvil(folder, confirmations) as made:
        made.provider.ask("anvil_mine", hex(2 * DEEPEST))
        made.provider.ask("evm_setAutomine", False)
        yield made


def off_the_chain(rig: Rig) -> list[int]:
    """Sizes of standing evidence whose block is not canonical; what no reorganisation can reach is not asked again."""
    honest = EvmChain(rig.provider.honest, **rig.options)
    reached = honest.head().number - 2 * DEEPEST
    gone = []
    for one in rig.evidence():
        if one.block_number < reached:
            continue
        found = honest.header(one.block_number)
        if found is None or found.hash != one.block_hash:
            gone.append(one.size)
    return gone


def tick(rig: Rig, anchorer: Anchorer) -> None:
    try:
        rig.tick(anchorer)
    except ChainError as error:
        if error.code not in {
            "chain-stale",
            "transaction-refused",
        }:  # nothing that the next tick does not mend
            raise


def reorganise(rig: Rig, rng: random.Random) -> int:
    """Replace the last blocks; what was in them waits again, is lost, or is mined in another block."""
    depth = rng.randint(1, DEEPEST)
    rig.provider.ask("anvil_reorg", depth, [])
    if rng.random() < 0.5:
        rig.provider.ask("anvil_dropAllTransactions")
    elif rng.random() < 0.5:
        for one in rig.anchors.intents(limit=3)[::-1]:
            rig.provider.honest.make_request("eth_sendRawTransaction", ["0x" + one.row.raw_transaction.hex()])
    return depth


def settle(rig: Rig, anchorer: Anchorer, confirmations: int) -> None:
    """Mine and tick until everything is anchored; bounded."""
    for _ in range(60):
        rig.provider.ask("anvil_mine", hex(1 + confirmations))
        tick(rig, anchorer)
        held = rig.anchors.latest_anchored(anchorer.name)
        if (
            not rig.anchors.pending()
            and held
            and held.row.size == rig.log.head.size
            and not off_the_chain(rig)
        ):
            return
    raise AssertionError(f"not settled: {[rig.history(one.id) for one in rig.anchors.intents()]}")


@pytest.mark.parametrize("confirmations", [0, 12, DEEPEST])
def test_random_reorganisations_leave_one_event_for_every_anchor(tmp_path: Path, confirmations: int) -> None:
    rng = random.Random(f"{SEED} {confirmations}")
    with long_chain(tmp_path, confirmations) as made:
        anchorer = made.anchorer()
        for _ in range(count(ROUNDS) // 3):
            for _ in range(rng.randint(1, 2)):
                if rng.random() < 0.8:
                    made.grow(rng.randint(1, 3))
                tick(made, anchorer)
                made.provider.ask("anvil_mine", hex(rng.choice([1, 8, 40, confirmations + 1])))
                tick(made, anchorer)
            depth = reorganise(made, rng)
            if depth <= confirmations:
                assert off_the_chain(made) == []
            for _ in range(1 + len(made.evidence()) // 16):
                tick(made, anchorer)
            assert off_the_chain(made) == []
        settle(made, anchorer, confirmations)
        sizes = [one.size for one in made.evidence()]
        assert sorted(sizes) == made.announced()
        assert len(set(sizes)) == len(sizes)
        assert made.log.head.size in sizes
        assert off_the_chain(made) == []
