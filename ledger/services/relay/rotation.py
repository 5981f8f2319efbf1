"""Changes of the set that vouches for a partner's chain, carried before anything that the new set vouches for.

Validators change by a header that lists the new ones and that both sets sealed.  Such a header is looked for among
those that are to be carried anyway, then at the block from which the trust list has the new set.  Attesters change by
signatures of both sets, which come in a file.

Source: docs/spec/foreign.md.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ledger.chain.port import Chain as ObservedChain
from ledger.core.canonical import encode
from ledger.core.evm.foreign import ATTESTED, SEALED, rotation_digest, set_hash, validator_set_hash
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.core.members import Members, from_hex
from ledger.core.secp256k1 import recover
from ledger.core.trust.values import Chain, Signers
from ledger.errors import LedgerError, QuorumError, RefusedError, SignatureError
from ledger.services.relay.material import WHAT, document_of
from ledger.store.foreign import Followed
from ledger.store.relay import Item

LOOKED_AT = 16
"""Blocks from the first of an epoch on in which a header is looked for that both sets sealed."""


def id_of(signers: Signers) -> bytes:
    """Id of a set of the trust list as the contract has it."""
    if not signers.organisations:
        return validator_set_hash(signers.members)
    return set_hash(signers.members, signers.organisations, signers.threshold)


def set_of(sets: Sequence[Signers], wanted: bytes) -> Signers | None:
    """The set of the trust list that has this id."""
    return next((one for one in sets if id_of(one) == wanted), None)


def following(sets: Sequence[Signers], present: bytes) -> Signers | None:
    """The set that comes after the present one."""
    for before, after in pairwise(sets):
        if id_of(before) == present:
            return after
    return None


def rotation_for(
    followed: Followed,
    present: bytes,
    chain: Chain,
    queued: Sequence[Item],
    observed: ObservedChain | None,
    now: int,
) -> Item | None:
    """The change to the next set of validators, where one is listed and a header shows it; else None.

    Args:
        present: Id of the source's set, as the contract has it.
        chain: As the trust list has it.
        queued: Checkpoints of the source that are to be carried.
        observed: The chain's nodes, where there are any.
    """
    old, new = set_of(chain.validators, present), following(chain.validators, present)
    if followed.source.kind != SEALED or old is None or new is None:
        return None
    for header in _candidates(queued, new, observed):
        try:
            sealed = parse_sealed(header)
            if set(sealed.validators) != set(new.members):
                continue
            verify_seals(sealed, old.members)
        except LedgerError:
            continue  # not sealed by both; another one may be
        document = {
            "rotation": {"chain": chain.id, "epoch": new.epoch, "header": "0x" + header.encoded.hex()}
        }
        return _item(followed, chain, new, document, (header.number, sealed.block_hash, header.time), now)
    return None


def _candidates(queued: Sequence[Item], new: Signers, observed: ObservedChain | None) -> Iterator[Header]:
    first = max(new.start - 1, 0)  # some lists count a set from the block after the one that hands over to it
    for item in queued:
        if item.block_number >= first:
            yield parse_header(bytes.fromhex(document_of(item.document)["anchor"]["header"][2:]))
    needed = observed is not None and any(item.block_number >= first for item in queued)
    for number in range(first, first + LOOKED_AT) if needed else ():
        assert observed is not None
        found = observed.header(number)
        if found is None:
            return
        yield found


def _item(
    followed: Followed,
    chain: Chain,
    new: Signers,
    document: Any,
    block: tuple[int, bytes, int],
    now: int,
) -> Item:
    return Item(
        target=followed.target,
        source=followed.source_id,
        log_id=bytes(32),
        size=new.epoch,
        kind="rotation",
        root=id_of(new),
        origin=chain.id,
        block_number=block[0],
        block_hash=block[1],
        block_time=block[2],
        document=encode(document, what=WHAT),
        added_at=now,
    )


def examine_rotation(
    document: Any, followed: Followed, present: bytes, changes: int, chain: Chain, now: int
) -> Item:
    """A change of a set as it came in a file, held against the trust list.

    Args:
        present: Id of the source's set; `changes` is how often it was changed so far.

    Raises:
        MalformedError: Not of this form.
        RefusedError: `epoch-unknown`: the trust list has no such set, or not after the present one.
        VerificationError: Too few of either set signed, or sealed.
    """
    part = Members(document, what=WHAT, pointer="", required=("rotation",)).below(
        "rotation", ("chain", "epoch"), ("header", "newSignatures", "oldSignatures")
    )
    sets = chain.attesters if followed.source.kind == ATTESTED else chain.validators
    old, new = set_of(sets, present), following(sets, present)
    if old is None or new is None or new.epoch != part.integer("epoch", 1):
        raise RefusedError(
            f"the trust list has no set {part.integer('epoch', 1)} of {chain.id} after the one that the source is at",
            code="epoch-unknown",
        )
    if followed.source.kind == SEALED:
        found = from_hex([part.text("header")], prefix="0x") if "header" in part else None
        if found is None:
            raise part.fault("header", "a header in hex")
        header = parse_header(found[0])
        sealed = parse_sealed(header)
        if set(sealed.validators) != set(new.members):
            raise RefusedError("the header lists another set than the next one", code="epoch-unknown")
        verify_seals(sealed, old.members)
        block = (header.number, sealed.block_hash, header.time)
    else:
        digest = rotation_digest(followed.source_id, changes + 1, id_of(new))
        for name, signers in (("oldSignatures", old), ("newSignatures", new)):
            _require_signed(part, name, signers, digest)
        block = (new.start, bytes(32), 0)
    return _item(followed, chain, new, document, block, now)


def _require_signed(part: Members, name: str, signers: Signers, digest: bytes) -> None:
    signatures = from_hex(part.array(name), prefix="0x") if name in part else None
    if not signatures:
        raise part.fault(name, "signatures in hex")
    names = dict(zip(signers.members, signers.organisations, strict=True))
    found = [recover(digest, one) for one in signatures]
    if found != sorted(set(found)) or not set(found) <= names.keys():
        raise SignatureError(
            f"{name} are not of members of the set, once each and in ascending order",
            code="attestation-outsider",
        )
    count = len({names[one] for one in found})
    if count < signers.threshold:
        raise QuorumError(
            f"{count} organisations signed the change; {signers.threshold} are required",
            code="attestation-quorum",
        )
