"""Status: was this statement withdrawn or suspended at that time, and does the evidence know?

Two sources speak, both of the statement's own author: status changes, each at a time, and status lists, each the
state of every entry at the time it begins.  A withdrawal is for good; of suspensions the last word counts.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from ledger.statements import bitstring
from ledger.statements.premises.evidence import Dated, Evidence, Held
from ledger.statements.premises.finding import Premise, absent, failed, passed, written
from ledger.statements.scope import Scope
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList

_SUSPENDS = {"suspend": True, "reinstate": False}


class _Told(NamedTuple):
    """What the author of a statement said of its status, sorted once for every moment that is asked about.

    Attributes:
        withdrawals: The first change and the first list that withdraws, each with when it began.
        words: On suspension, (when it began, whether it suspends, what), in the order in which a later one decides.
        reduced: Changes that reduce its scope, by digest.
        refreshed: The first list that says so.
        lists: By when they began.
        ends: For each list the last moment at which it or one before it ends.
    """

    withdrawals: tuple[tuple[int, Held[StatusChange | StatusList]], ...]
    words: list[tuple[int, bool, Held[StatusChange | StatusList]]]
    reduced: list[tuple[int, Held[StatusChange]]]
    refreshed: tuple[int, Held[StatusList]] | None
    lists: list[tuple[int, Held[StatusList]]]
    ends: list[int]


def status_of(evidence: Evidence, target: Held[Dated], moment: int, *, prefix: str = "") -> Premise:
    """The status of a statement at `moment`: passed `GOOD`, or another code, each after `prefix`.

    Args:
        evidence: Of which the author of `target` is asked.
        target: A certificate, an accreditation or a recognition.
        moment: POSIX seconds.
        prefix: Such as `RECOGNITION_`.
    """
    told = _told(evidence, target)
    premise = (
        _withdrawn(target, told, moment)
        or _ambiguous(evidence, target, moment)
        or _suspended(target, told, moment)
        or _known(evidence, target, told, moment)
    )
    return premise._replace(code=prefix + premise.code) if prefix else premise


def is_withdrawn(premise: Premise) -> bool:
    """Whether a status, with whatever prefix, is that of a withdrawn statement."""
    return premise.code.endswith("WITHDRAWN")


def reductions(evidence: Evidence, target: Held[Dated], moment: int) -> list[Held[StatusChange]]:
    """The changes in effect at `moment` that took something out of the scope of `target`."""
    return [change for since, change in _told(evidence, target).reduced if since <= moment]


def scopes_left(changes: Iterable[Held[StatusChange]]) -> Iterator[Scope]:
    """What each reduction leaves."""
    for change in changes:
        if change.value.scope is not None:
            yield change.value.scope


def refreshed(evidence: Evidence, target: Held[Dated], moment: int) -> Held[StatusList] | None:
    """A list begun by `moment` that says the scope of `target` was reduced, None where none does."""
    first = _told(evidence, target).refreshed
    return None if first is None or first[0] > moment else first[1]


def last_suspension(evidence: Evidence, target: Held[Dated], moment: int) -> Held[StatusChange] | None:
    """The change that suspends a suspended target: the last one, where it does; of two, that to end first.

    A list that shows the suspension as well does not stand for the change: it has no end of its own.
    """
    if status_of(evidence, target, moment).code != "SUSPENDED":
        return None
    changes, _ = evidence.said_of(target)
    words = [(since, one) for since, one in changes if since <= moment and one.value.change in _SUSPENDS]
    last = max((since for since, _ in words), default=moment)
    suspending = [one for since, one in words if since == last and one.value.change == "suspend"]
    return min(suspending, key=lambda one: (one.value.until or moment, one.digest), default=None)


def _told(evidence: Evidence, target: Held[Dated]) -> _Told:
    return evidence.once(("status", target.digest), lambda: _sorted(target, *evidence.said_of(target)))


def _sorted(
    target: Held[Dated],
    changes: list[tuple[int, Held[StatusChange]]],
    lists: list[tuple[int, Held[StatusList]]],
) -> _Told:
    withdrawing: list[tuple[int, Held[StatusChange | StatusList]]] = [
        *sorted(((since, one) for since, one in changes if one.value.change == "withdraw"), key=_order)[:1],
        *[(since, one) for since, one in lists if _bit(one.value.revocation, target)][:1],
    ]
    words: list[tuple[int, bool, Held[StatusChange | StatusList]]] = [
        (since, _SUSPENDS[one.value.change], one) for since, one in changes if one.value.change in _SUSPENDS
    ]
    for since, held in lists:
        is_set = _bit(held.value.suspension, target)
        if is_set or since < held.value.valid_until:
            words.append((since, is_set, held))
    words.reverse()  # of equals the first is to stand last
    words.sort(key=lambda word: word[:2])
    return _Told(
        withdrawals=tuple(withdrawing),
        words=words,
        reduced=[(since, one) for since, one in changes if one.value.change == "reduceScope"],
        refreshed=next(((since, one) for since, one in lists if _bit(one.value.refresh, target)), None),
        lists=lists,
        ends=list(accumulate((one.value.valid_until for _, one in lists), max)),
    )


def _order(said: tuple[int, Held[StatusChange]]) -> tuple[int, bytes]:
    return said[0], said[1].digest


def _begun(said: tuple[int, object]) -> int:
    return said[0]


def _withdrawn(target: Held[Dated], told: _Told, moment: int) -> Premise | None:
    for since, held in told.withdrawals:
        if since <= moment:
            by = "by its issuer since" if isinstance(held.value, StatusChange) else "by the status list of"
            return failed("WITHDRAWN", f"withdrawn {by} {written(since)}", target, held)
    return None


def _ambiguous(evidence: Evidence, target: Held[Dated], moment: int) -> Premise | None:
    sharing = evidence.sharing_index(target, moment)
    if sharing is None:
        return None
    detail = f"{target.issuer} gave the same place of its status list to another statement"
    return failed("STATUS_INDEX_REUSED", detail, target, sharing)


def _suspended(target: Held[Dated], told: _Told, moment: int) -> Premise | None:
    """Of all that speaks of suspension the last, at one time what suspends."""
    count = bisect_right(told.words, moment, key=lambda word: word[0])
    if not count or not told.words[count - 1][1]:
        return None
    last = told.words[count - 1][2]
    value = last.value
    if isinstance(value, StatusList):
        detail = f"suspended, by the status list of {written(last.begin(value.valid_from))}"
    else:
        detail = f"suspended by its issuer since {written(last.begin(value.effective))}"
        if value.until is not None and value.until <= moment:
            detail += f"; that was to end by {written(value.until)}, and no reinstatement is in the evidence"
    return failed("SUSPENDED", detail, target, last)


def _known(evidence: Evidence, target: Held[Dated], told: _Told, moment: int) -> Premise:
    reference = target.value.status
    if reference is None:
        detail = "it names no status list, so its status can never be known"
        return absent("STATUS_UNKNOWN", detail, target)
    count = bisect_right(told.lists, moment, key=_begun)
    for place in range(count - 1, -1, -1):
        if moment >= told.ends[place]:
            break
        since, held = told.lists[place]
        if moment < held.value.valid_until:
            until = written(held.value.valid_until)
            detail = (
                f"neither withdrawn nor suspended, by the status list from {written(since)} until {until}"
            )
            return passed("GOOD", detail, target, held)
    if count:
        ended = told.ends[count - 1]
        last = next(held for _, held in told.lists if held.value.valid_until == ended)
        detail = f"the last status list in the evidence ended at {written(ended)}"
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
