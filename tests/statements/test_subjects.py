import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.suites import EDDSA, PrivateKey, encode_multikey
from ledger.errors import MalformedError
from ledger.statements import acknowledgement, catalogue, certificate, enrolment, revocation, transfer
from ledger.statements.party import Party
from ledger.statements.shape import StatementInvalidError
from tests.statements.subjects import DIGEST, changed, faults, statement

VECTORS = Path(__file__).parents[1] / "vectors" / "statements"
VALID = ["enrolment", "key-revocation", "transfer-acknowledgement", "transfer-record", "transfer-record-p256"]
OTHER_KEY = encode_multikey(PrivateKey(EDDSA, bytes(range(32))).public)


@pytest.mark.parametrize("name", VALID)
def test_a_vector_statement_is_in_order_and_read(name: str):
    document = json.loads((VECTORS / f"{name}.json").read_text())
    assert catalogue.check(document) == []
    assert catalogue.read(statement(document)) is not None


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_an_example_is_in_order_and_read(name: str):
    document = catalogue.example(name)
    assert catalogue.check(document) == []
    assert catalogue.read(statement(document)) is not None


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_an_example_is_a_fresh_copy(name: str):
    before = copy.deepcopy(catalogue.example(name))
    catalogue.example(name)["credentialSubject"].clear()
    assert catalogue.example(name) == before


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_each_required_member_is_missed_and_an_unknown_one_refused(name: str):
    document = catalogue.example(name)
    for member in catalogue.TYPES[name].kind.shape.required:
        assert (f"/{member}", "member-missing") in faults(changed(name, f"/{member}", ...))
    document["credentialSubject"]["surprise"] = 1
    assert faults(document) == [("/surprise", "member-unknown")]


KEY = {
    "id": "#2027",
    "publicKeyMultibase": OTHER_KEY,
    "from": "2026-11-22T04:00:00Z",
    "until": "2027-11-22T04:00:00Z",
}
ENROLMENT_FAULTS = [
    ("/roles", [], "/roles", "wrong-length"),
    ("/roles", ["registrar"], "/roles/0", "not-in-list"),
    ("/roles", ["exporter", "exporter"], "/roles/1", "duplicate"),
    ("/keys", [], "/keys", "wrong-length"),
    ("/keys/0/id", "2026", "/keys/0/id", "wrong-form"),
    ("/keys/0/id", "#", "/keys/0/id", "wrong-form"),
    ("/keys/0/until", "2026-11-22T04:00:00Z", "/keys/0/until", "time-order"),
    ("/keys/0/from", "2026-11-22T03:58:03Z", "/keys/0/from", "back-dated"),
    ("/keys/0/publicKeyMultibase", "z6Mk", "/keys/0/publicKeyMultibase", "multikey-malformed"),
    ("/keys/0/use", "sign", "/keys/0/use", "member-unknown"),
    ("/keys/1", {**KEY, "id": "#2026"}, "/keys/1/id", "duplicate"),
    ("/identifiers/0/id", "TEST000C76DC31B8590", "/identifiers/0/id", "wrong-form"),
    ("/identifiers/0/id", "213800HX6IZM1QNBAJ34", "/identifiers/0/id", "check-digit"),
    ("/identifiers/1", {"scheme": "LEI", "id": "TEST000C76DC31B85900"}, "/identifiers/1", "duplicate"),
    (
        "/identifiers/1",
        {"scheme": "DID", "id": "did:web:exporter.example.xa"},
        "/identifiers/1/scheme",
        "not-in-list",
    ),
    ("/jurisdiction", "DE", "/identifiers/0/id", "test-identifier"),
    ("/party", "exporter.example.xa", "/party", "wrong-form"),
]


@pytest.mark.parametrize(("pointer", "value", "at", "code"), ENROLMENT_FAULTS)
def test_a_faulty_enrolment_is_refused(pointer: str, value: Any, at: str, code: str):
    assert faults(changed("Enrolment", pointer, value)) == [(at, code)]


def test_one_key_under_two_ids_is_refused():
    same = catalogue.example("Enrolment")["credentialSubject"]["keys"][0]["publicKeyMultibase"]
    document = changed("Enrolment", "/keys/1", {**KEY, "publicKeyMultibase": same})
    assert faults(document) == [("/keys/1/publicKeyMultibase", "duplicate")]


