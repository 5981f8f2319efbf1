import json
import runpy
from pathlib import Path

import pytest

from ledger.statements import catalogue, codes, template

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "ledger" / "rules").glob("*.json"))
TEMPLATES = sorted((ROOT / "ledger" / "statements" / "templates").glob("*.json"))


def test_the_module_is_what_the_lists_generate():
    generate = runpy.run_path(str(ROOT / "scripts" / "generate_codes.py"))["generate"]
    assert (ROOT / "ledger" / "statements" / "codes.py").read_text(encoding="utf-8") == generate() + "\n"


def test_the_example_files_are_what_the_catalogue_generates():
    generate = runpy.run_path(str(ROOT / "scripts" / "generate_examples.py"))["generate"]
    for name, text in generate().items():
        assert (ROOT / "examples" / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_list_names_its_source_date_and_licence(path: Path):
    rule = json.loads(path.read_text(encoding="utf-8"))
    assert {"source", "date", "licence", "codes"} <= rule.keys()
    assert rule["codes"]
    assert len(set(rule["codes"])) == len(rule["codes"])
    if any(code.startswith("dpv:") for code in rule["codes"]):
        assert "W3C" in rule["licence"]
        assert "NOTICE" in rule["notice"]


def test_no_state_has_a_test_country():
    assert len(codes.COUNTRIES) == 249
    assert len(codes.TEST_COUNTRIES) == 26
    assert not codes.COUNTRIES & codes.TEST_COUNTRIES


def test_the_kinds_of_data_are_apart():
    assert codes.DATA_TYPES_SENSITIVE < codes.DATA_TYPES_PERSONAL < codes.DATA_TYPES
    assert not codes.DATA_TYPES_PERSONAL & codes.DATA_TYPES_NON_PERSONAL
    assert "registrar" not in codes.ROLES


def test_there_are_templates():
    assert len(TEMPLATES) >= 5


NOW = {"statement_id": "urn:uuid:0198f3c2-0000-7000-8000-000000000001", "valid_from": "2026-11-22T04:03:04Z"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_filled_in_is_in_order_and_an_empty_one_asks_for_every_value(path: Path):
    made = json.loads(path.read_text(encoding="utf-8"))
    assert made["name"] == path.stem
    issuer = None if made["type"] in template.SIGNERS else "did:web:authority.example.xb"
    assert catalogue.check(template.draft(made, template.examples(made), issuer=issuer, **NOW)) == []

    asked = catalogue.check(template.draft(made, {}, **NOW))
    assert {problem.code for problem in asked} == {"not-filled-in"}
    assert {problem.pointer for problem in asked} == {
        "/issuer",
        *(f"/credentialSubject{pointer}" for pointer in made["fill"]),
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_value_left_out_of_a_template_is_asked_for(path: Path):
    made = json.loads(path.read_text(encoding="utf-8"))
    for pointer in made["fill"]:
        values = template.examples(made)
        del values[pointer]
        found = catalogue.check(template.draft(made, values, **NOW))
        assert f"/credentialSubject{pointer}" in {problem.pointer for problem in found}


def test_who_signs_may_be_said_where_the_subject_does_not():
    made = next(made for path in TEMPLATES if (made := json.loads(path.read_text()))["name"] == "recognition")
    assert template.draft(made, template.examples(made), **NOW)["issuer"] == "<DID of who signs>"
    named = template.draft(made, {}, issuer="did:web:authority.example.xb", **NOW)
    assert named["issuer"] == "did:web:authority.example.xb"


def test_a_value_that_a_template_does_not_ask_for_is_refused():
    made = json.loads(TEMPLATES[0].read_text(encoding="utf-8"))
    with pytest.raises(catalogue.MalformedError) as refused:
        template.draft(made, {"/flow": "inbound"}, **NOW)
    assert refused.value.code == "template-field"


SPEC = ROOT / "docs" / "spec"
PAGES = {
    "Enrolment": "enrolment.md",
    "KeyRevocation": "enrolment.md",
    "TransferRecord": "transfer-record.md",
    "TransferAcknowledgement": "transfer-acknowledgement.md",
    "ConformityCertificate": "conformity-certificate.md",
    "Accreditation": "accreditation.md",
    "RecognitionArrangement": "recognition-arrangement.md",
    "Endorsement": "endorsement.md",
    "Recognition": "recognition-grant.md",
    "StatusChange": "status-change.md",
    "StatusList": "status-list.md",
    "IdentityRecognition": "identity-recognition.md",
    "JurisdictionEntry": "jurisdiction-entry.md",
    "LogSuccession": "log-succession.md",
    "PolicyMeasure": "policy-measure.md",
    "Decision": "decision.md",
    "DatasetRegistration": "dataset-registration.md",
    "MeasureReview": "measure-review.md",
    "Observation": "observation.md",
}


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_the_page_of_a_type_shows_its_example_and_names_every_member(name: str):
    page = (SPEC / PAGES[name]).read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in page.split("```json\n")[1:]]
    shown = [json.loads(block) for block in blocks if "…" not in block]
    assert catalogue.example(name)["credentialSubject"] in shown
    for member in catalogue.TYPES[name].kind.shape.members:
        assert f"`{member}`" in page, f"{PAGES[name]} does not name {member}"
