"""Auditing a node's own store: everything that can be computed again is, and every difference is named.

    bodies → digests → entries → leaves → tiles → head
    bodies → the columns that statements are found by; what they refer to, attest and list
    entries → the root of every stored checkpoint; its three signatures, and witnesses' lines
    checkpoints → anchor evidence: header, account, storage; intents: the hash of the transaction

A read-only pass in short transactions; it may run beside the node.  What was appended meanwhile is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.checkpoint import parse_checkpoint, verify_log_lines
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.anchor import log_id, root_at_slot
from ledger.core.evm.header import parse_header
from ledger.core.keccak import keccak256
from ledger.core.merkle import Frontier, leaf_hash
from ledger.core.note import VKey
from ledger.core.statement import parse_statement
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.services.anchor_evidence import require_named
from ledger.services.audit_cosignatures import cosignature_differences
from ledger.services.audit_tables import found_by_differences
from ledger.store.anchors import Anchors, Evidence
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database
from ledger.store.integrity import PAGE, Difference, differences
from ledger.store.rows import NewStatement, row_of

_COLUMNS = ("issuer", "statement_id", "type", "created", "party", "record", "reference")


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """What the log's checkpoints must be signed with: as in a trust list.

    Attributes:
        vkeys: Verifier keys of types 0x01 and 0x06.
        head_addresses: Every head key the log ever had, 20 bytes each.
        witnesses: Keys of witnesses whose lines can be verified.
    """

    origin: str
    vkeys: Sequence[VKey]
    head_addresses: Sequence[bytes]
    witnesses: Sequence[VKey] = ()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was compared, and every difference found; clean when there is none."""

    entries: int
    checkpoints: int
    anchors: int
    findings: tuple[Difference, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything follows from everything."""
        return not self.findings


@dataclass(slots=True)
class _Counts:
    entries: int = 0
    checkpoints: int = 0
    anchors: int = 0


def audit(
    database: Database, identity: LogIdentity, progress: Callable[[str], None] = lambda _: None
) -> AuditReport:
    """Compare everything that is stored with what it follows from.

    Args:
        database: Of the node; may be open for reading only.
        identity: What its checkpoints must be signed with.
        progress: Told the name of each part as it begins.

    Cost: about 60 µs an entry and 0.5 ms a checkpoint.  Memory: constant but for a hash a checkpoint.
    """
    counts = _Counts()
    parts: dict[str, Callable[[], Iterable[Difference]]] = {
        "file": lambda: (Difference("file", None, fault) for fault in database.faults()),
        "log": lambda: differences(database),
        "statement": lambda: _statements(database, counts),
        "checkpoint": lambda: _checkpoints(database, identity, counts),
        "cosignature": lambda: cosignature_differences(database, identity.witnesses),
        "anchor": lambda: _anchors(database, identity, counts),
    }
    findings: list[Difference] = []
    for name, part in parts.items():
        progress(name)
        try:
            findings += part()
        except LedgerError as error:  # so damaged that it cannot be read on
            findings.append(Difference(name, None, str(error)))
        except (
            TypeError,
            ValueError,
            AttributeError,
        ) as error:  # likewise: values of another kind than was written
            findings.append(
                Difference(
                    name, None, f"cannot be read on: a value is of another kind ({type(error).__name__})"
                )
            )
    return AuditReport(counts.entries, counts.checkpoints, counts.anchors, tuple(findings))


def _statements(database: Database, counts: _Counts) -> Iterator[Difference]:
    """The columns of every statement against its body."""
    first = 0
    while True:
        with database.read() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT leaf_index, {', '.join(_COLUMNS)}, body FROM statement"  # noqa: S608
                " WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?",
                (first, PAGE),
            ).all()
        if not rows:
            return
        computed: dict[int, NewStatement] = {}
        for row in rows:
            counts.entries += 1
            try:
                body = row.body if isinstance(row.body, bytes) else b""
                computed[row.leaf_index] = row_of(parse_statement(body))
            except LedgerError as error:
                yield Difference("statement", row.leaf_index, f"the body is no statement: {error}")
            else:
                yield from _statement_columns(row.leaf_index, row[1:-1], computed[row.leaf_index])
        yield from found_by_differences(database, first, rows[-1].leaf_index, computed)
        first = rows[-1].leaf_index + 1


def _statement_columns(index: int, held: Sequence[object], computed: NewStatement) -> Iterator[Difference]:
    for name, value in zip(_COLUMNS, held, strict=True):
        if value != getattr(computed, name):
            yield Difference("statement", index, f"column {name} is not what the body says")


def _checkpoints(database: Database, identity: LogIdentity, counts: _Counts) -> Iterator[Difference]:
    """Root, signatures and time of every stored checkpoint."""
    stored = list(_sizes(database))
    roots = dict(roots_at(database, stored))
    last_time = 0
    for checkpoint in Checkpoints(database).every():
        counts.checkpoints += 1
        try:
            yield from _checkpoint(checkpoint, identity, roots.get(checkpoint.size))
        except LedgerError as error:
            yield Difference("checkpoint", _last(checkpoint.size), f"size {checkpoint.size}: {error}")
        if checkpoint.signed_at < last_time:
            yield Difference(
                "checkpoint",
                _last(checkpoint.size),
                f"size {checkpoint.size} is signed before the one below it",
            )
        last_time = checkpoint.signed_at


def _checkpoint(
    checkpoint: StoredCheckpoint, identity: LogIdentity, root: bytes | None
) -> Iterator[Difference]:
    signed = parse_checkpoint(checkpoint.note)
    lines = verify_log_lines(signed, identity.origin, identity.vkeys, identity.head_addresses)
    found = signed.checkpoint
    if found.size != checkpoint.size:
        yield Difference(
            "checkpoint", _last(checkpoint.size), f"size {checkpoint.size} holds a note of size {found.size}"
        )
    elif root is None:
        yield Difference("checkpoint", None, f"size {checkpoint.size} is signed and larger than the log")
    elif found.root != root:
        yield Difference(
            "checkpoint",
            _last(checkpoint.size),
            f"size {checkpoint.size} is signed with root {found.root.hex()}; the entries lead to"
            f" {root.hex()}",
        )
    if lines.mldsa_time != checkpoint.signed_at:
        yield Difference(
            "checkpoint",
            _last(checkpoint.size),
            f"size {checkpoint.size} is stored as signed at {checkpoint.signed_at}; its note says"
            f" {lines.mldsa_time}",
        )


def _last(size: int) -> int | None:
    """The entry that a checkpoint of `size` was the first to cover, or near it."""
    return size - 1 if size > 0 else None


def _sizes(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT size FROM checkpoint ORDER BY size").scalars())


def roots_at(database: Database, sizes: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The root at each of `sizes`, ascending, computed from the entries alone; ends where they end."""
    frontier = Frontier()
    wanted = iter(sizes)
    size = next(wanted, None)
    while size is not None:
        while frontier.size < size:
            with database.read() as connection:
                page = connection.exec_driver_sql(
                    "SELECT digest FROM entry WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index",
                    (frontier.size, min(size, frontier.size + PAGE)),
                ).scalars()
                before = frontier.size
                for digest in page:
                    frontier.append(leaf_hash(digest if isinstance(digest, bytes) else b""))
            if frontier.size == before:
                return
        yield size, frontier.root()
        size = next(wanted, None)


def _anchors(database: Database, identity: LogIdentity, counts: _Counts) -> Iterator[Difference]:
    anchors = Anchors(database)
    for table, number in anchors.damaged_rows():
        yield Difference(table, None, f"row {number} is not as it was written")
    for intent in anchors.every_intent():
        if keccak256(intent.row.raw_transaction) != intent.row.transaction_hash:
            yield Difference("anchor_intent", None, f"row {intent.id}: the transaction has another hash")
        if intent.row.root != _signed_root(database, intent.row.size):
            detail = f"row {intent.id} anchors a root that was not signed"
            yield Difference("anchor_intent", _last(intent.row.size), detail)
    after = 0
    while page := anchors.evidence_list(after=after):
        for stored in page:
            counts.anchors += 1
            try:
                _check_evidence(database, stored.row, identity)
            except LedgerError as error:
                yield Difference("anchor_evidence", _last(stored.row.size), f"row {stored.id}: {error}")
        after = page[-1].id


def _signed_root(database: Database, size: int) -> bytes | None:
    """The root in the stored checkpoint of this size; None where there is none that can be read."""
    checkpoint = Checkpoints(database).at(size)
    try:
        return None if checkpoint is None else parse_checkpoint(checkpoint.note).checkpoint.root
    except MalformedError:
        return None


def _check_evidence(database: Database, evidence: Evidence, identity: LogIdentity) -> None:
    """Header, account and storage lead to the root of the checkpoint that was anchored."""
    checkpoint = Checkpoints(database).at(evidence.size)
    if checkpoint is None:
        raise ProofError(f"no checkpoint of size {evidence.size} is stored")
    signed = parse_checkpoint(checkpoint.note)
    lines = verify_log_lines(signed, identity.origin, identity.vkeys, identity.head_addresses)
    header = parse_header(evidence.header)
    require_named(header, evidence.block_hash)
    if (header.number, header.time) != (evidence.block_number, evidence.block_time):
        raise ProofError(f"the header is of block {header.number}, not of the block named")
    account = prove_account(header.state_root, evidence.contract, _nodes(evidence.account))
    slot = root_at_slot(log_id(identity.origin, lines.head_address), evidence.size)
    found = prove_slot(account.storage_root, slot, _nodes(evidence.storage))
    if found != signed.checkpoint.root:
        raise ProofError(
            f"the contract holds {found.hex()}; the checkpoint has {signed.checkpoint.root.hex()}"
        )


def _nodes(encoded: bytes) -> list[bytes]:
    nodes = decode(encoded, limit=BUNDLE_LIMIT, what="proof")
    if not isinstance(nodes, list) or not all(
        isinstance(node, str) and node.startswith("0x") for node in nodes
    ):
        raise ProofError("the proof is no list of hex strings")
    try:
        return [bytes.fromhex(str(node)[2:]) for node in nodes]
    except ValueError as error:
        raise ProofError("the proof is no list of hex strings") from error
