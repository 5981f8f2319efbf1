"""Stronger finality for anchors that stand: seals read from their headers, signatures asked of partners' attesters.

An anchor's evidence is stored with the operator's word.  A chain sealed by validators says more by itself: its header
is held against the validators of the claim.  Of a chain with attesters each of them is asked, through its node, for
its signature; once enough organisations have signed, their signatures are stored beside the evidence.  What an
attester answers is verified before it is stored, and one that is silent or refuses holds up no other.

Source: docs/spec/attestation.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from ledger.core.attestation import Attestation, AttestationRequest, encode_request, require_signed
from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.evm.header import parse_header
from ledger.core.evm.seals import parse_sealed, verify_seals
from ledger.core.members import from_hex
from ledger.core.trust.epochs import epoch_at
from ledger.core.trust.values import Chain
from ledger.errors import LedgerError, NotFoundError, QuorumError, RemoteError, StoreError
from ledger.services.anchor_claims import AnchorClaims, Claimed
from ledger.services.partners import Partner
from ledger.store.anchors import Anchors, Evidence, Finality, Stored
from ledger.store.log import Log

PAGE: Final = 16
"""Anchors looked at of the newest, and as many of the older ones, in one round."""
PATIENCE: Final = 20.0
"""Seconds that an attester has for one answer."""
AT_ONCE: Final = 8
_REPEATED: Final = "attestation-old"


class AttesterNode(NamedTuple):
    """Where an attester is asked, and the name of the partner that it is."""

    name: str
    url: str


class Asked(Protocol):
    """An attester's node, while it is asked."""

    def __enter__(self) -> Self:
        """The same."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Closes it."""
        ...

    def attested_size(self, origin: str) -> int:
        """The largest size of a log that it attested or cosigned."""
        ...

    def attest(self, request: bytes) -> Attestation:
        """Its answer to a request."""
        ...


def attesters_of(partners: Iterable[Partner]) -> dict[bytes, AttesterNode]:
    """The attesters that partners' entries name, by address, with where they are asked."""
    return {
        bytes.fromhex(one.entry.attester[2:]): AttesterNode(one.name, one.node)
        for one in partners
        if one.entry.attester is not None and one.node is not None
    }


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
        self._attesters = attesters
        self._connect = connect
        self._clock = clock
        self._signed: dict[tuple[int, int], dict[bytes, bytes]] = {}
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
        members = dict(zip(one.signers.members, one.signers.organisations, strict=True))
        signed = self._signed.setdefault((one.evidence.id, one.signers.epoch), {})
        for answer in answers:
            require_signed(answer, one.digest)
            if answer.address not in members:
                raise RemoteError(
                    f"0x{answer.address.hex()} is no attester of {one.evidence.row.chain} in epoch {one.signers.epoch}",
                    code="attester-unknown",
                )
            signed[answer.address] = answer.signature
        organisations = {members[address] for address in signed} - {self._claims.keys.operator}
        if len(organisations) >= one.signers.threshold:
            finality = encode(
                {
                    "epoch": one.signers.epoch,
                    "kind": "attested",
                    "signatures": ["0x" + signed[address].hex() for address in sorted(signed)],
                }
            )
            self._record(
                Finality(one.evidence.id, "attested", one.signers.epoch, finality, int(self._clock()))
            )
            del self._signed[one.evidence.id, one.signers.epoch]
        return len(organisations)

    def _attest(self, chain: Chain) -> LedgerError | None:
        if not chain.attesters:
            return None
        held = [self._claims.of(one) for one in self._page(chain.id, "attested")]
        wanted = [one for one in held if one is not None]
        if not wanted:
            return None
        wanted.sort(key=lambda one: one.size)
        said = self._ask_all(wanted)
        trouble: LedgerError | None = None
        for one in wanted:
            answers = [
                said[address][0].get(one.evidence.id) for address in one.signers.members if address in said
            ]
            count = self.take(one, [answer for answer in answers if answer is not None])
            if count < one.signers.threshold:
                trouble = _missing(one, count, said)
        return trouble

    def _ask_all(self, wanted: Sequence[Claimed]) -> "dict[bytes, tuple[dict[int, Attestation], str]]":
        """Each attester on a thread: its verified answers by evidence, and why it gave no more."""
        nodes = self._attesters()
        addresses = {address for one in wanted for address in one.signers.members}
        said: dict[bytes, tuple[dict[int, Attestation], str]] = {
            address: ({}, f"the node of 0x{address.hex()} is not known")
            for address in addresses - nodes.keys()
        }
        asked = sorted(addresses & nodes.keys())
        with ThreadPoolExecutor(AT_ONCE, "attester") as pool:
            answers = pool.map(
                lambda address: self._ask(
                    address, nodes[address], [one for one in wanted if address in one.signers.members]
                ),
                asked,
            )
            said.update(zip(asked, answers, strict=True))
        return said

    def _ask(
        self, address: bytes, node: AttesterNode, wanted: Sequence[Claimed]
    ) -> tuple[dict[int, Attestation], str]:
        """One attester's answers.  Never raises: whatever fails concerns it alone, and is told."""
        given: dict[int, Attestation] = {}
        why = ""
        try:
            with self._connect(node.url) as client:
                old: int | None = None
                for one in wanted:
                    if address in self._signed.get((one.evidence.id, one.signers.epoch), {}):
                        continue
                    try:
                        old = client.attested_size(self._log.origin) if old is None else old
                        answer = client.attest(self.request(one, old))
                        if answer.address != address:
                            why = f"{node.name} signs with 0x{answer.address.hex()}"
                            continue
                        require_signed(answer, one.digest)
                    except LedgerError as error:
                        why = f"{node.name}: {error}"
                        if error.code in {"remote-unreachable", "remote-slow"}:
                            break
                        old = None  # it may have attested something else meanwhile
                        continue
                    given[one.evidence.id] = answer
                    old = max(old, one.size)
        except LedgerError as error:
            why = f"{node.name}: {error}"
        except Exception as error:  # noqa: BLE001 - no attester may end the round
            why = f"{node.name}: asking failed in a way that was not foreseen ({type(error).__name__})"
        return given, why

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


def _missing(
    one: Claimed, count: int, said: Mapping[bytes, tuple[Mapping[int, Attestation], str]]
) -> LedgerError:
    reasons = sorted({why for address, (_, why) in said.items() if address in one.signers.members and why})
    return QuorumError(
        f"{count} organisations attested the anchor of size {one.size} on {one.evidence.row.chain};"
        f" {one.signers.threshold} are required ({'; '.join(reasons) or 'the others are asked again'})",
        code="attesters-missing",
    )


def _nodes(stored: bytes) -> tuple[bytes, ...]:
    value = decode(stored, limit=BUNDLE_LIMIT, what="stored evidence")
    found = from_hex(value, prefix="0x") if isinstance(value, list) else None
    if found is None:
        raise StoreError("stored evidence is damaged", code="evidence-damaged")
    return tuple(found)
