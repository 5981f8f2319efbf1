"""Call data, events and errors of the contract that keeps other jurisdictions' checkpoints.

Source: docs/spec/foreign-checkpoints.md; Solidity ABI specification 0.8.37.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.core.evm import abi
from ledger.core.evm.anchor import origin_hash
from ledger.core.evm.foreign import Source, check_set, ordered_set
from ledger.core.keccak import keccak256
from ledger.errors import MalformedError


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


ADD_SOURCE_SELECTOR = _selector("addSource(uint64,bytes32,address,bytes32,uint8,address[],string[],uint256)")
SUBMIT_SEALED_SELECTOR = _selector("submitSealed(bytes32,bytes32,uint64,bytes,bytes[],bytes[],bytes32[])")
SUBMIT_ATTESTED_SELECTOR = _selector(
    "submitAttested(bytes32,bytes32,uint64,bytes32,bytes32,uint64,uint64,bytes,bytes32[])"
)
ROTATE_SEALED_SELECTOR = _selector("rotateSealed(bytes32,bytes,address[])")
ROTATE_ATTESTED_SELECTOR = _selector("rotateAttested(bytes32,address[],string[],uint256,bytes,bytes)")
VERIFY_INCLUSION_SELECTOR = _selector("verifyInclusion(bytes32,bytes32,uint64,bytes32,uint64,bytes32[])")
VERIFY_CONSISTENCY_SELECTOR = _selector("verifyConsistency(bytes32,bytes32,uint64,uint64,bytes32,bytes32[])")
PROVE_SPLIT_SELECTOR = _selector(
    "proveSplit(bytes32,address,(uint64,bytes32,bytes),(uint64,bytes32,bytes),"
    "uint64,bytes32,bytes32[],bytes32,bytes32[])"
)
ROOT_AT_SELECTOR = _selector("rootAt(bytes32,bytes32,uint64)")
HEAD_SELECTOR = _selector("head(bytes32,bytes32)")
DISPUTED_SELECTOR = _selector("disputed(bytes32)")
SOURCES_SELECTOR = _selector("sources(bytes32)")

SOURCE_ADDED_TOPIC = keccak256(b"SourceAdded(bytes32,uint64,address,uint8,bytes32,uint256)")
ACCEPTED_TOPIC = keccak256(b"Accepted(bytes32,bytes32,uint64,bytes32,uint64,uint64)")
ROTATED_TOPIC = keccak256(b"Rotated(bytes32,uint64,bytes32,uint64)")
SPLIT_PROVEN_TOPIC = keccak256(b"SplitProven(bytes32,uint64,bytes32,uint64,bytes32)")

ERRORS: Final = (
    # of the contract
    "SourceExists", "SourceUnknown", "SourceKind", "SignerSet", "SetMismatch", "SetUnchanged", "EpochStale",
    "AlreadyAccepted", "ZeroSize", "ZeroRoot", "BadProof", "BadSignature", "NoSplit",
    # of attestations
    "AttestationQuorum", "AttestationOrder", "AttestationOutsider", "HighS",
    # of sealed headers
    "HeaderFields", "HeaderTooLarge", "HeaderDifficulty", "HeaderMixHash", "HeaderOmmers", "ExtraData",
    "Ibft2Unsupported", "ValidatorsUnsorted", "ValidatorsAbsent", "SealLength", "SealQuorum", "SealTwice",
    "SealOutsider", "SealHighS", "SealInvalid",
    # of RLP and tries
    "RlpNotCanonical", "RlpShape", "RlpTooDeep", "RlpTrailing", "RlpTruncated", "TrieNode", "ProofInvalid",
    "ProofSurplus", "ProofTruncated", "AccountAbsent", "CodeHash", "NotAnchored",
)  # fmt: skip
CODE_OF_ERROR: Final = {
    name: "".join(f"-{one.lower()}" if one.isupper() else one for one in name)[1:] for name in ERRORS
}
"""What each custom error of the contract is called in this library: the same words."""
ERROR_SELECTORS: Final = {_selector(f"{name}()"): name for name in CODE_OF_ERROR}


class SignedHead(NamedTuple):
    """One head of a log: its size and root, and the head key's 65 bytes over `anchor.head_digest`."""

    size: int
    root: bytes
    signature: bytes


