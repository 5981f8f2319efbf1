"""A split view shown to a real node's contract by anybody: disputed for ever, and every verifier is told."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifact import load_artifact
from ledger.chain.evm import EvmChain, connect
from ledger.chain.port import Message
from ledger.chain.transactions import SignedTransaction, contract_address, prepare
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.foreign import accepted_root_slot, disputed_slot, source_id
from ledger.core.evm.foreign_calls import encode_add_source, encode_submit_attested
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList
from ledger.errors import ChainError, RefusedError
from ledger.services.keys.keyfile import NodeKey, write_key
from ledger.services.monitoring.splitting import prove_split
from ledger.verify.fork import parse_fork
from ledger.verify.fork_report import verify_fork
from ledger.verify.fork_search import find_fork
from ledger.verify.verifier import verify_bundle
from tests.blocks import hexed
from tests.chain.anchoring import SECRET, await_inclusion
from tests.cli.running import evidence
from tests.foreign import ATTESTERS, attested_source
from tests.forks import entries, fork_of, note_of
from tests.servers import anvil
from tests.simulator import NOW, World, seed, world
from tests.trees import tree_root
from tests.verify.fork_vectors import FOLDER, call_of

CHAIN_ID = 31_002
OPERATOR = "XB chain operator"


@dataclass
class Abroad:
    """XB's chain on anvil, with the contract; and a world whose XB is that chain."""

    chain: EvmChain
    url: str
    contract: bytes
    made: World

    @property
    def trust(self) -> TrustList:
        return self.made.trust(**self.listed())

    def listed(self) -> dict[str, Any]:
        """What the trust list says of XB's chain and the contract on it."""
        source = source_id(attested_source(self.made.xa))
        return {
            "chains": [self.made.xa.trusted_chain(), self.made.xb.trusted_chain()],
            "foreign": [
                {
                    "chain": self.made.xb.chain,
                    "contract": hexed(self.contract),
                    "codeHash": hexed(load_artifact("ForeignCheckpoints").runtime_code_hash),
                    "sourceId": hexed(source),
                }
            ],
        }

    def send(self, data: bytes, to: bytes | None = None) -> bytes:
        signed = prepare(self.chain, SECRET, to=self.contract if to is None else to, data=data)
        self.chain.send_raw(signed.raw)
        assert await_inclusion(self.chain, signed.hash).status == 1
        return contract_address(signed.sender, signed.transaction.nonce)

    def accept(self) -> None:
        """Attesters carry XA's checkpoint here, as they found it on XA's chain."""
        xa, source = self.made.xa, attested_source(self.made.xa)
        root = tree_root(xa.leaves)
        block = xa.block(len(xa.entries), root)
        claim = CheckpointClaim(
            source.chain_id, source.genesis, source.anchor, xa.log_id, len(xa.entries), root,
            block["hash"], block["number"], block["time"], set_id(source.members, source.organisations, 2),
        )  # fmt: skip
        signers = sorted((seed(name) for name in ATTESTERS[:2]), key=address_of)
        signatures = [sign(secret, checkpoint_digest(claim)) for secret in signers]
        self.send(encode_add_source(source))
        self.send(
            encode_submit_attested(
                source_id(source),
                xa.log_id,
                len(xa.entries),
                root,
                block_hash=block["hash"],
                block_number=block["number"],
                block_time=block["time"],
                signatures=signatures,
                consistency=[],
            )
        )

    def part(self) -> dict[str, Any]:
        """What the contract holds now, as a part of a bundle, under the last block."""
        xa, xb = self.made.xa, self.made.xb
        size, source = len(xa.entries), source_id(attested_source(xa))
        header = self.chain.head()
        slots = (accepted_root_slot(source, xa.log_id, size), disputed_slot(xa.log_id))
        proof = self.chain.state_proof(self.contract, slots, header)
        claim = CheckpointClaim(
            xb.number, xb.genesis, self.contract, xa.log_id, size, tree_root(xa.leaves), header.hash,
            header.number, header.time, set_id([address_of(seed(OPERATOR))], [xb.operator], 1),
        )  # fmt: skip
        return {
            "chain": xb.chain,
            "source": hexed(source),
            "header": hexed(header.encoded),
            "finality": {
                "kind": "operator",
                "signature": hexed(sign(seed(OPERATOR), checkpoint_digest(claim))),
            },
            "account": [hexed(node) for node in proof.account_nodes],
            "storage": [hexed(node) for node in proof.slots[0].nodes],
            "disputed": [hexed(node) for node in proof.slots[1].nodes],
        }

    def bundle(self) -> bytes:
        sections = self.made.sections()
        sections[0]["foreign"] = [self.part()]
        return self.made.bundle(sections)


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[EvmChain, str]]:
    with anvil(chain_id=CHAIN_ID) as server:
        chain = connect(server.url, confirmations=0)
        yield chain, server.url
        chain.close()


@pytest.fixture
def abroad(node: tuple[EvmChain, str]) -> Abroad:
    chain, url = node
    made = world()
    made.xb.genesis = chain.genesis_hash
    deployed = Abroad(chain, url, b"", made)
    deployed.contract = deployed.send(load_artifact("ForeignCheckpoints").creation_code, to=b"")
    return deployed


def rewritten(made: World) -> bytes:
    """A bundle of the same matter, out of a log whose first entry is another one."""
    made.xa.entries[0] = bytes(32)
    made.xa.anchor()
    return made.bundle()


