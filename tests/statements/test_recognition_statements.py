"""The statements of mutual recognition: what is refused of each, one fault a case, and how each is read."""

import copy
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import parse_time
from ledger.statements import (
    accreditation,
    acknowledgement,
    arrangement,
    catalogue,
    certificate,
    endorsement,
    examples_recognition,
    identity,
    jurisdiction,
    recognition_grant,
    status_change,
)
from ledger.statements.catalogue import TYPES
from ledger.statements.designation import Designation
from ledger.statements.scope import scope_of
from ledger.statements.status_reference import StatusReference
from tests.core.vectors import PLACE, load
from tests.statements import test_measure_statements, vectors
from tests.statements.subjects import DIGEST, changed, faults, statement

DATES = [
    ("/validUntil", "2026-11-01T00:00:00Z", "/validUntil", "time-order"),
    ("/validFrom", "2026-11-22", "/validFrom", "wrong-form"),
    ("/statusReference", ..., "/statusReference", "member-missing"),
    ("/statusReference/statusListIndex", 1_048_576, "/statusReference/statusListIndex", "out-of-range"),
    ("/statusReference/statusListCredential", "1", "/statusReference/statusListCredential", "wrong-form"),
    ("/supersedes", "AB" * 32, "/supersedes", "wrong-form"),
]
FAULTS = {
    "Accreditation": [
        *DATES,
        ("/accreditor/did", "did:web:other.example.xa", "/accreditor/did", "issuer-mismatch"),
        ("/number", "-1", "/number", "wrong-form"),
        ("/schemes", [], "/schemes", "wrong-length"),
        ("/schemes/0/versions", ["2.0", "2.0"], "/schemes/0/versions/1", "duplicate"),
        ("/schemes/0/maximumDays", 3661, "/schemes/0/maximumDays", "out-of-range"),
        ("/schemes/0/level", 0, "/schemes/0/level", "out-of-range"),
        ("/schemes/0/family", "document", "/scope/documentTypes", "document-types"),
        ("/scope/documentTypes", ["ebl/DCSA-eBL-3.0"], "/scope/documentTypes", "document-types"),
        ("/scope/dataCategories", [], "/scope/dataCategories", "wrong-length"),
        ("/parent", "none", "/parent", "wrong-form"),
    ],
    "RecognitionArrangement": [
        ("/parties/0/authority", "did:web:other.example.xa", "/parties", "issuer-mismatch"),
        ("/parties/1/jurisdiction", "XA", "/parties/1/jurisdiction", "duplicate"),
        ("/parties/1/until", "2026-11-22T00:00:00Z", "/parties/1/until", "time-order"),
        ("/parties/1/reservations", ["a", "a"], "/parties/1/reservations/1", "duplicate"),
        ("/kind", "mou", "/binding", "kind-not-binding"),
        ("/kind", "initiative", "/binding", "kind-not-binding"),
        ("/kind", "wish", "/kind", "not-in-list"),
        ("/binding", 1, "/binding", "wrong-type"),
        ("/accession", ..., "/accession", "member-missing"),
        ("/scope/families", ["magic"], "/scope/families/0", "not-in-list"),
        ("/scope/documentTypes", ["UBL"], "/scope/documentTypes/0", "wrong-form"),
        ("/scope/sectors", [], "/scope/sectors", "wrong-length"),
        ("/equivalences", [], "/equivalences", "wrong-length"),
        ("/equivalences/0/direction", "bToA", "/equivalences/0/direction", "not-in-list"),
        ("/equivalences/0/minimumLevel", 10, "/equivalences/0/minimumLevel", "out-of-range"),
        ("/designatedBodies/0/until", "2026-11-21T00:00:00Z", "/designatedBodies/0/until", "time-order"),
        ("/designatedBodies/0/families", [], "/designatedBodies/0/families", "wrong-length"),
        ("/accreditors/0/accreditor", "XA", "/accreditors/0/accreditor", "wrong-form"),
        (
            "/accreditors",
            [{"jurisdiction": "XA", "accreditor": "did:web:a"}] * 2,
            "/accreditors/1",
            "duplicate",
        ),
        ("/onward", {"allowed": True}, "/onward/depth", "member-missing"),
        ("/onward", {"allowed": False, "depth": 1}, "/onward/depth", "onward-conflict"),
        ("/onward", {"allowed": True, "depth": 9}, "/onward/depth", "out-of-range"),
        ("/assurance/0/mapped", "highest", "/assurance/0/mapped", "not-in-list"),
        (
            "/assurance/1",
            {"from": "XA", "level": "high", "into": "XB", "mapped": "high"},
            "/assurance/1",
            "duplicate",
        ),
        ("/clauses/0/article", "", "/clauses/0/article", "wrong-form"),
        ("/reviewBy", "2029-02-29", "/reviewBy", "wrong-form"),
    ],
    "Endorsement": [
        ("/role", "witness", "/role", "not-in-list"),
        ("/toward", ["XA"], "/toward", "role-conflict"),
        ("/role", "denunciation", "/designatedBodies", "role-conflict"),
        ("/jurisdiction", "XA", "/designatedBodies/0/jurisdiction", "foreign-designation"),
        (
            "/accreditors",
            [{"jurisdiction": "XA", "accreditor": "did:web:a"}],
            "/accreditors/0/jurisdiction",
            "foreign-designation",
        ),
        ("/from", ..., "/from", "member-missing"),
        ("/statement", "text", "/statement", "wrong-form"),
    ],
    "Recognition": [
        *DATES,
        ("/effect", "whole", "/effect", "not-in-list"),
        ("/conditions", ..., "/conditions", "member-missing"),
        ("/conditions", [], "/conditions", "wrong-length"),
        ("/scope/destinations", ["EU"], "/scope/destinations/0", "not-in-list"),
        ("/scope/limits/sensitivePersons", 50_001, "/scope/limits/sensitivePersons", "counts-conflict"),
        ("/certificate", ..., "/certificate", "member-missing"),
        ("/onward", 1, "/onward", "wrong-type"),
    ],
    "StatusChange": [
        ("/change", "expire", "/change", "not-in-list"),
        ("/reason", "mood", "/reason", "not-in-list"),
        ("/until", ..., "/until", "member-missing"),
        ("/until", "2027-12-01T00:00:00Z", "/until", "time-order"),
        ("/change", "withdraw", "/until", "change-conflict"),
        ("/change", "reinstate", "/until", "change-conflict"),
        ("/scope", examples_recognition.SCOPE, "/scope", "change-conflict"),
    ],
    "IdentityRecognition": [
        *DATES,
        ("/jurisdiction", "XA", "/party/jurisdiction", "same-jurisdiction"),
        ("/credential/validUntil", "2026-06-01T00:00:00Z", "/credential/validUntil", "time-order"),
        ("/credential/type", "passport", "/credential/type", "not-in-list"),
        ("/credential/issuer", "GLEIF", "/credential/issuer", "wrong-form"),
        ("/level", "medium", "/level", "not-in-list"),
        ("/mappedLevel", ..., "/mappedLevel", "member-missing"),
    ],
    "JurisdictionEntry": [
        ("/authorities/1/jurisdiction", "XB", "/authorities/1/jurisdiction", "jurisdiction-mismatch"),
        ("/authorities/0/roles", ["authority"], "/authorities", "issuer-mismatch"),
        ("/authorities", [], "/authorities", "issuer-mismatch"),
        (
            "/authorities/0/keys/0/until",
            "2026-10-23T00:00:00Z",
            "/authorities/0/keys/0/until",
            "member-value",
        ),
        ("/authorities/0/name", "Registrar", "/authorities/0/name", "member-unknown"),
        ("/authorities/0", 7, "/authorities/0", "member-value"),
        ("/logs/0/origin", "registry.example.xa/XB/2026", "/logs/0/jurisdiction", "member-value"),
        ("/logs/0/vkeys/1", ..., "/logs/0/vkeys", "member-value"),
        ("/logs", {}, "/logs", "wrong-type"),
        ("/witnesses/0/vkey", "w", "/witnesses/0/vkey", "vkey-malformed"),
        ("/chains/0/chain", "31001", "/chains/0/chain", "member-value"),
        ("/node", "registry", "/node", "wrong-form"),
        ("/chains", ..., "/chains", "member-missing"),
    ],
    "ConformityCertificate": [
        ("/scheme/level", 10, "/scheme/level", "out-of-range"),
        ("/scheme/family", "document", "/scope/documentTypes", "document-types"),
        ("/scope/documentTypes", ["einvoice/UBL-2.1"], "/scope/documentTypes", "document-types"),
        ("/statusReference/statusListIndex", 1_048_576, "/statusReference/statusListIndex", "out-of-range"),
        ("/accreditation/statement", ..., "/accreditation/statement", "member-missing"),
    ],
    "TransferAcknowledgement": [("/receivedPayload", "yes", "/receivedPayload", "wrong-form")],
}
CASES = [(name, *fault) for name, faulty in FAULTS.items() for fault in faulty]


