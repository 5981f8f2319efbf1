"""`show` of what was signed: what a statement says, and what its node tells became of it.  Nothing is verified."""

from collections.abc import Callable, Collection, Iterator
from typing import Annotated, Any, Final

import typer

from ledger.cli import calling, output
from ledger.cli.finding import CERTIFICATE, Body, found_statement
from ledger.cli.options import AsJson, OptionalNodeUrl, command
from ledger.cli.signing import Signed
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.remote.exchange import RemoteRefusedError, plain
from ledger.remote.node import NodeClient
from ledger.services.drafting.status import REFERRED, current
from ledger.services.lineage.reach import referring
from ledger.statements import bitstring

_NOT_FOUND: Final = 404
_PARTY: Final = ("did", "jurisdiction")


def add_show(app: typer.Typer, signed: Signed) -> None:
    """Declare the command that shows one statement of a noun."""
    named = "FILE|DIGEST|NUMBER" if signed.kind == CERTIFICATE else "FILE|DIGEST"

    @command(
        app,
        "show",
        purpose=f"Show what {signed.one} says, and with --node what its own log tells of its status.",
        runs="anywhere",
        example=f"evidence {signed.noun} show {signed.document}.signed.json --node http://127.0.0.1:8151",
        more="Nothing is verified: it is what the file and the node say.",
    )
    def show(
        *,
        statement: Annotated[str, typer.Argument(metavar=named, help="Which one.")],
        node: OptionalNodeUrl = None,
        body: Body = None,
        as_json: AsJson = False,
    ) -> int:
        return shown(statement, (signed.kind,), node, body, as_json=as_json)


def shown(
    name: str,
    kinds: Collection[str],
    node: str | None,
    body: str | None = None,
    *,
    more: Callable[[Statement, NodeClient | None], dict[str, Any]] = lambda _, __: {},
    as_json: bool,
) -> int:
    """Show a statement; the exit status.

    Args:
        name: A file, a digest, or a certificate's number.
        kinds: Types that are asked for.
        node: Address of the node; None: what the file says alone.
        body: Whose number it is.
        more: Gives further members to tell.
    """
    if node is None:
        statement = found_statement(name, kinds, None)
        told: dict[str, Any] = {**_told(statement), **more(statement, None)}
    else:
        with calling.client(node) as client:
            statement = found_statement(name, kinds, client, body=body)
            told = {**_told(statement), **status_told(statement, client), **more(statement, client)}
    output.show(told, [plain(line) for line in _lines(told)], as_json=as_json)
    return output.DONE


def status_told(statement: Statement, node: NodeClient) -> dict[str, Any]:
    """What a node tells of a statement: its place, changes of its status, its bits in the newest list."""
    told: dict[str, Any] = {}
    try:
        place = node.status(statement.digest.hex())
    except RemoteRefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        return {"registered": False}
    told |= {"registered": True, "index": place.get("index"), "anchored": "anchored" in place}
    changes = [
        one for one in referring(statement.digest, node, "StatusChange") if one.issuer == statement.issuer
    ]
    told["changes"] = [
        {"digest": one.digest.hex(), **{name: one.subject[name] for name in _CHANGE if name in one.subject}}
        for one in sorted(changes, key=lambda one: str(one.subject["effective"]))
    ]
    reference: Any = statement.subject.get(REFERRED)
    if isinstance(reference, dict):
        listed = current(node, statement.issuer, reference["statusListCredential"])
        told["statusList"] = None if listed is None else _bits(listed, reference["statusListIndex"])
    return told


_CHANGE: Final = ("change", "reason", "effective", "until", "scope")


def _bits(listed: tuple[Statement, Any], index: int) -> dict[str, Any]:
    statement, read = listed
    inside = index < read.length
    return {
        "digest": statement.digest.hex(),
        "validFrom": format_time(read.valid_from),
        "validUntil": format_time(read.valid_until),
        "withdrawn": inside and bitstring.bit(read.revocation, index),
        "suspended": inside and bitstring.bit(read.suspension, index),
        "reduced": inside and bitstring.bit(read.refresh, index),
    }


def _told(statement: Statement) -> dict[str, Any]:
    return {
        "verified": False,
        "type": statement.type,
        "digest": statement.digest.hex(),
        "id": statement.id,
        "issuer": statement.issuer,
        "created": format_time(statement.created),
        "subject": dict(statement.subject),
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"NOT VERIFIED: what this {told['type']} says"
    yield from output.table([(name, str(value)) for name, value in _rows(told)])


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name in ("digest", "issuer", "created"):
        yield name, told[name]
    yield from _flat(told["subject"])
    if "registered" in told:
        yield "registered", _place(told)
    for one in told.get("changes", ()):
        until = f", until {one['until']} at most" if "until" in one else ""
        said = f"{one['change']} from {one['effective']} for {one['reason']}{until}"
        yield "changed", f"{said}: {one['digest']}"
    listed = told.get("statusList")
    if listed is not None:
        said = ", ".join(word for word in ("withdrawn", "suspended", "reduced") if listed[word])
        yield "status list", f"{said or 'no bit set'}, from {listed['validFrom']} to {listed['validUntil']}"
    elif "statusList" in told:
        yield "status list", "the node has no edition of it"


def _place(told: dict[str, Any]) -> str:
    if not told["registered"]:
        return "not at this node"
    return f"entry {told['index']}, {'anchored' if told['anchored'] else 'not anchored yet'}"


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The members of a subject, one a line; long lists of words in one."""
    if isinstance(value, dict):
        if set(_PARTY) <= value.keys():
            yield path, f"{value['did']} ({value['jurisdiction']}), {value.get('scheme')} {value.get('id')}"
            return
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        if all(isinstance(one, str) for one in value):
            yield path, ", ".join(value)
            return
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{path}.{index}")
    else:
        yield path, value if not isinstance(value, bool) else str(value).lower()
