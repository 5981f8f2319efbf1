"""The anchor contract on a chain under test: what was sent, what was refused and why, what is stored."""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_tester.exceptions import TransactionFailed
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

ROOT = Path(__file__).parents[2]
ARTIFACT = json.loads(
    (ROOT / "ledger" / "chain" / "artifacts" / "CheckpointAnchor.json").read_text(encoding="utf-8")
)
VECTORS = json.loads((ROOT / "tests" / "vectors" / "contract.json").read_text(encoding="utf-8"))

# More than any anchor needs: sent with it, a refused anchor is mined as failed instead of stopped by the estimate.
GAS = 200_000
_ERRORS = {
    bytes(Web3.keccak(text=item["name"] + "()"))[:4]: item["name"]
    for item in ARTIFACT["abi"]
    if item["type"] == "error"
}


@dataclass(frozen=True, slots=True)
class Offer:
    """The arguments of one call of `anchor`."""

    origin_hash: bytes
    head_key: str
    size: int
    root: bytes
    consistency: Sequence[bytes]
    signature: bytes


def offer_of(row: dict[str, Any]) -> Offer:
    """The call a row of the vectors describes."""
    return Offer(
        bytes.fromhex(row["originHash"][2:]),
        Web3.to_checksum_address(row["headKey"]),
        row["size"],
        bytes.fromhex(row["root"][2:]),
        [bytes.fromhex(node[2:]) for node in row["consistency"]],
        bytes.fromhex(row["headSignature"][2:]),
    )


@dataclass(frozen=True, slots=True)
class Deployment:
    """One fresh CheckpointAnchor; accounts[0] deployed it."""

    name: str
    web3: Web3
    contract: Contract
    receipt: TxReceipt

    def refusal(self, offer: Offer) -> str | None:
        """The name of the error a call of `anchor` ends with, or None if it would be accepted."""
        try:
            self._call(offer).call({"from": self.web3.eth.accounts[1]})
        except ContractCustomError as refused:
            return _ERRORS[bytes.fromhex(str(refused.data)[2:])]
        except TransactionFailed as refused:
            # eth-tester puts the repr of the revert data in its message.
            return _ERRORS[ast.literal_eval(str(refused).removeprefix("execution reverted: "))]
        return None

    def send(self, offer: Offer, sender: int = 1) -> TxReceipt:
        """Mine the call, accepted or not."""
        hashed = self._call(offer).transact({"from": self.web3.eth.accounts[sender], "gas": GAS})
        return self.web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)

    def slot(self, slot: str) -> str:
        """The 32 bytes stored there, hex."""
        stored = self.web3.eth.get_storage_at(self.contract.address, int(slot, 16))
        return "0x" + bytes(stored).rjust(32, b"\0").hex()

    def head(self, log_id: bytes) -> int:
        return int(self.contract.functions.head(log_id).call())

    def root_at(self, log_id: bytes, size: int) -> bytes:
        return bytes(self.contract.functions.rootAt(log_id, size).call())

    def _call(self, offer: Offer) -> Any:
        return self.contract.functions.anchor(
            offer.origin_hash,
            offer.head_key,
            offer.size,
            offer.root,
            list(offer.consistency),
            offer.signature,
        )


def deploy(name: str, web3: Web3) -> Deployment:
    """Deploy the committed artifact."""
    factory = web3.eth.contract(abi=ARTIFACT["abi"], bytecode=ARTIFACT["bytecode"])
    hashed = factory.constructor().transact({"from": web3.eth.accounts[0]})
    receipt = web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)
    contract = web3.eth.contract(address=receipt["contractAddress"], abi=ARTIFACT["abi"])
    return Deployment(name, web3, contract, receipt)


@dataclass(frozen=True, slots=True)
class HeadKey:
    """A head key of a test, signing by eth-account's reading of EIP-712 and not by ours."""

    secret: bytes
    origin: str

    @property
    def address(self) -> str:
        return str(Account.from_key(self.secret).address)

    @property
    def origin_hash(self) -> bytes:
        return bytes(Web3.keccak(text=self.origin))

    @property
    def log_id(self) -> bytes:
        return bytes(Web3.keccak(self.origin_hash + bytes.fromhex(self.address[2:]).rjust(32, b"\0")))

    def sign(self, log_id: bytes, size: int, root: bytes) -> bytes:
        """r, s and v over EIP-712 `Head`."""
        message = encode_typed_data(
            {"name": "evidence-ledger", "version": "1"},
            {
                "Head": [
                    {"name": "logId", "type": "bytes32"},
                    {"name": "size", "type": "uint64"},
                    {"name": "root", "type": "bytes32"},
                ]
            },
            {"logId": log_id, "size": size, "root": root},
        )
        return bytes(Account.sign_message(message, self.secret).signature)

    def offer(self, size: int, root: bytes, consistency: Sequence[bytes] = ()) -> Offer:
        """A head of the own log, signed."""
        signature = self.sign(self.log_id, size, root)
        return Offer(self.origin_hash, self.address, size, root, consistency, signature)
