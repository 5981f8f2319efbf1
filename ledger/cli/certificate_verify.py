"""`evidence certificate verify`: is this certificate good, there, for this use, then and now: all on one screen."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.believing import Trust, believed
from ledger.cli.finding import CERTIFICATE, Body, file_statement
from ledger.cli.gathered import (
    SECONDS,
    Keep,
    Refresh,
    Timeout,
    Wait,
    brought_up_to_date,
    evidence_on,
    on_a_screen,
    report_on,
    statement_in,
)
from ledger.cli.options import AsJson, OptionalNodeUrl, command, time_of
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import RefusedError
from ledger.remote.exchange import plain
from ledger.services.files import read_bounded, require_absent, write_out
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.certificate import read as read_certificate
from ledger.statements.recognition import purpose_of
from ledger.statements.transfer import TransferRecord
from ledger.statements.transfer import read as read_record
from ledger.verify.bundle import kind_of
from ledger.verify.evidence import authenticated


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
        typer.Option(metavar="TIME", help="When it mattered; else when --for was made, or first stood."),
    ] = None,
    refresh: Refresh = None,
    trust: Trust = None,
    node: OptionalNodeUrl = None,
    partners: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="URL", help="A partner's node with its recognition; again for more."),
    ] = None,
    body: Body = None,
    wait: Wait = False,
    timeout: Timeout = SECONDS,
    keep: Keep = None,
    as_json: AsJson = False,
) -> int:
    """Verify a certificate."""
    moment = None if at is None else time_of(at, "--at")
    if keep is not None and wait:
        require_absent(keep, what="bundle")
    listed, name = believed(trust)
    record = None if transfer is None else _record(transfer)
    if moment is None and record is not None and transfer is not None:
        moment = _made(record[0], Path(transfer), listed)
    nodes = [] if node is None else [node, *(partners or [])]
    seconds = timeout if wait else None
    data = evidence_on(certificate, CERTIFICATE, nodes, body=body, at=moment, seconds=seconds)
    data = brought_up_to_date(data, refresh or [], listed, now=int(time.time()), at=moment)
    if keep is not None:
        write_out(keep, data, what="bundle")
    purpose = None if record is None else purpose_of(record[1])
    # What was asked for just now may be of this very second.
    report = report_on(data, listed, now=int(time.time()), at=moment, into=into, purpose=purpose)
    value: dict[str, Any] = {"into": into, "report": report.to_json()}
    lines = on_a_screen(report, name)
    if report.subject is not None:
        statement = statement_in(data, CERTIFICATE)
        granted = read_certificate(statement, screened=False)
        if record is not None:
            _require_of(record[1], statement)
        value = {**_told(statement, granted), **value}
        lines = [*_head(statement, granted, into), *lines]
    output.show(value, [plain(line) for line in lines], as_json=as_json)
    return report.exit_status


def _record(name: str) -> tuple[Statement, TransferRecord]:
    statement = file_statement(name)
    if statement is None:
        raise typer.BadParameter(f"{name} is no file", param_hint="--for")
    return statement, read_record(statement, screened=False)


def _made(record: Statement, file: Path, trust: TrustList) -> int:
    """From when on a transfer counts: as its bundle shows; alone, as its signer claims."""
    data = read_bounded(file, limit=BUNDLE_LIMIT, what="transfer")
    if kind_of(data) != "bundle":
        output.say("note: the time of the transfer is what its signer claims; its bundle would show more")
        return record.created
    held = authenticated(data, trust, now=int(time.time())).held(record.digest)
    return record.created if held is None else held.existed


def _require_of(record: TransferRecord, certificate: Statement) -> None:
    if record.certificate not in (None, certificate.digest):
        raise RefusedError(
            f"the transfer rests on the certificate {record.certificate.hex()}, not on {certificate.digest.hex()}",
            code="transfer-of-another-certificate",
        )


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
