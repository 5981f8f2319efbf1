"""The audit written down plainly, one part after the other over the whole log: what the real one is held against.

It knows no ranges, processes or positions, and folds the tree leaf by leaf.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from ledger.core.checkpoint import parse_checkpoint, verify_log_lines
from ledger.core.merkle import Frontier, leaf_hash
from ledger.core.statement import parse_statement
from ledger.errors import LedgerError
from ledger.services.auditing.anchors import audit_anchors
from ledger.services.auditing.audit import LogIdentity
from ledger.services.auditing.cosignatures import cosignature_differences
from ledger.services.auditing.tables import found_by_differences
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database
from ledger.store.integrity import Difference, beyond_differences, tile_differences
from ledger.store.rows import NewStatement, row_of
from ledger.store.tiles import Edge

_COLUMNS = ("issuer", "statement_id", "type", "created", "party", "record", "reference")
_MANY = 1 << 40


def naive_audit(database: Database, identity: LogIdentity) -> list[Difference]:
    """Every difference, by parts."""
    parts: dict[str, Callable[[], Iterable[Difference]]] = {
        "file": lambda: (Difference("file", None, fault) for fault in database.faults()),
        "log": lambda: _log(database),
        "statement": lambda: _statements(database),
        "checkpoint": lambda: _checkpoints(database, identity),
        "cosignature": lambda: cosignature_differences(database, identity.witnesses, -_MANY, _MANY),
        "anchor": lambda: audit_anchors(database, identity, 0, _MANY)[0].get("anchor", []),
    }
    findings: list[Difference] = []
    for name, part in parts.items():
        try:
            findings += part()
        except LedgerError as error:
            findings.append(Difference(name, None, str(error)))
        except (TypeError, ValueError, AttributeError) as error:
            says = f"cannot be read on: a value is of another kind ({type(error).__name__})"
            findings.append(Difference(name, None, says))
    return findings


def _log(database: Database) -> Iterator[Difference]:
    ((size, root),) = database.rows("SELECT size, root FROM head")
    digests = dict(database.rows("SELECT leaf_index, digest FROM entry"))
    bodies = dict(database.rows("SELECT leaf_index, body FROM statement"))
    edge = Edge()
    for index in range(size):
        digest, body = digests.get(index), bodies.get(index)
        own = sha256(body).digest() if isinstance(body, bytes) else None
        if not isinstance(digest, bytes):
            yield Difference("entry", index, "missing")
        elif own is None:
            yield Difference("statement", index, "missing")
        elif own != digest:
            says = f"the body's digest is {own.hex()}, the entry says {digest.hex()}"
            yield Difference("statement", index, says)
        edge, full = edge.extended([leaf_hash(own or (digest if isinstance(digest, bytes) else b""))])
        for tile in full:
            stored = database.rows(
                "SELECT hashes, nodes FROM tile WHERE level = ? AND number = ?", (tile.level, tile.number)
            )
            yield from tile_differences(tile, (stored[0][0], stored[0][1]) if stored else None)
    if edge.frontier().root() != root:
        found = root.hex() if isinstance(root, bytes) else root
        says = f"size {size} root {found}; the entries lead to {edge.frontier().root().hex()}"
        yield Difference("head", None, says)
    yield from beyond_differences(database)


def _statements(database: Database) -> Iterator[Difference]:
    computed: dict[int, NewStatement] = {}
    rows = database.rows(f"SELECT leaf_index, {', '.join(_COLUMNS)}, body FROM statement ORDER BY leaf_index")
    for index, *held, body in rows:
        try:
            computed[index] = row_of(parse_statement(body if isinstance(body, bytes) else b""))
        except LedgerError as error:
            yield Difference("statement", index, f"the body is no statement: {error}")
        else:
            for name, value in zip(_COLUMNS, held, strict=True):
                if value != getattr(computed[index], name):
                    yield Difference("statement", index, f"column {name} is not what the body says")
    yield from found_by_differences(database, 0, _MANY, computed)


def _checkpoints(database: Database, identity: LogIdentity) -> Iterator[Difference]:
    frontier = Frontier()
    roots = {0: frontier.root()}
    for (digest,) in database.rows("SELECT digest FROM entry ORDER BY leaf_index"):
        frontier.append(leaf_hash(digest if isinstance(digest, bytes) else b""))
        roots[frontier.size] = frontier.root()
    last_time = 0
    for checkpoint in Checkpoints(database).every():
        size, last = checkpoint.size, checkpoint.size - 1 if checkpoint.size > 0 else None
        try:
            for says in _faults(checkpoint, identity, roots.get(size)):
                yield Difference("checkpoint", None if "larger" in says else last, says)
        except LedgerError as error:
            yield Difference("checkpoint", last, f"size {size}: {error}")
        if checkpoint.signed_at < last_time:
            yield Difference("checkpoint", last, f"size {size} is signed before the one below it")
        last_time = checkpoint.signed_at


def _faults(checkpoint: StoredCheckpoint, identity: LogIdentity, root: bytes | None) -> Iterator[str]:
    size = checkpoint.size
    signed = parse_checkpoint(checkpoint.note)
    lines = verify_log_lines(signed, identity.origin, identity.vkeys, identity.head_addresses)
    found = signed.checkpoint
    if found.size != size:
        yield f"size {size} holds a note of size {found.size}"
    elif root is None:
        yield f"size {size} is signed and larger than the log"
    elif found.root != root:
        yield f"size {size} is signed with root {found.root.hex()}; the entries lead to {root.hex()}"
    if lines.mldsa_time != checkpoint.signed_at:
        yield f"size {size} is stored as signed at {checkpoint.signed_at}; its note says {lines.mldsa_time}"
