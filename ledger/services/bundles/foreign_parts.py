"""Proofs that a contract on another chain holds a checkpoint: made, verified, and put into bundles.

Source: docs/spec/foreign.md, docs/spec/bundle.md.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.account import prove_slot
from ledger.core.evm.foreign import accepted_root_slot, disputed_slot
from ledger.core.members import Members
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, ProofError, RefusedError, VerificationError
from ledger.verify.bundle import Section, encode_bundle, parse_bundle
from ledger.verify.chain_parts import FOREIGN_LIMIT, read_foreign
from ledger.verify.finality import GRADES, judge_finality
from ledger.verify.notes import OpenNote, open_note
from ledger.verify.storage import prove_contract

if TYPE_CHECKING:  # loading it loads a database, and clients refresh bundles too
    from ledger.store.foreign import ForeignStore

WHAT: Final = "foreign part"

PartsOf = Callable[[bytes, int], Sequence[Any]]
"""Parts about a log id at exactly a size, each as a section of a bundle has them."""


def require_holds(part: Json, note: OpenNote, trust: TrustList) -> None:
    """Check that a part shows a checkpoint, undisputed, under the trust list.

    Raises:
        MalformedError: Not of its form.
        RefusedError: `foreign-unknown`: the trust list names no such source; or nobody who counts vouches for the
            block.
        VerificationError: It does not hold.
    """
    (foreign,) = read_foreign(Members({"foreign": [part]}, what=WHAT, pointer="", required=("foreign",)))
    chain = trust.chain(foreign.chain)
    listed = [one for one in trust.foreign if (one.chain, one.source_id) == (foreign.chain, foreign.source)]
    if chain is None or not listed:
        raise RefusedError(
            f"the trust list names no source 0x{foreign.source.hex()} on {foreign.chain}",
            code="foreign-unknown",
        )
    fault: LedgerError | None = None
    for contract in listed:
        try:
            held = prove_contract(foreign.header, contract.contract, contract.code_hash, foreign.account)
        except LedgerError as error:
            fault = fault or error
            continue
        held.require_root(accepted_root_slot(foreign.source, note.log_id, note.size), foreign.storage, note)
        if any(prove_slot(held.storage_root, disputed_slot(note.log_id), foreign.disputed)):
            raise ProofError(
                f"{note.signed.checkpoint.origin} is disputed on {foreign.chain}", code="log-disputed"
            )
        judged = judge_finality(
            foreign.finality, held.header, note, chain, contract=contract.contract, required_grade="operator"
        )
        if judged.outcome != "passed":
            raise VerificationError(f"{foreign.chain}: {judged.detail}", code=judged.code)
        return
    raise fault or RefusedError("no contract is listed", code="foreign-unknown")


def parts_of(store: "ForeignStore") -> PartsOf:
    """What a node holds: of its own chain, and what partners gave of theirs."""

    def parts(log_id: bytes, size: int) -> Sequence[Any]:
        own = [
            store.part_of(one)
            for one in store.accepted(log_id, after=size - 1, limit=FOREIGN_LIMIT)
            if one.size == size
        ]
        return [
            decode(one, limit=BUNDLE_LIMIT, what=WHAT)
            for one in (*own, *(given.part for given in store.given(log_id, size)))
        ]

    return parts


def with_foreign(bundle: bytes, parts: PartsOf, trust: TrustList, *, checked: bool = False) -> bytes:
    """A bundle with the parts that are held of its sections; the same bytes where none is.

    A part fits a section whose checkpoint has its size, or one of whose anchors has: then it comes with the anchor's
    checkpoint and consistency.  Of a chain and source that a section has already, the part is left as it is, unless
    what is held is of the same size, holds under the trust list, and has stronger finality.

    Args:
        trust: Says under which head key a checkpoint stands; sections of other logs are left alone.
        checked: Put in only what holds under the trust list.
    """
    parsed = parse_bundle(bundle)
    document: Any = decode(bundle, limit=BUNDLE_LIMIT, what="bundle")
    changed = False
    for section, told in zip(parsed.sections, document["sections"], strict=True):
        known = {(one["chain"], one["source"]): place for place, one in enumerate(told["foreign"])}
        for note, part in _fitting(section, told, parts, trust):
            key = (str(part.get("chain")), str(part.get("source")))
            if key in known:
                old = told["foreign"][known[key]]
                size = _size(old.get("checkpoint", told["checkpoint"]))
                if size == note.size and strength(part) > strength(old) and _holds(part, note, trust):
                    told["foreign"][known[key]] = part
                    changed = True
                continue
            if len(told["foreign"]) >= FOREIGN_LIMIT or (checked and not _holds(part, note, trust)):
                continue
            known[key] = len(told["foreign"])
            told["foreign"].append(part)
            changed = True
    return encode_bundle(parsed.subject, document["sections"]) if changed else bundle


def strength(part: Json) -> int:
    """How strong the finality is that a part names, to compare; -1 where it names none.  Nothing is verified."""
    finality = part.get("finality") if isinstance(part, dict) else None
    kind = finality.get("kind") if isinstance(finality, dict) else None
    return GRADES.index(kind) if isinstance(kind, str) and kind in GRADES else -1


def _size(note: str) -> int | None:
    try:
        return parse_checkpoint(note.encode()).checkpoint.size
    except LedgerError:
        return None  # whoever verifies the bundle is told


def _holds(part: Json, note: OpenNote, trust: TrustList) -> bool:
    try:
        require_holds(part, note, trust)
    except LedgerError:
        return False
    return True


def _fitting(
    section: Section, told: Any, parts: PartsOf, trust: TrustList
) -> Iterator[tuple[OpenNote, dict[str, Any]]]:
    """Parts that fit a section, each with the checkpoint that it is about."""
    own = _opened(section.checkpoint, section.origin, trust)
    if own is None:
        return
    for part in parts(own.log_id, own.size):
        yield own, part
    for anchor, written in zip(section.anchors, told["anchors"], strict=True):
        note = None if anchor.checkpoint is None else _opened(anchor.checkpoint, section.origin, trust)
        if note is None or note.size == own.size:
            continue
        more = {name: written[name] for name in ("checkpoint", "consistency") if name in written}
        for part in parts(note.log_id, note.size):
            yield note, {**part, **more}


def _opened(checkpoint: bytes, origin: str, trust: TrustList) -> OpenNote | None:
    log = trust.log(origin)
    if log is None:
        return None
    try:
        return open_note(checkpoint, origin, log)
    except LedgerError:
        return None  # whoever verifies the bundle is told
