"""What is never anchored and never believed: wrong chains, lying nodes, logs that are not the one on the chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.chain.evm import EvmChain
from ledger.chain.transactions import prepare
from ledger.core.evm.anchor import encode_anchor_call, head_digest, log_id
from ledger.core.secp256k1 import Account, address_of, sign
from ledger.errors import ChainError, SignatureError, StoreError
from tests.chain.anchoring import SECRET
from tests.services.anchoring.rigs import (
    OTHER,
    Rig,
    code_of,
    rig,
)
from tests.simulator import seed
from tests.store.conftest import make_statements

# The wrong chain


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_id": 5}, "chain-wrong-id"),
        ({"genesis_hash": bytes(32)}, "chain-wrong-genesis"),
    ],
)
def test_another_chain_gets_no_signature(any_rig: Rig, changes: dict[str, object], code: str) -> None:
    any_rig.grow(3)
    wrong = any_rig.anchorer(chain=any_rig.chain(**changes))
    assert code_of(lambda: any_rig.tick(wrong)) == code
    assert any_rig.anchors.every_intent() == []
    assert any_rig.provider.sent == 0


@pytest.mark.parametrize("address", [bytes([9]) * 20, address_of(SECRET)])
def test_an_address_without_the_contract_gets_no_signature(any_rig: Rig, address: bytes) -> None:
    any_rig.grow(3)
    assert code_of(lambda: any_rig.tick(any_rig.anchorer(contract=address))) == "chain-wrong-contract"
    other_code = any_rig.anchorer(code_hash=bytes([1]) * 32)
    assert code_of(lambda: any_rig.tick(other_code)) == "chain-wrong-contract"
    assert any_rig.anchors.every_intent() == []
    assert any_rig.provider.sent == 0


def test_a_node_that_turns_to_another_chain_takes_no_evidence_away(dev: Rig) -> None:
    dev.grow(3)
    dev.settle()
    anchorer = dev.anchorer()
    dev.tick(anchorer)
    dev.provider.tamper = lambda method, _params, answer: (
        answer | {"result": "0x5"} if method == "eth_chainId" else answer
    )
    assert code_of(lambda: dev.tick(anchorer)) == "chain-wrong-id"
    assert [one.size for one in dev.evidence()] == [3]


def test_a_dead_node_changes_nothing(dev: Rig) -> None:
    dev.grow(3)
    dev.settle()
    dev.grow(2)

    def dead(_count: int, _method: str) -> None:
        raise OSError("connection refused")

    dev.provider.before = dead
    assert code_of(dev.tick) == "chain-unavailable"
    assert [one.size for one in dev.evidence()] == [3]
    assert len(dev.anchors.every_intent()) == 1
    dev.provider.before = lambda _count, _method: None
    dev.settle()
    assert dev.announced() == [3, 5]


LIES = {
    "head": ("eth_getBlockByNumber", lambda r: r | {"stateRoot": "0x" + "11" * 32}),
    "proof": ("eth_getProof", lambda r: r | {"accountProof": r["accountProof"][:-1]}),
    "storage": (
        "eth_getProof",
        lambda r: r | {"storageProof": [one | {"proof": []} for one in r["storageProof"]]},
    ),
    "receipt": ("eth_getTransactionReceipt", lambda r: r and r | {"status": "0x0", "logs": []}),
    "receipts": (
        "eth_getBlockReceipts",
        lambda r: [one | {"status": "0x1", "logs": []} for one in r],
    ),
    "nothing sent": ("eth_sendRawTransaction", lambda _: "0x" + "77" * 32),
    "id": ("eth_chainId", lambda _: "0x1"),
    "null": ("eth_getProof", lambda _: None),
    "events": ("eth_getLogs", lambda r: [one | {"transactionHash": "0x" + "33" * 32} for one in r]),
    "no events": ("eth_getLogs", lambda _: []),
    "nonce": ("eth_getTransactionCount", lambda _: "0xffff"),
    "gas": ("eth_estimateGas", lambda _: "0x1"),
    "tip": ("eth_maxPriorityFeePerGas", lambda _: hex(10**15)),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_makes_no_false_evidence_and_no_second_anchor(dev: Rig, name: str) -> None:
    method, change = LIES[name]
    dev.fund(OTHER)
    dev.grow(2)
    dev.somebody_anchors(2)
    dev.grow(3)
    dev.provider.tamper = lambda asked, _params, answer: (
        answer | {"result": change(answer["result"])} if asked == method and "result" in answer else answer
    )
    for _ in range(3):
        try:
            dev.tick()
        except ChainError:
            continue
    lied = {one.size for one in dev.evidence()}
    dev.provider.tamper = lambda _method, _params, answer: answer
    assert lied <= set(dev.announced())
    dev.settle()
    assert dev.announced() == [2, 5]
    assert dev.ours_mined() == [5]
    assert {one.size for one in dev.evidence()} >= {5}


# A log that is not the one on the chain


def test_a_log_restored_from_an_older_state_signs_nothing(dev: Rig, tmp_path: Path) -> None:
    dev.grow(5)
    dev.settle()
    with rig(tmp_path / "restored", dev.provider.honest, **dev.options) as older:
        older.contract = dev.contract
        older.grow(3)
        with pytest.raises(StoreError) as refused:
            older.tick()
        assert refused.value.code == "log-behind-chain"
        assert older.anchors.every_intent() == []
        assert older.evidence() == []
        assert older.provider.sent == 0


def test_a_journal_lost_is_made_again_from_the_chain(dev: Rig, tmp_path: Path) -> None:
    for count in (2, 3):
        dev.grow(count)
        dev.settle()
    with rig(tmp_path / "restored", dev.provider.honest, **dev.options) as other:
        other.contract = dev.contract
        other.grow(2)
        other.grow(3)
        other.settle()
        assert [one.size for one in other.evidence()] == [2, 5]
        assert other.provider.sent == 0


@contextmanager
def rewritten(dev: Rig, folder: Path) -> Iterator[Rig]:
    """The same log with its first leaf changed, signed with the true keys."""
    with rig(folder, dev.provider.honest, **dev.options) as made:
        made.contract = dev.contract
        made.log.append([*make_statements([999]), *make_statements(range(1, dev.log.head.size))])
        made.sign()
        yield made


def test_a_log_that_was_rebuilt_without_the_checkpoint_that_was_anchored_goes_on(
    dev: Rig, tmp_path: Path
) -> None:
    dev.grow(5)
    dev.settle()
    with rig(tmp_path / "rebuilt", dev.provider.honest, **dev.options) as rebuilt:
        rebuilt.contract = dev.contract
        rebuilt.grow(8)
        assert rebuilt.checkpoints.at(5) is None
        rebuilt.settle()
        assert rebuilt.announced() == [5, 8]


@pytest.mark.parametrize("more", [0, 4])
def test_a_rewritten_log_cannot_be_anchored(any_rig: Rig, tmp_path: Path, more: int) -> None:
    any_rig.grow(5)
    any_rig.settle()
    with rewritten(any_rig, tmp_path / "rewritten") as forged:
        assert forged.log.head.root != any_rig.log.head.root
        if more:
            forged.grow(more)
        assert code_of(forged.tick) == "anchor-contradiction"
        assert forged.anchors.every_intent() == []
        assert forged.provider.sent == 0
    assert any_rig.announced() == [5]


def test_a_rewritten_log_that_forgot_its_journal_and_its_checkpoint_cannot_either(
    dev: Rig, tmp_path: Path
) -> None:
    dev.grow(5)
    dev.settle()
    with rewritten(dev, tmp_path / "rewritten") as forged:
        size = forged.grow(3)
        forged.checkpoints.at = lambda wanted: (  # type: ignore[method-assign]  # a stand-in
            None
            if wanted == 5
            else forged.checkpoints._one(
                "SELECT size, note, signed_at FROM checkpoint WHERE size = ?", (wanted,)
            )
        )
        assert code_of(forged.tick) == "log-behind-chain"
        chain = EvmChain(dev.provider.honest, **dev.options)
        with pytest.raises(ChainError) as refused:
            prepare(chain, SECRET, to=dev.contract, data=forged.call_data(size, 5))
        assert refused.value.code == "chain-reverted"
        assert "BadProof" in str(refused.value)


def test_an_outsiders_leaf_cannot_be_anchored(any_rig: Rig, tmp_path: Path) -> None:
    any_rig.grow(5)
    any_rig.settle()
    true = any_rig.world.xa.signer
    with rig(tmp_path / "outside", any_rig.provider.honest, **any_rig.options) as outside:
        outside.contract = any_rig.contract
        outside.grow(5)
        outside.log.append(make_statements([777]))
        head = outside.log.head
        outside.sign(head=Account(seed("outsider")))
        with pytest.raises(SignatureError):  # no line of the log's head key
            outside.tick()
        assert outside.anchors.every_intent() == []
        # Claiming the log's head key over the outsider's signature is the contract's to refuse.
        signature = sign(seed("outsider"), head_digest(any_rig.log_id, head.size, head.root))
        data = encode_anchor_call(
            true.origin,
            true.head_address,
            head.size,
            head.root,
            outside.log.consistency_path(5, 6),
            signature,
        )
        with pytest.raises(ChainError) as refused:
            prepare(outside.chain(), SECRET, to=any_rig.contract, data=data)
        assert "BadSignature" in str(refused.value)
    assert any_rig.announced() == [5]
    any_rig.grow(2)
    any_rig.settle()
    assert any_rig.announced() == [5, 7]


def test_a_squatted_origin_is_another_log(dev: Rig, tmp_path: Path) -> None:
    origin, thief = dev.world.xa.origin, seed("thief")
    with rig(tmp_path / "thief", dev.provider.honest, **dev.options) as squatter:
        squatter.contract = dev.contract
        squatter.log.append(make_statements([777]))
        squatter.sign(head=Account(thief))
        squatter.tick(squatter.anchorer(head_address=address_of(thief)))
        stolen = log_id(origin, address_of(thief))
        assert [event.size for event in squatter.chain().anchored(dev.contract, stolen)] == [1]
    assert dev.announced() == []
    dev.grow(3)
    dev.settle()
    assert dev.announced() == [3]
