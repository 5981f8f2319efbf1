"""Which pinned trust lists a command is about: the user's own, or those of a node."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ledger.services.home.folder import open_home
from ledger.services.trust.pinned import PinnedLists, user_folder

PinHome = Annotated[
    Path | None,
    typer.Option("--home", metavar="FOLDER", help="Those of a node with this home; else the user's own."),
]


def pinned_lists(home: Path | None) -> PinnedLists:
    """The lists pinned for the user, or for the node whose home this is."""
    return PinnedLists(user_folder(os.environ) if home is None else open_home(home).trust)
