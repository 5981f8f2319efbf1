// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attesters} from "../src/Attesters.sol";
import {IForeignCheckpoints} from "../src/IForeignCheckpoints.sol";
import {SealedHeader} from "../src/SealedHeader.sol";
import {Signature} from "../src/Signature.sol";
import {RELAY} from "./Relay.sol";
import {Signers} from "./Signers.sol";
import {Sources} from "./Sources.sol";
import {Tree} from "./Tree.sol";
import {VM} from "./Vm.sol";

contract ForeignCheckpointsTest is Sources {
    using Tree for bytes32[];
    using Signers for uint256[];

    function setUp() public {
        start();
    }

    function _leaves(uint256 size, bytes32 seed) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = sha256(abi.encodePacked(hex"00", keccak256(abi.encode(seed, i))));
        }
    }

    function test_the_code_is_that_of_the_committed_artifact() public view {
        string memory artifact = VM.readFile("../ledger/chain/artifacts/ForeignCheckpoints.json");
        require(address(target).codehash == VM.parseJsonBytes32(artifact, ".runtimeCodeHash"));
        require(keccak256(VM.getCode(RELAY)) == keccak256(VM.parseJsonBytes(artifact, ".bytecode")));
    }

    function test_both_kinds_of_finality_are_accepted_told_apart_and_verified() public {
        bytes32[] memory leaves = _leaves(9, "log");
        bytes32 entry = keccak256(abi.encode(bytes32("log"), 2));
        bytes32 root = leaves.root(0, 9);
        attest(logId, 9, root, attesters.first(4).sign(claim(logId, 9, root)), nothing);
        submitSealed(3, 9, root, validators.first(3), nothing);
        bytes32[] memory path = leaves.inclusion(2, 0, 9);
        bytes32[2] memory ids = [attested, sealed_];
        for (uint8 i = 0; i < 2; ++i) {
            require(target.rootAt(ids[i], logId, 9) == root && target.head(ids[i], logId) == 9);
            (bool accepted, uint8 grade, bool isDisputed) =
                target.verifyInclusion(ids[i], logId, 9, entry, 2, path);
            require(accepted && grade == i + 1 && !isDisputed);
            (accepted, grade,) = target.verifyInclusion(ids[i], logId, 9, entry, 3, path);
            require(!accepted && grade == 0);
            (accepted, grade,) = target.verifyInclusion(ids[i], logId, 8, entry, 2, path);
            require(!accepted && grade == 0);
        }
    }

    /// @dev Sizes come in any order; each is held against the greatest, and none is accepted twice.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_sizes_are_filled_in_and_never_overwritten(uint8 a, uint8 b, uint8 c, bytes32 seed)
        public
    {
        bytes32[] memory leaves = _leaves(48, seed);
        uint8[3] memory sizes = [1 + a % 48, 1 + b % 48, 1 + c % 48];
        uint64 head = 0;
        for (uint256 i = 0; i < 3; ++i) {
            uint64 size = sizes[i];
            bytes32 root = leaves.root(0, size);
            bytes32[] memory path;
            if (head != 0) {
                path = size < head ? leaves.consistency(size, head) : leaves.consistency(head, size);
            }
            bool again = target.rootAt(sealed_, logId, size) != 0;
            if (again) VM.expectRevert(IForeignCheckpoints.AlreadyAccepted.selector);
            // The call that is expected to fail is the submission, the last that this makes.
            this.submit(size, root, path);
            if (size > head) head = size;
            require(target.head(sealed_, logId) == head && target.rootAt(sealed_, logId, size) == root);
        }
    }

    function submit(uint64 size, bytes32 root, bytes32[] calldata path) external {
        submitSealed(5, size, root, validators.first(3), path);
    }

    /// @dev The other chain holds a rewritten log, soundly sealed: it is no continuation, so it is not accepted.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_a_rewritten_history_is_refused_however_well_it_is_sealed(
        uint8 older,
        uint8 newer,
        uint8 changed,
        bytes32 seed
    ) public {
        uint64 size2 = 2 + newer % 46;
        uint64 size1 = 1 + older % (size2 - 1);
        bytes32[] memory leaves = _leaves(size2, seed);
        this.submit(size1, leaves.root(0, size1), nothing);
        leaves[changed % size1] ^= bytes32(uint256(1));
        bytes32[] memory path = leaves.consistency(size1, size2);
        bytes32 root = leaves.root(0, size2);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        this.submit(size2, root, path);
    }

    function test_zero_roots_and_sizes_are_refused() public {
        bytes memory signatures = attesters.sign(claim(logId, 0, bytes32(uint256(1))));
        VM.expectRevert(IForeignCheckpoints.ZeroSize.selector);
        target.submitAttested(
            attested, logId, 0, bytes32(uint256(1)), keccak256("block"), 7, 8, signatures, nothing
        );
        signatures = attesters.sign(claim(logId, 1, 0));
        VM.expectRevert(IForeignCheckpoints.ZeroRoot.selector);
        target.submitAttested(attested, logId, 1, 0, keccak256("block"), 7, 8, signatures, nothing);
    }

    function testFuzz_what_attesters_did_not_sign_is_an_outsiders(bytes32 log, uint64 size, bytes32 root)
        public
    {
        VM.assume(size != 0 && root != 0 && !(log == logId && size == 5));
        bytes memory signatures = attesters.sign(claim(logId, 5, bytes32(uint256(5))));
        VM.expectRevert(Attesters.AttestationOutsider.selector);
        target.submitAttested(attested, log, size, root, keccak256("block"), 7, 8, signatures, nothing);
    }

    /// @dev For every number of validators, one seal below two thirds is too few, and two thirds are enough.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_two_thirds_of_the_validators_rounded_up_are_needed(uint8 count, uint64 number) public {
        uint256[] memory some = Signers.keys("other", 1 + count % 22);
        uint256 quorum = (2 * some.length + 2) / 3;
        require(3 * quorum >= 2 * some.length && 3 * (quorum - 1) < 2 * some.length);
        sealed_ = target.addSource(CHAIN, GENESIS, ANCHOR, CODE, 2, some.addresses(), new string[](0), quorum);
        validators = some;
        VM.expectRevert(SealedHeader.SealQuorum.selector);
        this.submitBy(number, some.first(quorum - 1));
        this.submitBy(number, some.first(quorum));
    }

    function submitBy(uint64 number, uint256[] calldata sealers) external {
        submitSealed(number, 5, bytes32(uint256(5)), sealers, nothing);
    }

    /// @dev Two heads of one history: whatever is said about their leaves, there is no split.
    function testFuzz_a_consistent_pair_is_never_flagged(
        uint8 a,
        uint8 b,
        uint8 index,
        bytes32 seed,
        bytes32 invented,
        uint16 flip
    ) public {
        uint64 sizeA = 1 + a % 33;
        uint64 sizeB = 1 + b % 33;
        bytes32[] memory leaves = _leaves(33, seed);
        Split memory split = pair(leaves, sizeA, leaves, sizeB, index % (sizeA < sizeB ? sizeA : sizeB));
        _requireNoSplit(split, split.index, split.leafA, split.pathA, split.leafB, split.pathB);
        _requireNoSplit(split, split.index, split.leafA, split.pathA, invented, split.pathB);
        _requireNoSplit(split, split.index, invented, split.pathA, split.leafB, split.pathB);
        _requireNoSplit(split, 0, 0, nothing, 0, nothing);
        _requireNoSplit(split, flip, split.leafA, split.pathA, leaves[flip % 33], split.pathB);
        if (split.pathA.length == 0) return;
        _requireNoSplitByAnInnerNode(split);
        split.pathA[flip / 256 % split.pathA.length] ^= bytes32(uint256(1) << (flip % 256));
        _requireNoSplit(split, split.index, split.leafA, split.pathA, invented, split.pathB);
    }

    /// @dev An inner node in place of a leaf, with the path that is left.
    function _requireNoSplitByAnInnerNode(Split memory split) private {
        bytes32[] memory upper = new bytes32[](split.pathA.length - 1);
        for (uint256 j = 0; j < upper.length; ++j) {
            upper[j] = split.pathA[j + 1];
        }
        bytes32 inner = split.index % 2 == 0
            ? sha256(abi.encodePacked(hex"01", split.leafA, split.pathA[0]))
            : sha256(abi.encodePacked(hex"01", split.pathA[0], split.leafA));
        _requireNoSplit(split, split.index, inner, upper, split.leafB, split.pathB);
        _requireNoSplit(split, split.index / 2, inner, upper, split.leafB, split.pathB);
    }

    /// @dev Whatever is said about leaves of the two heads of `of_`.
    function _requireNoSplit(
        Split memory of_,
        uint64 index,
        bytes32 leafA,
        bytes32[] memory pathA,
        bytes32 leafB,
        bytes32[] memory pathB
    ) private {
        bytes4 error_ = prove(Split(of_.a, of_.b, index, leafA, pathA, leafB, pathB));
        require(error_ != bytes4(0), "a consistent pair was flagged");
        require(
            error_ == IForeignCheckpoints.NoSplit.selector || error_ == IForeignCheckpoints.BadProof.selector
        );
        require(!target.disputed(logId));
    }

    /// @dev Two heads of two histories: the first leaf in which they differ proves it, whoever sends it.
    function testFuzz_an_inconsistent_pair_is_always_flagged(
        uint8 a,
        uint8 b,
        uint8 changed,
        uint8 more,
        bytes32 seed,
        address sender
    ) public {
        uint64 sizeA = 1 + a % 33;
        uint64 sizeB = 1 + b % 33;
        uint256 smaller = sizeA < sizeB ? sizeA : sizeB;
        bytes32[] memory one = _leaves(33, seed);
        bytes32[] memory other = _leaves(33, seed);
        other[changed % smaller] ^= bytes32(uint256(1));
        other[more % 33] ^= bytes32(uint256(2));
        Split memory split = pair(one, sizeA, other, sizeB, _firstUnlike(one, other));
        if (sizeA == sizeB) split = Split(split.a, split.b, 0, 0, nothing, 0, nothing);
        _proveAs(sender, split);
        require(target.disputed(logId));
    }

    function _firstUnlike(bytes32[] memory one, bytes32[] memory other) private pure returns (uint64 i) {
        while (one[i] == other[i]) ++i;
    }

    function _proveAs(address sender, Split memory split) private {
        address key = VM.addr(HEAD_KEY);
        VM.prank(sender);
        target.proveSplit(
            ORIGIN, key, split.a, split.b, split.index, split.leafA, split.pathA, split.leafB, split.pathB
        );
    }

    function testFuzz_heads_of_another_log_or_key_prove_nothing(bytes32 origin, uint256 key) public {
        key = 1 + key % type(uint128).max;
        VM.assume(origin != ORIGIN || key != HEAD_KEY);
        IForeignCheckpoints.SignedHead memory a = signedHead(5, bytes32(uint256(1)));
        IForeignCheckpoints.SignedHead memory b = signedHead(5, bytes32(uint256(2)));
        VM.expectRevert(Signature.BadSignature.selector);
        target.proveSplit(origin, VM.addr(key), a, b, 0, 0, nothing, 0, nothing);
    }

    function test_nothing_may_stand_beside_two_roots_of_one_size() public {
        IForeignCheckpoints.SignedHead memory a = signedHead(5, bytes32(uint256(1)));
        IForeignCheckpoints.SignedHead memory b = signedHead(5, bytes32(uint256(2)));
        bytes32[] memory one = new bytes32[](1);
        address key = VM.addr(HEAD_KEY);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        target.proveSplit(ORIGIN, key, a, b, 1, 0, nothing, 0, nothing);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        target.proveSplit(ORIGIN, key, a, b, 0, bytes32(uint256(1)), nothing, 0, nothing);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        target.proveSplit(ORIGIN, key, a, b, 0, 0, nothing, bytes32(uint256(1)), nothing);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        target.proveSplit(ORIGIN, key, a, b, 0, 0, one, 0, nothing);
        VM.expectRevert(IForeignCheckpoints.BadProof.selector);
        target.proveSplit(ORIGIN, key, a, b, 0, 0, nothing, 0, one);
        VM.expectRevert(IForeignCheckpoints.NoSplit.selector);
        target.proveSplit(ORIGIN, key, a, a, 0, 0, nothing, 0, nothing);
        target.proveSplit(ORIGIN, key, a, b, 0, 0, nothing, 0, nothing);
    }

    function test_attesters_hand_over_once_and_the_old_set_is_done() public {
        uint256[] memory fresh = Signers.keys("successor", 3);
        address[] memory members = fresh.addresses();
        string[] memory names = Signers.organisations(3);
        bytes32 setHash = keccak256(abi.encode(members, names, uint256(2)));
        bytes32 digest = Signers.rotation(attested, 1, setHash);
        bytes32 root = bytes32(uint256(5));
        bytes memory stale = attesters.sign(claim(logId, 5, root));
        bytes memory old = attesters.first(4).sign(digest);
        bytes memory new_ = fresh.first(2).sign(digest);
        bytes memory tooFew = fresh.first(1).sign(digest);
        bytes memory tooFewOld = attesters.first(3).sign(digest);

        VM.expectRevert(Attesters.AttestationQuorum.selector);
        target.rotateAttested(attested, members, names, 2, tooFewOld, new_);
        VM.expectRevert(Attesters.AttestationQuorum.selector);
        target.rotateAttested(attested, members, names, 2, old, tooFew);
        VM.expectRevert(Attesters.AttestationOutsider.selector);
        target.rotateAttested(attested, members, names, 2, new_, new_);
        target.rotateAttested(attested, members, names, 2, old, new_);
        _requireSet(1, setHash);

        VM.expectRevert(IForeignCheckpoints.SetUnchanged.selector);
        target.rotateAttested(attested, members, names, 2, old, new_);
        VM.expectRevert(Attesters.AttestationOutsider.selector);
        target.submitAttested(attested, logId, 5, root, keccak256("block"), 7, 8, stale, nothing);
        _attestBy(fresh.first(2), root);
    }

    function _requireSet(uint64 epoch, bytes32 setHash) private view {
        (,,,,, uint64 now_,,,, bytes32 current) = target.sources(attested);
        require(now_ == epoch && current == setHash);
    }

    function _attestBy(uint256[] memory some, bytes32 root) private {
        attest(logId, 5, root, some.sign(claim(logId, 5, root)), nothing);
    }

    function test_validators_hand_over_and_the_old_set_is_done() public {
        uint256[] memory five = Signers.keys("validator", 5);
        uint256[] memory four = validators;
        address[] memory trusted = four.addresses();
        bytes memory byBoth = sealedHeader(10, 0, five, five);
        bytes memory byFewOld = sealedHeader(10, 0, five, five.first(2));
        bytes memory unchanged = sealedHeader(10, 0, four, four);
        bytes memory back = sealedHeader(10, 0, four, four);

        VM.expectRevert(SealedHeader.SealQuorum.selector);
        target.rotateSealed(sealed_, byFewOld, trusted);
        VM.expectRevert(IForeignCheckpoints.SetMismatch.selector);
        target.rotateSealed(sealed_, byBoth, five.addresses());
        VM.expectRevert(IForeignCheckpoints.SetUnchanged.selector);
        target.rotateSealed(sealed_, unchanged, trusted);
        target.rotateSealed(sealed_, byBoth, trusted);
        (,,, uint8 count, uint8 threshold, uint64 epoch, uint64 fromBlock,,,) = target.sources(sealed_);
        require(count == 5 && threshold == 4 && epoch == 1 && fromBlock == 10);

        // The old set seals no more; the new one not before the block that made it so; and no block rotates twice.
        VM.expectRevert(IForeignCheckpoints.SetMismatch.selector);
        this.submitBy(11, four);
        VM.expectRevert(IForeignCheckpoints.EpochStale.selector);
        target.rotateSealed(sealed_, back, five.addresses());
        validators = five;
        VM.expectRevert(IForeignCheckpoints.EpochStale.selector);
        this.submitBy(9, five);
        this.submitBy(10, five.first(4));
    }

    function test_a_source_is_added_once_and_of_a_kind_there_is() public {
        address[] memory members = validators.addresses();
        string[] memory none = new string[](0);
        VM.expectRevert(IForeignCheckpoints.SourceExists.selector);
        target.addSource(CHAIN, GENESIS, ANCHOR, CODE, 2, members, none, 3);
        VM.expectRevert(IForeignCheckpoints.SourceKind.selector);
        target.addSource(CHAIN, GENESIS, ANCHOR, CODE, 0, members, none, 3);
        VM.expectRevert(IForeignCheckpoints.SourceKind.selector);
        target.addSource(CHAIN, GENESIS, ANCHOR, CODE, 3, members, none, 3);
        bytes32 other = target.addSource(CHAIN + 1, GENESIS, ANCHOR, CODE, 2, members, none, 3);
        require(other != sealed_);
        VM.expectRevert(IForeignCheckpoints.SourceKind.selector);
        target.submitAttested(sealed_, logId, 1, bytes32("root"), 0, 0, 0, "", nothing);
        VM.expectRevert(IForeignCheckpoints.SourceUnknown.selector);
        target.submitAttested(bytes32("unknown"), logId, 1, bytes32("root"), 0, 0, 0, "", nothing);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_heads_of_the_log_agree_with_what_was_accepted_or_not(uint8 a, uint8 b, bytes32 seed)
        public
    {
        uint64 size = 1 + a % 33;
        uint64 other = 1 + b % 33;
        bytes32[] memory leaves = _leaves(33, seed);
        this.submit(size, leaves.root(0, size), nothing);
        bytes32[] memory path =
            size < other ? leaves.consistency(size, other) : leaves.consistency(other, size);
        bytes32 root = leaves.root(0, other);
        (bool accepted, uint8 grade,) = target.verifyConsistency(sealed_, logId, size, other, root, path);
        require(accepted && grade == 2);
        (accepted, grade,) = target.verifyConsistency(sealed_, logId, size, other, ~root, path);
        require(!accepted && grade == 0);
        (accepted, grade,) = target.verifyConsistency(attested, logId, size, other, root, path);
        require(!accepted && grade == 0);
        (accepted,,) = target.verifyConsistency(sealed_, logId, size, 0, 0, nothing);
        require(!accepted);
    }
}
