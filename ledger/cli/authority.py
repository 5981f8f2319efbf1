"""`evidence node authority`: whom a node's claim names beside its registrar."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.authorities import Authority
from ledger.cli import output
from ledger.cli.options import AsJson, Home, Yes, command, noun, time_of
from ledger.core.did import split_did_url
from ledger.core.times import format_time
from ledger.errors import SetupError
from ledger.services.files import read_bounded
from ledger.services.home.folder import Home as NodeHome
from ledger.services.home.folder import open_home, save_settings
from ledger.services.trust.authorities import with_authority, without_key
from ledger.statements import request as requests
from ledger.statements.codes import REVOCATION_REASONS

_NEXT = "Takes effect when the node starts again; then tell partners the fingerprint of its new entry:"

app = noun("Authorities of a node: who recognises and accredits in its jurisdiction.")


@command(
    app,
    "add",
    purpose="Name an authority in the node's claim, with the keys of its request.",
    runs="on the node",
    example="evidence node authority add request.json --home node-xa --role authority",
    more="Shows who asks, and with which keys, and asks. Who it is, the operator makes sure of by other means."
    " With the request of an authority that is named already, its keys join the others.",
)
def add(
    *,
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="As evidence party request wrote it.")],
    home: Home,
    role: Annotated[list[str], typer.Option(metavar="ROLE", help="authority or accreditor; again for both.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Name an authority."""
    opened = _writable(home)
    data = read_bounded(request, limit=requests.LIMIT, what="request")
    changed = with_authority(opened.settings, data, role, now=int(time.time()))
    named = requests.parse(data).wanted.party
    (authority,) = (one for one in changed.authorities if one.id == named)
    for line in _lines(authority):
        output.say(line)
    output.confirm(f"Name it in the claim of {opened.settings.operator}?", yes=yes)
    save_settings(opened, changed)
    _show(f"named {named}", authority, home, as_json=as_json)
    return output.DONE


@command(
    app,
    "list",
    purpose="List the authorities that the node's settings name.",
    runs="on the node",
    example="evidence node authority list --home node-xa",
)
def list_(*, home: Home, as_json: AsJson = False) -> int:
    """List them."""
    authorities = open_home(home).settings.authorities
    lines = [line for one in authorities for line in _lines(one)]
    output.show(
        [_told(one) for one in authorities], lines or ["none but the registrar is named"], as_json=as_json
    )
    return output.DONE


@command(
    app,
    "revoke",
    purpose="Revoke a key of an authority, or all its keys, from a time on.",
    runs="on the node",
    example="evidence node authority revoke did:web:authority.example.xa#2026 --reason keyCompromise --home node-xa",
    more="The claim then says so, and what the key signed counts only where it is proven to be older.",
)
def revoke(
    *,
    key: Annotated[str, typer.Argument(metavar="DID[#KEY]", help="The key; without #KEY all of its keys.")],
    home: Home,
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="keyCompromise, superseded, cessationOfOperation, …")
    ] = "unspecified",
    at: Annotated[str | None, typer.Option(metavar="TIME", help="From when; else from now.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Revoke a key."""
    if reason not in REVOCATION_REASONS:
        raise typer.BadParameter(f"{reason} is none of {', '.join(sorted(REVOCATION_REASONS))}")
    authority, key_id = split_did_url(key) if "#" in key else (key, None)
    since = int(time.time()) if at is None else time_of(at, "--at")
    opened = _writable(home)
    changed, revoked = without_key(opened.settings, authority, key_id, at=since, reason=reason)
    named = ", ".join(revoked)
    output.say(f"{authority}: {named} shall count no more from {format_time(since)} on, for {reason}")
    output.confirm("Revoke?", yes=yes)
    save_settings(opened, changed)
    (told,) = (one for one in changed.authorities if one.id == authority)
    _show(f"revoked {named} of {authority}", told, home, as_json=as_json)
    return output.DONE


def _writable(home: Path) -> NodeHome:
    opened = open_home(home)
    if not os.access(home, os.W_OK):
        raise SetupError(f"home {home} cannot be written by this user", code="home-read-only")
    return opened


def _show(what: str, authority: Authority, home: Path, *, as_json: bool) -> None:
    lines = [what, *_lines(authority), _NEXT, f"  evidence partner card --home {home}"]
    output.show(_told(authority), lines, as_json=as_json)


def _told(authority: Authority) -> dict[str, Any]:
    return {
        "id": authority.id,
        "roles": list(authority.roles),
        "keys": [
            {
                "id": key.id,
                "publicKeyMultibase": key.multikey,
                "from": format_time(key.begins),
                "until": format_time(key.ends),
                "revoked": None
                if key.revoked_at is None
                else {"at": format_time(key.revoked_at), "reason": key.revoked_reason},
            }
            for key in authority.keys
        ],
    }


def _lines(authority: Authority) -> list[str]:
    lines = [f"authority   {authority.id}", f"roles       {', '.join(authority.roles)}"]
    for key in authority.keys:
        revoked = (
            ""
            if key.revoked_at is None
            else f", revoked from {format_time(key.revoked_at)} ({key.revoked_reason})"
        )
        lines.append(f"key {key.id}  {key.multikey}")
        lines.append(f"            {format_time(key.begins)} to {format_time(key.ends)}{revoked}")
    return lines
