"""ForeignCheckpoints and the shared vectors: the same verdicts as the verifier's, for the same reasons."""

import json

import pytest
from eth_abi import encode
from web3 import Web3

from ledger.core.evm import foreign, foreign_calls
from tests.contracts.foreign import (
    ForeignDeployment,
    all_unhex,
    deploy_foreign,
    error_name,
    rows,
    sealed_source,
    unhex,
)
from tests.outside import outside

LOG = bytes(31) + b"\x07"


@pytest.fixture(scope="module")
def on_anvil(anvil_web3: Web3) -> ForeignDeployment:
    return deploy_foreign("anvil", anvil_web3)


@pytest.fixture(scope="module")
def on_eth_tester(eth_tester_web3: Web3) -> ForeignDeployment:
    return deploy_foreign("eth-tester", eth_tester_web3)


def sealed_verdict(deployed: ForeignDeployment, row: dict) -> str | None:
    """Of the header alone: one that is accepted fails only with the account proof that is left out."""
    header, trusted = unhex(row["header"]), all_unhex(row["trusted"])
    source_id = deployed.add(sealed_source(trusted))
    if row["rotation"]:
        return deployed.refusal(foreign_calls.encode_rotate_sealed(source_id, header, trusted))
    refused = deployed.refusal(
        foreign_calls.encode_submit_sealed(
            source_id, LOG, 1, header=header, account=[], storage=[], consistency=[]
        )
    )
    return None if refused == "ProofTruncated" else refused


def state_verdict(deployed: ForeignDeployment, row: dict) -> str | None:
    source = sealed_source(all_unhex(row["trusted"]), unhex(row["anchor"]), unhex(row["codeHash"]))
    return deployed.refusal(
        foreign_calls.encode_submit_sealed(
            deployed.add(source),
            unhex(row["logId"]),
            row["size"],
            header=unhex(row["header"]),
            account=all_unhex(row["account"]),
            storage=all_unhex(row["storage"]),
            consistency=[],
        )
    )


def attested_verdict(deployed: ForeignDeployment, row: dict) -> str | None:
    claim, signers = row["claim"], row["set"]
    source = foreign.Source(
        claim["originChainId"],
        unhex(claim["genesisHash"]),
        unhex(claim["anchor"]),
        bytes(32),
        foreign.ATTESTED,
        all_unhex(signers["members"]),
        tuple(signers["organisations"]),
        signers["threshold"],
    )
    return deployed.refusal(
        foreign_calls.encode_submit_attested(
            deployed.add(source),
            unhex(claim["logId"]),
            claim["size"],
            unhex(claim["root"]),
            block_hash=unhex(claim["blockHash"]),
            block_number=claim["blockNumber"],
            block_time=claim["blockTime"],
            signatures=all_unhex(row["signatures"]),
            consistency=[],
        )
    )


VERDICTS = {"sealed": sealed_verdict, "state": state_verdict, "attested": attested_verdict}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_contract_gives_the_verdict_of_every_vector_for_the_same_reason(
    name: str, on_anvil: ForeignDeployment
) -> None:
    for row in rows(name):
        wanted = None if row["valid"] else error_name(row["error"])
        assert VERDICTS[name](on_anvil, row) == wanted, row["name"]


@pytest.mark.parametrize("name", VERDICTS)
def test_another_evm_gives_the_same_verdicts(name: str, on_eth_tester: ForeignDeployment) -> None:
    # One row of each reason: the slower of the two needs seconds for all of them.
    one_of_each = {row.get("error"): row for row in rows(name)}
    assert len(one_of_each) >= 5
    for error, row in one_of_each.items():
        wanted = None if error is None else error_name(error)
        assert VERDICTS[name](on_eth_tester, row) == wanted, row["name"]


def test_a_source_may_have_the_sets_of_the_vectors_and_no_other(on_anvil: ForeignDeployment) -> None:
    for row in rows("sets"):
        refused = on_anvil.refusal(add_source(row))
        assert refused == (None if row["valid"] else error_name(row["error"])), row["name"]
        if row["valid"]:
            receipt = on_anvil.send(add_source(row))
            assert receipt["logs"][0]["data"][3 * 32 : 4 * 32] == unhex(row["setHash"]), row["name"]
            kind = foreign.ATTESTED if row["kind"] == "attested" else foreign.SEALED
            source = foreign.Source(
                31007,
                bytes(32),
                bytes(20),
                bytes(32),
                kind,
                all_unhex(row["members"]),
                tuple(row["organisations"]),
                row["threshold"],
            )
            assert receipt["logs"][0]["topics"][1] == foreign.source_id(source), row["name"]
            assert on_anvil.refusal(add_source(row)) == "SourceExists"


def add_source(row: dict) -> bytes:
    """The call as the row has it: the encoder of the product would put the members in order."""
    kind = foreign.ATTESTED if row["kind"] == "attested" else foreign.SEALED
    types = ["uint64", "bytes32", "address", "bytes32", "uint8", "address[]", "string[]", "uint256"]
    values = [31007, bytes(32), "0x" + "00" * 20, bytes(32), kind]
    return foreign_calls.ADD_SOURCE_SELECTOR + encode(
        types, [*values, row["members"], row["organisations"], row["threshold"]]
    )


def test_the_outside_headers_have_the_verdicts_stated_and_ibft2_is_refused_by_name(
    on_anvil: ForeignDeployment,
) -> None:
    told = json.loads((outside("cross-chain") / "synthetic_sealed_headers.json").read_text("utf-8"))
    trusted = all_unhex(told["trusted_validators"])
    verdicts = []
    both = told["equivocation"]
    for row in (*told["vectors"], *({**both[side], "name": both["name"], "valid": True} for side in "ab")):
        listed = all_unhex(row["validators"])
        made = {
            "header": row["header_rlp"],
            "trusted": told["trusted_validators"],
            "rotation": listed != trusted,
        }
        refused = sealed_verdict(on_anvil, made)
        if row["kind"] == "qbft":
            assert (refused is None) == row["valid"], row["name"]
            verdicts.append(refused)
        elif refused != "HeaderMixHash":
            assert refused == "Ibft2Unsupported", row["name"]
    assert verdicts.count(None) == 6
    assert set(verdicts) - {None} == {
        "SealQuorum",
        "SealTwice",
        "SealOutsider",
        "SealLength",
        "HeaderMixHash",
    }
