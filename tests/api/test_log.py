"""The log as anybody reads it: what a published checkpoint covers, byte for byte, and nothing else."""

from collections.abc import Iterator
from hashlib import sha256

import httpx2
import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.merkle import leaf_hash, root
from ledger.core.tile_paths import bundle_path, tile_path
from tests.api.served import Served
from tests.api.test_registering import problem
from tests.filled import digests, fill, serving_filled

COUNT = 700
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_filled(tmp_path_factory.mktemp("filled"), COUNT) as found:
        yield found


@pytest.fixture(scope="module")
def leaves(filled: Served) -> list[bytes]:
    """Leaf hashes of what is published, the node's own entries after those that were filled in."""
    latest = filled.node.checkpoints.latest()
    assert latest is not None
    held = filled.node.log.entries(0, latest.size)
    assert held[:COUNT] == digests(COUNT)
    return [leaf_hash(entry) for entry in held]


@pytest.mark.parametrize("prefix", ["/log", "/log/{shard}"])
def test_the_whole_log_is_read_from_its_tiles(filled: Served, prefix: str) -> None:
    prefix = prefix.format(shard=filled.home.settings.origin.rpartition("/")[2])
    answer = filled.get(f"{prefix}/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    signed = parse_checkpoint(answer.content).checkpoint
    entries, hashes = [], b""
    for number in range(-(-signed.size // 256)):
        width = min(256, signed.size - number * 256)
        bundle = filled.get(f"{prefix}/{bundle_path(number, width)}")
        tile = filled.get(f"{prefix}/{tile_path(0, number, width)}")
        for found in (bundle, tile):
            assert found.headers["content-type"] == "application/octet-stream"
            assert found.headers["cache-control"] == FOR_EVER
        assert len(bundle.content) == 34 * width
        for at in range(0, len(bundle.content), 34):
            assert bundle.content[at : at + 2] == b"\x00\x20"
            entries.append(bundle.content[at + 2 : at + 34])
        hashes += tile.content
    assert entries[:COUNT] == digests(COUNT)
    found_leaves = [leaf_hash(entry) for entry in entries]
    assert hashes == b"".join(found_leaves)
    assert root(found_leaves) == signed.root
    above = filled.get(f"{prefix}/{tile_path(1, 0, signed.size // 256)}").content
    assert above == b"".join(
        root(found_leaves[at : at + 256]) for at in range(0, signed.size // 256 * 256, 256)
    )


def test_a_part_is_a_beginning_of_the_whole_also_once_the_tile_is_full(
    filled: Served, leaves: list[bytes]
) -> None:
    for number, width in ((0, 1), (0, 7), (0, 255), (1, 100), (2, 1), (2, 188)):
        part = filled.get("/log/" + tile_path(0, number, width)).content
        assert part == b"".join(leaves[number * 256 : number * 256 + width])
        bundle = filled.get("/log/" + bundle_path(number, width)).content
        assert bundle == b"".join(b"\x00\x20" + entry for entry in digests(COUNT)[number * 256 :][:width])
    assert filled.get("/log/" + tile_path(1, 0, 1)).content == root(leaves[:256])


def missing(filled: Served) -> list[str]:
    latest = filled.node.checkpoints.latest()
    assert latest is not None
    rest = latest.size - 512
    return [
        tile_path(0, 2),
        tile_path(0, 2, rest + 1),
        tile_path(0, 3, 1),
        tile_path(0, 3),
        tile_path(0, 10**18),
        tile_path(0, 10**30),
        tile_path(1, 0),
        tile_path(1, 0, 3),
        tile_path(1, 1, 1),
        tile_path(2, 0, 1),
        tile_path(63, 0, 1),
        bundle_path(2),
        bundle_path(2, rest + 1),
        bundle_path(3, 1),
        bundle_path(10**18),
    ]


def test_what_is_not_there_is_not_found_and_not_kept_by_caches(filled: Served) -> None:
    for path in missing(filled):
        answer = filled.get("/log/" + path)
        problem(answer, 404, "not-found")
        assert answer.headers["cache-control"] == "no-store", path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/000/000",
            "tile/0/000/",
            "tile/0//000",
        ),
        *(
            "tile/00/000",
            "tile/+0/000",
            "tile/-1/000",
            "tile/64/000.p/1",
            "tile/a/000",
            "tile/0/00a",
            "tile/0/-00",
        ),
        *(
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000.p/1/",
        ),
        *(
            "tile/0/000.p/1.p/1",
            "tile/0/000.P/1",
            "tile/0/%2000",
            "tile/0/00%D9%A3",
            "tile/0/000%0A",
            "tile/0/000%00",
            "tile/0/%30%30%30",
            "tile%2F0/000",
        ),
        *("tile/entries/0", "tile/entries/x000/000", "tile/entries/000.p/0", "tile/entries/000.p/256"),
        *(
            "tile/entries/000.p/00",
            "tile/entries/000/",
            "tile/entries/",
            "tile/0/",
            "tile/data/000",
            "tile/Entries/000",
        ),
        *("1999/checkpoint", "1999/tile/0/000", "1999/tile/entries/000", "2026%0A/checkpoint"),
        "tile/0/" + "x999/" * 40 + "999",
    ],
)
def test_another_form_of_a_path_is_not_found(filled: Served, path: str) -> None:
    problem(filled.get("/log/" + path), 404, "not-found")


@pytest.mark.parametrize(
    "path", ["", "tile", "tile/0", "tile/000", "checkpoint/", "2026", "2026/", "2026/tile"]
)
def test_a_path_cut_off_is_no_resource(filled: Served, path: str) -> None:
    problem(filled.get("/log/" + path), 404, "route-unknown")


def test_what_is_not_signed_yet_is_not_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving_filled(tmp_path_factory.mktemp("unsigned"), 250) as served:
        signed = served.node.checkpoints.latest()
        assert signed is not None
        size, log = signed.size, served.node.log
        fill(
            log, range(1_000, 1_300)
        )  # behind the sequencer's back, which signs when it has something to append
        assert log.head.size == size + 300
        assert parse_checkpoint(served.get("/log/checkpoint").content).checkpoint.size == size
        for path in (tile_path(0, 0), tile_path(1, 0, 1), bundle_path(0), bundle_path(1, 5)):
            problem(served.get("/log/" + path), 404, "not-found")
        for path in (tile_path(0, 0, size + 1), bundle_path(0, size + 1)):
            problem(served.get("/log/" + path), 404, "not-found")
        assert len(served.get("/log/" + tile_path(0, 0, size)).content) == 32 * size
        assert len(served.get("/log/" + bundle_path(0, size)).content) == 34 * size


def test_who_has_it_already_is_told_so(filled: Served) -> None:
    for path in ("checkpoint", tile_path(0, 0), tile_path(0, 1, 9), bundle_path(0), bundle_path(2, 3)):
        first = filled.get("/log/" + path)
        tag = first.headers["etag"]
        assert tag == f'"{sha256(first.content).hexdigest()[:32]}"'
        for asked in (tag, f"W/{tag}", "*", f'"other", {tag}', f'W/"x" , {tag},'):
            again = filled.get("/log/" + path, headers={"if-none-match": asked})
            assert (again.status_code, again.content) == (304, b""), asked
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == first.headers["cache-control"]
        for asked in ('"other"', tag.strip('"'), ""):
            assert filled.get("/log/" + path, headers={"if-none-match": asked}).content == first.content


def test_head_tells_the_length_and_no_more(filled: Served) -> None:
    with httpx2.Client(base_url=filled.url) as client:
        for path in (
            "checkpoint",
            tile_path(0, 0),
            tile_path(0, 1, 9),
            bundle_path(0, 255),
            tile_path(0, 9),
        ):
            got, headed = client.get("/log/" + path), client.head("/log/" + path)
            assert (headed.status_code, headed.content) == (got.status_code, b"")
            assert headed.headers["content-length"] == str(len(got.content))
            for name in ("content-type", "etag", "cache-control"):
                assert headed.headers.get(name) == got.headers.get(name)


def test_a_tile_takes_no_parameters(filled: Served) -> None:
    problem(filled.get("/log/" + tile_path(0, 0) + "?width=3"), 400, "query-invalid")


def test_entries_that_this_process_does_not_know_of_yet_are_not_cut(
    filled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest = filled.node.checkpoints.latest()
    assert latest is not None
    entries = filled.node.log.entries
    monkeypatch.setattr(filled.node.log, "entries", lambda first, count: entries(first, count)[:-1])
    answer = filled.get(f"/log/{bundle_path(0)}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["cache-control"]
