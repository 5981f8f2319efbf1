"""`evidence arrangement show`: what the text says, and who is in force with whom."""

import typer

from ledger.cli.showing import add_show
from ledger.cli.signing import Signed


def add_to(app: typer.Typer) -> None:
    """Add the verb to the noun's commands."""
    add_show(app, Signed("arrangement", "RecognitionArrangement", document="arrangement", signer="authority"))
