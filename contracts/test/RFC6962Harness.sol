// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RFC6962} from "../src/RFC6962.sol";

/// @notice The internal functions of RFC6962.sol, callable from a test in any language.
contract RFC6962Harness {
    function leafHash(bytes calldata entry) external pure returns (bytes32) {
        return RFC6962.leafHash(entry);
    }

    function nodeHash(bytes32 left, bytes32 right) external view returns (bytes32) {
        return RFC6962.nodeHash(left, right);
    }

    function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        return RFC6962.verifyInclusion(leaf, index, size, root, path);
    }

    function verifyConsistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata path
    ) external view returns (bool) {
        return RFC6962.verifyConsistency(size1, root1, size2, root2, path);
    }
}
