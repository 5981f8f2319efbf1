"""Headers and receipts re-encoded from what a JSON-RPC node says of them.

A node answers in JSON; the hashes are over RLP.  Encoding the fields again and comparing hashes is the only
way to know that the answer is complete and true.  Whatever is missing or invented then shows as another hash.
That check also makes it safe to put right what eth-tester mangles: it gives the bloom filter as an integer and
pads the extra data.

Source: Ethereum yellow paper sections 4.3.1 and 4.4 and the EIPs that added fields.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ledger.core.evm import rlp
from ledger.core.evm.header import Header, parse_header
from ledger.core.keccak import keccak256
from ledger.errors import ChainError, MalformedError

BLOOM_LENGTH = 256
TYPES = (0, 1, 2, 3, 4)
_REQUIRED_FIELDS = 15


def invalid(what: str) -> ChainError:
    """The error for an answer that cannot be true."""
    return ChainError(f"chain node answered {what}", code="chain-answer-invalid")


def read_data(value: Any, what: str, length: int | None = None) -> bytes:
    """Bytes from JSON-RPC data, of exactly `length` if given.

    In-process nodes give bytes as they are.
    """
    if isinstance(value, bytes | bytearray):
        decoded = bytes(value)
    elif isinstance(value, str) and value.startswith("0x"):
        try:
            decoded = bytes.fromhex(value[2:])
        except ValueError as error:
            raise invalid(f"{what} that is not hexadecimal") from error
    else:
        raise invalid(f"no {what}")
    if length is not None and len(decoded) != length:
        raise invalid(f"{what} of {len(decoded)} bytes; {length} are required")
    return decoded


def read_quantity(value: Any, what: str) -> int:
    """Integer of at most 32 bytes from a JSON-RPC quantity."""
    number = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and value.startswith("0x") and value[2:].isalnum():
        try:
            number = int(value, 16)
        except ValueError as error:
            raise invalid(f"{what} that is not hexadecimal") from error
    if not 0 <= number < 1 << 256:
        raise invalid(f"no {what}")
    return number


def read_object(value: Any, what: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise invalid(f"no {what}")
    return value


def read_list(value: Any, what: str) -> Sequence[Any]:
    """A JSON array."""
    if not isinstance(value, list | tuple):
        raise invalid(f"no {what}")
    return value


def _hash(value: Any, what: str) -> bytes:
    return read_data(value, what, 32)


def _integer(value: Any, what: str) -> bytes:
    return rlp.encode_integer(read_quantity(value, what))


def _bloom(value: Any, what: str) -> bytes:
    if isinstance(value, int) and 0 <= value < 1 << 8 * BLOOM_LENGTH:
        return value.to_bytes(BLOOM_LENGTH, "big")
    return read_data(value, what).rjust(BLOOM_LENGTH, b"\0")


_HEADER: tuple[tuple[str, Callable[[Any, str], bytes]], ...] = (
    ("parentHash", _hash),
    ("sha3Uncles", _hash),
    ("miner", read_data),
    ("stateRoot", _hash),
    ("transactionsRoot", _hash),
    ("receiptsRoot", _hash),
    ("logsBloom", _bloom),
    ("difficulty", _integer),
    ("number", _integer),
    ("gasLimit", _integer),
    ("gasUsed", _integer),
    ("timestamp", _integer),
    ("extraData", read_data),
    ("mixHash", _hash),
    ("nonce", read_data),
    ("baseFeePerGas", _integer),
    ("withdrawalsRoot", _hash),
    ("blobGasUsed", _integer),
    ("excessBlobGas", _integer),
    ("parentBeaconBlockRoot", _hash),
    ("requestsHash", _hash),
    ("blockAccessListHash", _hash),
    ("slotNumber", _integer),
)
_EXTRA_DATA = [name for name, _ in _HEADER].index("extraData")


Naming = Callable[[Header, bytes], Header | None]
"""Gives a header its chain's own block hash, where that is the hash claimed; else None."""


def header_of(block: Any, named: Naming | None = None) -> Header:
    """The header of a block as JSON-RPC shows it.

    Args:
        block: As the node answered.
        named: For chains whose block hash is not that of the whole header, such as `SealedChain.named`.

    Raises:
        ChainError: `chain-answer-invalid`: the fields do not hash to the block's hash.
    """
    fields = read_object(block, "block")
    claimed = read_data(fields.get("hash"), "block hash", 32)
    for encoded in _encodings(fields):
        if named is None and keccak256(encoded) != claimed:
            continue
        try:
            header = parse_header(encoded)
        except MalformedError as error:
            raise invalid(f"a malformed header: {error}") from error
        found = header if named is None else named(header, claimed)
        if found is not None:
            return found
    raise invalid(f"a header that does not hash to its block hash {claimed.hex()}")


def _encodings(fields: Mapping[str, Any]) -> Iterator[bytes]:
    items: list[bytes] = []
    for position, (name, read) in enumerate(_HEADER):
        value = fields.get(name)
        if value is None and position >= _REQUIRED_FIELDS:
            break
        items.append(read(value, f"header field {name}"))
    yield rlp.encode(items)
    items[_EXTRA_DATA] = items[_EXTRA_DATA].rstrip(b"\0")
    yield rlp.encode(items)


def receipt_of(receipt: Any) -> bytes:
    """A transaction receipt as it stands in the receipts trie, from how JSON-RPC shows it.

    The bloom filter follows from the logs and is computed; a node's own is not looked at.

    Raises:
        ChainError: `chain-answer-invalid`: a field is missing, or the type is unknown.
    """
    fields = read_object(receipt, "transaction receipt")
    kind = read_quantity(fields.get("type", 0), "receipt type")
    if kind not in TYPES:
        raise invalid(f"a transaction receipt of type {kind}")
    logs = [_log_of(log) for log in read_list(fields.get("logs"), "receipt logs")]
    body = rlp.encode(
        (
            _integer(fields.get("status"), "receipt status"),
            _integer(fields.get("cumulativeGasUsed"), "cumulative gas"),
            bloom_of(logs),
            tuple(logs),
        )
    )
    return bytes([kind]) + body if kind else body


_Log = tuple[bytes, tuple[bytes, ...], bytes]


def _log_of(log: Any) -> _Log:
    fields = read_object(log, "event log")
    topics = read_list(fields.get("topics"), "log topics")
    return (
        read_data(fields.get("address"), "log address", 20),
        tuple(read_data(topic, "log topic", 32) for topic in topics),
        read_data(fields.get("data"), "log data"),
    )


def bloom_of(logs: Sequence[_Log]) -> bytes:
    """Bloom filter of event logs, 256 bytes (yellow paper, function M)."""
    bits = 0
    for address, topics, _ in logs:
        for item in (address, *topics):
            digest = keccak256(item)
            for position in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[position : position + 2], "big") & 2047)
    return bits.to_bytes(BLOOM_LENGTH, "big")
