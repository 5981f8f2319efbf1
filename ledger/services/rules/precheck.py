"""A precheck at a node: of a draft that is not kept, by the measures of its log or by those that ship.

Content: docs/spec/precheck.md.
"""

from functools import cache
from typing import Any, Literal

from ledger.core.times import parse_time
from ledger.services.drafting.drafts import read_document
from ledger.services.registration.deciding import MeasureBook
from ledger.services.rules.shipped_measures import Held, shipped
from ledger.statements.deciding.draft import draft_of
from ledger.statements.deciding.precheck import precheck
from ledger.statements.reading import SUBJECT
from ledger.statements.shape import StatementInvalidError

Source = Literal["log", "shipped"]


def precheck_of(
    data: bytes, book: MeasureBook, *, now: int, at: int | None = None, by: Source | None = None
) -> dict[str, Any]:
    """What measures say of a draft, as JSON; each measure with where it is from.

    Args:
        data: A draft, a signed record, or the subject of one.
        book: The measures of the log.
        now: POSIX seconds.
        at: When it is to cross; None: the start of its window, else now.
        by: Whose measures; None: those of the log where it has any, else those that ship.

    Raises:
        MalformedError: It is no JSON, or is not in order.
        RefusedError: `decision-too-large`.
        StoreError: `measure-unreadable`: one of the log.
    """
    document = read_document(data, what="draft")
    subject, found = draft_of(document.get("credentialSubject", document))
    if found:
        placed = [one._replace(pointer=f"{SUBJECT}{one.pointer}") for one in found]
        raise StatementInvalidError("the draft", placed)
    if at is None:
        start = subject.get("window", {}).get("start")
        at = now if start is None else parse_time(start)
    measures = [] if by == "shipped" else list(book.at_hand(now).require_readable())
    source: Source = "log" if by == "log" or measures else "shipped"
    held = {} if source == "log" else {one.ready.digest.hex(): one for one in _shipped()}
    at_hand = measures if source == "log" else [one.ready for one in held.values()]
    made: dict[str, Any] = precheck(subject, at_hand, at=at).subject()
    for measure in made["measures"]:
        said = held.get(measure["digest"])
        measure |= {"source": "of this log" if said is None else said.said, "shipped": said is not None}
    return {**made, "by": source}


@cache
def _shipped() -> tuple[Held, ...]:
    return tuple(shipped())
