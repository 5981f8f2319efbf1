"""`evidence certificate verify`: is this certificate good, there, for this use, then and now: all on one screen."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.believing import Trust, believed
from ledger.cli.documents import READABLE
from ledger.cli.finding import CERTIFICATE, Body, file_statement, found_digest
from ledger.cli.options import AsJson, OptionalNodeUrl, command, time_of
from ledger.cli.waiting import DEFAULT_SECONDS, wait_for
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import MalformedError, RefusedError
from ledger.remote.exchange import plain
from ledger.remote.node import NodeClient
from ledger.services.files import read_bounded, replace
from ledger.services.gathering import gather
from ledger.services.refresh import refresh as refreshed
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.certificate import read as read_certificate
from ledger.statements.recognition import Purpose, purpose_of
from ledger.statements.transfer import TransferRecord
from ledger.statements.transfer import read as read_record
from ledger.verify.bundle import kind_of, parse_bundle
from ledger.verify.report import Report
from ledger.verify.single import verify_statement_file
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

RECOGNITION: Final = 10


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "verify",
        purpose="Verify a certificate with everything its standing rests on, where it is to be used, then and now.",
        runs="anywhere",
        example="evidence certificate verify certificate.evidence.json --into XB --trust trust.json\n"
        "evidence certificate verify PIP-2026-0042 --into XB --for record.signed.json --trust trust.json"
        " --node http://127.0.0.1:8151 --with http://127.0.0.1:8152",
        more="All eleven steps, of which recognition is required beside those of the trust list. A bundle is verified"
        " with the network off. A number, a digest or a signed statement is looked up with --node, and what partners'"
        " nodes hold of it with --with. Without --into, the country whose recognition is carried is asked about, or"
        " the certificate's own. --refresh asks a node for newer status lists and changes first.",
        statuses="0 verified; 1 not verified; 2 bad usage; 3 could not finish, so nothing is known; 4 verified then,"
        " not now.",
    )(verify)


def verify(
    *,
    certificate: Annotated[
        str, typer.Argument(metavar="FILE|DIGEST|NUMBER", help="A bundle, a signed certificate, or its name.")
    ],
    into: Annotated[str | None, typer.Option(metavar="CODE", help="Where it is to be used, as XB.")] = None,
    transfer: Annotated[
        str | None,
        typer.Option("--for", metavar="FILE", help="The signed transfer, or its bundle, it is used for."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it mattered; else when --for was signed, or first stood."),
    ] = None,
    refresh: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Ask this node for what is newer first; again for more."),
    ] = None,
    trust: Trust = None,
    node: OptionalNodeUrl = None,
    partners: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL", help="A partner's node with its recognition; again for more."),
    ] = None,
    body: Body = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all that the nodes hold of it is anchored.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Wait no longer.")
    ] = DEFAULT_SECONDS,
    keep: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Keep the bundle that was verified.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Verify a certificate."""
    moment = None if at is None else time_of(at, "--at")
    record = None if transfer is None else _record(transfer)
    if moment is None and record is not None:
        moment = record[0].created
    listed, name = believed(trust)
    now = int(time.time())
    seconds = timeout if wait else None
    data = _evidence(certificate, node, partners or [], body, moment, seconds=seconds)
    for url in refresh or ():
        data = _refreshed(data, url, listed, now, moment)
    if keep is not None:
        replace(keep, data, what="bundle", mode=READABLE)
    statement = _statement(data)
    granted = read_certificate(statement, screened=False)
    if record is not None:
        _require_of(record[1], statement)
    purpose = None if record is None else purpose_of(record[1])
    report = _report(data, listed, now, moment, into, purpose)
    value = {**_told(statement, granted), "into": into, "report": report.to_json()}
    lines = [*_head(statement, granted, into), *render(report, trust_name=name).splitlines()]
    output.show(value, [plain(line) for line in lines], as_json=as_json)
    return report.exit_status


def _evidence(
    name: str,
    node: str | None,
    partners: Sequence[str],
    body: str | None,
    at: int | None,
    *,
    seconds: float | None,
) -> bytes:
    """What there is to look at: the file's own bytes, or what the nodes hold."""
    digest = None
    if Path(name).is_file():
        data = read_bounded(Path(name), limit=BUNDLE_LIMIT, what="certificate")
        if kind_of(data) != "statement":
            return data
        if node is None:
            return data.rstrip(b"\r\n")
        digest = parse_statement(data.rstrip(b"\r\n")).digest.hex()
    if node is None:
        raise typer.BadParameter(f"{name} is no file; a digest or a number is looked up with --node URL")
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeClient(url)) for url in (node, *partners)]
        found = found_digest(name, (CERTIFICATE,), nodes[0], body=body) if digest is None else digest
        if seconds is None:
            return gather(found, nodes, at=at, allow_unanchored=True)

        def ask() -> bytes | None:
            held = gather(found, nodes, at=at, allow_unanchored=True)
            return held if all(one.anchors for one in parse_bundle(held).sections) else None

        return wait_for(ask, "the anchors", seconds=seconds)


def _refreshed(data: bytes, url: str, trust: TrustList, now: int, at: int | None) -> bytes:
    if kind_of(data) != "bundle":
        raise typer.BadParameter("--refresh brings a bundle up to date; a statement is looked up with --node")
    with NodeClient(url) as node:
        made = refreshed(data, node, trust=trust, now=now, at=at)
    if made.kept is not None:
        output.say(plain(f"{url}: {made.kept}; its part stays as it was"))
    return made.bundle


def _record(name: str) -> tuple[Statement, TransferRecord]:
    statement = file_statement(name)
    if statement is None:
        raise typer.BadParameter(f"{name} is no file", param_hint="--for")
    return statement, read_record(statement, screened=False)


def _require_of(record: TransferRecord, certificate: Statement) -> None:
    if record.certificate not in (None, certificate.digest):
        raise RefusedError(
            f"the transfer rests on the certificate {record.certificate.hex()}, not on {certificate.digest.hex()}",
            code="transfer-of-another-certificate",
        )


def _statement(data: bytes) -> Statement:
    kind = kind_of(data)
    if kind == "receipt":
        raise MalformedError("a receipt is no certificate; give its bundle", code="statement-type")
    return parse_statement(data) if kind == "statement" else parse_bundle(data).subject_item.statement


def _report(
    data: bytes, trust: TrustList, now: int, at: int | None, into: str | None, purpose: Purpose | None
) -> Report:
    if kind_of(data) == "statement":
        return verify_statement_file(data, trust, now=now, require=(RECOGNITION,))
    return verify_bundle(data, trust, at=at, now=now, require=(RECOGNITION,), into=into, purpose=purpose)


def _told(statement: Statement, granted: ConformityCertificate) -> dict[str, Any]:
    return {
        "digest": statement.digest.hex(),
        "number": granted.number,
        "body": granted.body.did,
        "holder": granted.holder.did,
        "validFrom": format_time(granted.valid_from),
        "validUntil": format_time(granted.valid_until),
    }


def _head(statement: Statement, granted: ConformityCertificate, into: str | None) -> Iterator[str]:
    yield f"certificate {granted.number} by {granted.body.did} for {granted.holder.did}"
    dates = f"from {format_time(granted.valid_from)} until {format_time(granted.valid_until)}"
    yield f"            says {dates}; {statement.digest.hex()}{'' if into is None else f'; into {into}'}"
