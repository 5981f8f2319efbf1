"""Block headers of Ethereum-compatible chains, from their RLP.

Fifteen fields since the first block of Ethereum, then those that later forks appended, in this order:
base fee, withdrawals root, blob gas used, excess blob gas, parent beacon block root, requests hash.  What
stands after these is kept and not interpreted, so that a fork to come does not make evidence unreadable.

Source: Ethereum yellow paper, section 4.4; EIP-1559, 4895, 4844, 4788, 7685.
"""

from typing import NamedTuple

from ledger.core.evm import rlp
from ledger.core.keccak import HASH_LENGTH, keccak256
from ledger.errors import MalformedError

SIZE_LIMIT = 1 << 16

# (name, how it is written): an exact number of bytes, or an integer of at most that many.
_EXACT, _INTEGER = "exact", "integer"
_FIELDS = (
    ("parent hash", _EXACT, HASH_LENGTH),
    ("ommers hash", _EXACT, HASH_LENGTH),
    ("beneficiary", _EXACT, 20),
    ("state root", _EXACT, HASH_LENGTH),
    ("transactions root", _EXACT, HASH_LENGTH),
    ("receipts root", _EXACT, HASH_LENGTH),
    ("logs bloom", _EXACT, 256),
    ("difficulty", _INTEGER, 32),
    ("number", _INTEGER, 8),
    ("gas limit", _INTEGER, 8),
    ("gas used", _INTEGER, 8),
    ("timestamp", _INTEGER, 8),
    ("extra data", _EXACT, None),
    ("mix hash", _EXACT, HASH_LENGTH),
    ("nonce", _EXACT, 8),
    ("base fee", _INTEGER, 32),
    ("withdrawals root", _EXACT, HASH_LENGTH),
    ("blob gas used", _INTEGER, 8),
    ("excess blob gas", _INTEGER, 8),
    ("parent beacon block root", _EXACT, HASH_LENGTH),
    ("requests hash", _EXACT, HASH_LENGTH),
)
_REQUIRED = 15
_INDEX = {name: index for index, (name, _, _) in enumerate(_FIELDS)}


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
    for (name, kind, size), field in zip(_FIELDS, fields, strict=False):
        if kind == _EXACT:
            rlp.read_bytes(field, f"header field {name}", size)
        else:
            rlp.read_integer(field, f"header field {name}", size or 0)

    def exact(name: str) -> bytes:
        return rlp.read_bytes(fields[_INDEX[name]], name)

    return Header(
        encoded=encoded,
        hash=keccak256(encoded),
        parent_hash=exact("parent hash"),
        state_root=exact("state root"),
        receipts_root=exact("receipts root"),
        number=rlp.read_integer(fields[_INDEX["number"]], "number"),
        time=rlp.read_integer(fields[_INDEX["timestamp"]], "timestamp"),
        extra_data=exact("extra data"),
        fields=fields,
    )
