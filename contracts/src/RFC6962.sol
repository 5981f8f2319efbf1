// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title RFC 6962 Merkle trees
/// @notice Hashes and proofs of append-only logs: SHA-256, leaves and nodes told apart by a first byte.
/// @dev Verifies only; roots come from the caller, who must know why it believes them. The answer to a bad proof
///      of any kind is false, never a revert. OpenZeppelin's MerkleProof cannot stand in: it sorts each pair.
///      Source: RFC 9162 sections 2.1.1, 2.1.3.2 and 2.1.4.2, which accept the proofs of RFC 6962.
library RFC6962 {
    /// @notice Leaf hash of a log entry: SHA-256(0x00 || entry).
    /// @param entry The entry itself, of any length.
    /// @return The hash that stands at the bottom of the tree.
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), entry));
    }

    /// @notice Hash of an inner node: SHA-256(0x01 || left || right).
    /// @dev A path has one or two of these a hash, so it takes no memory: the 65 bytes are written after the free
    ///      memory pointer, which stays where it is, and the hash is read from the scratch space. Half the gas of
    ///      `sha256(abi.encodePacked(…))`.
    /// @param left Hash of the left child.
    /// @param right Hash of the right child.
    /// @return hash The hash of the node above both.
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0x01)
            mstore(add(free, 0x01), left)
            mstore(add(free, 0x21), right)
            // The precompiled contract fails only for want of gas.
            if iszero(staticcall(gas(), 0x02, free, 0x41, 0x00, 0x20)) { revert(0x00, 0x00) }
            hash := mload(0x00)
        }
    }

    /// @notice Whether the tree of `size` leaves with root `root` has `leaf` at `index`.
    /// @dev WARNING: `leaf` is a leaf hash. A caller that takes it from outside, instead of computing it by
    ///      {leafHash}, can be shown an inner node as if it were an entry of a smaller tree.
    /// @param leaf Leaf hash of the entry.
    /// @param index Zero-based position; false unless it is less than `size`.
    /// @param size Number of leaves of the tree that has `root`.
    /// @param root Root hash the caller already believes.
    /// @param path Siblings from the leaf upwards; empty when `size` is 1. Every hash must be used.
    /// @return True if and only if the path leads from the leaf to the root.
    function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        internal
        view
        returns (bool)
    {
        if (index >= size) return false;
        // Nothing overflows: positions only fall, `used` stops at the length, and sizes are not zero here.
        unchecked {
            uint256 node = index;
            uint256 last = size - 1;
            uint256 used = 0;
            bytes32 computed = leaf;
            for (; node != last; node >>= 1) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                computed = node & 1 == 1 ? nodeHash(sibling, computed) : nodeHash(computed, sibling);
                last >>= 1;
            }
            // On the right edge every sibling left of the way up stands for a set bit.
            for (; node != 0; node &= node - 1) {
                if (used == path.length) return false;
                computed = nodeHash(path[used++], computed);
            }
            return used == path.length && computed == root;
        }
    }

    /// @notice Whether the tree (`size2`, `root2`) extends the tree (`size1`, `root1`): its first `size1` leaves are
    ///         the same, in the same order.
    /// @dev Nothing can be shown about the empty tree, so `size1` 0 is false. Trees of one size agree when their
    ///      roots do, and then the path must be empty.
    /// @param size1 Number of leaves of the older tree.
    /// @param root1 Root of the older tree.
    /// @param size2 Number of leaves of the newer tree; false if less than `size1`.
    /// @param root2 Root of the newer tree.
    /// @param path The consistency path; every hash must be used.
    /// @return True if and only if the path leads to both roots.
    function verifyConsistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata path
    ) internal view returns (bool) {
        if (size1 == 0 || size1 > size2) return false;
        if (size1 == size2) return path.length == 0 && root1 == root2;

        // Nothing overflows: positions only fall, `used` stops at the length, and sizes are not zero here.
        unchecked {
            uint256 node = size1 - 1;
            uint256 last = size2 - 1;
            while (node & 1 == 1) {
                node >>= 1;
                last >>= 1;
            }
            // An older tree that is a whole subtree of the newer one is its own first node, and is not sent.
            uint256 used = 0;
            bytes32 older = root1;
            if (node != 0) {
                if (path.length == 0) return false;
                older = path[0];
                used = 1;
            }
            bytes32 newer = older;
            // Up to where both trees meet, the newer one has nodes on both sides of the way.
            for (; node != last; node >>= 1) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                if (node & 1 == 1) {
                    older = nodeHash(sibling, older);
                    newer = nodeHash(sibling, newer);
                } else {
                    newer = nodeHash(newer, sibling);
                }
                last >>= 1;
            }
            // From there both go up the right edge: on the left a node for each set bit, on the right none.
            for (; node != 0; node &= node - 1) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                older = nodeHash(sibling, older);
                newer = nodeHash(sibling, newer);
            }
            return used == path.length && older == root1 && newer == root2;
        }
    }
}
