"""What the state under a sealed header proves of the anchor contract: the vectors that the contract reads too."""

import json
from typing import Any

import pytest

from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.errors import LedgerError
from ledger.verify.storage import prove_contract
from tests.core.evm import cross_chain

ROWS: list[dict[str, Any]] = json.loads((cross_chain.VECTORS / "state.json").read_text())["rows"]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def anchored(row: dict[str, Any]) -> bytes:
    nodes = [[unhex(node) for node in row[what]] for what in ("account", "storage")]
    held = prove_contract(unhex(row["header"]), unhex(row["anchor"]), unhex(row["codeHash"]), nodes[0])
    return held.written(root_at_slot(unhex(row["logId"]), row["size"]), nodes[1], row["size"])


def test_the_vectors_hold_both_verdicts_and_every_cause() -> None:
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    assert {row.get("error") for row in ROWS} == {
        None, "account-absent", "code-hash", "not-anchored", "proof-invalid", "proof-surplus", "proof-truncated",
        "rlp-not-canonical", "rlp-shape", "rlp-trailing", "trie-node",
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_state_is_judged_as_the_vector_says(row: dict[str, Any]) -> None:
    trusted = [unhex(one) for one in row["trusted"]]
    assert len(verify_seals(parse_sealed(parse_header(unhex(row["header"]))), trusted)) == 3
    if row["valid"]:
        assert anchored(row) == unhex(row["root"])
        return
    with pytest.raises(LedgerError) as refused:
        anchored(row)
    assert refused.value.code == row["error"]
