"""Headers of a QBFT chain, made out of true headers: the state under them stays, the consensus is ours."""

from collections.abc import Callable, Sequence
from typing import Any

from ledger.core.evm import rlp
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.seals import ISTANBUL_DIGEST, NO_OMMERS, parse_sealed, quorum_of, seal_message
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign

OMMERS, DIFFICULTY, EXTRA, MIX = 1, 7, 12, 13
VANITY = b"sealed for a test".ljust(32, b"\0")


def secrets(count: int, what: str = "validator") -> tuple[bytes, ...]:
    """Keys of validators, in the order of their addresses."""
    return tuple(sorted((keccak256(f"{what} {n}".encode()) for n in range(count)), key=address_of))


def addresses(keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """The validators' addresses, ascending."""
    return tuple(sorted(map(address_of, keys)))


def replaced(header: bytes, changes: dict[int, rlp.Item]) -> bytes:
    """A header with some of its fields exchanged."""
    fields = list(parse_header(header).fields)
    for place, value in changes.items():
        fields[place] = value
    return rlp.encode(tuple(fields))


def extra_of(
    validators: Sequence[bytes],
    *,
    round: int = 0,  # noqa: A002 - the field's own name, here and below
    vote: rlp.Item = (),
    seals: Sequence[bytes] = (),
) -> bytes:
    """Extra data of a QBFT header; addresses and seals stand in the order given."""
    return rlp.encode((VANITY, tuple(validators), vote, rlp.encode_integer(round), tuple(seals)))


def unsealed(
    header: bytes,
    validators: Sequence[bytes],
    *,
    round: int = 0,  # noqa: A002
    vote: rlp.Item = (),
) -> Header:
    """The header as QBFT validators would propose it."""
    extra = extra_of(validators, round=round, vote=vote)
    return parse_header(
        replaced(header, {OMMERS: NO_OMMERS, DIFFICULTY: b"\1", EXTRA: extra, MIX: ISTANBUL_DIGEST})
    )


def seal(
    header: bytes,
    validators: Sequence[bytes],
    *,
    round: int = 0,  # noqa: A002
    signers: Sequence[bytes] | None = None,
    declared: Sequence[bytes] | None = None,
    vote: rlp.Item = (),
    over: Callable[[Header], bytes] | None = None,
    shaped: Callable[[list[bytes]], Sequence[bytes]] = list,
) -> bytes:
    """RLP of the QBFT header made out of `header` (RLP, of any chain).

    Args:
        header: A true header; its extra data, difficulty, ommers and mix hash are replaced.
        validators: Their secret keys.
        round: In which they agreed.
        signers: Secret keys of those who seal; else a quorum of `validators`.
        declared: Addresses that the header lists; else those of `validators`, ascending.
        vote: The vote in the extra data.
        over: What is sealed, of the header without seals; else the right thing.
        shaped: What becomes of the seals before they are put in; r || s || v with v 0 or 1.
    """
    listed = addresses(validators) if declared is None else declared
    proposed = unsealed(header, listed, round=round, vote=vote)
    digest = keccak256(seal_message(proposed, round) if over is None else over(proposed))
    who = validators[: quorum_of(len(validators))] if signers is None else signers
    made = [(given := sign(secret, digest))[:64] + bytes((given[64] - 27,)) for secret in who]
    extra = extra_of(listed, round=round, vote=vote, seals=shaped(made))
    return replaced(proposed.encoded, {EXTRA: extra})


def block_hash(header: bytes) -> bytes:
    """What the chain calls a sealed block."""
    return parse_sealed(parse_header(header)).block_hash


def sealed_block(block: dict[str, Any], validators: Sequence[bytes], **how: Any) -> dict[str, Any]:
    """A block of `tests.blocks`, sealed: the same state under another header."""
    header = seal(block["header"], validators, **how)
    return {**block, "header": header, "hash": block_hash(header)}
