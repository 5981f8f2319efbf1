"""The statements about measures and decisions: what is refused of each, one fault a case, and how each is read."""

import copy
from typing import Any

import pytest

from ledger.core.times import parse_time
from ledger.statements import catalogue, dataset, decision, measure, measure_review, observation
from ledger.statements.catalogue import TYPES
from ledger.statements.measure_rules import Bound, Cite
from tests.statements.subjects import DIGEST, changed, faults, statement

ZONE = "XB-01+harbour"
CITE = {"instrument": "Act", "article": "1"}
ALSO = {"authority": "did:web:zone.example.xa"}
OTHER = {"did": "did:web:a.example.xa", "scheme": "DID", "id": "did:web:a.example.xa", "jurisdiction": "XA"}
FAULTS: dict[str, list[tuple[str, Any, str, str]]] = {
    "PolicyMeasure": [
        ("/authority", OTHER, "/authority/did", "issuer-mismatch"),
        ("/authority/id", "did:web:other.example.xa", "/authority/id", "identifier-mismatch"),
        ("/number", "no number", "/number", "wrong-form"),
        ("/version", 0, "/version", "out-of-range"),
        ("/version", 2, "/supersedes", "member-missing"),
        ("/supersedes", DIGEST, "/supersedes", "version-conflict"),
        ("/kind", "law", "/kind", "not-in-list"),
        ("/kind", "pilot", "/pilot", "member-missing"),
        (
            "/pilot",
            {"parties": [{"scheme": "LEI", "id": "1"}], "sunset": "2027-01-01T00:00:00Z"},
            "/pilot",
            "kind-conflict",
        ),
        ("/title", [], "/title", "wrong-length"),
        ("/title/0/language", "english", "/title/0/language", "wrong-form"),
        ("/title/1", {"language": "en", "text": "Other"}, "/title/1/language", "duplicate"),
        ("/texts/0/sha256", "hash", "/texts/0/sha256", "wrong-form"),
        ("/texts/0/mediaType", "PDF", "/texts/0/mediaType", "wrong-form"),
        ("/visibility", "secret", "/visibility", "not-in-list"),
        ("/legalBasis", [], "/legalBasis", "wrong-length"),
        ("/objectives/0", "power", "/objectives/0", "not-in-list"),
        ("/publishedAt", "2026-09-01", "/publishedAt", "wrong-form"),
        ("/effectiveUntil", "2026-11-01T00:00:00Z", "/effectiveUntil", "time-order"),
        ("/reviewBy", "2028-02-30", "/reviewBy", "wrong-form"),
        ("/emergency", True, "/reviewBy", "time-order"),
        ("/applies/jurisdiction", "XB", "/applies/jurisdiction", "jurisdiction-mismatch"),
        ("/applies/zone", ZONE, "/applies/zone", "zone-outside-jurisdiction"),
        ("/applies/direction", "both", "/applies/direction", "not-in-list"),
        ("/delegatesTo", [ALSO], "/delegatesTo", "delegation-conflict"),
        ("/rules/0/delegable", True, "/rules/0/delegable", "delegation-conflict"),
        ("/overrides", [], "/overrides", "wrong-length"),
        ("/joint", {"threshold": 2, "authorities": ["did:web:a"]}, "/joint/threshold", "out-of-range"),
        ("/joint", {"threshold": 0, "authorities": ["did:web:a"]}, "/joint/threshold", "out-of-range"),
        ("/scenarios/0/code", "veh", "/scenarios/0/code", "not-in-list"),
        ("/vocabularies", [{"scheme": "urn:a", "codes": []}], "/vocabularies/0/codes", "wrong-length"),
        ("/vocabularies", [{"scheme": "urn:a", "codes": ["x"]}] * 2, "/vocabularies/1/scheme", "duplicate"),
        ("/relations/0/relation", "friendship", "/relations/0/relation", "not-in-list"),
        ("/relations/0/until", "2026-01-01T00:00:00Z", "/relations/0/until", "time-order"),
        ("/relations/0/reason", ..., "/relations/0/reason", "member-missing"),
        ("/targeting/ids", ["XB"], "/targeting/ids", "targeting-conflict"),
        ("/targeting/mode", "country", "/targeting/ids", "member-missing"),
        ("/targeting", {"mode": "country", "ids": ["XB", "EU"]}, "/targeting/ids/1", "not-in-list"),
        (
            "/targeting",
            {"mode": "none", "basis": {"sha256": DIGEST, "date": "2026-01-01", "reviewBy": "2027-01-01"}},
            "/targeting/basis",
            "targeting-conflict",
        ),
        (
            "/targeting",
            {
                "mode": "enterprise",
                "ids": ["1"],
                "basis": {"sha256": DIGEST, "date": "2026-01-01", "reviewBy": "2026-01-01"},
            },
            "/targeting/basis/reviewBy",
            "time-order",
        ),
        ("/alternativesConsidered", "none", "/alternativesConsidered", "wrong-form"),
        ("/requires/exporterTimeZone", "+15:00", "/requires/exporterTimeZone", "wrong-form"),
        ("/requires/exporterTimeZone", "-00:00", "/requires/exporterTimeZone", "wrong-form"),
        ("/rules/1/id", "1", "/rules/1/id", "duplicate"),
        ("/rules/0/if", {}, "/rules/0/if", "member-missing"),
        ("/rules/0/if/country", ["XB"], "/rules/0/if/country", "member-unknown"),
        ("/rules/0/if/grade", ["high"], "/rules/0/if/grade/0", "not-in-list"),
        ("/rules/0/if/zone", "harbour", "/rules/0/if/zone", "wrong-form"),
        ("/rules/0/if/relation", ["adequate"], "/rules/0/if/relation/0", "not-in-list"),
        ("/rules/1/if/persons", {}, "/rules/1/if/persons", "member-missing"),
        ("/rules/1/if/persons/count", {}, "/rules/1/if/persons/count", "member-missing"),
        (
            "/rules/1/if/persons/ytdCount/below",
            1_000_000,
            "/rules/1/if/persons/ytdCount/below",
            "counts-conflict",
        ),
        ("/rules/2/when", "", "/rules/2/when", "wrong-form"),
        ("/rules/2/when", " true", "/rules/2/when", "wrong-form"),
        ("/rules/2/when", "line.grade == 'é'", "/rules/2/when", "wrong-form"),
        ("/rules/2/when", "true" + " " * 997, "/rules/2/when", "wrong-length"),
        ("/rules/2/when", "line.persons.ytdCount >=", "/rules/2/when", "cel-invalid"),
        ("/rules/2/when", "line.colour == 'red'", "/rules/2/when", "cel-invalid"),
        ("/rules/0/outcome", "indeterminate", "/rules/0/outcome", "not-in-list"),
        ("/rules/2/mechanisms", ..., "/rules/2/mechanisms", "member-missing"),
        ("/rules/0/mechanisms", ["treaty"], "/rules/0/mechanisms", "outcome-conflict"),
        ("/rules/3/outcome", "conditional", "/rules/3/conditions", "member-missing"),
        ("/rules/3/conditions", ["encrypt"], "/rules/3/conditions", "outcome-conflict"),
        ("/rules/0/outcome", "prohibited", "/rules/0/documents", "outcome-conflict"),
        ("/rules/0/documents", ["letter"], "/rules/0/documents/0", "not-in-list"),
        ("/rules/0/reason", "because", "/rules/0/reason", "not-in-list"),
        ("/rules/0/cite", ..., "/rules/0/cite", "member-missing"),
        ("/rules/3/delegable", "yes", "/rules/3/delegable", "wrong-type"),
    ],
    "Decision": [
        ("/transfer", "record", "/transfer", "wrong-form"),
        ("/at", "2026", "/at", "wrong-form"),
        ("/engine", "evidence-rules", "/engine", "wrong-form"),
        ("/measures/0/version", 0, "/measures/0/version", "out-of-range"),
        ("/outcome", "maybe", "/outcome", "not-in-list"),
        ("/outcome", "prohibited", "/outcome", "outcome-conflict"),
        ("/strictest/line", 3, "/strictest", "outcome-conflict"),
        ("/strictest/direction", "inbound", "/strictest", "outcome-conflict"),
        ("/outbound/lines", [], "/outbound/lines", "wrong-length"),
        ("/outbound/lines/1/line", 1, "/outbound/lines/1/line", "line-order"),
        ("/outbound/lines/0/outcome", "conditional", "/outbound/outcome", "outcome-conflict"),
        ("/outbound/lines/0/reasons/0/reason", "error", "/outbound/lines/0/reasons/0/reason", "not-in-list"),
        (
            "/outbound/lines/0/reasons/0/measure",
            DIGEST,
            "/outbound/lines/0/reasons/0/measure",
            "measure-unknown",
        ),
        ("/outbound/lines/0/missing", [], "/outbound/lines/0/missing", "wrong-length"),
        ("/outbound/lines/0/missing", ["a fact"], "/outbound/lines/0/missing/0", "wrong-form"),
        ("/mechanisms", ["treaty"], "/mechanisms", "outcome-conflict"),
        ("/declared", True, "/declared", "outcome-conflict"),
        ("/conditions", ["encrypt"], "/conditions", "outcome-conflict"),
        ("/conditions", [], "/conditions", "wrong-length"),
        ("/conditions", ["promise"], "/conditions/0", "not-in-list"),
        ("/notes", "x", "/notes", "member-unknown"),
    ],
    "DatasetRegistration": [
        ("/holder/id", "TEST", "/holder/id", "wrong-form"),
        ("/reference", "-", "/reference", "wrong-form"),
        ("/version", 2, "/supersedes", "member-missing"),
        ("/supersedes", DIGEST, "/supersedes", "version-conflict"),
        ("/category", "secret", "/category", "not-in-list"),
        ("/grade", "high", "/grade", "not-in-list"),
        ("/classification/by", "exporter", "/classification/by", "wrong-form"),
        ("/classification/date", "2026-11-24", "/classification/date", "time-order"),
        ("/classification/criteria", [], "/classification/criteria", "wrong-length"),
        ("/classification/measure", "law", "/classification/measure", "wrong-form"),
        ("/licence", {}, "/licence/name", "member-missing"),
        ("/licence/uri", "licence", "/licence/uri", "wrong-form"),
        ("/location", ["EU"], "/location/0", "not-in-list"),
        ("/dataTypes", ["dpv:AnonymisedData"], "/dataTypes/0", "category-conflict"),
        ("/description", "call 13800138000", "/description", "personal-data"),
        ("/scenarios/0/code", "veh", "/scenarios/0/code", "not-in-list"),
        ("/reviewBy", "soon", "/reviewBy", "wrong-form"),
    ],
    "MeasureReview": [
        ("/measure", ..., "/measure", "member-missing"),
        ("/at", "2026-11-22T04:08:05Z", "/at", "time-order"),
        ("/engine", "Lint/1", "/engine", "wrong-form"),
        ("/findings/0/code", "ND-9", "/findings/0/code", "not-in-list"),
        ("/findings/1/pointer", "rules", "/findings/1/pointer", "wrong-form"),
        ("/findings/1/rule", "a rule", "/findings/1/rule", "wrong-form"),
        ("/findings/0/answer", "agreed", "/findings/0/answer", "answer-conflict"),
        (
            "/findings/2",
            {"code": "IO-1", "rule": "3", "pointer": "/rules/2/when"},
            "/findings/2",
            "duplicate",
        ),
        ("/noticeDays", 3_651, "/noticeDays", "out-of-range"),
        ("/languages/1", "FR", "/languages/1", "wrong-form"),
        ("/provenAt", "2026-09-02", "/provenAt", "wrong-form"),
        ("/supersedes", 1, "/supersedes", "wrong-type"),
    ],
    "Observation": [
        ("/statement", ..., "/statement", "member-missing"),
        ("/kind", "wish", "/kind", "not-in-list"),
        ("/at", "2026-11-22T04:08:05Z", "/at", "time-order"),
        ("/pointer", "/", "/pointer", "wrong-form"),
        ("/detail", "", "/detail", "wrong-form"),
        ("/evidence/0/mediaType", "x", "/evidence/0/mediaType", "wrong-form"),
        ("/evidence", [], "/evidence", "wrong-length"),
        ("/supersedes", "x", "/supersedes", "wrong-form"),
    ],
}
CASES = [(name, *fault) for name, faulty in FAULTS.items() for fault in faulty]


