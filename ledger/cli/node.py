"""`evidence node`: making a node's home and serving it."""

import os
import time
from typing import Annotated, Any, Final

import typer

from ledger.chains import RpcSettings
from ledger.cli import authority as authorities
from ledger.cli import output
from ledger.cli.options import AsJson, Home, command, noun
from ledger.cli.overriding import opened_home
from ledger.config import DEFAULT_PORT, Settings, with_environment
from ledger.errors import SetupError
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import Plan, init_home, open_home

app = noun("A jurisdiction's node: its home, and serving it.")
_ADDS_NOTHING: Final = ", a development chain that adds no independence"
app.add_typer(authorities.app, name="authority")


@command(
    app,
    "init",
    purpose="Make the home of a new node, with new keys.",
    runs="on the node",
    example="evidence node init --home node-xa --jurisdiction XA --authority registry.example.xa",
    more="Without --rpc the node runs a development chain of its own, which adds no independence."
    " Countries XA to XZ are for tests.",
)
def init(
    *,
    home: Home,
    jurisdiction: Annotated[str, typer.Option(metavar="CODE", help="ISO 3166-1 alpha-2, or XA to XZ.")],
    authority: Annotated[
        str,
        typer.Option(metavar="HOST", help="Host name that the log is named by, e.g. registry.example.xa."),
    ],
    operator: Annotated[
        str | None, typer.Option(metavar="DID", help="Who runs the node; else did:web:AUTHORITY.")
    ] = None,
    registrar: Annotated[
        str | None, typer.Option(metavar="DID", help="Who enrols parties here; else the operator.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="PORT", help="TCP port on loopback.")] = DEFAULT_PORT,
    rpc: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="JSON-RPC of the chain to anchor on; give several nodes of it."),
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option(metavar="N", help="Its EIP-155 id; else the node at URL is asked.")
    ] = None,
    confirmations: Annotated[
        int | None,
        typer.Option(metavar="N", help="Blocks that make one final, where the chain knows no final block."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where partners reach the node, as its entry tells them."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a home."""
    if not rpc and (chain_id is not None or confirmations is not None):
        raise typer.BadParameter("--chain-id and --confirmations go with --rpc")
    try:
        chain = (
            None
            if not rpc
            else RpcSettings(tuple(rpc), _chain_id(rpc[0], chain_id), confirmations=confirmations)
        )
        plan = Plan(jurisdiction, authority, operator, registrar, chain, port, address)
        made = init_home(home, plan, now=int(time.time()), random=os.urandom)
    except SetupError as error:
        if error.code == "settings-invalid":
            raise typer.BadParameter(str(error)) from None
        raise
    output.show(_told(made), _lines(made), as_json=as_json)
    return output.DONE


@command(
    app,
    "serve",
    purpose="Serve the node's API, on loopback if nothing else is said, and anchor the log while it grows.",
    runs="on the node",
    example="evidence node serve --home node-xa",
    more="Ends with SIGTERM or Ctrl-C: answers the requests under way, then stops. What was acknowledged is durable."
    " EVIDENCE_PORT, EVIDENCE_WORKERS, EVIDENCE_RPC_URL, EVIDENCE_ANCHOR_PERIOD, EVIDENCE_PARTNER_PERIOD and"
    " DATABASE_URL override the settings.",
)
def serve(
    *,
    home: Home,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="PORT", help="Instead of the home's; 0 takes a free one."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen at. Beyond loopback the settings name a certificate or a proxy.",
        ),
    ] = "127.0.0.1",
    unproven: Annotated[
        bool,
        typer.Option(
            "--unproven",
            help="Sign though no witness and no chain says what it saw of the log before this start.",
        ),
    ] = False,
    role: Annotated[
        str,
        typer.Option(
            metavar="ROLE",
            help="What this process does, where several serve one log on a server: api, sequencer, anchorer or all.",
        ),
    ] = "all",
    as_json: AsJson = False,
) -> int:
    """Serve."""
    from ledger.cli.serving import certified, listen, protected_at, url_of
    from ledger.cli.serving import serve as serve_until_stopped
    from ledger.services.node.roles import ROLES, require_signers, role_of

    opened = open_home(home)
    settings = with_environment(opened.settings, os.environ)
    address, reads = protected_at(host, settings)
    shown = certified(home, settings.listening)
    if role not in ROLES:
        raise typer.BadParameter(f"there is no role {role}; there are {', '.join(ROLES)}")
    chosen = role_of(role, settings.database)
    if os.access(home, os.W_OK) is False:
        raise SetupError(f"home {home} cannot be written by this user", code="home-read-only")
    require_signers(opened.keys, chosen)
    listening = listen(address, settings.port if port is None else port)
    url = url_of(listening, secure=shown is not None)

    def started() -> None:
        told = {"url": url, "origin": settings.origin, "pid": os.getpid()}
        chain = f"chain eip155:{settings.chain.id}"
        kind = "" if isinstance(settings.chain, RpcSettings) else _ADDS_NOTHING
        output.show(
            told, f"{settings.origin} listens at {url} ({chain}{kind}); Ctrl-C stops it", as_json=as_json
        )

    serve_until_stopped(home, listening, started, role=role, unproven=unproven, reads=reads, shown=shown)
    output.say("stopped")
    return output.DONE


@command(
    app,
    "migrate",
    purpose="Make or change the tables of the node's database on a server.",
    runs="on the node",
    example="evidence node migrate --home node-xa",
    more="EVIDENCE_MIGRATION_URL names the database with the role that owns the tables; DATABASE_URL or the settings"
    " name it with the role that the node runs as, which is given what it needs: adding to history and reading it."
    " Stop the node meanwhile.",
)
def migrate(*, home: Home, as_json: AsJson = False) -> int:
    """Bring the schema up to date."""
    from ledger.services.home.database import migrate_log

    name, revision = migrate_log(
        opened_home(home).settings.database, os.environ.get("EVIDENCE_MIGRATION_URL")
    )
    told = {"database": name, "schema": revision}
    output.show(told, f"database {name} is at schema {revision}", as_json=as_json)
    return output.DONE


def _chain_id(rpc: str, given: int | None) -> int:
    if given is not None:
        return given
    from ledger.chain.evm import connect

    chain = connect(rpc)
    try:
        return chain.chain_id
    finally:
        chain.close()


def _told(made: NodeHome) -> dict[str, Any]:
    settings, keys = made.settings, made.keys
    return {
        "home": str(made.path),
        "origin": settings.origin,
        "operator": settings.operator,
        "registrar": settings.registrar,
        "port": settings.port,
        "chain": f"eip155:{settings.chain.id}",
        "keys": {
            "log": keys.log.public,
            "head": keys.head.public,
            "finality": keys.finality.public,
            "sender": keys.sender.public,
            "witness": keys.witness.public,
            "attester": keys.attester.public,
            "relay": keys.relay.public,
            "registrar": keys.registrar.multikey,
            "publisher": keys.publisher.multikey,
        },
    }


def _lines(made: NodeHome) -> list[str]:
    told = _told(made)
    settings = made.settings
    lines = [
        f"made {made.path}: {settings.origin}, operated by {settings.operator}, registrar {settings.registrar}",
        f"chain {told['chain']}: {_kind(settings)}",
        "keys, by their public halves:",
        *output.table([("", name, public) for name, public in told["keys"].items()]),
        f"Back up {made.path} now and keep it private: whoever has it can speak as this node.",
    ]
    if isinstance(settings.chain, RpcSettings):
        lines.append(f"Next: give {made.keys.sender.public}, which sends the transactions, some gas; then")
        lines.append(f"  evidence chain deploy --home {made.path}")
    else:
        lines.append("Next:")
    return [*lines, f"  evidence node serve --home {made.path}"]


def _kind(settings: Settings) -> str:
    if isinstance(settings.chain, RpcSettings):
        return "reached over JSON-RPC"
    return "development chain, run by the operator: adds no independence"
