"""Rows of `vectors/cross_chain/sealed.json`: headers with seals, one flaw in each that is bad."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.core.evm.forging import (
    DIFFICULTY,
    DIGEST,
    EXTRA,
    MIX,
    NUMBER,
    ONLY_OMMERS,
    ORDER,
    TIME,
    Forged,
    Raw,
    address,
    forge,
    keys,
    sealed_again,
    sealed_message,
    with_high_s,
)

SEVEN = keys(7)
FOUR, FIVE = keys(4), keys(5)
STRANGERS = keys(4, "stranger")
STATE_ROOT, BLOOM, BASE_FEE, WITHDRAWALS, NONCE = 3, 6, 15, 16, 14


def row(name: str, made: Forged, trusted: Sequence[bytes], error: str | None, **more: Any) -> dict[str, Any]:
    told = {
        "name": name,
        "header": "0x" + made.header.hex(),
        "trusted": ["0x" + one.hex() for one in sorted(map(address, trusted))],
        "rotation": False,
        "valid": error is None,
    }
    if error is None:
        told |= {
            "signers": ["0x" + one.hex() for one in made.signers],
            "sealHash": "0x" + made.seal_hash.hex(),
            "blockHash": "0x" + made.block_hash.hex(),
        }
    else:
        told["error"] = error
    return {**told, **more}


def good() -> Iterator[dict[str, Any]]:
    def ok(
        name: str, validators: Sequence[bytes] = FOUR, trusted: Sequence[bytes] | None = None, **how: Any
    ) -> Any:
        rotation = trusted is not None
        return row(
            name,
            forge(validators, **how),
            validators if trusted is None else trusted,
            None,
            rotation=rotation,
        )

    yield ok("three of four, round 0")
    yield ok("three of four, round 5", round_=5)
    yield ok("three of four, round 128, which takes two bytes of RLP", round_=128)
    yield ok("three of four, the last round there is", round_=0xFFFFFFFF)
    yield ok("four of four", signers=FOUR)
    yield ok("one of one", FOUR[:1])
    yield ok("two of two", FOUR[:2])
    yield ok("two of three", FOUR[:3])
    yield ok("five of seven", SEVEN)
    yield ok("five of seven, round 5", SEVEN, round_=5)
    yield ok("seven of ten", keys(10))
    yield ok("fifteen fields, as before London", count=15)
    yield ok("sixteen fields, as in London", count=16)
    yield ok("seventeen fields, as in Shanghai", count=17)
    yield ok("two fields of a fork to come", tail=[b"\x07", [b"a list", [b"in a list"]]])
    yield ok("v 27 and 28", seals=lambda made, _: [seal[:64] + bytes([seal[64] + 27]) for seal in made])
    yield ok("seals in descending order", seals=lambda made, _: made[::-1])
    yield ok("a vote to add", parts={2: [b"\x11" * 20, b"\xff"]})
    yield ok("a vote to drop", parts={2: [b"\x11" * 20, b""]})
    yield ok("a nonce", fields={NONCE: b"\xff" * 8})
    yield ok("four become five, sealed by both", FIVE, FOUR, signers=FOUR)
    yield ok("four become five, the fifth seals too", FIVE, FOUR, signers=FIVE)
    yield ok("five become four, sealed by both", FOUR, FIVE, signers=FOUR)


def bad_quorum() -> Iterator[dict[str, Any]]:
    def no(
        name: str, error: str, trusted: Sequence[bytes] = FOUR, validators: Sequence[bytes] = FOUR, **how: Any
    ) -> Any:
        rotation = set(trusted) != set(validators)
        return row(name, forge(validators, **how), trusted, error, rotation=rotation)

    yield no("no seal", "seal-quorum", signers=[])
    yield no("two of four: floor(2n/3), or f + 1", "seal-quorum", signers=FOUR[:2])
    yield no("four of seven: floor(2n/3)", "seal-quorum", SEVEN, SEVEN, signers=SEVEN[:4])
    yield no("three of seven: f + 1", "seal-quorum", SEVEN, SEVEN, signers=SEVEN[:3])
    yield no("six of ten: floor(2n/3)", "seal-quorum", keys(10), keys(10), signers=keys(10)[:6])
    yield no("a set that declares itself: one of the trusted four alone", "seal-quorum", FOUR, FOUR[:1])
    yield no(
        "a set that declares itself: a trusted one and strangers",
        "seal-quorum",
        FOUR,
        [FOUR[0], *STRANGERS[:2]],
    )
    yield no("a set that declares itself: strangers alone", "seal-quorum", FOUR, STRANGERS)
    yield no("four become five, without the quorum of the five", "seal-quorum", FOUR, FIVE, signers=FOUR[:3])
    yield no("five become four, without the quorum of the five", "seal-quorum", FIVE, FOUR, signers=FOUR[:3])
    seven = [*SEVEN[:3], *STRANGERS]
    yield no(
        "handed over with floor(2n/3) of the old",
        "seal-quorum",
        SEVEN,
        seven,
        signers=[*SEVEN[:4], *STRANGERS],
    )
    yield no("the same seal twice", "seal-twice", seals=lambda made, _: [*made[:2], made[1]])
    yield no("a seal again beside a quorum", "seal-twice", seals=lambda made, _: [*made, made[0]])
    yield no(
        "two signatures of one validator",
        "seal-twice",
        seals=lambda made, it: [*made[:2], sealed_again(FOUR[1], it)],
    )
    twice = lambda made, _: [*made[:2], made[1][:64] + bytes([made[1][64] + 27])]  # noqa: E731
    yield no("the same seal with v 0 and 27", "seal-twice", seals=twice)
    yield no("an outsider in place of the third", "seal-outsider", signers=[*FOUR[:2], STRANGERS[0]])
    yield no("an outsider beside a quorum", "seal-outsider", signers=[*FOUR[:3], STRANGERS[0]])


def bad_seals() -> Iterator[dict[str, Any]]:
    def no(name: str, error: str, **how: Any) -> Any:
        return row(name, forge(FOUR, **how), FOUR, error)

    def third(change: Any) -> Any:
        return lambda made, _: [*made[:2], change(made[2])]

    yield no("high s", "seal-high-s", seals=third(with_high_s))
    yield no(
        "high s, v 27 and 28",
        "seal-high-s",
        seals=third(lambda one: (high := with_high_s(one))[:64] + bytes([high[64] + 27])),
    )
    yield no("64 bytes", "seal-length", seals=third(lambda one: one[:64]))
    yield no("66 bytes", "seal-length", seals=third(lambda one: one + b"\0"))
    yield no("an empty seal", "seal-length", seals=third(lambda _: b""))
    yield no("r is zero", "seal-invalid", seals=third(lambda one: bytes(32) + one[32:]))
    yield no("s is zero", "seal-invalid", seals=third(lambda one: one[:32] + bytes(32) + one[64:]))
    yield no(
        "r is the group order", "seal-invalid", seals=third(lambda one: ORDER.to_bytes(32, "big") + one[32:])
    )
    yield no(
        "no point has this r", "seal-invalid", seals=third(lambda one: (5).to_bytes(32, "big") + one[32:])
    )
    for v in (2, 26, 29, 35, 255):
        yield no(f"v {v}", "seal-invalid", seals=third(lambda one, v=v: one[:64] + bytes([v])))
    yield no("the seals are a byte string", "extra-data", parts={4: b"\x01" * 65})
    yield no("a seal is a list", "extra-data", seals=third(lambda one: [one]))
    yield no(
        "sealed the block hash while the round is 3",
        "seal-outsider",
        round_=3,
        over=lambda header: header(0, ()),
    )
    yield no(
        "sealed round 4 while the round is 3", "seal-outsider", round_=3, over=lambda header: header(4, ())
    )
    yield no(
        "sealed the header with a seal in it", "seal-outsider", over=lambda header: header(0, [b"\1" * 65])
    )
    moved = {
        "height": (NUMBER, b"\x04\xb5"),
        "time": (TIME, b"\x6b\0\0\0"),
        "state": (STATE_ROOT, b"\x5a" * 32),
    }
    for what, (place, value) in moved.items():
        sealed = {"fields": {place: value}, "over": lambda _: sealed_message(FOUR)}
        yield no(f"seals of a header of another {what}", "seal-outsider", **sealed)


def bad_headers() -> Iterator[dict[str, Any]]:
    def no(name: str, error: str, **how: Any) -> Any:
        return row(name, forge(FOUR, **how), FOUR, error)

    yield no("another mix hash", "header-mix-hash", fields={MIX: bytes(32)})
    yield no("mix hash of one other bit", "header-mix-hash", fields={MIX: DIGEST[:-1] + b"\x64"})
    yield no("difficulty 0", "header-difficulty", fields={DIFFICULTY: b""})
    yield no("difficulty 2", "header-difficulty", fields={DIFFICULTY: b"\x02"})
    yield no("ommers", "header-ommers", fields={ONLY_OMMERS: b"\x1d" * 32})
    yield no("difficulty with a leading zero", "rlp-not-canonical", fields={DIFFICULTY: b"\x00\x01"})
    yield no(
        "difficulty with a prefix it does not need",
        "rlp-not-canonical",
        fields={DIFFICULTY: Raw(b"\x81\x01")},
    )
    yield no("number with a leading zero", "rlp-not-canonical", fields={NUMBER: b"\x00\x04\xb4"})
    yield no("number with two leading zeros", "rlp-not-canonical", fields={NUMBER: b"\x00\x00\x04\xb4"})
    yield no("number zero written as a byte", "rlp-not-canonical", fields={NUMBER: b"\x00"})
    yield no("time with a leading zero", "rlp-not-canonical", fields={TIME: b"\x00\x6b\x00\x00\x00"})
    yield no("base fee with a leading zero", "rlp-not-canonical", fields={BASE_FEE: b"\x00\x07"})
    yield no(
        "a root in the long form of a string",
        "rlp-not-canonical",
        fields={WITHDRAWALS: Raw(b"\xb8\x20" + b"\x5a" * 32)},
    )
    yield no(
        "length of the bloom with a leading zero",
        "rlp-not-canonical",
        fields={BLOOM: Raw(b"\xba\x00\x01\x00" + bytes(256))},
    )
    wide = lambda made: b"\xfa\x00" + made[1:]  # noqa: E731
    yield no("length of the header with a leading zero", "rlp-not-canonical", shape=wide)
    yield no("fourteen fields", "header-fields", count=14)
    yield no("state root of 31 bytes", "rlp-shape", fields={STATE_ROOT: b"\x5a" * 31})
    yield no("state root of 33 bytes", "rlp-shape", fields={STATE_ROOT: b"\x5a" * 33})
    yield no("bloom of 255 bytes", "rlp-shape", fields={BLOOM: bytes(255)})
    yield no("nonce of 7 bytes", "rlp-shape", fields={NONCE: bytes(7)})
    yield no("number of nine bytes", "rlp-shape", fields={NUMBER: b"\x01" + bytes(8)})
    yield no("state root in a list", "rlp-shape", fields={STATE_ROOT: [b"\x5a" * 32]})
    yield no("a byte after the header", "rlp-trailing", shape=lambda made: made + b"\0")
    yield no("a byte short", "rlp-truncated", shape=lambda made: made[:-1])
    yield no("a byte string", "rlp-shape", shape=lambda _: b"\x83abc")


def bad_extra() -> Iterator[dict[str, Any]]:
    def no(name: str, error: str, **how: Any) -> Any:
        return row(name, forge(FOUR, **how), FOUR, error)

    listed = sorted(map(address, FOUR))
    yield no("validators in descending order", "validators-unsorted", declared=listed[::-1])
    yield no(
        "two validators in the wrong order",
        "validators-unsorted",
        declared=[listed[1], listed[0], *listed[2:]],
    )
    yield no("a validator twice", "validators-unsorted", declared=[*listed[:2], *listed[1:]])
    yield no("the zero address for a validator", "validators-unsorted", declared=[bytes(20), *listed])
    yield no("no validators: they stand in a contract", "validators-absent", declared=[])
    yield no("a validator of 19 bytes", "extra-data", declared=[listed[0][:19], *listed[1:]])
    yield no("validators in a byte string", "extra-data", parts={1: b"".join(listed)})
    yield no("vanity of 31 bytes", "extra-data", parts={0: bytes(31)})
    yield no("vanity of 33 bytes", "extra-data", parts={0: bytes(33)})
    yield no("round 0 written as a byte", "rlp-not-canonical", parts={3: b"\x00"})
    yield no("round with a leading zero", "rlp-not-canonical", parts={3: b"\x00\x05"})
    yield no("round of five bytes", "extra-data", parts={3: b"\x01\x00\x00\x00\x00"})
    yield no("round in a list", "extra-data", parts={3: [b"\x05"]})
    yield no("a vote of three fields", "extra-data", parts={2: [b"\x11" * 20, b"\xff", b""]})
    yield no("a vote of no known kind", "extra-data", parts={2: [b"\x11" * 20, b"\x01"]})
    yield no("a vote on 19 bytes", "extra-data", parts={2: [b"\x11" * 19, b"\xff"]})
    yield no("six fields", "extra-data", extra_tail=[b""])
    yield no("a byte after the fields", "extra-data", extra_shape=lambda made: made + b"\0")
    yield no("length with a leading zero", "rlp-not-canonical", extra_shape=_widened)
    yield no("a chain without seals", "extra-data", fields={EXTRA: b"anvil"})
    yield no("a chain with empty extra data", "extra-data", fields={EXTRA: b""})
    yield no(
        "IBFT 2.0: no vote as an empty string, four bytes of round",
        "ibft2-unsupported",
        parts={2: b"", 3: b"\0\0\0\0"},
    )
    yield no("IBFT 2.0 in a round beyond 2^24", "ibft2-unsupported", parts={2: b"", 3: b"\1\0\0\0"})
    yield no("IBFT 2.0 with a vote", "ibft2-unsupported", parts={2: [b"\x11" * 20, b"\xff"], 3: b"\0\0\0\5"})


def _widened(made: bytes) -> bytes:
    """The same list with one byte more of length than it needs."""
    size = made[0] - 0xF7
    return bytes([made[0] + 1]) + b"\0" + made[1 : 1 + size] + made[1 + size :]


def rows() -> list[dict[str, Any]]:
    return [*good(), *bad_quorum(), *bad_seals(), *bad_headers(), *bad_extra()]
