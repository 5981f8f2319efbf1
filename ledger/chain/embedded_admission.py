"""Which raw transactions an embedded chain accepts: the rules of a real node's transaction pool.

The EVM library alone would run a transaction signed for another chain, one whose gas limit is below the
calldata floor, or one with a high-s signature; a real chain refuses them, so this one does too.  Messages
are worded as go-ethereum words them, since that is what tools recognise.
"""

from eth.abc import BlockHeaderAPI, SignedTransactionAPI, StateAPI, TransactionBuilderAPI
from eth.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from ledger.chain import gas
from ledger.errors import ChainError

SIZE_LIMIT = 131_072
ACCEPTED_TYPES = (None, 1, 2)  # legacy, EIP-2930, EIP-1559


def decode_transaction(raw: bytes, builder: type[TransactionBuilderAPI]) -> SignedTransactionAPI:
    """The signed transaction in `raw`, canonical and of a type this chain takes.

    Raises:
        ChainError: `transaction-refused`; the message says why.
    """
    if len(raw) > SIZE_LIMIT:
        raise refused(f"oversized data: transaction size {len(raw)}, limit {SIZE_LIMIT}")
    if raw[:1] in {b"\x03", b"\x04"}:
        raise refused(f"transaction type not supported: {raw[0]}")
    try:
        transaction = builder.decode(raw)
        canonical = transaction.encode() == raw
    except Exception as error:  # the decoder raises of many kinds; all mean the same
        raise refused("rlp: transaction cannot be decoded") from error
    if transaction.type_id not in ACCEPTED_TYPES:
        raise refused(f"transaction type not supported: {transaction.type_id}")
    if not canonical:
        raise refused("rlp: transaction is not in canonical form")
    return transaction


def sender_of(transaction: SignedTransactionAPI, chain_id: int) -> bytes:
    """Address that signed `transaction` for this chain.

    Raises:
        ChainError: Signed for another chain or for none, or no signature at all.
    """
    signed_for = transaction.chain_id
    if signed_for is None:
        raise refused("only replay-protected (EIP-155) transactions allowed")
    if signed_for != chain_id:
        raise refused(f"invalid chain id for signer: have {signed_for} want {chain_id}")
    if transaction.y_parity not in (0, 1) or not 0 < transaction.s <= SECPK1_N // 2:
        raise refused("invalid transaction v, r, s values")
    try:
        return bytes(transaction.sender)
    except (BadSignature, ValidationError, ValueError) as error:
        raise refused("invalid sender: signature does not recover") from error


def check_admissible(
    transaction: SignedTransactionAPI, sender: bytes, header: BlockHeaderAPI, state: StateAPI
) -> None:
    """Refuse what could not be mined in the block of `header` on top of `state`.

    Raises:
        ChainError: `transaction-refused`; the message says why.
    """
    _check_gas(transaction, header)
    _check_fees(transaction, header)
    nonce = state.get_nonce(sender)  # type: ignore[arg-type]
    if transaction.nonce < nonce:
        raise refused(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
    if transaction.nonce > nonce:
        raise refused(f"nonce too high: next nonce {nonce}, tx nonce {transaction.nonce}")
    if state.get_code(sender):  # type: ignore[arg-type]
        raise refused("sender not an eoa")
    cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
    balance = state.get_balance(sender)  # type: ignore[arg-type]
    if balance < cost:
        raise refused(f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}")


def _check_gas(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> None:
    creation = not transaction.to
    if creation and len(transaction.data) > gas.INITCODE_LIMIT:
        raise refused(
            f"max initcode size exceeded: code size {len(transaction.data)}, limit {gas.INITCODE_LIMIT}"
        )
    if transaction.gas > header.gas_limit:
        raise refused(f"exceeds block gas limit: have {transaction.gas}, limit {header.gas_limit}")
    intrinsic = transaction.intrinsic_gas
    if transaction.gas < intrinsic:
        raise refused(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {intrinsic}")
    floor = gas.floor_gas(transaction.data)
    if transaction.gas < floor:
        raise refused(
            f"insufficient gas for floor data gas cost: gas {transaction.gas}, minimum needed {floor}"
        )


def _check_fees(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> None:
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise refused("max priority fee per gas higher than max fee per gas")
    base_fee = header.base_fee_per_gas or 0
    if transaction.max_fee_per_gas < base_fee:
        raise refused(
            f"max fee per gas less than block base fee: maxFeePerGas {transaction.max_fee_per_gas},"
            f" baseFee {base_fee}"
        )


def refused(why: str) -> ChainError:
    """The error for a transaction that this chain will not mine."""
    return ChainError(why, code="transaction-refused")
