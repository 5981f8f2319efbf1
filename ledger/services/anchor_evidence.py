"""Evidence of an anchor as it is kept: what was captured from the chain, with the operator's word on its block.

Source: docs/spec/chain.md.
"""

from dataclasses import dataclass

from ledger.chain.evidence import Evidence as Captured
from ledger.core.canonical import Json, encode
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.secp256k1 import address_of, sign
from ledger.store.anchors import Evidence


@dataclass(frozen=True, slots=True)
class Vouching:
    """Who vouches for the chain's blocks.

    Attributes:
        secret: Of the finality key, 32 bytes.
        organisation: Id of the organisation that it speaks for.
    """

    secret: bytes
    organisation: str


def evidence_of(captured: Captured, vouching: Vouching, now: int, intent: int | None) -> Evidence:
    """What is stored of an anchor; signs the operator's claim that its block is final.

    Args:
        captured: Verified, of a block that the caller found to be final.
        now: POSIX seconds.
        intent: Of the journal, where the transaction is ours.
    """
    header = captured.header
    claim = CheckpointClaim(
        origin_chain_id=captured.chain_id,
        genesis=captured.genesis_hash,
        anchor=captured.anchor,
        log_id=captured.log_id,
        size=captured.storage.size,
        root=captured.storage.root,
        block_hash=header.hash,
        block_number=header.number,
        block_time=header.time,
        set_id=set_id([address_of(vouching.secret)], [vouching.organisation], 1),
    )
    signature = sign(vouching.secret, checkpoint_digest(claim))
    return Evidence(
        chain=f"eip155:{captured.chain_id}",
        contract=captured.anchor,
        size=captured.storage.size,
        block_number=header.number,
        block_hash=header.hash,
        block_time=header.time,
        header=header.encoded,
        finality=encode({"kind": "operator", "signature": _hex(signature)}),
        account=encode([_hex(node) for node in captured.account]),
        storage=encode([_hex(node) for node in captured.storage.nodes]),
        recorded_at=now,
        receipt=_receipt(captured),
        intent=intent,
    )


def _receipt(captured: Captured) -> bytes | None:
    if captured.receipt is None:
        return None
    found = captured.receipt
    nodes: list[Json] = [_hex(node) for node in found.nodes]
    return encode({"bytes": _hex(found.encoded), "index": found.index, "log": found.log, "nodes": nodes})


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
