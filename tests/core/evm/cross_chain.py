"""Vectors of evidence that crosses chains, good and spoiled: the source of `vectors/cross_chain`.

The contract and the verifier read the same files, and must come to the same verdict for the same reason.  Each bad
row has one flaw.  Everything is fixed, so the files come out the same each time:
`python -m tests.core.evm.cross_chain` writes them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.core.evm import attested_rows, sealed_rows, set_rows, state_rows

VECTORS = Path(__file__).parents[2] / "vectors" / "cross_chain"
FILES: Mapping[str, tuple[str, Callable[[], Sequence[Mapping[str, Any]]]]] = {
    "sealed": (
        "headers held against the validators in `trusted`; `rotation` where the header lists others",
        sealed_rows.rows,
    ),
    "state": (
        "soundly sealed headers, and proofs that `anchor` with `codeHash` holds `root` for `logId` at `size`",
        state_rows.rows,
    ),
    "attested": (
        "claims that a block is final, and the signatures of the attesters in `set`",
        attested_rows.rows,
    ),
    "sets": ("sets of attesters and validators that a source may or may not have", set_rows.sets),
    "epochs": ("sealed headers against the epoch that they are said to be of", set_rows.epochs),
}


def written(name: str) -> str:
    about, rows = FILES[name]
    return json.dumps({"about": about, "rows": rows()}, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.mkdir(exist_ok=True)
    for name in FILES:
        (VECTORS / f"{name}.json").write_text(written(name))
