"""The first block of an embedded chain, which follows from its configuration alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from eth.abc import AtomicDatabaseAPI, BlockHeaderAPI
from eth.chains.base import MiningChain
from eth_typing import Address, BlockNumber

GAS_LIMIT = 30_000_000
EXTRA_DATA = b"development chain"


@dataclass(frozen=True, slots=True)
class Genesis:
    """What the first block is made of.

    Attributes:
        chain_id: EIP-155 chain id, 1 to 2**63 - 1.
        time: POSIX seconds of the first block.
        balances: Wei given to each 20-byte address.
    """

    chain_id: int
    time: int
    balances: Mapping[bytes, int]

    def encode(self) -> bytes:
        """The same bytes for the same configuration; kept in the file and compared at every start."""
        balances = {address.hex(): str(wei) for address, wei in self.balances.items()}
        members = {"chainId": self.chain_id, "time": self.time, "balances": balances}
        return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def genesis_header(
    chain_class: type[MiningChain], database: AtomicDatabaseAPI, genesis: Genesis
) -> BlockHeaderAPI:
    """Header of the first block, with its state written to `database`."""
    state = {
        Address(address): {"balance": wei, "nonce": 0, "code": b"", "storage": {}}
        for address, wei in sorted(genesis.balances.items())
    }
    parameters = {
        "difficulty": 0,
        "gas_limit": GAS_LIMIT,
        "timestamp": genesis.time,
        "extra_data": EXTRA_DATA,
        # Chains with other ids then have other genesis hashes, whatever else they share.
        "mix_hash": genesis.chain_id.to_bytes(32, "big"),
        "coinbase": Address(bytes(20)),
    }
    chain = chain_class.from_genesis(database, parameters, state)  # type: ignore[arg-type]
    return chain.get_canonical_block_header_by_number(BlockNumber(0))
