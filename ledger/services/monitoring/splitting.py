"""Showing a contract that a log showed two histories: then every verifier on that chain is told, for ever.

Anybody may, with any key that pays: the heads speak for themselves.

Source: docs/spec/fork.md, docs/spec/foreign-checkpoints.md.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from ledger.chain.artifact import load_artifact
from ledger.chain.port import Chain
from ledger.chain.transactions import SignedTransaction, send
from ledger.core.checkpoint import head_signature
from ledger.core.evm.foreign import disputed_slot
from ledger.core.evm.foreign_calls import SignedHead, encode_prove_split
from ledger.core.trust import TrustList
from ledger.errors import ChainError, RefusedError
from ledger.verify.fork_report import ForkReport, verify_fork

CONTRACT = "ForeignCheckpoints"
_PATIENCE = 300


class Proven(NamedTuple):
    """A log that is disputed on a chain.

    Attributes:
        log_id: The log under the head key that signed both heads.
        transaction: Hash of the transaction that proved it; None where somebody had done so before.
        block: Number of a block after which the flag stands, as the chain's node has it.
    """

    log_id: bytes
    transaction: bytes | None
    block: int


def call_data(report: ForkReport) -> bytes:
    """The call that proves a split, out of a fork proof that was verified.

    Raises:
        RefusedError: `fork-not-proven`: it does not hold; `fork-two-heads`: two head keys signed, and a contract
            knows a log by one.
    """
    fork, address = report.fork, report.head_address
    if report.verdict != "split view proven" or fork is None:
        raise RefusedError(f"the file proves no split view: {report.detail}", code="fork-not-proven")
    if address is None:
        raise RefusedError(
            "the two checkpoints are signed by two head keys; a contract knows a log by one",
            code="fork-two-heads",
        )
    a, b = (
        SignedHead(one.checkpoint.size, one.checkpoint.root, head_signature(one, address))
        for one in fork.heads
    )
    if fork.place is None:
        return encode_prove_split(fork.origin, address, (a, b))
    one, other = fork.leaves
    return encode_prove_split(fork.origin, address, (a, b), fork.place, (one, other))


def prove_split(
    data: bytes,
    trust: TrustList,
    chain: Chain,
    contract: bytes,
    secret: bytes,
    *,
    now: int,
    before_sending: Callable[[SignedTransaction], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
    patience: int = _PATIENCE,
) -> Proven:
    """Send a fork proof to the contract on a chain, and wait until the log is disputed there.

    Args:
        data: The fork proof; verified first.
        trust: Names the log's keys.
        contract: Address of the contract for foreign checkpoints.
        secret: Of the sender, who pays.
        now: POSIX seconds.
        before_sending: Told of each transaction before it is sent.
        wait: Waits some seconds.
        patience: Seconds after which the outcome is called unknown.

    Raises:
        RefusedError: As `call_data`.
        ChainError: `chain-wrong-contract`: something else is at the address; `chain-reverted`: the contract refuses;
            `split-unknown`: the transaction was sent, and what became of it cannot be said.
    """
    report = verify_fork(data, trust, now=now)
    call = call_data(report)
    log_id = report.log_id or b""
    chain.check_identity()
    block = _disputed_since(chain, contract, log_id)
    if block is not None:
        return Proven(log_id, None, block)
    # Without an answer, the flag tells whether it was taken.
    signed = send(chain, secret, to=contract, data=call, before_sending=before_sending)
    for _ in range(max(1, patience)):
        try:
            block = _disputed_since(chain, contract, log_id)
        except ChainError:
            block = None  # after sending, only the outcome counts; patience ends this
        if block is not None:
            return Proven(log_id, signed.hash, block)
        wait(1.0)
    raise ChainError(
        f"transaction 0x{signed.hash.hex()}, which proves the split, was sent and did nothing in {patience} s;"
        " send it again later",
        code="split-unknown",
    )


def _disputed_since(chain: Chain, contract: bytes, log_id: bytes) -> int | None:
    """The number of the chain's last block, if the log is disputed in its state; None if it is not."""
    header = chain.head()
    found = chain.state_proof(contract, (disputed_slot(log_id),), header)
    if found.account.code_hash != load_artifact(CONTRACT).runtime_code_hash:
        raise ChainError(
            f"the code at 0x{contract.hex()} is not that of the contract for foreign checkpoints",
            code="chain-wrong-contract",
        )
    return header.number if any(found.slots[0].value) else None