@pytest.mark.parametrize(("name", "pointer", "value", "at", "code"), CASES)
def test_a_faulty_statement_is_refused(name: str, pointer: str, value: Any, at: str, code: str) -> None:
    assert faults(changed(name, pointer, copy.deepcopy(value))) == [(at, code)]


def subject(name: str, **members: Any) -> dict[str, Any]:
    """The example of a type with members of its subject set, or removed by `...`."""
    document = catalogue.example(name)
    made = {**document["credentialSubject"], **members}
    document["credentialSubject"] = {member: value for member, value in made.items() if value is not ...}
    return document


def rule(**members: Any) -> dict[str, Any]:
    return {"id": "1", "outcome": "free", "reason": "byDefault", "cite": CITE, **members}


def side(*outcomes: str) -> dict[str, Any]:
    return {"outcome": outcomes[-1], "lines": [{"line": 1, "outcome": outcomes[-1], "reasons": []}]}


PILOT = {"parties": [{"scheme": "LEI", "id": "TEST000C76DC31B85900"}], "sunset": "2027-01-01T00:00:00Z"}
IN_ORDER = [
    subject("PolicyMeasure", version=2, supersedes=DIGEST),
    subject("PolicyMeasure", kind="pilot", pilot=PILOT),
    subject("PolicyMeasure", emergency=True, reviewBy="2027-01-30"),
    subject("PolicyMeasure", emergency=False, reviewBy=...),
    subject("PolicyMeasure", objectives=[], rules=[]),
    subject("PolicyMeasure", joint={"threshold": 1, "authorities": ["did:web:a", "did:web:b"]}),
    subject("PolicyMeasure", targeting={"mode": "country", "ids": ["XB", "FR"]}),
    subject("PolicyMeasure", targeting={"mode": "enterprise", "ids": ["TEST00EE3E62B8A0AA00"]}),
    subject("PolicyMeasure", requires={"exporterTimeZone": "-12:59"}),
    subject("PolicyMeasure", rules=[rule()]),
    subject(
        "PolicyMeasure", rules=[rule(outcome="conditional", conditions=["encrypt"], documents=["contract"])]
    ),
    subject("PolicyMeasure", rules=[rule(outcome="prohibited", when="line.grade == 'core'")]),
    subject("PolicyMeasure", delegatesTo=[ALSO, {**ALSO, "zone": "XA-02+port"}], overrides=...),
    subject(
        "Decision",
        inbound=side("prohibited"),
        outcome="prohibited",
        strictest={"direction": "inbound", "line": 1},
    ),
    subject(
        "Decision",
        outbound=side("mechanismRequired"),
        outcome="mechanismRequired",
        mechanisms=[],
        declared=False,
        conditions=["encrypt", "filed"],
    ),
    subject("Decision", outbound=side("conditional"), outcome="conditional", conditions=["encrypt"]),
    subject("DatasetRegistration", version=7, supersedes=DIGEST),
    subject("DatasetRegistration", grade="core", description=..., dataTypes=..., scenarios=...),
    subject("MeasureReview", findings=[], engine=..., provenAt=...),
    subject("MeasureReview", answers=DIGEST, findings=[{"code": "TR-4", "answer": "remedied"}]),
    subject("Observation", evidence=..., pointer=..., detail=...),
]


