// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What names the contract's code to {VM.deployCode}.
string constant ANCHOR_CODE = "CheckpointAnchor.sol:CheckpointAnchor";

/// @notice All that CheckpointAnchor answers to. Tests name this and not the contract, see foundry.toml.
interface Anchor {
    error NotNewer();
    error ZeroRoot();
    error BadProof();
    error BadSignature();

    function rootAt(bytes32 logId, uint64 size) external view returns (bytes32);
    function head(bytes32 logId) external view returns (uint64);
    function anchor(
        bytes32 originHash,
        address headKey,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistency,
        bytes calldata headSignature
    ) external;
}