@pytest.mark.parametrize(("name", "pointer", "value", "at", "code"), CASES)
def test_a_faulty_statement_is_refused(name: str, pointer: str, value: Any, at: str, code: str):
    assert faults(changed(name, pointer, copy.deepcopy(value))) == [(at, code)]


def test_every_type_of_mutual_recognition_has_faults():
    elsewhere = {"StatusList", "LogSuccession", "TransferRecord", *test_measure_statements.FAULTS}
    assert set(vectors.NAMES) - elsewhere <= set(FAULTS)


def subject(name: str, **members: Any) -> dict[str, Any]:
    """The example of a type with members of its subject set, or removed by `...`."""
    document = catalogue.example(name)
    made = {**document["credentialSubject"], **members}
    document["credentialSubject"] = {member: value for member, value in made.items() if value is not ...}
    return document


IN_ORDER = [
    subject("Accreditation", parent=DIGEST, supersedes=DIGEST),
    subject("RecognitionArrangement", kind="mou", binding=False),
    subject("RecognitionArrangement", onward={"allowed": True, "depth": 8}, designatedBodies=...),
    subject("Endorsement", role="accession", reservations=["Excludes health data"]),
    subject("Endorsement", role="denunciation", toward=["XA"], designatedBodies=...),
    subject("Endorsement", role="denunciation", designatedBodies=...),
    subject("Recognition", effect="full", conditions=..., scope=...),
    subject("Recognition", effect="partial", conditions=...),
    subject("Recognition", scope=..., onward=DIGEST),
    subject("StatusChange", change="reinstate", reason="resolved", until=...),
    subject("StatusChange", change="withdraw", until=...),
    subject("StatusChange", change="reduceScope", until=..., scope=examples_recognition.SCOPE),
    subject("JurisdictionEntry", node=..., logs=[], chains=[], witnesses=[]),
    subject("ConformityCertificate", accreditation=..., statusReference=...),
    subject("TransferAcknowledgement", receivedPayload=DIGEST),
]


