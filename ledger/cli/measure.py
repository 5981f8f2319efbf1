"""`evidence measure`: published rules: draft, check, lint, publish, endorse, follow, answer, observe."""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import calling, drafting, measure_said, output
from ledger.cli.documents import write_draft
from ledger.cli.finding import file_statement, found_statement, is_digest
from ledger.cli.issuing import Kept, issuer, read_draft, require_free, show_issued
from ledger.cli.options import AsJson, Key, NodeUrl, OptionalNodeUrl, command, noun, time_of
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_check, add_sign
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.times import parse_time
from ledger.errors import LedgerError, MalformedError
from ledger.remote.node import Item, NodeClient
from ledger.ruling import NOTICE_DAYS, Ruling
from ledger.services.drafting.drafts import new_draft, parse_setting, read_document, sign_draft, unanswered
from ledger.services.files import read_bounded
from ledger.services.ids import RANDOM_SIZE
from ledger.services.rules.measure_templates import measure_templates
from ledger.services.rules.precheck_text import code_words
from ledger.services.rules.reviewing import review_of
from ledger.services.rules.shipped_measures import digest_of
from ledger.statements.measure import SHAPE, PolicyMeasure, measure_of
from ledger.statements.shape import StatementInvalidError, problems

KIND: Final = "PolicyMeasure"
SIGNED: Final = Signed("measure", KIND, document="measure", signer="authority")

app = noun(
    "Measures, the rules of data that cross a border: draft, check, lint, publish, list, show, answer, observe."
)


