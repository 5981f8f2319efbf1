// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signature} from "./Signature.sol";

/// @title Sets of attesters
/// @notice Who vouches for the finality of another chain, and how many of them must.
/// @dev Organisations are counted and not keys: with all its keys an organisation has one voice. A threshold is at
///      least two and more than half of the organisations, so that no one organisation can say what happened and no
///      two halves can say two things.
library Attesters {
    /// @dev What a set may have at most; the organisations of 64 members fit a word of bits.
    uint256 internal constant MEMBERS_LIMIT = 64;

    /// @notice The members of a set, in ascending order; after the last one zeros.
    /// @param members Each is an address, and in the bits above it the number of its organisation within the set.
    struct Set {
        uint256[MEMBERS_LIMIT] members;
    }

    /// @notice A set has no members or too many, the zero address, one twice, or they do not ascend; there are not as
    ///         many organisations as members; or its threshold can never be met, or by too few.
    error SignerSet();

    /// @notice Signatures do not stand in ascending order of who signed, or somebody signed twice.
    error AttestationOrder();

    /// @notice Somebody signed who is not in the set; which is also what a signature over anything else looks like.
    error AttestationOutsider();

    /// @notice Fewer organisations signed than the threshold asks for.
    error AttestationQuorum();

    /// @notice Refuses members that are not from 1 to 64 addresses, ascending, none of them zero.
    /// @param members The addresses.
    function checkMembers(address[] memory members) internal pure {
        if (members.length == 0 || members.length > MEMBERS_LIMIT) revert SignerSet();
        address previous = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] <= previous) revert SignerSet();
            previous = members[i];
        }
    }

    /// @notice Checks a set and keeps it.
    /// @param set Where; what is there already is the same, for the place is found by the hash of the set.
    /// @param members Addresses, ascending.
    /// @param organisations Id of the organisation of each.
    /// @param threshold Organisations of which a signature is needed.
    function keep(
        Set storage set,
        address[] calldata members,
        string[] calldata organisations,
        uint256 threshold
    ) internal {
        checkMembers(members);
        if (organisations.length != members.length) revert SignerSet();
        bytes32[] memory distinct = new bytes32[](members.length);
        uint256 count = 0;
        for (uint256 i = 0; i < members.length; ++i) {
            bytes32 organisation = keccak256(bytes(organisations[i]));
            uint256 number = 0;
            while (number < count && distinct[number] != organisation) ++number;
            if (number == count) distinct[count++] = organisation;
            set.members[i] = number << 160 | uint160(members[i]);
        }
        if (threshold < 2 || threshold > count || 2 * threshold <= count) revert SignerSet();
    }

    /// @notice Requires that enough organisations of a set signed.
    /// @param set As {keep} left it.
    /// @param size Number of members.
    /// @param threshold Organisations of which a signature is needed.
    /// @param digest What they signed.
    /// @param signatures r || s || v each, 65 bytes, in ascending order of the addresses that signed.
    function requireQuorum(
        Set storage set,
        uint256 size,
        uint256 threshold,
        bytes32 digest,
        bytes calldata signatures
    ) internal view {
        if (signatures.length % Signature.SIZE != 0) revert Signature.BadSignature();
        uint256 next = 0;
        uint256 seen = 0;
        uint256 organisations = 0;
        address previous = address(0);
        for (uint256 begin = 0; begin < signatures.length; begin += Signature.SIZE) {
            address signer = _signer(digest, signatures[begin:begin + Signature.SIZE]);
            if (signer <= previous) _refuse(set, size, signer);
            // Members ascend too, so one passage through them meets everybody who signed.
            uint256 member;
            do {
                if (next == size) revert AttestationOutsider();
                member = set.members[next++];
            } while (address(uint160(member)) < signer);
            if (address(uint160(member)) != signer) revert AttestationOutsider();
            previous = signer;
            uint256 organisation = 1 << (member >> 160);
            if (seen & organisation == 0) ++organisations;
            seen |= organisation;
        }
        if (organisations < threshold) revert AttestationQuorum();
    }

    /// @dev Tells what is wrong with somebody who does not follow the one before.
    function _refuse(Set storage set, uint256 size, address signer) private view {
        for (uint256 i = 0; i < size; ++i) {
            if (address(uint160(set.members[i])) == signer) revert AttestationOrder();
        }
        revert AttestationOutsider();
    }

    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        (address signer, Signature.Fault fault) = Signature.recover(digest, signature);
        if (fault == Signature.Fault.HighS) revert Signature.HighS();
        if (fault != Signature.Fault.None) revert Signature.BadSignature();
        return signer;
    }
}