def test_identifiers_may_be_empty_and_a_key_may_start_300_seconds_before():
    assert faults(changed("Enrolment", "/identifiers", [])) == []
    assert faults(changed("Enrolment", "/keys/0/from", "2026-11-22T03:58:04Z")) == []
    assert faults(changed("Enrolment", "/keys/1", KEY)) == []


def test_an_enrolment_knows_its_keys_and_its_party():
    read = enrolment.read(statement(catalogue.example("Enrolment")))
    assert read.key("#2026").valid_until - read.key("#2026").valid_from == 365 * 86_400
    assert read.key("#2027") is None
    party = Party("did:web:exporter.example.xa", "LEI", "TEST000C76DC31B85900", "XA")
    assert read.identifies(party)
    assert read.identifies(Party(party.did, "DID", party.did, "XA"))
    assert not read.identifies(Party(party.did, "LEI", party.id, "XB"))
    assert not read.identifies(Party(party.did, "LEI", "TEST00EE3E62B8A0AA00", "XA"))
    assert not read.identifies(Party("did:web:other.example.xa", "LEI", party.id, "XA"))


def test_every_key_of_the_vectors_that_no_registrar_may_enrol_is_named():
    refused = json.loads((VECTORS.parent / "keys.json").read_text())["refusedAtEnrolment"]
    assert refused
    for entry in refused:
        text = entry["multikey"] if isinstance(entry, dict) else entry
        document = changed("Enrolment", "/keys/0/publicKeyMultibase", text)
        if not catalogue.check(document):
            read = enrolment.read(statement(document))
            assert [p.pointer for p in enrolment.key_problems(read)] == [
                "/credentialSubject/keys/0/publicKeyMultibase"
            ]


def test_the_keys_of_the_example_may_be_enrolled():
    assert enrolment.key_problems(enrolment.read(statement(catalogue.example("Enrolment")))) == []


def test_a_key_cannot_revoke_itself():
    document = {**catalogue.example("KeyRevocation"), "issuer": "did:web:exporter.example.xa"}
    assert revocation.read(statement(document, method="did:web:exporter.example.xa#p256")).key == "#2026"
    with pytest.raises(StatementInvalidError) as refused:
        revocation.read(statement(document, method="did:web:exporter.example.xa#2026"))
    assert [p.code for p in refused.value.problems] == ["signed-by-revoked-key"]


@pytest.mark.parametrize(
    ("name", "pointer", "value", "at", "code"),
    [
        ("KeyRevocation", "/reason", "because", "/reason", "not-in-list"),
        ("KeyRevocation", "/at", "yesterday", "/at", "wrong-form"),
        ("TransferAcknowledgement", "/outcome", "maybe", "/outcome", "not-in-list"),
        ("TransferAcknowledgement", "/record", "00", "/record", "wrong-form"),
        ("TransferAcknowledgement", "/at", "2026-11-22T04:08:05Z", "/at", "time-order"),
    ],
)
def test_a_faulty_revocation_or_acknowledgement_is_refused(
    name: str, pointer: str, value: Any, at: str, code: str
):
    assert faults(changed(name, pointer, value)) == [(at, code)]


def test_an_acknowledgement_answers_the_record_that_names_its_issuer():
    record = transfer.read(statement(catalogue.example("TransferRecord")))
    document = catalogue.example("TransferAcknowledgement")
    assert acknowledgement.answers(statement(document), record)
    assert acknowledgement.read(statement(document)).receives
    assert not acknowledgement.answers(statement({**document, "issuer": "did:web:other.example.xb"}), record)


CERTIFICATE_FAULTS = [
    ("/body/did", "did:web:other.example.xa", "/body/did", "issuer-mismatch"),
    ("/assessorLevel", "ThirdParty", "/assessorLevel", "not-in-list"),
    ("/assessmentLevel", "None", "/assessmentLevel", "not-in-list"),
    ("/attestationType", "Certification", "/attestationType", "not-in-list"),
    ("/validUntil", "2026-11-22T00:00:00Z", "/validUntil", "time-order"),
    ("/scope/destinations", [], "/scope/destinations", "wrong-length"),
    ("/scope/limits/sensitivePersons", 100001, "/scope/limits/sensitivePersons", "counts-conflict"),
    ("/scope/activities/1", " x", "/scope/activities/1", "wrong-form"),
    ("/scope/activities/1", "a\u202eb", "/scope/activities/1", "wrong-form"),
    ("/scheme/family", "magic", "/scheme/family", "not-in-list"),
    ("/scheme/id", "no uri", "/scheme/id", "wrong-form"),
    ("/certificateNumber", "", "/certificateNumber", "wrong-form"),
    ("/holder/id", "TEST", "/holder/id", "wrong-form"),
    (
        "/statusReference",
        {"statusListCredential": "urn:x:y", "statusListIndex": -1},
        "/statusReference/statusListIndex",
        "out-of-range",
    ),
]


