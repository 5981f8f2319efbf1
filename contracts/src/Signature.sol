// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures over secp256k1
/// @notice Who signed a digest, where a signature has one form and no other.
/// @dev {ECDSA} with the causes of a refusal told apart, as ledger/core/secp256k1.py tells them.
library Signature {
    /// @notice What is wrong with a signature.
    enum Fault {
        None,
        Invalid,
        HighS
    }

    /// @notice Bytes of r || s || v.
    uint256 internal constant SIZE = 65;

    uint256 private constant _ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @notice A signature is not r || s || v with v 27 or 28; or is nobody's; or not of the one who should have
    ///         signed.
    error BadSignature();

    /// @notice The s of a signature is in the upper half of the group order.
    error HighS();

    /// @notice Who signed `digest`.
    /// @param digest A hash.
    /// @param signature r || s || v.
    /// @return signer The address whose key signed; zero where there is a fault.
    /// @return fault Why there is none.
    function recover(bytes32 digest, bytes calldata signature)
        internal
        pure
        returns (address signer, Fault fault)
    {
        if (signature.length != SIZE) return (address(0), Fault.Invalid);
        return recover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    }

    /// @notice The same for a signature in its parts.
    /// @param digest A hash.
    /// @param v 27 or 28.
    /// @param r Above zero and below the group order.
    /// @param s Above zero and in the lower half of it.
    /// @return signer The address whose key signed; zero where there is a fault.
    /// @return fault Why there is none.
    function recover(bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        internal
        pure
        returns (address signer, Fault fault)
    {
        ECDSA.RecoverError refused;
        bytes32 culprit;
        (signer, refused, culprit) = ECDSA.tryRecover(digest, v, r, s);
        if (refused == ECDSA.RecoverError.NoError) return (signer, Fault.None);
        bool isHigh = refused == ECDSA.RecoverError.InvalidSignatureS && uint256(culprit) < _ORDER;
        return (address(0), isHigh ? Fault.HighS : Fault.Invalid);
    }
}
