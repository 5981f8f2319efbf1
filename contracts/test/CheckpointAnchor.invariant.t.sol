// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ANCHOR_CODE, Anchor} from "./Anchor.sol";
import {Heads} from "./Heads.sol";
import {Tree} from "./Tree.sol";
import {VM} from "./Vm.sol";

/// @notice A log that grows and is anchored, and everybody who tries to anchor something else.
/// @dev Every attempt that must fail is made with the signature that would be right for what it says, so that the
///      rule under test is the one that stops it. With `fail_on_revert` a surprise in here fails the run.
contract LogHandler {
    using Tree for bytes32[];

    bytes32 private constant _ORIGIN = keccak256("registry.example.xa/XA/2026");
    uint256 private constant _KEY = uint256(keccak256("head key"));
    uint256 private constant _OUTSIDER = uint256(keccak256("outsider"));
    uint256 private constant _MAX_LEAVES = 96;

    Anchor public immutable target = Anchor(VM.deployCode(ANCHOR_CODE));
    bytes32 public immutable logId = Heads.logId(_ORIGIN, VM.addr(_KEY));
    bytes32[] private _leaves;
    uint64[] private _sizes;
    bytes32[] private _roots;
    uint256 public refused;

    /// @dev The operator appends some leaves and anchors the new head.
    function grow(uint8 count, bytes32 seed) external {
        bytes32[] memory grown = _grown(_leaves, count, seed);
        if (grown.length > _MAX_LEAVES) return;
        require(_offer(_KEY, grown) == bytes4(0), "an honest head was refused");
        for (uint256 i = _leaves.length; i < grown.length; ++i) {
            _leaves.push(grown[i]);
        }
        _sizes.push(uint64(grown.length));
        _roots.push(grown.root(0, grown.length));
    }

    /// @dev The operator changes one anchored leaf, appends, and proves and signs the result with the true key.
    function rewrite(uint256 index, uint8 count, bytes32 seed) external {
        if (_leaves.length == 0) return;
        bytes32[] memory rewritten = _grown(_leaves, count, seed);
        rewritten[index % _leaves.length] ^= bytes32(uint256(1));
        _requireRefused(_offer(_KEY, rewritten), Anchor.BadProof.selector);
    }

    /// @dev The operator takes back leaves at the end and appends others, past the anchored size.
    function truncate(uint256 kept, uint8 count, bytes32 seed) external {
        if (_leaves.length == 0) return;
        bytes32[] memory shorter = new bytes32[](kept % _leaves.length);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = _leaves[i];
        }
        bytes32 fresh = keccak256(abi.encode("truncated", seed));
        bytes32[] memory other = _appended(shorter, _leaves.length - shorter.length + 1 + count % 8, fresh);
        _requireRefused(_offer(_KEY, other), Anchor.BadProof.selector);
    }

    /// @dev Somebody without the head key appends a leaf, with a sound proof.
    function intrude(bytes32 seed) external {
        bytes32[] memory grown = _grown(_leaves, 0, seed);
        _requireRefused(_offer(_OUTSIDER, grown), Anchor.BadSignature.selector);
    }

    /// @dev Anybody sends a head again that was anchored before, with its true signature.
    function replay(uint256 index) external {
        if (_sizes.length == 0) return;
        index %= _sizes.length;
        bytes memory signature = Heads.sign(_KEY, logId, _sizes[index], _roots[index]);
        bytes32[] memory nothing = new bytes32[](0);
        bytes4 answer = _send(VM.addr(_KEY), _sizes[index], _roots[index], nothing, signature);
        _requireRefused(answer, Anchor.NotNewer.selector);
    }

    /// @dev Somebody uses the origin under a head key of their own; that is another log, and may be anchored.
    function squat(uint64 size, bytes32 root) external {
        address outsider = VM.addr(_OUTSIDER);
        bytes32 squatted = Heads.logId(_ORIGIN, outsider);
        if (root == 0 || size == 0 || target.head(squatted) != 0) return;
        bytes memory signature = Heads.sign(_OUTSIDER, squatted, size, root);
        require(_send(outsider, size, root, new bytes32[](0), signature) == bytes4(0));
    }

    function anchored() external view returns (uint64[] memory, bytes32[] memory, bytes32[] memory) {
        return (_sizes, _roots, _leaves);
    }

    function _offer(uint256 key, bytes32[] memory leaves) private returns (bytes4) {
        uint64 size = uint64(leaves.length);
        uint64 head = target.head(logId);
        bytes32 root = leaves.root(0, size);
        bytes32[] memory path = head == 0 ? new bytes32[](0) : leaves.consistency(head, size);
        return _send(VM.addr(_KEY), size, root, path, Heads.sign(key, logId, size, root));
    }

    function _send(address headKey, uint64 size, bytes32 root, bytes32[] memory path, bytes memory signature)
        private
        returns (bytes4)
    {
        try target.anchor(_ORIGIN, headKey, size, root, path, signature) {
            return bytes4(0);
        } catch (bytes memory reason) {
            return bytes4(reason);
        }
    }

    function _requireRefused(bytes4 answer, bytes4 expected) private {
        require(answer == expected, "an attempt was not refused as it should be");
        ++refused;
    }

    /// @dev `leaves` and one to sixteen more.
    function _grown(bytes32[] memory leaves, uint8 count, bytes32 seed)
        private
        pure
        returns (bytes32[] memory)
    {
        return _appended(leaves, 1 + count % 16, seed);
    }

    function _appended(bytes32[] memory leaves, uint256 count, bytes32 seed)
        private
        pure
        returns (bytes32[] memory grown)
    {
        grown = new bytes32[](leaves.length + count);
        for (uint256 i = 0; i < grown.length; ++i) {
            grown[i] = i < leaves.length ? leaves[i] : sha256(abi.encode(seed, i));
        }
    }
}

contract CheckpointAnchorInvariants {
    using Tree for bytes32[];

    LogHandler private _handler;

    function setUp() public {
        _handler = new LogHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev Both are asked after each call of one campaign.
    function invariant_no_head_falls_no_root_is_overwritten_and_each_extends_the_one_before() public view {
        _onlyGrows();
        _isOneHistory();
    }

    /// @dev The sizes anchored only grow, the head is the last, and no root was overwritten.
    function _onlyGrows() private view {
        (uint64[] memory sizes, bytes32[] memory roots,) = _handler.anchored();
        Anchor target = _handler.target();
        bytes32 logId = _handler.logId();
        uint64 last = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            require(sizes[i] > last);
            last = sizes[i];
            require(target.rootAt(logId, last) == roots[i]);
        }
        require(target.head(logId) == last);
    }

    /// @dev There is one history of which every anchored root is a prefix.
    function _isOneHistory() private view {
        (uint64[] memory sizes,, bytes32[] memory leaves) = _handler.anchored();
        Anchor target = _handler.target();
        bytes32 logId = _handler.logId();
        for (uint256 i = 0; i < sizes.length; ++i) {
            require(target.rootAt(logId, sizes[i]) == leaves.root(0, sizes[i]));
        }
    }
}
