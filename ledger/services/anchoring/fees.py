"""Fees of anchor transactions: when one is outpriced, and what takes its place in the nodes' pools.

Nodes replace a waiting transaction by one of the same sender and nonce only if it offers a tenth more of both fees.

Source: EIP-1559; docs/operations.md.
"""

from collections.abc import Iterable

from ledger.chain.port import Fees
from ledger.core.evm import rlp
from ledger.core.evm.header import Header
from ledger.errors import ChainError

_BASE_FEE_FIELD = 15
_TIP_FIELD, _FEE_FIELD, _GAS_FIELD = 2, 3, 4


def is_outpriced(raw: bytes, header: Header) -> bool:
    """Whether a type 2 transaction offers less per gas than the block of `header` charged."""
    if len(header.fields) <= _BASE_FEE_FIELD:
        return False
    return offered(raw)[1] < rlp.read_integer(header.fields[_BASE_FEE_FIELD], "base fee")


def fees_above(suggested: Fees, rivals: Iterable[bytes]) -> Fees:
    """The fees suggested, or an eighth above those of every type 2 transaction in `rivals`, whichever is more."""
    tip, fee = suggested.max_priority_fee, suggested.max_fee
    for raw in rivals:
        held_tip, held_fee = offered(raw)
        tip = max(tip, held_tip + held_tip // 8 + 1)
        fee = max(fee, held_fee + held_fee // 8 + 1, tip)
    return Fees(suggested.base_fee, tip, fee)


def require_below(fees: Fees, cap: int, chain: str) -> Fees:
    """`fees`, where they are below the most allowed: replacing one's own transaction again and again has an end.

    Raises:
        ChainError: `chain-fee-too-high`.
    """
    if fees.max_fee > cap:
        raise ChainError(
            f"a transaction on {chain} would need {fees.max_fee} wei per gas; {cap} is the most allowed",
            code="chain-fee-too-high",
        )
    return fees


def offered(raw: bytes) -> tuple[int, int]:
    """Tip and largest fee per gas that a type 2 transaction offers, in wei."""
    fields = rlp.read_list(rlp.decode(raw[1:]), "transaction", 12)
    return rlp.read_integer(fields[_TIP_FIELD], "tip"), rlp.read_integer(fields[_FEE_FIELD], "fee")


def gas_of(raw: bytes) -> int:
    """Gas limit of a type 2 transaction."""
    return rlp.read_integer(rlp.read_list(rlp.decode(raw[1:]), "transaction", 12)[_GAS_FIELD], "gas limit")
