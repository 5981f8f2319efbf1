"""Stronger finality for what the own chain holds of partners' logs: signatures asked of the own chain's attesters.

What the contract for foreign checkpoints holds is captured with the operator's word for the block.  Each attester of
the chain, among them the log's own jurisdiction, is asked for its signature over the same claim; once enough
organisations have signed, their signatures are stored beside the proof.  On a chain sealed by validators the proof
names their seals from the first, and nobody is asked.

Source: docs/spec/attestation.md.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ledger.core.attestation import Accepted as About
from ledger.core.attestation import AttestationRequest, encode_request
from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest
from ledger.core.evm.header import parse_header
from ledger.core.keccak import keccak256
from ledger.core.trust.epochs import epoch_at
from ledger.core.trust.values import Chain
from ledger.errors import LedgerError
from ledger.services.finality.attesters import Asked, AttesterNode, Panel, Wanted
from ledger.store.foreign import Accepted, ForeignStore, Vouched

PAGE: Final = 16
"""Proofs looked at of the newest, and as many of the older ones, in one round."""

Path = Callable[[str, int, int], Sequence[bytes]]
"""Of a partner's log: the consistency path from a smaller size to a larger one."""


class _Proven(NamedTuple):
    """A proof, and what is asked about it."""

    accepted: Accepted
    header: bytes
    wanted: Wanted


class ForeignFinaliser:
    """Finds stronger finality for what a node's own chains hold of partners' logs.

    Args:
        chains: The own chains, by CAIP-2 name, with their attesters.
        operator: Organisation that operates them, which is not counted.
        attesters: Where they are asked; called each time.
        connect: Opens an attester's node by its address.
        path: Asks for a path in a partner's log; attesters check it.
        clock: POSIX seconds.
    """

    def __init__(
        self,
        *,
        store: ForeignStore,
        chains: Mapping[str, Chain],
        operator: str,
        attesters: Callable[[], Mapping[bytes, AttesterNode]],
        connect: Callable[[str], Asked],
        path: Path,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._chains = chains
        self._operator = operator
        self._panel = Panel(attesters, connect)
        self._path = path
        self._clock = clock
        self._skip: dict[str, int] = {}

    def tick(self) -> None:
        """One round over all chains: the newest proofs, and a page of the older ones.

        Raises:
            LedgerError: The first trouble met, once every proof of the round had its turn; `attesters-missing`.
        """
        trouble: LedgerError | None = None
        for chain in self._chains.values():
            if chain.attesters and chain.consensus != "qbft":
                found = self._attest(chain)
                trouble = trouble or found
        if trouble is not None:
            raise trouble

    def _attest(self, chain: Chain) -> LedgerError | None:
        proven = [self._proven(one, chain) for one in self._page(chain)]
        asked = {one.wanted.key: one for one in proven}
        if not asked:
            return None
        wanted = sorted((one.wanted for one in proven), key=lambda one: one.size)
        return self._panel.round(wanted, lambda one, finality: self._keep(asked[one.key], finality))

    def _keep(self, one: _Proven, finality: bytes) -> None:
        epoch = one.wanted.signers.epoch
        self._store.vouch(Vouched(one.accepted, one.header, "attested", epoch, finality, int(self._clock())))

    def _page(self, chain: Chain) -> list[Accepted]:
        first = chain.attesters[0].start
        newest = self._store.unvouched(chain.id, first=first, limit=PAGE)
        if len(newest) < PAGE:
            return newest
        skip = self._skip.get(chain.id, PAGE)
        older = self._store.unvouched(chain.id, first=first, skip=skip, limit=PAGE)
        self._skip[chain.id] = skip + PAGE if len(older) == PAGE else PAGE
        return newest + older

    def _proven(self, one: Accepted, chain: Chain) -> _Proven:
        part: Any = decode(one.part, limit=BUNDLE_LIMIT, what="stored foreign part")
        encoded = bytes.fromhex(part["header"][2:])
        header = parse_header(encoded)
        signers = epoch_at(chain.attesters, header.number)
        assert signers is not None  # it is not before the first
        claim = CheckpointClaim(
            origin_chain_id=chain.number,
            genesis=chain.genesis,
            anchor=one.contract,
            log_id=one.log_id,
            size=one.size,
            root=one.root,
            block_hash=header.hash,
            block_number=header.number,
            block_time=header.time,
            set_id=signers.set_id,
        )
        digest = checkpoint_digest(claim)
        wanted = Wanted(
            key=(one.source_id, digest),
            what=f"what {one.chain} holds of {one.origin} at size {one.size}",
            origin=one.origin,
            size=one.size,
            signers=signers,
            digest=digest,
            request=lambda old: self._request(one, part, signers.epoch, old),
            apart=self._operator,
        )
        return _Proven(one, keccak256(encoded), wanted)

    def _request(self, one: Accepted, part: Any, epoch: int, old: int) -> bytes:
        path: Sequence[bytes] = ()
        if old and old != one.size:
            path = self._path(one.origin, min(old, one.size), max(old, one.size))
        assert one.note is not None  # without it nobody is asked
        return encode_request(
            AttestationRequest(
                checkpoint=one.note,
                chain=one.chain,
                epoch=epoch,
                header=bytes.fromhex(part["header"][2:]),
                account=_nodes(part["account"]),
                storage=_nodes(part["storage"]),
                start=None,
                old=old,
                consistency=tuple(path),
                accepted=About(one.source_id, _nodes(part["disputed"])),
            )
        )


def _nodes(listed: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one[2:]) for one in listed)
