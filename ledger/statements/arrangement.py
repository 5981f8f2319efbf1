"""RecognitionArrangement: the text by which jurisdictions agree to recognise each other's certificates.

Format: docs/spec/recognition-arrangement.md.  It binds nobody until the authority of each side endorses its digest
(`ledger.statements.endorsement`).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.designation import (
    ACCREDITORS,
    DESIGNATED_BODIES,
    FAMILIES,
    AccreditorEntry,
    Designation,
    accreditors_of,
    designations_of,
)
from ledger.statements.fields import BOOLEAN, COUNTRY, DATE, DID, DIGEST, LABEL, TIME, Code, Integer
from ledger.statements.reading import SUBJECT, ContextRule, Kind, optional_digest, read_subject
from ledger.statements.scheme import LEVEL
from ledger.statements.scope import DATA_CATEGORIES, DOCUMENT_TYPES
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.validity import in_order


class ArrangementParty(NamedTuple):
    """One side, as the text names it; times are POSIX seconds."""

    jurisdiction: str
    authority: str
    """DID of who endorses for it."""
    in_force_from: int
    """Included."""
    until: int | None
    """Excluded; None: open."""


class Equivalence(NamedTuple):
    """Two standards of which one is taken for the other."""

    a: str
    b: str
    direction: str
    """both, or aToB: what meets `a` is taken to meet `b`."""
    minimum_level: int | None
    gaps: tuple[str, ...]
    """What `b` asks and `a` does not; they limit what is recognised."""


class Assurance(NamedTuple):
    """An assurance level of one side, and what it counts as on another."""

    from_: str
    level: str
    into: str
    mapped: str


class RecognitionArrangement(NamedTuple):
    """One arrangement."""

    name: str
    kind: str
    binding: bool
    parties: tuple[ArrangementParty, ...]
    accession: bool
    """Whether others may join by an endorsement alone."""
    families: frozenset[str]
    data_categories: frozenset[str]
    document_types: frozenset[str] | None
    """None: the text names none."""
    equivalences: tuple[Equivalence, ...]
    designated: tuple[Designation, ...]
    accreditors: tuple[AccreditorEntry, ...]
    onward_depth: int
    """Recognitions that may rest on one another; 0: each rests on the certificate alone."""
    assurance: tuple[Assurance, ...]
    supersedes: bytes | None
    subject: dict[str, Any]

    def party(self, jurisdiction: str) -> ArrangementParty | None:
        """The side of this jurisdiction, None where the text does not name it."""
        return next((party for party in self.parties if party.jurisdiction == jurisdiction), None)


@rule("kind", "binding")
def _kind_may_bind(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if subject["binding"] and subject["kind"] in lists.ARRANGEMENT_KINDS_NON_BINDING:
        detail = f"of kind {subject['kind']}, which binds nobody in law"
        found.append(Problem(f"{at}/binding", "kind-not-binding", detail))


@rule("allowed", "depth")
def _depth_of_a_permission(onward: dict[str, Any], at: str, found: list[Problem]) -> None:
    if onward["allowed"] and "depth" not in onward:
        detail = 'member "depth" is missing; it says how many recognitions may rest on one another'
        found.append(Problem(f"{at}/depth", "member-missing", detail))
    elif not onward["allowed"] and "depth" in onward:
        found.append(Problem(f"{at}/depth", "onward-conflict", "a depth where nothing is allowed onward"))


@rule("assurance")
def _levels_map_once(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    first: dict[tuple[str, str, str], int] = {}
    for index, entry in enumerate(subject.get("assurance", ())):
        earlier = first.setdefault((entry["from"], entry["level"], entry["into"]), index)
        if earlier != index:
            detail = f"maps the same level of the same side as item {earlier}"
            found.append(Problem(f"{at}/assurance/{index}", "duplicate", detail))


_ASSURANCE_LEVEL = Code("assurance levels", lists.ASSURANCE_LEVELS)
_PARTY = Object(
    {"jurisdiction": COUNTRY, "authority": DID, "inForceFrom": TIME},
    {"until": TIME, "reservations": Array(LABEL, 1, 64, unique=True)},
    rules=(in_order("inForceFrom", "until"),),
)
_SCOPE = Object(
    {"families": FAMILIES, "dataCategories": DATA_CATEGORIES},
    {"documentTypes": DOCUMENT_TYPES, "sectors": Array(LABEL, 1, 64, unique=True)},
)
_EQUIVALENCE = Object(
    {
        "a": LABEL,
        "b": LABEL,
        "direction": Code("equivalence directions", lists.EQUIVALENCE_DIRECTIONS),
    },
    {"minimumLevel": LEVEL, "gaps": Array(LABEL, 1, 32, unique=True)},
)
_ASSURANCE = Object({"from": COUNTRY, "level": _ASSURANCE_LEVEL, "into": COUNTRY, "mapped": _ASSURANCE_LEVEL})
SHAPE = Object(
    {
        "name": LABEL,
        "kind": Code("arrangement kinds", lists.ARRANGEMENT_KINDS),
        "binding": BOOLEAN,
        "parties": Array(_PARTY, 2, 64, unique="jurisdiction"),
        "accession": BOOLEAN,
        "scope": _SCOPE,
        "equivalences": Array(_EQUIVALENCE, 1, 256),
        "accreditors": ACCREDITORS,
        "onward": Object({"allowed": BOOLEAN}, {"depth": Integer(1, 8)}, rules=(_depth_of_a_permission,)),
    },
    {
        "designatedBodies": DESIGNATED_BODIES,
        "assurance": Array(_ASSURANCE, 1, 64),
        "clauses": Array(Object({"instrument": LABEL, "article": LABEL}), 1, 64, unique=True),
        "reviewBy": DATE,
        "supersedes": DIGEST,
    },
    rules=(_kind_may_bind, _levels_map_once),
    note="The text by which jurisdictions agree to recognise each other's certificates.",
)


def _issued_by_a_party(subject: dict[str, Any], issuer: str, _created: int) -> Iterable[Problem]:
    if all(party["authority"] != issuer for party in subject["parties"]):
        yield Problem(f"{SUBJECT}/parties", "issuer-mismatch", "the issuer is the authority of none of them")


KIND = Kind(
    "RecognitionArrangement",
    ("authority",),
    SHAPE,
    (ContextRule(frozenset({"parties"}), _issued_by_a_party),),
)


def read(statement: Statement, *, screened: bool = True) -> RecognitionArrangement:
    """The arrangement whose text a statement holds; says nothing about who endorsed it.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    scope = subject["scope"]
    return RecognitionArrangement(
        name=subject["name"],
        kind=subject["kind"],
        binding=subject["binding"],
        parties=tuple(
            ArrangementParty(
                jurisdiction=party["jurisdiction"],
                authority=party["authority"],
                in_force_from=parse_time(party["inForceFrom"]),
                until=parse_time(party["until"]) if "until" in party else None,
            )
            for party in subject["parties"]
        ),
        accession=subject["accession"],
        families=frozenset(scope["families"]),
        data_categories=frozenset(scope["dataCategories"]),
        document_types=frozenset(scope["documentTypes"]) if "documentTypes" in scope else None,
        equivalences=tuple(
            Equivalence(
                a=entry["a"],
                b=entry["b"],
                direction=entry["direction"],
                minimum_level=entry.get("minimumLevel"),
                gaps=tuple(entry.get("gaps", ())),
            )
            for entry in subject["equivalences"]
        ),
        designated=designations_of(subject),
        accreditors=accreditors_of(subject),
        onward_depth=subject["onward"].get("depth", 0),
        assurance=tuple(
            Assurance(entry["from"], entry["level"], entry["into"], entry["mapped"])
            for entry in subject.get("assurance", ())
        ),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )
