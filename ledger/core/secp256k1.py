"""ECDSA over secp256k1 as Ethereum uses it: the signer is the address recovered from the signature.

A signature is 65 bytes, r || s || v with low s and v 27 or 28; every other form is refused, so that one
signature has one form on every chain and in every verifier.

Source: SEC 1 section 4.1.6; EIP-2 (low s); Ethereum yellow paper, appendix F.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Final

from ledger.core.keccak import keccak256
from ledger.errors import MalformedError, SignatureError

SUITE: Final = "secp256k1"
SIGNATURE_SIZE: Final = 65
DIGEST_SIZE: Final = 32
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

_FIRST_V = 27
_LAST_V = 28


@dataclass(frozen=True, slots=True)
class Account:
    """A secret that signs digests, as a `Signer`; its public half is its address, 20 bytes.

    Attributes:
        secret: 32 bytes, a scalar.
    """

    suite: ClassVar[str] = SUITE
    secret: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """The address."""
        return address_of(self.secret)

    def sign(self, message: bytes) -> bytes:
        """As `sign`, of a digest of 32 bytes."""
        return sign(self.secret, message)


def recover(digest: bytes, signature: bytes) -> bytes:
    """The 20-byte address whose key signed `digest`.

    Args:
        digest: 32 bytes, not hashed again.
        signature: 65 bytes r || s || v.

    Raises:
        SignatureError: `high-s`; or `signature-invalid`: another length or v, r or s out of range, or no key
            fits.  A signature by somebody else recovers another address and raises nothing.

    Cost: under half of one Ed25519 check.
    """
    if len(digest) != DIGEST_SIZE:
        raise MalformedError(f"a digest has {DIGEST_SIZE} bytes, not {len(digest)}")
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureError(f"signature has {len(signature)} bytes; r, s and v have {SIGNATURE_SIZE}")
    v = signature[64]
    if not _FIRST_V <= v <= _LAST_V:
        raise SignatureError(f"signature has v {v}; 27 and 28 are accepted")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise SignatureError("the r or s of the signature is 0 or not below the group order")
    if s > ORDER // 2:
        raise SignatureError("the s of the signature is above half the group order", code="high-s")
    try:
        key = _library().PublicKey.from_signature_and_message(
            signature[:64] + bytes((v - _FIRST_V,)), digest, hasher=None
        )
    except ValueError:
        raise SignatureError("no key fits the signature") from None
    return _address(key.format(compressed=False))


def sign(secret: bytes, digest: bytes) -> bytes:
    """Sign a 32-byte digest; 65 bytes, the same for the same input (RFC 6979, low s)."""
    if len(digest) != DIGEST_SIZE:
        raise MalformedError(f"a digest has {DIGEST_SIZE} bytes, not {len(digest)}")
    _require_scalar(secret)
    from coincurve import PrivateKey

    signature: bytes = PrivateKey(secret).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([signature[64] + _FIRST_V])


def completed(signature: bytes, digest: bytes, address: bytes) -> bytes:
    """The one form of a signature that others made of a digest: with low s, and the v that leads to an address.

    Args:
        signature: r || s, 64 bytes, as hardware gives it; or with any v.

    Raises:
        SignatureError: `signature-invalid`: it is not one by that address.
    """
    if len(signature) not in (SIGNATURE_SIZE - 1, SIGNATURE_SIZE):
        raise SignatureError(f"signature has {len(signature)} bytes; r and s have {SIGNATURE_SIZE - 1}")
    s = int.from_bytes(signature[32:64])
    if ORDER // 2 < s < ORDER:
        s = ORDER - s
    for v in (_FIRST_V, _LAST_V):
        whole = signature[:32] + s.to_bytes(32) + bytes((v,))
        try:
            if recover(digest, whole) == address:
                return whole
        except SignatureError:
            continue
    raise SignatureError(f"the signature is not by 0x{address.hex()}")


def address_of(secret: bytes) -> bytes:
    """The 20-byte address of a 32-byte scalar."""
    _require_scalar(secret)
    from coincurve import PublicKey

    return _address(PublicKey.from_secret(secret).format(compressed=False))


@cache
def _library() -> Any:
    """Loaded with the first signature: a start without any is quicker."""
    import coincurve

    return coincurve


def _address(point: bytes) -> bytes:
    """Of an uncompressed point, 04 || x || y."""
    return keccak256(point[1:])[-20:]


def _require_scalar(secret: bytes) -> None:
    if len(secret) != DIGEST_SIZE or not 0 < int.from_bytes(secret) < ORDER:
        raise MalformedError("a secp256k1 secret is 32 bytes, a scalar from 1 to n - 1", code="key-malformed")
