"""The contract on XB's chain that holds checkpoints of XA's log, in memory: its storage, and blocks that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.foreign import (
    ATTESTED,
    SEALED,
    Source,
    accepted_root_slot,
    disputed_slot,
    foreign_head_slot,
    source_id,
)
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign
from tests.blocks import ANCHOR, CODE_HASH, header_of, hexed, state_of, trie_of
from tests.sealing import block_hash, seal
from tests.simulator import START, Jurisdiction, World, seed
from tests.trees import tree_root

CONTRACT = bytes.fromhex("7a5ec0de7a5ec0de7a5ec0de7a5ec0de7a5ec0de")
FOREIGN_CODE = keccak256(b"the code of the contract for foreign checkpoints")
ATTESTERS = ("XB attester", "XC attester", "XD attester")


def organisations_of(names: Sequence[str]) -> tuple[str, ...]:
    """Whose attesters these are."""
    return tuple(f"did:web:{name[:2].lower()}.example" for name in names)


ORGANISATIONS = organisations_of(ATTESTERS)
VALIDATORS = tuple(f"XA validator {n}" for n in range(4))


def attested_source(of: Jurisdiction, threshold: int = 2) -> Source:
    """XA's chain as three attesters vouch for it."""
    members = tuple(address_of(seed(name)) for name in ATTESTERS)
    return Source(of.number, of.genesis, ANCHOR, CODE_HASH, ATTESTED, members, ORGANISATIONS, threshold)


def sealed_source(of: Jurisdiction) -> Source:
    """XA's chain as its four validators seal it."""
    members = tuple(address_of(seed(name)) for name in VALIDATORS)
    return Source(of.number, of.genesis, ANCHOR, CODE_HASH, SEALED, members, (), 3)


@dataclass
class ForeignContract:
    """What stands in the contract on `on` about the log of `of`."""

    of: Jurisdiction
    on: Jurisdiction
    source: bytes = b""
    slots: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = self.source or source_id(attested_source(self.of))

    def accept(self, size: int | None = None, root: bytes | None = None) -> None:
        """Store a checkpoint, as an accepted call does."""
        count = len(self.of.entries) if size is None else size
        fixed = tree_root(self.of.leaves[:count]) if root is None else root
        self.slots[accepted_root_slot(self.source, self.of.log_id, count)] = fixed
        self.slots[foreign_head_slot(self.source, self.of.log_id)] = count.to_bytes(32, "big")

    def dispute(self) -> None:
        """Raise the flag, as a proven split does."""
        self.slots[disputed_slot(self.of.log_id)] = (1).to_bytes(32, "big")

    def part(self, size: int | None = None, **changes: Any) -> dict[str, Any]:
        """A foreign part of a bundle, its block vouched for by the operator of the chain that it is on."""
        count = len(self.of.entries) if size is None else size
        root = changes.get("root", tree_root(self.of.leaves[:count]))
        wanted = changes.get("slot", accepted_root_slot(self.source, self.of.log_id, count))
        storage_root, storage = trie_of(self.slots, wanted)
        _, flag = trie_of(self.slots, changes.get("flag", disputed_slot(self.of.log_id)))
        contract, code = changes.get("contract", CONTRACT), changes.get("code", FOREIGN_CODE)
        state_root, account = state_of(contract, code, storage_root)
        time, number = changes.get("time", START + 200), changes.get("number", 318)
        header = header_of(state_root, bytes(32), time=time, number=number)
        vouching, sealing = changes.get("attested", ()), changes.get("sealed", ())
        if sealing:
            header = seal(header, sealing)
        operator = f"{self.on.code} chain operator"
        members = [address_of(seed(name)) for name in vouching] or [address_of(seed(operator))]
        claim = CheckpointClaim(
            origin_chain_id=self.on.number, genesis=self.on.genesis, anchor=changes.get("claimed", contract),
            log_id=self.of.log_id, size=count, root=root,
            block_hash=block_hash(header) if sealing else keccak256(header),
            block_number=number, block_time=time,
            set_id=set_id(members, organisations_of(vouching), 2) if vouching
            else set_id(members, [self.on.operator], 1),
        )  # fmt: skip
        digest = checkpoint_digest(claim)
        if sealing:
            finality: dict[str, Any] = {"kind": "sealed", "epoch": 1}
        elif vouching:
            signers = sorted((seed(name) for name in vouching), key=address_of)[: changes.get("count", 2)]
            signatures = [hexed(sign(secret, digest)) for secret in signers]
            finality = {"kind": "attested", "epoch": 1, "signatures": signatures}
        else:
            secret = seed(changes.get("finality_key", operator))
            finality = {"kind": "operator", "signature": hexed(sign(secret, digest))}
        return {
            "chain": self.on.chain,
            "source": hexed(self.source),
            "header": hexed(header),
            "finality": finality,
            "account": [hexed(node) for node in account],
            "storage": [hexed(node) for node in storage],
            "disputed": [hexed(node) for node in flag],
        }

    def trusted(self) -> dict[str, Any]:
        """The contract's entry in a trust list."""
        return {
            "chain": self.on.chain,
            "contract": hexed(CONTRACT),
            "codeHash": hexed(FOREIGN_CODE),
            "sourceId": hexed(self.source),
        }


def held_abroad(made: World, **how: Any) -> tuple[ForeignContract, list[dict[str, Any]]]:
    """XA's log as XB's chain holds it, and the bundle's sections with that as the foreign part of the first."""
    contract = ForeignContract(made.xa, made.xb, **how)
    contract.accept()
    sections = made.sections()
    sections[0]["foreign"] = [contract.part()]
    return contract, sections
