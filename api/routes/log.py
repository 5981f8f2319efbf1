"""The log for everybody to read (C2SP tlog-tiles): checkpoint, tiles and entries, under `/log/` and `/log/<shard>/`.

Only what a published checkpoint covers is handed out: a tile of entries that are not signed yet is none.  What is
handed out of tiles and entries never changes, whole or in part, and may be kept for ever.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from api.caching import ASK_AGAIN, FOR_EVER, cached, kept
from api.deps import NodeDep
from api.documents import RECEIPT, document
from ledger.core.tile_paths import WIDTH, encode_bundle, parse_level, parse_place
from ledger.errors import NotFoundError
from ledger.services.node.assembly import Node

OCTETS = "application/octet-stream"

_CHECKPOINT = kept(document(RECEIPT, "registry.example.xa/XA/2026\n97\n…", "The checkpoint, a signed note"))
_TILE = kept(document(OCTETS, "32 bytes a hash", "Hashes of 32 bytes, one after another"))
_ENTRIES = kept(
    document(
        OCTETS, "0020 and 32 bytes an entry", "Each entry after its length, two bytes, most significant first"
    )
)


def plainly_written(request: Request) -> None:
    """Refuse paths with escapes: none of these needs one, and a tile has one address."""
    if b"%" in request.scope.get("raw_path", b""):
        raise NotFoundError("the path of a part of a log has no percent sign")


router = APIRouter(tags=["log"], dependencies=[Depends(plainly_written)])

ShardPath = Annotated[str, Path(description="The last part of the log's origin", examples=["2026"])]
LevelPath = Annotated[str, Path(description="0 to 63, without leading zeros", examples=["0"])]
PlacePath = Annotated[
    str,
    Path(
        description="The tile's number in groups of three digits, each but the last after an x; `.p/<W>` after it for"
        " the first W of the tile, 1 to 255",
        examples=["x001/x234/067.p/12"],
    ),
]


@router.get("/log/checkpoint", responses=_CHECKPOINT, response_class=Response)
def checkpoint(request: Request, node: NodeDep) -> Response:
    """The latest signed checkpoint (C2SP tlog-checkpoint), with the cosignatures that are held of it."""
    latest = node.checkpoints.latest()
    if latest is None:
        raise NotFoundError("nothing is registered yet, so no checkpoint is signed", code="not-signed-yet")
    return cached(request, node.cosignatures.under(latest), RECEIPT, ASK_AGAIN)


@router.get("/log/tile/entries/{place:path}", responses=_ENTRIES, response_class=Response)
def entries(request: Request, node: NodeDep, place: PlacePath) -> Response:
    """A bundle of 256 entries, or the first W of one; entry n of the log stands in bundle n / 256."""
    found = parse_place(place)
    if found is None or not _covered(node, 0, *found):
        raise NotFoundError(f"log {node.log.origin} has published no such entries")
    number, width = found
    held = node.log.entries(number * WIDTH, width)
    if len(held) != width:  # what is cut would be kept for ever
        raise NotFoundError(f"log {node.log.origin} has published no such entries")
    return cached(request, encode_bundle(held), OCTETS, FOR_EVER)


@router.get("/log/tile/{level}/{place:path}", responses=_TILE, response_class=Response)
def tile(request: Request, node: NodeDep, level: LevelPath, place: PlacePath) -> Response:
    """A tile of the Merkle tree: 256 hashes of neighbouring subtrees of 256**level entries, or the first W of them."""
    found, at = parse_place(place), parse_level(level)
    if found is None or at is None or not _covered(node, at, *found):
        raise NotFoundError(f"log {node.log.origin} has published no such tile")
    return cached(request, node.log.tile(at, *found), OCTETS, FOR_EVER)


@router.get("/log/{shard}/checkpoint", responses=_CHECKPOINT, response_class=Response)
def checkpoint_of(request: Request, node: NodeDep, shard: ShardPath) -> Response:
    """The latest signed checkpoint of the log of this shard."""
    _require_shard(node, shard)
    return checkpoint(request, node)


@router.get("/log/{shard}/tile/entries/{place:path}", responses=_ENTRIES, response_class=Response)
def entries_of(request: Request, node: NodeDep, shard: ShardPath, place: PlacePath) -> Response:
    """A bundle of entries of the log of this shard."""
    _require_shard(node, shard)
    return entries(request, node, place)


@router.get("/log/{shard}/tile/{level}/{place:path}", responses=_TILE, response_class=Response)
def tile_of(
    request: Request, node: NodeDep, shard: ShardPath, level: LevelPath, place: PlacePath
) -> Response:
    """A tile of the log of this shard."""
    _require_shard(node, shard)
    return tile(request, node, level, place)


def _require_shard(node: Node, shard: str) -> None:
    if shard != node.log.origin.rpartition("/")[2]:
        raise NotFoundError("there is no log of this shard here")


def _covered(node: Node, level: int, number: int, width: int) -> bool:
    """Whether the latest checkpoint's tree has the first `width` hashes of this tile."""
    latest = node.checkpoints.latest()
    return latest is not None and number * WIDTH + width <= latest.size >> (8 * level)
