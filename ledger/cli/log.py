"""`evidence log`: the latest checkpoint, and the audit of a node's own store."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import log_recover, log_succeed, output
from ledger.cli.believing import believed
from ledger.cli.options import AsJson, Home, OptionalHome, OptionalNodeUrl, command, from_home_or_node, noun
from ledger.cli.overriding import opened_home
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_log_lines
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import NotFoundError, VerificationError

SHOWN: Final = 200
"""Differences printed; `--json` has all."""

app = noun("The log: its checkpoints, and its audit.")


@command(
    app,
    "checkpoint",
    purpose="Print the log's latest signed checkpoint.",
    runs="anywhere",
    example="evidence log checkpoint --node http://127.0.0.1:8151 --verify",
    more="With --home on the node itself, serving or not.",
    statuses="0 done; 1 --verify: a signature does not hold, or the log is not in the trust list; 2 bad usage;"
    " 3 could not finish, so nothing is known.",
)
def checkpoint(
    context: typer.Context,
    *,
    home: OptionalHome = None,
    node: OptionalNodeUrl = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check its three signatures by the trust list.")
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="FILE", help="For --verify; else the one list that is pinned."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Print the checkpoint."""
    folder, url = from_home_or_node(context, home, node)
    signed = _of_home(folder) if folder is not None else _of_node(str(url))
    found = signed.checkpoint
    told: dict[str, Any] = {
        "origin": found.origin,
        "size": found.size,
        "root": found.root.hex(),
        "checkpoint": signed.encoded.decode(),
    }
    if verify or trust is not None:
        listed = believed(trust)[0]
        time = _verified(signed, listed)
        told["verified"] = {
            "trust": listed.publisher.id,
            "version": listed.version,
            "signedAt": format_time(time),
        }
        output.say(
            f"verified: {found.origin} at size {found.size}, signed {format_time(time)} by the log's own clock;"
            f" trust list of {listed.publisher.id}, version {listed.version}"
        )
    output.show(told, signed.encoded.decode().removesuffix("\n"), as_json=as_json)
    return output.DONE


@command(
    app,
    "audit",
    purpose="Compute again everything that the node's store can be held against, and name every difference.",
    runs="on the node",
    example="evidence log audit --home node-xa",
    more="Reads only; the node may be serving. Run it daily, and after every restore. It uses every processor, and"
    " tells how far it is. A run that is interrupted keeps in audit.progress of the home what it compared; the next"
    " one, within a day, goes on from there, if the stored tiles still lead to the same root at that entry.",
    statuses="0 no difference; 1 differences, each named; 2 bad usage; 3 could not finish, so nothing is known.",
)
def audit(
    *,
    home: Home,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin at the first entry, wherever an earlier run came to.")
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes", metavar="N", min=1, max=256, help="How many compare; else one a processor."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Audit the store."""
    from ledger.cli.auditing import audited

    opened = opened_home(home)
    report = audited(opened, from_start=from_start, processes=processes)
    if report is None:
        return output.COULD_NOT_FINISH
    for one in report.unchecked:
        output.say(f"not checked: {one}")
    findings = sorted(report.findings, key=lambda found: (found.index is None, found.index or 0))
    told = {
        "origin": opened.settings.origin,
        "entries": report.entries,
        "checkpoints": report.checkpoints,
        "anchors": report.anchors,
        "resumed": report.resumed,
        "unchecked": list(report.unchecked),
        "untold": report.untold,
        "findings": [
            {"table": one.table, "index": one.index, "tile": one.tile, "detail": one.detail}
            for one in findings
        ],
    }
    compared = f"{report.entries:,} entries, {report.checkpoints:,} checkpoints, {report.anchors:,} anchors"
    lines = [str(one) for one in findings[:SHOWN]]
    if len(findings) > SHOWN:
        lines.append(f"and {len(findings) - SHOWN} more; --json names all")
    if report.untold:
        lines.append(f"and {report.untold:,} that were counted only")
    lines.append(f"{'no difference' if report.is_clean else f'{len(findings)} differences'} in {compared}")
    output.show(told, lines, as_json=as_json)
    return output.DONE if report.is_clean else output.REFUSED


log_recover.add_to(app)
log_succeed.add_to(app)


def _of_home(folder: Path) -> SignedCheckpoint:
    from ledger.services.home.database import open_log_database
    from ledger.store.checkpoints import Checkpoints

    with open_log_database(opened_home(folder), read_only=True) as database:
        latest = Checkpoints(database).latest()
    if latest is None:
        raise NotFoundError("nothing is registered yet, so no checkpoint is signed", code="not-signed-yet")
    return parse_checkpoint(latest.note)


def _of_node(url: str) -> SignedCheckpoint:
    from ledger.remote.node import NodeClient

    with NodeClient(url) as client:
        return client.checkpoint()


def _verified(signed: SignedCheckpoint, listed: TrustList) -> int:
    """When the log says it signed, once its three signatures hold."""
    origin = signed.checkpoint.origin
    log = listed.logs.get(origin)
    if log is None:
        raise VerificationError(
            f"the trust list of {listed.publisher.id} does not name the log {origin}", code="log-unknown"
        )
    addresses = [key.address for key in log.head_keys]
    return verify_log_lines(signed, origin, log.vkeys, addresses).mldsa_time
