"""When a section's statements are proven to have existed, and who proves it: witnesses, attesters, or seals.

Each of them alone is a time by which the statements existed, so the earliest counts.  The word of the log's own
operator, about its log or about its chain, is never among them.

Source: docs/spec/trust-list.md, "Proven time".
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.times import format_time
from ledger.errors import MalformedError
from ledger.verify.anchors import AnchorResult
from ledger.verify.keyrule import CLOCK_DRIFT, Times
from ledger.verify.notes import Witnessing


class Proven(NamedTuple):
    """The times of a section, by whom, and of which grade: `witnessed`, `attested`, `sealed` or `claimed only`.

    Attributes:
        by: Organisations; of seals, the chain whose validators they are.
    """

    times: Times = Times()
    by: tuple[str, ...] = ()
    grade: str = "claimed only"


def require_past(at: int | None, now: int) -> None:
    """Refuse a question about a time to come: what will be said until then is in no evidence.

    Raises:
        MalformedError: `at-in-future`.
    """
    if at is not None and at > now:
        raise MalformedError(
            f"the status is asked for {format_time(at)}, which is still to come; it is {format_time(now)} now,"
            " and a time up to now is required",
            code="at-in-future",
        )


def prove_time(
    witnessing: Witnessing | None, quorum: int, anchors: Sequence[AnchorResult], operator: str, now: int
) -> Proven:
    """The times of a section that stands.

    Args:
        witnessing: Of its checkpoint.
        quorum: Organisations of witnesses that the trust list asks for; with 0 none of them proves a time.
        anchors: Every anchor that was checked.
        operator: The organisation that runs the log.
        now: The verifier's clock; a time well after it proves nothing.
    """
    candidates: list[tuple[int, tuple[str, ...], str]] = []
    told: list[int] = []
    witnessed = witnessing.proven(quorum) if witnessing is not None else None
    if witnessed is not None:
        candidates.append((*witnessed, "witnessed"))
    for anchor in anchors:
        judged, time = anchor.judged, anchor.block_time
        if judged is None or judged.grade is None or time is None:
            continue
        by = judged.independent_of(operator)
        if not by:
            told.append(time)
        elif time <= now + CLOCK_DRIFT:
            candidates.append((time, by, judged.grade))
    earliest = min(candidates, key=lambda one: one[0], default=None)
    by_operator = min(told, default=None)
    if earliest is None:
        return Proven(Times(operator=by_operator))
    time, by, grade = earliest
    return Proven(Times(proven=time, operator=by_operator), by, grade)
