"""Epochs of validators: the vectors, sealed headers against the epoch that is claimed for them."""

import json
from typing import Any

import pytest

from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.core.trust.epochs import epoch_of, require_current
from ledger.core.trust.values import Signers
from ledger.errors import LedgerError
from tests.core.evm import cross_chain

ROWS: list[dict[str, Any]] = json.loads((cross_chain.VECTORS / "epochs.json").read_text())["rows"]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def verdict(row: dict[str, Any]) -> str | None:
    sets = [
        Signers(one["epoch"], one["from"], 1, tuple(map(unhex, one["members"])), ()) for one in row["epochs"]
    ]
    signers = epoch_of(sets, row["epoch"])
    if signers is None:
        return "epoch-unknown"
    header = parse_header(unhex(row["header"]))
    assert header.number == row["number"]
    try:
        require_current(sets, signers, header.number)
        verify_seals(parse_sealed(header), signers.members)
    except LedgerError as error:
        return error.code
    return None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_header_is_judged_by_its_epoch_as_the_vector_says(row: dict[str, Any]) -> None:
    assert verdict(row) == row.get("error")
    assert row["valid"] == ("error" not in row)


def test_the_vectors_hold_both_verdicts_and_every_cause() -> None:
    assert {row.get("error") for row in ROWS} == {None, "epoch-stale", "epoch-unknown", "seal-quorum"}
