"""Decision: what the measures in force say of one transfer, line by line, and by which rules.

Format: docs/spec/decision.md; how it follows from the measures: docs/spec/deciding.md.  Signed by a machine or an
authority; the same transfer and measures make the same bytes of its subject anywhere.
"""

from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import BOOLEAN, DIGEST, REFERENCE, TIME, Code, Integer, Text
from ledger.statements.measure_rules import CITE, MOST_RULES, Cite, cite_of
from ledger.statements.measure_terms import ENGINE
from ledger.statements.reading import Kind, read_subject
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.transfer import MOST_LINES

ORDER: Final = (
    "free",
    "conditional",
    "mechanismRequired",
    "assessmentRequired",
    "indeterminate",
    "prohibited",
)
"""The outcomes, ascending: the strictest of several is the last of them."""
RULE_ERROR: Final = "rule-error"
"""The reason of a rule that could not be evaluated."""
MOST_MEASURES: Final = 256


class MeasureUsed(NamedTuple):
    """One of the measures that were in force."""

    digest: bytes
    number: str
    version: int


class Reason(NamedTuple):
    """A rule that decided, or could not be evaluated."""

    measure: bytes
    """Digest of the PolicyMeasure."""
    rule: str
    reason: str
    cite: Cite | None


class LineDecision(NamedTuple):
    """What one direction's measures say of one line."""

    line: int
    """Its number; 0: of a record without lines."""
    outcome: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    """Names of the facts that would have to be known."""


class SideDecision(NamedTuple):
    """What one direction's measures say."""

    outcome: str
    lines: tuple[LineDecision, ...]


class Decision(NamedTuple):
    """One decision; times are POSIX seconds."""

    transfer: bytes
    """Digest of the TransferRecord, 32 bytes."""
    at: int
    engine: str
    measures: tuple[MeasureUsed, ...]
    """Ascending by digest."""
    outcome: str
    outbound: SideDecision
    inbound: SideDecision | None
    """None: no measure of the destination was at hand."""
    mechanisms: tuple[str, ...]
    """By which it may cross, where one is required."""
    declared: bool | None
    """Whether the record's own mechanism is one of them; None: none is required."""
    conditions: tuple[str, ...]
    """What the rules that decide, or may, ask to be kept; ascending."""
    strictest: tuple[str, int]
    """(direction, line) that the outcome is of."""
    subject: dict[str, Any]


def strictest(outcomes: list[str]) -> str:
    """The strictest of one or more outcomes."""
    return max(outcomes, key=ORDER.index)


def _present(subject: dict[str, Any]) -> list[str]:
    return [name for name in ("inbound", "outbound") if name in subject]


