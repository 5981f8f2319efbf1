// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @notice Keys of attesters and validators, and what they sign; digests come from the text of EIP-712.
library Signers {
    /// @dev `count` keys in the ascending order of their addresses.
    function keys(string memory what, uint256 count) internal pure returns (uint256[] memory sorted) {
        sorted = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 key = uint256(keccak256(abi.encode(what, i))) >> 1;
            uint256 j = i;
            for (; j > 0 && VM.addr(sorted[j - 1]) > VM.addr(key); --j) {
                sorted[j] = sorted[j - 1];
            }
            sorted[j] = key;
        }
    }

    function addresses(uint256[] memory of_) internal pure returns (address[] memory found) {
        found = new address[](of_.length);
        for (uint256 i = 0; i < of_.length; ++i) {
            found[i] = VM.addr(of_[i]);
        }
    }

    /// @dev An organisation for each, "0", "1" …
    function organisations(uint256 count) internal pure returns (string[] memory names) {
        names = new string[](count);
        for (uint256 i = 0; i < count; ++i) {
            names[i] = VM.toString(i);
        }
    }

    /// @dev The first `count` of the keys.
    function first(uint256[] memory of_, uint256 count) internal pure returns (uint256[] memory some) {
        some = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = of_[i];
        }
    }

    /// @dev r || s || v of each, in the order of the keys.
    function sign(uint256[] memory with, bytes32 digest) internal pure returns (bytes memory signatures) {
        for (uint256 i = 0; i < with.length; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = VM.sign(with[i], digest);
            signatures = abi.encodePacked(signatures, r, s, v);
        }
    }

    function typed(bytes32 structHash) internal pure returns (bytes32) {
        bytes32 domainType = keccak256("EIP712Domain(string name,string version)");
        bytes32 domain = keccak256(abi.encode(domainType, keccak256("evidence-ledger"), keccak256("1")));
        return keccak256(bytes.concat(hex"1901", domain, structHash));
    }

    function rotation(bytes32 sourceId, uint64 epoch, bytes32 setId) internal pure returns (bytes32) {
        bytes32 kind = keccak256("Rotation(bytes32 sourceId,uint64 epoch,bytes32 setId)");
        return typed(keccak256(abi.encode(kind, sourceId, epoch, setId)));
    }
}
