"""`evidence party`: a party's request to be enrolled, and the registrar's answer to it."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import calling, output
from ledger.cli.options import AsJson, Home, Key, OptionalNodeUrl, Yes, command, noun, time_of
from ledger.config import with_environment
from ledger.core.canonical import Json
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import ECDSA, EDDSA, RANDOM_SIZE, Suite
from ledger.core.times import format_time
from ledger.errors import LedgerError, SetupError
from ledger.remote.node import NodeClient, RemoteRefusedError
from ledger.remote.registration import Registered
from ledger.services import ids
from ledger.services.drafting.enrol import enrolment_of
from ledger.services.files import exists, read_bounded, require_absent, write_out
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home
from ledger.services.keys.keyfile import HolderKey, make_holder_key, read_holder_key, write_key
from ledger.statements import request as requests
from ledger.statements import revocation as revocations
from ledger.statements.fields import DID
from ledger.statements.shape import problems

KEY_LIFE = 2 * 365 * 86_400
"""Seconds for which a key is asked for unless `--until` says otherwise."""
SUITES: dict[str, Suite] = {"ed25519": EDDSA, "p256": ECDSA}

app = noun("Parties: asking to be enrolled, enrolling, revoking keys.")


@command(
    app,
    "request",
    purpose="Make a key and a request to be enrolled, signed with it.",
    runs="anywhere",
    example="evidence party request --party did:web:exporter.example.xa --jurisdiction XA --role exporter"
    " --key exporter.key --out request.json",
    more="The key never leaves the file, which is made where there is none. The request goes to the registrar, who"
    " makes sure by other means who asks, and compares the key.",
)
def request(
    *,
    party: Annotated[str, typer.Option("--party", "--did", metavar="DID", help="Who asks, did:web:…")],
    jurisdiction: Annotated[str, typer.Option(metavar="CODE", help="Of the registrar.")],
    role: Annotated[
        list[str], typer.Option(metavar="ROLE", help="exporter, importer, body, …; again for more.")
    ],
    key: Key,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the request is written.")],
    identifier: Annotated[
        list[str] | None, typer.Option(metavar="SCHEME=ID", help="E.g. LEI=5493…; again for more.")
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(metavar="SUITE", help="ed25519 or p256, for a key that is made.  [default: ed25519]"),
    ] = None,
    key_id: Annotated[
        str | None, typer.Option(metavar="#ID", help="Name of a key that is made; else its year.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="End of the key, 2028-11-22T00:00:00Z; else in two years."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a request."""
    if suite is not None and suite not in SUITES:
        raise typer.BadParameter(f"{suite} is not one of {', '.join(SUITES)}", param_hint="--suite")
    if problems(DID, party, "") or not party.startswith("did:web:"):
        raise typer.BadParameter(
            f"{party} is no DID such as did:web:exporter.example.xa", param_hint="--party"
        )
    now = int(time.time())
    ends = now + KEY_LIFE if until is None else time_of(until, "--until")
    require_absent(out, what="request")
    made = not exists(key)
    chosen = SUITES[suite or "ed25519"]
    if made:
        name = key_id if key_id is not None else "#" + format_time(now)[:4]
        held = make_holder_key(party, name, chosen, os.urandom(RANDOM_SIZE))
    else:
        held = _own_key(key, party, key_id, None if suite is None else chosen)
    subject = {
        "party": party,
        "jurisdiction": jurisdiction,
        "identifiers": [_identifier(text) for text in identifier or ()],
        "roles": sorted(set(role)),
        "keys": [_enrolled_key(held, now, ends)],
    }
    data = requests.make(subject, {held.id: held.private}, created=now)
    if made:
        write_key(key, held)
    write_out(out, data, what="request")
    _show_request(out, key, held, ends, made=made, as_json=as_json)
    return output.DONE


def _enrolled_key(held: HolderKey, now: int, ends: int) -> dict[str, Json]:
    """A key as a request names it."""
    return {
        "id": held.id,
        "publicKeyMultibase": held.multikey,
        "from": format_time(now),
        "until": format_time(ends),
    }


def _show_request(out: Path, key: Path, held: HolderKey, ends: int, *, made: bool, as_json: bool) -> None:
    told = {
        "request": str(out),
        "key": str(key),
        "made": made,
        "party": held.holder,
        "publicKeyMultibase": held.multikey,
    }
    lines = [
        f"key      {held.verification_method} in {key}"
        + (" (new; back it up, and give it to nobody)" if made else ""),
        f"         {held.multikey}",
        f"request  {out}, until {format_time(ends)}",
        "Next: give the request to the registrar, and tell them the key by another way; they run",
        f"  evidence party enrol {out.name} --home HOME",
    ]
    output.show(told, lines, as_json=as_json)


