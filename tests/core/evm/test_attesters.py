"""Attestations: the vectors, the digest they are over, and organisations counted instead of keys."""

import json
from itertools import combinations
from typing import Any

import pytest

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.attesters import Attesters, verify_attestations
from ledger.core.secp256k1 import address_of, sign
from ledger.errors import LedgerError, QuorumError
from tests.core.evm import cross_chain
from tests.sealing import secrets

ROWS: list[dict[str, Any]] = json.loads((cross_chain.VECTORS / "attested.json").read_text())["rows"]
SETS: list[dict[str, Any]] = json.loads((cross_chain.VECTORS / "sets.json").read_text())["rows"]
DIGEST = bytes(range(32))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def claim_of(row: dict[str, Any]) -> CheckpointClaim:
    """The claim as a verifier makes it: the set's id from the set, never as it was handed in."""
    told = row["claim"]
    members = [unhex(one) for one in row["set"]["members"]]
    return CheckpointClaim(
        origin_chain_id=told["originChainId"],
        genesis=unhex(told["genesisHash"]),
        anchor=unhex(told["anchor"]),
        log_id=unhex(told["logId"]),
        size=told["size"],
        root=unhex(told["root"]),
        block_hash=unhex(told["blockHash"]),
        block_number=told["blockNumber"],
        block_time=told["blockTime"],
        set_id=set_id(members, row["set"]["organisations"], row["set"]["threshold"]),
    )


def attest(row: dict[str, Any]) -> Attesters:
    listed = row["set"]
    return verify_attestations(
        checkpoint_digest(claim_of(row)),
        [unhex(one) for one in row["signatures"]],
        [unhex(one) for one in listed["members"]],
        listed["organisations"],
        listed["threshold"],
    )


def test_the_vectors_hold_both_verdicts_and_every_cause() -> None:
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    assert {row.get("error") for row in ROWS} == {
        None, "attestation-order", "attestation-outsider", "attestation-quorum", "bad-signature", "high-s",
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_an_attestation_is_judged_as_the_vector_says(row: dict[str, Any]) -> None:
    if row["valid"]:
        assert checkpoint_digest(claim_of(row)) == unhex(row["digest"])
        assert len(attest(row).organisations) == row["organisations"]
        return
    with pytest.raises(LedgerError) as refused:
        attest(row)
    assert refused.value.code == row["error"]


@pytest.mark.parametrize("row", [row for row in SETS if row["valid"]], ids=lambda row: row["name"])
def test_a_set_of_attesters_has_the_id_that_the_contract_gives_it(row: dict[str, Any]) -> None:
    if row["kind"] == "attested":
        members = [unhex(one) for one in row["members"]]
        assert set_id(members, row["organisations"], row["threshold"]) == unhex(row["setHash"])


def test_every_choice_of_signers_counts_its_organisations() -> None:
    keys = secrets(5, "attester")
    members = [address_of(one) for one in keys]
    organisations = ["A", "B", "A", "C", "B"]
    signed = {one: sign(one, DIGEST) for one in keys}
    for size in range(6):
        for chosen in combinations(range(5), size):
            given = [signed[keys[one]] for one in chosen]
            counted = {organisations[one] for one in chosen}
            for threshold in (1, 2, 3):
                if len(counted) < threshold:
                    with pytest.raises(QuorumError) as refused:
                        verify_attestations(DIGEST, given, members, organisations, threshold)
                    assert refused.value.code == "attestation-quorum"
                    continue
                found = verify_attestations(DIGEST, given, members, organisations, threshold)
                assert set(found.organisations) == counted
                assert found.members == tuple(members[one] for one in chosen)


def test_no_threshold_of_zero_is_met() -> None:
    with pytest.raises(QuorumError):
        verify_attestations(DIGEST, [], [bytes(20)], ["A"], 0)
