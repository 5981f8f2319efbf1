"""The contract's calls for what a relay carries.

Source: docs/spec/foreign-checkpoints.md.
"""

from typing import Any

from ledger.core.evm.foreign import SEALED
from ledger.core.evm.foreign_calls import (
    encode_rotate_attested,
    encode_rotate_sealed,
    encode_submit_attested,
    encode_submit_sealed,
)
from ledger.core.trust import TrustList
from ledger.errors import RefusedError
from ledger.services.relay.material import Carried
from ledger.services.relay.rotation import following, set_of
from ledger.store.relay import Item


def submission(item: Item, carried: Carried, path: tuple[bytes, ...]) -> bytes:
    """Call data that carries a checkpoint; `path` runs between the contract's head and it."""
    if carried.grade == SEALED:
        return encode_submit_sealed(
            item.source,
            item.log_id,
            item.size,
            header=carried.header.encoded,
            account=carried.anchor.account,
            storage=carried.anchor.storage,
            consistency=path,
        )
    return encode_submit_attested(
        item.source,
        item.log_id,
        item.size,
        item.root,
        block_hash=carried.block_hash,
        block_number=carried.header.number,
        block_time=carried.header.time,
        signatures=carried.anchor.finality.signatures,
        consistency=path,
    )


def rotation(item: Item, document: Any, trust: TrustList, present: bytes) -> bytes:
    """Call data that changes the set of a source, which is at the set of the id `present`.

    Raises:
        RefusedError: `rotation-needed`: another change comes first; `epoch-unknown`: the trust list names no such set.
    """
    told = document["rotation"]
    chain = trust.chain(str(told["chain"]))
    if chain is None:
        raise RefusedError(f"the trust list does not name {told['chain']}", code="chain-unknown")
    sets = chain.validators if "header" in told else chain.attesters
    old, new = set_of(sets, present), set_of(sets, item.root)
    if old is None or new is None:
        raise RefusedError(f"the trust list names no such set of {chain.id}", code="epoch-unknown")
    if following(sets, present) != new:
        raise RefusedError(
            f"the source is at set {old.epoch}; the change to set {new.epoch} waits for those between",
            code="rotation-needed",
        )
    if "header" in told:
        return encode_rotate_sealed(item.source, bytes.fromhex(told["header"][2:]), old.members)
    return encode_rotate_attested(
        item.source,
        new.members,
        new.organisations,
        new.threshold,
        old_signatures=[bytes.fromhex(one[2:]) for one in told["oldSignatures"]],
        new_signatures=[bytes.fromhex(one[2:]) for one in told["newSignatures"]],
    )
