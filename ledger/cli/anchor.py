"""`evidence anchor`: what was anchored, and what still waits and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, OptionalHome, OptionalNodeUrl, command, from_home_or_node, noun
from ledger.cli.overriding import opened_home
from ledger.core.times import format_time

if TYPE_CHECKING:
    from ledger.services.anchoring.states import AnchorState

app = noun("Anchors: the log's checkpoints on a chain.")


@command(
    app,
    "list",
    purpose="List the anchors that stand, how far each chain is, and what waits and why.",
    runs="anywhere",
    example="evidence anchor list --node http://127.0.0.1:8151",
    more="With --home on the node itself, serving or not: that shows each waiting transaction.",
)
def list_(
    context: typer.Context,
    *,
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    as_json: AsJson = False,
) -> int:
    """List anchors."""
    folder, url = from_home_or_node(context, home, node)
    told = _of_home(folder) if folder is not None else _of_node(str(url))
    output.show(told, _lines(told), as_json=as_json)
    return output.DONE


def _of_home(folder: Path) -> dict[str, Any]:
    from ledger.services.anchoring.states import anchor_state, state_of
    from ledger.services.finality.finalising import claims_of
    from ledger.services.home.database import open_log_database
    from ledger.store.anchors import Anchors

    home = opened_home(folder)
    settings = home.settings
    with open_log_database(home, read_only=True) as database:
        anchors, claims = Anchors(database), claims_of(home, database)
        standing, after = [], 0
        while page := anchors.evidence_list(after=after):
            standing += [
                {
                    "size": one.row.size,
                    "chain": one.row.chain,
                    "block": one.row.block_number,
                    "blockTime": format_time(one.row.block_time),
                    "vouched": claims.told(one),
                    "ours": one.row.intent is not None,
                }
                for one in page
            ]
            after = page[-1].id
        waiting = [
            {
                "size": one.row.size,
                "chain": one.row.chain,
                "transaction": "0x" + one.row.transaction_hash.hex(),
                "since": format_time(one.row.created_at),
                "state": state_of(anchors, one),
                "why": _why([event.row for event in anchors.events(one.id)]),
            }
            for one in anchors.pending()
        ]
        named = (settings.chain, *settings.chains)
        chains = [_shown(anchor_state(anchors, f"eip155:{one.id}")) for one in named]
    return {"chains": chains, "anchors": standing, "pending": waiting}


def _shown(found: "AnchorState") -> dict[str, Any]:
    return {
        "chain": found.chain,
        "state": found.state,
        "size": found.size,
        "anchoredSize": found.anchored_size,
        "pendingAnchors": found.pending,
    }


def _why(events: list[Any]) -> str:
    """What the journal last wrote down of a transaction that is not settled."""
    if not events:
        return "not handed to the chain yet"
    last = events[-1]
    refused = f"; the chain said: {last.detail}" if last.detail else ""
    if last.kind == "mined":
        return f"in block {last.block_number}, which is not final yet"
    if last.kind == "reorged":
        return "its block is no longer on the chain; it is handed over again"
    return f"handed over, in no block yet{refused}"


def _of_node(url: str) -> dict[str, Any]:
    from ledger.remote.node import NodeClient

    names = ("size", "chain", "block", "blockTime", "vouched", "ours")
    with NodeClient(url) as client:
        standing = [{name: one.get(name) for name in names} for one in client.anchors()]
        health = client.health()
    told: dict[str, Any] = {"chains": [], "anchors": standing, "pendingCount": health.get("pendingAnchors")}
    chains = health.get("chains")
    for one in chains if isinstance(chains, list) else []:
        shown = {name: one.get(name) for name in ("chain", "state", "size", "anchoredSize", "pendingAnchors")}
        told["chains"].append(shown | _trouble(one.get("trouble")))
    return told | _trouble(health.get("anchorTrouble"))


def _trouble(told: Any) -> dict[str, Any]:
    from ledger.remote.exchange import plain

    if not isinstance(told, dict):
        return {}
    return {"trouble": {"code": plain(told.get("code")), "detail": plain(told.get("detail"))}}


def _lines(told: dict[str, Any]) -> list[str]:
    from ledger.remote.exchange import plain

    lines = []
    rows: list[tuple[str, ...]] = [("size", "chain", "block", "time", "final by", "sent by")]
    rows += [
        (
            *(plain(one[name]) for name in ("size", "chain", "block", "blockTime", "vouched")),
            "this node" if one["ours"] is True else "somebody else",
        )
        for one in told["anchors"]
    ]
    lines += output.table(rows) if told["anchors"] else ["no anchor stands yet"]
    for one in told["chains"]:
        anchored = plain(one["anchoredSize"])
        newest = (
            "" if one["state"] in {"final", "none"} else f"; size {plain(one['size'])} {plain(one['state'])}"
        )
        lines.append(f"{plain(one['chain'])}: final up to size {anchored}{newest}")
        if "trouble" in one:
            lines.append(f"  trouble: {one['trouble']['detail']} ({one['trouble']['code']})")
    lines += [
        f"waiting: size {one['size']} on {one['chain']}, {one['transaction']} since {one['since']}: {one['why']}"
        for one in told.get("pending", ())
    ]
    if told.get("pendingCount"):
        lines.append(
            f"waiting: {plain(told['pendingCount'])}; evidence anchor list --home on the node tells why"
        )
    if "trouble" in told and not told["chains"]:
        lines.append(f"trouble: {told['trouble']['detail']} ({told['trouble']['code']})")
    return lines
