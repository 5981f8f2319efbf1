"""What is claimed of this log's own anchors: the struct that attesters sign, and who vouches for each, in words.

Source: docs/spec/attestation.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.checkpoint import head_vkey, parse_checkpoint
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, log_id
from ledger.core.evm.attesters import verify_attestations
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.seals import parse_sealed
from ledger.core.trust.epochs import epoch_at, epoch_of
from ledger.core.trust.values import Chain, LogKeys, Signers
from ledger.errors import LedgerError, StoreError
from ledger.store.anchors import Anchors, Evidence, Stored
from ledger.store.checkpoints import Checkpoints


@dataclass(frozen=True, slots=True)
class Claimed:
    """An anchor, and the claim about it that attesters of `signers` sign.

    Attributes:
        note: The anchored checkpoint.
        digest: Of the claim, 32 bytes.
    """

    evidence: Stored[Evidence]
    signers: Signers
    note: bytes
    log_id: bytes
    digest: bytes

    @property
    def size(self) -> int:
        """Leaves of the anchored tree."""
        return self.evidence.row.size


class AnchorClaims:
    """The claims about the anchors of one log.

    Args:
        keys: The log's own.
        chains: Those it is anchored on, by CAIP-2 name, with their attesters and validators.
    """

    def __init__(
        self, *, keys: LogKeys, checkpoints: Checkpoints, anchors: Anchors, chains: Mapping[str, Chain]
    ) -> None:
        self.keys = keys
        self._checkpoints = checkpoints
        self._anchors = anchors
        self.chains = chains

    def of(self, held: Stored[Evidence]) -> Claimed | None:
        """What attesters sign of an anchor; None where its block is in no epoch.

        Raises:
            MalformedError: The stored header or note is damaged.
        """
        chain = self.chains.get(held.row.chain)
        signers = None if chain is None else epoch_at(chain.attesters, held.row.block_number)
        return None if chain is None or signers is None else self._claimed(held, chain, signers)

    def _claimed(self, held: Stored[Evidence], chain: Chain, signers: Signers) -> Claimed | None:
        stored = self._checkpoints.at(held.row.size)
        if stored is None:
            return None
        header = parse_header(held.row.header)
        signed = parse_checkpoint(stored.note)
        lines = {(line.name, line.key_id) for line in signed.note.signatures}
        for key in self.keys.head_keys:
            vkey = head_vkey(self.keys.origin, key.address)
            if (vkey.name, vkey.key_id) in lines:
                own = log_id(self.keys.origin, key.address)
                break
        else:
            raise StoreError(
                f"the checkpoint of size {held.row.size} has no head line of this log", code="note-damaged"
            )
        claim = CheckpointClaim(
            origin_chain_id=chain.number,
            genesis=chain.genesis,
            anchor=chain.anchor,
            log_id=own,
            size=held.row.size,
            root=signed.checkpoint.root,
            block_hash=block_hash_of(header, chain),
            block_number=header.number,
            block_time=header.time,
            set_id=signers.set_id,
        )
        return Claimed(held, signers, stored.note, own, checkpoint_digest(claim))

    def told(self, held: Stored[Evidence]) -> str:
        """Who vouches for an anchor's block by the strongest finality held: as a report words it.

        Cost: a signature recovery for each attester or seal.
        """
        document: Any = decode(self._anchors.finality_of(held), limit=BUNDLE_LIMIT, what="stored finality")
        chain = self.chains.get(held.row.chain)
        if chain is None or document["kind"] == "operator":
            return "operator only"
        try:
            if document["kind"] == "sealed":
                return self._sealed(held, chain, document["epoch"])
            return self._attested(held, chain, document)
        except LedgerError as error:
            return f"{document['kind']}, which does not hold: {error}"

    def _sealed(self, held: Stored[Evidence], chain: Chain, epoch: int) -> str:
        from ledger.core.evm.seals import verify_seals

        validators = epoch_of(chain.validators, epoch)
        if validators is None:
            return f"sealed (epoch {epoch}, whose validators the claim does not name)"
        sealed = verify_seals(parse_sealed(parse_header(held.row.header)), validators.members)
        count = len({*sealed} & {*validators.members})
        return f"sealed {count} of {len(validators.members)} (epoch {epoch})"

    def _attested(self, held: Stored[Evidence], chain: Chain, document: Any) -> str:
        signers = epoch_of(chain.attesters, document["epoch"])
        claimed = None if signers is None else self._claimed(held, chain, signers)
        if claimed is None or signers is None:
            return f"attested (epoch {document['epoch']}, whose attesters the claim does not name)"
        signatures = [bytes.fromhex(one[2:]) for one in document["signatures"]]
        found = verify_attestations(
            claimed.digest, signatures, signers.members, signers.organisations, signers.threshold
        )
        return f"attested {len(found.organisations)} of {len({*signers.organisations})}"


def block_hash_of(header: Header, chain: Chain) -> bytes:
    """What the chain calls the block: on a sealed chain the hash without seals."""
    return parse_sealed(header).block_hash if chain.consensus == "qbft" else header.hash