@pytest.mark.parametrize(("pointer", "value", "at", "code"), CERTIFICATE_FAULTS)
def test_a_faulty_certificate_is_refused(pointer: str, value: Any, at: str, code: str):
    assert faults(changed("ConformityCertificate", pointer, value)) == [(at, code)]


def test_a_certificate_speaks_other_scripts():
    assert faults(changed("ConformityCertificate", "/scope/activities/1", "\u552e\u540e\u670d\u52a1")) == []
    assert certificate.read(statement(catalogue.example("ConformityCertificate"))).number == "PIP-2026-0042"


def test_a_statement_of_another_or_of_no_type_is_refused():
    with pytest.raises(MalformedError) as refused:
        transfer.read(statement(catalogue.example("Enrolment")))
    assert refused.value.code == "statement-type"
    document = {**catalogue.example("Enrolment"), "type": ["VerifiableCredential", "Wish"]}
    assert [p.code for p in catalogue.check(document)] == ["statement-type"]
    for call in (catalogue.json_schema, catalogue.example):
        with pytest.raises(MalformedError) as refused:
            call("Wish")
        assert refused.value.code == "statement-type"


@pytest.mark.parametrize(
    "document", [None, 1, [], {}, {"type": 1}, {"type": [1, {}]}, {"type": ["TransferRecord"]}]
)
def test_what_is_no_statement_is_answered(document: Any):
    assert catalogue.check(document)


def test_the_commitments_of_a_document_are_found_by_name():
    document = changed(
        "TransferRecord", "/document", {"type": "380", "commitment": DIGEST, "number": {"commitment": DIGEST}}
    )
    document["credentialSubject"]["lines"][1]["volume"] = {"commitment": DIGEST}
    assert catalogue.commitments(document) == {
        "document": "/credentialSubject/document/commitment",
        "document.number": "/credentialSubject/document/number/commitment",
        "lines.1.volume": "/credentialSubject/lines/1/volume/commitment",
        "payload": "/credentialSubject/payload/commitment",
        "volume": "/credentialSubject/volume/commitment",
    }


def test_who_verifies_need_not_screen_what_a_node_registered():
    document = changed("TransferRecord", "/reference", "13800138000")
    with pytest.raises(StatementInvalidError) as refused:
        transfer.read(statement(document))
    assert [p.code for p in refused.value.problems] == ["personal-data"]
    assert transfer.read(statement(document), screened=False).reference == "13800138000"
    document["credentialSubject"]["flow"] = "sideways"
    with pytest.raises(StatementInvalidError) as refused:
        catalogue.read(statement(document), screened=False)
    assert [p.code for p in refused.value.problems] == ["not-in-list"]


def test_a_rule_is_asked_of_what_looks_like_personal_data_as_of_anything_else():
    document = changed("TransferRecord", "/lines/0/scenario/code", "13800138000")
    with pytest.raises(StatementInvalidError) as refused:
        catalogue.read(statement(document), screened=False)
    found = [(p.pointer, p.code) for p in refused.value.problems]
    assert found == [("/credentialSubject/lines/0/scenario/code", "not-in-list")]


def test_an_entry_that_names_its_issuer_no_registrar_is_refused_whatever_its_reasons_look_like():
    document = changed(
        "JurisdictionEntry",
        "/authorities/0/keys/0/revoked",
        {"at": "2026-11-22T00:00:00Z", "reason": "call 13800138000"},
    )
    assert catalogue.read(statement(document), screened=False)
    document["issuer"] = "did:web:somebody.example.xa"
    with pytest.raises(StatementInvalidError) as refused:
        catalogue.read(statement(document), screened=False)
    assert [p.code for p in refused.value.problems] == ["issuer-mismatch"]


def test_the_clocks_of_two_honest_parties_may_differ_by_300_seconds():
    assert faults(changed("TransferAcknowledgement", "/at", "2026-11-22T04:08:04Z")) == []
