"""Auditing anchors: what was sent and found is as it was written, and evidence leads to the checkpoint it is of."""

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.core.canonical import BUNDLE_LIMIT, decode
from ledger.core.checkpoint import parse_checkpoint, verify_log_lines
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.anchor import log_id, root_at_slot
from ledger.core.evm.header import parse_header
from ledger.core.keccak import keccak256
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.services.anchoring.evidence import require_named
from ledger.services.auditing.ranges import Findings, LogIdentity, collected, last_entry
from ledger.store.anchors import Anchors, Evidence, Intent, Stored
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database
from ledger.store.integrity import Difference

ROWS: Final = 256
"""Numbers of rows of each table that are compared at once."""
_TABLES: Final = ("anchor_intent", "anchor_event", "anchor_evidence", "anchor_finality")
_EVERY: Final = 1 << 62


def windows(database: Database, after: int | None = None) -> Iterator[tuple[int, int]]:
    """Numbers between which there are rows of the anchor tables: above the first, up to the second.

    Args:
        after: Where to go on; None: from the first row on.
    """
    reached = -_EVERY if after is None else after
    while True:
        found = [
            database.rows(f"SELECT min(id) FROM {table} WHERE id > ?", (reached,))[0][0]  # noqa: S608 - our own names
            for table in _TABLES
        ]
        next_rows = [number for number in found if isinstance(number, int)]
        if not next_rows:
            return
        first = min(next_rows) - 1
        reached = first + ROWS
        yield first, reached


def audit_anchors(database: Database, identity: LogIdentity, after: int, last: int) -> tuple[Findings, int]:
    """Compare the rows of the anchor tables with numbers above `after`, up to `last`.

    Returns:
        The differences, and how many anchors there are.

    Cost: about 1 ms an anchor.
    """
    findings: Findings = {}
    anchors = Anchors(database)
    compared: list[int] = []

    def rows() -> Iterator[Difference]:
        for table, number in anchors.damaged_rows(after, last):
            yield Difference(table, None, f"row {number} is not as it was written")

    def proofs() -> Iterator[Difference]:
        for stored in anchors.evidence_list(after=after, limit=last - after):
            if stored.id > last:
                return
            compared.append(stored.id)
            try:
                _check_evidence(database, stored.row, identity)
            except LedgerError as error:
                yield Difference("anchor_evidence", last_entry(stored.row.size), f"row {stored.id}: {error}")

    for compare in (rows, lambda: _intents(database, anchors.every_intent(after, last)), proofs):
        collected(findings, "anchor", compare)
    return findings, len(compared)


def _intents(database: Database, intents: Sequence[Stored[Intent]]) -> Iterator[Difference]:
    """Each transaction against its hash, and its root against the checkpoint that was signed."""
    for intent in intents:
        if keccak256(intent.row.raw_transaction) != intent.row.transaction_hash:
            yield Difference("anchor_intent", None, f"row {intent.id}: the transaction has another hash")
        if intent.row.root != _signed_root(database, intent.row.size):
            detail = f"row {intent.id} anchors a root that was not signed"
            yield Difference("anchor_intent", last_entry(intent.row.size), detail)


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
