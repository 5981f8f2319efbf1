"""Makes `tests/vectors/forks`: fork proofs and files that are none, with what a verifier and a contract say of each.

Run as `python -m tests.verify.fork_vectors`.  ML-DSA signatures are randomised, so the files change when made again.
"""

import json
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode
from ledger.core.checkpoint import head_signature, parse_checkpoint
from ledger.core.evm.foreign_calls import SignedHead, encode_prove_split
from ledger.core.note import Note, encode_note
from ledger.core.secp256k1 import address_of
from ledger.core.trust import sign_trust_list
from ledger.errors import LedgerError
from ledger.verify.fork import Fork, encode_fork
from tests.blocks import hexed
from tests.forks import WITNESSES, XA, entries, fork_of, note_of
from tests.simulator import Jurisdiction, World, key, seed
from tests.verify.attacking import witness

FOLDER = Path(__file__).parents[1] / "vectors" / "forks"
BOTH = [name for name, _ in WITNESSES]
PROVEN = "split view proven"


def trust_list() -> bytes:
    """XA's log with two head keys, and two witnesses."""
    log = XA.trusted_log()
    later = {"size": 40, "root": bytes(32).hex(), "last": 39}
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": later})
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    return sign_trust_list(World().trust_body(logs=[log], witnesses=listed), {"#1": key("publisher")})


def changed(data: bytes, **members: Any) -> bytes:
    """A file with other members; None takes one away."""
    document = {**json.loads(data), **members}
    return encode({name: value for name, value in document.items() if value is not None})


def without_line(data: bytes, which: str, line: int) -> bytes:
    """A fork proof of which one note lacks one of its lines."""
    note = parse_checkpoint(json.loads(data)[which].encode()).note
    lines = tuple(one for at, one in enumerate(note.signatures) if at != line)
    return changed(data, **{which: encode_note(Note(note.text, lines)).decode()})


def pair(one: bytes, other: bytes) -> bytes:
    """A fork proof of two notes of one size."""
    return encode_fork(parse_checkpoint(one), parse_checkpoint(other))


def swapped(line: int) -> bytes:
    """Two roots of one size, the second with a line of the first's."""
    true, other = parse_checkpoint(note_of(entries(9))), parse_checkpoint(note_of(entries(9, "other")))
    lines = list(other.note.signatures)
    lines[line] = true.note.signatures[line]
    return pair(true.encoded, encode_note(Note(other.note.text, tuple(lines))))


def rows() -> list[tuple[str, bytes, str, str, bool | None]]:
    """Name, file, verdict, code; and whether a contract takes it, None where nothing can be sent."""
    same = fork_of(entries(9), entries(9, "other"), witnesses=BOTH)
    two = fork_of(entries(9, common=4), entries(13, "other", common=4), 6)
    document = json.loads(two)
    paths, leaves = document["paths"], document["leaves"]
    bare = changed(two, index=None, leaves=None, paths=None)
    of_xb = note_of(entries(9), of=Jurisdiction("XB", 31_002)).decode()
    return [
        ("same-size", same, PROVEN, "fork-same-size", True),
        ("two-sizes", two, PROVEN, "fork-leaf", True),
        ("last-leaf-of-the-smaller", fork_of(entries(9, common=8), entries(13, "b", 8), 8), PROVEN, "fork-leaf", True),
        ("size-one", fork_of(entries(1), entries(2, "other"), 0), PROVEN, "fork-leaf", True),
        ("two-head-keys", pair(note_of(entries(9)), note_of(entries(9, "other"), head="XA head 2")), PROVEN,
         "fork-same-size", None),
        ("one-witness-of-both", pair(note_of(entries(5), witnesses=BOTH[:1]), note_of(entries(5, "b"), witnesses=BOTH)),
         PROVEN, "fork-same-size", True),
        ("consistent-pair", fork_of(entries(9, common=9), entries(13, "b", 9), 6), "not proven", "no-split", False),
        ("another-leaf", changed(two, leaves=["00" * 32, leaves[1]]), "not proven", "proof-invalid", False),
        ("another-index", changed(two, index=7), "not proven", "proof-invalid", False),
        ("index-beyond-the-smaller", changed(two, index=9), "not proven", "proof-invalid", False),
        ("path-too-short", changed(two, paths=[paths[0][1:], paths[1]]), "not proven", "proof-invalid", False),
        ("path-too-long", changed(two, paths=[[*paths[0], leaves[0]], paths[1]]), "not proven", "proof-invalid", False),
        ("paths-exchanged", changed(two, paths=paths[::-1]), "not proven", "proof-invalid", False),
        ("ed25519-of-another-head", swapped(0), "not proven", "line-invalid", True),
        ("ml-dsa-of-another-head", swapped(1), "not proven", "line-invalid", True),
        ("head-signature-of-another-head", swapped(2), "not proven", "line-invalid", False),
        ("no-ed25519-line", without_line(same, "a", 0), "not proven", "line-missing", True),
        ("no-head-line", without_line(two, "b", 2), "not proven", "line-missing", None),
        ("head-key-of-a-stranger", pair(note_of(entries(9)), note_of(entries(9, "b"), head="XA head of a stranger")),
         "not proven", "line-missing", None),
        ("of-a-log-not-listed", pair(note_of(entries(9), of=Jurisdiction("XB", 31_002)),
                                     note_of(entries(9, "b"), of=Jurisdiction("XB", 31_002))),
         "could not finish", "log-unknown", None),
        ("larger-first", changed(two, a=document["b"], b=document["a"]), "not proven", "fork-order", None),
        ("one-head-twice", changed(same, b=json.loads(same)["a"]), "not proven", "fork-order", None),
        ("note-of-another-log", changed(same, b=of_xb), "not proven", "fork-origin", None),
        ("two-sizes-without-leaves", bare, "not proven", "fork-leaves", None),
        ("one-size-with-leaves", changed(same, index=6, leaves=leaves, paths=paths), "not proven", "fork-leaves", None),
        ("another-format", changed(same, format="evidence-fork/2"), "not proven", "format-unknown", None),
    ]  # fmt: skip


def call_of(fork: Fork) -> bytes | None:
    """The call that hands a fork proof to a contract, whatever it is worth; None without two lines of one head key."""
    for name in ("XA head 1", "XA head 2"):
        address = address_of(seed(name))
        try:
            a, b = (
                SignedHead(one.checkpoint.size, one.checkpoint.root, head_signature(one, address))
                for one in fork.heads
            )
        except LedgerError:
            continue
        if fork.place is None:
            return encode_prove_split(fork.origin, address, (a, b))
        one, other = fork.leaves
        return encode_prove_split(fork.origin, address, (a, b), fork.place, (one, other))
    return None


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "trust.json").write_bytes(trust_list())
    listed = []
    for name, data, verdict, code, contract in rows():
        (FOLDER / f"{name}.fork.json").write_bytes(data)
        listed.append({"name": name, "verdict": verdict, "code": code, "contract": contract})
    (FOLDER / "verdicts.json").write_text(json.dumps({"rows": listed}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