@rule("measures")
def _measures_ascend(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    before = ""
    for index, used in enumerate(subject["measures"]):
        if used["digest"] <= before:
            detail = "measures ascend by digest, each once"
            found.append(Problem(f"{at}/measures/{index}/digest", "digest-order", detail))
        before = used["digest"]


@rule("measures", "outbound", "inbound")
def _reasons_are_of_measures_named(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    known = {used["digest"] for used in subject["measures"]}
    for direction in _present(subject):
        for number, line in enumerate(subject[direction]["lines"]):
            for index, reason in enumerate(line["reasons"]):
                if reason["measure"] not in known:
                    where = f"{at}/{direction}/lines/{number}/reasons/{index}/measure"
                    found.append(Problem(where, "measure-unknown", 'not one of "measures"'))


@rule("lines")
def _lines_ascend(side: dict[str, Any], at: str, found: list[Problem]) -> None:
    before = -1
    for index, line in enumerate(side["lines"]):
        if line["line"] <= before:
            detail = f"line numbers ascend; {line['line']} follows {before}"
            found.append(Problem(f"{at}/lines/{index}/line", "line-order", detail))
        before = line["line"]


@rule("outcome", "lines")
def _strictest_of_its_lines(side: dict[str, Any], at: str, found: list[Problem]) -> None:
    outcome = strictest([line["outcome"] for line in side["lines"]])
    if side["outcome"] != outcome:
        detail = f"the strictest of its lines is {outcome}"
        found.append(Problem(f"{at}/outcome", "outcome-conflict", detail))


@rule("outcome", "outbound", "inbound", "strictest")
def _strictest_of_its_sides(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    sides = {name: subject[name] for name in _present(subject)}
    outcome = strictest([side["outcome"] for side in sides.values()])
    if subject["outcome"] != outcome:
        detail = f"the strictest of its directions is {outcome}"
        found.append(Problem(f"{at}/outcome", "outcome-conflict", detail))
        return
    named = subject["strictest"]
    lines = sides.get(named["direction"], {"lines": ()})["lines"]
    if not any(line["line"] == named["line"] and line["outcome"] == outcome for line in lines):
        detail = f"no line of this direction and number has the outcome {outcome}"
        found.append(Problem(f"{at}/strictest", "outcome-conflict", detail))


@rule("outcome", "mechanisms", "declared")
def _mechanisms_where_required(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    required = subject["outcome"] == "mechanismRequired"
    for name in ("declared", "mechanisms"):
        if required and name not in subject:
            detail = f'member "{name}" is missing; the outcome mechanismRequired needs it'
            found.append(Problem(f"{at}/{name}", "member-missing", detail))
        elif not required and name in subject:
            detail = "given with the outcome mechanismRequired alone"
            found.append(Problem(f"{at}/{name}", "outcome-conflict", detail))


@rule("outcome", "conditions")
def _conditions_where_some_may_be(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    outcome = subject["outcome"]
    if outcome == "conditional" and "conditions" not in subject:
        detail = 'member "conditions" is missing; the outcome conditional needs it'
        found.append(Problem(f"{at}/conditions", "member-missing", detail))
    elif outcome == "free" and "conditions" in subject:
        found.append(Problem(f"{at}/conditions", "outcome-conflict", "given with the outcome free"))


_OUTCOME = Code("outcomes", lists.DECISION_OUTCOMES)
_REASON = Object(
    {
        "measure": DIGEST,
        "rule": REFERENCE,
        "reason": Code("reasons", lists.MEASURE_REASONS | {RULE_ERROR}),
    },
    {"cite": CITE},
)
_LINE = Object(
    {
        "line": Integer(0, 1_000_000),
        "outcome": _OUTCOME,
        "reasons": Array(_REASON, 0, MOST_RULES),
    },
    {
        "missing": Array(
            Text("the name of a fact", r"[a-z][A-Za-z]{0,31}(?:\.[a-z][A-Za-z]{0,31}){0,3}", 128),
            1,
            64,
            unique=True,
        )
    },
)
_SIDE = Object(
    {"outcome": _OUTCOME, "lines": Array(_LINE, 1, MOST_LINES)},
    rules=(_lines_ascend, _strictest_of_its_lines),
)
SHAPE = Object(
    {
        "transfer": DIGEST,
        "at": TIME,
        "engine": ENGINE,
        "measures": Array(
            Object({"digest": DIGEST, "number": REFERENCE, "version": Integer(1)}), 0, MOST_MEASURES
        ),
        "outcome": _OUTCOME,
        "outbound": _SIDE,
        "strictest": Object(
            {"direction": Code("directions", lists.DIRECTIONS), "line": Integer(0, 1_000_000)}
        ),
    },
    {
        "inbound": _SIDE,
        "mechanisms": Array(Code("mechanisms", lists.MECHANISMS), 0, 32, unique=True),
        "declared": BOOLEAN,
        "conditions": Array(Code("conditions", lists.MEASURE_CONDITIONS), 1, 32, unique=True),
    },
    rules=(
        _measures_ascend,
        _reasons_are_of_measures_named,
        _strictest_of_its_sides,
        _mechanisms_where_required,
        _conditions_where_some_may_be,
    ),
    note="What the measures in force say of one transfer.",
)
KIND = Kind("Decision", ("machine", "authority"), SHAPE)


def read(statement: Statement, *, screened: bool = True) -> Decision:
    """The decision that a statement holds; says nothing about whether it follows from the measures.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    return decision_of(read_subject(KIND, statement, screened=screened))


def decision_of(subject: dict[str, Any]) -> Decision:
    """The decision of a subject that `SHAPE` found in order."""
    return Decision(
        transfer=bytes.fromhex(subject["transfer"]),
        at=parse_time(subject["at"]),
        engine=subject["engine"],
        measures=tuple(
            MeasureUsed(bytes.fromhex(used["digest"]), used["number"], used["version"])
            for used in subject["measures"]
        ),
        outcome=subject["outcome"],
        outbound=_side(subject["outbound"]),
        inbound=_side(subject["inbound"]) if "inbound" in subject else None,
        mechanisms=tuple(subject.get("mechanisms", ())),
        declared=subject.get("declared"),
        conditions=tuple(subject.get("conditions", ())),
        strictest=(subject["strictest"]["direction"], subject["strictest"]["line"]),
        subject=subject,
    )


def _side(value: dict[str, Any]) -> SideDecision:
    return SideDecision(
        value["outcome"],
        tuple(
            LineDecision(
                line["line"],
                line["outcome"],
                tuple(_reason(reason) for reason in line["reasons"]),
                tuple(line.get("missing", ())),
            )
            for line in value["lines"]
        ),
    )


def _reason(value: dict[str, Any]) -> Reason:
    cite = cite_of(value["cite"]) if "cite" in value else None
    return Reason(bytes.fromhex(value["measure"]), value["rule"], value["reason"], cite)
