"""Running code on an embedded chain without mining it: calls and gas estimates.

Fees are not charged and the result is thrown away.  The search for the smallest sufficient gas limit follows
go-ethereum's `eth/gasestimator`; unlike the EVM library's own it respects the calldata floor of EIP-7623.
"""

from dataclasses import dataclass
from typing import cast

from eth.abc import BlockHeaderAPI, MiningChainAPI, SignedTransactionAPI, StateAPI
from eth.vm.chain_context import ChainContext
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address

from ledger.chain import gas

CALL_STIPEND = 2_300
# The search stops when the bounds are this close; a limit 1.5 % too high costs nothing.
TOLERANCE = 0.015


@dataclass(frozen=True, slots=True)
class Call:
    """What to run: a call when `to` is an address, a contract creation when it is empty."""

    sender: bytes
    to: bytes
    data: bytes
    value: int = 0
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    Attributes:
        output: Return data, or the revert data when `error` is set.
        error: None when it ran to its end; else `execution reverted` or what stopped it.
        gas_used: Gas charged, refunds taken off, never below the calldata floor.
        gas_refund: Gas given back at the end; needed during execution all the same.
    """

    output: bytes
    error: str | None
    gas_used: int
    gas_refund: int


def simulate(chain: MiningChainAPI, parent: BlockHeaderAPI, time: int, call: Call) -> Outcome:
    """Run `call` as if in a block on top of `parent`, with all the gas it allows."""
    limit = parent.gas_limit if call.gas is None else min(call.gas, parent.gas_limit)
    return _run(chain, parent, time, call, limit)


def estimate(chain: MiningChainAPI, parent: BlockHeaderAPI, time: int, call: Call) -> tuple[Outcome, int]:
    """Outcome with the largest limit, and the smallest gas limit found sufficient.

    The limit means nothing when the outcome is an error.
    Cost: about ten executions.
    """
    high = parent.gas_limit if call.gas is None else min(call.gas, parent.gas_limit)
    outcome = _run(chain, parent, time, call, high)
    if outcome.error is not None:
        return outcome, 0
    low = outcome.gas_used - 1
    optimistic = (outcome.gas_used + outcome.gas_refund + CALL_STIPEND) * 64 // 63
    if optimistic < high:
        if _run(chain, parent, time, call, optimistic).error is None:
            high = optimistic
        else:
            low = optimistic
    while high - low > max(1, int(high * TOLERANCE)):
        middle = min((high + low) // 2, low * 2)
        if _run(chain, parent, time, call, middle).error is None:
            high = middle
        else:
            low = middle
    return outcome, high


def _run(chain: MiningChainAPI, parent: BlockHeaderAPI, time: int, call: Call, limit: int) -> Outcome:
    intrinsic = gas.intrinsic_gas(call.data, creation=not call.to)
    floor = gas.floor_gas(call.data)
    if limit < max(intrinsic, floor):
        return Outcome(b"", "intrinsic gas too low", limit, 0)
    state = _state_on_top(chain, parent, time)
    executor = state.get_transaction_executor()
    transaction = _unsigned(chain, state, call, limit)
    computation = executor.build_computation(executor.build_evm_message(transaction), transaction)
    consumed = limit - computation.get_gas_remaining()
    if computation.is_error:
        reverted = type(computation.error).__name__ == "Revert"
        error = "execution reverted" if reverted else _describe(computation.error)
        return Outcome(computation.output if reverted else b"", error, consumed, 0)
    refund: int = executor.calculate_gas_refund(computation, consumed)  # type: ignore[attr-defined]
    return Outcome(computation.output, None, max(consumed - refund, floor), refund)


def _state_on_top(chain: MiningChainAPI, parent: BlockHeaderAPI, time: int) -> StateAPI:
    header = chain.create_header_from_parent(
        parent, timestamp=max(time, parent.timestamp + 1), gas_limit=parent.gas_limit
    ).copy(base_fee_per_gas=0)
    vm_class = chain.get_vm_class(header)
    return vm_class.build_state(
        chain.chaindb.db,
        header,
        ChainContext(chain.chain_id),
        vm_class.get_prev_hashes(header.parent_hash, chain.chaindb) or (),
    )


def _unsigned(chain: MiningChainAPI, state: StateAPI, call: Call, limit: int) -> SignedTransactionAPI:
    builder = chain.get_vm_class_for_block_number(state.block_number).get_transaction_builder()
    unsigned = builder.new_unsigned_dynamic_fee_transaction(  # type: ignore[attr-defined]
        chain_id=chain.chain_id,
        nonce=state.get_nonce(Address(call.sender)),
        max_priority_fee_per_gas=0,
        max_fee_per_gas=0,
        gas=limit,
        to=call.to,
        value=call.value,
        data=call.data,
        access_list=[],
    )
    return cast("SignedTransactionAPI", SpoofTransaction(unsigned, from_=call.sender))


def _describe(error: Exception) -> str:
    """`OutOfGas` as `out of gas`: the kind of error only, its text may quote internals."""
    name = type(error).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
