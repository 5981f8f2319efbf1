"""The trust list to believe for one run of a command."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import SetupError
from ledger.services.files import exists, read_bounded
from ledger.services.home.folder import Home
from ledger.services.trust.pinned import PinnedLists, user_folder
from ledger.services.trust.pinned import believed as believed_at

Trust = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="Believe this list; else the one that is pinned."),
]


def believed(file: Path | None) -> tuple[TrustList, str]:
    """The list, and what to call it.  What is pinned is never overridden by an older one.

    Raises:
        SetupError, VerificationError, RefusedError: As `PinnedLists.believed`.
    """
    given = None if file is None else read_bounded(file, limit=TRUST_LIMIT, what="trust list")
    return PinnedLists(user_folder(os.environ)).believed(given, "" if file is None else file.name)


def believed_by(home: Home) -> TrustList:
    """The list that a node believes: the one pinned there, else its own claim.

    Raises:
        SetupError: `claim-missing`: the node was never served; `trust-several`.
    """
    if not exists(home.claim):
        raise SetupError(f"{home.claim} is not there yet; evidence node serve makes it", code="claim-missing")
    claim = read_bounded(home.claim, limit=TRUST_LIMIT, what="claim")
    return believed_at(home.trust, parse_trust_list(claim))
