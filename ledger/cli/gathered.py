"""What there is to verify of a statement that was named: its file, or what nodes of several countries hold of it."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.cli import calling, output
from ledger.cli.finding import found_digest
from ledger.cli.waiting import DEFAULT_SECONDS, wait_for
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import MalformedError
from ledger.remote.exchange import plain
from ledger.services.bundles.gathering import gather
from ledger.services.bundles.refresh import refresh
from ledger.services.files import read_bounded
from ledger.statements.recognition import Purpose
from ledger.verify.bundle import kind_of, parse_bundle
from ledger.verify.report import Report
from ledger.verify.single import verify_statement_file
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

RECOGNITION: Final = 10
"""The step that is required beside those of the trust list."""
Refresh = Annotated[
    list[str] | None,
    typer.Option("--refresh", metavar="URL", help="Ask this node for what is newer first; again for more."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until all that the nodes hold of it is anchored.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Wait no longer.")]
Keep = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Keep the bundle that was verified.")
]
SECONDS: Final = DEFAULT_SECONDS
_WIDE: Final = 160
"""Characters of a line past which a step that passed tells no more."""


def evidence_on(
    name: str,
    kind: str,
    nodes: Sequence[str],
    *,
    body: str | None = None,
    at: int | None,
    seconds: float | None,
) -> bytes:
    """The file's own bytes, or a bundle of what the nodes hold.

    Args:
        name: A bundle, a signed statement, a digest, or a certificate's number.
        kind: Type of statement that is asked for.
        nodes: Addresses; the first is where names are looked up.
        body: Whose number it is.
        at: The moment that is asked about, POSIX seconds.
        seconds: How long anchors are waited for; None: not at all.

    Raises:
        typer.BadParameter: It is no file, and no node was named.
    """
    digest = None
    if Path(name).is_file():
        data = read_bounded(Path(name), limit=BUNDLE_LIMIT, what="evidence")
        if kind_of(data) != "statement":
            return data
        data = data.rstrip(b"\r\n")
        if not nodes:
            return data
        digest = parse_statement(data).digest.hex()
    if not nodes:
        raise typer.BadParameter(f"{name} is no file; it is looked up with --node URL")
    with ExitStack() as stack:
        clients = [stack.enter_context(calling.client(url)) for url in nodes]
        found = found_digest(name, (kind,), clients[0], body=body) if digest is None else digest
        if seconds is None:
            return gather(found, clients, at=at, allow_unanchored=True)

        def ask() -> bytes | None:
            held = gather(found, clients, at=at, allow_unanchored=True)
            return held if all(one.anchors for one in parse_bundle(held).sections) else None

        return wait_for(ask, "the anchors", seconds=seconds, later=frozenset({"evidence-apart"}))


def brought_up_to_date(
    data: bytes, urls: Sequence[str], trust: TrustList, *, now: int, at: int | None
) -> bytes:
    """The bundle with what nodes hold that is newer."""
    if urls and kind_of(data) != "bundle":
        raise typer.BadParameter("--refresh brings a bundle up to date; a statement is looked up with --node")
    for url in urls:
        with calling.client(url) as node:
            made = refresh(data, node, trust=trust, now=now, at=at)
        if made.kept is not None:
            output.say(plain(f"{url}: {made.kept}; its part stays as it was"))
        data = made.bundle
    return data


def statement_in(data: bytes, kind: str) -> Statement:
    """The statement that a file is about.

    Raises:
        MalformedError: `statement-type`: it is of another type.
    """
    form = kind_of(data)
    if form == "receipt":
        raise MalformedError(f"a receipt; required is a bundle about a {kind}", code="statement-type")
    statement = parse_statement(data) if form == "statement" else parse_bundle(data).subject_item.statement
    if statement.type != kind:
        raise MalformedError(
            f"it is about a statement of the type {statement.type}; required is {kind}", code="statement-type"
        )
    return statement


def report_on(
    data: bytes,
    trust: TrustList,
    *,
    now: int,
    at: int | None,
    into: str | None,
    purpose: Purpose | None = None,
) -> Report:
    """The whole answer; recognition is required beside what the trust list requires."""
    if kind_of(data) == "statement":
        return verify_statement_file(data, trust, now=now, require=(RECOGNITION,))
    return verify_bundle(data, trust, at=at, now=now, require=(RECOGNITION,), into=into, purpose=purpose)


def on_a_screen(report: Report, trust_name: str) -> list[str]:
    """The report in lines.  What many sections show alike is cut off; the report as JSON has all of it."""
    return [_cut(line) for line in render(report, trust_name=trust_name).splitlines()]


def _cut(line: str) -> str:
    if len(line) <= _WIDE or not line.startswith("passed"):
        return line
    end = line.rfind("; ", 0, _WIDE)
    return f"{line[:_WIDE]}…" if end < 0 else f"{line[:end]}; …"
