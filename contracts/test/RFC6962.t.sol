// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RFC6962Harness} from "./RFC6962Harness.sol";
import {Tree} from "./Tree.sol";
import {VM} from "./Vm.sol";

contract RFC6962Test {
    using Tree for bytes32[];

    uint64 private constant _SIZES = 33;
    RFC6962Harness private _merkle;

    function setUp() public {
        _merkle = new RFC6962Harness();
    }

    /// @dev Leaves "entry-0", "entry-1" … as the vectors make them: the entry is their SHA-256.
    function _leaves(uint256 size) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            bytes32 entry = sha256(bytes.concat("entry-", bytes(VM.toString(i))));
            leaves[i] = _merkle.leafHash(bytes.concat(entry));
        }
    }

    function test_the_roots_are_those_of_the_vectors() public view {
        string memory json = VM.readFile("../tests/vectors/contract.json");
        bytes32[] memory leaves = _leaves(1000);
        uint16[5] memory sizes = [1, 2, 3, 8, 1000];
        for (uint256 i = 0; i < sizes.length; ++i) {
            string memory key = string.concat(".roots.", VM.toString(sizes[i]));
            require(leaves.root(0, sizes[i]) == VM.parseJsonBytes32(json, key), key);
        }
    }

    function test_a_node_is_the_hash_of_both_children_after_a_one() public view {
        bytes32[] memory leaves = _leaves(2);
        require(_merkle.nodeHash(leaves[0], leaves[1]) == leaves.root(0, 2));
    }

    function test_every_leaf_of_every_small_tree_is_included_there_and_nowhere_else() public view {
        bytes32[] memory leaves = _leaves(_SIZES);
        for (uint64 size = 1; size <= _SIZES; ++size) {
            bytes32 root = leaves.root(0, size);
            for (uint64 index = 0; index < size; ++index) {
                bytes32[] memory path = leaves.inclusion(index, 0, size);
                require(_merkle.verifyInclusion(leaves[index], index, size, root, path));
                require(!_merkle.verifyInclusion(leaves[(index + 1) % _SIZES], index, size, root, path));
                require(!_merkle.verifyInclusion(leaves[index], index, size, root, path.append(root)));
                require(!_merkle.verifyInclusion(leaves[index], size, size, root, path));
                if (path.length == 0) continue;
                require(!_merkle.verifyInclusion(leaves[index], index, size, root, path.shorten()));
                require(!_merkle.verifyInclusion(leaves[index], index ^ 1, size, root, path));
            }
        }
    }

    function test_every_small_tree_extends_its_every_prefix_and_nothing_else() public view {
        bytes32[] memory leaves = _leaves(_SIZES);
        bytes32[] memory none = new bytes32[](0);
        for (uint64 newer = 1; newer <= _SIZES; ++newer) {
            bytes32 root2 = leaves.root(0, newer);
            require(!_merkle.verifyConsistency(0, 0, newer, root2, none));
            require(!_merkle.verifyConsistency(newer + 1, root2, newer, root2, none));
            for (uint64 older = 1; older <= newer; ++older) {
                bytes32 root1 = leaves.root(0, older);
                bytes32[] memory path = leaves.consistency(older, newer);
                require(_merkle.verifyConsistency(older, root1, newer, root2, path));
                require(!_merkle.verifyConsistency(older, root1, newer, root2, path.append(root1)));
                require(!_merkle.verifyConsistency(older, ~root1, newer, root2, path));
                require(!_merkle.verifyConsistency(older, root1, newer, ~root2, path));
                if (path.length == 0) continue;
                require(!_merkle.verifyConsistency(older, root1, newer, root2, path.shorten()));
            }
        }
    }

    function testFuzz_a_consistency_path_with_one_bit_changed_is_refused(uint8 older, uint8 newer, uint16 bit)
        public
        view
    {
        uint64 size2 = 2 + newer % 62;
        uint64 size1 = 1 + older % (size2 - 1);
        bytes32[] memory leaves = _leaves(size2);
        bytes32[] memory path = leaves.consistency(size1, size2);
        path[bit / 256 % path.length] ^= bytes32(uint256(1) << (bit % 256));
        require(!_merkle.verifyConsistency(size1, leaves.root(0, size1), size2, leaves.root(0, size2), path));
    }

    function testFuzz_an_inclusion_path_with_one_bit_changed_is_refused(uint8 leaf, uint8 leaves_, uint16 bit)
        public
        view
    {
        uint64 size = 2 + leaves_ % 62;
        uint64 index = leaf % size;
        bytes32[] memory leaves = _leaves(size);
        bytes32[] memory path = leaves.inclusion(index, 0, size);
        path[bit / 256 % path.length] ^= bytes32(uint256(1) << (bit % 256));
        require(!_merkle.verifyInclusion(leaves[index], index, size, leaves.root(0, size), path));
    }

    function testFuzz_nonsense_is_refused_without_a_revert(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata path
    ) public view {
        VM.assume(root1 != root2);
        require(!_merkle.verifyConsistency(size1, root1, size2, root2, path));
        require(!_merkle.verifyInclusion(root1, size1, size2, root2, path));
    }
}
