"""The parts of a PolicyMeasure beside its rules: texts, relations to other countries, cohorts, whom it names.

Format: docs/spec/policy-measure.md.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import (
    COUNTRY,
    DATE,
    DID,
    DIGEST,
    LABEL,
    MEDIA_TYPE,
    TIME,
    URI,
    Code,
    Integer,
    Text,
)
from ledger.statements.party import IDENTIFIER, SCHEME, ZONE
from ledger.statements.scenario import SCENARIO_CODE
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.validity import in_order


class TextVersion(NamedTuple):
    """The text of the law in one language, by its hash."""

    language: str
    sha256: bytes
    media_type: str


class Delegate(NamedTuple):
    """Whose measures may override what is delegable."""

    authority: str
    """DID."""
    zone: str | None
    """Only measures for this zone or a part of it; None: any."""


class Joint(NamedTuple):
    """Of a measure that authorities publish together: it is in force when enough of them endorsed it."""

    threshold: int
    authorities: frozenset[str]
    """DIDs."""


class Pilot(NamedTuple):
    """For whom a pilot is, and until when."""

    parties: frozenset[tuple[str, str]]
    """(scheme, id)."""
    sunset: int
    """POSIX seconds, excluded."""


class Vocabulary(NamedTuple):
    """The codes of a list of scenarios that the measure speaks of."""

    scheme: str
    codes: frozenset[str]


class CountryRelation(NamedTuple):
    """What holds between the measure's jurisdiction and another; times are POSIX seconds."""

    relation: str
    jurisdiction: str
    begins: int
    """Included."""
    until: int | None
    """Excluded; None: open."""
    reason: str


class Basis(NamedTuple):
    """The facts by which a measure names whom it names: their document by hash, its day, and that of its review."""

    sha256: bytes
    date: str
    review_by: str


class Targeting(NamedTuple):
    """Whom the measure says it is aimed at."""

    mode: str
    """none, country or enterprise."""
    ids: frozenset[str]
    basis: Basis | None


@rule("overrides", "delegatesTo", "rules")
def nothing_is_passed_on(measure: dict[str, Any], at: str, found: list[Problem]) -> None:
    """Rule: what overrides a measure delegates nothing itself."""
    if "overrides" not in measure:
        return
    places = ["delegatesTo"] if "delegatesTo" in measure else []
    places += (
        f"rules/{index}/delegable" for index, one in enumerate(measure["rules"]) if one.get("delegable")
    )
    for place in places:
        found.append(  # noqa: PERF401 - the page of codes is made from such calls
            Problem(f"{at}/{place}", "delegation-conflict", "given beside what the measure overrides")
        )


@rule("threshold", "authorities")
def _enough_to_agree(joint: dict[str, Any], at: str, found: list[Problem]) -> None:
    if joint["threshold"] > len(joint["authorities"]):
        detail = f"{joint['threshold']} of {len(joint['authorities'])} authorities"
        found.append(Problem(f"{at}/threshold", "out-of-range", detail))


@rule("mode", "ids", "basis")
def _targets_are_named(targeting: dict[str, Any], at: str, found: list[Problem]) -> None:
    mode = targeting["mode"]
    if mode == "none":
        for name in ("ids", "basis"):
            if name in targeting:
                detail = "given where countries or enterprises are named"
                found.append(Problem(f"{at}/{name}", "targeting-conflict", detail))
    elif "ids" not in targeting:
        detail = f'member "ids" is missing; the mode {mode} needs it'
        found.append(Problem(f"{at}/ids", "member-missing", detail))
    elif mode == "country":
        for index, country in enumerate(targeting["ids"]):
            if country not in _COUNTRIES:
                detail = "not a code of the list of countries"
                found.append(Problem(f"{at}/ids/{index}", "not-in-list", detail))


