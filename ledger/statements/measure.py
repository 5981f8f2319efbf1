"""PolicyMeasure: what a jurisdiction asks of data that cross its border, as rules that anybody can evaluate.

Format: docs/spec/policy-measure.md.  Signed by the authority that published it.  The text of the law stands here
by its hash; the rules are what `ledger.statements.deciding` goes by.
"""

from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import (
    BOOLEAN,
    COUNTRY,
    DATE,
    DIGEST,
    REFERENCE,
    TIME,
    Code,
    Integer,
    Text,
)
from ledger.statements.measure_rules import (
    CITE,
    RULES,
    Cite,
    MeasureRule,
    Scenarios,
    cite_of,
    rules_of,
    scenarios_of,
)
from ledger.statements.measure_terms import (
    DELEGATES,
    JOINT,
    PILOT,
    RELATIONS,
    TARGETING,
    TEXTS,
    TITLE,
    VOCABULARIES,
    CountryRelation,
    Delegate,
    Joint,
    Pilot,
    Targeting,
    TextVersion,
    Vocabulary,
    delegates_of,
    joint_of,
    nothing_is_passed_on,
    pilot_of,
    relations_of,
    targeting_of,
    texts_of,
    vocabularies_of,
)
from ledger.statements.party import PARTY, ZONE, Party, party_of
from ledger.statements.reading import Kind, optional_digest, read_subject, signed_by
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.validity import in_order, later_versions_supersede

LONGEST_EMERGENCY: Final = 90
"""Days after which a measure taken in an emergency has to be reviewed."""
_DAY = 86_400


class PolicyMeasure(NamedTuple):
    """One version of one measure; times are POSIX seconds, days as written."""

    authority: Party
    number: str
    """Names the measure in its jurisdiction through all its versions."""
    version: int
    supersedes: bytes | None
    """Digest of the version before; None exactly of the first."""
    kind: str
    direction: str
    """outbound or inbound."""
    jurisdiction: str
    zone: str | None
    """Where it applies, if not in all of the jurisdiction."""
    published_at: int
    """As the authority says; what is proven is the time of the log."""
    effective_from: int
    """Included."""
    effective_until: int | None
    """Excluded; None: open."""
    review_by: str | None
    emergency: bool
    visibility: str
    titles: tuple[tuple[str, str], ...]
    """(language, title)."""
    texts: tuple[TextVersion, ...]
    legal_basis: tuple[Cite, ...]
    objectives: frozenset[str]
    delegates_to: tuple[Delegate, ...]
    """Whose measures may override rules of this one that are delegable."""
    overrides: frozenset[str]
    """Numbers of measures; where there are any, no rule is delegable."""
    joint: Joint | None
    pilot: Pilot | None
    """Exactly of the kind pilot."""
    scenarios: Scenarios
    """What the list covers; empty: it does not say."""
    vocabularies: tuple[Vocabulary, ...]
    relations: tuple[CountryRelation, ...]
    targeting: Targeting
    alternatives_considered: bytes | None
    """SHA-256 of a document."""
    proportionality: bytes | None
    """SHA-256 of a document."""
    year_offset: int | None
    """Seconds east of UTC by which the exporter's year begins; None: the measure asks for none."""
    rules: tuple[MeasureRule, ...]
    """The first that holds of a line decides."""
    subject: dict[str, Any]


