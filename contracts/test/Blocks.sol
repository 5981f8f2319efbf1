// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {VM} from "./Vm.sol";

/// @notice Sealed blocks of a chain whose state is one contract that holds one root, written by another's encoder.
library Blocks {
    using RLP for *;

    struct Block {
        uint64 number;
        uint64 time;
        uint256 round;
        bytes32 stateRoot;
        address[] validators;
    }

    /// @dev A header, sealed by `sealers`.
    function seal(Block memory block_, uint256[] memory sealers) internal pure returns (bytes memory) {
        bytes32 digest = keccak256(header(block_, new bytes[](0)));
        bytes[] memory seals = new bytes[](sealers.length);
        for (uint256 i = 0; i < sealers.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = VM.sign(sealers[i], digest);
            seals[i] = abi.encodePacked(r, s, v - 27).encode();
        }
        return header(block_, seals);
    }

    function header(Block memory block_, bytes[] memory seals) internal pure returns (bytes memory) {
        bytes[] memory fields = new bytes[](15);
        for (uint256 i = 0; i < 6; ++i) {
            fields[i] = keccak256(abi.encode(i)).encode();
        }
        fields[1] = keccak256(hex"c0").encode();
        fields[2] = address(0).encode();
        fields[3] = block_.stateRoot.encode();
        fields[6] = (new bytes(256)).encode();
        fields[7] = uint256(1).encode();
        fields[8] = uint256(block_.number).encode();
        fields[9] = uint256(30_000_000).encode();
        fields[10] = uint256(0).encode();
        fields[11] = uint256(block_.time).encode();
        fields[12] = _extraData(block_, seals).encode();
        fields[13] = bytes("ctical byzantine fault tolerance").encode();
        fields[14] = (new bytes(8)).encode();
        return fields.encode();
    }

    /// @dev Account and storage tries of one leaf each: `rootAt[logId][size]` of the contract at `anchor` is `root`.
    function state(address anchor, bytes32 codeHash, bytes32 logId, uint64 size, bytes32 root)
        internal
        pure
        returns (bytes32 stateRoot, bytes[] memory account, bytes[] memory storageNodes)
    {
        bytes32 slot = keccak256(abi.encode(size, keccak256(abi.encode(logId, uint256(0)))));
        storageNodes = _leaf(keccak256(abi.encode(slot)), uint256(root).encode());
        bytes[] memory fields = new bytes[](4);
        fields[0] = uint256(1).encode();
        fields[1] = uint256(0).encode();
        fields[2] = keccak256(storageNodes[0]).encode();
        fields[3] = codeHash.encode();
        account = _leaf(keccak256(abi.encodePacked(anchor)), fields.encode());
        stateRoot = keccak256(account[0]);
    }

    function _leaf(bytes32 key, bytes memory value) private pure returns (bytes[] memory nodes) {
        bytes[] memory items = new bytes[](2);
        items[0] = bytes.concat(hex"20", key).encode();
        items[1] = value.encode();
        nodes = new bytes[](1);
        nodes[0] = items.encode();
    }

    function _extraData(Block memory block_, bytes[] memory seals) private pure returns (bytes memory) {
        bytes[] memory validators = new bytes[](block_.validators.length);
        for (uint256 i = 0; i < validators.length; ++i) {
            validators[i] = block_.validators[i].encode();
        }
        bytes[] memory items = new bytes[](5);
        items[0] = bytes32("vanity").encode();
        items[1] = validators.encode();
        items[2] = (new bytes[](0)).encode();
        items[3] = block_.round.encode();
        items[4] = seals.encode();
        return items.encode();
    }
}
