// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attesters} from "./Attesters.sol";
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
///      A *source* is one anchor contract on one chain, believed by one kind of finality. Its id is the hash of all
///      that is believed about it, the first set of signers included: who trusts a source id (a trust list pins it)
///      trusts exactly that, whoever added the source. Later sets follow by the signatures of the set before.
///
///      Nothing accepted can be changed or removed, and no flag of a dispute cleared: there is no owner, no proxy, no
///      pause, no deletion, no constructor argument and no immutable. It calls nobody but the precompiled contracts
///      for SHA-256 and signature recovery.
///
///      NOTE: an accepted root is what the other chain's contract holds. It says nothing about the entries of the
///      log, and nothing about a second log under another head key: who ties them is the verifier's trust list.
contract ForeignCheckpoints {
    /// @notice What is known of a source; all zero where it was not added.
    /// @dev `threshold` counts organisations where `kind` is 1 (attested), seals where it is 2 (sealed).
    /// @param chainId The other chain's number in its CAIP-2 id.
    /// @param anchor Address of {CheckpointAnchor} there.
    /// @param kind What makes its blocks final: 1 attested, 2 sealed.
    /// @param count Members of the set of signers.
    /// @param threshold How many of them are needed.
    /// @param epoch How many times the set was changed.
    /// @param fromBlock Height from which the set seals; zero for attesters.
    /// @param genesis Hash of the other chain's first block.
    /// @param codeHash Runtime code hash that the anchor contract has to have; looked at in sealed submissions.
    /// @param setHash Hash of the set of signers, see {addSource}.
    struct Source {
        uint64 chainId;
        address anchor;
        uint8 kind;
        uint8 count;
        uint8 threshold;
        uint64 epoch;
        uint64 fromBlock;
        bytes32 genesis;
        bytes32 codeHash;
        bytes32 setHash;
    }

    /// @notice A head of a log as its head key signed it.
    /// @param size Number of leaves.
    /// @param root Root hash at that size.
    /// @param signature r || s || v over EIP-712 `Head`: 65 bytes, s in the lower half, v 27 or 28.
    struct SignedHead {
        uint64 size;
        bytes32 root;
        bytes signature;
    }

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

    /// @dev The sets of attesters. Storage slot 4; each is written by what hashes to its key, so it is for ever the same.
    mapping(bytes32 setHash => Attesters.Set) private _attesters;

    /// @notice A source was added.
    /// @param sourceId Its id.
    /// @param chainId The other chain.
    /// @param anchor The anchor contract there.
    /// @param kind 1 attested, 2 sealed.
    /// @param setHash Hash of the first set of signers.
    /// @param threshold How many of them are needed.
    event SourceAdded(
        bytes32 indexed sourceId,
        uint64 chainId,
        address anchor,
        uint8 kind,
        bytes32 setHash,
        uint256 threshold
    );

    /// @notice A checkpoint was accepted.
    /// @param sourceId Where it comes from.
    /// @param logId The log.
    /// @param size Number of leaves.
    /// @param root Root hash at that size.
    /// @param blockNumber Height of the block of the other chain whose state has it.
    /// @param blockTime POSIX seconds of that block.
    event Accepted(
        bytes32 indexed sourceId,
        bytes32 indexed logId,
        uint64 indexed size,
        bytes32 root,
        uint64 blockNumber,
        uint64 blockTime
    );

    /// @notice Another set of signers vouches for a source from now on.
    /// @param sourceId The source.
    /// @param epoch How many times the set was changed, this time included.
    /// @param setHash Hash of the new set.
    /// @param fromBlock Height from which the new set seals; zero for attesters.
    event Rotated(bytes32 indexed sourceId, uint64 epoch, bytes32 setHash, uint64 fromBlock);

    /// @notice A log's head key signed two heads that contradict each other.
    /// @param logId The log, disputed for ever.
    /// @param sizeA Size of the one head.
    /// @param rootA Its root.
    /// @param sizeB Size of the other.
    /// @param rootB Its root.
    event SplitProven(bytes32 indexed logId, uint64 sizeA, bytes32 rootA, uint64 sizeB, bytes32 rootB);

    /// @notice A source of this id was added before.
    error SourceExists();

    /// @notice No source of this id was added.
    error SourceUnknown();

    /// @notice The source is not of the kind that this function is for, or of no kind there is.
    error SourceKind();

    /// @notice The members are not those of the set that is trusted now.
    error SetMismatch();

    /// @notice The new set is the one that is trusted already.
    error SetUnchanged();

    /// @notice The block is older than the set that is trusted now.
    error EpochStale();

    /// @notice The size is zero: there is nothing to know about an empty log.
    error ZeroSize();

    /// @notice The root is zero, which stands for "not accepted".
    error ZeroRoot();

    /// @notice A root was accepted for this size before. Nothing is overwritten, be it the same.
    error AlreadyAccepted();

    /// @notice A path does not show what it should, or stands where there is nothing to show.
    error BadProof();

    /// @notice The two heads do not contradict each other in the way that is claimed.
    error NoSplit();

    /// @notice The other chain has no account where the anchor contract should be.
    error AccountAbsent();

    /// @notice The account has another runtime code hash than the source's anchor contract.
    error CodeHash();

    /// @notice The anchor contract holds no root of this log at this size.
    error NotAnchored();

    /// @notice Makes a source known under the hash of all that is believed about it.
    /// @dev The id is `keccak256(abi.encode(chainId, genesis, anchor, codeHash, kind, setHash, threshold))`, where
    ///      `setHash` is `keccak256(abi.encode(members, organisations, threshold))`: the `setId` that attesters sign.
    ///      Adding is no act of trust; trusting the id is.
    /// @param chainId The other chain's number in its CAIP-2 id.
    /// @param genesis Hash of its first block.
    /// @param anchor Address of its {CheckpointAnchor}.
    /// @param codeHash Runtime code hash of that contract.
    /// @param kind 1: attesters sign for it; 2: its QBFT validators sealed it.
    /// @param members Addresses of the signers, from 1 to 64, ascending.
    /// @param organisations Attested: the organisation id of each. Sealed: none.
    /// @param threshold Attested: organisations needed, at least two and more than half of the distinct ones.
    ///        Sealed: ceil(2n/3) for n members.
    /// @return sourceId The id.
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

    /// @notice Accepts a checkpoint out of the other chain's state, by the seals of its validators.
    /// @dev The header has to name exactly the set that is trusted now: a change of the set is shown first, by
    ///      {rotateSealed}.
    ///
    ///      WARNING: a header does not say of which chain it is. Validators that seal a second chain with the same keys
    ///      can be believed about the one only as far as nobody puts another contract at the address of the anchor
    ///      on the other, with the same code; a set should seal one chain.
    /// @param sourceId A sealed source.
    /// @param logId The log, as in {CheckpointAnchor}.
    /// @param size Number of leaves; not accepted before.
    /// @param header RLP of a block header with its seals, at or after the block of the last rotation.
    /// @param account Trie nodes from the header's state root to the anchor contract.
    /// @param storageNodes Trie nodes from its storage root to `rootAt[logId][size]`.
    /// @param consistency RFC 9162 consistency path between the size accepted last and `size`, from the smaller to
    ///        the larger; empty for the first.
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

    /// @notice Accepts a checkpoint that attesters of enough organisations signed for.
    /// @dev They sign EIP-712 `Checkpoint` with the chain, genesis and anchor of the source and the id of its set as it
    ///      is now; so a signature for another log, chain, contract or set is an outsider's.
    /// @param sourceId An attested source.
    /// @param logId The log, as in {CheckpointAnchor}.
    /// @param size Number of leaves; not accepted before.
    /// @param root Root hash at that size.
    /// @param blockHash Hash of the final block of the other chain in whose state the attesters found it.
    /// @param blockNumber Its height.
    /// @param blockTime Its POSIX seconds.
    /// @param signatures r || s || v each: 65 bytes, in ascending order of the signing addresses.
    /// @param consistency As in {submitSealed}.
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

    /// @notice Follows the other chain's validators through a change of their set.
    /// @dev The header names the new set, and is sealed by a quorum of both.
    /// @param sourceId A sealed source.
    /// @param header RLP of a block header with its seals, after the block of the rotation before.
    /// @param validators The set that is trusted now, ascending.
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

    /// @notice Hands a source over to another set of attesters, by the signatures of the old set and of the new one.
    /// @dev Both sign EIP-712 `Rotation` with the number of the epoch that begins, so no hand-over serves twice.
    /// @param sourceId An attested source.
    /// @param members Addresses of the new set, from 1 to 64, ascending.
    /// @param organisations The organisation id of each.
    /// @param threshold Organisations needed from then on; as in {addSource}.
    /// @param oldSignatures Of the set that is trusted now, to its threshold; as in {submitAttested}.
    /// @param newSignatures Of the new set, to its threshold.
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

    /// @notice Fixes for ever that a log's head key signed two heads that contradict each other.
    /// @dev Either two roots for one size, with `index`, both leaves zero and both paths empty. Or two sizes whose
    ///      trees have different leaves at one index, shown by an inclusion path in each: any two heads of which the
    ///      larger does not extend the smaller have such an index, and any two of which it does have none.
    ///
    ///      It needs no source: the heads speak for themselves. What was accepted before stays, and more can be
    ///      accepted after; the flag is told beside.
    /// @param originHash keccak256 of the log's origin, ASCII.
    /// @param headKey Address of the log's head key.
    /// @param a The one head.
    /// @param b The other.
    /// @param index Zero-based position of the leaves.
    /// @param leafA Leaf hash at `index` in the tree of `a`.
    /// @param pathA Its inclusion path.
    /// @param leafB Leaf hash at `index` in the tree of `b`.
    /// @param pathB Its inclusion path.
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

    /// @notice Whether the log has `entry` at `index` under a root accepted here.
    /// @dev Hashes the leaf itself, so that no inner node passes for an entry. Never reverts for what is not true.
    /// @param sourceId The source that the caller trusts.
    /// @param logId The log.
    /// @param size A size that was accepted.
    /// @param entry The entry: a statement's digest.
    /// @param index Its zero-based position.
    /// @param path RFC 9162 inclusion path, from the leaf upwards.
    /// @return accepted Whether a root was accepted for that size and the path leads to it.
    /// @return grade What the acceptance rests on: 1 attested, 2 sealed; 0 where not accepted.
    /// @return isDisputed Whether two contradicting heads of the log were shown here. Then nothing that the log says
    ///         should be believed without more.
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

    /// @notice Whether another head of the log agrees with a root accepted here.
    /// @param sourceId The source that the caller trusts.
    /// @param logId The log.
    /// @param size A size that was accepted.
    /// @param otherSize Size of the other head, smaller or larger.
    /// @param otherRoot Its root.
    /// @param path RFC 9162 consistency path from the smaller to the larger; empty for equal sizes.
    /// @return accepted Whether a root was accepted for that size and the larger tree extends the smaller.
    /// @return grade As in {verifyInclusion}.
    /// @return isDisputed As in {verifyInclusion}.
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
        pure
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
