"""`evidence log recover`: rebuilding a log's database from a mirror of it."""

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Home, command
from ledger.cli.overriding import opened_home
from ledger.services.home.folder import Home as NodeHome

if TYPE_CHECKING:  # needs a database and a client, which no other verb of the noun does before it runs
    from ledger.services.recovery.recover import Recovered


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "recover",
        purpose="Rebuild the log's database from a mirror, after an older copy was put back or the disk was lost.",
        runs="on the node",
        example="evidence log recover --home node-xa --from mirror\n"
        "evidence log recover --home node-xa --from https://mirror.example.xb/registry.example.xa/XA/2026",
        more="Every digest is computed again, and the root must be the signed one. Nothing is put in place that is"
        " smaller than what a witness or a chain saw, or that lacks what the old database acknowledged; the old"
        " database is kept beside. The node must not be serving. On a server the log is"
        " rebuilt in an empty database, which DATABASE_URL names.",
        statuses="0 the new database is in place; 1 refused, and nothing is changed; 2 bad usage; 3 could not finish,"
        " and nothing is changed.",
    )(recover)


def recover(
    *,
    home: Home,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="MIRROR",
            help="A folder that evidence monitor keeps, or the address at which that or the log is served.",
        ),
    ],
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Go on though no witness and no chain answers.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Recover."""
    from ledger.services.recovery.succession import require_goes_on

    opened = opened_home(home)
    require_goes_on(opened)
    made = _recovered(opened, source, unproven=unproven)
    told: dict[str, Any] = {
        "origin": made.origin,
        "size": made.size,
        "signedSize": made.signed,
        "mirrored": made.mirrored,
        "before": made.before,
        "again": made.again,
        "unrecovered": made.unrecovered,
        "checkpoints": made.checkpoints,
        "anchors": made.anchors,
        "kept": None if made.kept is None else str(made.kept),
        "seen": [{"who": one.who, "size": one.size, "root": one.root.hex()} for one in made.seen],
    }
    output.show(told, _lines(made, on_server=opened.settings.database is not None), as_json=as_json)
    return output.DONE


def _recovered(home: NodeHome, source: str, *, unproven: bool) -> "Recovered":
    from ledger.services.anchoring.chains import open_chains
    from ledger.services.home.database import DATABASE, open_for_rebuilding
    from ledger.services.recovery.recover import Terms, fill, mirror_at
    from ledger.services.recovery.recover import recover as rebuilt
    from ledger.services.recovery.sightings import Source, sources_of
    from ledger.services.trust.partners import FOLDER, PartnerBook
    from ledger.services.witnessing.witnesses import Witnesses
    from ledger.store.anchors import Anchors
    from ledger.store.cosignatures import Cosignatures
    from ledger.store.database import Database
    from ledger.store.log import Log

    witnesses = Witnesses(home, PartnerBook(home.path / FOLDER, home.settings.jurisdiction))
    signer = home.log_signer()
    with ExitStack() as stack:

        def sources(log: Log, old: Database | None) -> list[Source]:
            chains = open_chains(home, time.time)
            for own in chains:
                stack.callback(own.close)
            return sources_of(
                signer,
                witnesses=witnesses.all(),
                cosignatures=None if old is None else Cosignatures(old),
                chains=chains,
                log=log,
                anchors=Anchors(log.database if old is None else old),
            )

        mirror = stack.enter_context(mirror_at(source, home.settings.origin))
        terms = Terms(signer, sources, home.path, unproven=unproven, told=_progress)
        if home.settings.database is None:
            return rebuilt(home.path / DATABASE, mirror, terms, now=int(time.time()))
        with open_for_rebuilding(home.settings.database) as database:
            return fill(database, mirror, terms)


def _progress(done: int, size: int) -> None:
    if done == size or done % 25_600 == 0:
        output.say(f"{done:,} of {size:,} entries")


def _lines(made: "Recovered", *, on_server: bool) -> list[str]:
    before = "nothing was taken of another database" if on_server else "there was no old database"
    if made.kept is not None:
        had = "could not be read" if made.before is None else f"had {made.before:,}"
        before = f"the old database {had}"
    lines = [f"seen    {one}" for one in made.seen]
    lines.append(f"log     {made.origin}: {made.size:,} entries, {made.mirrored:,} from the mirror; {before}")
    lines.append(
        f"signed  size {made.signed:,}; the next signature is of a larger one"
        f" ({made.checkpoints:,} checkpoints, {made.anchors:,} anchors)"
    )
    if made.again:
        lines.append(f"again   {made.again:,} statements that no checkpoint covered stand at the end")
    if made.unrecovered:
        lines.append(f"left    {made.unrecovered:,} statements, in unrecovered.ndjson: their ids are taken")
    if made.kept is not None:
        lines.append(f"kept    {made.kept}")
    return [*lines, "next    evidence log audit, then evidence node serve"]
