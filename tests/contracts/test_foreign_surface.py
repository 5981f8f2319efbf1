"""What ForeignCheckpoints is made of, and that nobody can undo by it what was accepted or proven."""

import dataclasses
import random
from typing import Any

import pytest
from eth_abi import encode
from web3 import Web3

from ledger.chain.artifact import load_artifact
from ledger.core.evm import anchor, foreign, foreign_calls
from ledger.core.secp256k1 import address_of, sign
from tests.contracts import trees
from tests.contracts.foreign import ARTIFACT, GENESIS, ForeignDeployment, deploy_foreign, sealed_source, unhex

SECRETS = sorted((bytes(Web3.keccak(text=f"attester {n}")) for n in range(3)), key=address_of)
VALIDATORS = sorted((bytes(Web3.keccak(text=f"validator {n}")) for n in range(4)), key=address_of)
HEAD_KEY = bytes(Web3.keccak(text="head key of a test"))
ORIGIN = "registry.example.xa/XA/2026"
LOG = anchor.log_id(ORIGIN, address_of(HEAD_KEY))
SOURCE = foreign.Source(
    31001,
    GENESIS,
    b"\xa1" * 20,
    bytes(32),
    foreign.ATTESTED,
    tuple(map(address_of, SECRETS)),
    tuple(f"did:web:attester-{n}.example.xb" for n in range(3)),
    2,
)
HASHES = trees.leaves(9)
FUNCTIONS = [item for item in ARTIFACT["abi"] if item["type"] == "function"]
ROLES = {
    "who deployed it": None,
    "the head key": HEAD_KEY,
    "an attester": SECRETS[0],
    "a validator": VALIDATORS[0],
    "a stranger": bytes(Web3.keccak(text="stranger")),
    "the contract itself": b"",
}


def submission(source_id: bytes, size: int, path: list[bytes]) -> bytes:
    root = trees.root(HASHES[:size])
    set_id = foreign.set_hash(SOURCE.members, SOURCE.organisations, SOURCE.threshold)
    claim = anchor.CheckpointClaim(31001, GENESIS, b"\xa1" * 20, LOG, size, root, bytes(32), 7, 8, set_id)
    signatures = [sign(secret, anchor.checkpoint_digest(claim)) for secret in SECRETS]
    return foreign_calls.encode_submit_attested(
        source_id,
        LOG,
        size,
        root,
        block_hash=bytes(32),
        block_number=7,
        block_time=8,
        signatures=signatures,
        consistency=path,
    )


def split(root: bytes) -> bytes:
    """Two signed heads of size 9, of which one has another root."""
    heads = [
        foreign_calls.SignedHead(9, one, sign(HEAD_KEY, anchor.head_digest(LOG, 9, one)))
        for one in (trees.root(HASHES), root)
    ]
    return foreign_calls.encode_prove_split(ORIGIN, address_of(HEAD_KEY), (heads[0], heads[1]))


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """A deployment that accepted two sizes of a log, which was disputed afterwards."""

    deployed: ForeignDeployment
    source_id: bytes

    def state(self) -> list[Any]:
        ask = self.deployed
        return [
            [ask.root_at(self.source_id, LOG, size) for size in range(11)],
            ask.head(self.source_id, LOG),
            ask.disputed(LOG),
            ask.ask(foreign_calls.encode_source(self.source_id)),
        ]


@pytest.fixture(scope="module")
def settled(anvil_web3: Web3) -> Settled:
    deployed = deploy_foreign("anvil", anvil_web3)
    source_id = deployed.add(SOURCE)
    assert deployed.send(submission(source_id, 5, []))["status"] == 1
    assert deployed.send(submission(source_id, 9, trees.consistency(5, HASHES)))["status"] == 1
    assert not deployed.disputed(LOG)
    assert deployed.send(split(b"\x01" * 32))["status"] == 1
    return Settled(deployed, source_id)


def test_what_was_accepted_is_told_with_the_dispute_beside_it(settled: Settled) -> None:
    roots, head, disputed, _ = settled.state()
    assert roots == [trees.root(HASHES[:size]) if size in (5, 9) else bytes(32) for size in range(11)]
    assert (head, disputed) == (9, True)
    question = foreign_calls.encode_verify_inclusion(settled.source_id, LOG, 9, bytes(32), 0, [])
    assert foreign_calls.decode_verdict(settled.deployed.ask(question)) == (False, 0, True)


def likely(kind: str, chance: random.Random, source_id: bytes) -> Any:
    """A value of an ABI type, one that means something where there is one."""
    if kind.endswith("[]"):
        return [likely(kind[:-2], chance, source_id) for _ in range(chance.randrange(3))]
    root = trees.root(HASHES)
    known: dict[str, list[Any]] = {
        "bytes32": [source_id, LOG, bytes(32), root, anchor.origin_hash(ORIGIN), chance.randbytes(32)],
        "address": [
            "0x" + one.hex() for one in (address_of(HEAD_KEY), *SOURCE.members, chance.randbytes(20))
        ],
        "bytes": [chance.randbytes(65 * count) for count in range(3)],
        "string": list(SOURCE.organisations),
        "tuple": [(9, root, sign(HEAD_KEY, anchor.head_digest(LOG, 9, root)))],
    }
    return chance.choice(known.get(kind) or [0, 1, 2, 5, 9, 10, (1 << int(kind.removeprefix("uint"))) - 1])


