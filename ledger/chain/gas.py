"""What a transaction costs before any code runs: intrinsic gas and the calldata floor.

Source: EIP-2028 (calldata), EIP-3860 (init code), EIP-7623 (floor).  A node refuses a transaction whose gas
limit is below either number, whatever the execution would use.
"""

DEFAULT_FEE_CAP = 1_000_000_000_000
"""Largest fee per gas ever offered, in wei, unless told otherwise."""
TRANSACTION_GAS = 21_000
CREATION_GAS = 32_000
ZERO_BYTE_GAS = 4
OTHER_BYTE_GAS = 16
INITCODE_WORD_GAS = 2
INITCODE_LIMIT = 49_152
FLOOR_TOKEN_GAS = 10
TOKENS_OF_OTHER_BYTE = 4


def intrinsic_gas(data: bytes, *, creation: bool) -> int:
    """Gas taken before execution starts, for a transaction without access list.

    Args:
        data: Call data, or the init code of a contract creation.
        creation: True when the transaction has no receiver.
    """
    zeros = data.count(0)
    gas = TRANSACTION_GAS + ZERO_BYTE_GAS * zeros + OTHER_BYTE_GAS * (len(data) - zeros)
    if creation:
        gas += CREATION_GAS + INITCODE_WORD_GAS * ((len(data) + 31) // 32)
    return gas


def floor_gas(data: bytes) -> int:
    """Least gas a transaction with this call data is charged since EIP-7623."""
    zeros = data.count(0)
    tokens = zeros + TOKENS_OF_OTHER_BYTE * (len(data) - zeros)
    return TRANSACTION_GAS + FLOOR_TOKEN_GAS * tokens
