"""What others say of a published measure: endorsements of joint ones, the authority's answers, observations."""

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.finding import found_statement
from ledger.cli.issuing import Kept, issuer, require_free, show_issued
from ledger.cli.options import AsJson, Key, NodeUrl, command, time_of
from ledger.core.times import format_time
from ledger.errors import MalformedError
from ledger.services.rules.reviewing import finding_json
from ledger.statements.codes import FINDING_ANSWERS, OBSERVATION_KINDS
from ledger.statements.measure_review import MeasureReview
from ledger.statements.measure_review import read as read_review

_MEASURE: Final = "PolicyMeasure"
Named = Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="The signed measure, or its digest.")]


def add_to(app: typer.Typer) -> None:
    """Declare the commands."""
    _add_endorse(app)
    _add_answer(app)
    _add_observe(app)


def _add_endorse(app: typer.Typer) -> None:
    @command(
        app,
        "endorse",
        purpose="Say, as one of the authorities that a joint measure names, that it is published by them too.",
        runs="anywhere",
        example="evidence measure endorse measure.signed.json --key second-authority.key --jurisdiction XA"
        " --node http://127.0.0.1:8151",
        more="A joint measure counts once as many endorsed it as it says itself.",
    )
    def endorse(
        *,
        measure: Named,
        key: Key,
        node: NodeUrl,
        jurisdiction: Annotated[
            str, typer.Option(metavar="CODE", help="Country of the authority that endorses.")
        ],
        since: Annotated[
            str | None, typer.Option("--from", metavar="TIME", help="From when it counts; else now.")
        ] = None,
        out: Kept = None,
        as_json: AsJson = False,
    ) -> int:
        begins = int(time.time()) if since is None else time_of(since, "--from")
        said = {"role": "jointMeasure", "jurisdiction": jurisdiction, "from": format_time(begins)}
        return _say("Endorsement", "statement", measure, (_MEASURE,), said, key, node, out, as_json=as_json)


def _add_answer(app: typer.Typer) -> None:
    @command(
        app,
        "answer",
        purpose="Answer a finding of a review, as the authority of the measure, and register that.",
        runs="anywhere",
        example=f"evidence measure answer {'0' * 64} --code TR-1 --answer disputed --detail 'In the gazette before'"
        " --key authority.key --node http://127.0.0.1:8151",
        more="The review is named by its digest, which measure show tells. Without --code all its findings are answered"
        f" alike. Answers are {', '.join(sorted(FINDING_ANSWERS))}.",
    )
    def answer(
        *,
        review: Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="The review.")],
        answered: Annotated[str, typer.Option("--answer", metavar="CODE", help="What is answered.")],
        key: Key,
        node: NodeUrl,
        code: Annotated[str | None, typer.Option(metavar="CODE", help="Only findings of this code.")] = None,
        rule: Annotated[str | None, typer.Option(metavar="ID", help="Only findings about this rule.")] = None,
        detail: Annotated[str | None, typer.Option(metavar="TEXT", help="In words.")] = None,
        out: Kept = None,
        as_json: AsJson = False,
    ) -> int:
        if answered not in FINDING_ANSWERS:
            raise typer.BadParameter(f"--answer is one of {', '.join(sorted(FINDING_ANSWERS))}")
        require_free(out)
        with issuer(key, node) as by:
            held = found_statement(review, ("MeasureReview",), by.node)
            read = read_review(held, screened=False)
            now = int(time.time())
            subject = {
                "measure": read.measure.hex(),
                "at": format_time(now),
                "answers": held.digest.hex(),
                "findings": _answered(read, answered, code, rule, detail),
            }
            statement = by.sign("MeasureReview", subject, now=now)
            by.register([statement])
        show_issued(statement, "answer registered", out, as_json=as_json)
        return output.DONE


def _answered(
    read: MeasureReview, answered: str, code: str | None, rule: str | None, detail: str | None
) -> list[dict[str, Any]]:
    """The findings meant, each with its answer.

    Raises:
        MalformedError: `finding-unknown`: the review has none of these.
    """
    meant = [one for one in read.findings if code in (None, one.code) and rule in (None, one.rule)]
    if not meant:
        raise MalformedError("the review has no such finding", code="finding-unknown")
    told = [{**finding_json(one), "answer": answered} for one in meant]
    return told if detail is None else [{**one, "detail": detail} for one in told]


def _add_observe(app: typer.Typer) -> None:
    @command(
        app,
        "observe",
        purpose="Say, as an observer, what is to be said of a measure or of a review, and register that.",
        runs="anywhere",
        example="evidence measure observe measure.signed.json --kind unequalTreatment --pointer /relations/0"
        " --detail 'XC has the same law' --key observer.key --node http://127.0.0.1:8151",
        more=f"It changes nothing, and stands beside. Kinds are {', '.join(sorted(OBSERVATION_KINDS))}.",
    )
    def observe(
        *,
        about: Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="The measure or the review.")],
        kind: Annotated[str, typer.Option(metavar="CODE", help="Kind of observation.")],
        key: Key,
        node: NodeUrl,
        pointer: Annotated[
            str | None, typer.Option(metavar="POINTER", help="Which member it is about.")
        ] = None,
        detail: Annotated[str | None, typer.Option(metavar="TEXT", help="In words.")] = None,
        out: Kept = None,
        as_json: AsJson = False,
    ) -> int:
        if kind not in OBSERVATION_KINDS:
            raise typer.BadParameter(f"--kind is one of {', '.join(sorted(OBSERVATION_KINDS))}")
        said = {"kind": kind, "at": format_time(int(time.time()))}
        further = {"pointer": pointer, "detail": detail}
        said |= {name: value for name, value in further.items() if value is not None}
        kinds = (_MEASURE, "MeasureReview")
        return _say("Observation", "statement", about, kinds, said, key, node, out, as_json=as_json)


def _say(
    kind: str,
    member: str,
    about: str,
    kinds: tuple[str, ...],
    said: dict[str, Any],
    key: Path,
    node: str,
    out: Path | None,
    *,
    as_json: bool,
) -> int:
    """Sign and register what is said of a statement; the exit status.

    Args:
        kind: Type of what is signed.
        member: Which of its members names what it is about.
        about: A file or a digest.
        kinds: Types that it may be of.
        said: The other members.
    """
    require_free(out)
    with issuer(key, node) as by:
        subject = {member: found_statement(about, kinds, by.node).digest.hex(), **said}
        statement = by.sign(kind, subject, now=int(time.time()))
        by.register([statement])
    show_issued(statement, f"{kind} registered", out, as_json=as_json)
    return output.DONE
