"""The contract for foreign checkpoints on the own chain, as the chain proves its storage after one block.

Nothing here is believed for being answered: values are proven under the state root of the header given, and the
contract's account has the required code.  How often a set was changed is the nodes' word: a wrong number leads to a
transaction that the contract refuses, and to nothing else.

Source: docs/spec/foreign-checkpoints.md.
"""

from typing import Final, NamedTuple

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain, Message, StateProof
from ledger.core.evm import foreign
from ledger.core.evm.account import Account
from ledger.core.evm.foreign_calls import encode_source
from ledger.core.evm.header import Header
from ledger.core.keccak import keccak256
from ledger.errors import ChainError

ARTIFACT: Final = "ForeignCheckpoints"
_NOBODY: Final = bytes(20)
_SOURCES, _SET_HASH = 3, 4
"""Slot of the sources; within one, the word of its set."""
_MEMBERS, _EPOCH = 10, 5
"""Members of a source as the contract's getter gives them, and which of them counts its changes."""
_WORD: Final = 32


class Held(NamedTuple):
    """A checkpoint's slot after one block: its root (zeros where none is accepted) and whether the log is disputed."""

    proof: StateProof
    root: bytes
    disputed: bool


class ForeignContract:
    """The contract at `address` on `chain`."""

    def __init__(self, chain: Chain, address: bytes, code_hash: bytes | None = None) -> None:
        self._chain = chain
        self.address = address
        self.code_hash = load_artifact(ARTIFACT).runtime_code_hash if code_hash is None else code_hash

    @property
    def target(self) -> str:
        """CAIP-10 name."""
        return f"eip155:{self._chain.chain_id}:0x{self.address.hex()}"

    def head(self, source_id: bytes, log_id: bytes, header: Header) -> int:
        """The largest size of a log that is accepted after the block of `header`; 0 before the first.

        Raises:
            ChainError: `chain-wrong-contract`: there is nothing, or something else, at the address.
        """
        (slot,) = self._slots(header, foreign.foreign_head_slot(source_id, log_id)).slots
        return int.from_bytes(slot.value, "big")

    def root_at(self, source_id: bytes, log_id: bytes, size: int, header: Header) -> bytes:
        """The root accepted at a size after the block of `header`; zeros where none is."""
        return self._slots(header, foreign.accepted_root_slot(source_id, log_id, size)).slots[0].value

    def root_if_there(self, source_id: bytes, log_id: bytes, size: int, header: Header) -> bytes:
        """Likewise; zeros in a block that is older than the contract."""
        try:
            return self.root_at(source_id, log_id, size, header)
        except ChainError as error:
            if error.code != "chain-wrong-contract":
                raise
            return bytes(_WORD)

    def held(self, source_id: bytes, log_id: bytes, size: int, header: Header) -> Held:
        """A checkpoint's root and its log's flag, proven together."""
        slots = (foreign.accepted_root_slot(source_id, log_id, size), foreign.disputed_slot(log_id))
        proof = self._slots(header, *slots)
        return Held(proof, proof.slots[0].value, proof.slots[1].value != bytes(_WORD))

    def set_at(self, source_id: bytes, header: Header) -> bytes | None:
        """Id of the set that vouches for a source after the block of `header`; None where it was not added by then."""
        first = int.from_bytes(keccak256(source_id + _SOURCES.to_bytes(_WORD)))
        (slot,) = self._slots(header, ((first + _SET_HASH) % 2**256).to_bytes(_WORD)).slots
        return None if slot.value == bytes(_WORD) else slot.value

    def epoch(self, source_id: bytes) -> int:
        """How many times the set of a source was changed, by the word of the nodes asked.

        Raises:
            ChainError: `chain-answer-invalid`.
        """
        answer = self._chain.call(Message(_NOBODY, self.address, encode_source(source_id)))
        if len(answer) != _MEMBERS * _WORD:
            raise ChainError(
                f"the contract answered {len(answer)} bytes about a source; {_MEMBERS * _WORD} are required",
                code="chain-answer-invalid",
            )
        return int.from_bytes(answer[_EPOCH * _WORD : (_EPOCH + 1) * _WORD])

    def account_of(self, sender: bytes, header: Header) -> Account:
        """Nonce and balance of an address after the block of `header`; zero where it never was used."""
        try:
            return self._chain.state_proof(sender, (), header).account
        except ChainError as error:
            if error.code != "chain-account-absent":
                raise
            return Account(0, 0, bytes(_WORD), bytes(_WORD))

    def _slots(self, header: Header, *slots: bytes) -> StateProof:
        try:
            proof = self._chain.state_proof(self.address, slots, header)
        except ChainError as error:
            if error.code != "chain-account-absent":
                raise
            raise ChainError(
                f"nothing is at 0x{self.address.hex()} in block {header.number} of eip155:{self._chain.chain_id}",
                code="chain-wrong-contract",
            ) from error
        if proof.account.code_hash != self.code_hash:
            raise ChainError(
                f"code at 0x{self.address.hex()} has hash 0x{proof.account.code_hash.hex()};"
                f" 0x{self.code_hash.hex()} is required",
                code="chain-wrong-contract",
            )
        return proof
