"""Steps 4 to 8, section by section: inclusion, checkpoint, anchors, finality.

A section is examined before anybody's authorship is: its witnesses and blocks say *when* its statements existed,
and the key rule needs that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.core.merkle import leaf_hash, verify_consistency, verify_inclusion
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys, Requirement
from ledger.errors import LedgerError, ProofError
from ledger.verify.anchors import AnchorResult, chains_missing, check_anchor, no_anchor
from ledger.verify.bundle import Bundle, Section
from ledger.verify.keyrule import Times
from ledger.verify.notes import (
    OpenNote,
    Witnessing,
    cosigned,
    independent,
    open_note,
    require_quorum,
    witnessed,
)
from ledger.verify.report import Check, best_unless_failed, weakest
from ledger.verify.times import prove_time


@dataclass(slots=True)
class Examined:
    """What was found of one section.

    Attributes:
        log: The trust list's entry for its origin; None where it names no such log.
        note: Its checkpoint, once the log's own lines hold; None before or if they do not.
        stands: Whether its statements are in that log: steps 4 and 5 passed.
        by: Organisations behind the proven time; of seals, the chain.
        grade: How the proven time came about.
    """

    number: int
    section: Section
    log: LogKeys | None = None
    note: OpenNote | None = None
    checks: list[Check] = field(default_factory=list)
    stands: bool = False
    times: Times = field(default_factory=Times)
    by: tuple[str, ...] = ()
    grade: str = "claimed only"
    not_counted: list[str] = field(default_factory=list)


def examine(bundle: Bundle, trust: TrustList, requirement: Requirement, now: int) -> list[Examined]:
    """Steps 4 to 8 of every section, in order."""
    examined: list[Examined] = []
    last: dict[str, Examined] = {}
    for number, section in enumerate(bundle.sections):
        found = Examined(number, section, log=trust.log(section.origin))
        witnessing = _checkpoint(found, last.get(section.origin), trust, requirement, now)
        _inclusion(found)
        _anchors(found, trust, requirement, witnessing, now)
        _foreign(found, trust, requirement, now)
        last[section.origin] = found
        examined.append(found)
    return examined


def _checkpoint(
    found: Examined, before: Examined | None, trust: TrustList, requirement: Requirement, now: int
) -> Witnessing | None:
    """Step 5: the log's own lines, the witnesses, and that it extends the section before."""
    section, log = found.section, found.log
    pointer = f"/sections/{found.number}/checkpoint"
    if log is None:
        detail = f"{section.origin} is not a log of the trust list"
        found.checks.append(Check(5, "absent", "log-unknown", detail, found.number, pointer))
        return None
    witnessing = None
    try:
        found.note = open_note(section.checkpoint, section.origin, log)
        witnessing = cosigned(found.note, trust, log, now)
        found.not_counted += [f"section {found.number}: {told}" for told in witnessing.not_counted]
        require_quorum(witnessing, requirement.quorum, independent(trust, log))
        _extends(found, before)
    except LedgerError as error:
        found.checks.append(
            Check(5, "failed", error.code, f"{section.origin}: {error}", found.number, pointer)
        )
        return witnessing
    if before is not None and before.note is None:
        detail = f"{section.origin}: the section of the same log before this one does not hold"
        found.checks.append(Check(5, "absent", "premise-failed", detail, found.number, pointer))
        return witnessing
    signed = witnessed(witnessing, requirement.quorum, independent(trust, log))
    detail = f"{section.origin} at size {found.note.size}: {signed}"
    found.checks.append(Check(5, "passed", "checkpoint", detail, found.number))
    return witnessing


def _extends(found: Examined, before: Examined | None) -> None:
    """The log of an earlier section, grown and not rewritten."""
    path = found.section.extends
    if before is None or before.note is None or path is None or found.note is None:
        return
    if before.note.size >= found.note.size:
        raise ProofError(
            f"size {found.note.size} does not follow the size {before.note.size} of the section before",
            code="not-ascending",
        )
    verify_consistency(before.note.size, found.note.size, before.note.root, found.note.root, path)


