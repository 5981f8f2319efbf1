"""TransferRecord: what went, or was opened, from one jurisdiction to another, under which rules.

Format: docs/spec/transfer-record.md.  Signed by the exporter.  Content, volume, document numbers and contract
numbers stand here as commitments only; counts of persons, categories and legal grounds are public.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import (
    BOOLEAN,
    COMMITMENT,
    COUNTRY,
    DATE,
    DIGEST,
    MEDIA_TYPE,
    REFERENCE,
    TIME,
    Code,
    Integer,
    codes,
)
from ledger.statements.party import PARTY, Party, across_a_border, party_of
from ledger.statements.reading import SUBJECT, ContextRule, Kind, optional_digest, read_subject, signed_by
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, listed, rule

MOST_LINES = 200
MOST_PARENTS = 64


class Parent(NamedTuple):
    """An earlier statement this one rests on."""

    digest: bytes
    rel: str


class TransferRecord(NamedTuple):
    """One transfer; digests are 32 bytes, dates as written."""

    exporter: Party
    importer: Party
    flow: str
    reference: str | None
    supersedes: bytes | None
    parents: tuple[Parent, ...]
    decision: bytes | None
    """Digest of the Decision it was made under."""
    certificate: bytes | None
    """Digest of the ConformityCertificate its mechanism names."""
    onward_allowed: bool | None
    """Whether the importer may send it on; None: not said."""
    subject: dict[str, Any]
    """All fields, in order, as the rules read them."""


@rule("count", "sensitiveCount", "ytdCount", "ytdSensitiveCount")
def _counts_fit(persons: dict[str, Any], at: str, found: list[Problem]) -> None:
    for smaller, larger in (
        ("sensitiveCount", "count"),
        ("count", "ytdCount"),
        ("sensitiveCount", "ytdSensitiveCount"),
        ("ytdSensitiveCount", "ytdCount"),
    ):
        if smaller in persons and larger in persons and persons[smaller] > persons[larger]:
            detail = f'{persons[smaller]} is more than "{larger}", {persons[larger]}'
            found.append(Problem(f"{at}/{smaller}", "counts-conflict", detail))


@rule("category", "dataTypes")
def types_fit_category(line: dict[str, Any], at: str, found: list[Problem]) -> None:
    """The rule that the types of data named are of the category named."""
    category = line["category"]
    if category == "nonPersonal":
        foreign = lists.DATA_TYPES_PERSONAL
    elif category == "personal":
        foreign = lists.DATA_TYPES_SENSITIVE | lists.DATA_TYPES_NON_PERSONAL
    else:
        foreign = lists.DATA_TYPES_NON_PERSONAL
    for index, kind in enumerate(line.get("dataTypes", ())):
        if kind in foreign:
            detail = f"{kind} does not fit the category {category}"
            found.append(Problem(f"{at}/dataTypes/{index}", "category-conflict", detail))


@rule("category", "persons")
def _persons_fit_category(line: dict[str, Any], at: str, found: list[Problem]) -> None:
    category, persons = line["category"], line.get("persons")
    if category == "nonPersonal":
        if persons is not None:
            detail = "a line without personal data counts no persons"
            found.append(Problem(f"{at}/persons", "category-conflict", detail))
    elif persons is None:
        detail = f'member "persons" is missing; a line of category {category} counts them'
        found.append(Problem(f"{at}/persons", "member-missing", detail))
    elif category == "sensitivePersonal" and "sensitiveCount" not in persons:
        detail = 'member "sensitiveCount" is missing; a line of category sensitivePersonal gives it'
        found.append(Problem(f"{at}/persons/sensitiveCount", "member-missing", detail))
    elif category == "personal" and persons.get("sensitiveCount", 0) > 0:
        detail = "a line of category personal counts no persons with sensitive data"
        found.append(Problem(f"{at}/persons/sensitiveCount", "category-conflict", detail))


PERSONS = Object(
    {"count": Integer(0)},
    {
        "sensitiveCount": Integer(0),
        "ytdCount": Integer(0),
        "ytdSensitiveCount": Integer(0),
        "method": Code("methods", lists.COUNT_METHODS),
    },
    rules=(_counts_fit,),
    note="Numbers of persons: in this line, and since 1 January in all transfers of the exporter.",
)
LINE = Object(
    {
        "line": Integer(1, 1_000_000),
        "category": Code("categories", lists.CATEGORIES),
        "grade": Code("grades", lists.GRADES),
        "scenario": SCENARIO,
    },
    {
        "datasetRef": REFERENCE,
        "dataTypes": codes("data types", lists.DATA_TYPES),
        "fields": COMMITMENT,
        "volume": COMMITMENT,
        "persons": PERSONS,
    },
    rules=(types_fit_category, _persons_fit_category),
)


@rule("type", "exemptionCode", "certificate", "reference")
def _mechanism_is_whole(mechanism: dict[str, Any], at: str, found: list[Problem]) -> None:
    kind = mechanism["type"]
    if kind in _EXEMPTING:
        if "exemptionCode" not in mechanism:
            detail = f'member "exemptionCode" is missing; the mechanism {kind} names one'
            found.append(Problem(f"{at}/exemptionCode", "member-missing", detail))
    elif "exemptionCode" in mechanism:
        detail = f"the mechanism {kind} has no exemption"
        found.append(Problem(f"{at}/exemptionCode", "mechanism-conflict", detail))
    if kind == "certification":
        if "certificate" not in mechanism and "reference" not in mechanism:
            detail = 'neither "certificate" nor "reference" is given; the mechanism certification needs one'
            found.append(Problem(at, "member-missing", detail))
    elif "certificate" in mechanism:
        detail = f"the mechanism {kind} has no certificate"
        found.append(Problem(f"{at}/certificate", "mechanism-conflict", detail))


_EXEMPTING = frozenset({"exemption", "derogation"})
MECHANISM = Object(
    {"type": Code("mechanisms", lists.MECHANISMS)},
    {
        "exemptionCode": Code("exemptions", lists.EXEMPTIONS),
        "certificate": DIGEST,
        "measure": DIGEST,
        "reference": COMMITMENT,
    },
    rules=(_mechanism_is_whole,),
    note="What the transfer is allowed by; reference is a filing or contract number, committed.",
)


@rule("allowed", "conditions")
def _conditions_of_a_permission(onward: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "conditions" in onward and not onward["allowed"]:
        detail = "what is not allowed has no conditions"
        found.append(Problem(f"{at}/conditions", "onward-conflict", detail))


@rule("start", "end")
def _window_in_order(window: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "end" in window and window["end"] < window["start"]:  # times of one form order as text does
        found.append(Problem(f"{at}/end", "time-order", 'earlier than "start"'))


DOCUMENT = Object(
    {"type": Code("document types", lists.DOCUMENT_TYPES), "commitment": DIGEST},
    {
        "format": Code("document formats", lists.DOCUMENT_FORMATS),
        "number": COMMITMENT,
        "issueDate": DATE,
        "currency": Code("currencies, ISO 4217", lists.CURRENCIES),
        "total": COMMITMENT,
    },
    note="A trade document by commitment: its file, its number, its total.",
)


@rule("lines")
def _lines_ascend(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    before = 0
    for index, line in enumerate(subject.get("lines", ())):
        if line["line"] <= before:
            detail = f"line numbers ascend; {line['line']} follows {before}"
            found.append(Problem(f"{at}/lines/{index}/line", "line-order", detail))
        before = line["line"]


@rule("lines")
def _personal_lines_have_grounds(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if any(line["category"] != "nonPersonal" for line in subject.get("lines", ())):
        for name in _GROUNDS:
            if name not in subject:
                detail = f'member "{name}" is missing; a record with personal data gives {listed(_GROUNDS)}'
                found.append(Problem(f"{at}/{name}", "member-missing", detail))


@rule("flow", "parents")
def _onward_names_its_origin(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if subject["flow"] == "onward" and not subject.get("parents"):
        detail = 'member "parents" is missing; an onward transfer names the one it goes on from'
        found.append(Problem(f"{at}/parents", "member-missing", detail))


_GROUNDS = ("purpose", "legalBasis", "mechanism")
SHAPE = Object(
    {"exporter": PARTY, "importer": PARTY, "flow": Code("flows", lists.FLOWS)},
    {
        "payload": Object({"commitment": DIGEST, "mediaType": MEDIA_TYPE}, {"sizeBucket": Integer(0, 60)}),
        "volume": COMMITMENT,
        "lines": Array(LINE, 1, MOST_LINES),
        "document": DOCUMENT,
        "purpose": codes("purposes, DPV", lists.PURPOSES),
        "legalBasis": codes("legal bases, DPV", lists.LEGAL_BASES),
        "mechanism": MECHANISM,
        "retentionUntil": DATE,
        "onward": Object(
            {"allowed": BOOLEAN}, {"conditions": COMMITMENT}, rules=(_conditions_of_a_permission,)
        ),
        "dataLocation": Array(COUNTRY, 1, 16, unique=True),
        "criticalInfrastructure": BOOLEAN,
        "decisionRef": DIGEST,
        "window": Object({"start": TIME}, {"end": TIME}, rules=(_window_in_order,)),
        "reference": REFERENCE,
        "supersedes": DIGEST,
        "parents": Array(
            Object({"digest": DIGEST, "rel": Code("relations", lists.RELATIONS)}),
            1,
            MOST_PARENTS,
            unique="digest",
        ),
    },
    any_of=("payload", "lines", "document"),
    rules=(
        across_a_border("exporter", "importer"),
        _lines_ascend,
        _personal_lines_have_grounds,
        _onward_names_its_origin,
    ),
    note="What went from one jurisdiction to another, under which rules.",
)


def _retention_lies_ahead(subject: dict[str, Any], _issuer: str, created: int) -> Iterable[Problem]:
    if _start(subject["retentionUntil"]) < (created // _DAY - 1) * _DAY:
        yield Problem(f"{SUBJECT}/retentionUntil", "time-order", "earlier than the day of signing")


def _document_is_issued(subject: dict[str, Any], _issuer: str, created: int) -> Iterable[Problem]:
    issued = subject["document"].get("issueDate")
    if issued is not None and _start(issued) > (created // _DAY + 1) * _DAY:
        yield Problem(f"{SUBJECT}/document/issueDate", "time-order", "later than the day of signing")


def _start(date: str) -> int:
    """The first second of a day, POSIX."""
    return parse_time(f"{date}T00:00:00Z")


_DAY = 86_400
"""Dates have no time zone: a day is granted."""
KIND = Kind(
    "TransferRecord",
    ("exporter",),
    SHAPE,
    (
        signed_by("exporter"),
        ContextRule(frozenset({"retentionUntil"}), _retention_lies_ahead),
        ContextRule(frozenset({"document"}), _document_is_issued),
    ),
)


def read(statement: Statement, *, screened: bool = True) -> TransferRecord:
    """The transfer that a statement records.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    onward = subject.get("onward")
    parents = subject.get("parents", ())
    return TransferRecord(  # by place, since every registration passes here
        party_of(subject["exporter"]),
        party_of(subject["importer"]),
        subject["flow"],
        subject.get("reference"),
        optional_digest(subject, "supersedes"),
        tuple([Parent(bytes.fromhex(parent["digest"]), parent["rel"]) for parent in parents]),
        optional_digest(subject, "decisionRef"),
        optional_digest(subject.get("mechanism", _NOTHING), "certificate"),
        None if onward is None else onward["allowed"],
        subject,
    )


_NOTHING: dict[str, Any] = {}
