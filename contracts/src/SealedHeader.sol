// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signature} from "./Signature.sol";
import {StrictRLP} from "./StrictRLP.sol";

/// @title Block headers sealed by QBFT validators
/// @notice Reads a header, the validators it names and the seals they put on it.
/// @dev Extra data: RLP of [32 bytes, [validators], vote, round, [seals]]. What validators sign is the header with an
///      empty list of seals, its round kept; the block's hash, which nothing here needs, is that with round 0.
///      A set of n validators has a quorum in ceil(2n/3) of them, which two sets of seals cannot both reach without a
///      validator that sealed twice.
///      Source: Besu's QbftExtraDataCodec and BftBlockHashing; Ethereum yellow paper, section 4.4.
library SealedHeader {
    /// @notice What a header says that its seals vouch for.
    /// @param number Height.
    /// @param time POSIX seconds.
    /// @param stateRoot Root of the state trie after the block.
    /// @param sealHash What the validators signed.
    /// @param validators Those that the header names, ascending.
    /// @param sealsAt Where the first seal begins in calldata.
    /// @param sealsEnd Where the last one ends.
    struct Header {
        uint64 number;
        uint64 time;
        bytes32 stateRoot;
        bytes32 sealHash;
        address[] validators;
        uint256 sealsAt;
        uint256 sealsEnd;
    }

    /// @notice The header has more bytes than one can have.
    error HeaderTooLarge();

    /// @notice The header has fewer than fifteen fields.
    error HeaderFields();

    /// @notice The header names ommers; a chain of sealed blocks has none.
    error HeaderOmmers();

    /// @notice The difficulty is not 1.
    error HeaderDifficulty();

    /// @notice The mix hash is not the one that marks a sealed block.
    error HeaderMixHash();

    /// @notice The extra data is not that of a QBFT block.
    error ExtraData();

    /// @notice The extra data is that of an IBFT 2.0 block, which is another protocol with other hashes.
    error Ibft2Unsupported();

    /// @notice The header names no validators: they are kept in a contract of its chain.
    error ValidatorsAbsent();

    /// @notice The validators do not ascend, or one stands twice.
    error ValidatorsUnsorted();

    /// @notice A seal does not have 65 bytes.
    error SealLength();

    /// @notice A seal is nobody's signature.
    error SealInvalid();

    /// @notice The s of a seal is in the upper half of the group order.
    error SealHighS();

    /// @notice A seal is by somebody who is no validator; which is also what a seal on another header looks like.
    error SealOutsider();

    /// @notice A validator sealed twice.
    error SealTwice();

    /// @notice Fewer than ceil(2n/3) of the n validators sealed.
    error SealQuorum();

    uint256 private constant _SIZE_LIMIT = 1 << 16;
    uint256 private constant _FIELDS_REQUIRED = 15;
    uint256 private constant _FIELDS_KNOWN = 21;

    // Positions of the fields that are looked at.
    uint256 private constant _OMMERS = 1;
    uint256 private constant _STATE_ROOT = 3;
    uint256 private constant _DIFFICULTY = 7;
    uint256 private constant _NUMBER = 8;
    uint256 private constant _TIME = 11;
    uint256 private constant _EXTRA_DATA = 12;
    uint256 private constant _MIX_HASH = 13;

    /// @dev Bytes of each known field, from the left: parent hash, ommers, beneficiary, three roots, bloom (256, which
    ///      a byte cannot say: 0), difficulty, number, gas limit, gas used, time, extra data (any: 255), mix hash,
    ///      nonce, base fee, withdrawals root, blob gas used, excess blob gas, beacon root, requests hash.
    bytes21 private constant _SIZES = hex"202014202020002008080808ff2008202008082020";

    /// @dev A bit for each known field that is an integer, of at most so many bytes.
    uint256 private constant _INTEGERS =
        1 << _DIFFICULTY | 1 << _NUMBER | 1 << 9 | 1 << 10 | 1 << _TIME | 1 << 15 | 1 << 17 | 1 << 18;

    bytes32 private constant _NO_OMMERS = keccak256(hex"c0");

    /// @dev "ctical byzantine fault tolerance", cut from "Istanbul practical byzantine fault tolerance".
    bytes32 private constant _SEALED_MIX_HASH =
        0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365;

    /// @notice Reads a header.
    /// @dev Fields after those known are kept in what is hashed and not interpreted, so that a fork to come does not
    ///      make headers unreadable.
    /// @param header Its RLP.
    /// @return sealed_ What it says. Nothing says yet that any chain has it; that is {requireSeals}.
    function parse(bytes calldata header) internal pure returns (Header memory sealed_) {
        if (header.length > _SIZE_LIMIT) revert HeaderTooLarge();
        (uint256 begin, uint256 end) = StrictRLP.list(header);
        uint256[_FIELDS_KNOWN] memory fields = _fields(begin, end);
        if (_word(fields[_OMMERS], end) != _NO_OMMERS) revert HeaderOmmers();
        if (_integer(fields[_DIFFICULTY], end) != 1) revert HeaderDifficulty();
        if (_word(fields[_MIX_HASH], end) != _SEALED_MIX_HASH) revert HeaderMixHash();
        sealed_.stateRoot = _word(fields[_STATE_ROOT], end);
        sealed_.number = uint64(_integer(fields[_NUMBER], end));
        sealed_.time = uint64(_integer(fields[_TIME], end));

        (uint256 extra, uint256 extraEnd) = StrictRLP.nextBytes(fields[_EXTRA_DATA], end);
        (uint256 itemsAt, uint256 itemsEnd) = _extraList(extra, extraEnd);
        if (itemsEnd != extraEnd) revert ExtraData();
        uint256 sealsItem = _readExtra(sealed_, itemsAt, itemsEnd);

        // The same header with an empty list of seals: what goes before and after them keeps its bytes.
        uint256 origin = StrictRLP.offset(header);
        bytes calldata kept = header[itemsAt - origin:sealsItem - origin];
        bytes memory unsealed = bytes.concat(StrictRLP.prefix(true, kept.length + 1), kept, hex"c0");
        unsealed = bytes.concat(
            header[begin - origin:fields[_EXTRA_DATA] - origin],
            StrictRLP.prefix(false, unsealed.length),
            unsealed,
            header[extraEnd - origin:]
        );
        sealed_.sealHash = keccak256(bytes.concat(StrictRLP.prefix(true, unsealed.length), unsealed));
    }

    /// @notice Requires that the seals are by a quorum of the trusted validators, and of those the header names.
    /// @dev Each seal has to be by a member of either set, so that nothing is carried which does not count.
    /// @param sealed_ As {parse} gave it, with at most 256 validators.
    /// @param trusted The set the caller believes; the same, while it does not change. At most 256.
    function requireSeals(Header memory sealed_, address[] memory trusted) internal pure {
        uint256 named = 0;
        uint256 believed = 0;
        uint256 namedCount = 0;
        uint256 believedCount = 0;
        for (uint256 begin = sealed_.sealsAt; begin < sealed_.sealsEnd;) {
            address signer;
            (signer, begin) = _nextSigner(sealed_.sealHash, begin, sealed_.sealsEnd);
            uint256 bit = _member(sealed_.validators, signer);
            uint256 trustedBit = _member(trusted, signer);
            if (bit | trustedBit == 0) revert SealOutsider();
            if (named & bit | believed & trustedBit != 0) revert SealTwice();
            if (bit != 0) ++namedCount;
            if (trustedBit != 0) ++believedCount;
            named |= bit;
            believed |= trustedBit;
        }
        if (namedCount < quorum(sealed_.validators.length) || believedCount < quorum(trusted.length)) {
            revert SealQuorum();
        }
    }

    /// @notice Seals that a set of validators needs: two thirds, rounded up.
    /// @param count Number of validators.
    /// @return ceil(2 * count / 3).
    function quorum(uint256 count) internal pure returns (uint256) {
        return (2 * count + 2) / 3;
    }

    /// @dev Where each known field begins, after checking the shape of all; zero for those that are not there.
    function _fields(uint256 begin, uint256 end) private pure returns (uint256[_FIELDS_KNOWN] memory fields) {
        uint256 field = 0;
        for (; begin < end; ++field) {
            (bool isList, uint256 body, uint256 past) = StrictRLP.next(begin, end);
            if (field < _FIELDS_KNOWN) {
                if (isList) revert StrictRLP.RlpShape();
                fields[field] = begin;
                uint256 size = uint8(_SIZES[field]);
                if (_INTEGERS >> field & 1 != 0) {
                    StrictRLP.checkInteger(body, past, size);
                } else if (size == 0 ? past - body != 256 : size != 255 && past - body != size) {
                    revert StrictRLP.RlpShape();
                }
            } else if (isList) {
                StrictRLP.check(body, past, 2);
            }
            begin = past;
        }
        if (field < _FIELDS_REQUIRED) revert HeaderFields();
    }

    /// @dev Reads the items of the extra data into `sealed_`.
    /// @return sealsItem Where the list of seals begins, its prefix included.
    function _readExtra(Header memory sealed_, uint256 begin, uint256 end)
        private
        pure
        returns (uint256 sealsItem)
    {
        (, uint256 past) = _extraBytes(begin, end, 32);
        uint256 body;
        (body, past) = _extraList(past, end);
        sealed_.validators = _validators(body, past);
        past = _skipVote(past, end);
        (body, past) = _extraBytes(past, end);
        // IBFT 2.0 writes a round in four bytes, whatever it is.
        if (past - body == 4 && StrictRLP.load(body) >> 248 == 0) revert Ibft2Unsupported();
        if (past - body > 4) revert ExtraData();
        StrictRLP.checkInteger(body, past, 4);
        sealsItem = past;
        (sealed_.sealsAt, sealed_.sealsEnd) = _extraList(past, end);
        if (sealed_.sealsEnd != end) revert ExtraData();
        for (past = sealed_.sealsAt; past < end;) {
            (body, past) = _extraBytes(past, end);
            if (past - body != Signature.SIZE) revert SealLength();
        }
    }

    /// @dev A vote on one validator, or none. It takes effect in later headers and means nothing here.
    function _skipVote(uint256 begin, uint256 end) private pure returns (uint256) {
        (bool isList, uint256 vote, uint256 voteEnd) = _extraItem(begin, end);
        if (!isList) {
            // IBFT 2.0 writes no vote as an empty string.
            if (vote == voteEnd) revert Ibft2Unsupported();
            revert ExtraData();
        }
        if (vote == voteEnd) return voteEnd;
        (, uint256 past) = _extraBytes(vote, voteEnd, 20);
        (uint256 kind, uint256 kindEnd) = _extraBytes(past, voteEnd);
        // Nothing to drop, 0xff to add.
        if (kind != kindEnd && (kindEnd - kind != 1 || StrictRLP.load(kind) >> 248 != 0xff)) {
            revert ExtraData();
        }
        if (kindEnd != voteEnd) revert ExtraData();
        return voteEnd;
    }

    function _validators(uint256 begin, uint256 end) private pure returns (address[] memory validators) {
        if (begin == end) revert ValidatorsAbsent();
        // An address takes 21 bytes, and what is none ends the loop with an error.
        validators = new address[]((end - begin) / 21);
        address previous = address(0);
        for (uint256 i = 0; begin < end; ++i) {
            (uint256 body, uint256 past) = _extraBytes(begin, end, 20);
            address validator = address(uint160(StrictRLP.load(body) >> 96));
            if (validator <= previous) revert ValidatorsUnsorted();
            validators[i] = previous = validator;
            begin = past;
        }
    }

    function _extraItem(uint256 begin, uint256 end)
        private
        pure
        returns (bool isList, uint256 body, uint256 past)
    {
        bool isCanonical;
        (isCanonical, isList, body, past) = StrictRLP.tryNext(begin, end);
        if (!isCanonical) revert StrictRLP.RlpNotCanonical();
        if (past > end) revert ExtraData();
    }

    function _extraList(uint256 begin, uint256 end) private pure returns (uint256 body, uint256 past) {
        bool isList;
        (isList, body, past) = _extraItem(begin, end);
        if (!isList) revert ExtraData();
    }

    function _extraBytes(uint256 begin, uint256 end) private pure returns (uint256 body, uint256 past) {
        bool isList;
        (isList, body, past) = _extraItem(begin, end);
        if (isList) revert ExtraData();
    }

    function _extraBytes(uint256 begin, uint256 end, uint256 length)
        private
        pure
        returns (uint256 body, uint256 past)
    {
        (body, past) = _extraBytes(begin, end);
        if (past - body != length) revert ExtraData();
    }

    /// @dev Who made the next seal, and where the one after it begins; {_readExtra} has looked at its form.
    function _nextSigner(bytes32 sealHash, uint256 begin, uint256 end)
        private
        pure
        returns (address, uint256)
    {
        (uint256 body, uint256 past) = StrictRLP.nextBytes(begin, end);
        uint256 v = StrictRLP.load(body + 64) >> 248;
        // A node writes the parity of the point; wallets add 27 to it.
        if (v < 2) v += 27;
        (address signer, Signature.Fault fault) = Signature.recover(
            sealHash, uint8(v), bytes32(StrictRLP.load(body)), bytes32(StrictRLP.load(body + 32))
        );
        if (fault == Signature.Fault.HighS) revert SealHighS();
        if (fault != Signature.Fault.None) revert SealInvalid();
        return (signer, past);
    }

    /// @dev The bit of `signer` in a set of its position in the ascending `members`; zero if it is none.
    function _member(address[] memory members, address signer) private pure returns (uint256) {
        uint256 low = 0;
        uint256 high = members.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (members[middle] < signer) low = middle + 1;
            else high = middle;
        }
        return low < members.length && members[low] == signer ? 1 << low : 0;
    }

    function _word(uint256 begin, uint256 end) private pure returns (bytes32) {
        (uint256 body, uint256 past) = StrictRLP.nextBytes(begin, end);
        return StrictRLP.word(body, past);
    }

    function _integer(uint256 begin, uint256 end) private pure returns (uint256) {
        (uint256 body, uint256 past) = StrictRLP.nextBytes(begin, end);
        return StrictRLP.integer(body, past, 32);
    }
}
