"""What `evidence transfer` and `evidence certificate` share: the commands check, sign and register, and options."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli import drafting, registering
from ledger.cli.documents import check_documents, sign_documents
from ledger.cli.options import AsJson, Key, NodeUrl, command
from ledger.services.keys.keyfile import read_holder_key

OptionalKey = Annotated[
    Path | None,
    typer.Option("--key", envvar="EVIDENCE_KEY", metavar="FILE", help="Key file; its holder is the party."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="MEMBER=VALUE",
        help="A value, as reference=X or lines.0.persons:={…}; again for more.",
    ),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Where it is written; else standard output.")]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="JSON or NDJSON files, patterns, - for standard input.")
]
Drafts = Annotated[
    str, typer.Argument(metavar="FILE", help="Draft, NDJSON of drafts, or - for standard input.")
]


@dataclass(frozen=True, slots=True)
class Signed:
    """A noun of the command line whose documents are signed and registered.

    Attributes:
        noun: As it is typed, e.g. "transfer".
        kind: Type of its statements.
        document: What people call one, e.g. "record".
        signer: Who signs one, e.g. "exporter".
    """

    noun: str
    kind: str
    document: str
    signer: str

    @property
    def one(self) -> str:
        """One of them, with its article."""
        return f"{'an' if self.document[0] in 'aeiou' else 'a'} {self.document}"


def add_new(app: typer.Typer, signed: Signed, template: str) -> None:
    """Declare the command that begins a draft, where its subject does not name who signs."""
    name = signed.document

    @command(
        app,
        "new",
        purpose=f"Begin a draft of {signed.one}, with a fresh id, and say what is still to be filled in.",
        runs="anywhere",
        example=f"evidence {signed.noun} new --key {signed.signer}.key --set jurisdiction=XB --out {name}.json",
        more="Whatever is not set stands in the draft as <what to fill in>, to be edited by hand; its place in a"
        f" status list is filled in by evidence {signed.noun} issue.",
    )
    def new(
        *,
        listed: Annotated[bool, typer.Option("--list", help="Show the templates and end.")] = False,
        key: OptionalKey = None,
        party: Annotated[str | None, typer.Option(metavar="DID", help="Who signs, without a key.")] = None,
        settings: Sets = None,
        out: Out = None,
        as_json: AsJson = False,
    ) -> int:
        if listed:
            return drafting.list_templates(signed.kind, as_json=as_json)
        by = drafting.holder_of(key, party)
        return drafting.begin(signed.kind, template, [], settings or [], out, as_json=as_json, issuer=by)


def add_check(app: typer.Typer, signed: Signed) -> None:
    """Declare the command that names every error."""

    @command(
        app,
        "check",
        purpose=f"Name every error of a draft or a signed {signed.document} at once, each with its JSON pointer.",
        runs="anywhere",
        example=f"evidence {signed.noun} check {signed.document}.json",
        more="Signatures are not looked at: who may sign is for the node to say.",
        statuses="0 in order; 1 there are errors; 2 bad usage; 3 could not finish, so nothing is known.",
    )
    def check(*, files: Files, as_json: AsJson = False) -> int:
        return check_documents(files, signed.kind, as_json=as_json)


def add_sign(app: typer.Typer, signed: Signed) -> None:
    """Declare the command that signs drafts."""
    name = signed.document

    @command(
        app,
        "sign",
        purpose=f"Sign {signed.one} as its {signed.signer}, or each line of an NDJSON file of drafts.",
        runs="anywhere",
        example=f"evidence {signed.noun} sign {name}.json --key {signed.signer}.key --out {name}.signed.json",
        more="Any JSON goes in, canonical bytes come out; validFrom and created are the present time. What has an"
        " error, or anything left to fill in, is refused, and nothing is written.",
    )
    def sign(*, file: Drafts, key: Key, out: Out = None, as_json: AsJson = False) -> int:
        now = int(time.time())
        return sign_documents(file, read_holder_key(key), signed.kind, out, now=now, as_json=as_json)


def add_register(app: typer.Typer, signed: Signed) -> None:
    """Declare the command that registers what was signed."""
    name = signed.document

    @command(
        app,
        "register",
        purpose=f"Register signed {name}s with a node: single files, patterns, NDJSON of any length.",
        runs="anywhere",
        example=f"evidence {signed.noun} register {name}.signed.json --node http://127.0.0.1:8151\n"
        f"evidence {signed.noun} register {name}s.ndjson --receipts receipts --errors refused.ndjson",
        more="A run that broke off goes on when it is run again: how far an NDJSON file came stands beside it in"
        " FILE.progress, and a node gives what it already has its first place again. What is refused does not stop"
        " the rest.",
        statuses="0 all registered; 1 some refused; 2 bad usage; 3 the node was out of reach (what is counted stands).",
    )
    def register(
        *,
        files: Files,
        node: NodeUrl,
        receipts: Annotated[
            Path | None, typer.Option(metavar="FOLDER", help="Keep each receipt there.")
        ] = None,
        errors: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Write every refusal there, NDJSON.")
        ] = None,
        as_json: AsJson = False,
    ) -> int:
        return registering.register_files(files, node, receipts=receipts, errors=errors, as_json=as_json)


def add_commands(app: typer.Typer, signed: Signed) -> None:
    """Declare check, sign and register, in the order in which they are used."""
    add_check(app, signed)
    add_sign(app, signed)
    add_register(app, signed)
