"""`evidence certificate render`: a certificate as a page for people, HTML or PDF."""

import time
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from ledger.cli import output
from ledger.cli.believing import believed
from ledger.cli.options import AsJson, command
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.core.times import parse_time
from ledger.core.trust import TrustList
from ledger.errors import MalformedError
from ledger.services.files import read_bounded, write_out
from ledger.verify.bundle import kind_of, parse_bundle
from ledger.verify.report import Report
from ledger.verify.single import verify_statement_file
from ledger.verify.verifier import verify_bundle

_LANGUAGES: Final = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}
_FORMS: Final = (".html", ".pdf")


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "render",
        purpose="Write a certificate as a page for people, with what was checked of it and what was not.",
        runs="anywhere",
        example="evidence certificate render certificate.evidence.json --trust trust.json --into XB --out page.pdf\n"
        "evidence certificate render certificate.evidence.json --trust trust.json --lang zh --out page.html"
        " --url https://node.example.xa/certificate.evidence.json",
        more="The page is a picture of the check, at the moment it is made; its code leads to the evidence. It is"
        " written whatever the answer is, and says it; the exit status is that of the check, and 3 where validity was"
        " not checked. Needs the extra render: pip install 'evidence-ledger[render]'.",
        statuses="0 written, and valid; 1 written, not verified; 2 bad usage; 3 not written, or written and"
        " validity not known; 4 written, verified then and not now.",
    )(render)


def render(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The certificate's bundle.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where the page goes: .html or .pdf.")
    ],
    lang: Annotated[
        Literal["en", "zh", "both"],
        typer.Option("--lang", help="English, Chinese, or both beside each other."),
    ] = "both",
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Believe this list; else the pinned one.")
    ] = None,
    into: Annotated[
        str | None, typer.Option(metavar="CODE", help="Ask for recognition in this country.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Ask for this time, 2026-11-22T00:00:00Z.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the bundle can be fetched; goes into the code.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write the page."""
    from ledger.services.render.page import page_of
    from ledger.services.render.paper import paper_of
    from ledger.services.render.pointer import checked_url
    from ledger.services.render.sheet import sheet_of

    if out.suffix.lower() not in _FORMS:
        raise typer.BadParameter(
            f"{out.name} ends in neither {_FORMS[0]} nor {_FORMS[1]}", param_hint="--out"
        )
    try:
        moment = None if at is None else parse_time(at)
        address = None if url is None else checked_url(url)
    except MalformedError as error:
        raise typer.BadParameter(str(error)) from None
    data = read_bounded(file, limit=BUNDLE_LIMIT, what="certificate")
    report = _report(data, believed(trust)[0], into, moment)
    sheet = sheet_of(_statement(data), report, languages=_LANGUAGES[lang], url=address)
    paper = out.suffix.lower() == ".pdf"
    page = paper_of(sheet, moment=report.checked_at) if paper else page_of(sheet)
    write_out(out, page, what="page")
    value = {
        "file": str(out),
        "bytes": len(page),
        "answer": sheet.headline[0],
        "verdict": report.verdict,
        "code": sheet.pointer,
    }
    output.show(value, f"{out}: {len(page):,} bytes; {sheet.headline[0]}", as_json=as_json)
    open_still = sheet.tone != "good" and report.exit_status == output.DONE
    return output.COULD_NOT_FINISH if open_still else report.exit_status


def _statement(data: bytes) -> Statement:
    if kind_of(data) == "statement":
        return parse_statement(data.rstrip(b"\r\n"))
    return parse_bundle(data).subject_item.statement


def _report(data: bytes, trust: TrustList, into: str | None, at: int | None) -> Report:
    now = int(time.time())
    if kind_of(data) == "statement":
        return verify_statement_file(data.rstrip(b"\r\n"), trust, now=now)
    return verify_bundle(data, trust, at=at, now=now, into=into)
