"""Stronger finality for the anchors of the simulated jurisdictions: attesters who sign, validators who seal."""

from collections.abc import Sequence
from typing import Any

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed
from ledger.core.secp256k1 import address_of, sign
from tests.blocks import ANCHOR, hexed
from tests.sealing import addresses, seal, secrets
from tests.simulator import Jurisdiction
from tests.trees import tree_root

VALIDATORS = secrets(4)
ATTESTERS = secrets(3, "attester")
ORGANISATIONS = ("did:web:ministry.example.xb", "did:web:court.example.xc", "did:web:chamber.example.xd")


def attester_set(
    keys: Sequence[bytes] = ATTESTERS,
    organisations: Sequence[str] = ORGANISATIONS,
    *,
    epoch: int = 1,
    start: int = 0,
    threshold: int = 2,
) -> dict[str, Any]:
    """An epoch of attesters as a trust list has it."""
    members = [
        {"address": hexed(address_of(key)), "organisation": organisation}
        for key, organisation in zip(keys, organisations, strict=True)
    ]
    return {"epoch": epoch, "from": start, "threshold": threshold, "members": members}


def validator_set(keys: Sequence[bytes] = VALIDATORS, *, epoch: int = 1, start: int = 0) -> dict[str, Any]:
    """An epoch of validators as a trust list has it."""
    return {"epoch": epoch, "from": start, "members": [hexed(one) for one in addresses(keys)]}


def sealed(
    part: dict[str, Any], keys: Sequence[bytes] = VALIDATORS, *, epoch: int = 1, **how: Any
) -> dict[str, Any]:
    """An anchor with its header sealed, see `tests.sealing.seal`."""
    header = seal(bytes.fromhex(part["header"][2:]), keys, **how)
    return {**part, "header": hexed(header), "finality": {"kind": "sealed", "epoch": epoch}}


def attested(
    place: Jurisdiction,
    part: dict[str, Any],
    size: int | None = None,
    *,
    listed: dict[str, Any] | None = None,
    signers: Sequence[bytes] = ATTESTERS[:2],
    epoch: int | None = None,
    qbft: bool = False,
    contract: bytes = ANCHOR,
    **claimed: Any,
) -> dict[str, Any]:
    """An anchor with attesters' signatures.

    Args:
        place: Whose anchor it is.
        part: With its header.
        size: Anchored; all entries where None.
        listed: The set in whose name they sign, as the trust list has it.
        signers: Secret keys.
        epoch: That the bundle names; that of `listed` where None.
        qbft: Whether the block hash is that of a sealed header.
        contract: That holds the checkpoint.
        claimed: Members of the claim that differ from the truth.
    """
    whose = attester_set() if listed is None else listed
    count = len(place.entries) if size is None else size
    header = parse_header(bytes.fromhex(part["header"][2:]))
    claim = CheckpointClaim(
        origin_chain_id=place.number,
        genesis=place.genesis,
        anchor=contract,
        log_id=place.log_id,
        size=count,
        root=tree_root(place.leaves[:count]),
        block_hash=parse_sealed(header).block_hash if qbft else header.hash,
        block_number=header.number,
        block_time=header.time,
        set_id=set_id(
            [bytes.fromhex(one["address"][2:]) for one in whose["members"]],
            [one["organisation"] for one in whose["members"]],
            whose["threshold"],
        ),
    )._replace(**claimed)
    signatures = [hexed(sign(key, checkpoint_digest(claim))) for key in sorted(signers, key=address_of)]
    named = whose["epoch"] if epoch is None else epoch
    return {**part, "finality": {"kind": "attested", "epoch": named, "signatures": signatures}}