_COUNTRIES = lists.COUNTRIES | lists.TEST_COUNTRIES
LANGUAGE = Text(
    "a language, e.g. en or zh-Hant",
    r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?",
    11,
    screened=False,
)
"""BCP 47: language, script, region."""
ENGINE = Text("an engine and its version, e.g. evidence-rules/1", r"[a-z][a-z0-9-]{0,31}/[0-9]{1,9}", 42)
TITLE = Array(Object({"language": LANGUAGE, "text": LABEL}), 1, 32, unique="language")
TEXTS = Array(Object({"language": LANGUAGE, "sha256": DIGEST, "mediaType": MEDIA_TYPE}), 1, 64, unique=True)
_RELATION = Object(
    {
        "relation": Code("relations between countries", lists.COUNTRY_RELATIONS),
        "jurisdiction": COUNTRY,
        "from": TIME,
        "reason": LABEL,
    },
    {"until": TIME},
    rules=(in_order("from", "until"),),
)
TARGETING = Object(
    {"mode": Code("targeting modes", lists.TARGETING_MODES)},
    {
        "ids": Array(IDENTIFIER, 1, 1_024, unique=True),
        "basis": Object(
            {"sha256": DIGEST, "date": DATE, "reviewBy": DATE}, rules=(in_order("date", "reviewBy"),)
        ),
    },
    rules=(_targets_are_named,),
)
DELEGATES = Array(Object({"authority": DID}, {"zone": ZONE}), 1, 64, unique=True)
JOINT = Object(
    {"threshold": Integer(1, 64), "authorities": Array(DID, 1, 64, unique=True)}, rules=(_enough_to_agree,)
)
PILOT = Object(
    {"parties": Array(Object({"scheme": SCHEME, "id": IDENTIFIER}), 1, 1_024, unique=True), "sunset": TIME}
)
VOCABULARIES = Array(
    Object({"scheme": URI, "codes": Array(SCENARIO_CODE, 1, 1_024, unique=True)}), 1, 32, unique="scheme"
)
RELATIONS = Array(_RELATION, 1, 1_024, unique=True)


def texts_of(value: Iterable[dict[str, str]]) -> tuple[TextVersion, ...]:
    """The texts of a list that `TEXTS` found in order."""
    return tuple(
        TextVersion(text["language"], bytes.fromhex(text["sha256"]), text["mediaType"]) for text in value
    )


def delegates_of(value: Iterable[dict[str, str]]) -> tuple[Delegate, ...]:
    """Those of a list that `DELEGATES` found in order."""
    return tuple(Delegate(each["authority"], each.get("zone")) for each in value)


def vocabularies_of(value: Iterable[dict[str, Any]]) -> tuple[Vocabulary, ...]:
    """The vocabularies of a list that `VOCABULARIES` found in order."""
    return tuple(Vocabulary(each["scheme"], frozenset(each["codes"])) for each in value)


def relations_of(value: Iterable[dict[str, str]]) -> tuple[CountryRelation, ...]:
    """The relations of a list that `RELATIONS` found in order."""
    return tuple(
        CountryRelation(
            entry["relation"],
            entry["jurisdiction"],
            parse_time(entry["from"]),
            parse_time(entry["until"]) if "until" in entry else None,
            entry["reason"],
        )
        for entry in value
    )


def targeting_of(value: dict[str, Any]) -> Targeting:
    """The targets of a value that `TARGETING` found in order."""
    basis = value.get("basis")
    if basis is not None:
        basis = Basis(bytes.fromhex(basis["sha256"]), basis["date"], basis["reviewBy"])
    return Targeting(value["mode"], frozenset(value.get("ids", ())), basis)


def joint_of(value: dict[str, Any]) -> Joint:
    """Who agrees, of a value that `JOINT` found in order."""
    return Joint(value["threshold"], frozenset(value["authorities"]))


def pilot_of(value: dict[str, Any]) -> Pilot:
    """The cohort of a value that `PILOT` found in order."""
    cohort = frozenset((party["scheme"], party["id"]) for party in value["parties"])
    return Pilot(cohort, parse_time(value["sunset"]))
