"""The two signature suites of statements, and their keys as Multikey.

`eddsa-jcs-2022` is Ed25519, `ecdsa-jcs-2019` is ECDSA over P-256 with SHA-256; both signatures are 64 bytes.

The signature rule, the same in every verifier:

* Ed25519: A and R canonical and not of small order, S < L, and the cofactorless equation compared as bytes,
  encode([S]B - [k]A) == R.
* P-256: r || s with 1 <= r < n and 1 <= s <= n // 2 ("low s").

Source: W3C vc-di-eddsa, vc-di-ecdsa and cid (Multikey); RFC 8032; RFC 6979; FIPS 186-5.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from ledger.core import ed25519
from ledger.core.multibase import base58btc_decode, base58btc_encode
from ledger.errors import MalformedError, SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Suite = Literal["eddsa-jcs-2022", "ecdsa-jcs-2019"]
EDDSA: Final = "eddsa-jcs-2022"
ECDSA: Final = "ecdsa-jcs-2019"

SIGNATURE_SIZE = 64
SECRET_SIZE = 32
RANDOM_SIZE = 48
"""Random bytes `generate` takes: 128 bits more than a P-256 scalar needs, so that the remainder is even."""

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_PREFIXES: Final[dict[Suite, bytes]] = {EDDSA: b"\xed\x01", ECDSA: b"\x80\x24"}
_KEY_SIZES: Final[dict[Suite, int]] = {EDDSA: 32, ECDSA: 33}
_COMPRESSED = (2, 3)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key to verify with.

    Attributes:
        suite: The suite its signatures are of.
        raw: 32 bytes for Ed25519; 33 bytes, a compressed point, for P-256.
    """

    suite: Suite
    raw: bytes

    def __post_init__(self) -> None:
        if self.suite not in _KEY_SIZES or len(self.raw) != _KEY_SIZES[self.suite]:
            raise MalformedError(
                f"a public key of suite {self.suite} does not have {len(self.raw)} bytes",
                code="multikey-malformed",
            )
        if self.suite == ECDSA and self.raw[0] not in _COMPRESSED:
            raise MalformedError("a P-256 key is a compressed point, 02 or 03", code="multikey-malformed")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key to sign with.

    Attributes:
        suite: The suite its signatures are of.
        secret: 32 bytes: the Ed25519 seed, or the P-256 scalar, big-endian.
    """

    suite: Suite
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.suite not in _KEY_SIZES:
            raise MalformedError(f"there is no suite {self.suite}", code="key-malformed")
        if len(self.secret) != SECRET_SIZE:
            raise MalformedError(
                f"a secret of suite {self.suite} has {SECRET_SIZE} bytes, not {len(self.secret)}",
                code="key-malformed",
            )
        if self.suite == ECDSA and not 0 < int.from_bytes(self.secret) < P256_ORDER:
            raise MalformedError("a P-256 secret is a scalar from 1 to n - 1", code="key-malformed")

    @property
    def public(self) -> PublicKey:
        """The public half."""
        if self.suite == EDDSA:
            return PublicKey(EDDSA, _ed25519_private(self.secret).public_key().public_bytes_raw())
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        point = _p256_private(self.secret).public_key()
        return PublicKey(ECDSA, point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        """As `sign`; so it is a `Signer`."""
        return sign(self, message)


@lru_cache(maxsize=1024)
def parse_multikey(text: str) -> PublicKey:
    """Read a `publicKeyMultibase`.

    Says nothing about the point; see `check_enrolment_key`.

    Raises:
        MalformedError: `multibase-malformed`, or `multikey-malformed` for another kind or length of key.
    """
    data = base58btc_decode(text)
    for suite, prefix in _PREFIXES.items():
        if data.startswith(prefix):
            return PublicKey(suite, data[len(prefix) :])
    raise MalformedError(
        "a public key is a Multikey of Ed25519 (z6Mk…) or compressed P-256 (zDn…)", code="multikey-malformed"
    )


def encode_multikey(key: PublicKey) -> str:
    """Write a `publicKeyMultibase`; the inverse of `parse_multikey`."""
    return base58btc_encode(_PREFIXES[key.suite] + key.raw)


def check_enrolment_key(key: PublicKey) -> None:
    """Refuse a key that could make one signature fit several messages, or that is no point at all.

    Raises:
        SignatureError: `key-refused`: an Ed25519 key that is not canonical, of small order, outside the
            prime-order subgroup or no point; a P-256 key that is no point.

    Cost: fourteen times `verify` for Ed25519, less than one for P-256.
    """
    if key.suite == EDDSA:
        if not ed25519.is_in_prime_order_subgroup(key.raw):
            raise SignatureError(
                f"Ed25519 key {key.raw.hex()} is not a canonical point of the prime-order subgroup",
                code="key-refused",
            )
        return
    try:
        _p256_public(key.raw)
    except ValueError:
        raise SignatureError(
            f"P-256 key {key.raw.hex()} is not a point of the curve", code="key-refused"
        ) from None


def verify(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check one signature by the signature rule above.

    Args:
        key: The signer's key; need not have passed `check_enrolment_key`.
        message: The bytes that were signed, not their hash.
        signature: 64 bytes: R || S for Ed25519, r || s for P-256.

    Raises:
        SignatureError: The key rejects the signature.  Code `high-s` where only the size of s is at fault,
            `signature-invalid` otherwise.

    Cost: the library's check and a seventh of it; P-256 takes two thirds of Ed25519.
    """
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureError(f"signature has {len(signature)} bytes; {key.suite} has {SIGNATURE_SIZE}")
    if key.suite == EDDSA:
        _verify_ed25519(key.raw, message, signature)
    else:
        _verify_p256(key.raw, message, signature)


