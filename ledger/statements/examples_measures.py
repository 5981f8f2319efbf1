"""The examples of the types about measures and decisions: invented parties of XA and XB, invented law."""

from typing import Any, Final

from ledger.statements.example_parties import AUTHORITY_XA, EXPORTER, MACHINE, OBSERVER, REGISTRAR
from ledger.statements.scenario import OWN_SCHEME

AUTHORITY: Final = {
    "did": AUTHORITY_XA,
    "scheme": "DID",
    "id": AUTHORITY_XA,
    "jurisdiction": "XA",
}
MEASURE: Final = "4d426b10a537416c7bf395e5e27eba32847373ffbf35006730fa7dd5607ee677"
"""Digest of `tests/vectors/statements/policy-measure.json`."""
RECORD: Final = "524fefcd24af55af8730f80fb67e279eef3e6d7539ac635400a6929cd57dcdbb"
"""Digest of `tests/vectors/statements/transfer-record-lines.json`, the example of a record signed."""
_LAW: Final = "XA Act on Data Crossing the Border"


def _scenarios(*codes: str) -> list[dict[str, str]]:
    return [{"scheme": OWN_SCHEME, "code": code} for code in codes]


_MEASURE: dict[str, Any] = {
    "authority": AUTHORITY,
    "number": "XA-NL-2026-01",
    "version": 1,
    "kind": "negativeList",
    "title": [{"language": "en", "text": "Negative list of the harbour zone for vehicle data"}],
    "texts": [
        {
            "language": "en",
            "sha256": "5e7a1e1d1c35c2b0b04bb4bbd1b1d53e7ed5d2a2a64a0ef61d1a8d0b1de4a0c3",
            "mediaType": "application/pdf",
        }
    ],
    "visibility": "public",
    "legalBasis": [{"instrument": _LAW, "article": "12"}],
    "objectives": ["personalPrivacy", "freeFlow"],
    "publishedAt": "2026-09-01T00:00:00Z",
    "effectiveFrom": "2026-11-01T00:00:00Z",
    "reviewBy": "2028-11-01",
    "applies": {"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01+harbour"},
    "overrides": ["XA-TH-2025-03"],
    "scenarios": _scenarios("veh.after-sales", "veh.rd-test"),
    "relations": [
        {
            "relation": "adequacy",
            "jurisdiction": "XB",
            "from": "2026-01-01T00:00:00Z",
            "reason": "Decision 7 of 2025 on the protection of persons in XB",
        }
    ],
    "targeting": {"mode": "none"},
    "alternativesConsidered": "0b9d0f3a6e5f0f9a4bb2f9d3d1d8f4f5c1a7b8e2c6d0b3f4e8a9c2d7b1e6f503",
    "requires": {"exporterTimeZone": "+08:00"},
    "rules": [
        {
            "id": "1",
            "if": {"grade": ["important", "core"]},
            "outcome": "assessmentRequired",
            "documents": ["selfAssessment", "application"],
            "reason": "importantData",
            "cite": {"instrument": _LAW, "article": "12(1)"},
        },
        {
            "id": "2",
            "if": {
                "scenario": _scenarios("veh.after-sales"),
                "category": ["personal", "sensitivePersonal"],
                "persons": {"ytdCount": {"atLeast": 1000000}},
            },
            "outcome": "assessmentRequired",
            "documents": ["selfAssessment"],
            "reason": "aboveThreshold",
            "cite": {"instrument": _LAW, "article": "12(2)"},
        },
        {
            "id": "3",
            "if": {"category": ["sensitivePersonal"]},
            "when": "line.persons.ytdSensitiveCount >= 10000 && !transfer.criticalInfrastructure",
            "outcome": "mechanismRequired",
            "mechanisms": ["standardContract", "certification"],
            "conditions": ["pseudonymise"],
            "reason": "sensitiveData",
            "cite": {"instrument": _LAW, "article": "12(3)"},
        },
        {
            "id": "9",
            "if": {"scenario": _scenarios("veh.after-sales", "veh.rd-test")},
            "outcome": "free",
            "reason": "notListed",
            "cite": {"instrument": _LAW, "article": "12(9)"},
        },
    ],
}
_DECISION: dict[str, Any] = {
    "transfer": RECORD,
    "at": "2026-11-22T04:03:04Z",
    "engine": "evidence-rules/1",
    "measures": [{"digest": MEASURE, "number": "XA-NL-2026-01", "version": 1}],
    "outcome": "free",
    "outbound": {
        "outcome": "free",
        "lines": [
            {
                "line": number,
                "outcome": "free",
                "reasons": [
                    {
                        "measure": MEASURE,
                        "rule": "9",
                        "reason": "notListed",
                        "cite": {"instrument": _LAW, "article": "12(9)"},
                    }
                ],
            }
            for number in (1, 2)
        ],
    },
    "strictest": {"direction": "outbound", "line": 1},
}
_DATASET: dict[str, Any] = {
    "holder": EXPORTER,
    "reference": "warranty-claims/2026-11",
    "version": 1,
    "category": "personal",
    "grade": "general",
    "classification": {
        "by": EXPORTER["did"],
        "date": "2026-11-02",
        "criteria": [{"instrument": "XA Rules on the Grading of Data", "article": "4"}],
    },
    "licence": {"name": "Contract between exporter and importer"},
    "location": ["XA"],
    "description": "Warranty claims of one month, without names",
    "dataTypes": ["dpv:PseudonymisedData"],
    "scenarios": _scenarios("veh.after-sales"),
}
_REVIEW: dict[str, Any] = {
    "measure": MEASURE,
    "at": "2026-11-22T04:03:04Z",
    "engine": "evidence-lint/1",
    "findings": [
        {"code": "TR-4", "detail": "No text in the working language fr"},
        {"code": "IO-1", "rule": "3", "pointer": "/rules/2/when"},
    ],
    "provenAt": "2026-09-02T10:00:00Z",
    "noticeDays": 30,
    "languages": ["en", "fr"],
}
_OBSERVATION: dict[str, Any] = {
    "statement": MEASURE,
    "kind": "unequalTreatment",
    "at": "2026-11-22T04:03:04Z",
    "pointer": "/relations/0",
    "detail": "XC has the same law as XB and no such relation",
    "evidence": [
        {
            "sha256": "9c1185a5c5e9fc54612808977ee8f548b2258d31dfb6a1d0a3e1b3f0d7c8f3a4",
            "mediaType": "application/pdf",
        }
    ],
}
SUBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "PolicyMeasure": (AUTHORITY_XA, _MEASURE),
    "Decision": (MACHINE, _DECISION),
    "DatasetRegistration": (REGISTRAR, _DATASET),
    "MeasureReview": (MACHINE, _REVIEW),
    "Observation": (OBSERVER, _OBSERVATION),
}
