// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Roots and paths straight from the recursive definitions of RFC 9162 2.1.1, 2.1.3.1 and 2.1.4.1.
/// @dev A reference to test against: slow, and sharing no code with RFC6962.sol.
library Tree {
    /// @dev MTH(D[start:end]); `leaves` are leaf hashes and the range is not empty.
    function root(bytes32[] memory leaves, uint256 start, uint256 end) internal pure returns (bytes32) {
        if (end - start == 1) return leaves[start];
        uint256 middle = start + _split(end - start);
        return sha256(bytes.concat(hex"01", root(leaves, start, middle), root(leaves, middle, end)));
    }

    /// @dev PATH(index, D[start:end]).
    function inclusion(bytes32[] memory leaves, uint256 index, uint256 start, uint256 end)
        internal
        pure
        returns (bytes32[] memory)
    {
        if (end - start == 1) return new bytes32[](0);
        uint256 middle = start + _split(end - start);
        return index < middle
            ? append(inclusion(leaves, index, start, middle), root(leaves, middle, end))
            : append(inclusion(leaves, index, middle, end), root(leaves, start, middle));
    }

    /// @dev PROOF(older, D[0:newer]); 0 < older <= newer.
    function consistency(bytes32[] memory leaves, uint256 older, uint256 newer)
        internal
        pure
        returns (bytes32[] memory)
    {
        return _subproof(leaves, older, 0, newer, true);
    }

    /// @dev SUBPROOF(older, D[start:end], whole).
    function _subproof(bytes32[] memory leaves, uint256 older, uint256 start, uint256 end, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        if (older == end - start) {
            return whole ? new bytes32[](0) : append(new bytes32[](0), root(leaves, start, end));
        }
        uint256 split = _split(end - start);
        uint256 middle = start + split;
        return older <= split
            ? append(_subproof(leaves, older, start, middle, whole), root(leaves, middle, end))
            : append(_subproof(leaves, older - split, middle, end, false), root(leaves, start, middle));
    }

    /// @dev A copy of `path` with one hash more.
    function append(bytes32[] memory path, bytes32 last) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
        }
        longer[path.length] = last;
    }

    /// @dev A copy of `path` without its last hash.
    function shorten(bytes32[] memory path) internal pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i];
        }
    }

    /// @dev The largest power of two smaller than `size`; size > 1.
    function _split(uint256 size) private pure returns (uint256 split) {
        split = 1;
        while (split * 2 < size) split *= 2;
    }
}
