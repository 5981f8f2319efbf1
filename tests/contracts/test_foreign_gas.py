"""What ForeignCheckpoints costs: whole transactions on anvil."""

import hashlib

import pytest
from web3 import Web3

from ledger.core.evm import anchor, foreign, foreign_calls
from ledger.core.secp256k1 import address_of, sign
from tests.contracts import trees
from tests.contracts.foreign import (
    ARTIFACT,
    GENESIS,
    ForeignDeployment,
    all_unhex,
    deploy_foreign,
    rows,
    sealed_source,
    unhex,
)

ANCHOR = b"\xa1" * 20
SECRETS = sorted((bytes(Web3.keccak(text=f"attester {n}")) for n in range(5)), key=address_of)
SOURCE = foreign.Source(
    31001,
    GENESIS,
    ANCHOR,
    bytes(32),
    foreign.ATTESTED,
    tuple(map(address_of, SECRETS)),
    tuple(f"did:web:attester-{n}.example.xb" for n in range(5)),
    4,
)
LOG = bytes(Web3.keccak(text="log"))


@pytest.fixture(scope="module")
def deployed(anvil_web3: Web3) -> ForeignDeployment:
    return deploy_foreign("anvil", anvil_web3)


def attested(source_id: bytes, log_id: bytes, size: int, root: bytes, path: list[bytes]) -> bytes:
    block = bytes(Web3.keccak(text="block"))
    set_id = foreign.set_hash(SOURCE.members, SOURCE.organisations, SOURCE.threshold)
    claim = anchor.CheckpointClaim(
        31001, GENESIS, ANCHOR, log_id, size, root, block, 1204, 1795305612, set_id
    )
    digest = anchor.checkpoint_digest(claim)
    return foreign_calls.encode_submit_attested(
        source_id,
        log_id,
        size,
        root,
        block_hash=block,
        block_number=1204,
        block_time=1795305612,
        signatures=[sign(secret, digest) for secret in SECRETS[:4]],
        consistency=path,
    )


def test_submit_attested_by_four_of_five_stays_within_its_goal(deployed: ForeignDeployment) -> None:
    source_id = deployed.add(SOURCE)
    hashes = trees.leaves(1500)
    first = deployed.send(attested(source_id, LOG, 700, trees.root(hashes[:700]), []))
    path = trees.consistency(700, hashes)
    later = deployed.send(attested(source_id, LOG, 1500, trees.root(hashes), path))
    assert (first["status"], later["status"], len(path)) == (1, 1, 10)
    assert first["gasUsed"] <= 120_000
    assert later["gasUsed"] <= 145_000


def test_submit_sealed_by_three_of_four_stays_within_its_goal(deployed: ForeignDeployment) -> None:
    row = next(row for row in rows("state") if row["valid"])
    source = sealed_source(all_unhex(row["trusted"]), unhex(row["anchor"]), unhex(row["codeHash"]))
    call = foreign_calls.encode_submit_sealed(
        deployed.add(source),
        unhex(row["logId"]),
        row["size"],
        header=unhex(row["header"]),
        account=all_unhex(row["account"]),
        storage=all_unhex(row["storage"]),
        consistency=[],
    )
    receipt = deployed.send(call)
    assert (receipt["status"], len(row["trusted"])) == (1, 4)
    assert receipt["gasUsed"] <= 300_000


def test_verify_inclusion_at_depth_20_stays_within_its_goal(deployed: ForeignDeployment) -> None:
    entry, index, size = bytes(Web3.keccak(text="entry")), 0xAAAAA, 1 << 20
    path = [bytes(Web3.keccak(text=f"node {level}")) for level in range(20)]
    root = hashlib.sha256(b"\0" + entry).digest()
    for level, sibling in enumerate(path):
        pair = sibling + root if index >> level & 1 else root + sibling
        root = hashlib.sha256(b"\1" + pair).digest()
    source_id, log_id = deployed.add(SOURCE), bytes(Web3.keccak(text="a deep log"))
    assert deployed.send(attested(source_id, log_id, size, root, []))["status"] == 1

    question = foreign_calls.encode_verify_inclusion(source_id, log_id, size, entry, index, path)
    assert foreign_calls.decode_verdict(deployed.ask(question)) == (True, foreign.ATTESTED, False)
    assert deployed.send(question)["gasUsed"] <= 55_000


def test_the_code_fits_a_chain_and_is_deployed_within_a_block(deployed: ForeignDeployment) -> None:
    assert len(unhex(ARTIFACT["runtimeBytecode"])) <= 24_576
    assert deployed.gas_used <= 5_000_000
