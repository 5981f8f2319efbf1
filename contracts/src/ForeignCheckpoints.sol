// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attesters} from "./Attesters.sol";
import {IForeignCheckpoints} from "./IForeignCheckpoints.sol";
import {RFC6962} from "./RFC6962.sol";
import {SealedHeader} from "./SealedHeader.sol";
import {Signature} from "./Signature.sol";
import {StateTrie} from "./StateTrie.sol";
import {TypedData} from "./TypedData.sol";

/// @title Checkpoints of logs that are anchored on another chain
/// @notice Holds, on this chain, which root a log had at which size according to an anchor contract of another chain;
///         verifies entries of the log against them; and fixes for ever that a log showed two histories.
/// @dev Anybody may send anything here; nobody owns anything. A root is accepted only if the other chain's own
///      validators sealed it, or a threshold of attesters in distinct organisations signed for it; and always only if
///      it extends what was accepted of that log before, which the contract verifies itself.
///
///      Nothing accepted can be changed or removed, and no flag of a dispute cleared: there is no owner, no proxy, no
///      pause, no deletion, no constructor argument and no immutable. It calls nobody but the precompiled contracts
///      for SHA-256 and signature recovery.
///
///      NOTE: an accepted root is what the other chain's contract holds. It says nothing about the entries of the
///      log, and nothing about a second log under another head key: who ties them is the verifier's trust list.
contract ForeignCheckpoints is IForeignCheckpoints {
    /// @dev Kinds of a source, and the grade of what was accepted from it; 0 is "not accepted".
    uint8 private constant _ATTESTED = 1;
    uint8 private constant _SEALED = 2;

    /// @notice Root hash of log `logId` at `size` leaves according to a source, zero where none was accepted.
    /// @dev Written once. Storage slot 0, for proofs: keccak256(size . keccak256(logId . keccak256(sourceId . 0))),
    ///      each padded to 32 bytes.
    mapping(bytes32 sourceId => mapping(bytes32 logId => mapping(uint64 size => bytes32))) public rootAt;

    /// @notice Greatest size of log `logId` accepted from a source, zero before the first.
    /// @dev Only grows. Storage slot 1: keccak256(logId . keccak256(sourceId . 1)).
    mapping(bytes32 sourceId => mapping(bytes32 logId => uint64)) public head;

    /// @notice Whether two heads of log `logId` that contradict each other were shown here.
    /// @dev Never cleared. Storage slot 2: keccak256(logId . 2).
    mapping(bytes32 logId => bool) public disputed;

    /// @notice The sources that were added.
    /// @dev Storage slot 3. Only `count`, `threshold`, `epoch`, `fromBlock` and `setHash` change, and only by a
    ///      rotation.
    mapping(bytes32 sourceId => Source) public sources;

    /// @dev The sets of attesters. Storage slot 4. Each is written by what hashes to its key, so it is for ever the
    ///      same.
    mapping(bytes32 setHash => Attesters.Set) private _attesters;

    /// @inheritdoc IForeignCheckpoints
    function addSource(
        uint64 chainId,
        bytes32 genesis,
        address anchor,
        bytes32 codeHash,
        uint8 kind,
        address[] calldata members,
        string[] calldata organisations,
        uint256 threshold
    ) external returns (bytes32 sourceId) {
        bytes32 setHash = keccak256(abi.encode(members, organisations, threshold));
        sourceId = keccak256(abi.encode(chainId, genesis, anchor, codeHash, kind, setHash, threshold));
        Source storage source = sources[sourceId];
        if (source.kind != 0) revert SourceExists();
        if (kind == _ATTESTED) {
            Attesters.keep(_attesters[setHash], members, organisations, threshold);
        } else if (kind == _SEALED) {
            Attesters.checkMembers(members);
            if (organisations.length != 0) revert Attesters.SignerSet();
            if (threshold != SealedHeader.quorum(members.length)) revert Attesters.SignerSet();
        } else {
            revert SourceKind();
        }
        source.chainId = chainId;
        source.anchor = anchor;
        source.kind = kind;
        // Both are at most 64.
        source.count = uint8(members.length);
        source.threshold = uint8(threshold);
        source.genesis = genesis;
        source.codeHash = codeHash;
        source.setHash = setHash;
        emit SourceAdded(sourceId, chainId, anchor, kind, setHash, threshold);
    }

    /// @inheritdoc IForeignCheckpoints
    function submitSealed(
        bytes32 sourceId,
        bytes32 logId,
        uint64 size,
        bytes calldata header,
        bytes[] calldata account,
        bytes[] calldata storageNodes,
        bytes32[] calldata consistency
    ) external {
        Source storage source = _source(sourceId, _SEALED);
        _requireNew(sourceId, logId, size);
        SealedHeader.Header memory sealed_ = SealedHeader.parse(header);
        if (sealed_.number < source.fromBlock) revert EpochStale();
        if (_validatorSet(sealed_.validators) != source.setHash) revert SetMismatch();
        SealedHeader.requireSeals(sealed_, sealed_.validators);
        bytes32 storageRoot = _storageRoot(source, sealed_.stateRoot, account);
        bytes32 root = _anchoredRoot(storageRoot, logId, size, storageNodes);
        _accept(sourceId, logId, size, root, consistency);
        emit Accepted(sourceId, logId, size, root, sealed_.number, sealed_.time);
    }

    /// @inheritdoc IForeignCheckpoints
    function submitAttested(
        bytes32 sourceId,
        bytes32 logId,
        uint64 size,
        bytes32 root,
        bytes32 blockHash,
        uint64 blockNumber,
        uint64 blockTime,
        bytes calldata signatures,
        bytes32[] calldata consistency
    ) external {
        Source storage source = _source(sourceId, _ATTESTED);
        _requireNew(sourceId, logId, size);
        TypedData.Checkpoint memory claim = TypedData.Checkpoint({
            originChainId: source.chainId,
            genesisHash: source.genesis,
            anchor: source.anchor,
            logId: logId,
            size: size,
            root: root,
            blockHash: blockHash,
            blockNumber: blockNumber,
            blockTime: blockTime,
            setId: source.setHash
        });
        _requireAttested(source, TypedData.checkpoint(claim), signatures);
        _accept(sourceId, logId, size, root, consistency);
        emit Accepted(sourceId, logId, size, root, blockNumber, blockTime);
    }

    /// @inheritdoc IForeignCheckpoints
    function rotateSealed(bytes32 sourceId, bytes calldata header, address[] calldata validators) external {
        Source storage source = _source(sourceId, _SEALED);
        address[] memory trusted = validators;
        if (_validatorSet(trusted) != source.setHash) revert SetMismatch();
        SealedHeader.Header memory sealed_ = SealedHeader.parse(header);
        if (sealed_.number <= source.fromBlock) revert EpochStale();
        Attesters.checkMembers(sealed_.validators);
        bytes32 setHash = _validatorSet(sealed_.validators);
        if (setHash == source.setHash) revert SetUnchanged();
        SealedHeader.requireSeals(sealed_, trusted);
        uint256 count = sealed_.validators.length;
        _rotate(sourceId, source, setHash, count, SealedHeader.quorum(count), sealed_.number);
    }

    /// @inheritdoc IForeignCheckpoints
    function rotateAttested(
        bytes32 sourceId,
        address[] calldata members,
        string[] calldata organisations,
        uint256 threshold,
        bytes calldata oldSignatures,
        bytes calldata newSignatures
    ) external {
        Source storage source = _source(sourceId, _ATTESTED);
        bytes32 setHash = keccak256(abi.encode(members, organisations, threshold));
        if (setHash == source.setHash) revert SetUnchanged();
        Attesters.keep(_attesters[setHash], members, organisations, threshold);
        bytes32 digest = TypedData.rotation(sourceId, source.epoch + 1, setHash);
        _requireAttested(source, digest, oldSignatures);
        _rotate(sourceId, source, setHash, members.length, threshold, 0);
        _requireAttested(source, digest, newSignatures);
    }

    /// @inheritdoc IForeignCheckpoints
    function proveSplit(
        bytes32 originHash,
        address headKey,
        SignedHead calldata a,
        SignedHead calldata b,
        uint64 index,
        bytes32 leafA,
        bytes32[] calldata pathA,
        bytes32 leafB,
        bytes32[] calldata pathB
    ) external {
        bytes32 logId = keccak256(abi.encode(originHash, headKey));
        if (!_signed(headKey, logId, a) || !_signed(headKey, logId, b)) revert Signature.BadSignature();
        if (a.size == b.size) {
            if (a.root == b.root) revert NoSplit();
            // Nothing more is to be shown.
            if (index != 0 || leafA != 0 || leafB != 0 || pathA.length != 0 || pathB.length != 0) {
                revert BadProof();
            }
        } else {
            if (leafA == leafB) revert NoSplit();
            // A path has the length that index and size ask for, so what it starts from is a leaf and no inner node.
            if (
                !RFC6962.verifyInclusion(leafA, index, a.size, a.root, pathA)
                    || !RFC6962.verifyInclusion(leafB, index, b.size, b.root, pathB)
            ) revert BadProof();
        }
        disputed[logId] = true;
        emit SplitProven(logId, a.size, a.root, b.size, b.root);
    }

    /// @inheritdoc IForeignCheckpoints
    function verifyInclusion(
        bytes32 sourceId,
        bytes32 logId,
        uint64 size,
        bytes32 entry,
        uint64 index,
        bytes32[] calldata path
    ) external view returns (bool accepted, uint8 grade, bool isDisputed) {
        bytes32 root = rootAt[sourceId][logId][size];
        bytes32 leaf = RFC6962.leafHash(abi.encodePacked(entry));
        accepted = root != 0 && RFC6962.verifyInclusion(leaf, index, size, root, path);
        return _graded(sourceId, logId, accepted);
    }

    /// @inheritdoc IForeignCheckpoints
    function verifyConsistency(
        bytes32 sourceId,
        bytes32 logId,
        uint64 size,
        uint64 otherSize,
        bytes32 otherRoot,
        bytes32[] calldata path
    ) external view returns (bool accepted, uint8 grade, bool isDisputed) {
        bytes32 root = rootAt[sourceId][logId][size];
        accepted = root != 0 && _agree(size, root, otherSize, otherRoot, path);
        return _graded(sourceId, logId, accepted);
    }

    function _source(bytes32 sourceId, uint8 kind) private view returns (Source storage source) {
        source = sources[sourceId];
        if (source.kind == 0) revert SourceUnknown();
        if (source.kind != kind) revert SourceKind();
    }

    function _graded(bytes32 sourceId, bytes32 logId, bool accepted)
        private
        view
        returns (bool, uint8, bool)
    {
        return (accepted, accepted ? sources[sourceId].kind : 0, disputed[logId]);
    }

    /// @dev Comes before all that is dear: who loses a race pays little for it.
    function _requireNew(bytes32 sourceId, bytes32 logId, uint64 size) private view {
        if (size == 0) revert ZeroSize();
        if (rootAt[sourceId][logId][size] != 0) revert AlreadyAccepted();
    }

    /// @dev Writes down what was shown to be final, if it agrees with what is there. Only after {_requireNew}.
    function _accept(
        bytes32 sourceId,
        bytes32 logId,
        uint64 size,
        bytes32 root,
        bytes32[] calldata consistency
    ) private {
        if (root == 0) revert ZeroRoot();
        mapping(uint64 => bytes32) storage roots = rootAt[sourceId][logId];
        uint64 last = head[sourceId][logId];
        if (last == 0) {
            if (consistency.length != 0) revert BadProof();
        } else if (!_agree(size, root, last, roots[last], consistency)) {
            revert BadProof();
        }
        roots[size] = root;
        if (size > last) head[sourceId][logId] = size;
    }

    /// @dev Whether of two heads the larger extends the smaller.
    function _agree(uint64 size, bytes32 root, uint64 otherSize, bytes32 otherRoot, bytes32[] calldata path)
        private
        view
        returns (bool)
    {
        return size < otherSize
            ? RFC6962.verifyConsistency(size, root, otherSize, otherRoot, path)
            : RFC6962.verifyConsistency(otherSize, otherRoot, size, root, path);
    }

    function _requireAttested(Source storage source, bytes32 digest, bytes calldata signatures) private view {
        Attesters.Set storage set = _attesters[source.setHash];
        Attesters.requireQuorum(set, source.count, source.threshold, digest, signatures);
    }

    function _rotate(
        bytes32 sourceId,
        Source storage source,
        bytes32 setHash,
        uint256 count,
        uint256 threshold,
        uint64 fromBlock
    ) private {
        uint64 epoch = source.epoch + 1;
        // Both are at most 64.
        source.count = uint8(count);
        source.threshold = uint8(threshold);
        source.epoch = epoch;
        source.fromBlock = fromBlock;
        source.setHash = setHash;
        emit Rotated(sourceId, epoch, setHash, fromBlock);
    }

    /// @dev Hash of a set of validators, as {addSource} takes it for a sealed source.
    function _validatorSet(address[] memory validators) private pure returns (bytes32) {
        return keccak256(abi.encode(validators, new string[](0), SealedHeader.quorum(validators.length)));
    }

    function _storageRoot(Source storage source, bytes32 stateRoot, bytes[] calldata nodes)
        private
        view
        returns (bytes32 storageRoot)
    {
        bytes32 key = keccak256(abi.encodePacked(source.anchor));
        (uint256 begin, uint256 end) = StateTrie.get(stateRoot, key, nodes);
        if (begin == 0) revert AccountAbsent();
        bytes32 codeHash;
        (storageRoot, codeHash) = StateTrie.account(begin, end);
        if (codeHash != source.codeHash) revert CodeHash();
    }

    /// @dev `rootAt[logId][size]` of {CheckpointAnchor}, its storage slot 0.
    function _anchoredRoot(bytes32 storageRoot, bytes32 logId, uint64 size, bytes[] calldata nodes)
        private
        pure
        returns (bytes32)
    {
        bytes32 slot = keccak256(abi.encode(size, keccak256(abi.encode(logId, uint256(0)))));
        (uint256 begin, uint256 end) = StateTrie.get(storageRoot, keccak256(abi.encode(slot)), nodes);
        if (begin == 0) revert NotAnchored();
        return StateTrie.storedWord(begin, end);
    }

    /// @dev Whether the head key signed this head. A zero `headKey` has no signature.
    function _signed(address headKey, bytes32 logId, SignedHead calldata signedHead)
        private
        pure
        returns (bool)
    {
        bytes32 digest = TypedData.head(logId, signedHead.size, signedHead.root);
        (address signer, Signature.Fault fault) = Signature.recover(digest, signedHead.signature);
        return fault == Signature.Fault.None && signer == headKey;
    }
}
