"""Status: was this statement withdrawn or suspended at that time, and does the evidence know?

Two sources speak, both of the statement's own author: status changes, each at a time, and status lists, each the
state of every entry at the time it begins.  A withdrawal is for good; of suspensions the last word counts.
"""

from collections.abc import Iterable, Iterator

from ledger.statements import bitstring
from ledger.statements.premises.evidence import Dated, Evidence, Held
from ledger.statements.premises.finding import Premise, absent, failed, passed, written
from ledger.statements.scope import Scope
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList

_Changes = list[tuple[int, Held[StatusChange]]]
_Lists = list[tuple[int, Held[StatusList]]]


def status_of(evidence: Evidence, target: Held[Dated], moment: int, *, prefix: str = "") -> Premise:
    """The status of a statement at `moment`: passed `GOOD`, or another code, each after `prefix`.

    Args:
        evidence: Of which the author of `target` is asked.
        target: A certificate, an accreditation or a recognition.
        moment: POSIX seconds.
        prefix: Such as `RECOGNITION_`.
    """
    changes, lists = _said(evidence, target, moment)
    premise = (
        _withdrawn(target, changes, lists)
        or _ambiguous(evidence, target, moment)
        or _suspended(target, changes, lists, moment)
        or _known(evidence, target, lists, moment)
    )
    return premise._replace(code=prefix + premise.code) if prefix else premise


def is_withdrawn(premise: Premise) -> bool:
    """Whether a status, with whatever prefix, is that of a withdrawn statement."""
    return premise.code.endswith("WITHDRAWN")


def reductions(evidence: Evidence, target: Held[Dated], moment: int) -> list[Held[StatusChange]]:
    """The changes in effect at `moment` that took something out of the scope of `target`."""
    changes, _ = _said(evidence, target, moment)
    return [change for _, change in changes if change.value.change == "reduceScope"]


def scopes_left(changes: Iterable[Held[StatusChange]]) -> Iterator[Scope]:
    """What each reduction leaves."""
    for change in changes:
        if change.value.scope is not None:
            yield change.value.scope


def refreshed(evidence: Evidence, target: Held[Dated], moment: int) -> Held[StatusList] | None:
    """A list begun by `moment` that says the scope of `target` was reduced, None where none does."""
    _, lists = _said(evidence, target, moment)
    for _, held in lists:
        if _bit(held.value.refresh, target):
            return held
    return None


def last_suspension(evidence: Evidence, target: Held[Dated], moment: int) -> Held[StatusChange] | None:
    """The change that suspends a suspended target: the last one, where it does; of two, that to end first.

    A list that shows the suspension as well does not stand for the change: it has no end of its own.
    """
    if status_of(evidence, target, moment).code != "SUSPENDED":
        return None
    changes, _ = _said(evidence, target, moment)
    words = [(since, one) for since, one in changes if one.value.change in {"suspend", "reinstate"}]
    last = max((since for since, _ in words), default=moment)
    suspending = [one for since, one in words if since == last and one.value.change == "suspend"]
    return min(suspending, key=lambda one: (one.value.until or moment, one.digest), default=None)


def _said(evidence: Evidence, target: Held[Dated], moment: int) -> tuple[_Changes, _Lists]:
    """What was said of a target by `moment`: (when it began, what), the lists by when they began."""
    changes, lists = evidence.said_of(target)
    return [one for one in changes if one[0] <= moment], [one for one in lists if one[0] <= moment]


def _withdrawn(target: Held[Dated], changes: _Changes, lists: _Lists) -> Premise | None:
    for since, change in changes:
        if change.value.change == "withdraw":
            detail = f"withdrawn by its issuer since {written(since)}"
            return failed("WITHDRAWN", detail, target, change)
    for since, held in lists:
        if _bit(held.value.revocation, target):
            return failed("WITHDRAWN", f"withdrawn, by the status list of {written(since)}", target, held)
    return None


def _ambiguous(evidence: Evidence, target: Held[Dated], moment: int) -> Premise | None:
    sharing = evidence.sharing_index(target, moment)
    if not sharing:
        return None
    detail = f"{target.issuer} gave the same place of its status list to another statement"
    return failed("STATUS_INDEX_REUSED", detail, target, *sharing)


def _suspension(
    target: Held[Dated], changes: _Changes, lists: _Lists
) -> Held[StatusChange | StatusList] | None:
    """What suspends a target: of all that speaks of suspension the last, at one time what suspends."""
    last: tuple[int, bool] | None = None
    by: Held[StatusChange | StatusList] | None = None
    for since, change in changes:
        if change.value.change in {"suspend", "reinstate"}:
            event = (since, change.value.change == "suspend")
            if last is None or event > last:
                last, by = event, change
    for since, held in lists:
        event = (since, _bit(held.value.suspension, target))
        if (event[1] or since < held.value.valid_until) and (last is None or event > last):
            last, by = event, held
    return by if last is not None and last[1] else None


def _suspended(target: Held[Dated], changes: _Changes, lists: _Lists, moment: int) -> Premise | None:
    last = _suspension(target, changes, lists)
    if last is None:
        return None
    value = last.value
    if isinstance(value, StatusList):
        detail = f"suspended, by the status list of {written(last.begin(value.valid_from))}"
    else:
        detail = f"suspended by its issuer since {written(last.begin(value.effective))}"
        if value.until is not None and value.until <= moment:
            detail += f"; that was to end by {written(value.until)}, and no reinstatement is in the evidence"
    return failed("SUSPENDED", detail, target, last)


def _known(evidence: Evidence, target: Held[Dated], lists: _Lists, moment: int) -> Premise:
    reference = target.value.status
    if reference is None:
        detail = "it names no status list, so its status can never be known"
        return absent("STATUS_UNKNOWN", detail, target)
    for since, held in reversed(lists):
        if moment < held.value.valid_until:
            until = written(held.value.valid_until)
            detail = (
                f"neither withdrawn nor suspended, by the status list from {written(since)} until {until}"
            )
            return passed("GOOD", detail, target, held)
    if lists:
        last = max((held for _, held in lists), key=lambda held: (held.value.valid_until, held.digest))
        detail = f"the last status list in the evidence ended at {written(last.value.valid_until)}"
        return absent("STATUS_LIST_EXPIRED", detail, target, last)
    there = [
        held for held in evidence.lists(reference.list_id) if held.begin(held.value.valid_from) <= moment
    ]
    own = [held for held in there if held.author == target.author]
    if own:
        longest = max(held.value.length for held in own)
        detail = f"it has place {reference.index} of a status list of {longest} entries"
        return absent("STATUS_INDEX_RANGE", detail, target, *own)
    if there:
        detail = f"the status list of that name in the evidence is of {there[0].issuer}, not of its issuer"
        return absent("STATUS_LIST_OF_ANOTHER", detail, target)
    detail = f"no status list of {target.issuer} that began by {written(moment)} is in the evidence"
    return absent("STATUS_UNKNOWN", detail, target)


def _bit(bits: bytes, target: Held[Dated]) -> bool:
    reference = target.value.status
    return reference is not None and bitstring.bit(bits, reference.index)