@rule("kind", "pilot")
def _pilots_have_a_cohort(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    is_pilot = subject["kind"] == "pilot"
    if is_pilot and "pilot" not in subject:
        detail = 'member "pilot" is missing; a measure of the kind pilot has it'
        found.append(Problem(f"{at}/pilot", "member-missing", detail))
    elif not is_pilot and "pilot" in subject:
        found.append(Problem(f"{at}/pilot", "kind-conflict", "given with the kind pilot alone"))


@rule("emergency", "reviewBy", "effectiveFrom")
def _emergencies_are_reviewed(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if not subject.get("emergency"):
        return
    where = f"{at}/reviewBy"
    if "reviewBy" not in subject:
        detail = 'member "reviewBy" is missing; a measure taken in an emergency has it'
        found.append(Problem(where, "member-missing", detail))
        return
    days = _start(subject["reviewBy"]) - parse_time(subject["effectiveFrom"])
    if days > LONGEST_EMERGENCY * _DAY:
        detail = f'more than {LONGEST_EMERGENCY} days after "effectiveFrom"'
        found.append(Problem(where, "time-order", detail))


@rule("authority", "applies", "delegatesTo")
def _speaks_for_its_own(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    own, applies = subject["authority"]["jurisdiction"], subject["applies"]
    if applies["jurisdiction"] != own:
        detail = f"the authority is of {own}, and a measure applies to its own jurisdiction"
        found.append(Problem(f"{at}/applies/jurisdiction", "jurisdiction-mismatch", detail))
    zones = [
        (f"{at}/delegatesTo/{index}/zone", delegate["zone"])
        for index, delegate in enumerate(subject.get("delegatesTo", ()))
        if "zone" in delegate
    ]
    if "zone" in applies:
        zones.append((f"{at}/applies/zone", applies["zone"]))
    for where, zone in zones:
        if not zone.startswith(own):
            detail = f"the zone starts with another country than the jurisdiction, {own}"
            found.append(Problem(where, "zone-outside-jurisdiction", detail))


_OFFSET = Text(
    "a difference from UTC, e.g. +08:00",
    r"(?:\+(?:0[0-9]|1[0-4])|-(?:0[1-9]|1[0-2])):[0-5][0-9]",
    6,
    screened=False,
)
SHAPE = Object(
    {
        "authority": PARTY,
        "number": REFERENCE,
        "version": Integer(1),
        "kind": Code("kinds of measures", lists.MEASURE_KINDS),
        "title": TITLE,
        "texts": TEXTS,
        "visibility": Code("visibilities", lists.VISIBILITIES),
        "legalBasis": Array(CITE, 1, 64, unique=True),
        "objectives": Array(Code("objectives", lists.MEASURE_OBJECTIVES), 0, 32, unique=True),
        "publishedAt": TIME,
        "effectiveFrom": TIME,
        "applies": Object(
            {"direction": Code("directions", lists.DIRECTIONS), "jurisdiction": COUNTRY}, {"zone": ZONE}
        ),
        "targeting": TARGETING,
        "rules": RULES,
    },
    {
        "supersedes": DIGEST,
        "effectiveUntil": TIME,
        "reviewBy": DATE,
        "emergency": BOOLEAN,
        "delegatesTo": DELEGATES,
        "overrides": Array(REFERENCE, 1, 64, unique=True),
        "joint": JOINT,
        "pilot": PILOT,
        "scenarios": Array(SCENARIO, 1, 256, unique=True),
        "vocabularies": VOCABULARIES,
        "relations": RELATIONS,
        "alternativesConsidered": DIGEST,
        "proportionality": DIGEST,
        "requires": Object({"exporterTimeZone": _OFFSET}),
    },
    rules=(
        later_versions_supersede,
        _pilots_have_a_cohort,
        _emergencies_are_reviewed,
        nothing_is_passed_on,
        _speaks_for_its_own,
        in_order("effectiveFrom", "effectiveUntil"),
    ),
    note="What a jurisdiction asks of data that cross its border.",
)
KIND = Kind("PolicyMeasure", ("authority",), SHAPE, (signed_by("authority"),))


def read(statement: Statement, *, screened: bool = True) -> PolicyMeasure:
    """The measure that a statement holds; says nothing about whether it is in force.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    return measure_of(read_subject(KIND, statement, screened=screened))


def measure_of(subject: dict[str, Any]) -> PolicyMeasure:
    """The measure of a subject that `SHAPE` found in order."""
    applies = subject["applies"]
    return PolicyMeasure(
        authority=party_of(subject["authority"]),
        number=subject["number"],
        version=subject["version"],
        supersedes=optional_digest(subject, "supersedes"),
        kind=subject["kind"],
        direction=applies["direction"],
        jurisdiction=applies["jurisdiction"],
        zone=applies.get("zone"),
        published_at=parse_time(subject["publishedAt"]),
        effective_from=parse_time(subject["effectiveFrom"]),
        effective_until=_time(subject, "effectiveUntil"),
        review_by=subject.get("reviewBy"),
        emergency=subject.get("emergency", False),
        visibility=subject["visibility"],
        titles=tuple((title["language"], title["text"]) for title in subject["title"]),
        texts=texts_of(subject["texts"]),
        legal_basis=tuple(cite_of(cite) for cite in subject["legalBasis"]),
        objectives=frozenset(subject["objectives"]),
        delegates_to=delegates_of(subject.get("delegatesTo", ())),
        overrides=frozenset(subject.get("overrides", ())),
        joint=joint_of(subject["joint"]) if "joint" in subject else None,
        pilot=pilot_of(subject["pilot"]) if "pilot" in subject else None,
        scenarios=scenarios_of(subject.get("scenarios", [])),
        vocabularies=vocabularies_of(subject.get("vocabularies", ())),
        relations=relations_of(subject.get("relations", ())),
        targeting=targeting_of(subject["targeting"]),
        alternatives_considered=optional_digest(subject, "alternativesConsidered"),
        proportionality=optional_digest(subject, "proportionality"),
        year_offset=_offset(subject.get("requires")),
        rules=rules_of(subject["rules"]),
        subject=subject,
    )


def _offset(value: dict[str, str] | None) -> int | None:
    """Seconds east of UTC, of what is written ±hh:mm."""
    if value is None:
        return None
    written = value["exporterTimeZone"]
    seconds = int(written[1:3]) * 3_600 + int(written[4:]) * 60
    return -seconds if written[0] == "-" else seconds


def _time(value: dict[str, Any], member: str) -> int | None:
    return parse_time(value[member]) if member in value else None


def _start(date: str) -> int:
    """The first second of a day, POSIX."""
    return parse_time(f"{date}T00:00:00Z")
