"""What variants of each type's example say: further members that are in order, and some that are not."""

from typing import Any

DIGEST = "ab" * 32
COMMITMENT = {"commitment": DIGEST}
SCOPE = {
    "activities": ["After-sales service of vehicles"],
    "dataCategories": ["personal"],
    "scenarios": [
        {"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales", "version": "2"},
        {"scheme": "urn:example:list", "code": "A-1"},
    ],
    "destinations": ["XB", "FR"],
    "documentTypes": ["einvoice/UBL-2.1"],
    "limits": {"persons": 10, "sensitivePersons": 10},
}


def _rule(number: str, **asked: Any) -> dict[str, Any]:
    cite = {"instrument": "Act", "article": number}
    return {"id": number, "outcome": "free", "reason": "byDefault", "cite": cite, **asked}


RULES: list[dict[str, Any]] = [
    {"when": "line.persons.count + 1 >= -2 - (3 - size(line.dataTypes)) || !(transfer.zone == 'XA-01')"},
    {"when": 'line.grade in ["core", "important"] && transfer.onwardAllowed != true'},
    {"when": "'adequacy' in transfer.relations && line.persons.ytdCount in [1, -2, 9007199254740991]"},
    {
        "if": {
            "flow": ["outbound"],
            "exemption": ["transit"],
            "mechanism": ["treaty"],
            "dataTypes": ["dpv:PersonalData"],
            "purpose": ["dpv:CustomerCare"],
            "legalBasis": ["dpv:Consent"],
            "criticalInfrastructure": False,
            "relation": ["adequacy"],
            "zone": "XA-01+harbour",
            "persons": {"count": {"atLeast": 1, "below": 10}, "sensitiveCount": {"below": 1}},
        },
        "outcome": "conditional",
        "conditions": ["encrypt"],
    },
]
"""What the rules of a measure ask, some of it in words."""
MORE: dict[str, list[dict[str, Any]]] = {
    "TransferRecord": [
        {
            "flow": "onward",
            "parents": [{"digest": DIGEST, "rel": "partOf"}, {"digest": "cd" * 32, "rel": "revises"}],
            "document": {
                "type": "380",
                "commitment": DIGEST,
                "format": "UBL-2.1",
                "number": COMMITMENT,
                "issueDate": "2026-11-22",
                "currency": "EUR",
                "total": COMMITMENT,
            },
            "mechanism": {"type": "certification", "certificate": DIGEST, "reference": COMMITMENT},
            "onward": {"allowed": True, "conditions": COMMITMENT},
            "decisionRef": DIGEST,
            "supersedes": DIGEST,
        }
    ],
    "ConformityCertificate": [
        {"supersedes": DIGEST, "auditableEvidence": COMMITMENT},
        {
            "scheme": {
                "id": "urn:example:scheme:invoices",
                "version": "1",
                "family": "document",
                "standards": ["EN 16931-1:2026", "另一个标准"],
                "level": 3,
            },
            "scope": SCOPE,
        },
    ],
    "Accreditation": [{"parent": DIGEST, "supersedes": "cd" * 32}],
    "RecognitionArrangement": [
        {
            "kind": "mou",
            "binding": False,
            "onward": {"allowed": True, "depth": 8},
            "equivalences": [{"a": "A 1", "b": "B 1", "direction": "aToB", "minimumLevel": 9}],
            "supersedes": DIGEST,
        }
    ],
    "Endorsement": [
        {"role": "denunciation", "toward": ["XA", "XC"], "designatedBodies": ..., "accreditors": ...},
        {
            "accreditors": [{"jurisdiction": "XB", "accreditor": "did:web:a.example"}],
            "reservations": ["courts"],
        },
    ],
    "Recognition": [
        {"effect": "partial", "conditions": ..., "scope": SCOPE, "onward": DIGEST},
        {"effect": "full", "conditions": ..., "scope": ..., "supersedes": DIGEST},
    ],
    "StatusChange": [
        {"change": "reduceScope", "scope": SCOPE, "until": ...},
        {"change": "reinstate", "until": ...},
    ],
    "TransferAcknowledgement": [{"receivedPayload": DIGEST}],
    "PolicyMeasure": [
        {
            "version": 2,
            "supersedes": DIGEST,
            "kind": "pilot",
            "pilot": {
                "parties": [{"scheme": "LEI", "id": "TEST00EE3E62B8A0AA00"}],
                "sunset": "2027-11-01T00:00:00Z",
            },
            "emergency": True,
            "reviewBy": "2027-01-30",
            "effectiveUntil": "2027-11-01T00:00:00Z",
            "delegatesTo": [
                {"authority": "did:web:a.example", "zone": "XA-01+harbour"},
                {"authority": "did:web:b"},
            ],
            "overrides": ...,
            "joint": {"threshold": 1, "authorities": ["did:web:a.example", "did:web:b.example"]},
            "vocabularies": [{"scheme": "urn:example:list", "codes": ["A-1", "A-2"]}],
            "targeting": {
                "mode": "country",
                "ids": ["XB"],
                "basis": {"sha256": DIGEST, "date": "2026-11-21", "reviewBy": "2026-11-22"},
            },
            "proportionality": DIGEST,
        },
        {"rules": [_rule(str(number), **asked) for number, asked in enumerate(RULES)]},
    ],
    "Decision": [
        {
            "measures": [],
            "outcome": "mechanismRequired",
            "outbound": {
                "outcome": "mechanismRequired",
                "lines": [{"line": 0, "outcome": "mechanismRequired", "reasons": []}],
            },
            "inbound": {
                "outcome": "conditional",
                "lines": [
                    {"line": 0, "outcome": "free", "reasons": [], "missing": ["line.persons.count"]},
                    {"line": 7, "outcome": "conditional", "reasons": []},
                ],
            },
            "mechanisms": ["treaty"],
            "declared": True,
            "conditions": ["storedCopy", "encrypt"],
            "strictest": {"direction": "outbound", "line": 0},
        },
        {
            "measures": [],
            "outcome": "conditional",
            "outbound": {
                "outcome": "conditional",
                "lines": [{"line": 0, "outcome": "conditional", "reasons": []}],
            },
            "conditions": ["noOnward"],
            "strictest": {"direction": "outbound", "line": 0},
        },
    ],
    "DatasetRegistration": [
        {"version": 2, "supersedes": DIGEST},
        {"grade": "core", "description": ..., "dataTypes": ..., "scenarios": ..., "reviewBy": "2027-01-01"},
    ],
    "MeasureReview": [
        {"answers": DIGEST, "findings": [{"code": "TR-4", "answer": "disputed"}], "supersedes": DIGEST}
    ],
    "Observation": [{"supersedes": DIGEST, "evidence": ...}],
}
"""Further members of a type's example, for variants of it; `...` takes one away."""
WRONG: dict[str, list[dict[str, Any]]] = {
    "TransferRecord": [
        {
            "lines": [
                {
                    "line": 1,
                    "category": "nonPersonal",
                    "grade": "core",
                    "dataTypes": ["dpv:PersonalData"],
                    "scenario": {"scheme": "urn:example:list", "code": "A-1"},
                }
            ]
        },
        {
            "importer": {
                "did": "did:web:a.example",
                "scheme": "DID",
                "id": "did:web:a.example",
                "jurisdiction": "XA",
            }
        },
        {"retentionUntil": "2026-11-21"},
        {"retentionUntil": "2026-11-20"},
    ],
    "StatusList": [
        {"validFrom": "2026-11-22T00:00:00Z", "validUntil": "2027-11-23T00:00:00Z"},
        {"validFrom": "2026-11-22T00:00:00Z", "validUntil": "2027-11-23T00:00:01Z"},
    ],
    "LogSuccession": [{"held": {"size": 0, "root": DIGEST}}],
    "Enrolment": [{"jurisdiction": "FR", "identifiers": [{"scheme": "USCC", "id": "91110000600037341L"}]}],
}
"""Members of a type's example that break one rule each, or just do not."""
