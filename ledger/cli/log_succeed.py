"""`evidence log succeed`: opening another log in place of one that lost entries and cannot be rebuilt."""

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Home, command
from ledger.core.times import format_time
from ledger.errors import SetupError
from ledger.statements.catalogue import TYPES
from ledger.statements.codes import SUCCESSION_REASONS

if TYPE_CHECKING:  # needs a database and a client, which no other verb of the noun does before it runs
    from ledger.services.home.folder import Home as NodeHome
    from ledger.services.recovery.sightings import Source
    from ledger.services.recovery.succeeding import Succeeded
    from ledger.store.database import Database
    from ledger.store.log import Log


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "succeed",
        purpose="Open another log in place of one that lost entries and of which no mirror is complete.",
        runs="on the node",
        example="evidence log succeed --home node-xa --into node-xa-2 --from mirror",
        more="Witnesses and chains are asked what they saw. The new home has new keys for the log, its head, the"
        " witness and the attester, and the registrar's own; its log begins with a notice, signed by the registrar,"
        " of what is lost. Enrolments and revocations that still count are registered again. The old home is left as"
        " it is and signs nothing any more. Refused where nothing is lost: evidence log recover then rebuilds the"
        " log. Run it again after a crash: there is no new home, or a whole one.",
        statuses="0 the new home is there; 1 refused, and nothing is changed; 2 bad usage; 3 could not finish.",
    )(succeed)


def succeed(
    *,
    home: Home,
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the new home goes.")],
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="MIRROR",
            help="An incomplete mirror, as of evidence log recover, whose entries count as held. Repeatable.",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Last part of the new log's origin; else the old one with -2, -3, …"
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="CODE", help=f"{', '.join(sorted(SUCCESSION_REASONS))}; else as it is found."),
    ] = None,
    carry: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE", help="Register statements of this type again too; all: every one. Repeatable."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="PORT", help="Of the new node; else the old one's."),
    ] = None,
    unproven: Annotated[
        bool, typer.Option("--unproven", help="Go on though no witness and no chain answers.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Succeed."""
    if reason is not None and reason not in SUCCESSION_REASONS:
        raise typer.BadParameter(f"there are {', '.join(sorted(SUCCESSION_REASONS))}", param_hint="--reason")
    wanted = frozenset(carry or ())
    unknown = sorted(wanted - {"all", *TYPES})
    if unknown:
        raise typer.BadParameter(
            f"there is no type {unknown[0]}; there are {', '.join(TYPES)}", param_hint="--carry"
        )
    made = _succeeded(
        home,
        into,
        source or [],
        shard=shard,
        reason=reason,
        carry=None if "all" in wanted else wanted,
        port=port,
        unproven=unproven,
    )
    output.show(_told(made), _lines(made), as_json=as_json)
    return output.DONE


def _succeeded(
    folder: Path,
    into: Path,
    mirrors: list[str],
    *,
    shard: str | None,
    reason: str | None,
    carry: frozenset[str] | None,
    port: int | None,
    unproven: bool,
) -> "Succeeded":
    from ledger.cli.overriding import opened_home
    from ledger.services.recovery.recover import mirror_at
    from ledger.services.recovery.succeeding import Terms, next_origin
    from ledger.services.recovery.succeeding import succeed as opened

    home = opened_home(folder)
    if home.settings.database is not None:
        raise SetupError(
            "a log on a server is not succeeded by this command yet; keep its database, publish what is lost, and begin"
            " a log of another name in a new home",
            code="succession-on-server",
        )
    origin = home.settings.origin
    with ExitStack() as stack:
        terms = Terms(
            old=home,
            into=into,
            origin=next_origin(origin) if shard is None else f"{origin.rpartition('/')[0]}/{shard}",
            sources=_Sources(home, stack).of,
            mirrors=[stack.enter_context(mirror_at(one, origin)) for one in mirrors],
            reason=reason,
            carry=carry,
            unproven=unproven,
            port=port,
        )
        return opened(terms, now=int(time.time()), random=os.urandom)


class _Sources:
    """The old log's witnesses and chains, asked when what is held of the log is known."""

    def __init__(self, home: "NodeHome", stack: ExitStack) -> None:
        self._home, self._stack = home, stack

    def of(self, log: "Log", old: "Database | None") -> "list[Source]":
        """As of `Terms`."""
        from ledger.services.anchoring.chains import open_chains
        from ledger.services.recovery.sightings import sources_of
        from ledger.services.trust.partners import FOLDER, PartnerBook
        from ledger.services.witnessing.witnesses import Witnesses
        from ledger.store.anchors import Anchors
        from ledger.store.cosignatures import Cosignatures

        home = self._home
        witnesses = Witnesses(home, PartnerBook(home.path / FOLDER, home.settings.jurisdiction))
        chains = open_chains(home, time.time)
        for own in chains:
            self._stack.callback(own.close)
        return sources_of(
            home.log_signer(),
            witnesses=witnesses.all(),
            cosignatures=None if old is None else Cosignatures(old),
            chains=chains,
            log=log,
            anchors=Anchors(log.database if old is None else old),
        )


def _told(made: "Succeeded") -> dict[str, Any]:
    notice = made.told
    return {
        "home": str(made.home.path),
        "origin": notice.successor.origin,
        "succeeds": notice.log.origin,
        "notice": made.notice.digest.hex(),
        "at": format_time(notice.at),
        "reason": notice.reason,
        "held": notice.held.size,
        "lost": {"first": notice.first, "last": notice.last},
        "seen": [
            {"by": one.by, "name": one.name, "size": one.size, "root": one.root.hex()} for one in notice.seen
        ],
        "carried": made.carried.counted,
        "left": list(made.carried.left),
        "refused": made.carried.refused,
        "resumed": made.resumed,
    }


def _lines(made: "Succeeded") -> list[str]:
    notice, carried = made.told, made.carried
    count = notice.last - notice.first + 1
    lines = [
        f"seen     {one.by} {one.name or notice.log.origin} saw size {one.size:,} with root {one.root.hex()}"
        for one in notice.seen
    ]
    lines.append(
        f"lost     {count:,} entries of {notice.log.origin}, {notice.first:,} to {notice.last:,};"
        f" {notice.held.size:,} are held"
    )
    lines.append(f"notice   {made.notice.digest.hex()}, entry 0 of {notice.successor.origin}")
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(carried.counted.items()))
    lines.append(
        f"carried  {kinds or 'nothing'}; what else the old log holds is shown by its own checkpoints"
    )
    lines += [f"left     {one}" for one in carried.left]
    if carried.refused:
        lines.append(f"refused  {carried.refused:,} statements that may not be registered any more")
    again = " (it was there already)" if made.resumed else ""
    lines.append(f"made     {made.home.path}{again}; the old home signs nothing any more")
    lines.append(
        f"next     evidence node serve --home {made.home.path}; partners compare the new entry of"
        f" {notice.jurisdiction} and add it, whoever keeps a trust list takes up the new claim"
    )
    return lines