@pytest.mark.parametrize("document", IN_ORDER, ids=lambda document: document["type"][1])
def test_what_the_rules_allow_is_in_order(document: dict[str, Any]):
    assert faults(document) == []
    assert catalogue.read(statement(document)) is not None


@pytest.mark.parametrize("effect", ["full", "partial"])
def test_conditions_come_with_a_conditional_recognition_alone(effect: str):
    made = subject(
        "Recognition", effect=effect, scope=... if effect == "full" else examples_recognition.SCOPE
    )
    assert faults(made) == [("/conditions", "effect-conflict")]


def test_a_full_recognition_has_no_scope_and_a_partial_one_needs_it():
    assert faults(subject("Recognition", effect="full", conditions=...)) == [("/scope", "effect-conflict")]
    partial = subject("Recognition", effect="partial", conditions=..., scope=...)
    assert faults(partial) == [("/scope", "member-missing")]


def test_a_reduction_says_what_is_left():
    made = subject("StatusChange", change="reduceScope", until=...)
    assert faults(made) == [("/scope", "member-missing")]


def test_documents_are_certified_by_kind():
    made = changed("ConformityCertificate", "/scheme/family", "document")
    made["credentialSubject"]["scope"]["documentTypes"] = ["einvoice/UBL-2.1"]
    assert faults(made) == []
    assert certificate.read(statement(made)).scope.document_types == {"einvoice/UBL-2.1"}


