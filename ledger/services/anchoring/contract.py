"""The anchor contract and who pays for its use, as a chain proves them after one block.

Nothing here is believed for being answered: every value is proven under the state root of the header given, and the
contract's account has the required code.

Source: docs/spec/chain.md.
"""

from ledger.chain.port import Chain, StateProof
from ledger.core.evm.account import Account
from ledger.core.evm.anchor import head_slot, root_at_slot
from ledger.core.evm.header import Header
from ledger.errors import ChainError


class AnchorContract:
    """One log's part of the contract at `address` on `chain`."""

    def __init__(self, chain: Chain, address: bytes, code_hash: bytes, log_id: bytes) -> None:
        self._chain = chain
        self._address = address
        self._code_hash = code_hash
        self._log_id = log_id

    def held_size(self, header: Header) -> int:
        """The log's last anchored size after the block of `header`; 0 before its first anchor.

        Raises:
            ChainError: `chain-wrong-contract`: there is nothing, or something else, at the address.
        """
        return int.from_bytes(self._slot(head_slot(self._log_id), header), "big")

    def held_size_if_there(self, header: Header) -> int:
        """Likewise; 0 in a block that is older than the contract."""
        try:
            return self.held_size(header)
        except ChainError as error:
            if error.code != "chain-wrong-contract":
                raise
            return 0

    def root_at(self, size: int, header: Header) -> bytes:
        """The root anchored at `size`; zeros where none is."""
        return self._slot(root_at_slot(self._log_id, size), header)

    def account_of(self, sender: bytes, header: Header) -> Account:
        """Nonce and balance of an address after the block of `header`; zero where it never was used."""
        try:
            return self._chain.state_proof(sender, (), header).account
        except ChainError as error:
            if error.code != "chain-account-absent":
                raise
            return Account(0, 0, bytes(32), bytes(32))

    def _slot(self, slot: bytes, header: Header) -> bytes:
        proof = self._proof(slot, header)
        if proof.account.code_hash != self._code_hash:
            raise ChainError(
                f"code at 0x{self._address.hex()} has hash 0x{proof.account.code_hash.hex()};"
                f" 0x{self._code_hash.hex()} is required",
                code="chain-wrong-contract",
            )
        return proof.slots[0].value

    def _proof(self, slot: bytes, header: Header) -> StateProof:
        try:
            return self._chain.state_proof(self._address, [slot], header)
        except ChainError as error:
            if error.code != "chain-account-absent":
                raise
            raise ChainError(
                f"nothing is at 0x{self._address.hex()} in block {header.number} of eip155:{self._chain.chain_id}",
                code="chain-wrong-contract",
            ) from error
