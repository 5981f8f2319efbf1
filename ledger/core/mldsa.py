"""ML-DSA-44 signatures with empty context, so that a log's word outlives elliptic curves.

Source: FIPS 204.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ledger.errors import MalformedError, SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

PUBLIC_SIZE: Final = 1312
SIGNATURE_SIZE: Final = 2420
SEED_SIZE: Final = 32


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature.

    Args:
        public: 1312 bytes.
        message: The bytes that were signed.
        signature: 2420 bytes.

    Raises:
        SignatureError: The key rejects the signature.

    Cost: about that of one Ed25519 check.
    """
    if len(public) != PUBLIC_SIZE or len(signature) != SIGNATURE_SIZE:
        raise SignatureError(
            f"ML-DSA-44 has keys of {PUBLIC_SIZE} and signatures of {SIGNATURE_SIZE} bytes, "
            f"not {len(public)} and {len(signature)}"
        )
    try:
        _public(public).verify(signature, message)
    except (_invalid_signature(), ValueError):
        raise SignatureError("the ML-DSA-44 key rejects the signature") from None


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign `message`; 2420 bytes, randomised by the library, so different each time."""
    return _private(seed).sign(message)


@lru_cache(maxsize=4)
def public_of(seed: bytes) -> bytes:
    """The 1312-byte public key of a 32-byte seed."""
    return _private(seed).public_key().public_bytes_raw()


def _invalid_signature() -> type[Exception]:
    """What the library raises; looked up only where something was raised."""
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature


@lru_cache(maxsize=64)
def _public(public: bytes) -> "MLDSA44PublicKey":
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    return MLDSA44PublicKey.from_public_bytes(public)


@lru_cache(maxsize=4)  # a log signs with the same one again and again, and making it takes a third of that
def _private(seed: bytes) -> "MLDSA44PrivateKey":
    if len(seed) != SEED_SIZE:
        raise MalformedError(
            f"an ML-DSA-44 seed has {SEED_SIZE} bytes, not {len(seed)}", code="key-malformed"
        )
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    return MLDSA44PrivateKey.from_seed_bytes(seed)
