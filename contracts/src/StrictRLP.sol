// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Strict RLP in calldata
/// @notice Reads Recursive Length Prefix where every value has one encoding, and refuses every other.
/// @dev Positions are offsets in calldata, and an item is told by where its payload begins (`body`) and where the next
///      item begins (`past`). Nothing is copied. OpenZeppelin's RLP cannot stand in: it accepts integers with leading
///      zeros, and so a second encoding of the same header.
///      Source: Ethereum yellow paper, appendix B.
library StrictRLP {
    /// @dev Lists within lists, as in ledger/core/evm/rlp.py; nothing that Ethereum writes comes near.
    uint256 private constant _DEPTH_LIMIT = 8;

    uint256 private constant _STRING = 0x80;
    uint256 private constant _LIST = 0xc0;

    /// @dev Longest payload whose length stands in the prefix itself.
    uint256 private constant _SHORT = 55;

    /// @notice An item ends after what holds it, or is missing.
    error RlpTruncated();

    /// @notice Bytes are left over after the item that should fill them.
    error RlpTrailing();

    /// @notice A length or an integer is written in more bytes than it needs.
    error RlpNotCanonical();

    /// @notice A list stands where bytes are required, or the other way; or the bytes have another length.
    error RlpShape();

    /// @notice Lists are nested deeper than any that Ethereum writes.
    error RlpTooDeep();

    /// @notice Reads the item at `begin`.
    /// @param begin Where it begins.
    /// @param end Where that which holds it ends.
    /// @return isList Whether it is a list and not a string of bytes.
    /// @return body Where its payload begins.
    /// @return past Where its payload ends and the next item begins.
    function next(uint256 begin, uint256 end)
        internal
        pure
        returns (bool isList, uint256 body, uint256 past)
    {
        bool isCanonical;
        (isCanonical, isList, body, past) = tryNext(begin, end);
        if (!isCanonical) revert RlpNotCanonical();
        if (past > end) revert RlpTruncated();
    }

    /// @notice Reads the item at `begin`, for a caller who has names of its own for what is wrong.
    /// @param begin Where it begins.
    /// @param end Where that which holds it ends.
    /// @return isCanonical Whether the item is written in the one way there is.
    /// @return isList Whether it is a list and not a string of bytes.
    /// @return body Where its payload begins.
    /// @return past Where its payload ends and the next item begins. WARNING: the item is whole only if this is not
    ///         greater than `end`.
    function tryNext(uint256 begin, uint256 end)
        internal
        pure
        returns (bool isCanonical, bool isList, uint256 body, uint256 past)
    {
        // Offsets in calldata and lengths below 2^64 do not overflow.
        unchecked {
            if (begin >= end) return (true, false, begin, end + 1);
            uint256 first = _byteAt(begin);
            if (first < _STRING) return (true, false, begin, begin + 1);
            isList = first >= _LIST;
            body = begin + 1;
            uint256 length = first - (isList ? _LIST : _STRING);
            if (length > _SHORT) {
                uint256 size = length - _SHORT;
                body += size;
                if (body > end) return (true, isList, body, body);
                length = load(begin + 1) >> (256 - 8 * size);
                if (length <= _SHORT || _byteAt(begin + 1) == 0) return (false, isList, body, body);
            }
            past = body + length;
            isCanonical = length != 1 || isList || past > end || _byteAt(body) >= _STRING;
        }
    }

    /// @notice Reads bytes that are one list and nothing else.
    /// @param data The bytes.
    /// @return begin Where the first item of the list begins.
    /// @return end Where the last one ends, which is where `data` does.
    function list(bytes calldata data) internal pure returns (uint256 begin, uint256 end) {
        begin = offset(data);
        return list(begin, begin + data.length);
    }

    /// @notice The same for a range of calldata.
    /// @param begin Where the range begins.
    /// @param end Where it ends.
    /// @return Where the first item of the list begins.
    /// @return Where the last one ends.
    function list(uint256 begin, uint256 end) internal pure returns (uint256, uint256) {
        (bool isList, uint256 body, uint256 past) = next(begin, end);
        if (past != end) revert RlpTrailing();
        if (!isList) revert RlpShape();
        return (body, past);
    }

    /// @notice Reads an item that is a list.
    /// @param begin Where it begins.
    /// @param end Where that which holds it ends.
    /// @return body Where its first item begins.
    /// @return past Where its last item ends.
    function nextList(uint256 begin, uint256 end) internal pure returns (uint256 body, uint256 past) {
        bool isList;
        (isList, body, past) = next(begin, end);
        if (!isList) revert RlpShape();
    }

    /// @notice Reads an item that is a string of bytes.
    /// @param begin Where it begins.
    /// @param end Where that which holds it ends.
    /// @return body Where its payload begins.
    /// @return past Where its payload ends.
    function nextBytes(uint256 begin, uint256 end) internal pure returns (uint256 body, uint256 past) {
        bool isList;
        (isList, body, past) = next(begin, end);
        if (isList) revert RlpShape();
    }

    /// @notice Passes over the item at `begin`, whatever it is.
    /// @param begin Where it begins.
    /// @param end Where that which holds it ends.
    /// @return past Where the next item begins.
    function skip(uint256 begin, uint256 end) internal pure returns (uint256 past) {
        (,, past) = next(begin, end);
    }

    /// @notice The integer in a payload.
    /// @param body Where the payload begins.
    /// @param past Where it ends.
    /// @param size Bytes that it may have, at most 32.
    /// @return The integer; zero has no bytes.
    function integer(uint256 body, uint256 past, uint256 size) internal pure returns (uint256) {
        checkInteger(body, past, size);
        unchecked {
            // A shift by 256, for an integer of no bytes, leaves zero.
            return load(body) >> (256 - 8 * (past - body));
        }
    }

    /// @notice Refuses a payload that is no integer of at most `size` bytes.
    /// @param body Where the payload begins.
    /// @param past Where it ends.
    /// @param size Bytes that it may have, at most 32.
    function checkInteger(uint256 body, uint256 past, uint256 size) internal pure {
        unchecked {
            if (past - body > size) revert RlpShape();
        }
        if (body != past && _byteAt(body) == 0) revert RlpNotCanonical();
    }

    /// @notice The 32 bytes in a payload.
    /// @param body Where the payload begins.
    /// @param past Where it ends.
    /// @return The bytes.
    function word(uint256 body, uint256 past) internal pure returns (bytes32) {
        unchecked {
            if (past - body != 32) revert RlpShape();
        }
        return bytes32(load(body));
    }

    /// @notice Refuses items that are not strictly encoded, in lists within lists too.
    /// @param begin Where the first item begins.
    /// @param end Where the last one ends.
    /// @param depth Lists around the items, at least 1.
    function check(uint256 begin, uint256 end, uint256 depth) internal pure {
        while (begin < end) {
            (bool isList, uint256 body, uint256 past) = next(begin, end);
            if (isList) {
                if (depth >= _DEPTH_LIMIT) revert RlpTooDeep();
                check(body, past, depth + 1);
            }
            begin = past;
        }
    }

    /// @notice What stands before a payload of `length` bytes.
    /// @param isList Whether the payload is that of a list.
    /// @param length Below 2^16.
    /// @return One to three bytes.
    function prefix(bool isList, uint256 length) internal pure returns (bytes memory) {
        unchecked {
            uint256 kind = isList ? _LIST : _STRING;
            if (length <= _SHORT) return abi.encodePacked(uint8(kind + length));
            if (length <= type(uint8).max) return abi.encodePacked(uint8(kind + _SHORT + 1), uint8(length));
            return abi.encodePacked(uint8(kind + _SHORT + 2), uint16(length));
        }
    }

    /// @notice Where `data` begins in calldata.
    /// @param data The bytes.
    /// @return begin The position.
    function offset(bytes calldata data) internal pure returns (uint256 begin) {
        assembly ("memory-safe") {
            begin := data.offset
        }
    }

    /// @notice The 32 bytes of calldata at `begin`, whatever they are.
    /// @dev The caller keeps within what it knows the bounds of; after the end of calldata there are zeros.
    /// @param begin The position.
    /// @return value The bytes.
    function load(uint256 begin) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(begin)
        }
    }

    function _byteAt(uint256 begin) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(begin))
        }
    }
}
