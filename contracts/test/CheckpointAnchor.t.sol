// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ANCHOR_CODE, Anchor} from "./Anchor.sol";
import {Heads} from "./Heads.sol";
import {VM} from "./Vm.sol";

contract CheckpointAnchorTest {
    bytes32 private constant _ORIGIN = keccak256("registry.example.xa/XA/2026");
    uint256 private constant _KEY = uint256(keccak256("head key"));
    bytes32[] private _nothing;
    Anchor private _anchor;

    function setUp() public {
        _anchor = Anchor(VM.deployCode(ANCHOR_CODE));
    }

    function test_the_code_is_that_of_the_committed_artifact() public view {
        string memory artifact = VM.readFile("../ledger/chain/artifacts/CheckpointAnchor.json");
        require(address(_anchor).codehash == VM.parseJsonBytes32(artifact, ".runtimeCodeHash"));
        require(keccak256(VM.getCode(ANCHOR_CODE)) == keccak256(VM.parseJsonBytes(artifact, ".bytecode")));
    }

    function test_every_call_of_the_vectors_in_order() public {
        string memory json = VM.readFile("../tests/vectors/contract.json");
        uint256 calls = 0;
        uint256 accepted = 0;
        for (;; ++calls) {
            string memory row = string.concat(".calls[", VM.toString(calls), "]");
            if (!VM.keyExistsJson(json, row)) break;
            if (_row(json, row)) ++accepted;
        }
        require(calls == 24 && accepted == 4, "the vector file has other rows than this test was written for");
    }

    /// @dev One row: the answer expected, and after an accepted call the two slots.
    function _row(string memory json, string memory row) private returns (bool accepted) {
        string memory expected = VM.parseJsonString(json, string.concat(row, ".expect"));
        bytes memory answer;
        (accepted, answer) = address(_anchor).call(_callOf(json, row));
        if (!accepted) {
            bytes32 wanted = keccak256(bytes(string.concat(expected, "()")));
            require(answer.length == 4 && bytes4(answer) == bytes4(wanted), string.concat(row, expected));
            return false;
        }
        require(keccak256(bytes(expected)) == keccak256("ok"), string.concat(row, expected));
        _requireSlot(json, row, ".after.rootAtSlot", ".after.value");
        _requireSlot(json, row, ".after.headSlot", ".after.head");
    }

    function _requireSlot(string memory json, string memory row, string memory slot, string memory value)
        private
        view
    {
        bytes32 stored = VM.load(address(_anchor), VM.parseJsonBytes32(json, string.concat(row, slot)));
        require(stored == VM.parseJsonBytes32(json, string.concat(row, value)), string.concat(row, slot));
    }

    function _callOf(string memory json, string memory row) private pure returns (bytes memory) {
        return abi.encodeCall(
            Anchor.anchor,
            (
                VM.parseJsonBytes32(json, string.concat(row, ".originHash")),
                VM.parseJsonAddress(json, string.concat(row, ".headKey")),
                uint64(VM.parseJsonUint(json, string.concat(row, ".size"))),
                VM.parseJsonBytes32(json, string.concat(row, ".root")),
                VM.parseJsonBytes32Array(json, string.concat(row, ".consistency")),
                VM.parseJsonBytes(json, string.concat(row, ".headSignature"))
            )
        );
    }

    function testFuzz_a_first_head_signed_by_its_key_is_anchored_by_anybody(
        uint64 size,
        bytes32 root,
        address sender
    ) public {
        VM.assume(size != 0 && root != 0);
        bytes32 logId = Heads.logId(_ORIGIN, VM.addr(_KEY));
        bytes memory signature = Heads.sign(_KEY, logId, size, root);
        VM.prank(sender);
        _anchor.anchor(_ORIGIN, VM.addr(_KEY), size, root, _nothing, signature);
        require(_anchor.head(logId) == size && _anchor.rootAt(logId, size) == root);
    }

    function testFuzz_no_other_key_anchors(uint256 other, uint64 size, bytes32 root) public {
        VM.assume(size != 0 && root != 0);
        other = 1 + other % type(uint128).max;
        VM.assume(other != _KEY);
        bytes memory signature = Heads.sign(other, Heads.logId(_ORIGIN, VM.addr(_KEY)), size, root);
        VM.expectRevert(Anchor.BadSignature.selector);
        _anchor.anchor(_ORIGIN, VM.addr(_KEY), size, root, _nothing, signature);
    }

    function testFuzz_a_signature_serves_no_other_origin_size_or_root(
        bytes32 origin,
        uint64 size,
        bytes32 root
    ) public {
        VM.assume(size != 0 && root != 0 && !(origin == _ORIGIN && size == 7 && root == bytes32(uint256(7))));
        bytes32 logId = Heads.logId(_ORIGIN, VM.addr(_KEY));
        bytes memory signature = Heads.sign(_KEY, logId, 7, bytes32(uint256(7)));
        VM.expectRevert(Anchor.BadSignature.selector);
        _anchor.anchor(origin, VM.addr(_KEY), size, root, _nothing, signature);
    }

    function testFuzz_no_bytes_but_the_signature_are_one(bytes calldata signature, address headKey) public {
        VM.expectRevert(Anchor.BadSignature.selector);
        _anchor.anchor(_ORIGIN, headKey, 1, bytes32(uint256(1)), _nothing, signature);
    }

    function testFuzz_a_signature_with_one_bit_changed_is_refused(uint16 bit) public {
        bytes32 logId = Heads.logId(_ORIGIN, VM.addr(_KEY));
        bytes memory signature = Heads.sign(_KEY, logId, 1, bytes32(uint256(1)));
        bit %= 65 * 8;
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        VM.expectRevert(Anchor.BadSignature.selector);
        _anchor.anchor(_ORIGIN, VM.addr(_KEY), 1, bytes32(uint256(1)), _nothing, signature);
    }

    /// @dev With four faults in one call, each is told in its turn as the ones before it are mended.
    function test_the_checks_are_made_in_the_order_of_the_specification() public {
        address headKey = VM.addr(_KEY);
        bytes32 root = bytes32(uint256(1));
        bytes32[] memory surplus = new bytes32[](1);
        VM.expectRevert(Anchor.NotNewer.selector);
        _anchor.anchor(_ORIGIN, headKey, 0, 0, surplus, "");
        VM.expectRevert(Anchor.ZeroRoot.selector);
        _anchor.anchor(_ORIGIN, headKey, 1, 0, surplus, "");
        VM.expectRevert(Anchor.BadProof.selector);
        _anchor.anchor(_ORIGIN, headKey, 1, root, surplus, "");
        VM.expectRevert(Anchor.BadSignature.selector);
        _anchor.anchor(_ORIGIN, headKey, 1, root, _nothing, "");
    }
}
