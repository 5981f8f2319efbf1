"""What an officer sees before acting: what is live and rests on the statement that is about to change."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated, Any, Final

import typer

from ledger.cli import calling, output
from ledger.remote.exchange import plain
from ledger.remote.node import NodeClient
from ledger.services.lineage.reach import Reach, Resting, reach_of

Partners = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="URL", help="A partner's node, to be asked too; again for more."),
]
_SHOWN: Final = 20
_NAMES: Final = {
    "TransferRecord": "transfer",
    "Recognition": "recognition",
    "ConformityCertificate": "certificate",
    "Accreditation": "accreditation",
    "IdentityRecognition": "identity recognition",
}


def show_reach(target: bytes, node: NodeClient, partners: Collection[str]) -> Reach:
    """Tell on standard error what rests on a statement and is live.

    Args:
        target: Digest of what is about to change.
        node: Where it is registered.
        partners: Addresses of further nodes.
    """
    with ExitStack() as stack:
        nodes = [node, *(stack.enter_context(calling.client(url)) for url in partners)]
        reach = reach_of(target, nodes, now=int(time.time()))
    for line in _lines(reach, len(partners) + 1):
        output.say(plain(line))
    return reach


def told_reach(reach: Reach) -> dict[str, Any]:
    """As a member of a command's answer."""
    return {"live": [one.to_json() for one in reach.resting], "more": reach.more}


def _lines(reach: Reach, asked: int) -> Iterator[str]:
    where = "the node's log" if asked == 1 else f"the logs of {asked} nodes"
    if not reach.resting:
        yield f"nothing live rests on it in {where}"
        return
    yield f"live, and resting on it in {where}: {_counted(reach.resting)}{' and more' if reach.more else ''}"
    for one in reach.resting[:_SHOWN]:
        until = "" if one.until is None else f", until {one.until}"
        name = _NAMES.get(one.statement.type, one.statement.type)
        yield f"  {name} {one.statement.digest.hex()} by {one.statement.issuer}{until}"
    if len(reach.resting) > _SHOWN:
        yield f"  and {len(reach.resting) - _SHOWN} more"


def _counted(resting: Sequence[Resting]) -> str:
    kinds = dict.fromkeys(one.statement.type for one in resting)
    return ", ".join(
        f"{sum(one.statement.type == kind for one in resting)} {_NAMES.get(kind, kind)}"
        f"{'' if sum(one.statement.type == kind for one in resting) == 1 else 's'}"
        for kind in kinds
    )
