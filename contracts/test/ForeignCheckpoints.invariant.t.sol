// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attesters} from "../src/Attesters.sol";
import {IForeignCheckpoints} from "../src/IForeignCheckpoints.sol";
import {Heads} from "./Heads.sol";
import {Relay} from "./Relay.sol";
import {Signers} from "./Signers.sol";
import {Sources} from "./Sources.sol";
import {Tree} from "./Tree.sol";
import {VM} from "./Vm.sol";

/// @notice A log of chain A that grows and is carried over, and everybody who tries to carry something else.
/// @dev Every attempt that must fail is made with true signatures of all who may sign, so that the rule under test is
///      the one that stops it. With `fail_on_revert` a surprise in here fails the run.
contract RelayHandler is Sources {
    using Tree for bytes32[];
    using Signers for uint256[];

    uint256 private constant _MAX_LEAVES = 48;

    bytes32[] private _leaves;
    uint64[] private _sizes;
    bytes32[] private _roots;
    uint64 private _number = 1;
    uint256 private _rotations;
    bool public split;

    constructor() {
        start();
    }

    /// @dev The log grows, and a size of it, not always the newest, is carried over by both ways.
    function carry(uint8 count, uint8 behind, bytes32 seed) external {
        for (uint256 i = 0; i <= count % 8 && _leaves.length < _MAX_LEAVES; ++i) {
            _leaves.push(sha256(abi.encode(seed, i)));
        }
        uint64 size = uint64(_leaves.length - behind % _leaves.length);
        bool known = target.rootAt(attested, logId, size) != 0;
        bytes32 root = _leaves.root(0, size);
        bytes4 wanted = known ? IForeignCheckpoints.AlreadyAccepted.selector : bytes4(0);
        require(_attested(size, root, _pathTo(attested, size)) == wanted);
        require(_sealed(size, root, _pathTo(sealed_, size)) == wanted);
        if (known) return;
        _sizes.push(size);
        _roots.push(root);
    }

    /// @dev Chain A's validators and the attesters vouch for a log in which an accepted leaf is another.
    function rewrite(uint256 index, uint8 count, bytes32 seed) external {
        uint64 head = target.head(sealed_, logId);
        if (head == 0) return;
        bytes32[] memory rewritten = new bytes32[](head + 1 + count % 8);
        for (uint256 i = 0; i < rewritten.length; ++i) {
            rewritten[i] = i < head ? _leaves[i] : sha256(abi.encode(seed, i));
        }
        rewritten[index % head] ^= bytes32(uint256(1));
        uint64 size = uint64(rewritten.length);
        bytes32 root = rewritten.root(0, size);
        bytes32[] memory path = rewritten.consistency(head, size);
        require(_attested(size, root, path) == IForeignCheckpoints.BadProof.selector);
        require(_sealed(size, root, path) == IForeignCheckpoints.BadProof.selector);
    }

    /// @dev Another root for a size that was accepted.
    function overwrite(uint256 index, bytes32 root) external {
        if (_sizes.length == 0 || root == 0) return;
        uint64 size = _sizes[index % _sizes.length];
        require(_attested(size, root, nothing) == IForeignCheckpoints.AlreadyAccepted.selector);
        require(_sealed(size, root, nothing) == IForeignCheckpoints.AlreadyAccepted.selector);
    }

    /// @dev Validators and attesters change; what was accepted under the old sets stays.
    function rotate(uint8 count) external {
        uint256[] memory fresh = Signers.keys(VM.toString(++_rotations), 2 + count % 5);
        target.rotateSealed(
            sealed_, sealedHeader(++_number, 0, fresh, _joined(fresh, validators)), validators.addresses()
        );
        validators = fresh;

        address[] memory members = fresh.addresses();
        string[] memory names = Signers.organisations(fresh.length);
        (,,,,, uint64 epoch,,,,) = target.sources(attested);
        bytes32 setHash = keccak256(abi.encode(members, names, fresh.length));
        bytes32 digest = Signers.rotation(attested, epoch + 1, setHash);
        target.rotateAttested(
            attested, members, names, fresh.length, attesters.sign(digest), fresh.sign(digest)
        );
        attesters = fresh;
    }

    /// @dev Two true heads of the log are held against each other.
    function accuse(uint8 a, uint8 b, uint8 index, bytes32 invented) external {
        if (_leaves.length == 0) return;
        uint64 sizeA = uint64(1 + a % _leaves.length);
        uint64 sizeB = uint64(1 + b % _leaves.length);
        Split memory split = pair(_leaves, sizeA, _leaves, sizeB, index % (sizeA < sizeB ? sizeA : sizeB));
        split.leafB = invented;
        require(prove(split) != bytes4(0), "a consistent pair was flagged");
    }

    /// @dev The operator signs a second history, and anybody shows it.
    function betray(uint8 seldom, bytes32 root, address sender) external {
        if (seldom % 8 != 0 || _leaves.length == 0) return;
        uint64 size = uint64(_leaves.length);
        bytes32 true_ = _leaves.root(0, size);
        if (root == true_) return;
        IForeignCheckpoints.SignedHead memory headA = signedHead(size, true_);
        IForeignCheckpoints.SignedHead memory headB = signedHead(size, root);
        address key = VM.addr(HEAD_KEY);
        VM.prank(sender);
        target.proveSplit(ORIGIN, key, headA, headB, 0, 0, nothing, 0, nothing);
        split = true;
    }

    /// @dev Anybody calls anything with anything.
    function probe(address sender, bytes4 selector, bytes calldata arguments) external {
        VM.prank(sender);
        (bool ok,) = address(target).call(bytes.concat(selector, arguments));
        ok;
    }

    function state()
        external
        view
        returns (Relay, bytes32, bytes32, bytes32, uint64[] memory, bytes32[] memory)
    {
        return (target, logId, attested, sealed_, _sizes, _roots);
    }

    function _attested(uint64 size, bytes32 root, bytes32[] memory path) private returns (bytes4) {
        bytes memory signatures = attesters.sign(claim(logId, size, root));
        try target.submitAttested(attested, logId, size, root, keccak256("block"), 7, 8, signatures, path) {
            return bytes4(0);
        } catch (bytes memory reason) {
            return bytes4(reason);
        }
    }

    function _sealed(uint64 size, bytes32 root, bytes32[] memory path) private returns (bytes4) {
        try this.submit(size, root, path) {
            return bytes4(0);
        } catch (bytes memory reason) {
            return bytes4(reason);
        }
    }

    function submit(uint64 size, bytes32 root, bytes32[] calldata path) external {
        if (msg.sender != address(this)) return;
        submitSealed(_number, size, root, validators, path);
    }

    function _pathTo(bytes32 sourceId, uint64 size) private view returns (bytes32[] memory) {
        uint64 head = target.head(sourceId, logId);
        if (head == 0) return nothing;
        return size < head ? _leaves.consistency(size, head) : _leaves.consistency(head, size);
    }

    function _joined(uint256[] memory a, uint256[] memory b) private pure returns (uint256[] memory all) {
        all = new uint256[](a.length + b.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }
}

contract ForeignCheckpointsInvariants {
    RelayHandler private _handler;

    function setUp() public {
        _handler = new RelayHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev Nobody else calls as the handler does, which alone may `submit`.
    function excludeSenders() public view returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(_handler);
    }

    /// @dev Every root that was accepted, of the one history, is there; the head is the greatest size; and the log is
    ///      disputed if and only if its operator signed two histories, from then on.
    /// forge-config: default.invariant.runs = 12
    function invariant_no_accepted_head_is_changed_and_no_dispute_cleared() public view {
        (
            Relay target,
            bytes32 logId,
            bytes32 attested,
            bytes32 sealed_,
            uint64[] memory sizes,
            bytes32[] memory roots
        ) = _handler.state();
        uint64 greatest = 0;
        for (uint256 i = 0; i < sizes.length; ++i) {
            require(target.rootAt(attested, logId, sizes[i]) == roots[i]);
            require(target.rootAt(sealed_, logId, sizes[i]) == roots[i]);
            if (sizes[i] > greatest) greatest = sizes[i];
        }
        require(target.head(attested, logId) == greatest && target.head(sealed_, logId) == greatest);
        require(target.disputed(logId) == _handler.split());
    }
}
