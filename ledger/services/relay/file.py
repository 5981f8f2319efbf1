"""Checkpoints carried by hand: a file written where the partner's node can be reached, read where it cannot.

    {"chain": "eip155:31001", "format": "evidence-relay/1", "items": [{"anchor", "checkpoint", "consistency"}, …],
     "origin": "registry.example.xa/XA/2026", "rotations": [{"chain", "epoch", …}, …], "since": 41}

`consistency` leads from the item before, of the first from `since`; it is empty where that is 0.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode, encode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.members import Members
from ledger.core.trust import TrustList
from ledger.errors import MalformedError, RefusedError
from ledger.services.relay.feed import Feed
from ledger.services.relay.material import examine
from ledger.store.relay import Item
from ledger.verify.chain_parts import read_path

FORMAT: Final = "evidence-relay/1"
MOST: Final = 4_096
"""Checkpoints in one file."""
WHAT: Final = "relay file"


@dataclass(frozen=True, slots=True)
class RelayFile:
    """What a file carries.

    Attributes:
        chain: CAIP-2 name of the partner's chain.
        since: Size that the first item's path leads from; 0 where there is none before it.
        items: Documents as `ledger.services.relay.material.examine` takes them, ascending by size.
        paths: The consistency path to each item.
        rotations: Changes of the set that vouches for the chain, as `relay_rotation.examine_rotation` takes them.
    """

    chain: str
    origin: str
    since: int
    items: tuple[Json, ...]
    paths: tuple[tuple[bytes, ...], ...]
    rotations: tuple[Json, ...] = ()


def export(
    feed: Feed, origin: str, chain: str, *, since: int = 0, trust: TrustList | None = None, most: int = MOST
) -> RelayFile:
    """Read from a partner's node what is to be carried.

    Args:
        since: The largest size that the receiving side has; 0 for none.
        trust: Leaves out what does not hold under it; None: nothing is looked at, and all is written.
        most: Checkpoints at most.

    Raises:
        RemoteError: The node cannot be reached, or answers nonsense.
        RefusedError: `relay-nothing`: there is nothing to carry.
        VerificationError: What it gave does not hold.
    """
    items: list[Json] = []
    paths: list[tuple[bytes, ...]] = []
    before = since
    for size in sorted({one.size for one in feed.anchored(chain)}):
        if size <= since or len(items) >= most:
            continue
        document = feed.carried(size, chain)
        if trust is not None:
            try:
                examine(document, trust)
            except RefusedError as error:
                if error.code != "finality-operator":
                    raise
                continue
        items.append(document)
        paths.append(feed.consistency(before, size) if before else ())
        before = size
    if not items:
        raise RefusedError(
            f"nothing of {origin} after size {since} is on {chain} with the word of others than its operator",
            code="relay-nothing",
        )
    return RelayFile(chain, origin, since, tuple(items), tuple(paths))


def encode_file(file: RelayFile) -> bytes:
    """The canonical bytes; the inverse of `parse_file`."""
    items: list[Json] = []
    for document, path in zip(file.items, file.paths, strict=True):
        assert isinstance(document, dict)
        items.append({**document, "consistency": [one.hex() for one in path]})
    rotations: list[Json] = []
    for change in file.rotations:
        assert isinstance(change, dict)
        rotations.append(change["rotation"])
    return encode(
        {
            "format": FORMAT,
            "chain": file.chain,
            "origin": file.origin,
            "since": file.since,
            "items": items,
            "rotations": rotations,
        },
        what=WHAT,
    )


def parse_file(data: bytes) -> RelayFile:
    """Read a file, strictly; what it carries is not looked at.

    Raises:
        MalformedError: It is none.
    """
    top = Members(
        decode(data, limit=BUNDLE_LIMIT, what=WHAT),
        what=WHAT,
        pointer="",
        required=("chain", "format", "items", "origin", "rotations", "since"),
    )
    if top.json("format") != FORMAT:
        raise top.fault("format", FORMAT, code="format-unknown")
    listed = top.each("items", ("anchor", "checkpoint", "consistency"))
    if len(listed) > MOST:
        raise top.fault("items", f"at most {MOST} checkpoints")
    return RelayFile(
        chain=top.text("chain"),
        origin=top.text("origin"),
        since=top.integer("since"),
        items=tuple({"anchor": one.json("anchor"), "checkpoint": one.json("checkpoint")} for one in listed),
        paths=tuple(read_path(one, "consistency") for one in listed),
        rotations=tuple({"rotation": one} for one in top.array("rotations")),
    )


def taken(
    file: RelayFile, take: Callable[[Json], Item]
) -> tuple[Sequence[Item], Sequence[tuple[bytes, int, int, bytes]]]:
    """Items and paths of a file, as an outbox keeps them.

    Args:
        take: Holds a document against the trust list; see `Relay.take`.

    Raises:
        MalformedError: The items are not of the file's log, or not ascending.
        VerificationError, RefusedError: One does not hold.
    """
    items: list[Item] = []
    paths: list[tuple[bytes, int, int, bytes]] = []
    before = file.since
    for document, path in zip(file.items, file.paths, strict=True):
        assert isinstance(document, Mapping)
        stated = parse_checkpoint(str(document["checkpoint"]).encode()).checkpoint
        if stated.origin != file.origin or stated.size <= before:
            raise MalformedError(
                f"{WHAT} has size {stated.size} of {stated.origin} after size {before} of {file.origin}"
            )
        item = take(document)
        items.append(item)
        if before:
            paths.append((item.log_id, before, item.size, b"".join(path)))
        before = item.size
    return items, paths
