"""The other implementation as a reader of a log, in a process of its own: checkpoint, every tile and entry, receipts.

python aics_reader.py log URL VKEY OLD_SIZE OLD_ROOT     reads the whole log; prints what it verified, JSON
python aics_reader.py receipts VKEY                      verifies receipts on standard input, each after its length in
                                                         a line of its own; prints the places of their entries, JSON
"""

import json
import sys
from base64 import b64decode

from aics_tlog import (
    HttpTileReader,
    TileMissingError,
    TileVerificationError,
    VerifiedTileReader,
    audit_tiles,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    parse_note,
    parse_vkey,
    verify_checkpoint,
    verify_consistency,
    verify_leaf_inclusion,
)

HEADER = "c2sp.org/tlog-proof@v1"
UNKNOWN = "\N{EM DASH} grease.example.xq AAAAAGdyZWFzZQ==\n"


def receipts(data: bytes) -> list[bytes]:
    found = []
    while data:
        length, _, data = data.partition(b"\n")
        found.append(data[: int(length)])
        data = data[int(length) :]
    return found


def verified(note: bytes, vkey: str) -> tuple[int, bytes]:
    result = verify_checkpoint(parse_note(note), parse_vkey(vkey))
    assert result.ok, result
    return result.size, result.root


def receipt_index(data: bytes, vkey: str) -> int:
    """Where a receipt of ours places its entry, by their verification."""
    head, _, note = data.partition(b"\n\n")
    header, extra, index, *path = head.decode().split("\n")
    assert header == HEADER
    size, root = verified(note, vkey)
    at = int(index.removeprefix("index "))
    entry = b64decode(extra.removeprefix("extra "), validate=True)
    assert verify_leaf_inclusion(entry, at, size, [b64decode(line, validate=True) for line in path], root)
    return at


def whole_log(url: str, vkey: str, old_size: str, old_root: str) -> dict[str, object]:
    reader = HttpTileReader(url, proxies={})
    note = reader.read_checkpoint()
    size, root = verified(note, vkey)
    assert verified(note + UNKNOWN.encode(), vkey) == (size, root)
    report = audit_tiles(reader, size, root)
    held = VerifiedTileReader(reader, size, root)
    held.check_root()
    old = int(old_size)
    proof = consistency_proof_from_tiles(held, old, size)
    assert verify_consistency(old, size, bytes.fromhex(old_root), root, proof)
    paths = {index: inclusion_proof_from_tiles(held, index, size) for index in (0, old, size - 1)}
    for index, path in paths.items():
        assert verify_leaf_inclusion(held.entry(index), index, size, path, root)
    try:
        audit_tiles(reader, size, bytes(32))
    except (TileVerificationError, TileMissingError) as error:
        wrong = type(error).__name__
    return {
        "size": size,
        "tiles": report.tiles,
        "bundles": report.bundles,
        "entries": {index: held.entry(index).hex() for index in paths},
        "wrongRoot": wrong,
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["log", url, vkey, old_size, old_root]:
            answer: object = whole_log(url, vkey, old_size, old_root)
        case ["receipts", vkey]:
            answer = [receipt_index(one, vkey) for one in receipts(sys.stdin.buffer.read())]
        case _:
            sys.exit(2)
    json.dump(answer, sys.stdout)
