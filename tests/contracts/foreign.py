"""ForeignCheckpoints on a chain under test: raw call data in, the name of an error or the answer out."""

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_tester.exceptions import TransactionFailed
from web3 import Web3
from web3.types import TxReceipt

from ledger.core.evm import foreign, foreign_calls

ROOT = Path(__file__).parents[2]
ARTIFACT: dict[str, Any] = json.loads(
    (ROOT / "ledger" / "chain" / "artifacts" / "ForeignCheckpoints.json").read_text(encoding="utf-8")
)
CROSS_CHAIN = ROOT / "tests" / "vectors" / "cross_chain"
ERRORS: Mapping[bytes, str] = {
    bytes(Web3.keccak(text=item["name"] + "()"))[:4]: item["name"]
    for item in ARTIFACT["abi"]
    if item["type"] == "error"
}
GENESIS = bytes(Web3.keccak(text="genesis"))
GAS = 6_000_000


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a file of vectors, which has good and bad ones."""
    found: list[dict[str, Any]] = json.loads((CROSS_CHAIN / f"{name}.json").read_text("utf-8"))["rows"]
    assert {row["valid"] for row in found} == {True, False}
    return found


def error_name(code: str) -> str:
    """`seal-quorum` is `SealQuorum` in the contract."""
    return "".join(word.capitalize() for word in code.split("-"))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def all_unhex(texts: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(map(unhex, texts))


class RevertError(Exception):
    """The contract reverted; the text is the name of its error, or the revert data if it has none."""


@dataclass(frozen=True, slots=True)
class ForeignDeployment:
    """A ForeignCheckpoints; anybody may send it anything."""

    name: str
    web3: Web3
    address: str
    gas_used: int
    added: set[bytes] = field(default_factory=set)

    def ask(self, data: bytes, sender: int = 0) -> bytes:
        """The answer to a call that is not mined.

        Raises:
            RevertError: It would revert.
        """
        call = {"from": self.web3.eth.accounts[sender], "to": self.address, "data": "0x" + data.hex()}
        try:
            answer = self.web3.provider.make_request("eth_call", [call, "latest"])
        except TransactionFailed as refused:
            # eth-tester puts the repr of the revert data in its message.
            raise RevertError(
                _named(ast.literal_eval(str(refused).removeprefix("execution reverted: ")))
            ) from None
        if "error" in answer:
            raise RevertError(_named(unhex(str(answer["error"].get("data", "")))))
        return unhex(answer["result"])

    def refusal(self, data: bytes) -> str | None:
        """The name of the error that a call ends with; None if it would be accepted."""
        try:
            self.ask(data)
        except RevertError as refused:
            return str(refused)
        return None

    def refusals(self, calls: Sequence[bytes]) -> list[str | None]:
        """`refusal` of each of many calls, asked in one request; anvil's answers only."""
        sender = self.web3.eth.accounts[0]
        requests = [
            ("eth_call", [{"from": sender, "to": self.address, "data": "0x" + data.hex()}, "latest"])
            for data in calls
        ]
        answers = self.web3.provider.make_batch_request(requests)
        assert isinstance(answers, list)
        return [
            _named(unhex(str(answer["error"].get("data", "")))) if "error" in answer else None
            for answer in answers
        ]

    def send(self, data: bytes, sender: int = 1) -> TxReceipt:
        """Mine the call, accepted or not."""
        hashed = self.web3.eth.send_transaction(
            {"from": self.web3.eth.accounts[sender], "to": self.address, "data": data, "gas": GAS}
        )
        return self.web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)

    def add(self, source: foreign.Source) -> bytes:
        """The id of a source, which is added unless it was before."""
        source_id = foreign.source_id(source)
        if source_id not in self.added:
            assert self.send(foreign_calls.encode_add_source(source))["status"] == 1
            self.added.add(source_id)
        return source_id

    def root_at(self, source_id: bytes, log_id: bytes, size: int) -> bytes:
        return self.ask(foreign_calls.encode_root_at(source_id, log_id, size))

    def head(self, source_id: bytes, log_id: bytes) -> int:
        return int.from_bytes(self.ask(foreign_calls.encode_head(source_id, log_id)), "big")

    def disputed(self, log_id: bytes) -> bool:
        return bool(int.from_bytes(self.ask(foreign_calls.encode_disputed(log_id)), "big"))


def _named(data: bytes) -> str:
    return ERRORS.get(data, "0x" + data.hex())


def deploy_foreign(name: str, web3: Web3) -> ForeignDeployment:
    """Deploy the committed artifact."""
    factory = web3.eth.contract(abi=ARTIFACT["abi"], bytecode=ARTIFACT["bytecode"])
    hashed = factory.constructor().transact({"from": web3.eth.accounts[0]})
    receipt = web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)
    return ForeignDeployment(name, web3, receipt["contractAddress"], receipt["gasUsed"])


def sealed_source(
    validators: Sequence[bytes],
    anchor: bytes = b"\xa1" * 20,
    code_hash: bytes = bytes(32),
    chain_id: int = 31001,
) -> foreign.Source:
    """A source that QBFT validators seal."""
    quorum = -(-2 * len(validators) // 3)
    return foreign.Source(
        chain_id, GENESIS, anchor, code_hash, foreign.SEALED, tuple(sorted(validators)), (), quorum
    )