class Leaf(NamedTuple):
    """A leaf's hash and its audit path under one of two heads."""

    hash: bytes
    path: tuple[bytes, ...]


class Verdict(NamedTuple):
    """What the contract answers to a question about a checkpoint.

    Attributes:
        accepted: Whether the proof holds under a checkpoint that it accepted.
        grade: `ATTESTED` or `SEALED`; 0 where it accepted none of that size.
        disputed: Whether somebody proved that the log showed two histories.
    """

    accepted: bool
    grade: int
    disputed: bool


NO_LEAF: Final = Leaf(bytes(32), ())
UINT8: Final = 255


def encode_add_source(source: Source) -> bytes:
    """Call data of `addSource`.

    Raises:
        MalformedError: `signer-set`, `out-of-range`.
    """
    check_set(source.kind, source.members, source.organisations, source.threshold)
    return ADD_SOURCE_SELECTOR + abi.sequence(
        abi.uint(source.chain_id, 64, "chain id"),
        abi.bytes32(source.genesis, "genesis hash"),
        abi.address(source.anchor, "anchor"),
        abi.bytes32(source.code_hash, "code hash"),
        abi.uint(source.kind, 8, "kind"),
        *_set(source.members, source.organisations),
        abi.uint(source.threshold, 256, "threshold"),
    )


def encode_submit_sealed(
    source_id: bytes,
    log_id: bytes,
    size: int,
    *,
    header: bytes,
    account: Sequence[bytes],
    storage: Sequence[bytes],
    consistency: Sequence[bytes],
) -> bytes:
    """Call data of `submitSealed`.

    Args:
        source_id: A source of kind `SEALED`.
        log_id: The log, under the head key that signed.
        size: Leaves of the checkpoint.
        header: RLP with extra data as the validators sealed it.
        account: Trie nodes from the header's state root to the anchor contract.
        storage: From there to `rootAt[logId][size]` of that contract.
        consistency: Path between the accepted head and `size`, from the smaller; empty for the first of the log.
    """
    return SUBMIT_SEALED_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"),
        abi.bytes32(log_id, "log id"),
        abi.uint(size, 64, "size"),
        abi.byte_string(header),
        abi.array(map(abi.byte_string, account)),
        abi.array(map(abi.byte_string, storage)),
        _path(consistency),
    )


def encode_submit_attested(
    source_id: bytes,
    log_id: bytes,
    size: int,
    root: bytes,
    *,
    block_hash: bytes,
    block_number: int,
    block_time: int,
    signatures: Sequence[bytes],
    consistency: Sequence[bytes],
) -> bytes:
    """Call data of `submitAttested`.

    Args:
        signatures: 65 bytes each over `anchor.checkpoint_digest`, in ascending order of their signers.
        consistency: As in `encode_submit_sealed`.
    """
    return SUBMIT_ATTESTED_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"),
        abi.bytes32(log_id, "log id"),
        abi.uint(size, 64, "size"),
        abi.bytes32(root, "root"),
        abi.bytes32(block_hash, "block hash"),
        abi.uint(block_number, 64, "block number"),
        abi.uint(block_time, 64, "block time"),
        abi.byte_string(b"".join(signatures)),
        _path(consistency),
    )


def encode_rotate_sealed(source_id: bytes, header: bytes, validators: Sequence[bytes]) -> bytes:
    """Call data of `rotateSealed`: `header` lists the new set, `validators` is the one trusted so far."""
    return ROTATE_SEALED_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"), abi.byte_string(header), _set(validators, ())[0]
    )


def encode_rotate_attested(
    source_id: bytes,
    members: Sequence[bytes],
    organisations: Sequence[str],
    threshold: int,
    *,
    old_signatures: Sequence[bytes],
    new_signatures: Sequence[bytes],
) -> bytes:
    """Call data of `rotateAttested` to this set; signatures over `foreign.rotation_digest`, ascending by signer."""
    return ROTATE_ATTESTED_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"),
        *_set(members, organisations),
        abi.uint(threshold, 256, "threshold"),
        abi.byte_string(b"".join(old_signatures)),
        abi.byte_string(b"".join(new_signatures)),
    )


