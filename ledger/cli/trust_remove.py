"""`evidence trust remove`: a publisher that is believed no more."""

from typing import Annotated

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Yes, command
from ledger.cli.pins import PinHome, pinned_lists
from ledger.services.trust.pinned import fingerprint_of


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    command(
        app,
        "remove",
        purpose="Believe a publisher no more: take away the list of its that is pinned.",
        runs="anywhere",
        example="evidence trust remove did:web:trust.example.xb",
        more="For a publisher that lost its keys, or whose list was made for a trial. The next list of this publisher"
        " needs its fingerprint again, compared by another way than the file.",
    )(remove)


def remove(
    *,
    publisher: Annotated[str, typer.Argument(metavar="PUBLISHER", help="Its DID, as trust show names it.")],
    home: PinHome = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Take a pin away."""
    lists = pinned_lists(home)
    held = lists.of(publisher)
    hashed = fingerprint_of(held)
    output.say(f"{publisher}, version {held.version}, fingerprint {hashed}")
    output.confirm("Believe this publisher no more?", yes=yes)
    lists.remove(publisher)
    told = {
        "folder": str(lists.folder),
        "publisher": publisher,
        "version": held.version,
        "fingerprint": hashed,
    }
    output.show(told, [f"removed from {lists.folder}"], as_json=as_json)
    return output.DONE
