"""The anchor contract seen from outside: EIP-712 digests, log ids, storage slots, selectors.

Signed structs, all under the one domain `EIP712Domain(string name,string version)` =
("evidence-ledger", "1"), without chain id or contract, so that a signature serves offline, on every chain
and as a proof of fraud:

    Head(bytes32 logId,uint64 size,bytes32 root)
    Checkpoint(uint256 originChainId,bytes32 genesisHash,address anchor,bytes32 logId,uint64 size,
               bytes32 root,bytes32 blockHash,uint64 blockNumber,uint64 blockTime,bytes32 setId)

Storage of the contract: `mapping(bytes32 logId => mapping(uint64 size => bytes32)) rootAt` in slot 0,
`mapping(bytes32 logId => uint64) head` in slot 1.  Addresses are 20 bytes and hashes 32 everywhere in here.

Source: EIP-712; Solidity ABI specification 0.8.37; Solidity storage layout of mappings.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.core.evm import abi
from ledger.core.keccak import keccak256
from ledger.errors import MalformedError

ADDRESS_LENGTH = abi.ADDRESS_LENGTH
_SIGNATURE: Final = 65

DOMAIN_SEPARATOR = keccak256(
    keccak256(b"EIP712Domain(string name,string version)") + keccak256(b"evidence-ledger") + keccak256(b"1")
)
HEAD_TYPE_HASH = keccak256(b"Head(bytes32 logId,uint64 size,bytes32 root)")
CHECKPOINT_TYPE_HASH = keccak256(
    b"Checkpoint(uint256 originChainId,bytes32 genesisHash,address anchor,bytes32 logId,uint64 size,"
    b"bytes32 root,bytes32 blockHash,uint64 blockNumber,uint64 blockTime,bytes32 setId)"
)

ANCHORED_TOPIC = keccak256(b"Anchored(bytes32,uint64,bytes32,uint64)")
ANCHOR_SELECTOR = keccak256(b"anchor(bytes32,address,uint64,bytes32,bytes32[],bytes)")[:4]
ROOT_AT_SELECTOR = keccak256(b"rootAt(bytes32,uint64)")[:4]
HEAD_SELECTOR = keccak256(b"head(bytes32)")[:4]
ERROR_SELECTORS = {
    keccak256(name.encode() + b"()")[:4]: name
    for name in ("NotNewer", "ZeroRoot", "BadProof", "BadSignature")
}


def origin_hash(origin: str) -> bytes:
    """`keccak256(bytes(origin))`, by which the contract knows a log's origin."""
    return keccak256(origin.encode())


@lru_cache(maxsize=256)
def log_id(origin: str, head_address: bytes) -> bytes:
    """Id of a log under one head key: `keccak256(abi.encode(originHash, headKey))`.

    Whoever signs with another key has another id, so nobody can squat an origin.
    """
    return keccak256(origin_hash(origin) + abi.address(head_address, "head key"))


def root_at_slot(log_id: bytes, size: int) -> bytes:
    """Storage slot of `rootAt[logId][size]`, 32 bytes; the trie key is the keccak of it."""
    inner = keccak256(abi.bytes32(log_id, "log id") + bytes(32))
    return keccak256(abi.uint(size, 64, "size") + inner)


def head_slot(log_id: bytes) -> bytes:
    """Storage slot of `head[logId]`, 32 bytes."""
    return keccak256(abi.bytes32(log_id, "log id") + abi.uint(1, 8, "slot"))


def typed_data_digest(struct: bytes) -> bytes:
    """EIP-712 digest of an encoded struct (type hash, then its members), 32 bytes, under the one domain."""
    return keccak256(b"\x19\x01" + DOMAIN_SEPARATOR + keccak256(struct))


def head_digest(log_id: bytes, size: int, root: bytes) -> bytes:
    """What the log's head key signs, 32 bytes: that the log `log_id` had `root` at `size` leaves."""
    return typed_data_digest(
        HEAD_TYPE_HASH
        + abi.bytes32(log_id, "log id")
        + abi.uint(size, 64, "size")
        + abi.bytes32(root, "root")
    )


class CheckpointClaim(NamedTuple):
    """What those who vouch for a chain's finality sign: this block, final, holds this root of this log.

    Attributes:
        origin_chain_id: The number in the chain's CAIP-2 id.
        genesis: Hash of the chain's first block.
        anchor: Address of the anchor contract.
        block_time: POSIX seconds.
        set_id: Who signs, see `set_id`.
    """

    origin_chain_id: int
    genesis: bytes
    anchor: bytes
    log_id: bytes
    size: int
    root: bytes
    block_hash: bytes
    block_number: int
    block_time: int
    set_id: bytes


