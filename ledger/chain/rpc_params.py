"""Parameters of Ethereum JSON-RPC requests, read strictly.

Source: the Ethereum execution API specification: quantities and data are hexadecimal strings, a block is
named by number, by tag, or by an object with its hash or number (EIP-1898).
"""

from dataclasses import dataclass
from typing import Any

from ledger.errors import ChainError

INVALID_PARAMS = -32602
DATA_LIMIT = 1_000_000
SLOTS_LIMIT = 1_024
_WORD_DIGITS = 64
TAGS = ("latest", "pending", "safe", "finalized", "earliest")


class JsonRpcError(ChainError):
    """What a JSON-RPC response carries as its `error`."""

    default_code = "chain-request-refused"

    def __init__(self, message: str, number: int = INVALID_PARAMS, data: str | None = None) -> None:
        super().__init__(message)
        self.number = number
        self.data = data


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which event logs are asked for; `first` and `last` are numbers or tags."""

    block_hash: bytes | None
    first: int | str
    last: int | str
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]


def _bytes(value: Any, what: str, length: int | None = None) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 2 * DATA_LIMIT + 2:
        raise JsonRpcError(f"invalid {what}: hex string with 0x prefix required")
    try:
        decoded = bytes.fromhex(value[2:])
    except ValueError as error:
        raise JsonRpcError(f"invalid {what}: hex digits required, two a byte") from error
    if 2 * len(decoded) != len(value) - 2:  # fromhex skips white space
        raise JsonRpcError(f"invalid {what}: hex digits required, two a byte")
    if length is not None and len(decoded) != length:
        raise JsonRpcError(f"invalid {what}: {len(decoded)} bytes given, {length} required")
    return decoded


def _quantity(value: Any, what: str) -> int:
    digits = value[2:] if isinstance(value, str) and value.startswith("0x") else ""
    if not 1 <= len(digits) <= _WORD_DIGITS or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise JsonRpcError(f"invalid {what}: hex quantity required")
    return int(digits, 16)


def _at(params: list[Any], position: int) -> Any:
    if position >= len(params):
        raise JsonRpcError(f"missing value for required argument {position}")
    return params[position]


def data(params: list[Any], position: int) -> bytes:
    """Bytes of any length."""
    return _bytes(_at(params, position), "data")


def word(params: list[Any], position: int) -> bytes:
    """A hash: 32 bytes."""
    return _bytes(_at(params, position), "hash", 32)


def address(params: list[Any], position: int) -> bytes:
    """An address: 20 bytes."""
    return _bytes(_at(params, position), "address", 20)


def flag(params: list[Any], position: int) -> bool:
    """A boolean; false when left out."""
    return position < len(params) and params[position] is True


def count(params: list[Any], position: int, limit: int) -> int:
    """A number from 1 to `limit`; some clients send it as a JSON number."""
    value = _at(params, position)
    number = value if isinstance(value, int) and not isinstance(value, bool) else _quantity(value, "count")
    return max(1, min(number, limit))


def percentiles(params: list[Any], position: int) -> int:
    """How many reward percentiles are asked for."""
    value = params[position] if position < len(params) else []
    if not isinstance(value, list | None):
        raise JsonRpcError("invalid reward percentiles: array required")
    return min(len(value or []), 100)


def block(params: list[Any], position: int) -> int | str | bytes:
    """A block by number, tag (`latest` when left out) or hash."""
    value = params[position] if position < len(params) and params[position] is not None else "latest"
    if isinstance(value, dict):
        if "blockHash" in value:
            return _bytes(value["blockHash"], "block hash", 32)
        value = value.get("blockNumber")
    if isinstance(value, str) and len(value) == _WORD_DIGITS + 2:  # some clients pass a bare hash
        return _bytes(value, "block hash", 32)
    return _number_or_tag(value)


def _number_or_tag(value: Any) -> int | str:
    if isinstance(value, str) and value in TAGS:
        return value
    return _quantity(value, "block number")


def slot(value: Any) -> bytes:
    """A storage slot: a quantity or up to 32 bytes; given back as 32 bytes."""
    if isinstance(value, str) and len(value) == _WORD_DIGITS + 2:
        return _bytes(value, "storage slot", 32)
    return _quantity(value, "storage slot").to_bytes(32, "big")


def slots(params: list[Any], position: int) -> list[bytes]:
    """A list of storage slots."""
    value = _at(params, position)
    if not isinstance(value, list) or len(value) > SLOTS_LIMIT:
        raise JsonRpcError(f"invalid storage slots: array of at most {SLOTS_LIMIT} required")
    return [slot(each) for each in value]


def members(params: list[Any], position: int) -> dict[str, Any]:
    """An object."""
    value = _at(params, position)
    if not isinstance(value, dict):
        raise JsonRpcError(f"invalid argument {position}: object required")
    return value


def optional_address(call: dict[str, Any], name: str) -> bytes:
    """An address member; empty when absent."""
    value = call.get(name)
    return b"" if value is None else _bytes(value, name, 20)


def optional_quantity(call: dict[str, Any], name: str) -> int | None:
    """A quantity member."""
    value = call.get(name)
    return None if value is None else _quantity(value, name)


def call_data(call: dict[str, Any]) -> bytes:
    """The call data: `input`, or `data` as older clients call it."""
    value = call.get("input", call.get("data"))
    return b"" if value is None else _bytes(value, "input")


def log_filter(params: list[Any]) -> LogFilter:
    """The filter object of `eth_getLogs`."""
    given = members(params, 0)
    emitters = given.get("address")
    emitters = [] if emitters is None else emitters if isinstance(emitters, list) else [emitters]
    topics = given.get("topics")
    topics = [] if topics is None else topics
    if not isinstance(topics, list) or len(topics) > 4 or len(emitters) > SLOTS_LIMIT:  # noqa: PLR2004
        raise JsonRpcError("invalid filter: exceeds the allowed number of topics or addresses")
    block_hash = given.get("blockHash")
    return LogFilter(
        block_hash=None if block_hash is None else _bytes(block_hash, "block hash", 32),
        first=_number_or_tag(given.get("fromBlock") or "latest"),
        last=_number_or_tag(given.get("toBlock") or "latest"),
        addresses=tuple(_bytes(each, "address", 20) for each in emitters),
        topics=tuple(_alternatives(each) for each in topics),
    )


def _alternatives(topic: Any) -> tuple[bytes, ...]:
    if topic is None:
        return ()
    wanted = topic if isinstance(topic, list) else [topic]
    if len(wanted) > SLOTS_LIMIT:
        raise JsonRpcError("invalid filter: exceeds the allowed number of topics")
    return tuple(_bytes(each, "topic", 32) for each in wanted)
