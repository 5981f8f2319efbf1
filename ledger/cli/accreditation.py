"""`evidence accreditation`: who lets a body certify: accreditations, from the draft to what became of one."""

from typing import Annotated, Final

import typer

from ledger.cli import drafting
from ledger.cli.changing import add_changes
from ledger.cli.issuing import add_issue
from ledger.cli.options import AsJson, noun
from ledger.cli.options import command as declared
from ledger.cli.showing import add_show
from ledger.cli.signing import OptionalKey, Out, Sets, Signed, add_commands

KIND: Final = "Accreditation"
SIGNED: Final = Signed("accreditation", KIND, document="accreditation", signer="accreditor")

app = noun("Accreditations: draft, check, issue, suspend, reinstate, withdraw, show.")


@declared(
    app,
    "new",
    purpose="Begin a draft of an accreditation, with a fresh id, and say what is still to be filled in.",
    runs="anywhere",
    example="evidence accreditation new --key accreditor.key --jurisdiction XA --body did:web:body.example.xa"
    " --body-jurisdiction XA --set number=XAC-2026-007 --out accreditation.json",
    more="Whatever is not set stands in the draft as <what to fill in>, to be edited by hand; its place in a status"
    " list is filled in by evidence accreditation issue.",
)
def new(
    *,
    listed: Annotated[bool, typer.Option("--list", help="Show the templates and end.")] = False,
    template: Annotated[str, typer.Option(metavar="NAME", help="Template; --list shows them.")] = (
        "accreditation"
    ),
    key: OptionalKey = None,
    party: Annotated[str | None, typer.Option(metavar="DID", help="The accreditor, without a key.")] = None,
    jurisdiction: Annotated[
        str | None, typer.Option(metavar="CODE", help="Country of the accreditor.")
    ] = None,
    identifier: Annotated[str | None, typer.Option(metavar="SCHEME=ID", help="Of the accreditor.")] = None,
    body: Annotated[str | None, typer.Option(metavar="DID", help="Who may certify.")] = None,
    body_jurisdiction: Annotated[str | None, typer.Option(metavar="CODE", help="Its country.")] = None,
    body_identifier: Annotated[str | None, typer.Option(metavar="SCHEME=ID", help="Its identifier.")] = None,
    settings: Sets = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Begin a draft."""
    if listed:
        return drafting.list_templates(KIND, as_json=as_json)
    did = drafting.holder_of(key, party)
    known = [
        *drafting.party_settings("accreditor", did=did, identifier=identifier, jurisdiction=jurisdiction),
        *drafting.party_settings(
            "body", did=body, identifier=body_identifier, jurisdiction=body_jurisdiction
        ),
    ]
    return drafting.begin(KIND, template, known, settings or [], out, as_json=as_json)


add_commands(app, SIGNED)
add_issue(app, SIGNED)
add_changes(app, SIGNED)
add_show(app, SIGNED)
