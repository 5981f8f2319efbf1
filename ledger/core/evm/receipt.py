"""Transaction receipts, and the anchor contract's event in them.

A receipt is RLP [status, cumulative gas, logs bloom, [[address, [topic], data]]], after one byte of type for
transactions of types 1 to 4.  It stands in the receipts trie under the RLP of the transaction's index, type
byte included.  Receipts older than the Byzantium fork carry a state root for a status and are refused: they
do not say whether the transaction succeeded.

Source: Ethereum yellow paper, section 4.3.1; EIP-658, EIP-2718; types of EIP-2930, 1559, 4844, 7702.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.evm import rlp, trie
from ledger.core.evm.anchor import ADDRESS_LENGTH, ANCHORED_TOPIC
from ledger.core.keccak import HASH_LENGTH
from ledger.errors import MalformedError, ProofError

_BLOOM_LENGTH = 256
_FIRST_LIST = 0xC0
_TYPES = (1, 2, 3, 4)
_TOPICS_LIMIT = 4


class Log(NamedTuple):
    """One event: who emitted it (20 bytes), up to four topics of 32 bytes, and data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class TransactionReceipt(NamedTuple):
    """What became of one transaction.

    Attributes:
        type: 0 to 4.
        status: 1 where it succeeded, else 0.
        logs: In the order of emission; a log's index in a bundle counts within this receipt.
        cumulative_gas: What its block used up to and with it.
    """

    type: int
    status: int
    logs: tuple[Log, ...]
    cumulative_gas: int


def receipt_key(index: int) -> bytes:
    """Key of the receipt of the block's transaction `index` in the receipts trie."""
    return rlp.encode(rlp.encode_integer(index))


def parse_receipt(encoded: bytes) -> TransactionReceipt:
    """Read a receipt as it stands in the receipts trie.

    Raises:
        MalformedError: Unknown type (`receipt-type`), a state root or something else for a status
            (`receipt-status`), or not canonical RLP.
    """
    kind, body = _split_type(encoded)
    status, gas, bloom, logs = rlp.read_list(rlp.decode(body), "transaction receipt", 4)
    used = rlp.read_integer(gas, "cumulative gas", 8)
    rlp.read_bytes(bloom, "logs bloom", _BLOOM_LENGTH)
    return TransactionReceipt(
        type=kind,
        status=_read_status(status),
        logs=tuple(_read_log(log) for log in rlp.read_list(logs, "receipt logs")),
        cumulative_gas=used,
    )


def _split_type(encoded: bytes) -> tuple[int, bytes]:
    """The type, and the RLP after it; a receipt without a type byte starts as a list does (EIP-2718)."""
    first = encoded[0] if encoded else 0
    if first >= _FIRST_LIST:
        return 0, encoded
    if first not in _TYPES:
        raise MalformedError(
            f"transaction receipt starts with 0x{encoded[:1].hex()}; a type of 1 to 4 or a list is required",
            code="receipt-type",
        )
    return first, encoded[1:]


def _read_status(item: rlp.Item) -> int:
    digits = rlp.read_bytes(item, "receipt status")
    if digits not in {b"", b"\x01"}:
        raise MalformedError(
            f"receipt status has {len(digits)} bytes and is neither 0 nor 1", code="receipt-status"
        )
    return len(digits)


def _read_log(item: rlp.Item) -> Log:
    address, topics, data = rlp.read_list(item, "receipt log", 3)
    topics = rlp.read_list(topics, "log topics")
    if len(topics) > _TOPICS_LIMIT:
        raise MalformedError(f"log has {len(topics)} topics; {_TOPICS_LIMIT} are allowed", code="rlp-shape")
    return Log(
        address=rlp.read_bytes(address, "log address", ADDRESS_LENGTH),
        topics=tuple(rlp.read_bytes(topic, "log topic", HASH_LENGTH) for topic in topics),
        data=rlp.read_bytes(data, "log data"),
    )


def prove_receipt(
    receipts_root: bytes, index: int, encoded: bytes, nodes: Sequence[bytes]
) -> TransactionReceipt:
    """The receipt `encoded`, after checking that it is the one of transaction `index` under `receipts_root`.

    Raises:
        ProofError: `nodes` lead elsewhere, or to another receipt or none.
        MalformedError: A node, or the receipt, is not canonical.
    """
    if not 0 <= index < 1 << 32:
        raise ProofError(f"transaction index {index} is outside any block")
    if trie.get(receipts_root, receipt_key(index), nodes) != encoded:
        raise ProofError(f"receipts trie has another receipt, or none, for transaction {index}")
    return parse_receipt(encoded)


def anchored_event(
    receipt: TransactionReceipt, log_index: int, anchor: bytes, log_id: bytes, size: int
) -> tuple[bytes, int]:
    """Root and previous size that the contract `anchor` announced for `size` leaves of the log `log_id`.

    Args:
        receipt: Already proven.
        log_index: Position of the event within this receipt, from 0.
        anchor: Address of the anchor contract, 20 bytes.
        log_id: 32 bytes.
        size: Anchored size.

    Raises:
        ProofError: The receipt does not announce this anchor; the code names the first member that differs:
            `receipt-status`, `event-absent`, `event-emitter`, `event-topics`, `event-name`, `event-log-id`,
            `event-size`, `event-data`.
    """
    if receipt.status != 1:
        raise ProofError("anchor transaction failed; its receipt has status 0", code="receipt-status")
    if not 0 <= log_index < len(receipt.logs):
        raise ProofError(
            f"receipt has {len(receipt.logs)} logs; log {log_index} is none of them", code="event-absent"
        )
    log = receipt.logs[log_index]
    if log.address != anchor:
        raise ProofError(
            f"event was emitted by 0x{log.address.hex()}; the anchor is 0x{anchor.hex()}",
            code="event-emitter",
        )
    expected = (
        ("event-name", ANCHORED_TOPIC),
        ("event-log-id", log_id),
        ("event-size", size.to_bytes(HASH_LENGTH, "big")),
    )
    if len(log.topics) != len(expected):
        raise ProofError(f"event has {len(log.topics)} topics; Anchored has 3", code="event-topics")
    for topic, (code, value) in zip(log.topics, expected, strict=True):
        if topic != value:
            raise ProofError(f"event has topic {topic.hex()}; {value.hex()} is required", code=code)
    root, previous = log.data[:HASH_LENGTH], int.from_bytes(log.data[HASH_LENGTH:], "big")
    if len(log.data) != 2 * HASH_LENGTH or previous >= 1 << 64:
        raise ProofError("event data is not a root and a uint64", code="event-data")
    return root, previous
