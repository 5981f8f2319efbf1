"""What an attester checks of the contract for foreign checkpoints, in place of an anchor.

The contract is one that the trust list names for the source, by its address and code; it holds the checkpoint's root,
and nobody has proven to it that the log showed two histories.  Whoever operates the chain is not counted, as the
operator of a log is not counted for its anchors; the log's own operator is a stranger to that chain, and is.

Source: docs/spec/attestation.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ledger.core.attestation import AttestationRequest
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.account import prove_slot
from ledger.core.evm.foreign import accepted_root_slot, disputed_slot
from ledger.core.trust.values import Chain, ForeignSource, LogKeys
from ledger.errors import LedgerError, ProofError, RefusedError
from ledger.store.attested import Root
from ledger.store.checkpoints import Checkpoints
from ledger.verify.notes import OpenNote
from ledger.verify.storage import Held, prove_contract

Own = Callable[[str, int], Root | None]
"""What the node's own log signed at a size."""


def of_no_log(_: str, __: int) -> None:
    """Of a node whose own log is not at hand."""


def own_checkpoints(origin: str, checkpoints: Checkpoints) -> Own:
    """What the log `origin` of this node signed."""

    def signed(of: str, size: int) -> Root | None:
        stored = checkpoints.at(size) if of == origin else None
        if stored is None:
            return None
        return Root(origin, size, parse_checkpoint(stored.note).checkpoint.root, stored.note)

    return signed


def owners_of(
    chains: Sequence[tuple[Chain, str]], logs: Iterable[Mapping[str, LogKeys]], *, own: str
) -> frozenset[str]:
    """Organisations whose chain it is: its operators, and those of the logs of its jurisdiction.

    Args:
        chains: One chain, as several documents name it, and which document each is.
        logs: As these and others name them.
        own: The organisation that is asked to attest.

    Raises:
        RefusedError: `chain-unknown`: nobody says whose chain it is; `attestation-own`.
    """
    named = [chain for chain, _ in chains]
    found = {name for one in named if one.operator is not None for name in one.operator.organisations}
    codes = {one.jurisdiction for one in named if one.jurisdiction is not None}
    found |= {log.operator for listed in logs for log in listed.values() if log.jurisdiction in codes}
    if not found:
        raise RefusedError(f"nobody says who operates {named[0].id}", code="chain-unknown")
    if own in found:
        raise RefusedError(
            f"{named[0].id} is this node's own; nobody attests for himself", code="attestation-own"
        )
    return frozenset(found)


class Named(Protocol):
    """What one document names; see `ledger.services.finality.attesting.Known`."""

    @property
    def chains(self) -> Mapping[str, Chain]:
        """By CAIP-2 name."""
        ...

    @property
    def jurisdiction(self) -> str | None:
        """Whose own word it is; None for the trust list."""
        ...


def jurisdiction_of(chain: str, known: Iterable[Named]) -> str | None:
    """Whose chain it is as the trust list says; None where it does not."""
    listed = (one.chains[chain] for one in known if one.jurisdiction is None and chain in one.chains)
    return next((one.jurisdiction for one in listed), None)


def prove_foreign(
    request: AttestationRequest, source: bytes, listed: Iterable[Sequence[ForeignSource]]
) -> tuple[bytes, Held]:
    """The contract that the request's account proves, of those named for the source; and its storage.

    Args:
        listed: What each document names.

    Raises:
        RefusedError: `foreign-unknown`: none is named.
        ProofError, MalformedError: None of them is in the state of the block; the fault of the first.
    """
    fault: LedgerError | None = None
    for one in (one for named in listed for one in named):
        if (one.chain, one.source_id) != (request.chain, source):
            continue
        try:
            return one.contract, prove_contract(request.header, one.contract, one.code_hash, request.account)
        except LedgerError as error:
            fault = fault or error
    raise fault or RefusedError(
        f"the trust list names no source 0x{source.hex()} on {request.chain}", code="foreign-unknown"
    )


def require_accepted(request: AttestationRequest, note: OpenNote, held: Held) -> None:
    """Check that the contract holds the checkpoint's root, and that its log is not disputed there.

    Raises:
        ProofError: `not-anchored`, `anchored-root`, `log-disputed`, or the nodes lead elsewhere.
    """
    assert request.accepted is not None
    source, flag = request.accepted
    held.require_root(accepted_root_slot(source, note.log_id, note.size), request.storage, note)
    if any(prove_slot(held.storage_root, disputed_slot(note.log_id), flag)):
        raise ProofError(
            f"by block {held.header.number} it was proven that {note.signed.checkpoint.origin} showed two histories",
            code="log-disputed",
        )
