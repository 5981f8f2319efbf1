"""`evidence arrangement show`: what the text says, and who is in force with whom, since when."""

import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, cast

import typer

from ledger.cli import output
from ledger.cli.believing import Trust, believed
from ledger.cli.gathered import evidence_on, statement_in
from ledger.cli.options import AsJson, OptionalNodeUrl, command, time_of
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import SetupError
from ledger.remote.exchange import plain
from ledger.statements.arrangement import RecognitionArrangement, read
from ledger.statements.endorsement import Endorsement
from ledger.statements.premises.arrangement import Sides, arrangement_between
from ledger.statements.premises.evidence import Evidence, Held
from ledger.statements.recognition import moments
from ledger.verify.bundle import kind_of
from ledger.verify.evidence import authenticated

KIND: Final = "RecognitionArrangement"
_WIDEST: Final = 8
"""Sides up to which the table is shown; the pairs are always told."""
_SHORT: Final = {
    "IN_FORCE": "in force",
    "ARRANGEMENT_DENOUNCED": "denounced",
    "ARRANGEMENT_NOT_ENDORSED": "not endorsed",
    "ARRANGEMENT_NOT_IN_FORCE": "not in force",
    "NOT_A_PARTY": "no party",
    "NO_LEGAL_BASIS": "not binding",
}


class Pair(NamedTuple):
    """Two sides, and whether the text is in force between them."""

    sides: tuple[str, str]
    code: str
    outcome: str
    detail: str
    since: int | None
    """POSIX seconds; where it is in force."""

    def to_json(self) -> dict[str, Any]:
        """As a member of the answer."""
        since = None if self.since is None else format_time(self.since)
        return {
            "sides": list(self.sides),
            "inForce": self.outcome == "passed",
            "code": self.code,
            "outcome": self.outcome,
            "since": since,
            "detail": self.detail,
        }


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "show",
        purpose="Show an arrangement: what it says, and who is in force with whom at a time, and since when.",
        runs="anywhere",
        example="evidence arrangement show arrangement.signed.json --trust trust.json --node http://127.0.0.1:8151"
        " --with http://127.0.0.1:8152 --at 2027-01-01T00:00:00Z\n"
        "evidence arrangement show arrangement.evidence.json --trust trust.json",
        more="Who is in force with whom follows from the endorsements and denunciations in the bundle, or at the nodes,"
        " that the trust list makes authentic; of a text alone nothing but its words is shown.",
    )(show)


def show(
    *,
    text: Annotated[
        str, typer.Argument(metavar="FILE|DIGEST", help="A bundle, the signed text, or its digest.")
    ],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When; else now.")] = None,
    node: OptionalNodeUrl = None,
    partners: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL", help="A partner's node with its endorsement; again for more."),
    ] = None,
    trust: Trust = None,
    as_json: AsJson = False,
) -> int:
    """Show an arrangement."""
    now = int(time.time())
    moment = now if at is None else time_of(at, "--at")
    nodes = [] if node is None else [node, *(partners or [])]
    data = evidence_on(text, KIND, nodes, at=None, seconds=None)
    statement = statement_in(data, KIND)
    said = read(statement, screened=False)
    told: dict[str, Any] = {"digest": statement.digest.hex(), "subject": dict(statement.subject)}
    lines = list(_text_lines(statement, said))
    found = None if kind_of(data) == "statement" else _judged(data, trust, min(moment, now), now)
    if found is None:
        told["pairs"] = None
        lines.append("who is in force with whom was not looked at: that takes its bundle and a trust list")
    else:
        told |= {"at": format_time(moment), "pairs": [pair.to_json() for pair in found]}
        lines += _pair_lines(found, moment)
    output.show(told, [plain(line) for line in lines], as_json=as_json)
    return output.DONE


def _judged(data: bytes, trust: Path | None, moment: int, now: int) -> list[Pair] | None:
    try:
        listed, _ = believed(trust)
    except SetupError as error:
        if trust is not None or error.code != "trust-none":
            raise
        return None
    return pairs(data, listed, moment, now=now)


def pairs(data: bytes, trust: TrustList, moment: int, *, now: int) -> list[Pair]:
    """Every two sides of the arrangement that a bundle is about, and whether it is in force between them.

    Args:
        data: Its bundle.
        trust: Whom the verifier believes.
        moment: POSIX seconds.
        now: The verifier's clock.
    """
    found = authenticated(data, trust, now=now)
    evidence = Evidence(found.evidence, known=now, trust=trust, subject=found.bundle.subject)
    held = found.held(found.bundle.subject)
    is_text = held is not None and isinstance(held.value, RecognitionArrangement)
    text = cast("Held[RecognitionArrangement]", held) if is_text else None
    said = read(found.bundle.subject_item.statement, screened=False)
    return [
        _pair(evidence, text, Sides(near, other), moment)
        for near, other in combinations(sorted(_sides(said, found.evidence, found.bundle.subject)), 2)
    ]


def _sides(text: RecognitionArrangement, evidence: tuple[Held[object], ...], digest: bytes) -> set[str]:
    joined = {
        one.value.jurisdiction
        for one in evidence
        if isinstance(one.value, Endorsement) and one.value.statement == digest
    }
    return {party.jurisdiction for party in text.parties} | joined


def _pair(evidence: Evidence, text: Held[RecognitionArrangement] | None, sides: Sides, moment: int) -> Pair:
    premise = arrangement_between(evidence, text, sides, moment)
    since = None
    if premise.outcome == "passed":
        since = moment
        for earlier in reversed(moments(evidence, 0, moment + 1)):
            if arrangement_between(evidence, text, sides, earlier).outcome != "passed":
                break
            since = earlier
    return Pair((sides.near, sides.into), premise.code, premise.outcome, premise.detail, since)


def _text_lines(statement: Statement, text: RecognitionArrangement) -> Iterator[str]:
    binding = "binding" if text.binding else "not binding"
    yield f"{text.name}: {text.kind}, {binding}{', open to others' if text.accession else ''}"
    yield f"digest  {statement.digest.hex()}"
    for party in text.parties:
        until = "" if party.until is None else f" until {format_time(party.until)}"
        yield f"party   {party.jurisdiction}, {party.authority}, from {format_time(party.in_force_from)}{until}"
    yield f"covers  {', '.join(sorted(text.families))}; {', '.join(sorted(text.data_categories))}"
    for one in text.equivalences:
        arrow = "<->" if one.direction == "both" else "->"
        level = "" if one.minimum_level is None else f", level {one.minimum_level} at least"
        gaps = f", gaps: {', '.join(one.gaps)}" if one.gaps else ""
        yield f"equal   {one.a} {arrow} {one.b}{level}{gaps}"
    yield f"onward  {'not allowed' if text.onward_depth == 0 else f'to a depth of {text.onward_depth}'}"


def _pair_lines(found: list[Pair], moment: int) -> Iterator[str]:
    yield f"at {format_time(moment)}:"
    names = sorted({side for pair in found for side in pair.sides})
    if len(names) <= _WIDEST:
        told = {frozenset(pair.sides): _SHORT.get(pair.code, pair.code.lower()) for pair in found}
        rows = [("", *names)]
        rows += [(row, *(told.get(frozenset((row, column)), "") for column in names)) for row in names]
        yield from (f"  {line}".rstrip() for line in output.table(rows))
    for pair in found:
        since = "" if pair.since is None else f", since {format_time(pair.since)}"
        yield f"{pair.outcome:6}  {'-'.join(pair.sides)}  {pair.code}  {pair.detail}{since}"
