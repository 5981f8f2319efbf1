// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @notice Head signatures, built from the text of EIP-712 and not from the contract's own constants.
library Heads {
    function logId(bytes32 originHash, address headKey) internal pure returns (bytes32) {
        return keccak256(abi.encode(originHash, headKey));
    }

    function digest(bytes32 log, uint64 size, bytes32 root) internal pure returns (bytes32) {
        bytes32 domainType = keccak256("EIP712Domain(string name,string version)");
        bytes32 domain = keccak256(abi.encode(domainType, keccak256("evidence-ledger"), keccak256("1")));
        bytes32 headType = keccak256("Head(bytes32 logId,uint64 size,bytes32 root)");
        return keccak256(bytes.concat(hex"1901", domain, keccak256(abi.encode(headType, log, size, root))));
    }

    function sign(uint256 privateKey, bytes32 log, uint64 size, bytes32 root)
        internal
        pure
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest(log, size, root));
        return abi.encodePacked(r, s, v);
    }
}
