// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StrictRLP} from "./StrictRLP.sol";

/// @title Proofs from the state of another chain
/// @notice Finds what a Merkle Patricia trie holds under a key of 32 bytes: an account, or a storage slot.
/// @dev A proof is the encoded nodes from the root towards the key, accepted in one form only: root first, every node
///      used exactly once, none left over; nodes shorter than 32 bytes stand inside their parent and never alone.
///      Every node is checked to be one that a canonical trie can hold. OpenZeppelin's TrieProof cannot stand in: it
///      takes short nodes twice over, and does not look at what is beside the way.
///      Source: Ethereum yellow paper, appendix D.
library StateTrie {
    /// @notice The proof ends before the key is reached.
    error ProofTruncated();

    /// @notice A node does not have the hash by which its parent names it; the first, not that of the root.
    error ProofInvalid();

    /// @notice The proof has a node that does not lead to the key.
    error ProofSurplus();

    /// @notice A node is none that a canonical trie can hold.
    error TrieNode();

    bytes32 private constant _EMPTY_ROOT = keccak256(hex"80");
    uint256 private constant _KEY_NIBBLES = 64;
    uint256 private constant _VALUE = 16; // position in a branch, after the children
    uint256 private constant _ODD = 1; // flags in the first nibble of a compact path
    uint256 private constant _LEAF = 2;

    /// @notice The value under `key` in the trie with root hash `root`.
    /// @param root Believed by the caller.
    /// @param key As it stands in the trie: the keccak256 of the address or slot.
    /// @param nodes Encoded nodes, root first; none for the empty trie.
    /// @return body Where the value begins in calldata.
    /// @return past Where it ends; both are zero where the nodes prove that there is no value.
    function get(bytes32 root, bytes32 key, bytes[] calldata nodes)
        internal
        pure
        returns (uint256 body, uint256 past)
    {
        uint256 used = 0;
        if (root != _EMPTY_ROOT) (used, body, past) = _walk(root, key, nodes);
        if (used != nodes.length) revert ProofSurplus();
    }

    /// @notice Reads the value of a state trie: RLP of nonce, balance, storage root and code hash.
    /// @param body Where the value begins in calldata.
    /// @param past Where it ends.
    /// @return storageRoot Root of the account's own trie.
    /// @return codeHash keccak256 of its runtime code.
    function account(uint256 body, uint256 past)
        internal
        pure
        returns (bytes32 storageRoot, bytes32 codeHash)
    {
        (uint256 begin, uint256 end) = StrictRLP.list(body, past);
        (body, past) = _accountField(begin, end);
        StrictRLP.checkInteger(body, past, 8);
        (body, past) = _accountField(past, end);
        StrictRLP.checkInteger(body, past, 32);
        (body, past) = _accountField(past, end);
        storageRoot = StrictRLP.word(body, past);
        (body, past) = _accountField(past, end);
        codeHash = StrictRLP.word(body, past);
        if (past != end) revert StrictRLP.RlpShape();
    }

    /// @notice Reads the value of a storage trie: RLP of an integer that is not zero.
    /// @param body Where the value begins in calldata.
    /// @param past Where it ends.
    /// @return The word that the slot holds.
    function storedWord(uint256 body, uint256 past) internal pure returns (bytes32) {
        (uint256 begin, uint256 end) = StrictRLP.nextBytes(body, past);
        if (end != past) revert StrictRLP.RlpTrailing();
        uint256 value = StrictRLP.integer(begin, end, 32);
        if (value == 0) revert StrictRLP.RlpNotCanonical();
        return bytes32(value);
    }

    /// @dev An account with fewer than four fields is whole RLP, and of the wrong shape.
    function _accountField(uint256 begin, uint256 end) private pure returns (uint256, uint256) {
        if (begin == end) revert StrictRLP.RlpShape();
        return StrictRLP.nextBytes(begin, end);
    }

    /// @dev From the root to the value or to where it would be; says how many nodes that took.
    function _walk(bytes32 root, bytes32 key, bytes[] calldata nodes)
        private
        pure
        returns (uint256 used, uint256 body, uint256 past)
    {
        (uint256 begin, uint256 end) = _load(root, nodes, 0);
        used = 1;
        uint256 depth = 0;
        bool afterExtension = false;
        while (true) {
            bool isList;
            if (_isBranch(begin, end)) {
                bool isValue = depth == _KEY_NIBBLES;
                (isList, body, past) = _item(begin, end, isValue ? _VALUE : _nibble(key, depth));
                if (body == past) return (used, 0, 0);
                if (isValue) return (used, body, past);
                ++depth;
                afterExtension = false;
            } else {
                if (afterExtension) revert TrieNode();
                bool isLeaf;
                bool matches;
                (isLeaf, matches, depth, begin) = _follow(begin, end, key, depth);
                (isList, body, past) = StrictRLP.next(begin, end);
                if (!matches || (isLeaf && depth != _KEY_NIBBLES)) return (used, 0, 0);
                if (isLeaf) return (used, body, past);
                afterExtension = true;
            }
            if (isList) {
                // A child inside its parent was checked together with it.
                (begin, end) = (body, past);
            } else {
                (begin, end) = _load(StrictRLP.word(body, past), nodes, used);
                ++used;
            }
        }
    }

    /// @dev The items of the next node of the proof.
    function _load(bytes32 want, bytes[] calldata nodes, uint256 used)
        private
        pure
        returns (uint256 begin, uint256 end)
    {
        if (used == nodes.length) revert ProofTruncated();
        bytes calldata node = nodes[used];
        if (keccak256(node) != want) revert ProofInvalid();
        if (used != 0 && node.length < 32) revert TrieNode();
        (begin, end) = StrictRLP.list(node);
        _check(begin, end);
    }

    /// @dev Compares the path of a leaf or an extension with the rest of the key.
    /// @return isLeaf Which of the two.
    /// @return matches Whether the path is how the rest of the key begins.
    /// @return Depth after the path.
    /// @return Where the item after the path begins.
    function _follow(uint256 begin, uint256 end, bytes32 key, uint256 depth)
        private
        pure
        returns (bool isLeaf, bool matches, uint256, uint256)
    {
        (uint256 body, uint256 past) = StrictRLP.nextBytes(begin, end);
        unchecked {
            uint256 path = StrictRLP.load(body);
            uint256 flags = path >> 252;
            uint256 count = 2 * (past - body) - (flags & _ODD == 0 ? 2 : 1);
            isLeaf = flags & _LEAF != 0;
            if (count > _KEY_NIBBLES - depth) return (isLeaf, false, depth, past);
            path = flags & _ODD == 0 ? StrictRLP.load(body + 1) : path << 4;
            // A shift by 256, for a path of no nibbles, leaves nothing to differ.
            matches = (path ^ (uint256(key) << (4 * depth))) >> (256 - 4 * count) == 0;
            return (isLeaf, matches, depth + count, past);
        }
    }

    /// @dev Refuses what no canonical trie holds, in this node and in those that stand inside it.
    function _check(uint256 begin, uint256 end) private pure {
        bool isList;
        uint256 body;
        uint256 past;
        if (_isBranch(begin, end)) {
            uint256 empty = 0;
            for (uint256 i = 0; i < _VALUE; ++i) {
                (isList, body, past) = StrictRLP.next(begin, end);
                if (isList || past - body != 0) _checkReference(isList, begin, body, past);
                else ++empty;
                begin = past;
            }
            (body, past) = StrictRLP.nextBytes(begin, end);
            if (past != end) revert TrieNode();
            if (body == past) ++empty;
            if (empty > _VALUE - 1) revert TrieNode();
            return;
        }
        (body, past) = StrictRLP.nextBytes(begin, end);
        if (body == past) revert TrieNode();
        uint256 first = StrictRLP.load(body) >> 248;
        uint256 flags = first >> 4;
        if (flags > _ODD | _LEAF || (flags & _ODD == 0 && first & 0x0f != 0)) revert TrieNode();
        bool isEmptyPath = past - body == 1 && flags & _ODD == 0;
        begin = past;
        (isList, body, past) = StrictRLP.next(begin, end);
        if (past != end) revert TrieNode();
        if (flags & _LEAF != 0) {
            if (isList) revert StrictRLP.RlpShape();
            if (body == past) revert TrieNode();
        } else {
            if (isEmptyPath) revert TrieNode();
            _checkReference(isList, begin, body, past);
            if (isList && !_isBranch(body, past)) revert TrieNode();
        }
    }

    /// @dev A child is the hash of a node, or a node too short to be worth one.
    function _checkReference(bool isList, uint256 begin, uint256 body, uint256 past) private pure {
        if (!isList) {
            if (past - body != 32) revert TrieNode();
            return;
        }
        if (past - begin >= 32) revert TrieNode();
        _check(body, past);
    }

    /// @dev Whether a node has more than the two items of a leaf or an extension; {_check} counts them exactly.
    function _isBranch(uint256 begin, uint256 end) private pure returns (bool) {
        if (begin == end) revert TrieNode();
        uint256 second = StrictRLP.skip(begin, end);
        if (second == end) revert TrieNode();
        return StrictRLP.skip(second, end) != end;
    }

    function _item(uint256 begin, uint256 end, uint256 index)
        private
        pure
        returns (bool isList, uint256 body, uint256 past)
    {
        past = begin;
        for (uint256 i = 0; i <= index; ++i) {
            (isList, body, past) = StrictRLP.next(past, end);
        }
    }

    function _nibble(bytes32 key, uint256 depth) private pure returns (uint256) {
        return (uint256(key) >> (252 - 4 * depth)) & 0x0f;
    }
}
