"""The contract that keeps other jurisdictions' checkpoints, seen from outside: ids, storage slots, digests.

A *source* is one anchor contract on one chain, together with those whose word about that chain is taken: attesters
who sign `Checkpoint` structs, or validators who seal headers.  Its id is that of its first set; a rotation changes
the set and keeps the id.

Storage: `rootAt[sourceId][logId][size]` in slot 0, `head[sourceId][logId]` in slot 1, `disputed[logId]` in slot 2.

Its calls, events and errors: `ledger.core.evm.foreign_calls`.

Source: docs/spec/foreign-checkpoints.md; Solidity storage layout of mappings; EIP-712.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from ledger.core.evm import abi
from ledger.core.evm.anchor import signer_set, typed_data_digest
from ledger.core.evm.seals import quorum_of
from ledger.core.keccak import keccak256
from ledger.errors import MalformedError

Kind = Literal[1, 2]
FEWEST_ORGANISATIONS: Final = 2
"""One attester that lies, or is lied to, must not be enough."""
ATTESTED: Final = 1
SEALED: Final = 2
"""Kind of a source, and grade of what it accepted; 0 is the grade of what was not accepted."""
MEMBER_LIMIT: Final = 64

ROTATION_TYPE_HASH = keccak256(b"Rotation(bytes32 sourceId,uint64 epoch,bytes32 setId)")


class Source(NamedTuple):
    """An anchor contract on a chain, and who is believed about that chain.

    Attributes:
        chain_id: The number in the chain's CAIP-2 id.
        genesis: Hash of its first block.
        anchor: Address of the anchor contract.
        code_hash: Keccak-256 of its runtime code.
        members: Attesters or validators, in any order.
        organisations: Organisation id of each attester, in the order of `members`; none of validators.
        threshold: Of attesters, distinct organisations that must sign; of validators, seals.
    """

    chain_id: int
    genesis: bytes
    anchor: bytes
    code_hash: bytes
    kind: Kind
    members: tuple[bytes, ...]
    organisations: tuple[str, ...]
    threshold: int


def set_hash(members: Sequence[bytes], organisations: Sequence[str], threshold: int) -> bytes:
    """Id of a set of signers as the contract computes it; of attesters, the `setId` of what they sign.

    Args:
        members: Distinct addresses, in any order; they are encoded in ascending order.
        organisations: One for each member, in the order of `members`; none for validators.

    Raises:
        MalformedError: `signer-set`: no member, more than 64, one that is zero or stands twice, or organisations
            that are neither none nor one for each.
    """
    ordered, names = ordered_set(members, organisations)
    return signer_set(ordered, names, threshold)


def validator_set_hash(members: Sequence[bytes]) -> bytes:
    """`set_hash` of validators: without organisations, two thirds of them."""
    return set_hash(members, (), quorum_of(len(members)))


def ordered_set(
    members: Sequence[bytes], organisations: Sequence[str]
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Members in ascending order and their organisations likewise, as the contract wants them.

    Raises:
        MalformedError: As `set_hash`.
    """
    if not 1 <= len(members) <= MEMBER_LIMIT:
        raise _bad_set(f"{len(members)} members; 1 to {MEMBER_LIMIT} are required")
    if len(set(members)) != len(members) or bytes(abi.ADDRESS_LENGTH) in members:
        raise _bad_set("an address twice, or the zero address")
    if not organisations:
        return tuple(sorted(members)), ()
    if len(organisations) != len(members):
        raise _bad_set(f"{len(members)} members and {len(organisations)} organisations")
    pairs = sorted(zip(members, organisations, strict=True))
    return tuple(member for member, _ in pairs), tuple(name for _, name in pairs)


def check_set(kind: int, members: Sequence[bytes], organisations: Sequence[str], threshold: int) -> None:
    """Check that a set is one that the contract takes for a source of this kind.

    Raises:
        MalformedError: `signer-set`: fewer than two organisations of attesters or not more than half of them would
            be enough; validators have organisations, or a threshold other than two thirds; or as `set_hash`.
    """
    ordered_set(members, organisations)
    if kind == SEALED:
        if organisations or threshold != quorum_of(len(members)):
            raise _bad_set(
                f"threshold {threshold}; {quorum_of(len(members))} of {len(members)} validators,"
                " without organisations, is required"
            )
        return
    distinct = len(set(organisations))
    enough = FEWEST_ORGANISATIONS <= threshold <= distinct < 2 * threshold
    if kind != ATTESTED or not enough:
        raise _bad_set(
            f"threshold {threshold} of {distinct} organisations; at least 2 and more than half are required"
        )


def _bad_set(found: str) -> MalformedError:
    return MalformedError(f"signer set has {found}", code="signer-set")


def source_id(source: Source) -> bytes:
    """Id of a source, 32 bytes, by the set that it is added with.

    Raises:
        MalformedError: `signer-set`, see `check_set`; `out-of-range`: a member does not fit its EVM type.
    """
    check_set(source.kind, source.members, source.organisations, source.threshold)
    return keccak256(
        abi.uint(source.chain_id, 64, "chain id")
        + abi.bytes32(source.genesis, "genesis hash")
        + abi.address(source.anchor, "anchor")
        + abi.bytes32(source.code_hash, "code hash")
        + abi.uint(source.kind, 8, "kind")
        + set_hash(source.members, source.organisations, source.threshold)
        + abi.uint(source.threshold, 256, "threshold")
    )


def _below(slot: bytes, key: bytes) -> bytes:
    return keccak256(key + slot)


def accepted_root_slot(source_id: bytes, log_id: bytes, size: int) -> bytes:
    """Storage slot of `rootAt[sourceId][logId][size]`, 32 bytes; the trie key is the keccak of it."""
    of_source = _below(abi.uint(0, 8, "slot"), abi.bytes32(source_id, "source id"))
    return _below(_below(of_source, abi.bytes32(log_id, "log id")), abi.uint(size, 64, "size"))


def foreign_head_slot(source_id: bytes, log_id: bytes) -> bytes:
    """Storage slot of `head[sourceId][logId]`, 32 bytes."""
    of_source = _below(abi.uint(1, 8, "slot"), abi.bytes32(source_id, "source id"))
    return _below(of_source, abi.bytes32(log_id, "log id"))


def disputed_slot(log_id: bytes) -> bytes:
    """Storage slot of `disputed[logId]`, 32 bytes."""
    return _below(abi.uint(2, 8, "slot"), abi.bytes32(log_id, "log id"))


def rotation_digest(source_id: bytes, epoch: int, set_id: bytes) -> bytes:
    """What attesters of the old set and of the new one sign, 32 bytes: the set `set_id` follows as number `epoch`."""
    return typed_data_digest(
        ROTATION_TYPE_HASH
        + abi.bytes32(source_id, "source id")
        + abi.uint(epoch, 64, "epoch")
        + abi.bytes32(set_id, "set id")
    )
