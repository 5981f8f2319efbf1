"""Rows of statements that refer, attest and list; subjects hold no more than what the store looks at."""

from typing import Any

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.store.rows import NewStatement, row_of
from tests.simulator import DAY, START, key, make

BODY = "did:web:body.example.xa"
HOLDER = "did:web:exporter.example.xa"
AUTHORITY = "did:web:authority.example.xb"
LIST = "https://body.example.xa/status/1"


def signed(kind: str, subject: dict[str, Any], *, issuer: str = BODY, created: int = START) -> Statement:
    """A statement as it is parsed; its fields are not those of its type, but those that the store looks at."""
    name = f"{kind} {issuer} {created} {sorted(subject.items())}"
    return make(kind, subject, issuer, "#1", key(issuer), created, name=name)


def term(begins: int = START, days: int = 365) -> dict[str, str]:
    return {"validFrom": format_time(begins), "validUntil": format_time(begins + days * DAY)}


def certificate(number: str = "CB-1", index: int | None = 7, **changes: Any) -> Statement:
    issuer = changes.pop("issuer", BODY)
    subject: dict[str, Any] = {
        "certificateNumber": number,
        "holder": {"did": changes.pop("holder", HOLDER)},
        **term(),
        **changes,
    }
    if index is not None:
        subject["statusReference"] = {"statusListCredential": LIST, "statusListIndex": index}
    return signed("ConformityCertificate", subject, issuer=issuer)


def status_list(begins: int, days: int = 7, *, created: int | None = None, issuer: str = BODY) -> Statement:
    subject = {"id": LIST, **term(begins, days)}
    return signed("StatusList", subject, issuer=issuer, created=begins if created is None else created)


def measure(number: str, version: int = 1, *, did: str = AUTHORITY, **changes: Any) -> Statement:
    return _versioned("PolicyMeasure", {"number": number, "version": version}, "authority", did, changes)


def dataset(reference: str, version: int = 1, *, did: str = HOLDER, **changes: Any) -> Statement:
    return _versioned(
        "DatasetRegistration", {"reference": reference, "version": version}, "holder", did, changes
    )


def _versioned(
    kind: str, subject: dict[str, Any], member: str, did: str, changes: dict[str, Any]
) -> Statement:
    issuer = changes.pop("issuer", AUTHORITY)
    whose = {"did": did, "jurisdiction": changes.pop("jurisdiction", "XB")}
    return signed(kind, {**subject, member: whose, **changes}, issuer=issuer)


def rows(*statements: Statement) -> list[NewStatement]:
    return [row_of(statement) for statement in statements]
