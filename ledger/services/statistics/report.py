"""The yearly report of a log: made of counts, the same bytes for the same log, and checked by making it again.

Format: docs/spec/report.md, `evidence-statistics/1`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import merge
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode, decode_checked, encode
from ledger.errors import MalformedError, RefusedError, VerificationError
from ledger.services.statistics.cells import THRESHOLD, Cell, Key, table_of, unless_overlapping
from ledger.services.statistics.counting import TYPES, Counting, Given, MaySay, Seen, span_of
from ledger.store.statements import Statements, StoredStatement

FORMAT: Final = "evidence-statistics/1"
FIRST_YEAR, LAST_YEAR = 1_970, 9_998
MOST_OFFSET: Final = 14 * 3_600
_NAMES: Final = {
    "routes": ("from", "to"),
    "outcomes": ("outcome",),
    "categories": ("category",),
    "grades": ("grade",),
    "scenarios": ("scheme", "code"),
}
_DISJOINT: Final = frozenset({"routes", "outcomes", "acknowledgements"})
"""Attributes of which a record has one."""


class State(NamedTuple):
    """Of which log, and how far: the report is about its first `size` entries, whose tree has this root."""

    jurisdiction: str
    origin: str
    size: int
    root: bytes


class Asked(NamedTuple):
    """A calendar year, by clocks that are `offset` seconds east of UTC, whole minutes."""

    year: int
    offset: int = 0


def given_of(stored: StoredStatement) -> Given:
    """A registered statement as it is counted."""
    document: Any = decode_checked(stored.body)
    return Given(
        stored.index,
        stored.digest,
        stored.type,
        stored.issuer,
        stored.created,
        document["credentialSubject"],
    )


def finder(statements: Statements) -> Callable[[bytes], Given | None]:
    """Finds statements by digest, for `Counting`."""

    def find(digest: bytes) -> Given | None:
        stored = statements.by_digest(digest)
        return None if stored is None else given_of(stored)

    return find


def sayer(statements: Statements, jurisdiction: str) -> MaySay:
    """Whose decisions about a record count, for `Counting`: those that step 11 would count, as far as a log tells.

    They are by the record's exporter or importer, where it is of the log's jurisdiction, and by an authority of the
    log's jurisdiction, where one of both is.  A log has nobody's statements but those of who was enrolled before and
    of its authorities, which trust lists name.

    Args:
        jurisdiction: Of the log.

    Cost: a look-up for each issuer that is neither exporter nor importer, once; of an authority, for each decision.
    """
    known: dict[str, int] = {}

    def enrolled(issuer: str) -> int | None:
        if issuer not in known and (about := statements.about_party(issuer)):
            known[issuer] = about[0].index
        return known.get(issuer)  # who is not yet may be later

    def may_say(decision: Given, record: Given) -> bool:
        own = [
            record.subject[side]
            for side in ("exporter", "importer")
            if record.subject[side]["jurisdiction"] == jurisdiction
        ]
        if any(party["did"] == decision.issuer for party in own):
            return True
        first = enrolled(decision.issuer)
        return bool(own) and (first is None or first > decision.place)

    return may_say


def given(statements: Statements, *, first: int = 0, size: int) -> Iterator[Given]:
    """What is counted of the entries from `first` to `size`, excluded, in the order of the log; read in pages."""
    kinds = [_of_type(statements, kind, first, size) for kind in TYPES]
    return map(given_of, merge(*kinds, key=attrgetter("index")))


def _of_type(statements: Statements, kind: str, first: int, size: int) -> Iterator[StoredStatement]:
    while page := statements.of_type(kind, first=first):
        for stored in page:
            if stored.index >= size:
                return
            yield stored
        first = page[-1].index + 1


def made(statements: Statements, state: State, asked: Asked) -> bytes:
    """The report's canonical bytes.

    Cost: reads every statement of the types that are counted once, and each that is decided about or replaced again;
    in memory, some 120 bytes for each record of the year.
    """
    may_say = sayer(statements, state.jurisdiction)
    counting = Counting(span_of(asked.year, asked.offset), finder(statements), may_say)
    counting.extend(given(statements, size=state.size))
    return encode(subject_of(counting, state, asked), what="report")


def subject_of(counting: Counting, state: State, asked: Asked) -> dict[str, Json]:
    """The report of what was counted."""
    return {
        "format": FORMAT,
        "jurisdiction": state.jurisdiction,
        "log": {"origin": state.origin, "size": state.size, "root": state.root.hex()},
        "year": asked.year,
        "offset": written_offset(asked.offset),
        "threshold": THRESHOLD,
        "inputs": counting.inputs.root().hex(),
        "records": _told(counting.total, counting.total),
        "acknowledgements": _acknowledgements(counting),
        **{name: told_table(counting, name) for name in _NAMES},
        "measures": [_measure(counting.measures[digest]) for digest in sorted(counting.measures)],
    }


def told_table(counting: Counting, name: str) -> dict[str, Json]:
    """The table of one attribute, without what is small."""
    table = table_of(counting.tables[name], disjoint=name in _DISJOINT)
    if name not in _DISJOINT:
        table = unless_overlapping(table, counting.total.records)
    rows: list[Json] = [_row(name, row.key, row.cell) for row in table.rows]
    made: dict[str, Json] = {"rows": rows}
    if table.other is not None:
        other = _told(table.other, counting.total)
        if name not in _DISJOINT:
            del other["records"]  # one record may be in several cells
        made["other"] = other
    return made


def _row(name: str, key: Key, cell: Cell) -> dict[str, Json]:
    return {**dict(zip(_NAMES[name], key, strict=True)), **_told(cell)}


def _told(cell: Cell, total: Cell | None = None) -> dict[str, Json]:
    """A cell; what it says of too few records is left out, where these are all that there are."""
    told: dict[str, Json] = {"records": cell.records}
    if total is None or not 0 < total.records < THRESHOLD:
        told["lines"] = cell.lines
        if total is None or not 0 < total.counting < THRESHOLD:
            told["persons"] = cell.persons
    return told


def _acknowledgements(counting: Counting) -> dict[str, Json]:
    table = table_of(counting.tables["acknowledgements"], disjoint=True)
    made: dict[str, Json] = {
        "records": counting.acknowledged,
        "rows": [{"outcome": row.key[0], "records": row.cell.records} for row in table.rows],
    }
    if table.other is not None:
        made["other"] = {"records": table.other.records}
    return made


def _measure(seen: Seen) -> dict[str, Json]:
    """What a measure says of itself, and how often each code was found in it and answered; measures are public."""
    subject = seen.given.subject
    made: dict[str, Json] = {"digest": seen.given.digest.hex()}
    made |= {
        name: subject[name]
        for name in (
            "number",
            "version",
            "supersedes",
            "kind",
            "publishedAt",
            "effectiveFrom",
            "effectiveUntil",
        )
        if name in subject
    }
    made["applies"] = subject["applies"]
    found = Counter(one["code"] for review in seen.reviews.values() for one in review["findings"])
    answers = Counter((one["code"], one["answer"]) for review in seen.answers for one in review["findings"])
    made["reviews"] = len(seen.reviews)
    made["flags"] = [
        {
            "code": code,
            "findings": found[code],
            "answers": {answer: count for (of, answer), count in sorted(answers.items()) if of == code},
        }
        for code in sorted(found)
    ]
    return made


def check(held: bytes, statements: Statements, state_at: Callable[[int], State], head: int) -> dict[str, Any]:
    """Make a report again from the log, and compare; the report.

    Args:
        held: Its bytes.
        state_at: The state of the log at a size that it has reached.
        head: Its size now.

    Raises:
        MalformedError: `report-invalid`; or it is not canonical JSON.
        RefusedError: `report-of-another-log`: of another log, or of entries that this one does not have yet.
        VerificationError: `report-differs`, with the pointer of the first difference.
    """
    report: Any = decode(held.rstrip(b"\n"), limit=BUNDLE_LIMIT, what="report")
    asked, size = _asked(report)
    if size > head:
        raise RefusedError(
            f"the report is about {size} entries of a log; this one has {head}", code="report-of-another-log"
        )
    state = state_at(size)
    if report["log"] != {"origin": state.origin, "size": size, "root": state.root.hex()}:
        raise RefusedError(
            f"the report is about another log than {state.origin} as it was at {size} entries",
            code="report-of-another-log",
        )
    again = made(statements, state, asked)
    if again != held.rstrip(b"\n"):
        pointer = difference(report, decode_checked(again))
        raise VerificationError(
            f"the report differs at {pointer} from what the log's entries say",
            code="report-differs",
            pointer=pointer,
        )
    return dict(report)


def _asked(report: Any) -> tuple[Asked, int]:
    """Of what a report says that it is."""
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise MalformedError(
            f"the report has not the format {FORMAT}", code="report-invalid", pointer="/format"
        )
    log, year = report.get("log"), report.get("year")
    size = log.get("size") if isinstance(log, dict) else None
    if type(size) is not int or size < 0:
        raise MalformedError("the report names no size of a log", code="report-invalid", pointer="/log/size")
    if type(year) is not int or not FIRST_YEAR <= year <= LAST_YEAR:
        raise MalformedError("the report names no year", code="report-invalid", pointer="/year")
    return Asked(year, offset_of(report.get("offset"))), size


def written_offset(offset: int) -> str:
    """A difference from UTC as it is written, e.g. +08:00."""
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 3_600:02}:{abs(offset) % 3_600 // 60:02}"


def offset_of(written: object) -> int:
    """The seconds of a written difference from UTC.

    Raises:
        MalformedError: `report-invalid`: it is written otherwise, or beyond 14 hours.
    """
    if isinstance(written, str) and len(written) == len("+00:00") and written.isascii():
        hours, minutes = written[1:3], written[4:]
        if hours.isdigit() and minutes.isdigit():
            offset = (int(hours) * 3_600 + int(minutes) * 60) * (-1 if written[0] == "-" else 1)
            if abs(offset) <= MOST_OFFSET and written_offset(offset) == written:
                return offset
    raise MalformedError(
        "the difference from UTC is not written as +08:00 is", code="report-invalid", pointer="/offset"
    )


def difference(one: Any, other: Any, at: str = "") -> str:
    """JSON pointer of the first place where two values differ; "" for the whole."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name not in one or name not in other:
                return f"{at}/{name}"
            if one[name] != other[name]:
                return difference(one[name], other[name], f"{at}/{name}")
    elif isinstance(one, list) and isinstance(other, list):
        for place, (left, right) in enumerate(zip(one, other, strict=False)):
            if left != right:
                return difference(left, right, f"{at}/{place}")
        if len(one) != len(other):
            return f"{at}/{min(len(one), len(other))}"
    return at
