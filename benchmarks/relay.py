"""Relaying: how many blocks pass until one chain holds what is anchored on another, where nothing else goes on.

Two jurisdictions' nodes and chains of their own, a block every few seconds; every record is anchored, carried and
accepted before the next is registered.  Told in blocks: seconds are those of the chains.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measure import Row
from ledger.core.evm.anchor import ANCHORED_TOPIC
from ledger.core.evm.foreign_calls import ACCEPTED_TOPIC
from tests.journeys.crossing import Journey, attested, sealed
from tests.loopback import PlainProvider

SECONDS = 4
"""Between two blocks of either chain."""
RECORDS = 5
GOAL = 2
"""Blocks of each chain."""
PAST_ROTATION = 25
"""Blocks after which the validators have changed."""
LONGEST = 120
_LOOK = 0.05


def rows() -> list[Row]:
    """Blocks between an anchor and its acceptance, by the seals and by the attestations of the first chain."""
    found = []
    for how, journey in (("sealed by its validators", sealed), ("attested by two others", attested)):
        try:
            with tempfile.TemporaryDirectory() as name, journey(Path(name)) as (made, _):
                found.append(_row(how, _lags(made)))
        except pytest.skip.Exception as absent:
            found.append(
                Row(f"blocks until the other chain holds an anchor, {how}", "absent", "", None, str(absent))
            )
    return found


def _row(how: str, lags: list[tuple[int, int]]) -> Row:
    there, here = (max(one[side] for one in lags) for side in (0, 1))
    middle = [statistics.median(one[side] for one in lags) for side in (0, 1)]
    return Row(
        f"blocks until the other chain holds an anchor, {how}, the most",
        f"{there} and {here}",
        f"≤ {GOAL} of each chain",
        max(there, here) <= GOAL,
        f"{len(lags)} records, one after the other; after the block with the anchor the first chain had so many more,"
        f" and the other one up to the block that accepts it: median {middle[0]:g} and {middle[1]:g};"
        f" a block every {SECONDS} s, nodes that look every second",
    )


def _lags(made: Journey) -> list[tuple[int, int]]:
    """For each record the blocks of either chain from the anchor to the acceptance."""
    with _asked(made.xa.chain.url) as first, _asked(made.xb.chain.url) as second:
        _ask(first, "anvil_mine", hex(PAST_ROTATION))
        made.carried()  # and so the change of validators
        for one in (first, second):
            _ask(one, "evm_setIntervalMining", SECONDS)
        found = []
        for _ in range(RECORDS):
            before = _newest(first, made.xa.anchor, ANCHORED_TOPIC)
            made.record()
            size, anchored = _await(first, made.xa.anchor, ANCHORED_TOPIC, more_than=before[0])
            begun = _number(second)
            _, accepted = _await(second, made.xb.foreign, ACCEPTED_TOPIC, more_than=size - 1)
            found.append((_number(first) - anchored, accepted - begun))
        return found


def _await(chain: PlainProvider, contract: bytes, topic: bytes, *, more_than: int) -> tuple[int, int]:
    """The size of the newest event once it is larger, and its block."""
    give_up = time.monotonic() + LONGEST
    while (found := _newest(chain, contract, topic))[0] <= more_than:
        if time.monotonic() > give_up:
            raise SystemExit(f"nothing larger than {more_than} came in {LONGEST} s")
        time.sleep(_LOOK)
    return found


def _newest(chain: PlainProvider, contract: bytes, topic: bytes) -> tuple[int, int]:
    wanted = {"address": "0x" + contract.hex(), "topics": ["0x" + topic.hex()], "fromBlock": "0x0"}
    last = _ask(chain, "eth_getLogs", wanted)[-1]
    size = last["topics"][3 if topic == ACCEPTED_TOPIC else 2]
    return int(size, 16), int(last["blockNumber"], 16)


def _number(chain: PlainProvider) -> int:
    return int(_ask(chain, "eth_blockNumber"), 16)


def _ask(chain: PlainProvider, method: str, *params: Any) -> Any:
    return chain.make_request(method, list(params))["result"]


@contextmanager
def _asked(url: str) -> Iterator[PlainProvider]:
    provider = PlainProvider(url)
    try:
        yield provider
    finally:
        provider.close()
