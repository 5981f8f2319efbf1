"""`evidence partner`: other jurisdictions' nodes: their entries, and what of their logs concerns this one."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ledger.cli import output
from ledger.cli.believing import believed_by
from ledger.cli.options import (
    AsJson,
    Home,
    OptionalHome,
    OptionalNodeUrl,
    Yes,
    command,
    from_home_or_node,
    noun,
)
from ledger.cli.overriding import opened_home
from ledger.cli.partner_lines import (
    entry_lines,
    pulled_lines,
    pulled_of,
    standing,
    standing_lines,
    told_entry,
    told_of,
)
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import RefusedError, SetupError
from ledger.services.exchange.pulling import Pulled
from ledger.services.files import read_bounded, reported, require_absent
from ledger.services.home.calling import calling_of
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.trust.partners import FOLDER, MIRROR, Partner, PartnerBook
from ledger.statements.entries import Entry, read_entry
from ledger.statements.fields import COUNTRY
from ledger.statements.shape import problems
from ledger.store.partners import Mirror

app = noun("Partners: other jurisdictions' nodes, and what of their logs concerns this one.")


@command(
    app,
    "card",
    purpose="Print the signed entry of a jurisdiction, for its partners, and its fingerprint.",
    runs="anywhere",
    example="evidence partner card --home node-xa > xa.entry.json",
    more="With --home on the node itself, serving or not. Tell partners the fingerprint by another way than the file.",
)
def card(
    context: typer.Context,
    *,
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    as_json: AsJson = False,
) -> int:
    """Print an entry."""
    folder, url = from_home_or_node(context, home, node)
    data = _entry_of_home(folder) if folder is not None else _entry_of_node(str(url))
    entry = read_entry(data)
    if as_json:
        output.show(told_entry(entry), "", as_json=True)
    else:
        output.write_bytes(data + b"\n" if os.isatty(1) else data)
    for line in entry_lines(entry):
        output.say(line)
    return output.DONE


@command(
    app,
    "add",
    purpose="Take up another jurisdiction as a partner, by its entry.",
    runs="on the node",
    example="evidence partner add http://127.0.0.1:8151 --home node-xb\n"
    "evidence partner add xa.entry.json --node https://registry.example.xa --home node-xb --fingerprint"
    " e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    more="Shows what it names, and its fingerprint, which its registrar must have told by another way, and asks; or"
    " give the fingerprint. It lends no belief: evidence trust make --home composes a list with its entry.",
)
def add(
    *,
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="The entry, or the address of its node.")],
    home: Home,
    fingerprint: Annotated[
        str | None, typer.Option(metavar="HEX", help="As its registrar told it by another way.")
    ] = None,
    node: Annotated[
        str | None, typer.Option(metavar="URL", help="Where its node is, if not where the entry says.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Add a partner."""
    opened = open_home(home)
    is_url = source.startswith(("http://", "https://"))
    data = (
        _entry_of_node(source) if is_url else read_bounded(Path(source), limit=STATEMENT_LIMIT, what="entry")
    )
    entry = read_entry(data)
    for line in entry_lines(entry):
        output.say(line)
    if fingerprint is None:
        if yes:
            raise RefusedError(
                "--yes confirms no fingerprint; give --fingerprint as the registrar told it",
                code="fingerprint-missing",
            )
        output.confirm("Did its registrar tell you this fingerprint by another way?", yes=False)
        fingerprint = entry.statement.digest.hex()
    where = _named_by_operator(node, source if is_url else None, entry)
    if where is not None or entry.node is not None:
        _require_address(where or str(entry.node))
    partner = _book(opened).add(data, fingerprint=fingerprint, node=where, now=int(time.time()))
    lines = [f"partner {partner.name}, node {partner.node or 'not known'}, entry {partner.fingerprint}"]
    if not partner.believed_logs(believed_by(opened)):
        lines.append("The trust list in force does not name its log yet, so nothing of it is verified:")
        lines.append(f"  evidence trust make --home {home} --key KEY --out trust.json")
    output.show(told_of(partner), lines, as_json=as_json)
    return output.DONE


def _named_by_operator(node: str | None, source: str | None, entry: Entry) -> str | None:
    """Where the operator said that the node is: with --node, or by asking there; None leaves it to the entry."""
    if node is not None or source is None:
        return node
    if entry.node is None or urlsplit(source).netloc == urlsplit(entry.node).netloc:
        return source
    return None


@command(
    app,
    "list",
    purpose="List the partners, and how the last time went that each was asked.",
    runs="on the node",
    example="evidence partner list --home node-xb",
)
def list_(*, home: Home, as_json: AsJson = False) -> int:
    """List partners."""
    opened = open_home(home)
    mirror, trust = Mirror(opened.path / MIRROR), believed_by(opened)
    rows = [standing(partner, mirror, trust) for partner in _book(opened).list()]
    lines = [line for row in rows for line in standing_lines(row)]
    output.show(rows, lines or ["no partner yet; evidence partner add takes one up"], as_json=as_json)
    return output.DONE


