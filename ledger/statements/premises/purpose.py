"""Purpose: what a certificate is to be used for, and whether a scope covers that."""

from typing import Any, Final, NamedTuple

from ledger.statements.scheme import DOCUMENT
from ledger.statements.scope import Scope
from ledger.statements.transfer import TransferRecord

INVOICES: Final = frozenset({"325", "380", "381", "383", "384", "386", "389"})
"""UN/EDIFACT 1001: the kinds of invoices and of notes that change one."""
BILLS_OF_LADING: Final = frozenset({"705"})


class Purpose(NamedTuple):
    """One use; what is None or empty is not asked.

    Attributes:
        scenarios: (scheme, code) of each.
        data_categories: Codes.
        destination: Country.
        document_type: Such as `einvoice/UBL-2.1`.
        persons: How many are concerned.
        sensitive_persons: Of how many sensitive data are.
        standard: That the certificate has to count as.
        level: The least that has to be certified.
        family: Of schemes.
        parties: (DID, jurisdiction) of those whose certificate it may be.
    """

    scenarios: frozenset[tuple[str, str]] = frozenset()
    data_categories: frozenset[str] = frozenset()
    destination: str | None = None
    document_type: str | None = None
    persons: int | None = None
    sensitive_persons: int | None = None
    standard: str | None = None
    level: int | None = None
    family: str | None = None
    parties: frozenset[tuple[str, str]] = frozenset()


def purpose_of(record: TransferRecord) -> Purpose:
    """The use that a transfer makes of the certificate its mechanism names.

    Persons are counted once a line: those who are in several count several times.  Where the year's total is
    more, it is taken, since a limit may be one for the year.
    """
    lines: list[dict[str, Any]] = record.subject.get("lines", [])
    document = record.subject.get("document")
    counts = [line.get("persons", {}) for line in lines]
    return Purpose(
        scenarios=frozenset((line["scenario"]["scheme"], line["scenario"]["code"]) for line in lines),
        data_categories=frozenset(line["category"] for line in lines),
        destination=record.importer.jurisdiction,
        document_type=None if document is None else _kind_of(document),
        persons=_total(counts, "count", "ytdCount"),
        sensitive_persons=_total(counts, "sensitiveCount", "ytdSensitiveCount"),
        parties=frozenset((party.did, party.jurisdiction) for party in (record.exporter, record.importer)),
    )


def outside(purpose: Purpose, scope: Scope, family: str) -> str | None:
    """What of a use lies outside a scope of a certificate of this family, in words; None: nothing does."""
    if purpose.family is not None and purpose.family != family:
        return f"the use asks for the family {purpose.family}; the certificate is of {family}"
    for what, asked, covered in (
        ("scenario", {code for _, code in purpose.scenarios - scope.scenarios}, ()),
        ("data category", purpose.data_categories - scope.data_categories, ()),
        ("destination", _one(purpose.destination), scope.destinations),
        ("kind of document", _document(purpose, family), scope.document_types),
    ):
        missing = sorted(asked - frozenset(covered))
        if missing:
            return f"the {what} {missing[0]} is not covered"
    for what, count, limit in (
        ("persons", purpose.persons, scope.persons),
        ("persons with sensitive data", purpose.sensitive_persons, _sensitive_limit(scope)),
    ):
        if count is not None and limit is not None and count > limit:
            return f"{count} {what} are more than the {limit} that are covered"
    return None


def _sensitive_limit(scope: Scope) -> int | None:
    limits = [limit for limit in (scope.persons, scope.sensitive_persons) if limit is not None]
    return min(limits, default=None)


def _one(value: str | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset({value})


def _document(purpose: Purpose, family: str) -> frozenset[str]:
    """The kind of document asked for: by its lines, not by its papers, is a transfer of data certified."""
    if family != DOCUMENT and (purpose.scenarios or purpose.data_categories):
        return frozenset()
    return _one(purpose.document_type)


def _kind_of(document: dict[str, Any]) -> str:
    code = document["type"]
    if code in INVOICES:
        kind = "einvoice"
    elif code in BILLS_OF_LADING:
        kind = "ebl"
    else:
        kind = f"type{code}"
    return f"{kind}/{document.get('format', 'other')}"


def _total(counts: list[dict[str, int]], each: str, year: str) -> int | None:
    if not counts:
        return None
    return max(sum(count.get(each, 0) for count in counts), *(count.get(year, 0) for count in counts))
