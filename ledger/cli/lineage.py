"""`evidence lineage`: what a statement rests on, and what rests on it."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from ledger.cli import calling, output
from ledger.cli.options import AsJson, OptionalHome, OptionalNodeUrl, command, from_home_or_node, noun
from ledger.cli.overriding import opened_home
from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.statement import parse_statement
from ledger.errors import MalformedError
from ledger.services.files import read_bounded, write_out
from ledger.services.lineage.graph import (
    DEFAULT_COUNT,
    DEFAULT_DEPTH,
    MOST_COUNT,
    MOST_DEPTH,
    Lineage,
    trace,
)
from ledger.verify.bundle import kind_of, parse_bundle

_DIGITS: Final = 64

app = noun("Lineage: what a statement rests on, and what rests on it.")


@command(
    app,
    "show",
    purpose="Show what a statement rests on and what rests on it, step by step.",
    runs="anywhere",
    example="evidence lineage show certificate.evidence.json\n"
    "evidence lineage show certificate.evidence.json --format svg --out lineage.svg\n"
    "evidence lineage show e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b"
    " --node http://127.0.0.1:8151",
    more="A bundle is read by itself, with the network off. A digest or a signed statement is looked up with --node,"
    " or with --home on the node. Nothing is verified here. INCOMPLETE says that a statement is referred to and not"
    " at hand; CONFLICT, that its issuer superseded one statement twice.",
)
def show(
    context: typer.Context,
    *,
    statement: Annotated[
        str, typer.Argument(metavar="DIGEST|FILE", help="A bundle, a signed statement, or a digest.")
    ],
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    form: Annotated[
        Literal["tree", "prov-json", "svg"],
        typer.Option("--format", help="Text, W3C PROV-JSON, or a drawing."),
    ] = "tree",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where it goes; else it is printed.")
    ] = None,
    depth: Annotated[
        int, typer.Option(min=0, max=MOST_DEPTH, metavar="STEPS", help="Go no further.")
    ] = DEFAULT_DEPTH,
    count: Annotated[
        int, typer.Option(min=1, max=MOST_COUNT, metavar="NUMBER", help="Most statements.")
    ] = DEFAULT_COUNT,
    as_json: AsJson = False,
) -> int:
    """Show the lineage."""
    found = _of_bundle(statement, depth, count)
    if found is None:
        digest = _digest(statement)
        folder, url = from_home_or_node(context, home, node)
        if folder is not None:
            found = _of_home(folder, digest, depth, count)
        else:
            found = _of_node(str(url), digest, depth, count)
    data = _written(found, form)
    if out is not None:
        write_out(out, data, what="lineage")
        told = f"{out}: {output.counted(len(found.entries), 'statement')}"
        output.show({"file": str(out), "bytes": len(data)}, told, as_json=as_json)
    elif as_json and form == "tree":
        output.show(found.to_json(), "", as_json=True)
    else:
        output.write_bytes(data)
    return output.DONE


def _written(lineage: Lineage, form: str) -> bytes:
    if form == "svg":
        from ledger.services.lineage.drawing import drawing_of

        return drawing_of(lineage)
    if form == "prov-json":
        from ledger.services.lineage.provenance import provenance_of

        return provenance_of(lineage)
    from ledger.services.lineage.tree import tree_of

    return "".join(f"{line}\n" for line in tree_of(lineage)).encode()


def _of_bundle(name: str, depth: int, count: int) -> Lineage | None:
    """The lineage in a bundle's file; None where this is not one."""
    from ledger.services.lineage.sources import AtHand

    if not Path(name).is_file():
        return None
    data = read_bounded(Path(name), limit=BUNDLE_LIMIT, what="bundle")
    if kind_of(data) != "bundle":
        return None
    bundle = parse_bundle(data)
    return trace(bundle.subject, AtHand(item.statement for _, item in bundle.items), depth=depth, count=count)


def _digest(name: str) -> str:
    if Path(name).is_file():
        data = read_bounded(Path(name), limit=BUNDLE_LIMIT, what="statement")
        return parse_statement(data.rstrip(b"\r\n")).digest.hex()
    if len(name) != _DIGITS or not set(name) <= set("0123456789abcdef"):
        raise typer.BadParameter(f"{name} is neither a file nor a digest of {_DIGITS} lower-case hex digits")
    return name


def _of_home(folder: Path, digest: str, depth: int, count: int) -> Lineage:
    from ledger.services.home.database import open_log_database
    from ledger.services.lineage.sources import Logged
    from ledger.store.statements import Statements

    with open_log_database(opened_home(folder), read_only=True) as database:
        return trace(bytes.fromhex(digest), Logged(Statements(database)), depth=depth, count=count)


def _of_node(url: str, digest: str, depth: int, count: int) -> Lineage:
    from ledger.remote.exchange import invalid
    from ledger.services.lineage.reading import read_lineage

    with calling.client(url) as node:
        told = node.lineage(digest, depth=depth, count=count)
    try:
        found = read_lineage(told)
    except MalformedError as error:
        raise invalid(url, f"a lineage that does not hold: {error}") from None
    if found.root.hex() != digest:
        raise invalid(url, f"the lineage of another statement than {digest}")
    return found
