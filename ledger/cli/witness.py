"""`evidence witness`: this node as a witness of other logs, and the witnesses of its own."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output, witness_log, witness_policy
from ledger.cli.options import AsJson, Home, Yes, command, noun
from ledger.cli.overriding import opened_home
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import encode_vkey
from ledger.core.times import format_time
from ledger.services.files import exists, reported, write_new
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home, save_settings
from ledger.services.trust.known_logs import KnownLogs
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.services.witnessing.witnesses import Asked, Witnesses
from ledger.store.cosignatures import Cosignature
from ledger.store.witness import FILE, Fork, WitnessStore

app = noun("Witnesses: logs that this node cosigns, and those who cosign its own.")
app.add_typer(witness_log.app, name="log")
app.add_typer(witness_policy.app, name="policy")


@command(
    app,
    "show",
    purpose="Show the node's key as a witness, the logs it cosigns, and the witnesses of its own log.",
    runs="on the node",
    example="evidence witness show --home node-xb",
    more="The node may be serving; what hinders it from asking a witness stands in /health.",
)
def show(*, home: Home, as_json: AsJson = False) -> int:
    """Show it."""
    opened = opened_home(home)
    partners = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction)
    store = WitnessStore(opened.path / FILE)
    asked = [(one, _last(opened, one)) for one in Witnesses(opened, partners).all()]
    told: dict[str, Any] = {
        "name": opened.witness_name,
        "vkey": encode_vkey(opened.witness_vkey()),
        "organisation": opened.settings.operator,
        "logs": witness_log.told_of(KnownLogs(opened.path, partners, opened.settings.origin), store),
        "witnesses": [_told(one, last) for one, last in asked],
        "quorum": opened.settings.quorum,
        "forks": store.count_forks(),
    }
    lines = [
        f"witness      {told['name']} of {told['organisation']}",
        f"key          {told['vkey']}",
        *(witness_log.line_of(one) for one in told["logs"]),
        *(_line(one) for one in told["witnesses"]),
        f"quorum       {told['quorum']} organisations for a section that is exported",
    ]
    if told["forks"]:
        lines.append(f"forks        {sum(told['forks'].values())} refused and kept; evidence witness forks")
    output.show(told, lines, as_json=as_json)
    return output.DONE


@command(
    app,
    "quorum",
    purpose="Say how many witness organisations should have cosigned what this node exports.",
    runs="on the node",
    example="evidence witness quorum 2 --home node-xa",
    more="0 asks for none. Where too few have cosigned, exports stand at what is anchored. What a verifier asks for"
    " stands in its own trust list. Start the node again afterwards.",
)
def quorum(
    *,
    count: Annotated[
        int, typer.Argument(metavar="N", min=0, max=64, help="Organisations, this node's own aside.")
    ],
    home: Home,
    as_json: AsJson = False,
) -> int:
    """Set the quorum."""
    opened = open_home(home)
    partners = PartnerBook(opened.path / FOLDER, opened.settings.jurisdiction)
    asked = {one.organisation for one in Witnesses(opened, partners).all() if one.url is not None}
    save_settings(opened, replace(opened.settings, quorum=count))
    told = {"quorum": count, "organisations": sorted(asked)}
    lines = [f"quorum       {count} organisations for a section that is exported"]
    if len(asked) < count:
        lines.append(
            f"{len(asked)} are asked so far; evidence partner add and evidence witness policy import add others"
        )
    output.show(told, [*lines, "Next: start the node again"], as_json=as_json)
    return output.DONE


@command(
    app,
    "forks",
    purpose="List what logs signed and this witness refused, beside what it had cosigned.",
    runs="on the node",
    example="evidence witness forks --home node-xb --out forks",
    more="Two roots of one size prove that the log showed two histories: --out writes each as a fork proof. A larger"
    " tree that was not shown to extend the last one proves nothing by itself: it may have come with a wrong path.",
)
def forks(
    *,
    home: Home,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the fork proofs there; made where it is not there."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List them."""
    kept = WitnessStore(open_home(home).path / FILE).forks()
    rows = [_fork(one) for one in kept]
    if out is not None:
        _write(kept, rows, out)
    lines = [
        f"{row['at']}  {row['kind']:8} {row['origin']}: size {row['heldSize']} was cosigned, {row['size']} refused"
        + (f"; {row['file']}" if "file" in row else "")
        for row in rows
    ]
    output.show(rows, lines or ["nothing was refused that a log signed"], as_json=as_json)
    return output.DONE


@command(
    app,
    "renew",
    purpose="Give the witness a new key; the old one signs nothing more.",
    runs="on the node",
    example="evidence witness renew --home node-xb",
    more="Needed where witness.sqlite was lost, or the key is no longer only the node's. The node takes the new key"
    " when it starts again, and its claim and entry then name it: tell partners the fingerprint of the new entry.",
)
def renew(*, home: Home, yes: Yes = False, as_json: AsJson = False) -> int:
    """Renew the key."""
    from ledger.services.witnessing.witnessing import renew_witness

    opened = open_home(home)
    output.confirm(f"Give {opened.witness_name} a new key?", yes=yes)
    vkey = encode_vkey(renew_witness(opened, os.urandom).witness_vkey())
    output.show(
        {"vkey": vkey}, [f"key          {vkey}", "Start the node again, if it serves."], as_json=as_json
    )
    return output.DONE


def _write(kept: list[Fork], rows: list[dict[str, Any]], out: Path) -> None:
    from ledger.verify.fork import encode_fork

    with reported("make folder", out):
        out.mkdir(exist_ok=True)
    for one, row in zip(kept, rows, strict=True):
        if one.kind != "split":
            continue
        path = out / f"{one.origin.replace('/', '-')}-{one.size}-{one.root.hex()[:16]}.fork.json"
        if not exists(path):
            proof = encode_fork(parse_checkpoint(one.held), parse_checkpoint(one.offered))
            write_new(path, proof, what="fork proof", mode=0o644)
        row["file"] = str(path)


def _fork(one: Fork) -> dict[str, Any]:
    return {
        "origin": one.origin,
        "kind": one.kind,
        "heldSize": one.held_size,
        "heldRoot": one.held_root.hex(),
        "size": one.size,
        "root": one.root.hex(),
        "at": format_time(one.at),
    }


def _last(home: NodeHome, asked: Asked) -> Cosignature | None:
    from ledger.services.home.database import is_begun, open_log_database
    from ledger.store.cosignatures import Cosignatures

    if not is_begun(home):
        return None
    with open_log_database(home, read_only=True) as database:
        return Cosignatures(database).last_of(asked.keys)


def _told(asked: Asked, last: Cosignature | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": asked.name,
        "organisation": asked.organisation,
        "source": asked.source,
        "size": 0 if last is None else last.size,
    }
    if asked.url is not None:
        told["url"] = asked.url
    if last is not None:
        told["time"] = format_time(last.time)
    return told


def _line(told: dict[str, Any]) -> str:
    when = f"size {told['size']}, {told['time']}" if "time" in told else "nothing cosigned yet"
    where = told.get("url", "where it is, is not known")
    return f"asked        {told['name']} of {told['organisation']}: {when} ({where})"