def _inclusion(found: Examined) -> None:
    """Step 4: every statement of the section under the root of its checkpoint."""
    if found.note is None:
        reason = "the checkpoint does not hold, so there is no root to look under"
        found.checks.append(Check(4, "absent", "premise-failed", reason, found.number))
        return
    for place, item in enumerate(found.section.items):
        pointer = f"/sections/{found.number}/items/{place}"
        try:
            leaf = leaf_hash(item.statement.digest)
            verify_inclusion(leaf, item.index, found.note.size, item.path, found.note.root)
        except LedgerError as error:
            detail = f"{item.role} {item.statement.digest.hex()}: {error}"
            found.checks.append(Check(4, "failed", error.code, detail, found.number, pointer))
    if any(check.step == 4 for check in found.checks):  # noqa: PLR2004 - the step's number
        return
    if _outcome(found.checks, 5) != "passed":
        reason = "the path holds, but the checkpoint is not accepted"
        found.checks.append(Check(4, "absent", "premise-failed", reason, found.number))
        return
    told = ", ".join(str(item.index) for item in found.section.items[:4])
    told += f" and {len(found.section.items) - 4} more" if len(found.section.items) > 4 else ""  # noqa: PLR2004
    noun = "entry" if len(found.section.items) == 1 else "entries"
    detail = f"{noun} {told} of {found.note.size} in {found.section.origin}"
    found.checks.append(Check(4, "passed", "included", detail, found.number))
    found.stands = True


def _anchors(
    found: Examined, trust: TrustList, requirement: Requirement, witnessing: Witnessing | None, now: int
) -> None:
    """Steps 6 and 7, and the times that follow from them and from the witnesses."""
    results: list[AnchorResult] = []
    for place, anchor in enumerate(found.section.anchors):
        pointer = f"/sections/{found.number}/anchors/{place}"
        chain = trust.chain(anchor.chain)
        if chain is None:
            found.not_counted.append(
                f"section {found.number}: anchor on {anchor.chain}, a chain not in the trust list"
            )
            continue
        if found.note is None or found.log is None:
            found.checks += no_anchor(found.number, "the checkpoint does not hold", "premise-failed")
            return
        results.append(
            check_anchor(
                anchor,
                section=found.section,
                number=found.number,
                pointer=pointer,
                own=found.note,
                log=found.log,
                chain=chain,
                trust=trust,
                required_grade=requirement.finality,
                now=now,
            )
        )
    found.not_counted += [
        f"section {found.number}: {told}" for result in results for told in result.not_counted
    ]
    if not results:
        reason = "not anchored on a chain of the trust list" if found.section.anchors else "not anchored"
        found.checks += no_anchor(found.number, reason, "no-anchor")
    for step in (0, 1):
        found.checks.append(
            best_unless_failed([result.checks[step] for result in results])
        ) if results else None
    if results and requirement.chains is not None and _outcome(found.checks, 7) == "passed":
        found.checks[-1] = chains_missing(results, requirement.chains, found.number) or found.checks[-1]
    if found.stands and found.log is not None:
        found.times, found.by, found.grade = prove_time(
            witnessing, requirement.quorum, results, found.log.operator, now
        )


def _foreign(found: Examined, trust: TrustList, requirement: Requirement, now: int) -> None:
    """Step 8: the same log on other jurisdictions' chains.  Most sections carry none, and load nothing for it."""
    if not found.section.foreign:
        found.checks.append(Check(8, "absent", "not-carried", "not carried", found.number))
        return
    from ledger.verify.foreign import check_foreign

    result = check_foreign(
        found.section,
        found.number,
        found.note,
        found.log,
        trust,
        required_grade=requirement.finality,
        now=now,
    )
    found.checks.append(result.check)
    found.not_counted += result.not_counted


def _outcome(checks: Iterable[Check], step: int) -> str:
    return weakest(check for check in checks if check.step == step).outcome