@command(
    app,
    "enrol",
    purpose="Grant a party's request: sign its Enrolment with the registrar's key and register it.",
    runs="on the node",
    example="evidence party enrol request.json --home node-xa",
    more="Shows who asks for what, and with which keys, and asks. Who the party is, the registrar makes sure of"
    " by other means. A request is granted once, however often this is run. The node must be serving.",
)
def enrol(
    *,
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="As evidence party request wrote it.")],
    home: Home,
    node: OptionalNodeUrl = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Enrol a party."""
    opened = _home(home)
    data = read_bounded(request, limit=requests.LIMIT, what="request")
    asked = requests.parse(data)
    statement = enrolment_of(
        data,
        opened.keys.registrar,
        jurisdiction=opened.settings.jurisdiction,
        now=int(time.time()),
    )
    with _client(opened, node) as client:
        for line in _asked(asked.subject):
            output.say(line)
        output.confirm(f"Enrol {asked.wanted.party} in the name of {opened.settings.registrar}?", yes=yes)
        try:
            found = client.register(statement.encoded)
        except RemoteRefusedError as error:
            if error.problem != "statement-id-taken":
                raise
            told = {"new": False, "id": statement.id}
            lines = [
                f"{asked.wanted.party} is enrolled already by this very request",
                f"id      {statement.id}",
            ]
            output.show(told, lines, as_json=as_json)
            return output.DONE
        _registered(found, statement, f"enrolled {asked.wanted.party}", as_json=as_json)
    return output.DONE


@command(
    app,
    "revoke",
    purpose="Revoke a party's key from a time on: sign a KeyRevocation with the registrar's key and register it.",
    runs="on the node",
    example="evidence party revoke did:web:exporter.example.xa#2026 --reason keyCompromise --home node-xa",
    more="Statements that are proven to be older keep standing. It cannot be taken back. The node must be serving.",
)
def revoke(
    *,
    named: Annotated[
        str, typer.Argument(metavar="DID#KEY", help="The key, e.g. did:web:exporter.example.xa#2026.")
    ],
    home: Home,
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="keyCompromise, superseded, cessationOfOperation, …")
    ] = "unspecified",
    at: Annotated[str | None, typer.Option(metavar="TIME", help="From when; else from now.")] = None,
    node: OptionalNodeUrl = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Revoke a key."""
    party, mark, fragment = named.partition("#")
    if not mark or not party or not fragment:
        raise typer.BadParameter(
            "a key is written DID#KEY, did:web:exporter.example.xa#2026", param_hint="DID#KEY"
        )
    now = int(time.time())
    since = now if at is None else time_of(at, "--at")
    opened = _home(home)
    statement = _revocation(opened, party, f"#{fragment}", format_time(since), reason, now)
    with _client(opened, node) as client:
        output.say(f"{named} shall count no more from {format_time(since)} on, for {reason}")
        output.confirm(f"Revoke it in the name of {opened.settings.registrar}?", yes=yes)
        _registered(client.register(statement.encoded), statement, f"revoked {named}", as_json=as_json)
    return output.DONE


def _revocation(home: NodeHome, party: str, fragment: str, at: str, reason: str, now: int) -> Statement:
    registrar = home.keys.registrar
    document = unsigned(
        kind="KeyRevocation",
        identifier=ids.statement_id(now, os.urandom(ids.RANDOM_SIZE)),
        issuer=registrar.holder,
        subject={"party": party, "key": fragment, "at": at, "reason": reason},
        valid_from=now,
    )
    statement = sign_statement(document, registrar.private, registrar.verification_method, now)
    revocations.read(statement)
    return statement


def _home(path: Path) -> NodeHome:
    home = open_home(path)
    return replace(home, settings=with_environment(home.settings, os.environ))


def _client(home: NodeHome, url: str | None) -> NodeClient:
    """A connection to the running node of this home, and of no other.

    Raises:
        RemoteError: It does not answer.
        SetupError: `node-other`: another node answers.
    """
    client = calling.client(url if url is not None else f"http://127.0.0.1:{home.settings.port}")
    try:
        origin = client.well_known().get("origin")
    except LedgerError:
        client.close()
        raise
    if origin != home.settings.origin:
        client.close()
        raise SetupError(
            f"the node at {client.url} is not that of home {home.path}, whose log is {home.settings.origin};"
            " name it with --node",
            code="node-other",
        )
    return client


def _asked(subject: dict[str, Any]) -> list[str]:
    """What a request asks for, for people to compare."""
    lines = [
        f"party         {subject['party']}",
        f"jurisdiction  {subject['jurisdiction']}",
        f"roles         {', '.join(subject['roles'])}",
    ]
    lines += [f"identifier    {one['scheme']} {one['id']}" for one in subject["identifiers"]]
    for key in subject["keys"]:
        lines.append(f"key {key['id']}  {key['publicKeyMultibase']}, possession proven")
        lines.append(f"              {key['from']} to {key['until']}")
    return lines


def _registered(found: Registered, statement: Statement, what: str, *, as_json: bool) -> None:
    told = {"digest": found.digest, "index": found.index, "new": found.new, "id": statement.id}
    output.show(told, [what, f"digest  {found.digest}", f"index   {found.index}"], as_json=as_json)


def _own_key(path: Path, party: str, key_id: str | None, suite: Suite | None) -> HolderKey:
    held = read_holder_key(path)
    fault = None
    if held.holder != party:
        fault = f"is held by {held.holder}, not by {party}"
    elif key_id is not None and held.id != key_id:
        fault = f"is named {held.id}, not {key_id}"
    elif suite is not None and held.private.suite != suite:
        fault = "is of another suite than asked for"
    if fault is not None:
        raise SetupError(f"the key in {path} {fault}; name another file for a new key", code="key-other")
    return held


def _identifier(text: str) -> dict[str, str]:
    scheme, equals, value = text.partition("=")
    if not equals or not scheme or not value:
        raise typer.BadParameter(f"{text} is not SCHEME=ID", param_hint="--identifier")
    return {"scheme": scheme, "id": value}
