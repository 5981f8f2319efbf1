"""`evidence witness log`: the logs that this node cosigns."""

from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Home, Yes, command, noun
from ledger.core.note import encode_vkey, parse_vkey
from ledger.core.times import format_time
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.trust.known_logs import KnownLogs
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.store.witness import FILE, WitnessStore

app = noun("Logs that this node cosigns: partners', and others named by their keys.")


@command(
    app,
    "add",
    purpose="Cosign a log that is no partner's, named by its verifier keys.",
    runs="on the node",
    example="evidence witness log add"
    " evidence.example/eu/2026+8ed9fc3a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 --home node-xb",
    more="A key is written name+keyid+base64, its name is the log's origin; its operator must have told it by another"
    " way. Partners' logs are cosigned without this.",
)
def add(
    *,
    vkeys: Annotated[list[str], typer.Argument(metavar="VKEY…", help="Keys of type 0x01 or 0x06.")],
    home: Home,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Add logs."""
    opened = open_home(home)
    for text in vkeys:
        vkey = parse_vkey(text)
        output.say(f"log {vkey.name}, key {vkey.key_id.hex()}: {text}")
    output.confirm("Did its operator tell you these keys by another way?", yes=yes)
    added = _known(opened).add(vkeys)
    told = [{"origin": one.origin, "vkeys": [encode_vkey(vkey) for vkey in one.vkeys]} for one in added]
    output.show(told, [f"cosigning {one.origin}" for one in added], as_json=as_json)
    return output.DONE


@command(
    app,
    "list",
    purpose="List the logs that this node cosigns, and how far each was cosigned.",
    runs="on the node",
    example="evidence witness log list --home node-xb",
)
def list_(*, home: Home, as_json: AsJson = False) -> int:
    """List logs."""
    opened = open_home(home)
    told = told_of(_known(opened), WitnessStore(opened.path / FILE))
    none = "no log is known; evidence partner add takes one up, evidence witness log add another"
    output.show(told, [line_of(one) for one in told] or [none], as_json=as_json)
    return output.DONE


@command(
    app,
    "remove",
    purpose="Cosign nothing more of a log that was added by its keys.",
    runs="on the node",
    example="evidence witness log remove evidence.example/eu/2026 --home node-xb",
    more="What was cosigned of it is not forgotten: added again, it goes on from there.",
)
def remove(
    *,
    origin: Annotated[str, typer.Argument(metavar="ORIGIN", help="The log's name.")],
    home: Home,
    as_json: AsJson = False,
) -> int:
    """Remove a log."""
    removed = _known(open_home(home)).remove(origin)
    output.show({"origin": removed.origin}, f"cosigning no more of {removed.origin}", as_json=as_json)
    return output.DONE


def told_of(known: KnownLogs, store: WitnessStore) -> list[dict[str, Any]]:
    """Each known log, and what was cosigned of it last."""
    rows: list[dict[str, Any]] = []
    for one in known.all().values():
        head = store.head(one.origin)
        row: dict[str, Any] = {"origin": one.origin, "size": 0 if head is None else head.size}
        if one.partner is not None:
            row["partner"] = one.partner
        if head is not None:
            row |= {"root": head.root.hex(), "time": format_time(head.time)}
        rows.append(row)
    return rows


def line_of(told: dict[str, Any]) -> str:
    """One log in words."""
    whose = f"partner {told['partner']}" if "partner" in told else "added by its keys"
    when = f"size {told['size']}, {told['time']}" if "time" in told else "nothing cosigned yet"
    return f"log          {told['origin']}: {when} ({whose})"


def _known(home: NodeHome) -> KnownLogs:
    partners = PartnerBook(home.path / FOLDER, home.settings.jurisdiction)
    return KnownLogs(home.path, partners, home.settings.origin)
