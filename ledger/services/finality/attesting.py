"""Attesting: this node's word that a final block of another jurisdiction's chain holds a checkpoint of its log.

A node that signs what it is shown adds nothing.  So everything is checked here, with this node's own eyes: the keys of
the log and the contract on the chain are those of the trust list it believes or of a partner's entry; the tree extends
the largest one it attested; the root stands in the contract's storage under the header; and the block is final, by the
seals of the chain's validators or by JSON-RPC nodes of this node's own choice.  What is about to be signed is written
down first, and a second root for one size, or a second block for one number, is refused, kept and told.

Source: docs/spec/attestation.md.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.port import Chain as ObservedChain
from ledger.core.attestation import Attestation, AttestationRequest, parse_request
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, root_at_slot
from ledger.core.evm.header import Header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.core.merkle import verify_consistency
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList
from ledger.core.trust.epochs import epoch_at, epoch_of, require_current
from ledger.core.trust.values import Chain, ForeignSource, LogKeys, Signers
from ledger.errors import (
    ConflictError,
    ProofError,
    RefusedError,
)
from ledger.services.anchoring.observing import ObservedChains, require_canonical
from ledger.services.finality.attesting_foreign import (
    Own,
    jurisdiction_of,
    of_no_log,
    owners_of,
    prove_foreign,
    require_accepted,
)
from ledger.services.home.folder import Home
from ledger.services.trust.known_logs import note_of
from ledger.services.trust.partners import Partner, PartnerBook
from ledger.store.attested import FILE, Attested, Block, Claim, Contradiction, Root
from ledger.store.witness import FILE as WITNESS
from ledger.store.witness import Head, WitnessStore
from ledger.verify.notes import OpenNote, open_note
from ledger.verify.storage import Held, prove_contract

FEWEST: Final = 2
"""Organisations that must at least sign: one that lies, or is lied to, must not be enough."""

WAITING: Final = 8
"""Requests that are looked at or wait for it: each may wait for nodes of a chain, on a thread of the node."""


@dataclass(frozen=True, slots=True)
class Known:
    """Logs and chains as one document names them.

    Attributes:
        by: Which document, for people.
        jurisdiction: Whose own word it is; None for the trust list.
        foreign: Contracts for foreign checkpoints, and their sources; the trust list alone names them.
    """

    logs: Mapping[str, LogKeys]
    chains: Mapping[str, Chain]
    by: str
    jurisdiction: str | None = None
    foreign: tuple[ForeignSource, ...] = ()


def known_from(trust: TrustList, partners: Iterable[Partner]) -> list[Known]:
    """What a node may attest by: the trust list it believes, then the entries of its partners."""
    return [
        Known(trust.logs, trust.chains, "the trust list", foreign=trust.foreign),
        *(
            Known(one.entry.listed.logs, one.entry.listed.chains, f"the entry of {one.name}", one.name)
            for one in partners
        ),
    ]


class Attester:
    """Signs claims about other jurisdictions' chains.  Safe for threads; one request at a time.

    Args:
        secret: Of the attester key, 32 bytes.
        organisation: Whose word it is: the node's operator.
        store: Where it writes down what it signs.
        known: What it believes, in order; asked for each time.
        witness: What this node cosigned.
        observed: The chain of an EIP-155 id through this node's own JSON-RPC nodes; None where none is configured.
        clock: POSIX seconds.
        own: What this node's own log signed at a size; None of another log, or where it signed none.
    """

    def __init__(
        self,
        *,
        secret: bytes,
        organisation: str,
        store: Attested,
        known: Callable[[], Sequence[Known]],
        witness: WitnessStore,
        observed: Callable[[int], ObservedChain | None],
        clock: Callable[[], float],
        own: Own = of_no_log,
    ) -> None:
        self._secret = secret
        self._organisation = organisation
        self._store = store
        self._known = known
        self._witness = witness
        self._observed = observed
        self._clock = clock
        self._own = own
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING)

    @property
    def address(self) -> bytes:
        """Of the attester key, 20 bytes."""
        return address_of(self._secret)

    @property
    def contradictions(self) -> list[Contradiction]:
        """What was refused because it contradicts what was attested before."""
        return self._store.contradictions()

    def count_contradictions(self) -> dict[str, int]:
        """How many of them there are, by kind."""
        return self._store.count_contradictions()

    @property
    def attested(self) -> int:
        """Claims signed."""
        return self._store.count()

    def largest(self, origin: str) -> int:
        """The largest size of a log that was attested or cosigned; 0 where none was."""
        held = self._largest(origin, self._store.largest(origin))
        return 0 if held is None else held.size

    def _largest(self, origin: str, attested: Root | None) -> Root | None:
        seen = [one for one in (attested, _root(self._witness.head(origin))) if one is not None]
        return max(seen, key=lambda one: one.size, default=None)

    def attest(self, data: bytes) -> Attestation:
        """Check a request whole, write down what it says, and sign it.

        Args:
            data: As `ledger.core.attestation.encode_request`.

        Raises:
            MalformedError: It is no request, or its header or a node is not canonical.
            RefusedError: Not this node's to attest: `log-unknown`, `chain-unknown`, `chain-disputed`, `epoch-unknown`,
                `attester-not-listed`, `attester-set-weak`, `attestation-own`, `chain-not-observed`,
                `validators-unlisted`, `foreign-unknown`; or not yet: `block-not-final`.
            VerificationError: It does not hold: SignatureError of a line or a seal, ProofError of a path or a proof,
                `epoch-stale`, `block-not-canonical`, `split-view`, `two-blocks`, `log-disputed`.
            ConflictError: `attestation-old`: another size is the largest that was attested.
            ChainError: The node's own view of the chain cannot be had.
        """
        request = parse_request(data)
        if not self._places.acquire(blocking=False):
            raise RefusedError(f"{WAITING} requests to attest are looked at already", code="overloaded")
        try:
            with self._lock:
                return self._attest(request)
        finally:
            self._places.release()

    def _attest(self, request: AttestationRequest) -> Attestation:
        known = self._known()
        log, chain, signers, sealing = self._resolve(request, known)
        note = open_note(request.checkpoint, log.origin, log)
        now = int(self._clock())
        root = Root(log.origin, note.size, note.root, note_of(note.signed, log))
        # Before anything else: two signed roots of one size prove a split view, whatever else the request holds.
        for seen in (_root(self._witness.at(log.origin, note.size)), self._own(log.origin, note.size)):
            self._store.require_one_root(root, at=now, cosigned=seen)
        contract, held = _contract(request, chain, known)
        header = held.header
        require_current(chain.attesters, signers, header.number)
        if request.accepted is None:
            _require_held(request, note, held)
        else:
            require_accepted(request, note, held)
        attested = self._store.largest(log.origin)
        _require_consistent(request, note, self._largest(log.origin, attested))
        block_hash = self._final_hash(header, chain, sealing)
        claim = CheckpointClaim(
            origin_chain_id=chain.number,
            genesis=chain.genesis,
            anchor=contract,
            log_id=note.log_id,
            size=note.size,
            root=note.root,
            block_hash=block_hash,
            block_number=header.number,
            block_time=header.time,
            set_id=signers.set_id,
        )
        digest = checkpoint_digest(claim)
        block = Block(chain.id, chain.genesis, header.number, block_hash, header.encoded)
        # A crash before this: nothing was signed.  After it: the same request is answered with the same signature.
        before = 0 if attested is None else attested.size
        self._store.record(
            root, block, claim=Claim(digest, note.log_id, signers.epoch), largest=before, at=now
        )
        signature = sign(self._secret, digest)
        return Attestation(self.address, chain.id, signers.epoch, note.log_id, note.size, signature)

    # Whose log and chain

    def _resolve(
        self, request: AttestationRequest, known: Sequence[Known]
    ) -> tuple[LogKeys, Chain, Signers, tuple[Signers, ...] | None]:
        """The log, the chain and the set of attesters that the request names, as this node knows them.

        Of a chain the trust list speaks, and the entry of the log's own jurisdiction; of foreign checkpoints, that of
        the jurisdiction that the trust list says the chain is of.  The validators are those of the trust list, None
        where it does not name the chain: who is to vouch for a chain, its operator does not choose.
        """
        origin = parse_checkpoint(request.checkpoint).checkpoint.origin
        log = next((one.logs[origin] for one in known if origin in one.logs), None)
        if log is None:
            raise RefusedError(
                f"the log {origin} is named by neither the trust list nor a partner", code="log-unknown"
            )
        if request.accepted is None and log.operator == self._organisation:
            raise RefusedError(
                f"the log {origin} is this node's own; nobody attests for himself", code="attestation-own"
            )
        whose = log.jurisdiction if request.accepted is None else jurisdiction_of(request.chain, known)
        speaking = [one for one in known if one.jurisdiction in {None, whose}]
        chains = [(one.chains[request.chain], one.by) for one in speaking if request.chain in one.chains]
        if not chains:
            raise RefusedError(
                f"{request.chain} is named by neither the trust list nor the entry of {whose}",
                code="chain-unknown",
            )
        _require_one_chain(chains)
        apart = frozenset((log.operator,))
        if request.accepted is not None:
            apart = owners_of(chains, [one.logs for one in known], own=self._organisation)
        listed = (one.chains for one in speaking if one.jurisdiction is None)
        sealing = next((one[request.chain].validators for one in listed if request.chain in one), None)
        for chain, _ in chains:
            signers = epoch_of(chain.attesters, request.epoch)
            if signers is not None:
                self._require_member(signers, chain, apart)
                return log, chain, signers, sealing
        raise RefusedError(f"{request.chain} has no attesters of epoch {request.epoch}", code="epoch-unknown")

    def _require_member(self, signers: Signers, chain: Chain, apart: frozenset[str]) -> None:
        """This node is of the set, and no one organisation of it is enough, nor those whose own claim it is."""
        members = dict(zip(signers.members, signers.organisations, strict=True))
        if members.get(self.address) != self._organisation:
            raise RefusedError(
                f"0x{self.address.hex()} of {self._organisation} is no attester of {chain.id} in epoch {signers.epoch}",
                code="attester-not-listed",
            )
        organisations = set(signers.organisations)
        independent = len(organisations - apart)
        if not (
            signers.threshold >= FEWEST
            and 2 * signers.threshold > len(organisations)
            and independent >= signers.threshold
        ):
            raise RefusedError(
                f"epoch {signers.epoch} of {chain.id} asks {signers.threshold} of {len(organisations)} organisations,"
                f" {independent} of them other than whose word it is; at least {FEWEST}, more than half, and all of"
                " them others are required",
                code="attester-set-weak",
            )

    # The block

    def _final_hash(self, header: Header, chain: Chain, sealing: tuple[Signers, ...] | None) -> bytes:
        """The block's hash by the chain's own rule, once the block is final by it."""
        if chain.consensus == "qbft":
            sealed = parse_sealed(header)
            if sealing is None:
                raise RefusedError(
                    f"the trust list does not name {chain.id} and who seals its blocks; its operator's word is not"
                    " enough",
                    code="validators-unlisted",
                )
            validators = epoch_at(sealing, header.number)
            if validators is None:
                raise RefusedError(
                    f"no validators of {chain.id} are known for block {header.number}", code="epoch-unknown"
                )
            verify_seals(sealed, validators.members)
            return sealed.block_hash
        observed = self._observed(chain.number)
        if observed is None:
            raise RefusedError(
                f"this node has no JSON-RPC node of its own for {chain.id}; evidence chain observe names one",
                code="chain-not-observed",
            )
        require_canonical(observed, header, chain)
        return header.hash


def _require_one_chain(chains: Sequence[tuple[Chain, str]]) -> None:
    """Those who name a chain mean the same one."""
    first, by = chains[0]
    for other, others in chains[1:]:
        for name in ("genesis", "anchor", "code_hash", "consensus"):
            if getattr(first, name) != getattr(other, name):
                raise RefusedError(
                    f"{by} and {others} name another {name.replace('_', ' ')} of {first.id}",
                    code="chain-disputed",
                )


def _contract(request: AttestationRequest, chain: Chain, known: Sequence[Known]) -> tuple[bytes, Held]:
    """The contract that the request is about, and its storage: the anchor, or one for foreign checkpoints."""
    if request.accepted is None:
        return chain.anchor, prove_contract(request.header, chain.anchor, chain.code_hash, request.account)
    return prove_foreign(request, request.accepted.source, [one.foreign for one in known])


def _require_held(request: AttestationRequest, note: OpenNote, held: Held) -> None:
    """The contract's storage after the block holds the checkpoint's root, and where its head key began."""
    held.require_root(root_at_slot(note.log_id, note.size), request.storage, note)
    if (note.start is None) != (request.start is None):
        raise ProofError(
            "start is required exactly where the head key is not the log's first",
            code="start-missing" if request.start is None else "start-superfluous",
        )
    if note.start is None or request.start is None:
        return
    first = note.start
    found = held.written(root_at_slot(note.log_id, first.size), request.start, first.size)
    if found != first.root:
        raise ProofError(
            f"contract holds {found.hex()} at the head key's first size {first.size}; {first.root.hex()} is required",
            code="start-root",
        )


def _require_consistent(request: AttestationRequest, note: OpenNote, largest: Root | None) -> None:
    """The tree and the largest one attested before are one log at two sizes."""
    held = 0 if largest is None else largest.size
    if request.old != held:
        raise ConflictError(
            f"the largest size of this log attested or cosigned here is {held}; the request begins at {request.old}",
            code="attestation-old",
        )
    if largest is None or largest.size == note.size:
        if request.consistency:
            raise ProofError("consistency is given where none is to be shown", code="consistency-superfluous")
        return
    smaller, larger = sorted(((largest.size, largest.root), (note.size, note.root)))
    verify_consistency(smaller[0], larger[0], smaller[1], larger[1], request.consistency)


def attester_of(
    home: Home,
    partners: PartnerBook,
    observed: ObservedChains,
    *,
    trust: Callable[[], TrustList],
    clock: Callable[[], float],
    own: Own = of_no_log,
) -> Attester:
    """The attester of a node.

    Args:
        partners: Whose entries name logs and chains beside the trust list.
        observed: The chains that the node looks at itself.
        trust: The list that it believes; asked for each time.
        clock: POSIX seconds.
        own: As of `Attester`.
    """
    return Attester(
        secret=home.keys.attester.secret,
        organisation=home.settings.operator,
        store=Attested(home.path / FILE, owner=address_of(home.keys.attester.secret)),
        known=lambda: known_from(trust(), partners.list()),
        witness=WitnessStore(home.path / WITNESS),
        observed=observed.get,
        clock=clock,
        own=own,
    )


def _root(head: Head | None) -> Root | None:
    return None if head is None else Root(head.origin, head.size, head.root, head.note)
