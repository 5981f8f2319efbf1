"""What a chain says of a log that the log does not have counts for the signature of the log's head key alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.evm import EvmChain
from ledger.chain.several import Several
from ledger.chains import EmbeddedSettings
from ledger.core.evm import rlp, trie
from ledger.core.evm.anchor import (
    ANCHORED_TOPIC,
    encode_anchor_call,
    head_digest,
    head_slot,
    heads_in,
    root_at_slot,
)
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import sign
from ledger.errors import ChainError, LedgerError
from ledger.services.anchoring.chains import OwnChain
from ledger.services.recovery.restart import Restart
from ledger.services.recovery.sightings import Source, sources_of
from tests.sealing import replaced
from tests.services.anchoring.rigs import CODE_HASH, Rig, code_of, on_embedded, rig
from tests.simulator import seed

STATE_ROOT = 3
ROOT = bytes(range(1, 33))
"""That of no log."""


@dataclass
class Inventor:
    """A node that shows a last block of its own, whose state holds whatever head of the log it likes.

    Attributes:
        secret: Whose signature stands in the transaction that it shows; None: it shows none.
    """

    made: Rig
    size: int
    root: bytes = ROOT
    secret: bytes | None = None

    def make_request(self, method: str, params: Any) -> Any:
        answer = json.loads(json.dumps(self.made.provider.honest.make_request(method, params)))
        change = getattr(self, method, None)
        return answer if change is None else answer | {"result": change(list(params), answer.get("result"))}

    def _state(self) -> tuple[bytes, list[bytes], dict[str, list[bytes]]]:
        slots = {
            head_slot(self.made.log_id): rlp.encode(rlp.encode_integer(self.size)),
            root_at_slot(self.made.log_id, self.size): rlp.encode(self.root),
        }
        storage = {keccak256(slot): value for slot, value in slots.items()}
        nodes = {"0x" + slot.hex(): trie.root_and_proof(storage, keccak256(slot)) for slot in slots}
        (storage_root, _), *_ = nodes.values()
        account = rlp.encode((rlp.encode_integer(1), b"", storage_root, CODE_HASH))
        key = keccak256(self.made.contract)
        root, proof = trie.root_and_proof({key: account}, key)
        return root, list(proof), {slot: list(found) for slot, (_, found) in nodes.items()}

    def eth_getBlockByNumber(self, params: list[Any], block: Any) -> Any:  # noqa: N802 - the method's own name
        if params[0] != "latest":
            return block
        told = EvmChain(self.made.provider.honest, **self.made.options).head()
        root = self._state()[0]
        forged = replaced(told.encoded, {STATE_ROOT: root})
        return block | {"stateRoot": "0x" + root.hex(), "hash": "0x" + keccak256(forged).hex()}

    def eth_getProof(self, params: list[Any], _: Any) -> Any:  # noqa: N802 - likewise
        _, account, slots = self._state()
        shown = [{"proof": ["0x" + node.hex() for node in slots[slot]]} for slot in params[1]]
        return {"accountProof": ["0x" + node.hex() for node in account], "storageProof": shown}

    def eth_getLogs(self, params: list[Any], _: Any) -> Any:  # noqa: N802 - likewise
        if self.secret is None:
            return []
        event = {
            "address": "0x" + self.made.contract.hex(),
            "topics": ["0x" + one.hex() for one in (ANCHORED_TOPIC, self.made.log_id, self._word(self.size))],
            "data": "0x" + (self.root + self._word(0)).hex(),
            "blockNumber": params[0]["toBlock"],
            "blockHash": "0x" + "11" * 32,
            "transactionHash": "0x" + "22" * 32,
        }
        return [event]

    def eth_getTransactionByHash(self, _params: list[Any], _: Any) -> Any:  # noqa: N802 - likewise
        assert self.secret is not None
        signer = self.made.world.xa.signer
        signature = sign(self.secret, head_digest(self.made.log_id, self.size, self.root))
        data = encode_anchor_call(signer.origin, signer.head_address, self.size, self.root, (), signature)
        return {"input": "0x" + data.hex(), "hash": "0x" + "22" * 32}

    def _word(self, value: int) -> bytes:
        return value.to_bytes(32, "big")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with on_embedded(tmp_path_factory.mktemp("shown")) as found:
        found.grow(5)
        found.settle()
        yield found


def asked(made: Rig, *nodes: Any) -> tuple[Restart, OwnChain, list[Source]]:
    """What a start asks of a chain that is seen through `nodes`."""
    chains = [EvmChain(one, name=f"node {n}", **made.options) for n, one in enumerate(nodes)]
    chain = chains[0] if len(chains) == 1 else Several(chains, [f"node {n}" for n in range(len(chains))])
    own = OwnChain(EmbeddedSettings(id=made.options["chain_id"]), chain, contract=made.contract)
    sources = sources_of(
        made.world.xa.signer,
        witnesses=(),
        cosignatures=None,
        chains=[own],
        log=made.log,
        anchors=made.anchors,
    )
    return Restart(made.log, lambda: sources, patience=5.0), own, sources


def code(error: LedgerError | None) -> str | None:
    return None if error is None else error.code


@pytest.mark.parametrize("secret", [None, seed("outsider")], ids=["shown nothing", "signed by somebody else"])
@pytest.mark.parametrize("size", [9, 3], ids=["larger", "another root"])
def test_a_node_that_invents_a_head_counts_as_silent_and_is_named(
    made: Rig, secret: bytes | None, size: int
) -> None:
    restart, own, sources = asked(made, Inventor(made, size, secret=secret))
    found = restart.may_sign()
    assert code(found) == "restart-unproven"
    assert "anchor-unsigned" in [code(one.error) for one in sources]
    assert code(own.doubt) == "anchor-unsigned"
    assert f"size {size} with root {ROOT.hex()}" in str(found)
    restart.close()


def test_another_node_of_the_chain_is_asked_where_one_invents_a_head(made: Rig) -> None:
    restart, own, sources = asked(made, Inventor(made, 9), made.provider.honest)
    assert restart.may_sign() is None
    names = [f"chain {own.name} through node {n}" for n in range(2)]
    assert [(one.name, one.answered) for one in sources] == [(names[0], False), (names[1], True)]
    assert code(own.doubt) == "anchor-unsigned"
    restart.close()


@pytest.mark.parametrize(("size", "expected"), [(9, "log-rolled-back"), (3, "log-rewritten")])
def test_a_head_that_the_logs_own_key_signed_stops_a_start_whoever_shows_it(
    made: Rig, size: int, expected: str
) -> None:
    shown = Inventor(made, size, secret=seed(made.world.xa.head_name))
    restart, own, _ = asked(made, made.provider.honest, shown)
    assert code(restart.may_sign()) == expected
    assert own.doubt is None
    restart.close()


def test_what_the_log_has_needs_no_search(made: Rig) -> None:
    asked_before = len(made.provider.asked)
    restart, own, _ = asked(made, made.provider)
    assert restart.may_sign() is None
    assert own.doubt is None
    assert "eth_getLogs" not in made.provider.asked[asked_before:]


def test_a_database_put_back_is_found_by_the_true_transaction(made: Rig, tmp_path: Path) -> None:
    with rig(tmp_path / "older", made.provider.honest, **made.options) as older:
        older.contract = made.contract
        older.grow(3)
        restart, _, _ = asked(older, made.provider.honest)
        found = restart.may_sign()
        assert code(found) == "log-rolled-back"
        assert f"size 5 with root {made.log.root_at(5).hex()}" in str(found)


def test_an_anchorer_says_so_and_asks_another_node_next(made: Rig) -> None:
    made.grow(1)
    nodes = [
        EvmChain(one, name=name, **made.options)
        for one, name in (
            (Inventor(made, 99), "liar"),
            (made.provider.honest, "a"),
            (made.provider.honest, "b"),
        )
    ]
    anchorer = made.anchorer(chain=Several(nodes, ["liar", "a", "b"]))
    assert code_of(lambda: made.tick(anchorer)) == "anchor-unsigned"
    made.tick(anchorer)
    assert [one.row.size for one in made.anchors.pending()] == [6]
    made.settle()


def test_the_signature_is_found_in_a_call_of_whatever_called_the_contract(made: Rig) -> None:
    data = made.call_data(5, 0)
    wrapped = b"\x01\x02\x03\x04" + bytes(32) + data + bytes(20)
    (plain,), (inside,) = list(heads_in(data)), list(heads_in(wrapped))
    assert plain == inside
    assert (plain.size, plain.root) == (5, made.log.root_at(5))
    assert list(heads_in(data[:-40])) == []
    assert list(heads_in(b"")) == []


def test_what_a_node_says_of_another_transaction_is_no_call_data(made: Rig) -> None:
    other = EvmChain(Inventor(made, 9, secret=seed("outsider")), **made.options)
    with pytest.raises(ChainError) as refused:
        other.call_data(bytes(32))
    assert refused.value.code == "chain-answer-invalid"
    assert EvmChain(made.provider.honest, **made.options).call_data(bytes(32)) is None