def checkpoint_digest(claim: CheckpointClaim) -> bytes:
    """What the operator or an attester signs for `claim`, 32 bytes.

    Raises:
        MalformedError: A member does not fit its EVM type.
    """
    return typed_data_digest(
        CHECKPOINT_TYPE_HASH
        + abi.uint(claim.origin_chain_id, 256, "chain id")
        + abi.bytes32(claim.genesis, "genesis hash")
        + abi.address(claim.anchor, "anchor")
        + abi.bytes32(claim.log_id, "log id")
        + abi.uint(claim.size, 64, "size")
        + abi.bytes32(claim.root, "root")
        + abi.bytes32(claim.block_hash, "block hash")
        + abi.uint(claim.block_number, 64, "block number")
        + abi.uint(claim.block_time, 64, "block time")
        + abi.bytes32(claim.set_id, "set id")
    )


def set_id(members: Sequence[bytes], organisations: Sequence[str], threshold: int) -> bytes:
    """Id of a set of signers: `keccak256(abi.encode(address[], string[], uint256))`.

    The operator alone is one member with threshold 1.

    Args:
        members: Distinct addresses, in any order; they are encoded in ascending order.
        organisations: Organisation id of each member, in the order of `members`.
        threshold: Signatures required, 1 <= threshold <= len(members).

    Raises:
        MalformedError: No member, a member twice, an organisation too many or too few, or a threshold that
            can never or always be met.
    """
    if len(members) != len(organisations):
        raise MalformedError(
            f"signer set has {len(members)} members and {len(organisations)} organisations", code="signer-set"
        )
    if len(set(members)) != len(members):
        raise MalformedError("signer set lists an address twice", code="signer-set")
    if not 1 <= threshold <= len(members):
        raise MalformedError(
            f"signer set has threshold {threshold}; 1 to {len(members)} is required of its members",
            code="signer-set",
        )
    ordered = sorted(zip(members, organisations, strict=True))
    return signer_set([member for member, _ in ordered], [name for _, name in ordered], threshold)


def signer_set(members: Sequence[bytes], organisations: Sequence[str], threshold: int) -> bytes:
    """`keccak256(abi.encode(address[], string[], uint256))` of what is given, in the order given."""
    return keccak256(
        abi.sequence(
            abi.array(abi.address(member, "member") for member in members),
            abi.array(abi.byte_string(name.encode()) for name in organisations),
            abi.uint(threshold, 256, "threshold"),
        )
    )


def encode_anchor_call(
    origin: str, head_address: bytes, size: int, root: bytes, consistency: Sequence[bytes], signature: bytes
) -> bytes:
    """Call data of `anchor(originHash, headKey, size, root, consistency, headSignature)`.

    Args:
        origin: The log's origin, as in its checkpoints.
        head_address: Address of the head key that made `signature`.
        size: Leaves of the checkpoint to anchor.
        root: Its root.
        consistency: Path from the last anchored size; empty for the first anchor.
        signature: 65 bytes over `head_digest`.
    """
    return ANCHOR_SELECTOR + abi.sequence(
        origin_hash(origin),
        abi.address(head_address, "head key"),
        abi.uint(size, 64, "size"),
        abi.bytes32(root, "root"),
        abi.array(abi.bytes32(node, "path hash") for node in consistency),
        abi.byte_string(signature),
    )


class CarriedHead(NamedTuple):
    """A head of a log as call data carries it; its signature, 65 bytes over `head_digest`, is not verified."""

    size: int
    root: bytes
    signature: bytes


_HEADS_READ: Final = 64
"""Places of the selector that are looked at in one call data."""
_ARGUMENTS: Final = 6


def heads_in(data: bytes) -> Iterator[CarriedHead]:
    """Heads that call data of `anchor` carries, or of a contract that calls it with the same bytes.

    What is no such call is passed over.

    Cost: proportional to the data; at most 64 heads.
    """
    at = -1
    for _ in range(_HEADS_READ):
        at = data.find(ANCHOR_SELECTOR, at + 1)
        if at < 0:
            return
        given = data[at + len(ANCHOR_SELECTOR) :]
        words = [given[n * abi.WORD : (n + 1) * abi.WORD] for n in range(_ARGUMENTS)]
        start = int.from_bytes(words[5])
        length = given[start : start + abi.WORD]
        signature = given[start + abi.WORD : start + abi.WORD + _SIGNATURE]
        if length == _SIGNATURE.to_bytes(abi.WORD) and len(signature) == _SIGNATURE:
            yield CarriedHead(int.from_bytes(words[2]), words[3], signature)