def test_a_jurisdiction_speaks_of_itself_alone():
    assert faults(changed("JurisdictionEntry", "/jurisdiction", "XC")) == [
        ("/authorities/0/jurisdiction", "jurisdiction-mismatch"),
        ("/authorities/1/jurisdiction", "jurisdiction-mismatch"),
        ("/logs/0/jurisdiction", "jurisdiction-mismatch"),
    ]


def test_the_reason_of_a_revoked_key_holds_no_personal_data():
    revoked = {"at": "2026-11-22T00:00:00Z", "reason": "call 13800138000"}
    made = changed("JurisdictionEntry", "/authorities/1/keys/0/revoked", revoked)
    assert faults(made) == [("/authorities/1/keys/0/revoked/reason", "personal-data")]
    assert jurisdiction.read(statement(made), screened=False).jurisdiction == "XA"


def test_lists_that_are_none_leave_the_issuer_of_an_entry_unasked():
    # The issuer is looked for among authorities that are known to be in order, and they are read all together.
    made = changed("JurisdictionEntry", "/logs", 1)
    made["credentialSubject"]["authorities"] = [1]
    assert faults(made) == [("/logs", "wrong-type")]


# --- the roles that sign


def test_a_status_is_told_by_whoever_issued():
    assert TYPES["StatusChange"].roles == TYPES["StatusList"].roles == ("body", "accreditor", "authority")


@pytest.mark.parametrize("name", list(TYPES))
def test_a_type_is_found_by_the_name_that_its_module_gives_it(name: str):
    assert TYPES[name].kind.name == name
    assert TYPES[name].roles
    assert TYPES[name] is TYPES[name]


def test_there_is_no_type_of_another_name():
    assert "Wish" not in TYPES
    assert len(TYPES) == len(list(TYPES)) == 19
    with pytest.raises(KeyError):
        TYPES["Wish"]


# --- what is read


def test_an_accreditation_is_read():
    read = accreditation.read(statement(subject("Accreditation", parent=DIGEST)))
    assert (read.number, read.accreditor.did, read.body.did) == (
        "XAC-2026-007",
        "did:web:accreditor.example.xa",
        "did:web:body.example.xa",
    )
    scheme = accreditation.AccreditedScheme(
        examples_recognition.SCHEME, frozenset({"2.0"}), "personalDataProtection", 1096, None
    )
    assert read.schemes == (scheme,)
    assert (read.data_categories, read.document_types) == ({"nonPersonal", "personal"}, frozenset())
    assert read.valid_until == parse_time("2031-11-01T00:00:00Z")
    assert read.status == StatusReference("https://accreditor.example.xa/status/1", 7)
    assert (read.parent, read.supersedes) == (bytes.fromhex(DIGEST), None)


def test_a_certificate_is_read_with_what_recognition_asks_of_it():
    read = certificate.read(statement(catalogue.example("ConformityCertificate")))
    assert (read.standards, read.level) == (("ISO/IEC 27701:2025",), None)
    assert read.status == StatusReference("https://body.example.xa/status/1", 4711)
    accredited = bytes.fromhex(examples_recognition.ACCREDITATION)
    assert read.accreditation == ("did:web:accreditor.example.xa", accredited)
    assert read.scope == scope_of(examples_recognition.SCOPE)
    bare = certificate.read(
        statement(subject("ConformityCertificate", accreditation=..., statusReference=...))
    )
    assert (bare.accreditation, bare.status) == (None, None)
    assert certificate.read(statement(changed("ConformityCertificate", "/scheme/level", 3))).level == 3


