from typing import Any

import pytest

from ledger.statements import catalogue, transfer
from ledger.statements.shape import StatementInvalidError
from tests.statements.subjects import DIGEST, changed, faults, statement

PARENT = {"digest": DIGEST, "rel": "cites"}
TRANSFER_FAULTS = [
    ("/exporter/did", "did:web:other.example.xa", "/exporter/did", "issuer-mismatch"),
    ("/exporter/name", "x", "/exporter/name", "member-unknown"),
    ("/exporter/zone", "XB-01", "/exporter/zone", "zone-outside-jurisdiction"),
    ("/exporter/zone", "xa", "/exporter/zone", "wrong-form"),
    ("/importer/jurisdiction", "UK", "/importer/jurisdiction", "not-in-list"),
    ("/importer/scheme", "DID", "/importer/id", "wrong-form"),
    ("/importer/id", "TEST00EE3E62B8A0AA0", "/importer/id", "wrong-form"),
    ("/flow", "sideways", "/flow", "not-in-list"),
    ("/flow", "onward", "/parents", "member-missing"),
    ("/lines", [], "/lines", "wrong-length"),
    ("/lines/1/line", 1, "/lines/1/line", "line-order"),
    ("/lines/0/grade", "secret", "/lines/0/grade", "not-in-list"),
    ("/lines/0/scenario/code", "veh.flying", "/lines/0/scenario/code", "not-in-list"),
    ("/lines/0/scenario", ..., "/lines/0/scenario", "member-missing"),
    ("/lines/0/persons", ..., "/lines/0/persons", "member-missing"),
    ("/lines/0/persons/count", -1, "/lines/0/persons/count", "out-of-range"),
    ("/lines/0/persons/count", 48001, "/lines/0/persons/count", "counts-conflict"),
    ("/lines/0/persons/sensitiveCount", 5, "/lines/0/persons/sensitiveCount", "category-conflict"),
    ("/lines/0/category", "sensitivePersonal", "/lines/0/persons/sensitiveCount", "member-missing"),
    ("/lines/0/dataTypes", ["dpv:SensitivePersonalData"], "/lines/0/dataTypes/0", "category-conflict"),
    ("/lines/0/dataTypes", ["dpv:AnonymisedData"], "/lines/0/dataTypes/0", "category-conflict"),
    ("/lines/0/dataTypes", ["PersonalData"], "/lines/0/dataTypes/0", "not-in-list"),
    ("/lines/1/persons", {"count": 0}, "/lines/1/persons", "category-conflict"),
    ("/purpose", ..., "/purpose", "member-missing"),
    ("/legalBasis", ..., "/legalBasis", "member-missing"),
    ("/mechanism", ..., "/mechanism", "member-missing"),
    ("/purpose", ["dpv:Purpose"], "/purpose/0", "not-in-list"),
    ("/mechanism", {"type": "exemption"}, "/mechanism/exemptionCode", "member-missing"),
    (
        "/mechanism",
        {"type": "treaty", "exemptionCode": "transit"},
        "/mechanism/exemptionCode",
        "mechanism-conflict",
    ),
    ("/mechanism", {"type": "treaty", "certificate": DIGEST}, "/mechanism/certificate", "mechanism-conflict"),
    ("/mechanism", {"type": "certification"}, "/mechanism", "member-missing"),
    ("/retentionUntil", "2026-11-20", "/retentionUntil", "time-order"),
    ("/retentionUntil", "2026-11-31", "/retentionUntil", "wrong-form"),
    ("/onward/conditions", {"commitment": DIGEST}, "/onward/conditions", "onward-conflict"),
    ("/dataLocation", ["XB", "XB"], "/dataLocation/1", "duplicate"),
    ("/criticalInfrastructure", "no", "/criticalInfrastructure", "wrong-type"),
    ("/payload/mediaType", "Text/CSV", "/payload/mediaType", "wrong-form"),
    ("/payload/commitment", DIGEST.upper(), "/payload/commitment", "wrong-form"),
    ("/payload/bytes", 4200, "/payload/bytes", "member-unknown"),
    ("/volume", 4200, "/volume", "wrong-type"),
    ("/window/end", "2026-11-22T03:59:59Z", "/window/end", "time-order"),
    ("/document", {"type": "999", "commitment": DIGEST}, "/document/type", "not-in-list"),
    (
        "/document",
        {"type": "380", "commitment": DIGEST, "currency": "XXZ"},
        "/document/currency",
        "not-in-list",
    ),
    (
        "/document",
        {"type": "380", "commitment": DIGEST, "issueDate": "2026-11-24"},
        "/document/issueDate",
        "time-order",
    ),
    ("/document", {"type": "380", "commitment": DIGEST, "number": "7"}, "/document/number", "wrong-type"),
    ("/decisionRef", "x", "/decisionRef", "wrong-form"),
    ("/parents", [PARENT, PARENT], "/parents/1/digest", "duplicate"),
    ("/parents", [{"digest": DIGEST, "rel": "likes"}], "/parents/0/rel", "not-in-list"),
    ("/reference", "a b", "/reference", "wrong-form"),
]


