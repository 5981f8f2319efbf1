"""Stronger finality for anchors that stand: seals read from their headers, signatures asked of partners' attesters.

An anchor's evidence is stored with the operator's word.  A chain sealed by validators says more by itself: its header
is held against the validators of the claim.  Of a chain with attesters each of them is asked, through its node, for
its signature; once enough organisations have signed, their signatures are stored beside the evidence.

Source: docs/spec/attestation.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ledger.core.attestation import Attestation, AttestationRequest, encode_request
from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.core.members import from_hex
from ledger.core.trust.epochs import epoch_at
from ledger.core.trust.values import Chain
from ledger.errors import LedgerError, NotFoundError, StoreError
from ledger.services.anchoring.claims import AnchorClaims, Claimed
from ledger.services.finality.attesters import Asked, AttesterNode, Panel, Wanted
from ledger.store.anchors import Anchors, Evidence, Finality, Stored
from ledger.store.log import Log

PAGE: Final = 16
"""Anchors looked at of the newest, and as many of the older ones, in one round."""


class Finaliser:
    """Finds stronger finality for the anchors of one log.

    Args:
        claims: About its anchors; they know the chains, with their attesters and validators.
        attesters: Where they are asked; called each time.
        connect: Opens an attester's node by its address.
        clock: POSIX seconds.
    """

    def __init__(
        self,
        *,
        log: Log,
        claims: AnchorClaims,
        anchors: Anchors,
        attesters: Callable[[], Mapping[bytes, AttesterNode]],
        connect: Callable[[str], Asked],
        clock: Callable[[], float],
    ) -> None:
        self._log = log
        self._claims = claims
        self._anchors = anchors
        self._panel = Panel(attesters, connect)
        self._clock = clock
        self._before: dict[str, int | None] = {}

    def tick(self) -> None:
        """One round over all chains: the newest anchors, and a page of the older ones.

        Raises:
            LedgerError: The first trouble met, once every anchor of the round had its turn; `attesters-missing`: too
                few organisations attested an anchor, and why each of the others did not.
        """
        trouble: LedgerError | None = None
        for chain in self._claims.chains.values():
            found = self._seal(chain) if chain.consensus == "qbft" else self._attest(chain)
            trouble = trouble or found
        if trouble is not None:
            raise trouble

    # Seals

    def _seal(self, chain: Chain) -> LedgerError | None:
        trouble: LedgerError | None = None
        for held in self._page(chain.id, "sealed"):
            try:
                header = parse_header(held.row.header)
                validators = epoch_at(chain.validators, header.number)
                if validators is None:
                    continue
                verify_seals(parse_sealed(header), validators.members)
            except LedgerError as error:
                trouble = trouble or error
                continue
            finality = encode({"epoch": validators.epoch, "kind": "sealed"})
            self._record(Finality(held.id, "sealed", validators.epoch, finality, int(self._clock())))
        return trouble

    # Attesters

    def claimed(self, size: int, chain: str | None = None) -> Claimed:
        """The claim about the anchor of a size on a chain; on the first of them where none is named.

        Raises:
            NotFoundError: `anchor-unknown`: no such anchor stands; `attesters-none`: its block is in no epoch.
        """
        name = next(iter(self._claims.chains), "") if chain is None else chain
        held = self._anchors.evidence_for(name, size)
        if held is None or held.row.size != size:
            raise NotFoundError(f"no anchor of size {size} stands on that chain", code="anchor-unknown")
        found = self._claims.of(held)
        if found is None:
            raise NotFoundError(
                f"block {held.row.block_number} of {name} is in no epoch of attesters; evidence chain attesters names"
                " them",
                code="attesters-none",
            )
        return found

    def request(self, one: Claimed, old: int) -> bytes:
        """The request for an attester that holds the log up to size `old`."""
        row = one.evidence.row
        path: Sequence[bytes] = ()
        if old > self._log.head.size:
            raise StoreError(
                f"an attester holds size {old} of this log, which has {self._log.head.size}: the log was restored from"
                " an older state, or its keys are used elsewhere",
                code="log-behind-attester",
            )
        if old and old != one.size:
            path = self._log.consistency_path(min(old, one.size), max(old, one.size))
        return encode_request(
            AttestationRequest(
                checkpoint=one.note,
                chain=row.chain,
                epoch=one.signers.epoch,
                header=row.header,
                account=_nodes(row.account),
                storage=_nodes(row.storage),
                start=None if row.start is None else _nodes(row.start),
                old=old,
                consistency=tuple(path),
            )
        )

    def take(self, one: Claimed, answers: Iterable[Attestation]) -> int:
        """Hold answers to a claim, each verified; how many organisations have signed it.

        Stored once they reach the threshold.

        Raises:
            SignatureError: `attestation-invalid`, `attester-unknown`.
        """
        count, finality = self._panel.take(self._wanted(one), answers)
        if finality is not None:
            self._keep(one, finality)
        return count

    def _wanted(self, one: Claimed) -> Wanted:
        return Wanted(
            key=("anchor", one.evidence.id, one.signers.epoch),
            what=f"the anchor of size {one.size} on {one.evidence.row.chain}",
            origin=self._log.origin,
            size=one.size,
            signers=one.signers,
            digest=one.digest,
            request=lambda old: self.request(one, old),
            apart=self._claims.keys.operator,
        )

    def _keep(self, one: Claimed, finality: bytes) -> None:
        self._record(Finality(one.evidence.id, "attested", one.signers.epoch, finality, int(self._clock())))

    def _attest(self, chain: Chain) -> LedgerError | None:
        if not chain.attesters:
            return None
        held = [self._claims.of(one) for one in self._page(chain.id, "attested")]
        wanted = [one for one in held if one is not None]
        if not wanted:
            return None
        wanted.sort(key=lambda one: one.size)
        asked = [self._wanted(one) for one in wanted]
        claims = {one.key: claimed for one, claimed in zip(asked, wanted, strict=True)}
        return self._panel.round(asked, lambda one, finality: self._keep(claims[one.key], finality))

    def _page(self, chain: str, kind: str) -> list[Stored[Evidence]]:
        """The newest anchors without such finality, and the next page of older ones."""
        newest = self._anchors.without_finality(chain, kind, limit=PAGE)  # type: ignore[arg-type]
        if len(newest) < PAGE:
            return newest
        before = self._before.get(chain) or newest[-1].id
        older = self._anchors.without_finality(chain, kind, before=before, limit=PAGE)  # type: ignore[arg-type]
        self._before[chain] = older[-1].id if len(older) == PAGE else None
        known = {one.id for one in newest}
        return [*newest, *(one for one in older if one.id not in known)]

    def _record(self, finality: Finality) -> None:
        self._anchors.record_finality(finality)


def _nodes(stored: bytes) -> tuple[bytes, ...]:
    value = decode(stored, limit=BUNDLE_LIMIT, what="stored evidence")
    found = from_hex(value, prefix="0x") if isinstance(value, list) else None
    if found is None:
        raise StoreError("stored evidence is damaged", code="evidence-damaged")
    return tuple(found)
