"""Asking attesters: each through its node, for its signature over a claim, until enough organisations have signed.

What an attester answers is verified before it counts, and one that is silent or refuses holds up no other.

Source: docs/spec/attestation.md.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from ledger.core.attestation import Attestation, require_signed
from ledger.core.canonical import encode
from ledger.core.trust.values import Signers
from ledger.errors import LedgerError, QuorumError, RemoteError
from ledger.services.trust.partners import Partner

PATIENCE: Final = 20.0
"""Seconds that an attester has for one answer."""
AT_ONCE: Final = 8


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


class Wanted(NamedTuple):
    """A claim that attesters are asked to sign.

    Attributes:
        key: Tells it from every other one.
        what: It, for people.
        origin: Of the log that it is about; `size` of its checkpoint.
        digest: Of the claim, 32 bytes.
        request: The request for an attester that holds the log up to a size.
        apart: Organisation whose own claim it is, which is not counted.
    """

    key: Hashable
    what: str
    origin: str
    size: int
    signers: Signers
    digest: bytes
    request: Callable[[int], bytes]
    apart: str


Said = dict[bytes, tuple[dict[Hashable, Attestation], str]]
"""By attester: its verified answers by claim, and why it gave no more."""


class Panel:
    """Those who are asked, and what they signed so far.

    Args:
        attesters: Where they are asked, by address; called each time.
        connect: Opens an attester's node by its address.
    """

    def __init__(
        self, attesters: Callable[[], Mapping[bytes, AttesterNode]], connect: Callable[[str], Asked]
    ) -> None:
        self._attesters = attesters
        self._connect = connect
        self._signed: dict[Hashable, dict[bytes, bytes]] = {}

    def round(self, wanted: Sequence[Wanted], store: Callable[[Wanted, bytes], None]) -> LedgerError | None:
        """Ask everybody once; what became of the last claim that too few signed.

        Args:
            wanted: Smaller sizes of a log first.
            store: Keeps the finality of a claim that enough have signed.
        """
        said = self._ask_all(wanted)
        trouble: LedgerError | None = None
        for one in wanted:
            answers = [said[address][0].get(one.key) for address in one.signers.members if address in said]
            count, finality = self.take(one, [answer for answer in answers if answer is not None])
            if finality is not None:
                store(one, finality)
            if count < one.signers.threshold:
                trouble = _missing(one, count, said)
        return trouble

    def take(self, one: Wanted, answers: Iterable[Attestation]) -> tuple[int, bytes | None]:
        """Hold answers to a claim, each verified.

        Returns:
            How many organisations have signed it, and the finality once they reach the threshold: canonical JSON.

        Raises:
            SignatureError: `attestation-invalid`.
            RemoteError: `attester-unknown`.
        """
        members = dict(zip(one.signers.members, one.signers.organisations, strict=True))
        signed = self._signed.setdefault(one.key, {})
        for answer in answers:
            require_signed(answer, one.digest)
            if answer.address not in members:
                raise RemoteError(
                    f"0x{answer.address.hex()} is no attester in epoch {one.signers.epoch} of {one.what}",
                    code="attester-unknown",
                )
            signed[answer.address] = answer.signature
        organisations = {members[address] for address in signed} - {one.apart}
        if len(organisations) < one.signers.threshold:
            return len(organisations), None
        finality = encode(
            {
                "epoch": one.signers.epoch,
                "kind": "attested",
                "signatures": ["0x" + signed[address].hex() for address in sorted(signed)],
            }
        )
        del self._signed[one.key]
        return len(organisations), finality

    def _ask_all(self, wanted: Sequence[Wanted]) -> Said:
        """Each attester on a thread."""
        nodes = self._attesters()
        addresses = {address for one in wanted for address in one.signers.members}
        said: Said = {
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
        self, address: bytes, node: AttesterNode, wanted: Sequence[Wanted]
    ) -> tuple[dict[Hashable, Attestation], str]:
        """One attester's answers.  Never raises: whatever fails concerns it alone, and is told."""
        given: dict[Hashable, Attestation] = {}
        why = ""
        try:
            with self._connect(node.url) as client:
                held: dict[str, int] = {}
                for one in wanted:
                    if address in self._signed.get(one.key, {}):
                        continue
                    try:
                        if one.origin not in held:
                            held[one.origin] = client.attested_size(one.origin)
                        answer = client.attest(one.request(held[one.origin]))
                        if answer.address != address:
                            why = f"{node.name} signs with 0x{answer.address.hex()}"
                            continue
                        require_signed(answer, one.digest)
                    except LedgerError as error:
                        why = f"{node.name}: {error}"
                        if error.code in {"remote-unreachable", "remote-slow"}:
                            break
                        held.pop(one.origin, None)  # it may have attested something else meanwhile
                        continue
                    given[one.key] = answer
                    held[one.origin] = max(held[one.origin], one.size)
        except LedgerError as error:
            why = f"{node.name}: {error}"
        except Exception as error:  # noqa: BLE001 - no attester may end the round
            why = f"{node.name}: asking failed in a way that was not foreseen ({type(error).__name__})"
        return given, why


def _missing(one: Wanted, count: int, said: Said) -> LedgerError:
    reasons = sorted({why for address, (_, why) in said.items() if address in one.signers.members and why})
    return QuorumError(
        f"{count} organisations attested {one.what}; {one.signers.threshold} are required"
        f" ({'; '.join(reasons) or 'the others are asked again'})",
        code="attesters-missing",
    )
