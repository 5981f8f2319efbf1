"""ForeignCheckpoints and the shared vectors: the same verdicts as the verifier's, for the same reasons."""

import pytest
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
    for row in rows(name):
        wanted = None if row["valid"] else error_name(row["error"])
        assert VERDICTS[name](on_eth_tester, row) == wanted, row["name"]