@command(
    app,
    "remove",
    purpose="Forget a partner, and all that was kept of it.",
    runs="on the node",
    example="evidence partner remove XA --home node-xb",
)
def remove(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its jurisdiction.")],
    home: Home,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Remove a partner."""
    opened = open_home(home)
    partner = _book(opened).of(name)
    mirror = Mirror(opened.path / MIRROR)
    held = mirror.holdings(name)
    output.confirm(f"Forget partner {name} and {held.bundles} bundles kept of it?", yes=yes)
    _book(opened).remove(name)
    mirror.forget(name)
    output.show({**told_of(partner), "bundles": held.bundles}, f"forgot partner {name}", as_json=as_json)
    return output.DONE


@command(
    app,
    "sync",
    purpose="Pull what concerns this jurisdiction from partners' nodes, or from a file; all of it is verified first.",
    runs="on the node",
    example="evidence partner sync --home node-xb\nevidence partner sync XA --from xa-for-xb.ndjson --home node-xb",
    more="The node may be serving; it does the same by itself every minute. What does not hold is not kept, and is"
    " reported.",
    statuses="0 done; 1 something of a partner does not hold; 2 bad usage; 3 a partner could not be asked to the end.",
)
def sync(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Partners; else all of them.")
    ] = None,
    home: Home,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="As evidence partner export wrote it.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Sync."""
    opened = open_home(home)
    book = _book(opened)
    partners = [book.of(name) for name in dict.fromkeys(names)] if names else book.list()
    if not partners:
        raise SetupError("this node has no partner; evidence partner add takes one up", code="partner-none")
    if file is not None:
        return _sync_file(file, partners, opened, as_json=as_json)
    from ledger.services.exchange.syncing import Wants, ask_all

    wants = Wants(
        Mirror(opened.path / MIRROR),
        believed_by(opened),
        opened.settings.jurisdiction,
        time.time,
        again=True,
        calling=calling_of(opened),
    )
    with output.Progress("looking through partners' logs") as progress:

        def told(now: Sequence[Pulled]) -> None:
            progress.reached(sum(max(one.looked, one.kept + one.refused) for one in now))

        asked = ask_all(partners, wants, told=told)
    rows = [
        pulled_of(one.pulled, None if one.error is None else (one.error.code, str(one.error)))
        for one in asked
    ]
    output.show(rows, [line for row in rows for line in pulled_lines(row)], as_json=as_json)
    if any(one.error is not None for one in asked):
        return output.COULD_NOT_FINISH
    return output.REFUSED if any(one.pulled.refused for one in asked) else output.DONE


@command(
    app,
    "export",
    purpose="Write what of this node's log concerns a jurisdiction into a file, for its node to take.",
    runs="on the node",
    example="evidence partner export --for XB --out xa-for-xb.ndjson --home node-xa",
    more="One evidence bundle a line. The node may be serving.",
)
def export(
    *,
    home: Home,
    jurisdiction: Annotated[str, typer.Option("--for", metavar="CODE", help="The jurisdiction.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to; must not be there yet.")],
    as_json: AsJson = False,
) -> int:
    """Export."""
    from ledger.services.exchange.partner_files import export_lines
    from ledger.services.node.assembly import open_shelf

    if problems(COUNTRY, jurisdiction):
        raise typer.BadParameter(f"{jurisdiction} is no country, such as XB", param_hint="--for")
    opened = opened_home(home)
    require_absent(out, what="file")
    part = out.with_name(f".{out.name}.part")
    count = 0
    try:
        with (
            open_shelf(opened) as (shelf, concerns),
            output.Progress("exporting", unit="bundles") as progress,
            reported("write file", out),
            part.open("wb") as file,
        ):
            for line in export_lines(shelf, concerns, jurisdiction):
                file.write(line)
                count += 1
                progress.reached(count)
            file.flush()
            os.fsync(file.fileno())
            os.link(part, out)
    finally:
        part.unlink(missing_ok=True)
    told = {"file": str(out), "bundles": count, "for": jurisdiction}
    output.show(told, f"{out}: {count:,} bundles that concern {jurisdiction}", as_json=as_json)
    return output.DONE


def _sync_file(file: Path, partners: Sequence[Partner], opened: NodeHome, *, as_json: bool) -> int:
    from ledger.services.exchange.partner_files import take_file

    with output.Progress("verifying", unit="bundles") as progress:
        taken = take_file(
            file,
            partners,
            mirror=Mirror(opened.path / MIRROR),
            trust=believed_by(opened),
            clock=time.time,
            told=progress.reached,
        )
    rows = [pulled_of(one, None) for one in taken]
    output.show(rows, [line for row in rows for line in pulled_lines(row)], as_json=as_json)
    return output.REFUSED if any(one.refused for one in taken) else output.DONE


def _book(home: NodeHome) -> PartnerBook:
    return PartnerBook(home.path / FOLDER, home.settings.jurisdiction)


def _require_address(url: str) -> None:
    from ledger.remote.node import NodeClient

    NodeClient(url).close()


def _entry_of_home(folder: Path) -> bytes:
    from ledger.services.home.database import open_log_database
    from ledger.services.node.jurisdiction import require_entry
    from ledger.store.statements import Statements

    opened = opened_home(folder)
    with open_log_database(opened, read_only=True) as database:
        return require_entry(Statements(database), opened.settings.registrar).encoded


def _entry_of_node(url: str) -> bytes:
    from ledger.remote.node import NodeClient

    with NodeClient(url) as client:
        return client.entry()
