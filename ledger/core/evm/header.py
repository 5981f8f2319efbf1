"""Block headers of Ethereum-compatible chains, from their RLP.

Fifteen fields since the first block of Ethereum, then those that later forks appended, in this order:
base fee, withdrawals root, blob gas used, excess blob gas, parent beacon block root, requests hash.  What
stands after these is kept and not interpreted, so that a fork to come does not make evidence unreadable.

Source: Ethereum yellow paper, section 4.4; EIP-1559, 4895, 4844, 4788, 7685.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

from ledger.core.evm import rlp
from ledger.core.keccak import HASH_LENGTH, keccak256
from ledger.errors import MalformedError

SIZE_LIMIT = 1 << 16

# Name, how it is written, size: an exact number of bytes, or of at most so many, or an integer of at most so many.
_EXACT, _MOST, _INTEGER = "exact", "most", "integer"
_FIELDS = (
    ("header parent hash", _EXACT, HASH_LENGTH),
    ("header ommers hash", _EXACT, HASH_LENGTH),
    ("header beneficiary", _EXACT, 20),
    ("header state root", _EXACT, HASH_LENGTH),
    ("header transactions root", _EXACT, HASH_LENGTH),
    ("header receipts root", _EXACT, HASH_LENGTH),
    ("header logs bloom", _EXACT, 256),
    ("header difficulty", _INTEGER, 32),
    ("header number", _INTEGER, 8),
    ("header gas limit", _INTEGER, 8),
    ("header gas used", _INTEGER, 8),
    ("header timestamp", _INTEGER, 8),
    ("header extra data", _MOST, SIZE_LIMIT),
    ("header mix hash", _EXACT, HASH_LENGTH),
    ("header nonce", _EXACT, 8),
    ("header base fee", _INTEGER, 32),
    ("header withdrawals root", _EXACT, HASH_LENGTH),
    ("header blob gas used", _INTEGER, 8),
    ("header excess blob gas", _INTEGER, 8),
    ("header parent beacon block root", _EXACT, HASH_LENGTH),
    ("header requests hash", _EXACT, HASH_LENGTH),
)
_REQUIRED = 15
_PARENT_HASH, _STATE_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIMESTAMP, _EXTRA_DATA = 0, 3, 5, 8, 11, 12


class Header(NamedTuple):
    """A well-formed header; nothing says yet that any chain has it.

    Attributes:
        encoded: The RLP it was read from.
        hash: Keccak-256 of `encoded`: the block hash of chains whose extra data carries no seals.  Where it
            does (QBFT, IBFT), the block hash is that of the header without them.
        number: Height; the genesis block has 0.
        time: POSIX seconds, as the block's maker claims.
        fields: Every field as it stands, the uninterpreted ones included.
    """

    encoded: bytes
    hash: bytes
    parent_hash: bytes
    state_root: bytes
    receipts_root: bytes
    number: int
    time: int
    extra_data: bytes
    fields: tuple[rlp.Item, ...]


def parse_header(encoded: bytes) -> Header:
    """Read a header.

    Raises:
        MalformedError: Not canonical RLP, fewer than 15 fields, or a field of the wrong size; `header-fields`
            and the codes of `rlp`.
    """
    if len(encoded) > SIZE_LIMIT:
        raise MalformedError(
            f"header has {len(encoded)} bytes; {SIZE_LIMIT} are allowed", code="header-too-large"
        )
    fields = rlp.read_list(rlp.decode(encoded), "header")
    if len(fields) < _REQUIRED:
        raise MalformedError(
            f"header has {len(fields)} fields; at least {_REQUIRED} are required", code="header-fields"
        )
    known = _known(fields)
    return Header(
        encoded=encoded,
        hash=keccak256(encoded),
        parent_hash=known[_PARENT_HASH],
        state_root=known[_STATE_ROOT],
        receipts_root=known[_RECEIPTS_ROOT],
        number=int.from_bytes(known[_NUMBER], "big"),
        time=int.from_bytes(known[_TIMESTAMP], "big"),
        extra_data=known[_EXTRA_DATA],
        fields=fields,
    )


def _known(fields: Sequence[rlp.Item]) -> Sequence[bytes]:
    """The fields, after checking those that are interpreted; the reader is asked only to say what is wrong."""
    for (name, kind, size), field in zip(_FIELDS, fields, strict=False):
        if kind == _INTEGER:
            if type(field) is not bytes or len(field) > size or field[:1] == b"\0":
                rlp.read_integer(field, name, size)
        elif type(field) is not bytes or (kind == _EXACT and len(field) != size):
            rlp.read_bytes(field, name, size)
    return cast("Sequence[bytes]", fields)
