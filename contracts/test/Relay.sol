// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForeignCheckpoints} from "../src/IForeignCheckpoints.sol";

/// @dev What names the contract's code to {VM.deployCode}.
string constant RELAY = "ForeignCheckpoints.sol:ForeignCheckpoints";

/// @notice All that ForeignCheckpoints answers to. Tests name this and not the contract, see foundry.toml.
interface Relay is IForeignCheckpoints {
    function rootAt(bytes32 sourceId, bytes32 logId, uint64 size) external view returns (bytes32);
    function head(bytes32 sourceId, bytes32 logId) external view returns (uint64);
    function disputed(bytes32 logId) external view returns (bool);
    function sources(bytes32 sourceId)
        external
        view
        returns (
            uint64 chainId,
            address anchor,
            uint8 kind,
            uint8 count,
            uint8 threshold,
            uint64 epoch,
            uint64 fromBlock,
            bytes32 genesis,
            bytes32 codeHash,
            bytes32 setHash
        );
}
