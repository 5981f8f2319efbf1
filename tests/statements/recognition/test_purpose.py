"""What a transfer asks of the certificate it names, and whether a scope covers it."""

import copy
from typing import Any

import pytest

from ledger.statements import catalogue
from ledger.statements.party import party_of
from ledger.statements.premises.purpose import Purpose, outside, purpose_of
from ledger.statements.transfer import TransferRecord
from tests.statements.recognition.world import OTHER_SCENARIO, SCENARIO, SCOPE, domestic, mutual

OF_DOCUMENTS = SCOPE._replace(document_types=frozenset({"einvoice/UBL-2.1"}))


def record(**members: Any) -> TransferRecord:
    subject = copy.deepcopy(catalogue.example("TransferRecord"))["credentialSubject"] | members
    subject = {name: value for name, value in subject.items() if value is not None}
    return TransferRecord(
        exporter=party_of(subject["exporter"]),
        importer=party_of(subject["importer"]),
        flow="outbound",
        reference=None,
        supersedes=None,
        parents=(),
        decision=None,
        certificate=None,
        onward_allowed=None,
        subject=subject,
    )


def line(category: str, scenario: str = "veh.after-sales", **persons: int) -> dict[str, Any]:
    made: dict[str, Any] = {"category": category, "scenario": {"scheme": SCENARIO[0], "code": scenario}}
    return made | ({"persons": persons} if persons else {})


def test_a_transfer_asks_for_what_its_lines_say() -> None:
    lines = [
        line("nonPersonal"),
        line("personal", "corp.group-mgmt", count=500, ytdCount=700),
        line("sensitivePersonal", count=300, sensitiveCount=40, ytdSensitiveCount=90),
    ]
    purpose = purpose_of(record(lines=lines, document=None))
    assert purpose.scenarios == {SCENARIO, OTHER_SCENARIO}
    assert purpose.data_categories == {"nonPersonal", "personal", "sensitivePersonal"}
    assert (purpose.destination, purpose.persons, purpose.sensitive_persons) == ("XB", 800, 90)
    assert (purpose.document_type, purpose.standard, purpose.level, purpose.family) == (
        None,
        None,
        None,
        None,
    )
    assert purpose.parties == {("did:web:exporter.example.xa", "XA"), ("did:web:importer.example.xb", "XB")}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "380", "format": "UBL-2.1"}, "einvoice/UBL-2.1"),
        ({"type": "381", "format": "CII-D16B"}, "einvoice/CII-D16B"),
        ({"type": "705", "format": "DCSA-eBL-3.0"}, "ebl/DCSA-eBL-3.0"),
        ({"type": "271"}, "type271/other"),
    ],
)
def test_a_transfer_of_a_document_asks_for_its_kind(document: dict[str, str], kind: str) -> None:
    purpose = purpose_of(record(lines=None, document=document))
    assert (purpose.document_type, purpose.persons, purpose.scenarios) == (kind, None, frozenset())


def test_nothing_asked_lies_within_everything() -> None:
    assert outside(Purpose(), SCOPE, "product") is None


@pytest.mark.parametrize(
    ("purpose", "family", "inside"),
    [
        (Purpose(document_type="einvoice/UBL-2.1"), "document", True),
        (Purpose(document_type="einvoice/CII-D16B"), "document", False),
        (Purpose(document_type="ebl/other"), "product", False),
        (Purpose(document_type="ebl/other", scenarios=frozenset({SCENARIO})), "product", True),
        (Purpose(document_type="ebl/other", scenarios=frozenset({SCENARIO})), "document", False),
        (Purpose(persons=100_000), "product", True),
        (Purpose(persons=100_001), "product", False),
        (Purpose(sensitive_persons=100_001), "product", False),
        (Purpose(destination="XB"), "product", True),
        (Purpose(destination="XA"), "product", False),
    ],
)
def test_a_use_is_asked_member_by_member(purpose: Purpose, family: str, inside: bool) -> None:
    assert (outside(purpose, OF_DOCUMENTS, family) is None) == inside


def test_a_smaller_limit_on_sensitive_data_is_kept() -> None:
    scope = SCOPE._replace(sensitive_persons=10)
    assert outside(Purpose(persons=100, sensitive_persons=10), scope, "product") is None
    found = outside(Purpose(persons=100, sensitive_persons=11), scope, "product")
    assert found == "11 persons with sensitive data are more than the 10 that are covered"


def test_a_scope_without_limits_covers_any_number() -> None:
    assert (
        outside(Purpose(persons=10**9, sensitive_persons=10**9), SCOPE._replace(persons=None), "product")
        is None
    )


def test_what_was_not_asked_is_told_as_not_checked() -> None:
    use = Purpose(scenarios=frozenset({SCENARIO}))
    assert "whether the number of persons stays within the limit" in mutual().ask(purpose=use).not_checked
    assert "whether a use lies within its scope" in mutual().ask(purpose=None).not_checked
    assert "whether another jurisdiction recognises it" in domestic().ask(into=None).not_checked