@pytest.mark.parametrize("document", IN_ORDER, ids=lambda document: document["type"][1])
def test_what_the_rules_allow_is_in_order(document: dict[str, Any]) -> None:
    assert faults(document) == []
    assert catalogue.read(statement(document)) is not None


@pytest.mark.parametrize(
    ("delegate", "at", "code"),
    [
        ({**ALSO, "zone": ZONE}, "/zone", "zone-outside-jurisdiction"),
        ({"zone": "XA-01"}, "/authority", "member-missing"),
        ("XA-01", "", "wrong-type"),
    ],
)
def test_a_measure_delegates_to_authorities_for_its_own_zones(delegate: Any, at: str, code: str) -> None:
    document = subject("PolicyMeasure", delegatesTo=[delegate], overrides=...)
    assert faults(document) == [(f"/delegatesTo/0{at}", code)]


def test_an_emergency_needs_a_day_of_review_within_ninety_days() -> None:
    assert faults(subject("PolicyMeasure", emergency=True, reviewBy=...)) == [("/reviewBy", "member-missing")]
    late = subject("PolicyMeasure", emergency=True, reviewBy="2027-01-31")
    assert faults(late) == [("/reviewBy", "time-order")]


def test_what_is_graded_core_is_not_described() -> None:
    assert faults(subject("DatasetRegistration", grade="core")) == [
        ("/dataTypes", "core-described"),
        ("/description", "core-described"),
        ("/scenarios", "core-described"),
    ]