@pytest.mark.parametrize(("pointer", "value", "at", "code"), TRANSFER_FAULTS)
def test_a_faulty_transfer_record_is_refused(pointer: str, value: Any, at: str, code: str):
    assert faults(changed("TransferRecord", pointer, value)) == [(at, code)]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/flow", "remoteAccess"),
        (
            "/document",
            {"type": "380", "format": "UBL-2.1", "commitment": DIGEST, "total": {"commitment": DIGEST}},
        ),
        ("/parents", [PARENT]),
        ("/supersedes", DIGEST),
        ("/decisionRef", DIGEST),
        ("/mechanism", {"type": "certification", "certificate": DIGEST}),
        ("/mechanism", {"type": "standardContract", "reference": {"commitment": DIGEST}}),
        ("/onward", {"allowed": True, "conditions": {"commitment": DIGEST}}),
        ("/payload", ...),
        ("/lines", ...),
    ],
)
def test_a_transfer_record_in_order_stays_so(pointer: str, value: Any):
    assert faults(changed("TransferRecord", pointer, value)) == []


def test_a_record_of_nothing_is_refused():
    document = catalogue.example("TransferRecord")
    for member in ("payload", "lines", "document"):
        document["credentialSubject"].pop(member, None)
    assert faults(document) == [("", "member-missing")]


def test_a_border_lies_between_states_or_between_zones_of_one():
    document = catalogue.example("TransferRecord")
    importer = document["credentialSubject"]["importer"]
    importer["jurisdiction"] = "XA"
    assert faults(document) == []  # the exporter is in a zone
    importer["zone"] = document["credentialSubject"]["exporter"]["zone"]
    assert faults(document) == [("/importer/jurisdiction", "same-jurisdiction")]


def test_all_faults_of_a_record_are_named_at_once():
    document = catalogue.example("TransferRecord")
    subject = document["credentialSubject"]
    document["issuer"] = "nobody"
    document["extra"] = 1
    subject["flow"] = "sideways"
    subject["lines"][0]["persons"]["count"] = -1
    subject["lines"][1]["persons"] = {"count": 1}
    del subject["legalBasis"]
    del subject["importer"]["did"]
    assert sorted(faults(document)) == sorted(
        [
            ("/issuer", "wrong-form"),
            ("/extra", "member-unknown"),
            ("/flow", "not-in-list"),
            ("/lines/0/persons/count", "out-of-range"),
            ("/lines/1/persons", "category-conflict"),
            ("/importer/did", "member-missing"),
            ("/exporter/did", "issuer-mismatch"),
        ]
    )
    with pytest.raises(StatementInvalidError) as refused:
        transfer.read(statement(document))
    assert refused.value.code == "statement-invalid"
    assert len(refused.value.problems) == 5


def test_dates_may_be_a_day_off_the_day_of_signing_for_time_zones():
    assert faults(changed("TransferRecord", "/retentionUntil", "2026-11-21")) == []
    document = {"type": "380", "commitment": DIGEST, "issueDate": "2026-11-23"}
    assert faults(changed("TransferRecord", "/document", document)) == []


def test_dates_are_compared_at_the_ends_of_the_calendar_too():
    for time in ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        document = changed("TransferRecord", "/retentionUntil", time[:10])
        document["validFrom"] = time
        document["credentialSubject"]["document"] = {
            "type": "380",
            "commitment": DIGEST,
            "issueDate": time[:10],
        }
        assert faults(document) == []
