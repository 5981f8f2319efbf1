// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForeignCheckpoints} from "../src/IForeignCheckpoints.sol";
import {Blocks} from "./Blocks.sol";
import {Heads} from "./Heads.sol";
import {RELAY, Relay} from "./Relay.sol";
import {Signers} from "./Signers.sol";
import {Tree} from "./Tree.sol";
import {VM} from "./Vm.sol";

/// @notice A contract on chain B with an attested and a sealed source of one anchor contract on chain A.
abstract contract Sources {
    using Signers for uint256[];
    using Tree for bytes32[];

    bytes32 internal constant ORIGIN = keccak256("registry.example.xa/XA/2026");
    uint256 internal constant HEAD_KEY = uint256(keccak256("head key"));
    uint64 internal constant CHAIN = 31_001;
    bytes32 internal constant GENESIS = keccak256("genesis");
    address internal constant ANCHOR = address(uint160(uint256(keccak256("anchor"))));
    bytes32 internal constant CODE = keccak256("code");

    /// @dev What is said to show that two heads contradict each other.
    struct Split {
        IForeignCheckpoints.SignedHead a;
        IForeignCheckpoints.SignedHead b;
        uint64 index;
        bytes32 leafA;
        bytes32[] pathA;
        bytes32 leafB;
        bytes32[] pathB;
    }

    Relay internal target;
    bytes32 internal logId;
    bytes32 internal attested;
    bytes32 internal sealed_;
    uint256[] internal attesters;
    uint256[] internal validators;
    bytes32[] internal nothing;

    function start() internal {
        target = Relay(VM.deployCode(RELAY));
        logId = Heads.logId(ORIGIN, VM.addr(HEAD_KEY));
        attesters = Signers.keys("attester", 5);
        validators = Signers.keys("validator", 4);
        attested = target.addSource(
            CHAIN, GENESIS, ANCHOR, CODE, 1, attesters.addresses(), Signers.organisations(5), 4
        );
        sealed_ =
            target.addSource(CHAIN, GENESIS, ANCHOR, CODE, 2, validators.addresses(), new string[](0), 3);
    }

    /// @dev The digest that attesters of the current set sign for block 7, time 8.
    function claim(bytes32 log, uint64 size, bytes32 root) internal view returns (bytes32) {
        (,,,,,,,,, bytes32 setId) = target.sources(attested);
        bytes32 kind = keccak256(
            "Checkpoint(uint256 originChainId,bytes32 genesisHash,address anchor,bytes32 logId,uint64 size,bytes32 root,bytes32 blockHash,uint64 blockNumber,uint64 blockTime,bytes32 setId)"
        );
        return Signers.typed(
            keccak256(
                abi.encode(
                    kind, uint256(CHAIN), GENESIS, ANCHOR, log, size, root, keccak256("block"), 7, 8, setId
                )
            )
        );
    }

    function attest(bytes32 log, uint64 size, bytes32 root, bytes memory signatures, bytes32[] memory path)
        internal
    {
        target.submitAttested(attested, log, size, root, keccak256("block"), 7, 8, signatures, path);
    }

    /// @dev Submits a block of chain A whose state holds the root, sealed by `sealers`.
    function submitSealed(
        uint64 number,
        uint64 size,
        bytes32 root,
        uint256[] memory sealers,
        bytes32[] memory path
    ) internal {
        (bytes32 stateRoot, bytes[] memory account, bytes[] memory nodes) =
            Blocks.state(ANCHOR, CODE, logId, size, root);
        bytes memory header = sealedHeader(number, stateRoot, validators, sealers);
        target.submitSealed(sealed_, logId, size, header, account, nodes, path);
    }

    function sealedHeader(uint64 number, bytes32 stateRoot, uint256[] memory named, uint256[] memory sealers)
        internal
        pure
        returns (bytes memory)
    {
        Blocks.Block memory block_ = Blocks.Block({
            number: number, time: 8, round: number % 3, stateRoot: stateRoot, validators: named.addresses()
        });
        return Blocks.seal(block_, sealers);
    }

    /// @dev What the contract answers to it: zero where it takes it for a split.
    function prove(Split memory split) internal returns (bytes4) {
        try target.proveSplit(
            ORIGIN,
            VM.addr(HEAD_KEY),
            split.a,
            split.b,
            split.index,
            split.leafA,
            split.pathA,
            split.leafB,
            split.pathB
        ) {
            return bytes4(0);
        } catch (bytes memory reason) {
            return bytes4(reason);
        }
    }

    /// @dev Heads of two histories, and of each the leaf at `index`.
    function pair(bytes32[] memory one, uint64 sizeA, bytes32[] memory other, uint64 sizeB, uint64 index)
        internal
        view
        returns (Split memory split)
    {
        split.a = signedHead(sizeA, one.root(0, sizeA));
        split.b = signedHead(sizeB, other.root(0, sizeB));
        split.index = index;
        split.leafA = one[index];
        split.pathA = one.inclusion(index, 0, sizeA);
        split.leafB = other[index];
        split.pathB = other.inclusion(index, 0, sizeB);
    }

    function signedHead(uint64 size, bytes32 root)
        internal
        view
        returns (IForeignCheckpoints.SignedHead memory)
    {
        return IForeignCheckpoints.SignedHead(size, root, Heads.sign(HEAD_KEY, logId, size, root));
    }
}