def test_an_arrangement_is_read():
    read = arrangement.read(statement(catalogue.example("RecognitionArrangement")))
    begins = parse_time("2026-11-22T00:00:00Z")
    assert read.party("XB") == arrangement.ArrangementParty(
        "XB", "did:web:authority.example.xb", begins, None
    )
    assert read.party("XC") is None
    assert (read.kind, read.binding, read.accession, read.onward_depth) == ("agreement", True, True, 0)
    assert (read.families, read.document_types) == ({"personalDataProtection"}, None)
    assert read.equivalences[0].gaps == ("XB-DP 100 asks for a representative in XB",)
    families = frozenset({"personalDataProtection"})
    assert read.designated == (Designation("XA", "did:web:body.example.xa", begins, None, families),)
    assert [entry.jurisdiction for entry in read.accreditors] == ["XA", "XB"]
    assert read.assurance[0] == arrangement.Assurance("XA", "high", "XB", "substantial")
    deep = arrangement.read(
        statement(subject("RecognitionArrangement", onward={"allowed": True, "depth": 2}))
    )
    assert deep.onward_depth == 2


def test_an_endorsement_is_read():
    read = endorsement.read(statement(catalogue.example("Endorsement")))
    assert (read.statement.hex(), read.role) == (examples_recognition.ARRANGEMENT, "party")
    assert (read.toward, read.accreditors, read.designated[0].families) == (None, (), None)
    left = subject("Endorsement", role="denunciation", toward=["XA"], designatedBodies=...)
    assert endorsement.read(statement(left)).toward == {"XA"}


def test_a_recognition_is_read():
    read = recognition_grant.read(statement(catalogue.example("Recognition")))
    assert read.certificate.hex() == examples_recognition.CERTIFICATE
    assert read.arrangement.hex() == examples_recognition.ARRANGEMENT
    assert (read.effect, read.conditions) == ("conditional", ("The holder names a representative in XB",))
    assert read.scope is not None
    assert read.scope.persons == 50_000
    assert read.onward is None
    whole = recognition_grant.read(
        statement(subject("Recognition", effect="full", conditions=..., scope=...))
    )
    assert (whole.scope, whole.conditions) == (None, ())


def test_a_status_change_is_read():
    read = status_change.read(statement(catalogue.example("StatusChange")))
    assert (read.statement.hex(), read.change) == (examples_recognition.CERTIFICATE, "suspend")
    assert read.until is not None
    assert read.until - read.effective == 180 * 86_400
    made = subject("StatusChange", change="reduceScope", until=..., scope=examples_recognition.SCOPE)
    assert status_change.read(statement(made)).scope == scope_of(examples_recognition.SCOPE)


def test_an_identity_recognition_is_read():
    read = identity.read(statement(catalogue.example("IdentityRecognition")))
    assert (read.party.did, read.jurisdiction) == ("did:web:exporter.example.xa", "XB")
    assert (read.level, read.mapped_level, read.credential.type) == ("high", "substantial", "vlei")
    assert read.credential.valid_until == read.valid_until


def test_an_acknowledgement_may_say_what_was_received():
    plain = acknowledgement.read(statement(catalogue.example("TransferAcknowledgement")))
    assert plain.received_payload is None
    told = acknowledgement.read(statement(subject("TransferAcknowledgement", receivedPayload=DIGEST)))
    assert told.received_payload == bytes.fromhex(DIGEST)


# --- vectors


@pytest.mark.parametrize("file", list(vectors.documents()))
def test_a_vector_is_its_document_signed(file: str):
    document = vectors.documents()[file]
    signed = vectors.signed(document)
    assert (Path(PLACE) / "statements" / f"{file}.json").read_bytes() == signed.encoded
    assert vectors.row(file, signed) in load("statements.json")
    assert catalogue.check(document) == []
    assert catalogue.read(parse_statement(signed.encoded)) is not None


@pytest.mark.parametrize(("name", "digest"), list(vectors.REFERRED.items()))
def test_the_examples_name_one_another_by_the_digests_of_the_vectors(name: str, digest: str):
    assert vectors.signed(catalogue.example(name)).digest.hex() == digest
