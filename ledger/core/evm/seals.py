"""Seals of QBFT validators: who of a chain's validators committed to a block, read from its header.

Extra data of a sealed header is RLP [vanity (32 bytes), [validators], vote or [], round, [seals]].  Three hashes
follow from one header:

    seal hash   = keccak(header with no seals in its extra data)                what each validator signs
    block hash  = keccak(header with no seals and round 0 in its extra data)    what the next block calls it
    keccak(header)                                                              nothing

so that the block hash is the seal hash at round 0 and another at every other round.  A quorum is two thirds,
rounded up, of the validators that the *reader* trusts: what a header says of its own validators counts for nothing
without it.  A header that lists other validators hands over to them, and needs a quorum of both sets.

IBFT 2.0 writes other hashes under the same digest; it is recognised and refused by name.  A header without
validators comes from a chain whose validators stand in a contract: no header can show who they are.

Source: Hyperledger Besu, `QbftExtraDataCodec`, `BftBlockHashing`, `BftHelpers` and its rules for headers; EIP-650.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

from ledger.core.evm import rlp
from ledger.core.evm.anchor import ADDRESS_LENGTH
from ledger.core.evm.header import Header
from ledger.core.keccak import HASH_LENGTH, keccak256
from ledger.core.secp256k1 import SIGNATURE_SIZE, recover
from ledger.errors import MalformedError, QuorumError, SignatureError

ISTANBUL_DIGEST = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
NO_OMMERS = keccak256(rlp.encode(()))

_OMMERS_HASH, _DIFFICULTY, _EXTRA_DATA, _MIX_HASH = 1, 7, 12, 13
_ONE = b"\x01"
_EXTRA_FIELDS = 5
_ROUND_SIZE = 4
_VOTE_FIELDS = 2
_VOTES = (b"", b"\xff")  # drop, add
_FIRST_V = 27
_LONG_LIST = 0xF7  # first byte of a list, less the bytes of its length
_SIZED = 33 + 33 + 21 + 33 + 33 + 33 + 259  # bytes of the fields before the difficulty, whose sizes are fixed
_PREFIXED = b"\x80"  # a single byte below stands for itself; no byte is written as one
_LONGER = 2
_FORM = frozenset(("rlp-shape", "rlp-trailing", "rlp-truncated", "rlp-too-deep"))


class SealedHeader(NamedTuple):
    """A header in the form of QBFT; whose its seals are has not been looked at.

    Attributes:
        block_hash: What the chain calls the block, and the parent hash of the next; not `header.hash`.
        seal_hash: What the validators sign.
        round: In which round they agreed; usually 0.
        validators: Those the header lists, 20 bytes each, ascending.
        seals: 65 bytes each, r || s || v with v 0, 1, 27 or 28.
    """

    header: Header
    block_hash: bytes
    seal_hash: bytes
    round: int
    validators: tuple[bytes, ...]
    seals: tuple[bytes, ...]


def quorum_of(count: int) -> int:
    """How many of `count` validators must seal: two thirds, rounded up."""
    return -(-2 * count // 3)


def parse_sealed(header: Header) -> SealedHeader:
    """Read what a QBFT header says beside its common fields.

    Raises:
        MalformedError: `header-difficulty`, `header-mix-hash`, `header-ommers`; `extra-data`: not the five fields;
            `ibft2-unsupported`; `validators-absent`: they stand in a contract; `validators-unsorted`: not
            strictly ascending, or the zero address; `seal-length`; or a code of `rlp`.

    Cost: one or two hashes of the header.
    """
    if header.fields[_DIFFICULTY] != _ONE:
        raise MalformedError("header of a QBFT chain has a difficulty other than 1", code="header-difficulty")
    if header.fields[_MIX_HASH] != ISTANBUL_DIGEST:
        raise MalformedError("header has a mix hash other than that of QBFT", code="header-mix-hash")
    if header.fields[_OMMERS_HASH] != NO_OMMERS:
        raise MalformedError("header of a QBFT chain has ommers", code="header-ommers")
    extra = _extra_fields(header.extra_data)
    number, validators, seals = _read_extra(extra)
    seal_hash = keccak256(_message(header, extra, number))
    return SealedHeader(
        header=header,
        block_hash=keccak256(_message(header, extra, 0)) if number else seal_hash,
        seal_hash=seal_hash,
        round=number,
        validators=validators,
        seals=seals,
    )


def seal_message(header: Header, round: int) -> bytes:  # noqa: A002 - the field's own name
    """RLP of a QBFT header without its seals and with `round` for its round.

    Its hash is what validators sign for the header's own round, and the block hash for round 0.

    Raises:
        MalformedError: `extra-data`: not that of a QBFT header.
    """
    return _message(header, _extra_fields(header.extra_data), round)


def _message(header: Header, extra: Sequence[rlp.Item], number: int) -> bytes:
    """The header with its extra data exchanged; the bytes before and after them are taken over as they stand."""
    vanity, listed, vote, _, _ = extra
    unsealed = rlp.encode(rlp.encode((vanity, listed, vote, rlp.encode_integer(number), ())))
    encoded = header.encoded
    begin = 1 + encoded[0] - _LONG_LIST  # a header is always longer than a short list
    integers = cast("Sequence[bytes]", header.fields[_DIFFICULTY:_EXTRA_DATA])
    end = (
        begin
        + _SIZED
        + sum([1 if one[:1] < _PREFIXED and len(one) < _LONGER else len(one) + 1 for one in integers])
    )
    before, after = encoded[begin:end], encoded[end + len(rlp.encode(header.extra_data)) :]
    return b"".join((rlp.list_prefix(len(before) + len(unsealed) + len(after)), before, unsealed, after))


def _extra_fields(extra_data: bytes) -> tuple[rlp.Item, ...]:
    try:
        return rlp.read_list(rlp.decode(extra_data), "extra data", _EXTRA_FIELDS)
    except MalformedError as error:
        raise _of_extra_data(error) from None


def _read_extra(extra: Sequence[rlp.Item]) -> tuple[int, tuple[bytes, ...], tuple[bytes, ...]]:
    vanity, listed, vote, round_, given = extra
    if vote == b"" or (isinstance(round_, bytes) and len(round_) == _ROUND_SIZE and not round_[0]):
        raise MalformedError("header is sealed under IBFT 2.0, not QBFT", code="ibft2-unsupported")
    try:
        rlp.read_bytes(vanity, "vanity", HASH_LENGTH)
        _check_vote(vote)
        return rlp.read_integer(round_, "round", _ROUND_SIZE), _read_validators(listed), _read_seals(given)
    except MalformedError as error:
        raise _of_extra_data(error) from None


def _of_extra_data(error: MalformedError) -> MalformedError:
    """What is not canonical keeps its code, and so does what is told by name; all else is the form of these data."""
    code = "extra-data" if error.code in _FORM else error.code
    return MalformedError(f"extra data of a QBFT header: {error}", code=code, offset=error.offset)


def _check_vote(vote: rlp.Item) -> None:
    """A vote about one validator, or none; it takes effect in later headers and means nothing here."""
    if vote == ():
        return
    if isinstance(vote, bytes) or len(vote) != _VOTE_FIELDS:
        raise MalformedError("vote of the extra data is neither empty nor of two fields", code="extra-data")
    rlp.read_bytes(vote[0], "candidate of the vote", ADDRESS_LENGTH)
    if vote[1] not in _VOTES:
        raise MalformedError("vote of the extra data is neither to add nor to drop", code="extra-data")


def _read_validators(item: rlp.Item) -> tuple[bytes, ...]:
    listed = tuple(
        rlp.read_bytes(one, "validator", ADDRESS_LENGTH) for one in rlp.read_list(item, "validators")
    )
    if not listed:
        raise MalformedError(
            "header lists no validators: they stand in a contract of the chain, which no header shows",
            code="validators-absent",
        )
    before = bytes(ADDRESS_LENGTH)
    for one in listed:
        if one <= before:
            raise MalformedError(
                f"validator 0x{one.hex()} does not follow 0x{before.hex()} in ascending order",
                code="validators-unsorted",
            )
        before = one
    return listed


def _read_seals(item: rlp.Item) -> tuple[bytes, ...]:
    seals = tuple(rlp.read_bytes(one, "seal") for one in rlp.read_list(item, "seals"))
    for seal in seals:
        if len(seal) != SIGNATURE_SIZE:
            raise MalformedError(
                f"seal has {len(seal)} bytes; {SIGNATURE_SIZE} are required", code="seal-length"
            )
    return seals


def verify_seals(sealed: SealedHeader, trusted: Sequence[bytes]) -> tuple[bytes, ...]:
    """The validators that sealed a header, ascending, after checking that they are enough.

    Args:
        sealed: Whose own list may differ from `trusted`: then a quorum of both must have sealed.
        trusted: Distinct addresses that the reader believes to be the validators at that height.

    Raises:
        SignatureError: `seal-invalid`, `seal-high-s`, `seal-twice` (by signer), `seal-outsider`.
        QuorumError: `seal-quorum`.

    Cost: a signature recovery for each seal.
    """
    believed, declared = frozenset(trusted), frozenset(sealed.validators)
    signers: set[bytes] = set()
    for seal in sealed.seals:
        signer = _signer(sealed.seal_hash, seal)
        if signer not in believed and signer not in declared:
            raise SignatureError(f"seal by 0x{signer.hex()}, which is no validator", code="seal-outsider")
        if signer in signers:
            raise SignatureError(f"two seals are by 0x{signer.hex()}", code="seal-twice")
        signers.add(signer)
    for members, whose in ((believed, "trusted"), (declared, "listed in the header")):
        count = len(members & signers)
        if not members or count < quorum_of(len(members)):
            raise QuorumError(
                f"{count} of the {len(members)} validators {whose} sealed; {quorum_of(len(members))} are required",
                code="seal-quorum",
            )
    return tuple(sorted(signers))


def _signer(seal_hash: bytes, seal: bytes) -> bytes:
    last = seal[-1]
    try:
        return recover(seal_hash, seal if last >= _FIRST_V else seal[:-1] + bytes((last + _FIRST_V,)))
    except SignatureError as error:
        code = "seal-high-s" if error.code == "high-s" else "seal-invalid"
        raise SignatureError(f"seal {seal.hex()}: {error}", code=code) from None
