"""One statement: where it stands, what proves that, and in words what is not known."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ledger.core.statement import parse_statement
from ledger.core.trust import TrustList
from ledger.services.anchoring.claims import AnchorClaims
from ledger.services.bundles.export import Shelf
from ledger.services.recognition.present_status import Statuses, Word
from ledger.services.registration.states import Standing, state_of
from ledger.statements.accreditation import Accreditation
from ledger.statements.catalogue import read
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.recognition_grant import Recognition
from ledger.store.anchors import Anchors
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.cosignatures import KeyName
from ledger.store.statements import StoredStatement

_STATUS: Final = "its status after this page was made: withdrawals and suspensions are published as they come"


class CoveringAnchor(NamedTuple):
    """The earliest anchor on one chain that covers a statement; `vouched` says who vouches for its block."""

    chain: str
    size: int
    block: int
    block_time: int
    vouched: str


class Said(NamedTuple):
    """What only those may know who may see the statement.

    Attributes:
        status: Of what attests something for a while.
        subject: What it says.
    """

    issuer: str
    standing: Standing
    status: Word | None
    subject: dict[str, Any]


class Sheet(NamedTuple):
    """What a node tells of a statement.

    Attributes:
        place: In the log.
        created: As its signer claims, POSIX seconds.
        checkpoint: The first that covers it, the one of its receipt; None for a moment.
        cosigned: The first that as many organisations cosigned as the node asks for, one at least.
        anchors: One for each chain that has one.
        said: None for whoever may not see it.
        unknown: What this page cannot tell.
    """

    digest: bytes
    place: int
    type: str
    created: int
    checkpoint: StoredCheckpoint | None
    cosigned: StoredCheckpoint | None
    anchors: tuple[CoveringAnchor, ...]
    said: Said | None
    unknown: tuple[str, ...]


def sheet(
    stored: StoredStatement,
    shelf: Shelf,
    anchors: Anchors,
    claims: AnchorClaims,
    trust: TrustList,
    *,
    organisations: Mapping[KeyName, str],
    sees: bool,
    now: int,
) -> Sheet:
    """What there is to say of a registered statement.

    Args:
        trust: The node's trust list.
        organisations: By key of each witness that counts, whom it counts for.
        sees: Whether the reader may see what it says.
        now: POSIX seconds.
    """
    cosigned = None
    if shelf.cosignatures is not None:
        quorum = max(1, shelf.quorum)
        cosigned = shelf.cosignatures.earliest_with_quorum(stored.index, quorum, organisations)
    covering = tuple(
        CoveringAnchor(chain, held.row.size, held.row.block_number, held.row.block_time, claims.told(held))
        for chain in anchors.chains()
        if (held := anchors.evidence_for(chain, stored.index + 1)) is not None
    )
    said = _said(stored, shelf, trust, now) if sees else None
    return Sheet(
        stored.digest,
        stored.index,
        stored.type,
        stored.created,
        shelf.checkpoints.earliest_covering(stored.index),
        cosigned,
        covering,
        said,
        tuple(_unknown(stored, covering, cosigned, None if said is None else said.status)),
    )


def _said(stored: StoredStatement, shelf: Shelf, trust: TrustList, now: int) -> Said:
    statement = parse_statement(stored.body)
    value = read(statement, screened=False)
    status = None
    if isinstance(value, ConformityCertificate | Accreditation | Recognition):
        status = Statuses(shelf, trust, now).of(stored, value)
    return Said(stored.issuer, state_of(stored, shelf), status, dict(statement.subject))


def _unknown(
    stored: StoredStatement,
    anchors: tuple[CoveringAnchor, ...],
    cosigned: StoredCheckpoint | None,
    status: Word | None,
) -> list[str]:
    told = ["whether what it says is true: the log shows who signed it, and by when it existed"]
    if not anchors:
        told.append("what a chain would show: no final anchor covers it yet")
    if cosigned is None:
        told.append("whether witnesses saw the same log: too few have cosigned a checkpoint that covers it")
    if status is not None:
        told.append(_STATUS)
    if status == "unknown":
        told.append(
            "its status at present: no edition of its status list that covers this moment is registered here"
        )
    if stored.type == "ConformityCertificate":
        told.append("whether it counts in another jurisdiction, and for a use: its bundle shows that offline")
    told.append("whether a later correction or answer stands in another log")
    return told
