"""Attesters of a chain: organisations that vouch, each with its own key, for a block and what it holds.

They sign the EIP-712 struct `Checkpoint` (see `ledger.core.evm.anchor`).  What is counted is organisations, not
keys: one that holds two keys is one voice.

Source: docs/spec/chain.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.secp256k1 import recover
from ledger.errors import QuorumError, SignatureError


class Attesters(NamedTuple):
    """Who of a set signed.

    Attributes:
        members: Addresses, ascending.
        organisations: Distinct, in the order of their first signature.
    """

    members: tuple[bytes, ...]
    organisations: tuple[str, ...]


def verify_attestations(
    digest: bytes,
    signatures: Sequence[bytes],
    members: Sequence[bytes],
    organisations: Sequence[str],
    threshold: int,
) -> Attesters:
    """Who of `members` signed, after checking that enough organisations are behind them.

    Args:
        digest: Of the claim as the reader makes it, never as it was handed in.
        signatures: 65 bytes each, in ascending order of their signers' addresses.
        members: Distinct addresses.
        organisations: Organisation id of each member, in the order of `members`.
        threshold: Distinct organisations that must have signed, at least 1.

    Raises:
        SignatureError: `high-s`; `bad-signature`: no signature of any key; `attestation-outsider`: by nobody of the
            set, or over another claim; `attestation-order`: not ascending, or one key twice.
        QuorumError: `attestation-quorum`.

    Cost: a signature recovery for each signature.
    """
    organisation_of = dict(zip(members, organisations, strict=True))
    signed: list[bytes] = []
    before = b""
    for signature in signatures:
        signer = _signer(digest, signature)
        if signer not in organisation_of:
            raise SignatureError(
                f"attestation by 0x{signer.hex()}, which is none of the attesters, or over another claim",
                code="attestation-outsider",
            )
        if signer <= before:
            raise SignatureError(
                f"attestation by 0x{signer.hex()} does not follow that by 0x{before.hex()} in ascending order",
                code="attestation-order",
            )
        before = signer
        signed.append(signer)
    counted = tuple(dict.fromkeys(organisation_of[signer] for signer in signed))
    if threshold < 1 or len(counted) < threshold:
        raise QuorumError(
            f"{len(counted)} of {len({*organisations})} organisations attest; {threshold} are required",
            code="attestation-quorum",
        )
    return Attesters(tuple(signed), counted)


def _signer(digest: bytes, signature: bytes) -> bytes:
    try:
        return recover(digest, signature)
    except SignatureError as error:
        if error.code == "high-s":
            raise
        raise SignatureError(f"attestation {signature.hex()}: {error}", code="bad-signature") from None