def test_a_required_mechanism_is_named_with_whether_it_was_declared() -> None:
    made = subject("Decision", outbound=side("mechanismRequired"), outcome="mechanismRequired")
    assert faults(made) == [("/declared", "member-missing"), ("/mechanisms", "member-missing")]


def test_a_conditional_outcome_names_its_conditions_each_once() -> None:
    made = subject("Decision", outbound=side("conditional"), outcome="conditional")
    assert faults(made) == [("/conditions", "member-missing")]
    made["credentialSubject"]["conditions"] = ["encrypt", "filed", "encrypt"]
    assert faults(made) == [("/conditions/2", "duplicate")]


def test_the_measures_of_a_decision_ascend_and_stand_once() -> None:
    used = catalogue.example("Decision")["credentialSubject"]["measures"][0]
    lower = {**used, "digest": "00" * 32}
    assert faults(subject("Decision", measures=[lower, used])) == []
    assert faults(subject("Decision", measures=[used, lower])) == [("/measures/1/digest", "digest-order")]
    assert faults(subject("Decision", measures=[used, used])) == [("/measures/1/digest", "digest-order")]


def test_an_answer_says_what_it_answers_to_each_finding() -> None:
    made = subject("MeasureReview", answers=DIGEST, findings=[{"code": "TR-4"}])
    assert faults(made) == [("/findings/0/answer", "member-missing")]


