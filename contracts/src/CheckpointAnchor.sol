// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {RFC6962} from "./RFC6962.sol";
import {TypedData} from "./TypedData.sol";

/// @title Checkpoint anchor
/// @notice Fixes, in block time, that an append-only log had a given root hash at a given size.
/// @dev Anybody may send an anchor; only the log's head key can make one; and the contract verifies that each root
///      extends the last one, so that under one head key nobody, the log's operator included, can anchor a
///      rewritten history.
///
///      Holds no evidence and no personal data: only sizes and SHA-256 roots. There is no owner, no proxy, no pause,
///      no deletion, no constructor argument and no immutable: one runtime code hash stands for these rules on
///      every chain.
///
///      NOTE: what the contract cannot see is a second log. A new head key is a new log id with a history of its
///      own; who ties one to the other is the verifier's trust list.
contract CheckpointAnchor {
    /// @notice Root hash of log `logId` at `size` leaves, zero where that size was not anchored.
    /// @dev Written once. Storage slot 0, for proofs: keccak256(size . keccak256(logId . 0)), each padded to 32
    ///      bytes.
    mapping(bytes32 logId => mapping(uint64 size => bytes32)) public rootAt;

    /// @notice Greatest size anchored of log `logId`, zero before the first.
    /// @dev Only grows. Storage slot 1, for proofs: keccak256(logId . 1).
    mapping(bytes32 logId => uint64) public head;

    /// @notice Log `logId` was anchored.
    /// @param logId The log, see {anchor}.
    /// @param size Number of leaves.
    /// @param root Root hash at that size.
    /// @param previousSize Size of the anchor before, which `root` extends; zero if there was none.
    event Anchored(bytes32 indexed logId, uint64 indexed size, bytes32 root, uint64 previousSize);

    /// @notice The size is not greater than the last one anchored; zero never is.
    error NotNewer();

    /// @notice The root is zero, which stands for "not anchored".
    error ZeroRoot();

    /// @notice The path does not show that the root extends the last one; or stands where there is no last one.
    error BadProof();

    /// @notice The signature is not the head key's over this log, size and root.
    error BadSignature();

    /// @notice Fixes that the log had root hash `root` at `size` leaves.
    /// @dev The log is `keccak256(abi.encode(originHash, headKey))`: who does not hold the head key cannot occupy the
    ///      log id of an origin. Checks in the order of the errors above and reverts at the first that fails: a lost
    ///      race costs its sender gas and never history.
    ///
    ///      IMPORTANT: the first anchor of a log rests on the head key alone; there is nothing yet to extend.
    /// @param originHash keccak256 of the log's origin, ASCII.
    /// @param headKey Address of the log's head key. The sender need not be it.
    /// @param size Number of leaves, greater than the last anchored size.
    /// @param root RFC 6962 SHA-256 root hash at that size.
    /// @param consistency RFC 9162 consistency path from the last anchored size to `size`; empty for the first anchor.
    /// @param headSignature r || s || v over EIP-712 `Head`: 65 bytes, s in the lower half, v 27 or 28.
    function anchor(
        bytes32 originHash,
        address headKey,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistency,
        bytes calldata headSignature
    ) external {
        bytes32 logId = keccak256(abi.encode(originHash, headKey));
        uint64 previousSize = head[logId];
        if (size <= previousSize) revert NotNewer();
        if (root == 0) revert ZeroRoot();
        if (!_extends(logId, previousSize, size, root, consistency)) revert BadProof();
        if (!_signed(headKey, logId, size, root, headSignature)) revert BadSignature();

        rootAt[logId][size] = root;
        head[logId] = size;
        emit Anchored(logId, size, root, previousSize);
    }

    /// @dev Whether the offered root extends the last anchored one. Before the first anchor every root does, and a
    ///      path has nothing to show.
    function _extends(
        bytes32 logId,
        uint64 previousSize,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistency
    ) private view returns (bool) {
        if (previousSize == 0) return consistency.length == 0;
        return RFC6962.verifyConsistency(previousSize, rootAt[logId][previousSize], size, root, consistency);
    }

    /// @dev Whether the head key signed this head. {ECDSA} refuses a high s, a v other than 27 and 28, other lengths
    ///      than 65 bytes, and what recovers to the zero address, so that a zero `headKey` has no signature.
    function _signed(address headKey, bytes32 logId, uint64 size, bytes32 root, bytes calldata signature)
        private
        pure
        returns (bool)
    {
        bytes32 digest = TypedData.head(logId, size, root);
        // The value left out says no more than the failure does.
        // slither-disable-next-line unused-return
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && signer == headKey;
    }
}