def generate(suite: Suite, random: bytes) -> PrivateKey:
    """Make a key of `RANDOM_SIZE` bytes from a cryptographic source."""
    if len(random) != RANDOM_SIZE:
        raise MalformedError(
            f"a key is made of {RANDOM_SIZE} random bytes, not {len(random)}", code="key-malformed"
        )
    if suite == EDDSA:
        return PrivateKey(EDDSA, random[:SECRET_SIZE])
    # FIPS 186-5, A.2.1: extra random bits make the bias of the remainder negligible.
    scalar = int.from_bytes(random) % (P256_ORDER - 1) + 1
    return PrivateKey(suite, scalar.to_bytes(SECRET_SIZE))


def sign(private: PrivateKey, message: bytes) -> bytes:
    """Sign `message`; 64 bytes, the same for the same input (RFC 8032; RFC 6979 and low s)."""
    if private.suite == EDDSA:
        return _ed25519_private(private.secret).sign(message)
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    der = _p256_private(private.secret).sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return normalise_p256(r.to_bytes(32) + s.to_bytes(32))


def normalise_p256(signature: bytes) -> bytes:
    """The low-s form of a P-256 signature r || s: of (r, s) and (r, n - s), which both verify, the lower.

    For importing what others signed, before it goes into a statement; never for verifying one.
    """
    if len(signature) != SIGNATURE_SIZE:
        raise MalformedError(f"a P-256 signature has {SIGNATURE_SIZE} bytes, not {len(signature)}")
    s = int.from_bytes(signature[32:])
    if P256_ORDER // 2 < s < P256_ORDER:
        s = P256_ORDER - s
    return signature[:32] + s.to_bytes(32)


def _verify_ed25519(raw: bytes, message: bytes, signature: bytes) -> None:
    if not _is_acceptable_key(raw):
        raise SignatureError(f"Ed25519 key {raw.hex()} is not canonical or of small order")
    if not ed25519.is_acceptable(signature[:32]):
        raise SignatureError("the R of the Ed25519 signature is not canonical or of small order")
    if not ed25519.is_below_order(signature[32:]):
        raise SignatureError("the S of the Ed25519 signature is not below the group order")
    try:
        _ed25519_public(raw).verify(signature, message)
    except (_invalid_signature(), ValueError):
        raise SignatureError(f"Ed25519 key {raw.hex()} rejects the signature") from None


def _verify_p256(raw: bytes, message: bytes, signature: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise SignatureError("the r or s of the P-256 signature is 0 or not below the group order")
    try:
        _p256_public(raw).verify(encode_dss_signature(r, min(s, P256_ORDER - s)), message, ec.ECDSA(SHA256()))
    except (_invalid_signature(), ValueError):
        raise SignatureError(f"P-256 key {raw.hex()} rejects the signature") from None
    if s > P256_ORDER // 2:
        raise SignatureError("the s of the P-256 signature is above half the group order", code="high-s")


def _invalid_signature() -> type[Exception]:
    """What the library raises; looked up only where something was raised."""
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature


_is_acceptable_key = lru_cache(256)(ed25519.is_acceptable)


@lru_cache(maxsize=256)
def _ed25519_public(raw: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


@lru_cache(maxsize=256)
def _p256_public(raw: bytes) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)


def _ed25519_private(seed: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)


def _p256_private(scalar: bytes) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    return derive_private_key(int.from_bytes(scalar), SECP256R1())