def test_who_signs() -> None:
    assert TYPES["PolicyMeasure"].roles == ("authority",)
    assert TYPES["Decision"].roles == ("machine", "authority")
    assert TYPES["DatasetRegistration"].roles == ("registrar",)
    assert TYPES["MeasureReview"].roles == ("machine", "authority", "observer")
    assert TYPES["Observation"].roles == ("observer",)


def test_a_measure_is_read() -> None:
    read = measure.read(statement(catalogue.example("PolicyMeasure")))
    assert (read.number, read.version, read.supersedes) == ("XA-NL-2026-01", 1, None)
    assert (read.direction, read.jurisdiction, read.zone) == ("outbound", "XA", "XA-01+harbour")
    assert read.effective_from == parse_time("2026-11-01T00:00:00Z")
    assert (read.effective_until, read.joint, read.pilot, read.emergency) == (None, None, None, False)
    assert read.overrides == {"XA-TH-2025-03"}
    assert read.year_offset == 8 * 3_600
    (relation,) = read.relations
    assert (relation.relation, relation.jurisdiction, relation.until) == ("adequacy", "XB", None)
    assert [each.id for each in read.rules] == ["1", "2", "3", "9"]
    important, many, sensitive, rest = read.rules
    assert important.table is not None
    assert important.table.grades == {"important", "core"}
    assert (important.table.categories, important.table.persons) == (None, ())
    assert many.table is not None
    assert many.table.persons == (Bound("ytdCount", 1_000_000, None),)
    assert sensitive.mechanisms == ("standardContract", "certification")
    assert (sensitive.when, sensitive.delegable) == (
        "line.persons.ytdSensitiveCount >= 10000 && !transfer.criticalInfrastructure",
        False,
    )
    assert (rest.outcome, rest.delegable, rest.when) == ("free", False, None)
    assert rest.cite == Cite("XA Act on Data Crossing the Border", "12(9)")
    west = measure.read(statement(subject("PolicyMeasure", requires={"exporterTimeZone": "-03:30"})))
    assert west.year_offset == -12_600


def test_a_decision_is_read() -> None:
    read = decision.read(statement(catalogue.example("Decision")))
    assert (read.outcome, read.inbound, read.declared) == ("free", None, None)
    assert (read.strictest, read.conditions) == (("outbound", 1), ())
    assert [line.line for line in read.outbound.lines] == [1, 2]
    assert read.outbound.lines[0].reasons[0].measure == read.measures[0].digest


def test_a_dataset_is_read() -> None:
    read = dataset.read(statement(catalogue.example("DatasetRegistration")))
    assert (read.holder.did, read.reference) == ("did:web:exporter.example.xa", "warranty-claims/2026-11")
    assert (read.category, read.grade, read.location) == ("personal", "general", {"XA"})
    assert (read.classification.by, read.classification.measure) == (read.holder.did, None)


def test_a_review_and_an_observation_are_read() -> None:
    read = measure_review.read(statement(catalogue.example("MeasureReview")))
    assert [finding.code for finding in read.findings] == ["TR-4", "IO-1"]
    assert (read.findings[1].pointer, read.notice_days, read.answers) == ("/rules/2/when", 30, None)
    seen = observation.read(statement(catalogue.example("Observation")))
    assert (seen.statement, seen.kind) == (read.measure, "unequalTreatment")
