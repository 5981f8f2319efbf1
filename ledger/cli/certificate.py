"""`evidence certificate`: certificates of conformity, from the draft to what can be verified of one."""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import certificate_render, drafting, output
from ledger.cli.options import AsJson, OptionalNodeUrl, command, noun
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_commands
from ledger.core.canonical import BUNDLE_LIMIT, TRUST_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import RefusedError, RemoteError
from ledger.remote.exchange import plain
from ledger.remote.node import NodeClient
from ledger.services.files import read_bounded
from ledger.services.pinned import PinnedLists, user_folder
from ledger.statements.certificate import read as read_certificate
from ledger.verify.bundle import kind_of, parse_bundle
from ledger.verify.report import Report
from ledger.verify.single import verify_statement_file
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle

KIND: Final = "ConformityCertificate"
UNFINISHED: Final = "status and recognition were not checked"
_DIGEST_LENGTH: Final = 64

app = noun("Certificates of conformity: draft, check, sign, register, verify.")


@command(
    app,
    "new",
    purpose="Begin a draft of a certificate, with a fresh id, and say what is still to be filled in.",
    runs="anywhere",
    example="evidence certificate new --key body.key --jurisdiction XA --set certificateNumber=PIP-2026-0042"
    " --out certificate.json",
    more="Whatever is not set stands in the draft as <what to fill in>, to be edited by hand.",
)
def new(
    *,
    template: Annotated[str, typer.Option(metavar="NAME", help="Template; --list shows them.")] = (
        "conformity-certificate"
    ),
    listed: Annotated[bool, typer.Option("--list", help="Show the templates and end.")] = False,
    key: OptionalKey = None,
    party: Annotated[str | None, typer.Option(metavar="DID", help="The body, without a key.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Country of the body.")] = None,
    identifier: Annotated[str | None, typer.Option(metavar="SCHEME=ID", help="Of the body.")] = None,
    holder: Annotated[str | None, typer.Option(metavar="DID", help="Who is certified.")] = None,
    holder_jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Its country.")] = None,
    holder_identifier: Annotated[
        str | None, typer.Option(metavar="SCHEME=ID", help="Its identifier.")
    ] = None,
    settings: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Begin a draft."""
    if listed:
        return drafting.list_templates(KIND, as_json=as_json)
    did = drafting.holder_of(key, party)
    known = [
        *drafting.party_settings("body", did=did, identifier=identifier, jurisdiction=jurisdiction),
        *drafting.party_settings(
            "holder", did=holder, identifier=holder_identifier, jurisdiction=holder_jurisdiction
        ),
    ]
    return drafting.begin(KIND, template, known, settings or [], out, as_json=as_json)


add_commands(app, Signed("certificate", KIND, document="certificate", signer="body"))
certificate_render.add_to(app)


@command(
    app,
    "verify",
    purpose="Check a certificate as far as this version can: its form, and its evidence under a trust list.",
    runs="anywhere",
    example="evidence certificate verify certificate.signed.json\n"
    "evidence certificate verify PIP-2026-0042 --node http://127.0.0.1:8151 --trust trust.json",
    more="Whether the certificate stands now, and who recognises its body, is not checked in this version, so that it"
    " never ends with 0. A number or a digest is looked up with --node; a file is a statement or a bundle.",
    statuses="0 never in this version; 1 something is false; 2 bad usage; 3 could not finish: status and recognition"
    " were not checked.",
)
def verify(
    *,
    certificate: Annotated[str, typer.Argument(metavar="FILE|DIGEST|NUMBER", help="Which certificate.")],
    node: OptionalNodeUrl = None,
    body: Annotated[
        str | None, typer.Option(metavar="DID", help="Whose number it is, where several use it.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Believe this list; else the pinned one.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check a certificate."""
    data = _evidence(certificate, node, body)
    statement = _statement(data)
    granted = read_certificate(statement, screened=False)
    listed, name = _believed(trust)
    report = None if listed is None else _report(data, listed)
    value: dict[str, Any] = {
        "digest": statement.digest.hex(),
        "number": granted.number,
        "body": granted.body.did,
        "holder": granted.holder.did,
        "validFrom": format_time(granted.valid_from),
        "validUntil": format_time(granted.valid_until),
        "verdict": "could not finish",
        "unfinished": UNFINISHED,
    }
    lines = [
        f"certificate {granted.number} by {granted.body.did} for {granted.holder.did}",
        f"says that it is valid from {value['validFrom']} until {value['validUntil']}; digest {value['digest']}",
    ]
    failed = False
    if report is None:
        lines.append("in order as a document; no trust list is pinned or given, so nothing else was checked")
    else:
        value["report"] = report.to_json()
        lines += render(report, trust_name=name).splitlines()
        failed = any(one.outcome == "failed" for one in report.checks)
    if failed:
        value["verdict"] = "not verified"
    output.show(value, lines, as_json=as_json)
    output.say(f"error: could not finish: {UNFINISHED} (certificate-unfinished)")
    return output.REFUSED if failed else output.COULD_NOT_FINISH


def _evidence(certificate: str, node: str | None, body: str | None) -> bytes:
    """What there is to look at: the file's own bytes, or the bundle of the node."""
    if Path(certificate).is_file():
        data = read_bounded(Path(certificate), limit=BUNDLE_LIMIT, what="certificate")
        if kind_of(data) != "statement":
            return data
        data = data.rstrip(b"\r\n")
        if node is None:
            return data
        certificate = parse_statement(data).digest.hex()
    if node is None:
        raise typer.BadParameter(
            f"{certificate} is no file; a digest or a number is looked up with --node URL"
        )
    with NodeClient(node) as client:
        is_digest = len(certificate) == _DIGEST_LENGTH and set(certificate) <= set("0123456789abcdef")
        digest = certificate if is_digest else _by_number(client, certificate, body)
        data = client.bundle(digest, allow_unanchored=True)
    if parse_bundle(data).subject.hex() != digest:
        raise RemoteError(
            f"node {node} answered with a bundle about another statement than {digest}",
            code="remote-answer-invalid",
        )
    return data


def _by_number(client: NodeClient, number: str, body: str | None) -> str:
    items = client.certificates(number, body=body).get("items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if not found:
        raise RemoteError(f"node {client.url} has no certificate of that number", code="certificate-unknown")
    if len(found) > 1:
        listed = ", ".join(plain(f"{item.get('digest')} by {item.get('issuer')}") for item in found)
        raise RefusedError(
            f"{len(found)} certificates have that number: {listed}; say which by its digest or --body",
            code="certificate-ambiguous",
        )
    return str(found[0].get("digest"))


def _statement(data: bytes) -> Statement:
    return (
        parse_statement(data) if kind_of(data) == "statement" else parse_bundle(data).subject_item.statement
    )


def _report(data: bytes, trust: TrustList) -> Report:
    now = int(time.time())
    if kind_of(data) == "statement":
        return verify_statement_file(data, trust, now=now)
    return verify_bundle(data, trust, at=None, now=now)


def _believed(file: Path | None) -> tuple[TrustList | None, str]:
    """The list to believe for this run; none where none is given, and not exactly one is pinned."""
    lists = PinnedLists(user_folder(os.environ))
    if file is not None:
        return lists.check(read_bounded(file, limit=TRUST_LIMIT, what="trust list")), file.name
    pinned = lists.show()
    return (pinned[0], pinned[0].publisher.id) if len(pinned) == 1 else (None, "")
