"""`evidence status-list`: the lists by which issuers tell the status of what they issued."""

from typing import Annotated, Any

import typer

from ledger.cli import calling, output
from ledger.cli.finding import file_statement
from ledger.cli.issuing import issuer
from ledger.cli.options import AsJson, Key, NodeUrl, OptionalNodeUrl, command, noun
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.errors import RemoteError
from ledger.remote.exchange import plain
from ledger.services.drafting import status
from ledger.statements import bitstring
from ledger.statements.status_list import StatusList, read

DAY = 86_400
MOST_DAYS = 366

app = noun("Status lists: publish the next edition, show one.")


@command(
    app,
    "issue",
    purpose="Publish the next edition of a status list of one's own, or the first, with the same bits set.",
    runs="anywhere",
    example="evidence status-list issue --key body.key --node http://127.0.0.1:8151 --days 7",
    more="An edition speaks until it ends; past that nobody knows the status of anything in it, so publish the next"
    " before. Suspensions and withdrawals publish one by themselves.",
)
def issue(
    *,
    key: Key,
    node: NodeUrl,
    name: Annotated[
        str | None, typer.Option("--id", metavar="URI", help="Which list; else DID#status-1 of the key.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="How long it speaks.")] = 7,
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="Only where the last one has less than half of that left.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Publish an edition."""
    with issuer(key, node) as by:
        listed = name if name is not None else status.list_name(by.key.holder)
        statement, edition, new = status.renew(by, listed, life=days * DAY, always=not if_needed)
    lines = [
        f"{'published' if new else 'published before'}: {edition.id}, {statement.digest.hex()}",
        *_lines(edition),
    ]
    output.show({"new": new, **_told(statement, edition)}, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show an edition of a status list: when it speaks, and which places have a bit set. Nothing is verified.",
    runs="anywhere",
    example="evidence status-list show list.signed.json\n"
    "evidence status-list show did:web:body.example.xa#status-1 --node http://127.0.0.1:8151",
    more="With an id, the newest edition that the node has.",
)
def show(
    *,
    which: Annotated[str, typer.Argument(metavar="FILE|ID", help="The signed list, or its id.")],
    node: OptionalNodeUrl = None,
    issued_by: Annotated[
        str | None, typer.Option("--issuer", metavar="DID", help="Whose it is, where its id does not say.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show an edition."""
    statement = file_statement(which)
    if statement is None:
        if node is None:
            raise typer.BadParameter(f"{which} is no file; a list is looked up with --node URL")
        by = issued_by if issued_by is not None else which.partition("#")[0]
        with calling.client(node) as client:
            found = status.current(client, by, which)
        if found is None:
            raise RemoteError(f"node {node} has no status list {which} of {by}", code="status-list-unknown")
        statement = found[0]
    edition = read(statement, screened=False)
    lines = [
        f"NOT VERIFIED: {edition.id}, by {statement.issuer}, {statement.digest.hex()}",
        *_lines(edition),
    ]
    output.show(_told(statement, edition), [plain(line) for line in lines], as_json=as_json)
    return output.DONE


def _told(statement: Statement, edition: StatusList) -> dict[str, Any]:
    return {
        "id": edition.id,
        "digest": statement.digest.hex(),
        "issuer": statement.issuer,
        "validFrom": format_time(edition.valid_from),
        "validUntil": format_time(edition.valid_until),
        "length": edition.length,
        "withdrawn": list(bitstring.indexes(edition.revocation)),
        "suspended": list(bitstring.indexes(edition.suspension)),
        "reduced": list(bitstring.indexes(edition.refresh)),
        "supersedes": None if edition.supersedes is None else edition.supersedes.hex(),
    }


def _lines(edition: StatusList) -> list[str]:
    counted = [
        f"{len(bitstring.indexes(bits))} {word}"
        for word, bits in (
            ("withdrawn", edition.revocation),
            ("suspended", edition.suspension),
            ("reduced", edition.refresh),
        )
    ]
    return [
        f"speaks from {format_time(edition.valid_from)} to {format_time(edition.valid_until)}",
        f"{', '.join(counted)}, of {edition.length} places",
    ]
