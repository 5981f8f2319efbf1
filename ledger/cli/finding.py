"""Statements as they are named on the command line: a signed file, a bundle, a digest, or a certificate's number."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final

import typer

from ledger.cli.kinds import require_evidence
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import Statement, parse_statement
from ledger.errors import MalformedError, RefusedError, RemoteError
from ledger.remote.exchange import plain
from ledger.remote.node import NodeClient
from ledger.services.files import read_bounded
from ledger.verify.bundle import kind_of, parse_bundle

CERTIFICATE: Final = "ConformityCertificate"
_DIGEST_LENGTH: Final = 64

Body = Annotated[
    str | None, typer.Option("--body", metavar="DID", help="Whose number it is, where several use it.")
]


def is_digest(text: str) -> bool:
    """Whether a text is a digest as it is written: 64 lower-case hex digits."""
    return len(text) == _DIGEST_LENGTH and set(text) <= set("0123456789abcdef")


def file_statement(name: str) -> Statement | None:
    """The statement in a file, or that a bundle in a file is about; None where no file has that name.

    Raises:
        SetupError, MalformedError: The file cannot be read, or holds neither.
    """
    if not Path(name).is_file():
        return None
    data = read_bounded(Path(name), limit=BUNDLE_LIMIT, what="statement")
    if kind_of(data) == "bundle":
        require_evidence(Path(name), data)
        return parse_bundle(data).subject_item.statement
    return parse_statement(data.rstrip(b"\r\n"))


def found_statement(
    name: str, kinds: Collection[str], node: NodeClient | None, *, body: str | None = None
) -> Statement:
    """The statement that was named.

    Args:
        name: A file, a digest, or the number of a certificate.
        kinds: Types that are asked for.
        node: Where digests and numbers are looked up; None where no node was named.
        body: Whose number it is.

    Raises:
        MalformedError: `statement-type`: it is of none of the types.
        RemoteError: The node does not have it, or did not answer.
        RefusedError: `certificate-ambiguous`: several have that number.
        typer.BadParameter: It is no file, and no node was named.
    """
    statement = file_statement(name)
    if statement is None:
        if node is None:
            raise typer.BadParameter(f"{name} is no file; it is looked up with --node URL")
        statement = parse_statement(node.statement(found_digest(name, kinds, node, body=body)))
    if statement.type not in kinds:
        raise MalformedError(
            f"{name} is of the type {statement.type}; required is {' or '.join(sorted(kinds))}",
            code="statement-type",
        )
    return statement


def found_digest(name: str, kinds: Collection[str], node: NodeClient, *, body: str | None = None) -> str:
    """The digest of what is no file: typed, or of the certificate of that number."""
    if is_digest(name):
        return name
    if CERTIFICATE not in kinds:
        raise typer.BadParameter(f"{name} is neither a file nor a digest (64 lower-case hex digits)")
    return certificate_of_number(node, name, body)


def certificate_of_number(node: NodeClient, number: str, body: str | None) -> str:
    """Digest of the one certificate that has a number at a node, in its own log or in a partner's.

    Raises:
        RemoteError: `certificate-unknown`: none has.
        RefusedError: `certificate-ambiguous`: several have.
    """
    told = node.certificates(number, body=body)
    lists = [told.get(member) for member in ("items", "partners")]
    named = [item for items in lists if isinstance(items, list) for item in items if isinstance(item, dict)]
    found = list({str(item.get("digest")): item for item in named}.values())
    if not found:
        raise RemoteError(f"node {node.url} has no certificate of that number", code="certificate-unknown")
    if len(found) > 1:
        listed = ", ".join(plain(f"{item.get('digest')} by {item.get('issuer')}") for item in found)
        raise RefusedError(
            f"{len(found)} certificates have that number: {listed}; say which by its digest or --body",
            code="certificate-ambiguous",
        )
    return str(found[0].get("digest"))
