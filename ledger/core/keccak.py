"""Keccak-256 as Ethereum uses it: the padding of the SHA-3 submission, not that of FIPS 202."""

from sha3 import keccak_256

from ledger.errors import SetupError

HASH_LENGTH = 32

# `hashlib.sha3_256` and other modules called `sha3` answer with FIPS 202's padding, hence other bytes.
_EMPTY = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
if keccak_256(b"").hexdigest() != _EMPTY:
    raise SetupError(
        "the module sha3 does not compute keccak-256; install safe-pysha3", code="keccak-missing"
    )


def keccak256(data: bytes) -> bytes:
    """Keccak-256 of `data`, `HASH_LENGTH` bytes."""
    digest: bytes = keccak_256(data).digest()
    return digest
