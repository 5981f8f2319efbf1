"""QBFT headers as a forger would write them: any bytes at any place, under true signatures of whom we like.

Knows nothing of the code under test.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coincurve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlp
    from eth_utils import keccak

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGEST = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
VANITY = b"a sovereign chain".ljust(32, b"\0")
TRUE: Mapping[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "evm.json").read_text())
FIELDS = tuple(rlp.decode(bytes.fromhex(TRUE["header"][2:])))
"""The 21 fields of a true block, whose state holds a contract that anchors."""
ONLY_OMMERS, DIFFICULTY, NUMBER, TIME, EXTRA, MIX = 1, 7, 8, 11, 12, 13
QBFT: Mapping[int, bytes] = {DIFFICULTY: b"\x01", NUMBER: b"\x04\xb4", MIX: DIGEST}


class Raw(bytes):
    """Encoded already; goes in as it is."""


def encoded(item: Any) -> bytes:
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, bytes):
        return bytes(rlp.encode(item))
    payload = b"".join(map(encoded, item))
    if len(payload) < 56:
        return bytes([0xC0 + len(payload)]) + payload
    size = len(payload).to_bytes((len(payload).bit_length() + 7) // 8, "big")
    return bytes([0xF7 + len(size)]) + size + payload


def minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def address(secret: bytes) -> bytes:
    return bytes(keccak(coincurve.PublicKey.from_secret(secret).format(compressed=False)[1:])[-20:])


def keys(count: int, what: str = "validator") -> list[bytes]:
    """Secrets, in the order of their addresses."""
    return sorted((keccak(f"cross-chain {what} {n}".encode()) for n in range(count)), key=address)


def sealed_by(secret: bytes, digest: bytes) -> bytes:
    """65 bytes, v 0 or 1, low s."""
    return coincurve.PrivateKey(secret).sign_recoverable(digest, hasher=None)


def sealed_again(secret: bytes, digest: bytes, nonce: int = 12345) -> bytes:
    """Another signature of the same key over the same digest, as a signer who chooses his nonce can make."""
    x, y = coincurve.PublicKey.from_secret(nonce.to_bytes(32, "big")).point()
    r, d, z = x % ORDER, int.from_bytes(secret, "big"), int.from_bytes(digest, "big")
    s, v = pow(nonce, -1, ORDER) * (z + r * d) % ORDER, y & 1
    if s > ORDER // 2:
        s, v = ORDER - s, v ^ 1
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def with_high_s(seal: bytes) -> bytes:
    s = ORDER - int.from_bytes(seal[32:64], "big")
    return seal[:32] + s.to_bytes(32, "big") + bytes([seal[64] ^ 1])


@dataclass(frozen=True)
class Forged:
    """A header, and what its maker knows of it."""

    header: bytes
    seal_hash: bytes
    block_hash: bytes
    signers: tuple[bytes, ...]


def forge(
    validators: Sequence[bytes],
    *,
    signers: Sequence[bytes] | None = None,
    fields: Mapping[int, Any] | None = None,
    count: int | None = None,
    tail: Sequence[Any] = (),
    parts: Mapping[int, Any] | None = None,
    extra_tail: Sequence[Any] = (),
    round_: int = 0,
    declared: Sequence[bytes] | None = None,
    over: Callable[[Callable[[int, Sequence[bytes]], bytes]], bytes] | None = None,
    seals: Callable[[list[bytes], bytes], Sequence[Any]] | None = None,
    extra_shape: Callable[[bytes], bytes] = bytes,
    shape: Callable[[bytes], bytes] = bytes,
) -> Forged:
    """A header with one thing about it changed.

    Args:
        validators: Secrets of those whom the header lists.
        signers: Secrets of those who seal; else a quorum.
        fields: By place; a `Raw` goes in unencoded.
        count: How many of the 21 fields there are.
        tail: Fields after them.
        parts: Of the extra data, by place: vanity, validators, vote, round.
        extra_tail: Parts after the seals.
        declared: Addresses that the header lists.
        over: What the signers sign, of a function (round, seals) -> header.
        seals: What becomes of their seals, of the seals and the digest.
        extra_shape: What becomes of the extra data.
        shape: What becomes of the header.
    """
    listed = sorted(map(address, validators)) if declared is None else list(declared)

    def header_with(number: int, given: Sequence[Any]) -> bytes:
        extra: list[Any] = [VANITY, listed, [], minimal(number), list(given)]
        for place, value in (parts or {}).items():
            extra[place] = value
        made: list[Any] = list(FIELDS)
        for place, value in {
            **QBFT,
            EXTRA: extra_shape(encoded([*extra, *extra_tail])),
            **(fields or {}),
        }.items():
            made[place] = value
        return encoded([*made[: len(made) if count is None else count], *tail])

    who = list(validators)[: -(-2 * len(validators) // 3)] if signers is None else list(signers)
    seal_hash = bytes(keccak(header_with(round_, ())))
    signed = seal_hash if over is None else bytes(keccak(over(header_with)))
    given = [sealed_by(secret, signed) for secret in who]
    return Forged(
        header=shape(header_with(round_, given if seals is None else seals(given, signed))),
        seal_hash=seal_hash,
        block_hash=bytes(keccak(header_with(0, ()))),
        signers=tuple(sorted(map(address, who))),
    )


def sealed_message(validators: Sequence[bytes]) -> bytes:
    """What validators sign of the header that nobody changed, at round 0."""
    made: list[Any] = list(FIELDS)
    extra = encoded([VANITY, sorted(map(address, validators)), [], b"", []])
    for place, value in {**QBFT, EXTRA: extra}.items():
        made[place] = value
    return encoded(made)
