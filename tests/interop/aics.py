"""The other implementation at work, in a process of its own: feeds a witness from a log of its own, or verifies a note.

python aics.py feed URL WITNESS_VKEY     prints what became of each checkpoint, JSON
python aics.py verify VKEY WITNESS_VKEY  verifies the note on standard input by both keys
python aics.py vkey                      prints the key of its log
"""

import json
import sys

from aics_tlog import (
    Checkpoint,
    MerkleTree,
    WitnessPolicy,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    verify_checkpoint,
    vkey_from_ed25519,
)
from aics_witness.feeder import FeederError, WitnessClient, WitnessRejected, merge_cosignatures
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example.xq/XQ/2026"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = vkey_from_ed25519(ORIGIN, KEY.public_key())


def note(tree: MerkleTree) -> bytes:
    signed = sign_checkpoint(Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root()), KEY, ORIGIN)
    return signed.to_bytes()


def feed(url: str, witness: str) -> list[dict[str, object]]:
    client = WitnessClient(url, witness)
    tree, told = MerkleTree(), []
    policy = WitnessPolicy(quorum=1, witnesses=(parse_vkey(witness),))
    for count in (1, 2, 0, 5, 300):
        tree.extend(b"entry %d" % n for n in range(tree.size, tree.size + count))
        signed = note(tree)
        merged = merge_cosignatures(signed, client.submit(signed, tree.consistency_proof))
        result = verify_checkpoint(parse_note(merged), VKEY, policy=policy)
        told.append({"size": tree.size, "ok": result.ok})
    behind = WitnessClient(url, witness)  # knows nothing of what was cosigned: asks with 0, and learns
    told.append({"size": tree.size, "again": bool(behind.submit(note(tree), tree.consistency_proof))})
    for size in (tree.size, tree.size + 4):
        other = MerkleTree(b"other %d" % n for n in range(size))
        try:
            client.submit(note(other), other.consistency_proof)
        except WitnessRejected as error:
            told.append({"size": size, "status": error.status})
        except FeederError as error:
            told.append({"size": size, "error": type(error).__name__})
    return told


def verify(vkey: str, witness: str, data: bytes) -> dict[str, object]:
    policy = WitnessPolicy(quorum=1, witnesses=(parse_vkey(witness),))
    result = verify_checkpoint(parse_note(data), parse_vkey(vkey), policy=policy)
    return {"ok": result.ok, "lines": len(parse_note(data).signatures)}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["vkey"]:
            answer: object = format_vkey(VKEY)
        case ["feed", url, witness]:
            answer = feed(url, witness)
        case ["verify", vkey, witness]:
            answer = verify(vkey, witness, sys.stdin.buffer.read())
        case _:
            sys.exit(2)
    json.dump(answer, sys.stdout)
