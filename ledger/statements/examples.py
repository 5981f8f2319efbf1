"""Example documents, one a type, between invented parties of the user-assigned countries XA and XB.

`examples/*.json` is written from these, and a test compares.
"""

import copy
from typing import Any

from ledger.statements.envelope import CONTEXT
from ledger.statements.example_parties import ACCREDITOR, BODY, EXPORTER, EXPORTER_KEY, IMPORTER, REGISTRAR
from ledger.statements.examples_measures import SUBJECTS as MEASURES
from ledger.statements.examples_recognition import ACCREDITATION, SCHEME, SCOPE
from ledger.statements.examples_recognition import SUBJECTS as RECOGNITION
from ledger.statements.examples_succession import SUBJECTS as SUCCESSION
from ledger.statements.scenario import OWN_SCHEME

_SUBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Enrolment": (
        REGISTRAR,
        {
            "party": EXPORTER["did"],
            "jurisdiction": "XA",
            "identifiers": [{"scheme": "LEI", "id": EXPORTER["id"]}],
            "roles": ["exporter"],
            "keys": [
                {
                    "id": "#2026",
                    "publicKeyMultibase": EXPORTER_KEY,
                    "from": "2026-11-22T04:00:00Z",
                    "until": "2027-11-22T04:00:00Z",
                }
            ],
        },
    ),
    "KeyRevocation": (
        REGISTRAR,
        {
            "party": EXPORTER["did"],
            "key": "#2026",
            "at": "2026-11-22T03:30:00Z",
            "reason": "keyCompromise",
        },
    ),
    "TransferRecord": (
        EXPORTER["did"],
        {
            "exporter": {**EXPORTER, "zone": "XA-01+harbour"},
            "importer": IMPORTER,
            "flow": "outbound",
            "reference": "WTY-2026-000431",
            "lines": [
                {
                    "line": 1,
                    "datasetRef": "warranty-claims/2026-11",
                    "category": "personal",
                    "dataTypes": ["dpv:PseudonymisedData"],
                    "grade": "general",
                    "scenario": {"scheme": OWN_SCHEME, "code": "veh.after-sales"},
                    "persons": {"count": 1200, "ytdCount": 48000, "method": "counted"},
                },
                {
                    "line": 2,
                    "datasetRef": "part-numbers/2026-11",
                    "category": "nonPersonal",
                    "grade": "general",
                    "scenario": {"scheme": OWN_SCHEME, "code": "veh.after-sales"},
                },
            ],
            "purpose": ["dpv:CustomerCare"],
            "legalBasis": ["dpv:ContractPerformance"],
            "mechanism": {"type": "exemption", "exemptionCode": "belowThreshold"},
            "retentionUntil": "2028-12-31",
            "onward": {"allowed": False},
            "dataLocation": ["XB"],
            "criticalInfrastructure": False,
            "payload": {
                "commitment": "382364b94befcbe96e3366b37c39eb8922c8fb2fe7891ea469c2dbf0ebaee33f",
                "mediaType": "text/csv",
            },
            "volume": {"commitment": "140d2e8a91b012b2094c0a8db1e275adcdd2a751308015457bf06d064ae60d17"},
            "window": {"start": "2026-11-22T04:00:00Z", "end": "2026-11-22T05:00:00Z"},
        },
    ),
    "TransferAcknowledgement": (
        IMPORTER["did"],
        {
            "record": "e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b",
            "outcome": "accepted",
            "at": "2026-11-22T04:00:00Z",
        },
    ),
    "ConformityCertificate": (
        BODY["did"],
        {
            "certificateNumber": "PIP-2026-0042",
            "body": BODY,
            "holder": EXPORTER,
            "assessorLevel": "3rdParty",
            "assessmentLevel": "Accredited",
            "attestationType": "certification",
            "scheme": {
                "id": SCHEME,
                "version": "2.0",
                "family": "personalDataProtection",
                "standards": ["ISO/IEC 27701:2025"],
            },
            "scope": SCOPE,
            "validFrom": "2026-11-22T00:00:00Z",
            "validUntil": "2029-11-22T00:00:00Z",
            "accreditation": {"accreditor": ACCREDITOR["did"], "statement": ACCREDITATION},
            "conformityCertificate": {
                "commitment": "c7bb826818f42cb3c5d2d73c2b852355be66eac61d2c10fb9774ab985ea1f5b5",
                "mediaType": "application/pdf",
            },
            "statusReference": {
                "statusListCredential": "https://body.example.xa/status/1",
                "statusListIndex": 4711,
            },
        },
    ),
    "StatusList": (
        BODY["did"],
        {
            "id": "https://body.example.xa/status/1",
            "validFrom": "2026-11-22T04:00:00Z",
            "validUntil": "2026-12-22T04:00:00Z",
            "length": 131072,
            "lists": [  # withdrawn 42 and 94,567; suspended 1,001
                {
                    "statusPurpose": "revocation",
                    "encodedList": "uH4sIAAAAAAACA-3QAREAAAQEsNdE_5TU4LYIS1YHAAAAAAAAAAAAAIBHSgEAAADAOQPlPQf7AEAAAA",
                },
                {
                    "statusPurpose": "suspension",
                    "encodedList": "uH4sIAAAAAAACA-3BMQEAAAjAoEWzfypt4QPUowkAAAAAAAAAAAAAAAAAAAA4C2P98nwAQAAA",
                },
                {
                    "statusPurpose": "refresh",
                    "encodedList": "uH4sIAAAAAAACA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA",
                },
            ],
        },
    ),
    **RECOGNITION,
    **SUCCESSION,
    **MEASURES,
}


def document(name: str) -> dict[str, Any]:
    """The unsigned example of type `name`, a fresh copy."""
    issuer, subject = _SUBJECTS[name]
    number = list(_SUBJECTS).index(name) + 1
    return {
        "@context": list(CONTEXT),
        "credentialSubject": copy.deepcopy(subject),
        "id": f"urn:uuid:0198f3c2-0000-7000-8000-{number:012x}",
        "issuer": issuer,
        "type": ["VerifiableCredential", name],
        "validFrom": "2026-11-22T04:03:04Z",
    }