def test_a_proven_split_disputes_the_log_for_ever_and_step_8_says_so(abroad: Abroad, tmp_path: Path) -> None:
    abroad.accept()
    before = abroad.bundle()
    report = verify_bundle(before, abroad.trust, now=NOW)
    first = next(check for check in report.checks if check.step == 8)
    assert (first.outcome, first.code) == ("passed", "foreign-accepted"), first.detail
    proof = find_fork([before, rewritten(world())], trust=abroad.trust)
    assert proof is not None
    files = {"fork.json": proof, "trust.json": abroad.trust.encoded}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    key = tmp_path / "relay.key"
    write_key(key, NodeKey("relay", SECRET))
    call = (
        "fork", "prove", tmp_path / "fork.json", "--trust", tmp_path / "trust.json", "--rpc", abroad.url,
        "--contract", hexed(abroad.contract), "--key", key, "--json",
    )  # fmt: skip
    ran = evidence(*call)
    assert ran.status == 0, ran.told
    assert (ran.json["disputed"], ran.json["logId"]) == (True, hexed(abroad.made.xa.log_id))
    assert ran.json["transaction"] is not None
    # Somebody else's proof of the same costs nothing more.
    assert evidence(*call).json["transaction"] is None
    report = verify_bundle(abroad.bundle(), abroad.trust, now=NOW)
    assert (report.step(8).outcome, report.step(8).code) == ("failed", "log-disputed")
    assert report.verdict == "not verified"


def test_two_leaves_at_one_index_are_taken_by_the_contract_too(abroad: Abroad) -> None:
    proof = fork_of(entries(9, common=4), entries(13, "other", common=4), 6)
    proven = prove_split(proof, abroad.trust, abroad.chain, abroad.contract, SECRET, now=NOW, wait=_soon)
    assert proven.transaction is not None
    assert proven.log_id == abroad.made.xa.log_id


def test_a_nonce_that_another_program_with_the_same_key_takes_is_left_to_it(abroad: Abroad) -> None:
    proof = fork_of(entries(9, common=4), entries(13, "other", common=4), 6)
    prepared: list[int] = []

    def overtaken(signed: SignedTransaction) -> None:
        prepared.append(signed.transaction.nonce)
        if len(prepared) == 1:
            abroad.send(load_artifact("ForeignCheckpoints").creation_code, to=b"")

    proven = prove_split(
        proof, abroad.trust, abroad.chain, abroad.contract, SECRET,
        now=NOW, wait=_soon, before_sending=overtaken,
    )  # fmt: skip
    assert prepared == [prepared[0], prepared[0] + 1]
    assert proven.transaction is not None


def test_the_contract_says_of_every_vector_what_stands_there(abroad: Abroad) -> None:
    rows = json.loads((FOLDER / "verdicts.json").read_text("utf-8"))["rows"]
    asked = [row for row in rows if row["contract"] is not None]
    assert {row["contract"] for row in asked} == {True, False}
    for row in asked:
        call = call_of(parse_fork((FOLDER / f"{row['name']}.fork.json").read_bytes()))
        assert call is not None
        assert takes(abroad, call) == row["contract"], row["name"]
        # Where the verifier sees a split under one head key, so does the contract.
        assert row["contract"] or row["verdict"] != "split view proven"


def takes(abroad: Abroad, call: bytes) -> bool:
    try:
        abroad.chain.call(Message(address_of(SECRET), abroad.contract, call))
    except ChainError as error:
        if error.code != "chain-reverted":
            raise
        return False
    return True


def test_a_contract_that_refuses_is_quoted_by_its_error(abroad: Abroad) -> None:
    call = call_of(parse_fork((FOLDER / "consistent-pair.fork.json").read_bytes()))
    assert call is not None
    with pytest.raises(ChainError, match="contract refused: NoSplit"):
        abroad.chain.call(Message(address_of(SECRET), abroad.contract, call))


def test_what_proves_nothing_is_never_sent(abroad: Abroad) -> None:
    true, false = entries(9, common=9), entries(13, "other", common=9)
    consistent = fork_of(true, false, 6)
    with pytest.raises(RefusedError) as refused:
        prove_split(consistent, abroad.trust, abroad.chain, abroad.contract, SECRET, now=NOW, wait=_soon)
    assert refused.value.code == "fork-not-proven"


def test_another_contract_at_the_address_is_named_before_anything_is_sent(abroad: Abroad) -> None:
    anchor = abroad.send(load_artifact("CheckpointAnchor").creation_code, to=b"")
    proof = fork_of(entries(9), entries(9, "other"))
    with pytest.raises(ChainError) as refused:
        prove_split(proof, abroad.trust, abroad.chain, anchor, SECRET, now=NOW, wait=_soon)
    assert refused.value.code == "chain-wrong-contract"


def test_two_head_keys_have_no_contract_that_judges_them(abroad: Abroad) -> None:
    log = abroad.made.xa.trusted_log()
    later = {"size": 4, "root": bytes(32).hex(), "last": 3}
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": later})
    trust = abroad.made.trust(logs=[log], **abroad.listed())
    proof = find_fork([note_of(entries(9)), note_of(entries(9, "other"), head="XA head 2")], trust=trust)
    assert proof is not None
    assert verify_fork(proof, trust, now=NOW).verdict == "split view proven"
    with pytest.raises(RefusedError) as refused:
        prove_split(proof, trust, abroad.chain, abroad.contract, SECRET, now=NOW, wait=_soon)
    assert refused.value.code == "fork-two-heads"


def _soon(_: float) -> None:
    import time

    time.sleep(0.05)
