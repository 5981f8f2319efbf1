"""What the nouns share whose statements have a status: issuing a draft under a free place of a status list."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import calling, output
from ledger.cli.documents import require_type
from ledger.cli.options import AsJson, Key, NodeUrl, command
from ledger.cli.signing import Signed
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.statement import Statement
from ledger.services.drafting import status
from ledger.services.drafting.drafts import read_document
from ledger.services.files import read_bounded, require_absent, write_out
from ledger.services.keys.keyfile import read_holder_key

StatusList = Annotated[
    str | None,
    typer.Option("--status-list", metavar="URI", help="Status list to use; else DID#status-1 of the key."),
]
Kept = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Keep the signed statement there.")
]


@contextmanager
def issuer(key: Path, node: str) -> Iterator[status.Issuer]:
    """Who issues with a key file, through a node."""
    holder = read_holder_key(key)
    with calling.client(node) as client:
        yield status.Issuer(holder, client, time.time, os.urandom)


def require_free(out: Path | None) -> None:
    """Refuse before anything is done, rather than after it was registered."""
    if out is not None:
        require_absent(out, what="signed statement")


def read_draft(file: Path, kind: str) -> dict[str, Any]:
    """A draft of one type of statement.

    Raises:
        SetupError, MalformedError: It cannot be read, is no JSON object, or names another type.
    """
    draft = read_document(read_bounded(file, limit=STATEMENT_LIMIT, what="draft"), what="draft")
    require_type(draft, kind)
    return draft


def issue_draft(
    by: status.Issuer,
    draft: Mapping[str, Any],
    what: str,
    *,
    name: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Issue a draft and show where it stands; the exit status.

    Args:
        by: Who issues.
        draft: Unsigned, of the issuer.
        what: What people call one, e.g. "certificate".
        name: Id of the status list that was asked for.
        out: Where the signed statement is kept.
    """
    statement = status.issue(by, draft, name=name)
    show_issued(statement, f"{what} issued", out, as_json=as_json)
    return output.DONE


def show_issued(
    statement: Statement, what: str, out: Path | None, *, as_json: bool, new: bool | None = None
) -> None:
    """Keep a statement that was registered, and tell of it; `new`: whether it did not stand in the log before."""
    if out is not None:
        write_out(out, statement.encoded, what="signed statement")
    told: dict[str, Any] = {"digest": statement.digest.hex(), "type": statement.type, "id": statement.id}
    if new is not None:
        told["new"] = new
    lines = [f"{what}: {told['digest']}"]
    reference: Any = statement.subject.get(status.REFERRED)
    if reference is not None:
        told["statusReference"] = reference
        lines.append(f"status at index {reference['statusListIndex']} of {reference['statusListCredential']}")
    if out is not None:
        told["file"] = str(out)
        lines.append(f"signed statement in {out}")
    output.show(told, lines, as_json=as_json)


def add_issue(app: typer.Typer, signed: Signed) -> None:
    """Declare the command that issues a draft."""
    name = signed.document

    @command(
        app,
        "issue",
        purpose=f"Sign and register {signed.one} under a free place of its issuer's status list.",
        runs="anywhere",
        example=f"evidence {signed.noun} issue {name}.json --key {signed.signer}.key --node http://127.0.0.1:8151"
        f" --out {name}.signed.json",
        more="The place is drawn at random, and an edition of the list is published where none speaks for long"
        " enough. What the draft says of its status itself is kept.",
    )
    def issue(
        *,
        draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="As new wrote it, filled in.")],
        key: Key,
        node: NodeUrl,
        status_list: StatusList = None,
        out: Kept = None,
        as_json: AsJson = False,
    ) -> int:
        require_free(out)
        document = read_draft(draft, signed.kind)
        with issuer(key, node) as by:
            return issue_draft(by, document, name, name=status_list, out=out, as_json=as_json)
