"""Anchoring: what an anchor costs on a chain, and how many the embedded chain takes."""

import tempfile
import time
from pathlib import Path

from benchmarks.measure import Row
from ledger.chain.gas import TRANSACTION_GAS
from tests.chain.anchoring import deploy, embedded

SIZES = range(1, 61)


def rows() -> list[Row]:
    """Anchors a second, mined and durable, and gas against a plain transfer."""
    gas: list[int] = []
    with tempfile.TemporaryDirectory() as name, embedded(Path(name)) as made:
        anchored = deploy(made.port)
        anchored.anchor(SIZES[0])  # the first one also writes the log's head, and warms the machine up
        begun = time.perf_counter()
        signed = []
        for size in SIZES[1:]:
            made.clock.now += 1
            signed.append(anchored.anchor(size))
        rate = len(signed) / (time.perf_counter() - begun)
        for one in signed:
            included = made.port.inclusion(one.hash)
            if included is None:
                raise SystemExit("an anchor was not mined")
            gas.append(included.gas_used)
    middle = sorted(gas)[len(gas) // 2]
    return [
        Row(
            "anchors on the embedded chain",
            f"{rate:.1f} /s",
            "",
            None,
            "signed, sent, mined and looked up one after the other; a node makes at most one in ten seconds. `py-evm`",
        ),
        Row(
            "gas of an anchor after the first, against a plain transfer",
            f"{middle / TRANSACTION_GAS:.2f} times",
            "",
            None,
            f"median {middle:,}, most {max(gas):,}; a transfer takes {TRANSACTION_GAS:,}",
        ),
    ]
