"""Signed statements that refer to each other, for graphs."""

from collections.abc import Iterable
from typing import Any

from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA, generate
from ledger.core.times import parse_time
from ledger.services.lineage.sources import AtHand

KEY = generate(EDDSA, b"\x07" * 48)
CREATED = parse_time("2026-11-22T04:03:04Z")
BODY, EXPORTER, AUTHORITY = (
    "did:web:body.example.xa",
    "did:web:exporter.example.xa",
    "did:web:trade.example.xb",
)
_count = iter(range(10**6))


def made(kind: str, issuer: str = EXPORTER, **subject: Any) -> Statement:
    """A signed statement; only what it refers to and whom it names is there."""
    number = next(_count)
    document = unsigned(
        kind=kind,
        identifier=f"urn:uuid:0198f3c2-0000-7000-8000-{number:012x}",
        issuer=issuer,
        subject={"number": number, **subject},
        valid_from=CREATED,
    )
    return sign_statement(document, KEY, f"{issuer}#2026", CREATED + number)


def hexed(statement: Statement) -> str:
    return statement.digest.hex()


class Certified:
    """A transfer on the ground of a certificate: accredited, recognised, suspended, acknowledged."""

    def __init__(self) -> None:
        self.accreditation = made(
            "Accreditation",
            "did:web:accreditor.example.xa",
            accreditor={"did": "did:web:accreditor.example.xa"},
            body={"did": BODY},
        )
        self.arrangement = made("RecognitionArrangement", AUTHORITY)
        self.certificate = made(
            "ConformityCertificate",
            BODY,
            accreditation={"statement": hexed(self.accreditation)},
            body={"did": BODY},
            holder={"did": EXPORTER},
        )
        self.recognition = made(
            "Recognition", AUTHORITY, certificate=hexed(self.certificate), arrangement=hexed(self.arrangement)
        )
        self.other = made(
            "Recognition", AUTHORITY, certificate="ee" * 32, arrangement=hexed(self.arrangement)
        )
        self.suspension = made("StatusChange", BODY, statement=hexed(self.certificate))
        self.earlier = made(
            "TransferRecord", exporter={"did": EXPORTER}, importer={"did": "did:web:importer.example.xb"}
        )
        self.transfer = made(
            "TransferRecord",
            exporter={"did": EXPORTER},
            importer={"did": "did:web:importer.example.xb"},
            mechanism={"certificate": hexed(self.certificate)},
            parents=[{"digest": hexed(self.earlier), "rel": "derivedFrom"}],
        )
        self.acknowledgement = made(
            "TransferAcknowledgement", "did:web:importer.example.xb", record=hexed(self.transfer)
        )

    @property
    def every(self) -> list[Statement]:
        return [value for value in vars(self).values() if isinstance(value, Statement)]


def at_hand(statements: Iterable[Statement], *without: Statement) -> AtHand:
    gone = {statement.digest for statement in without}
    return AtHand(statement for statement in statements if statement.digest not in gone)
