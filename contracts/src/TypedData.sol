// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title What is signed about a log and about its anchors
/// @notice EIP-712 digests of a log's heads, of an attested checkpoint, and of a change of the attesters.
/// @dev All stand under the one domain ("evidence-ledger", "1"), without chain id and contract, for one signature
///      serves offline, on every chain, and as evidence of a fork. Nothing is lost by it: what is signed is a fact
///      about one log on one chain, and names both.
///
///      IMPORTANT: {head} is part of {CheckpointAnchor}, whose code is fixed for ever: no change may alter what it is
///      compiled to.
library TypedData {
    bytes32 private constant _DOMAIN_SEPARATOR = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"),
            keccak256("evidence-ledger"),
            keccak256("1")
        )
    );

    bytes32 private constant _HEAD_TYPEHASH = keccak256("Head(bytes32 logId,uint64 size,bytes32 root)");

    bytes32 private constant _CHECKPOINT_TYPEHASH = keccak256(
        "Checkpoint(uint256 originChainId,bytes32 genesisHash,address anchor,bytes32 logId,uint64 size,bytes32 root,bytes32 blockHash,uint64 blockNumber,uint64 blockTime,bytes32 setId)"
    );

    bytes32 private constant _ROTATION_TYPEHASH =
        keccak256("Rotation(bytes32 sourceId,uint64 epoch,bytes32 setId)");

    /// @notice What attesters state: this block, final on its chain, holds this root of this log.
    /// @dev The members of EIP-712 `Checkpoint`, in its order; `setId` says who states it.
    struct Checkpoint {
        uint256 originChainId;
        bytes32 genesisHash;
        address anchor;
        bytes32 logId;
        uint64 size;
        bytes32 root;
        bytes32 blockHash;
        uint64 blockNumber;
        uint64 blockTime;
        bytes32 setId;
    }

    /// @notice Digest that a log's head key signs: the log had `root` at `size` leaves.
    /// @param logId The log, `keccak256(abi.encode(originHash, headKey))`.
    /// @param size Number of leaves.
    /// @param root Root hash at that size.
    /// @return The 32 bytes to sign.
    function head(bytes32 logId, uint64 size, bytes32 root) internal pure returns (bytes32) {
        return _digest(keccak256(abi.encode(_HEAD_TYPEHASH, logId, size, root)));
    }

    /// @notice Digest that an attester signs for a checkpoint of a log on another chain.
    /// @param claim All that the attester states.
    /// @return The 32 bytes to sign.
    function checkpoint(Checkpoint memory claim) internal pure returns (bytes32) {
        return _digest(keccak256(abi.encode(_CHECKPOINT_TYPEHASH, claim)));
    }

    /// @notice Digest by which the attesters of a source hand over to others.
    /// @param sourceId The source, see {ForeignCheckpoints-addSource}.
    /// @param epoch Number of the epoch that begins; so that no hand-over can be used a second time.
    /// @param setId The set that attests from then on.
    /// @return The 32 bytes to sign, by the old set and by the new one.
    function rotation(bytes32 sourceId, uint64 epoch, bytes32 setId) internal pure returns (bytes32) {
        return _digest(keccak256(abi.encode(_ROTATION_TYPEHASH, sourceId, epoch, setId)));
    }

    function _digest(bytes32 structHash) private pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_DOMAIN_SEPARATOR, structHash);
    }
}
