"""A node with rules to see: measures and their reviews, records to several countries and decisions about them."""

from typing import Any

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.scenario import OWN_SCHEME
from tests.api.consoled import HOSTILE
from tests.services.homes import DAY
from tests.services.recognising import Recognising, party, subject_of
from tests.services.sides import holder

PARTNERS = (("XB", 12), ("XD", 8), ("XC", 2))


def ruled(made: Recognising) -> dict[str, str]:
    """Register all of it; digests by name."""
    told = dict[str, str]()
    sides, xa = made.sides, made.sides.xa
    machine, observer = holder("machine", "XA"), holder("observer", "XA")
    xa.enrol(machine, "machine")
    xa.enrol(observer, "observer")
    now = sides.clock.now

    def register(name: str, statement: Statement) -> None:
        xa.register(statement)
        told[name] = statement.digest.hex()

    def measure(number: str, **changes: Any) -> Statement:
        subject = {**subject_of("PolicyMeasure"), "authority": party(made.of_xa), "number": number}
        for name in ("overrides", "relations", "alternativesConsidered", "reviewBy"):
            subject.pop(name, None)
        subject |= {
            "applies": {"direction": "outbound", "jurisdiction": "XA"},
            "publishedAt": format_time(now - 40 * DAY),
            "effectiveFrom": format_time(now - 10 * DAY),
            "scenarios": [{"scheme": OWN_SCHEME, "code": "veh.after-sales"}],
            "rules": RULES,
        }
        return sides.sign(made.of_xa, "PolicyMeasure", {**subject, **changes})

    register("measure", measure("XA-TH-1", effectiveUntil=format_time(now + 700 * DAY)))
    title = [{"language": "en", "text": HOSTILE}]
    later = {"version": 2, "supersedes": told["measure"], "effectiveFrom": format_time(now + 90 * DAY)}
    register("second", measure("XA-TH-1", title=title, **later))
    joint = {"threshold": 1, "authorities": [made.of_xa.holder, made.of_xb.holder]}
    register("joint", measure("XA-JOINT-1", joint=joint, rules=STRICTER))
    register("endorsed", measure("XA-JOINT-2", joint=joint, rules=BESIDE))
    text = bytes.fromhex(told["endorsed"])
    register("endorsement", made.endorsement(made.of_xa, "XA", text, "jointMeasure"))
    findings = [
        {"code": "TR-1", "pointer": "/effectiveFrom"},
        {"code": "ND-1", "rule": "1", "pointer": "/rules/0"},
    ]
    review = {"measure": told["measure"], "at": format_time(now), "findings": findings}
    register("review", sides.sign(machine, "MeasureReview", review))
    answer = {**findings[0], "answer": "disputed", "detail": "Published in the gazette before"}
    answered = {**review, "answers": told["review"], "findings": [answer]}
    register("answer", sides.sign(made.of_xa, "MeasureReview", answered))
    observed = {
        "statement": told["measure"],
        "kind": "contradiction",
        "at": format_time(now),
        "detail": "Which trucks",
    }
    register("observation", sides.sign(observer, "Observation", {**subject_of("Observation"), **observed}))
    _cross(made)
    xa.anchor()
    return told


def _cross(made: Recognising) -> None:
    """Records to each partner, and acknowledgements of records that partners gave."""
    sides = made.sides
    for code, count in PARTNERS:
        for _ in range(count):
            sides.xa.register(sides.sign(sides.exporter, "TransferRecord", record(sides.exporter, code)))
    receiver = holder("receiver", "XA")
    sides.xa.enrol(receiver, "importer")
    for first, count in ((1, 9), (2, 6)):
        for place in range(count):
            acknowledged = sides.acknowledge(bytes([first, place]) * 16, key=receiver)
            sides.xa.register(acknowledged)


def origin_of(record: bytes) -> str | None:
    """In whose log the records stand that are acknowledged above."""
    return {1: "XB", 2: "XE"}.get(record[0])


def record(exporter: HolderKey, code: str) -> dict[str, Any]:
    """Subject of a record about vehicles, with one line."""
    did = f"did:web:importer.example.{code.lower()}"
    return {
        "exporter": party(exporter),
        "importer": {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"},
        "flow": "outbound",
        "lines": [
            {
                "line": 1,
                "category": "personal",
                "grade": "general",
                "scenario": {"scheme": OWN_SCHEME, "code": "veh.after-sales"},
                "persons": {"count": 3},
            }
        ],
        "purpose": ["dpv:CustomerCare"],
        "legalBasis": ["dpv:ContractPerformance"],
        "mechanism": {"type": "noneRequired"},
    }


_LAW = {"instrument": "XA Act on Data Crossing the Border", "article": "5"}
RULES = [
    {
        "id": "1",
        "if": {"grade": ["general"], "persons": {"ytdCount": {"below": 100_000}}},
        "outcome": "free",
        "reason": "belowThreshold",
        "cite": _LAW,
    },
    {
        "id": "2",
        "if": {"grade": ["general"], "persons": {"ytdCount": {"atLeast": 100_000}}},
        "outcome": "mechanismRequired",
        "mechanisms": ["standardContract", "certification"],
        "documents": ["impactAssessment"],
        "reason": "aboveThreshold",
        "cite": _LAW,
    },
    {"id": "3", "outcome": "assessmentRequired", "reason": "importantData", "cite": _LAW},
]
STRICTER = [{"id": "1", "outcome": "prohibited", "reason": "listed", "cite": _LAW}]
BESIDE = [
    {
        "id": "1",
        "if": {"category": ["nonPersonal"]},
        "outcome": "free",
        "reason": "noPersonalData",
        "cite": _LAW,
    }
]
