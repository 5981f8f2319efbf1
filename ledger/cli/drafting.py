"""Beginning a draft: the template, the parties, what was set; and what is still to be said."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from ledger.cli import output
from ledger.cli.documents import write_draft
from ledger.core.did import is_did
from ledger.errors import MalformedError
from ledger.services.drafting.drafts import Setting, new_draft, parse_setting, templates, unanswered
from ledger.services.ids import RANDOM_SIZE
from ledger.services.keys.keyfile import read_holder_key


@contextmanager
def as_typed() -> Iterator[None]:
    """What is wrong with a value that was typed is bad usage."""
    try:
        yield
    except MalformedError as error:
        if error.code != "setting-malformed":
            raise
        raise typer.BadParameter(str(error)) from None


def list_templates(kind: str, *, as_json: bool) -> int:
    """Show the templates of one type of statement."""
    found = templates(kind)
    told = [
        {name: made[name] for name in ("name", "title", "about")} | {"asks": made["fill"]}
        for made in found.values()
    ]
    lines = [
        line
        for made in found.values()
        for line in (f"{made['name']}: {made['title']}", f"    {made['about']}")
    ]
    output.show({"templates": told}, lines, as_json=as_json)
    return output.DONE


def party_settings(
    member: str, *, did: str | None, identifier: str | None, jurisdiction: str | None
) -> list[Setting]:
    """What is known of a party, as settings; a party without an identifier is named by its DID."""
    told: dict[str, str] = {}
    if did is not None:
        if not is_did(did):
            raise typer.BadParameter(f"the {member} is named by its DID, did:web:…")
        told |= {"did": did, "scheme": "DID", "id": did}
    if identifier is not None:
        scheme, equals, value = identifier.partition("=")
        if not equals or not value:
            raise typer.BadParameter("an identifier is given as SCHEME=ID, such as LEI=5493001KJTIIGC8Y1R12")
        told |= {"scheme": scheme, "id": value}
    if jurisdiction is not None:
        told["jurisdiction"] = jurisdiction
    return [Setting((member, name), value) for name, value in told.items()]


def settings_of(told: Mapping[str, str | None]) -> list[Setting]:
    """What other options say, by dotted path, as settings; what they do not say is left out."""
    return [Setting(tuple(path.split(".")), value) for path, value in told.items() if value is not None]


def holder_of(key: Path | None, party: str | None) -> str | None:
    """Who drafts: the party that was named, else the holder of the key."""
    return party if party is not None or key is None else read_holder_key(key).holder


def begin(
    kind: str,
    name: str,
    known: list[Setting],
    wanted: list[str],
    out: Path | None,
    *,
    as_json: bool,
    issuer: str | None = None,
) -> int:
    """Write a draft, and say on standard error what is still to be filled in.

    Args:
        kind: Type of statement.
        name: Of the template.
        known: Settings from other options; what `wanted` says goes before them.
        wanted: As typed after `--set`.
        out: Where the draft goes; None: standard output.
        issuer: DID of who will sign; None: whom the settings name in the place where the type names its issuer.
    """
    found = templates(kind)
    if name not in found:
        raise typer.BadParameter(f"there is no template of that name; there are {', '.join(found)}")
    with as_typed():
        settings = [*known, *map(parse_setting, wanted)]
        made = new_draft(
            found[name], settings, now=int(time.time()), random=os.urandom(RANDOM_SIZE), issuer=issuer
        )
    blank, wrong = unanswered(made)
    write_draft(made, out)
    for problem in blank:
        output.say(f"{problem.pointer}: {problem.detail}")
    for problem in wrong:
        output.say(f"{problem.pointer}: {problem.detail} ({problem.code})")
    if out is not None:
        told: dict[str, Any] = {"file": str(out), "id": made["id"], "template": name}
        told["missing"] = [{"pointer": one.pointer, "detail": one.detail} for one in blank]
        told["problems"] = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in wrong]
        output.show(told, f"{out}: {len(blank)} to be filled in, {len(wrong)} wrong", as_json=as_json)
    return output.DONE
