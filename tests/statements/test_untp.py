import copy
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError, MalformedError
from ledger.statements import catalogue
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.untp import certificate_subject, identity_credential
from tests.campaign import count
from tests.outside import outside

EXAMPLE = catalogue.example("ConformityCertificate")
GIVEN: dict[str, Any] = {
    "body": EXAMPLE["credentialSubject"]["body"],
    "holder": EXAMPLE["credentialSubject"]["holder"],
    "family": "product",
    "scenarios": [{"scheme": OWN_SCHEME, "code": "other"}],
    "destinations": ["XB"],
}
CREDENTIAL: dict[str, Any] = {
    "id": "https://body.example.xa/credentials/C-17",
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2029-01-01T00:00:00Z",
    "credentialSubject": {
        "name": "Assessment of\n wheel bearings",
        "assessorLevel": "3rdParty",
        "assessmentLevel": "Accredited",
        "attestationType": "certification",
        "scope": {"id": "https://scheme.example.xa/bearings", "name": "Bearings", "version": "1.0.0"},
        "assessment": [
            {"referenceStandard": {"name": "Standard 7"}, "assessedProduct": [{"product": {"name": "P7"}}]}
        ],
    },
}


def checked(credential: Any) -> list[Any]:
    return catalogue.check({**EXAMPLE, "credentialSubject": certificate_subject(credential, **GIVEN)})


def test_the_words_of_a_credential_become_those_of_a_certificate():
    subject = certificate_subject(CREDENTIAL, **GIVEN)
    assert checked(CREDENTIAL) == []
    assert subject["certificateNumber"] == "C-17"
    assert subject["scheme"]["standards"] == ["Standard 7"]
    assert subject["scope"]["activities"] == ["Assessment of wheel bearings", "P7"]


def test_the_example_of_the_protocol_becomes_a_certificate_in_order():
    credential = json.loads((outside("domain") / "untp" / "untp-dcc-instance.json").read_bytes())
    assert checked(credential) == []


@pytest.mark.parametrize(
    "pointer",
    [
        "/id",
        "/validFrom",
        "/validUntil",
        "/credentialSubject",
        "/credentialSubject/scope",
        "/credentialSubject/scope/id",
    ],
)
def test_what_is_missing_is_named(pointer: str):
    credential = copy.deepcopy(CREDENTIAL)
    *path, last = pointer.split("/")[1:]
    place = credential
    for token in path:
        place = place[token]
    del place[last]
    with pytest.raises(MalformedError) as refused:
        certificate_subject(credential, **GIVEN)
    assert (refused.value.code, refused.value.pointer) == ("untp-malformed", pointer)


def test_what_an_earlier_version_lacks_is_added_and_nothing_replaced():
    credential = copy.deepcopy(CREDENTIAL)
    del credential["credentialSubject"]["assessorLevel"]
    credential["validUntil"] = "2029-01-01T00:00:00"  # in which zone it does not say
    lacking = {
        "/credentialSubject/assessorLevel": "2ndParty",
        "/validUntil": "2028-12-31T23:00:00Z",
        "/validFrom": "2020-01-01T00:00:00Z",
        "/id": "urn:another",
    }
    with pytest.raises(MalformedError) as refused:
        certificate_subject(credential, **GIVEN)
    assert refused.value.pointer == "/credentialSubject/assessorLevel"
    subject = certificate_subject(credential, **GIVEN, lacking=lacking)
    assert (subject["assessorLevel"], subject["validUntil"]) == ("2ndParty", "2028-12-31T23:00:00Z")
    assert (subject["validFrom"], subject["certificateNumber"]) == ("2026-01-01T00:00:00Z", "C-17")


def test_the_words_of_earlier_versions_are_read_too():
    credential = copy.deepcopy(CREDENTIAL)
    attestation = credential["credentialSubject"]
    attestation["description"] = attestation.pop("name")
    attestation["assessments"] = [{"referenceRegulation": {"name": "Regulation 7"}}]
    del attestation["assessment"]
    subject = certificate_subject(credential, **GIVEN)
    assert subject["scheme"]["standards"] == ["Regulation 7"]
    assert subject["scope"]["activities"] == ["Assessment of wheel bearings"]


ANCHOR: dict[str, Any] = {
    "type": ["DigitalIdentityAnchor", "VerifiableCredential"],
    "issuer": {"id": "did:web:register.example.xa"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2029-01-01T00:00:00Z",
}


def test_an_identity_anchor_gives_its_issuer_dates_and_the_digest_of_its_bytes():
    data = json.dumps(ANCHOR, indent=1).encode()
    assert identity_credential(data) == {
        "type": "untpDigitalIdentityAnchor",
        "issuer": "did:web:register.example.xa",
        "digest": sha256(data).hexdigest(),
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2029-01-01T00:00:00Z",
    }
    plain = json.dumps({**ANCHOR, "issuer": "did:web:other.example.xa"}).encode()
    assert identity_credential(plain)["issuer"] == "did:web:other.example.xa"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"type": ["DigitalConformityCredential"]}, "/type"),
        ({"issuer": {}}, "/issuer/id"),
        ({"validFrom": "01/02/2026"}, "/validFrom"),
        ({"validUntil": None}, "/validUntil"),
    ],
)
def test_what_an_anchor_lacks_is_named(changes: dict[str, Any], pointer: str):
    with pytest.raises(MalformedError) as refused:
        identity_credential(json.dumps({**ANCHOR, **changes}).encode())
    assert (refused.value.code, refused.value.pointer) == ("untp-malformed", pointer)


@settings(max_examples=count(200))
@given(st.binary(max_size=40) | st.sampled_from([b"[]", b"1", b"null", b'{"type":1}', b"\xff", b"[" * 2000]))
def test_no_file_gives_another_error(data: bytes):
    with pytest.raises(MalformedError):
        identity_credential(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "product", "scope"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=count(200))
@given(st.sampled_from(["name", "assessment", "scope", "assessorLevel"]), JSON)
def test_no_credential_gives_another_error(member: str, value: Any):
    credential = copy.deepcopy(CREDENTIAL)
    credential["credentialSubject"][member] = value
    try:
        certificate_subject(credential, **GIVEN)
        certificate_subject(
            {**CREDENTIAL, "credentialSubject": {**CREDENTIAL["credentialSubject"], "assessment": [value]}},
            **GIVEN,
        )
        certificate_subject(
            {
                **CREDENTIAL,
                "credentialSubject": {
                    **CREDENTIAL["credentialSubject"],
                    "assessment": [{"assessedProduct": value, "referenceStandard": value}],
                },
            },
            **GIVEN,
        )
    except LedgerError:
        pass
