"""The trust list to believe for one run of a command."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ledger.core.canonical import TRUST_LIMIT
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import MalformedError, SetupError
from ledger.services.files import exists, read_bounded
from ledger.services.home import Home
from ledger.services.pinned import PinnedLists, user_folder
from ledger.services.pinned import believed as believed_at

Trust = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="Believe this list; else the one that is pinned."),
]


def believed(file: Path | None) -> tuple[TrustList, str]:
    """The list, and what to call it.  What is pinned is never overridden by an older one.

    Raises:
        SetupError: `trust-none` or `trust-several`: none is given, and not exactly one is pinned; or the list that is
            given does not load.
    """
    lists = PinnedLists(user_folder(os.environ))
    if file is not None:
        try:
            return lists.check(read_bounded(file, limit=TRUST_LIMIT, what="trust list")), file.name
        except MalformedError as error:
            raise SetupError(f"trust list {file.name} does not load: {error}", code=error.code) from error
    pinned = lists.show()
    if len(pinned) != 1:
        names = ", ".join(one.publisher.id for one in pinned)
        told = (
            f"several trust lists are pinned ({names})"
            if pinned
            else "no trust list is pinned (evidence trust add)"
        )
        raise SetupError(
            f"{told}; say which with --trust FILE", code="trust-several" if pinned else "trust-none"
        )
    return pinned[0], pinned[0].publisher.id


def believed_by(home: Home) -> TrustList:
    """The list that a node believes: the one pinned there, else its own claim.

    Raises:
        SetupError: `claim-missing`: the node was never served; `trust-several`.
    """
    if not exists(home.claim):
        raise SetupError(f"{home.claim} is not there yet; evidence node serve makes it", code="claim-missing")
    claim = read_bounded(home.claim, limit=TRUST_LIMIT, what="claim")
    return believed_at(home.trust, parse_trust_list(claim))