@command(
    app,
    "new",
    purpose="Begin a draft of a measure from one that ships with the program, and say what is still to be filled in.",
    runs="anywhere",
    example="evidence measure new --list\nevidence measure new --template default-flows-freely --key authority.key"
    " --jurisdiction XA --out measure.json",
    more="Each that ships is somebody's reading of published law, and no legal advice: whoever publishes it answers for"
    " it. Whatever is not set stands in the draft as <what to fill in>, to be edited by hand.",
)
def new(
    *,
    template: Annotated[str | None, typer.Option(metavar="NAME", help="Measure; --list shows them.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the measures that ship and end.")] = False,
    key: OptionalKey = None,
    party: Annotated[str | None, typer.Option(metavar="DID", help="The authority, without a key.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Its country.")] = None,
    settings: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Begin a draft."""
    found = measure_templates()
    if listed:
        told = [{name: made[name] for name in ("name", "title", "about")} for made in found.values()]
        lines = [line for one in told for line in (f"{one['name']}: {one['title']}", f"    {one['about']}")]
        output.show({"templates": told}, lines, as_json=as_json)
        return output.DONE
    if template not in found:
        raise typer.BadParameter(f"--template NAME is one of {', '.join(found)}")
    did = drafting.holder_of(key, party)
    known = drafting.party_settings("authority", did=did, identifier=None, jurisdiction=jurisdiction)
    known += drafting.settings_of({"applies.jurisdiction": jurisdiction})
    with drafting.as_typed():
        wanted = [*known, *map(parse_setting, settings or [])]
        made = new_draft(found[template], wanted, now=int(time.time()), random=os.urandom(RANDOM_SIZE))
    blank, wrong = unanswered(made)
    write_draft(made, out)
    for one in (*blank, *wrong):
        output.say(f"{one.pointer}: {one.detail}")
    if out is not None:
        told_ = {"file": str(out), "id": made["id"], "template": template}
        output.show(told_, f"{out}: {len(blank)} to be filled in, {len(wrong)} wrong", as_json=as_json)
    return output.DONE


add_check(app, SIGNED)


@command(
    app,
    "lint",
    purpose="Name what a measure should be asked about: equal treatment, proportion, localisation, notice, vocabulary.",
    runs="anywhere",
    example="evidence measure lint measure.json\nevidence measure lint measure.json --language fr --strict",
    more="It flags and judges nothing: a flag may have a good answer. Notice is counted from the time that --proven"
    " says, or that the node of --node says its chain proves; never from what the measure says itself.",
    statuses="0 it was looked at, whatever was found; 1 with --strict: something was found, or the measure is not in"
    " order; 2 bad usage; 3 could not finish, so nothing is known.",
)
def lint(
    *,
    measure: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIGEST", help="Draft, signed, a bundle, or one that ships; or a digest."
        ),
    ],
    node: OptionalNodeUrl = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Of the review; else now.")] = None,
    proven: Annotated[str | None, typer.Option(metavar="TIME", help="When it was proven public.")] = None,
    notice_days: Annotated[
        int, typer.Option(min=0, max=3_650, help="Days of notice asked for.")
    ] = NOTICE_DAYS,
    languages: Annotated[
        list[str] | None,
        typer.Option("--language", metavar="CODE", help="Its text is asked for; again for more."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 where anything is found.")] = False,
    as_json: AsJson = False,
) -> int:
    """Lint a measure."""
    moment = int(time.time()) if at is None else time_of(at, "--at")
    public = None if proven is None else time_of(proven, "--proven")
    if node is None:
        digest, read = _read(measure, None)
    else:
        with calling.client(node) as client:
            digest, read = _read(measure, client)
            public = _proven(digest, client) if public is None else public
    ruling = Ruling(notice_days=notice_days, languages=tuple(languages or ()))
    made = review_of(digest, read, ruling, at=moment, proven=public)
    found = made["findings"]
    lines = [_finding(one) for one in found] or ["nothing was found"]
    if public is None:
        lines.append("since when it is public is not known: notice was not asked about (TR-1)")
    output.show(made, lines, as_json=as_json)
    return output.REFUSED if strict and found else output.DONE


add_sign(app, SIGNED)


@command(
    app,
    "publish",
    purpose="Sign a measure as its authority and register it; one that is signed already is registered as it is.",
    runs="anywhere",
    example="evidence measure publish measure.json --key authority.key --node http://127.0.0.1:8151",
    more="What lint finds in it is told, and holds up nothing. Each version of a measure stands once.",
)
def publish(
    *,
    draft: Annotated[Path, typer.Argument(metavar="FILE", help="As new wrote it, filled in; or signed.")],
    key: Key,
    node: NodeUrl,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Publish a measure."""
    require_free(out)
    document = read_draft(draft, KIND)
    now = int(time.time())
    with issuer(key, node) as by:
        statement = (
            file_statement(str(draft)) if "proof" in document else sign_draft(document, by.key, now=now)
        )
        assert statement is not None
        subject: Any = statement.subject
        for one in review_of(statement.digest, measure_of(subject), Ruling(), at=now, proven=now)["findings"]:
            output.say(f"to be asked: {_finding(one)}")
        by.register([statement])
    show_issued(
        statement, f"measure {subject['number']} version {subject['version']} published", out, as_json=as_json
    )
    return output.DONE


@command(
    app,
    "list",
    purpose="List the measures of a node's log, with their state and how many flags they have.",
    runs="anywhere",
    example="evidence measure list --node http://127.0.0.1:8151 --state inForce --direction outbound",
)
def list_(
    *,
    node: NodeUrl,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Of their state; else now.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this country.")] = None,
    direction: Annotated[str | None, typer.Option(help="outbound or inbound.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="CODE", help="negativeList, generalList, …")] = None,
    number: Annotated[str | None, typer.Option(metavar="NUMBER", help="All versions of one measure.")] = None,
    state: Annotated[str | None, typer.Option(help="future, inForce, ended or superseded.")] = None,
    as_json: AsJson = False,
) -> int:
    """List measures."""
    told = {"at": at, "jurisdiction": jurisdiction, "direction": direction, "kind": kind, "number": number}
    with calling.client(node) as client:
        found = list(client.measures({**told, "state": state}))
    output.show({"items": found}, [_line(one) for one in found] or ["no measure"], as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show one measure of a node's log: its state, its times, what reviewers found, and what was answered.",
    runs="anywhere",
    example=f"evidence measure show {'0' * 64} --node http://127.0.0.1:8151",
)
def show(
    *,
    measure: Annotated[str, typer.Argument(metavar="FILE|DIGEST", help="Its digest, or the signed measure.")],
    node: NodeUrl,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Of its state; else now.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show a measure."""
    with calling.client(node) as client:
        found = client.measure(digest_in(measure), at=at)
    lines = [_line(found)]
    lines += [f"{one['at']} {one['what']} {one.get('detail', '')}".rstrip() for one in found["times"]]
    for one in found["flags"]:
        lines.append(f"flag: {_finding(one)}, by {one['reviewer']} in {one['review']}")
        lines += [f"    answered: {answer}" for answer in one["answers"]]
    lines += [
        f"observed: {one['kind']}{': ' + one['detail'] if 'detail' in one else ''}, by {one['observer']}"
        for one in found["observations"]
    ]
    output.show(found, lines, as_json=as_json)
    return output.DONE


measure_said.add_to(app)


def digest_in(name: str) -> str:
    """The digest that was named, or of the statement in a file."""
    return name if is_digest(name) else found_statement(name, (KIND,), None).digest.hex()


def _read(name: str, node: NodeClient | None) -> tuple[bytes, PolicyMeasure]:
    """A measure and its digest; of what nobody signed, that of its subject."""
    if not Path(name).is_file() or is_digest(name):
        statement = found_statement(name, (KIND,), node)
        return statement.digest, measure_of(_subject(statement.document))
    document = read_document(read_bounded(Path(name), limit=STATEMENT_LIMIT, what="measure"), what="measure")
    if "sections" in document:
        document = found_statement(name, (KIND,), node).document
    subject = _subject(document)
    signed = file_statement(name) if "proof" in document else None
    return digest_of(subject) if signed is None else signed.digest, measure_of(subject)


def _subject(document: Any) -> dict[str, Any]:
    subject = document.get("credentialSubject", document.get("subject", document))
    if not isinstance(subject, dict):
        raise MalformedError("the measure is no JSON object", code="statement-malformed")
    found = problems(SHAPE, subject)
    if found:
        raise StatementInvalidError("the measure", found)
    return subject


def _proven(digest: bytes, node: NodeClient) -> int | None:
    """When the node says that its chain proves the measure public; None where it does not, or has it not."""
    try:
        anchored = node.status(digest.hex()).get("anchored")
    except LedgerError as error:
        if getattr(error, "status", None) == 404:  # noqa: PLR2004 - the node does not have it
            return None
        raise
    return parse_time(str(anchored["blockTime"])) if isinstance(anchored, dict) else None


def _finding(one: Item) -> str:
    rule = f" rule {one['rule']}" if "rule" in one else ""
    where = f" at {one['pointer']}" if "pointer" in one else ""
    detail = f" ({one['detail']})" if "detail" in one else ""
    return f"{one['code']}{rule}{where}: {code_words('measure-findings', one['code'])}{detail}"


def _line(one: Item) -> str:
    until = f" until {one['effectiveUntil']}" if "effectiveUntil" in one else ""
    zone = one.get("zone", one["jurisdiction"])
    flags = f", {len(one['flags'])} flags" if one["flags"] else ""
    return (
        f"{one['digest']} {one['number']} version {one['version']}: {one['state']}, {one['kind']},"
        f" {one['direction']} of {zone}, from {one['effectiveFrom']}{until}{flags}"
    )
