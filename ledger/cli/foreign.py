"""`evidence foreign`: partners' logs as the node's own chain knows them, and by whose word."""

import time
from typing import Annotated, Any

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
from ledger.errors import RefusedError
from ledger.services.home.folder import open_home
from ledger.services.relay import foreign_view
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.foreign_sources import add_source as put
from ledger.services.relay.foreign_sources import source_of
from ledger.services.relay.receiving import receiving_beside
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.store.foreign import FILE, Followed, ForeignStore

app = noun("Partners' logs as the node's own chain knows them.")


@command(
    app,
    "list",
    purpose="List the sources that the node follows, and how far its chain is with each log.",
    runs="anywhere",
    example="evidence foreign list --node http://127.0.0.1:8152",
)
def list_(
    context: typer.Context,
    *,
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    as_json: AsJson = False,
) -> int:
    """List sources."""
    folder, url = from_home_or_node(context, home, node)
    if folder is not None:
        store = ForeignStore(open_home(folder).path / FILE)
        told = {"items": foreign_view.sources(store, int(time.time()))}
    else:
        told = {"items": _asked(str(url), "/v1/foreign")["items"]}
    output.show(told, _source_lines(told["items"]), as_json=as_json)
    return output.DONE


@command(
    app,
    "show",
    purpose="Show the checkpoints of a log that the node's own chain accepted, and whether it is disputed.",
    runs="anywhere",
    example="evidence foreign show registry.example.xa/XA/2026 --node http://127.0.0.1:8152",
    statuses="0 done; 1 the chain knows nothing of it, or it is disputed; 2 bad usage; 3 could not finish.",
)
def show(
    context: typer.Context,
    *,
    log: Annotated[str, typer.Argument(metavar="ORIGIN|ID", help="The log's origin, or its id, 0x….")],
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    as_json: AsJson = False,
) -> int:
    """Show checkpoints."""
    folder, url = from_home_or_node(context, home, node)
    now = int(time.time())
    store = None if folder is None else ForeignStore(open_home(folder).path / FILE)
    items = (
        foreign_view.sources(store, now) if store is not None else _asked(str(url), "/v1/foreign")["items"]
    )
    ids = {one["logId"] for source in items for one in source["logs"] if log in {one["logId"], one["origin"]}}
    if not ids:
        raise RefusedError(f"the node's own chain knows nothing of {log} yet", code="not-yet-known-here")
    told = [
        foreign_view.checkpoints(store, bytes.fromhex(one[2:]), now)
        if store is not None
        else _asked(str(url), f"/v1/foreign/{one}/checkpoints")
        for one in sorted(ids)
    ]
    output.show({"logs": told}, _checkpoint_lines(told), as_json=as_json)
    disputed = any(one["disputed"] for page in told for one in page["items"])
    return output.REFUSED if disputed else output.DONE


@command(
    app,
    "add-source",
    purpose="Add a partner's chain as a source: the own chain then takes its checkpoints by the word of those named.",
    runs="on the node",
    example="evidence foreign add-source XA --home node-xb",
    more="Whose word that is, the trust list in force says. The home's relay key pays. Of an embedded chain the node"
    " must be serving. Start the node again afterwards, so that its claim names the source.",
)
def add_source(
    *,
    partner: Annotated[str, typer.Argument(metavar="XA", help="The partner.")],
    home: Home,
    kind: Annotated[
        str | None, typer.Option(metavar="attested|sealed", help="Else as the chain's consensus says.")
    ] = None,
    epoch: Annotated[int | None, typer.Option(min=1, help="Of the set; else the first one.")] = None,
    chain: Annotated[
        str | None, typer.Option(metavar="eip155:…", help="Which of the partner's chains.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Add a source."""
    opened = open_home(home)
    if kind not in {None, "attested", "sealed"}:
        raise typer.BadParameter("attested or sealed", param_hint="--kind")
    held = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction).of(partner)
    chains = frozenset(held.entry.listed.chains) if chain is None else frozenset({chain})
    source = source_of(believed_by(opened), chains, kind, epoch)
    output.say(f"chain      eip155:{source.chain_id}, anchor 0x{source.anchor.hex()}")
    output.say(f"vouched    {foreign_view.grade_of(source.kind)}, {source.threshold} of:")
    for place, member in enumerate(source.members):
        named = f" of {source.organisations[place]}" if source.organisations else ""
        output.say(f"           0x{member.hex()}{named}")
    output.confirm("Add this source to the contract on the own chain?", yes=yes)
    told: list[dict[str, Any]] = []
    found = receiving_beside(opened)
    try:
        for one in found:
            contract = ForeignContract(one.chain, one.contract)
            identifier = put(one.chain, contract, source, opened.keys.relay.secret, wait=time.sleep)
            ForeignStore(opened.path / FILE).follow(
                Followed(one.name, identifier, one.contract, partner, source, int(time.time()))
            )
            told.append({"chain": one.name, "contract": one.target, "source": "0x" + identifier.hex()})
    finally:
        for one in found:
            one.chain.close()
    if not told:
        raise RefusedError(
            "the node has no contract for other jurisdictions' checkpoints; evidence chain deploy puts it there",
            code="foreign-undeployed",
        )
    lines = [f"source {one['source']} in {one['contract']}" for one in told]
    output.show({"items": told}, [*lines, "Next: start the node again"], as_json=as_json)
    return output.DONE


def _asked(url: str, path: str) -> dict[str, Any]:
    from ledger.remote.node import NodeClient

    with NodeClient(url) as client:
        return client.document(path)


def _source_lines(items: list[dict[str, Any]]) -> list[str]:
    from ledger.remote.exchange import plain

    lines = []
    for one in items:
        lines.append(
            f"{plain(one['partner'])}  {plain(one['of']['chain'])} on {plain(one['chain'])}: {plain(one['grade'])},"
            f" {plain(one['threshold'])} of {len(one['members'])}"
        )
        lines.append(f"    source {plain(one['source'])}")
        for log in one["logs"]:
            disputed = "  DISPUTED: two histories were proven" if log["disputed"] else ""
            lag = log["lag"]
            behind = f", {plain(lag['entries'])} entries behind" if lag["entries"] else ""
            lines.append(f"    {plain(log['origin'])} up to size {plain(log['head'])}{behind}{disputed}")
    return lines or ["no source was added; evidence foreign add-source adds one"]


def _checkpoint_lines(pages: list[dict[str, Any]]) -> list[str]:
    from ledger.remote.exchange import plain

    rows: list[tuple[str, ...]] = [("size", "grade", "on", "block", "disputed", "root")]
    for page in pages:
        rows += [
            (
                *(plain(one[name]) for name in ("size", "grade", "chain", "block")),
                "yes" if one["disputed"] else "no",
                plain(one["root"]),
            )
            for one in page["items"]
        ]
    return output.table(rows)
