"""`evidence certificate`: certificates of conformity, from the draft to what can be verified of one."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import certificate_render, certificate_verify, drafting
from ledger.cli.changing import add_changes
from ledger.cli.finding import found_statement
from ledger.cli.issuing import Kept, StatusList, issue_draft, issuer, read_draft, require_free
from ledger.cli.options import AsJson, Key, NodeUrl, command, noun
from ledger.cli.showing import add_show
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_commands
from ledger.errors import RefusedError
from ledger.remote.node import NodeClient

KIND: Final = "ConformityCertificate"

app = noun("Certificates of conformity: draft, issue, suspend, reinstate, withdraw, reduce, verify, render.")


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


SIGNED: Final = Signed("certificate", KIND, document="certificate", signer="body")
add_commands(app, SIGNED)


@command(
    app,
    "issue",
    purpose="Sign and register a certificate under a free place of its body's status list.",
    runs="anywhere",
    example="evidence certificate issue certificate.json --key body.key --node http://127.0.0.1:8151"
    " --accreditation accreditation.signed.json --out certificate.signed.json",
    more="The place is drawn at random, and an edition of the list is published where none speaks for long enough."
    " What the draft says of its status or its accreditation itself is kept.",
)
def issue(
    *,
    draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="As new wrote it, filled in.")],
    key: Key,
    node: NodeUrl,
    status_list: StatusList = None,
    accreditation: Annotated[
        str | None, typer.Option(metavar="DIGEST|FILE", help="The body's accreditation that it rests on.")
    ] = None,
    out: Kept = None,
    as_json: AsJson = False,
) -> int:
    """Issue a certificate."""
    require_free(out)
    document = read_draft(draft, KIND)
    with issuer(key, node) as by:
        if accreditation is not None:
            document = _accredited(document, accreditation, by.node)
        return issue_draft(by, document, "certificate", name=status_list, out=out, as_json=as_json)


def _accredited(draft: dict[str, Any], accreditation: str, node: NodeClient) -> dict[str, Any]:
    """The draft with the accreditation it rests on."""
    found = found_statement(accreditation, ("Accreditation",), node)
    told = {"accreditor": found.issuer, "statement": found.digest.hex()}
    subject = draft.get("credentialSubject")
    if not isinstance(subject, dict):
        return draft  # the check names it
    if subject.get("accreditation", told) != told:
        raise RefusedError(
            "the draft names another accreditation than --accreditation", code="accreditation-of-another"
        )
    return {**draft, "credentialSubject": {**subject, "accreditation": told}}


add_changes(app, SIGNED, reduce=True)
add_show(app, SIGNED)
certificate_render.add_to(app)
certificate_verify.add_to(app)
