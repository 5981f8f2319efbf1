"""Evidence of an anchor as it is kept: what was captured from the chain, with the operator's word on its block.

Captured is what a block shows as soon as it is there; vouched for is what is proven anew once the block is final.

Source: docs/spec/chain.md.
"""

from dataclasses import dataclass
from typing import Any

from ledger.chain.evidence import Evidence as Captured
from ledger.core.canonical import BUNDLE_LIMIT, Json, decode, encode
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, root_at_slot, set_id
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.receipt import prove_receipt
from ledger.core.evm.seals import parse_sealed
from ledger.core.secp256k1 import address_of, sign
from ledger.errors import ProofError
from ledger.store.anchors import Evidence
from ledger.store.captures import Capture


@dataclass(frozen=True, slots=True)
class Vouching:
    """Who vouches for the chain's blocks.

    Attributes:
        secret: Of the finality key, 32 bytes.
        organisation: Id of the organisation that it speaks for.
    """

    secret: bytes
    organisation: str


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor is of.

    Attributes:
        chain_id: EIP-155 id of the chain.
        genesis: Hash of its block 0.
        contract: Address of the anchor contract, 20 bytes.
        code_hash: Keccak-256 of its runtime code.
        log_id: Of the log, 32 bytes.
        size: Leaves of the anchored tree.
        root: Its root, as the log's own checkpoint has it.
    """

    chain_id: int
    genesis: bytes
    contract: bytes
    code_hash: bytes
    log_id: bytes
    size: int
    root: bytes


def capture_of(captured: Captured, now: int) -> Capture:
    """What was captured, as it is kept until its block is final; `now` in POSIX seconds."""
    header = captured.header
    return Capture(
        chain=f"eip155:{captured.chain_id}",
        contract=captured.anchor,
        size=captured.storage.size,
        block_number=header.number,
        block_hash=header.hash,
        block_time=header.time,
        header=header.encoded,
        account=encode([_hex(node) for node in captured.account]),
        storage=encode([_hex(node) for node in captured.storage.nodes]),
        receipt=_receipt(captured),
        captured_at=now,
    )


def evidence_of(
    capture: Capture, anchored: Anchored, vouching: Vouching, now: int, intent: int | None
) -> Evidence:
    """Evidence of a block that the caller found to be final; signs the operator's claim that it is.

    Args:
        capture: Proven anew here, whatever it was when it was kept.
        anchored: What it must be of.
        vouching: Who signs.
        now: POSIX seconds.
        intent: Of the journal, where the transaction is ours.

    Raises:
        LedgerError: The capture does not prove it.
    """
    header = _prove(capture, anchored)
    claim = CheckpointClaim(
        origin_chain_id=anchored.chain_id,
        genesis=anchored.genesis,
        anchor=anchored.contract,
        log_id=anchored.log_id,
        size=anchored.size,
        root=anchored.root,
        block_hash=capture.block_hash,
        block_number=header.number,
        block_time=header.time,
        set_id=set_id([address_of(vouching.secret)], [vouching.organisation], 1),
    )
    signature = sign(vouching.secret, checkpoint_digest(claim))
    return Evidence(
        chain=f"eip155:{anchored.chain_id}",
        contract=anchored.contract,
        size=anchored.size,
        block_number=header.number,
        block_hash=capture.block_hash,
        block_time=header.time,
        header=capture.header,
        finality=encode({"kind": "operator", "signature": _hex(signature)}),
        account=capture.account,
        storage=capture.storage,
        recorded_at=now,
        receipt=capture.receipt,
        intent=intent,
    )


def require_named(header: Header, block_hash: bytes) -> None:
    """The header is that of the block, by its own hash or, of a sealed chain, by that without its seals.

    Raises:
        LedgerError: It is of another block, or no header of a sealed chain.
    """
    if header.hash != block_hash and parse_sealed(header).block_hash != block_hash:
        raise ProofError(f"the header is not of block {block_hash.hex()}")


def _prove(capture: Capture, anchored: Anchored) -> Header:
    header = parse_header(capture.header)
    require_named(header, capture.block_hash)
    account = prove_account(header.state_root, anchored.contract, _nodes(capture.account))
    slot = root_at_slot(anchored.log_id, anchored.size)
    root = prove_slot(account.storage_root, slot, _nodes(capture.storage))
    if account.code_hash != anchored.code_hash or root != anchored.root:
        raise ProofError(f"block {header.number} does not hold what the capture is of")
    if capture.receipt is not None:
        told: Any = decode(capture.receipt, limit=BUNDLE_LIMIT, what="captured receipt")
        nodes = [bytes.fromhex(node[2:]) for node in told["nodes"]]
        prove_receipt(header.receipts_root, told["index"], bytes.fromhex(told["bytes"][2:]), nodes)
    return header


def _nodes(encoded: bytes) -> list[bytes]:
    nodes: Any = decode(encoded, limit=BUNDLE_LIMIT, what="captured proof")
    return [bytes.fromhex(node[2:]) for node in nodes]


def _receipt(captured: Captured) -> bytes | None:
    if captured.receipt is None:
        return None
    found = captured.receipt
    nodes: list[Json] = [_hex(node) for node in found.nodes]
    return encode({"bytes": _hex(found.encoded), "index": found.index, "log": found.log, "nodes": nodes})


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
