"""The console's views of rules: the measures of this log, what they would say of a transfer, and what flows."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.access import Reader, ReaderDep
from api.console.forms import fields_of
from api.deps import NodeDep, read_body
from api.limiting import limited
from api.routes.console import LIMITED, view
from api.routes.transfers import After
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.times import format_time, parse_time
from ledger.errors import LedgerError
from ledger.services.console.exploring import (
    LONGEST,
    NAMES,
    QUESTIONS,
    Explored,
    Source,
    at_hand,
    draft_of_answers,
    draft_of_document,
    explore,
)
from ledger.services.console.flows import FlowCounter
from ledger.services.node.assembly import Node
from ledger.services.rules.measured import measured
from ledger.services.rules.precheck_text import codes_of
from ledger.services.statistics.cells import THRESHOLD
from ledger.statements.deciding.precheck import pointer_of

EXPLORED: Final = 60
"""Questions that one address may ask in a minute; each tries every fact."""
FORM_LIMIT: Final = 2 * STATEMENT_LIMIT
_FIRST_YEAR: Final = 1_970
_LISTS: Final = tuple(question.codes for question in QUESTIONS if question.codes)
_EXPLORING: Final = [Depends(limited("console exploring", EXPLORED))]
_WHOLE: Final = "/console/precheck"
router = APIRouter(include_in_schema=False)


@router.get("/console/flows", dependencies=LIMITED)
def flows(
    request: Request, node: NodeDep, reader: ReaderDep, year: Annotated[str, Query(max_length=8)] = ""
) -> Response:
    """What was sent and received in a year, by partner, for whoever may see the whole log."""
    latest = int(format_time(int(node.clock()))[:4])
    asked = int(year) if year.isascii() and year.isdigit() else latest
    asked = min(max(asked, _FIRST_YEAR), latest)
    shown = None
    if reader.whole:
        counter: FlowCounter | None = getattr(request.app.state, "flows", None)
        if counter is None:
            counter = FlowCounter(
                node.statements, node.home.settings.jurisdiction, node.mirror.jurisdiction_of
            )
            request.app.state.flows = counter
        shown = counter.of(asked, node.log.head.size)
    return view("flows.html", node, reader, flows=shown, year=asked, latest=latest, threshold=THRESHOLD)


@router.get("/console/measures", dependencies=LIMITED)
def measures(node: NodeDep, reader: ReaderDep, after: After = -1) -> Response:
    """The measures of this log with their times and flags, which everybody may read."""
    page = measured(node.shelf, now=int(node.clock()), after=after)
    return view("measures.html", node, reader, page=page, is_first=after < 0)


def questions(node: NodeDep, reader: ReaderDep, **given: str) -> Response:
    """Answers to questions about a transfer, and what measures would say of it."""
    asked = {name.replace("_", "-"): value for name, value in given.items() if value.strip()}
    source = _source(asked.pop("by", None), node)
    explored = trouble = None
    if asked.keys() - {"at"}:
        try:
            explored = explore(
                draft_of_answers(asked),
                at_hand(source, node.measures, int(node.clock())),
                at=_at(asked.get("at", ""), node),
                answers={**asked, "by": source},
            )
        except LedgerError as error:
            trouble = error
    return _explored(node, reader, source, explored, answers=asked, trouble=trouble)


def _with_parameters(route: Callable[..., Response]) -> Callable[..., Response]:
    """The route with a parameter for each question, as the framework reads them."""
    own = [one for one in signature(route).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    asked = [
        Parameter(
            name.replace("-", "_"),
            Parameter.KEYWORD_ONLY,
            default="",
            annotation=Annotated[str, Query(alias=name, max_length=LONGEST)],
        )
        for name in (*(question.name for question in QUESTIONS), "by", "at")
    ]
    route.__signature__ = Signature([*own, *asked])  # type: ignore[attr-defined]  # as inspect reads it
    return route


router.get(_WHOLE, dependencies=_EXPLORING)(_with_parameters(questions))


@router.post(_WHOLE, dependencies=_EXPLORING)
async def draft(request: Request, node: NodeDep, reader: ReaderDep) -> Response:
    """A whole draft, pasted or as a file, and what measures would say of it."""
    body = await read_body(request.receive, limit=FORM_LIMIT, what="form")
    return await run_in_threadpool(_draft, request.headers.get("content-type", ""), body, node, reader)


def _draft(kind: str, body: bytes, node: Node, reader: Reader) -> Response:
    pasted, source = "", _source(None, node)
    try:
        fields = fields_of(kind, body)
        text = fields.get("file", b"").strip() or fields.get("draft", b"").strip()
        pasted = text.decode("utf-8", "replace")
        source = _source(fields.get("by", b"").decode("utf-8", "replace"), node)
        subject = draft_of_document(text)
        start = subject.get("window", {}).get("start") if isinstance(subject.get("window"), dict) else None
        at = parse_time(start) if isinstance(start, str) and not start.startswith("<") else int(node.clock())
        explored = explore(subject, at_hand(source, node.measures, int(node.clock())), at=at)
    except LedgerError as error:
        return _explored(node, reader, source, None, pasted=pasted, trouble=error)
    return _explored(node, reader, source, explored, pasted=pasted)


def _explored(
    node: Node,
    reader: Reader,
    source: Source,
    explored: Explored | None,
    *,
    answers: Mapping[str, str] | None = None,
    pasted: str = "",
    trouble: LedgerError | None = None,
) -> Response:
    numbers: dict[str, Any] = {}
    if explored is not None and explored.checked is not None:
        numbers = {one["digest"]: one["number"] for one in explored.checked["measures"]}
    places = {f"/lines/0/{'/'.join(one.path)}": one.name for one in QUESTIONS}
    places |= {"/" + "/".join(one.path): one.name for one in QUESTIONS}
    places |= {found: one.name for one in QUESTIONS if (found := pointer_of(one.fact)) is not None}
    return view(
        "precheck.html",
        node,
        reader,
        explored=explored,
        answers=answers or {},
        source=source,
        pasted=pasted,
        trouble=trouble,
        numbers=numbers,
        facts={name: fact for fact, name in NAMES.items()},
        names=NAMES if answers is not None else {},
        places=places if answers is not None else {},
        lists={name: codes_of(name) for name in _LISTS},
    )


def _source(asked: str | None, node: Node) -> Source:
    """By which measures: as asked, else those of the log where it has any, though none of them can be read."""
    if asked in {"log", "shipped"}:
        return "log" if asked == "log" else "shipped"
    held = node.measures.at_hand(int(node.clock()))
    return "log" if held.trouble is not None or any(True for _ in held.measures) else "shipped"


def _at(day: str, node: Node) -> int:
    try:
        return parse_time(f"{day}T12:00:00Z") if day else int(node.clock())
    except LedgerError:
        return int(node.clock())
