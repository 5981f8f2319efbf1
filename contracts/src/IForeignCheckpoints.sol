// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What {ForeignCheckpoints} takes, answers and refuses
/// @notice Functions, events and errors; beside these errors are those of the libraries that read what is handed in:
///         {Attesters}, {SealedHeader}, {Signature}, {StateTrie} and {StrictRLP}.
/// @dev A *source* is one anchor contract on one chain, believed by one kind of finality. Its id is the hash of all
///      that is believed about it, the first set of signers included: who trusts a source id (a trust list pins it)
///      trusts exactly that, whoever added the source. Later sets follow by the signatures of the set before.
interface IForeignCheckpoints {
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
    ) external returns (bytes32 sourceId);

    /// @notice Accepts a checkpoint out of the other chain's state, by the seals of its validators.
    /// @dev The header has to name exactly the set that is trusted now: a change of the set is shown first, by
    ///      {rotateSealed}.
    ///
    ///      WARNING: a header does not say of which chain it is. Where one set of validators seals two chains, a log can
    ///      be anchored on the second, at the same address, with another history; and what is shown here first is what
    ///      is held. A set should seal one chain.
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
    ) external;

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
    ) external;

    /// @notice Follows the other chain's validators through a change of their set.
    /// @dev The header names the new set, and is sealed by a quorum of both.
    /// @param sourceId A sealed source.
    /// @param header RLP of a block header with its seals, after the block of the rotation before.
    /// @param validators The set that is trusted now, ascending.
    function rotateSealed(bytes32 sourceId, bytes calldata header, address[] calldata validators) external;

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
    ) external;

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
    ) external;

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
    ) external view returns (bool accepted, uint8 grade, bool isDisputed);

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
    ) external view returns (bool accepted, uint8 grade, bool isDisputed);
}