def encode_verify_inclusion(
    source_id: bytes, log_id: bytes, size: int, entry: bytes, index: int, path: Sequence[bytes]
) -> bytes:
    """Call data of `verifyInclusion`: `entry` (32 bytes, not yet hashed as a leaf) stands at `index` below `size`."""
    return VERIFY_INCLUSION_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"),
        abi.bytes32(log_id, "log id"),
        abi.uint(size, 64, "size"),
        abi.bytes32(entry, "entry"),
        abi.uint(index, 64, "index"),
        _path(path),
    )


def encode_verify_consistency(
    source_id: bytes, log_id: bytes, size: int, other_size: int, other_root: bytes, path: Sequence[bytes]
) -> bytes:
    """Call data of `verifyConsistency`: another head of the log is one history with the accepted one of `size`."""
    return VERIFY_CONSISTENCY_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"),
        abi.bytes32(log_id, "log id"),
        abi.uint(size, 64, "size"),
        abi.uint(other_size, 64, "other size"),
        abi.bytes32(other_root, "other root"),
        _path(path),
    )


def decode_verdict(data: bytes) -> Verdict:
    """The answer of `verifyInclusion` and of `verifyConsistency`.

    Raises:
        MalformedError: `abi-malformed`: not (bool, uint8, bool).
    """
    words = [int.from_bytes(data[at : at + abi.WORD], "big") for at in range(0, len(data), abi.WORD)]
    if len(data) != 3 * abi.WORD or words[0] > 1 or words[1] > UINT8 or words[2] > 1:
        raise MalformedError(f"answer of {len(data)} bytes is not (bool, uint8, bool)", code="abi-malformed")
    return Verdict(bool(words[0]), words[1], bool(words[2]))


def encode_prove_split(
    origin: str,
    head_address: bytes,
    heads: tuple[SignedHead, SignedHead],
    index: int = 0,
    leaves: tuple[Leaf, Leaf] = (NO_LEAF, NO_LEAF),
) -> bytes:
    """Call data of `proveSplit`.

    Args:
        origin: The log's origin.
        head_address: Address of the head key that signed both heads.
        heads: Of one size with two roots, or of two sizes.
        index: Of the leaf in which they differ; 0 for heads of one size.
        leaves: That leaf under each head; none for heads of one size.
    """
    return PROVE_SPLIT_SELECTOR + abi.sequence(
        origin_hash(origin),
        abi.address(head_address, "head key"),
        *(
            abi.Tail(
                abi.sequence(
                    abi.uint(head.size, 64, "size"),
                    abi.bytes32(head.root, "root"),
                    abi.byte_string(head.signature),
                )
            )
            for head in heads
        ),
        abi.uint(index, 64, "index"),
        abi.bytes32(leaves[0].hash, "leaf"),
        _path(leaves[0].path),
        abi.bytes32(leaves[1].hash, "leaf"),
        _path(leaves[1].path),
    )


def encode_root_at(source_id: bytes, log_id: bytes, size: int) -> bytes:
    """Call data of `rootAt`; the answer is 32 bytes, zero where nothing was accepted."""
    return ROOT_AT_SELECTOR + abi.sequence(
        abi.bytes32(source_id, "source id"), abi.bytes32(log_id, "log id"), abi.uint(size, 64, "size")
    )


def encode_head(source_id: bytes, log_id: bytes) -> bytes:
    """Call data of `head`; the answer is a size, zero where nothing was accepted."""
    return HEAD_SELECTOR + abi.bytes32(source_id, "source id") + abi.bytes32(log_id, "log id")


def encode_disputed(log_id: bytes) -> bytes:
    """Call data of `disputed`; the answer is a bool."""
    return DISPUTED_SELECTOR + abi.bytes32(log_id, "log id")


def encode_source(source_id: bytes) -> bytes:
    """Call data of `sources`."""
    return SOURCES_SELECTOR + abi.bytes32(source_id, "source id")


def _set(members: Sequence[bytes], organisations: Sequence[str]) -> tuple[bytes, bytes]:
    ordered, names = ordered_set(members, organisations)
    return (
        abi.array(abi.address(member, "member") for member in ordered),
        abi.array(abi.byte_string(name.encode()) for name in names),
    )


def _path(hashes: Sequence[bytes]) -> bytes:
    return abi.array(abi.bytes32(node, "path hash") for node in hashes)