def types(function: dict[str, Any]) -> list[str]:
    return [
        "(uint64,bytes32,bytes)" if argument["type"] == "tuple" else argument["type"]
        for argument in function["inputs"]
    ]


@pytest.mark.parametrize("role", ROLES)
def test_no_function_changes_or_removes_what_was_accepted_whoever_calls_it(
    role: str, settled: Settled
) -> None:
    deployed, before, chance = settled.deployed, settled.state(), random.Random(role)
    web3, secret = deployed.web3, ROLES[role]
    sender = Web3.to_checksum_address(deployed.address) if secret == b"" else web3.eth.accounts[0]
    if secret:
        sender = Web3.to_checksum_address(address_of(secret))
    for method, arguments in (
        ("anvil_impersonateAccount", [sender]),
        ("anvil_setBalance", [sender, hex(10**21)]),
    ):
        assert "error" not in web3.provider.make_request(method, arguments)
    nonce = web3.eth.get_transaction_count(sender)
    calls = [submission(settled.source_id, size, []) for size in (5, 9)]
    calls.append(submission(settled.source_id, 5, trees.consistency(5, HASHES)))
    calls.extend([split(b"\x02" * 32), split(trees.root(HASHES)), b"", b"\xff" * 4])
    for function in FUNCTIONS:
        signature = f"{function['name']}({','.join(types(function))})"
        for _ in range(2):
            values = [likely(argument["type"], chance, settled.source_id) for argument in function["inputs"]]
            calls.append(bytes(Web3.keccak(text=signature))[:4] + encode(types(function), values))
    for data in calls:
        call = {"from": sender, "to": deployed.address, "data": "0x" + data.hex(), "gas": hex(2_000_000)}
        sent = web3.provider.make_request("eth_sendTransaction", [call])
        assert "result" in sent, sent
    # Mined in the order of the sender's nonces, so with the last all are.
    web3.eth.wait_for_transaction_receipt(sent["result"], timeout=60, poll_latency=0.01)
    assert web3.eth.get_transaction_count(sender) - nonce == len(calls)
    assert settled.state() == before


def test_the_functions_that_change_anything_are_those_six_and_none_takes_ether(settled: Settled) -> None:
    changing = {item["name"] for item in FUNCTIONS if item["stateMutability"] != "view"}
    assert changing == {
        "addSource",
        "submitSealed",
        "submitAttested",
        "rotateSealed",
        "rotateAttested",
        "proveSplit",
    }
    # No constructor, fallback or receive: those would be items of their own.
    assert {item["type"] for item in ARTIFACT["abi"]} == {"function", "event", "error"}
    assert {item["stateMutability"] for item in FUNCTIONS} == {"view", "nonpayable"}
    web3 = settled.deployed.web3
    payment = {"from": web3.eth.accounts[0], "to": settled.deployed.address, "value": 1, "gas": 100_000}
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(payment), poll_latency=0.01)
    assert receipt["status"] == 0


def test_the_code_calls_nobody_but_the_two_hash_and_recover_precompiles() -> None:
    forbidden = {0xF0: "CREATE", 0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xF5: "CREATE2"}
    forbidden[0xFF] = "SELFDESTRUCT"
    found = opcodes(unhex(ARTIFACT["runtimeBytecode"]))
    assert not {forbidden[op] for op in found if op in forbidden}
    assert {0x54, 0x55} <= set(found), "the reader lost its place"


def opcodes(code: bytes) -> list[int]:
    """The opcodes of runtime code, without the data of pushes."""
    found, at = [], 0
    while at < len(code):
        found.append(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found


def test_the_deployed_code_is_that_of_the_artifact(settled: Settled) -> None:
    code = bytes(settled.deployed.web3.eth.get_code(Web3.to_checksum_address(settled.deployed.address)))
    artifact = load_artifact("ForeignCheckpoints")
    assert code == artifact.runtime_code == unhex(ARTIFACT["runtimeBytecode"])
    assert bytes(Web3.keccak(code)) == artifact.runtime_code_hash
    assert load_artifact().contract == "CheckpointAnchor"


def test_the_storage_is_where_proofs_look_for_it(settled: Settled) -> None:
    assert ARTIFACT["storage"] == {"rootAt": 0, "head": 1, "disputed": 2, "sources": 3, "_attesters": 4}
    web3, address = settled.deployed.web3, Web3.to_checksum_address(settled.deployed.address)
    slots = {
        foreign.accepted_root_slot(settled.source_id, LOG, 9): trees.root(HASHES),
        foreign.foreign_head_slot(settled.source_id, LOG): (9).to_bytes(32, "big"),
        foreign.disputed_slot(LOG): (1).to_bytes(32, "big"),
    }
    for slot, value in slots.items():
        assert bytes(web3.eth.get_storage_at(address, int.from_bytes(slot, "big"))).rjust(32, b"\0") == value


def test_sources_are_told_as_they_were_added(settled: Settled) -> None:
    sealed = sealed_source([address_of(secret) for secret in VALIDATORS], chain_id=31002)
    contract = settled.deployed.web3.eth.contract(
        address=Web3.to_checksum_address(settled.deployed.address), abi=ARTIFACT["abi"]
    )
    told = contract.functions.sources(settled.deployed.add(sealed)).call()
    anchor_ = Web3.to_checksum_address(b"\xa1" * 20)
    set_hash = foreign.validator_set_hash(sealed.members)
    assert told == [31002, anchor_, foreign.SEALED, 4, 3, 0, 0, GENESIS, bytes(32), set_hash]
