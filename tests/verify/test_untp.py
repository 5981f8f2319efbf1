"""Credentials of the UN Transparency Protocol as files beside statements: committed to, certified, recognised."""

import json
from hashlib import sha256
from typing import Any

import pytest

from ledger.core.commitment import Opening, Openings, commitment
from ledger.statements.catalogue import check, example
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.untp import certificate_subject, identity_credential
from ledger.verify.content import Content
from ledger.verify.report import Report
from tests.outside import outside
from tests.simulator import START, statement_id
from tests.verify.mutual import Mutual, identified, recognised

SALT = bytes(range(32))
POINTER = "/credentialSubject/conformityCertificate/commitment"
DATES = {"/validFrom": "2024-03-15T12:00:00Z", "/validUntil": "2034-03-15T12:00:00Z"}
"""Of the instances that write them without a zone, or not at all."""
LACKING: dict[str, dict[str, str]] = {
    "untp-dcc-instance": {},
    "untp-digital-conformity-credential-v0.3.10": {**DATES, "/credentialSubject/scope/version": "2.0"},
    "vc-conformity-v0.1.0-au-deforestation": {
        "/id": "https://certifier.example.xa/deforestation/1",
        "/validFrom": "2023-10-23T00:00:00Z",
        "/validUntil": "2028-10-23T00:00:00Z",
        "/credentialSubject/assessorLevel": "3rdParty",
        "/credentialSubject/assessmentLevel": "Accredited",
        "/credentialSubject/attestationType": "certification",
        "/credentialSubject/scope/version": "2023",
    },
    "ConformityAttestation-instance": DATES,
}
"""What earlier versions have no word for, and the body adds."""


def file_of(name: str) -> bytes:
    return (outside("domain") / "untp" / f"{name}.json").read_bytes()


def credential_of(name: str) -> Any:
    """The credential; an attestation that stands alone is put into one."""
    found = json.loads(file_of(name))
    return found if "credentialSubject" in found else {"id": found["id"], "credentialSubject": found}


def certified(name: str) -> Mutual:
    """The credential's words as a certificate that commits to its file, accredited and recognised in XB."""
    parties = example("ConformityCertificate")["credentialSubject"]
    subject = certificate_subject(
        credential_of(name),
        body=parties["body"],
        holder=parties["holder"],
        family="product",
        scenarios=[{"scheme": OWN_SCHEME, "code": "other"}],
        destinations=["XB"],
        lacking=LACKING[name],
    )
    identifier = statement_id(f"certificate {START + 100}")
    committed = commitment(identifier, POINTER, SALT, sha256(file_of(name)).digest())
    subject["conformityCertificate"] = {"commitment": committed.hex(), "mediaType": "application/ld+json"}
    scheme = subject["scheme"]
    accredited = {
        "id": scheme["id"],
        "versions": [scheme["version"]],
        "family": "product",
        "maximumDays": 3660,
    }
    text = example("RecognitionArrangement")["credentialSubject"]
    return recognised(
        certificate=subject,
        accreditation={"schemes": [accredited]},
        arrangement={
            "scope": {**text["scope"], "families": ["product"], "dataCategories": ["nonPersonal"]},
            "equivalences": [
                {"a": standard, "b": "XB-PRODUCT 1", "direction": "aToB"} for standard in scheme["standards"]
            ],
            "designatedBodies": [
                {name: value for name, value in entry.items() if name != "families"}
                for entry in text["designatedBodies"]
            ],
        },
    )


def judged(made: Mutual, file: bytes, salt: bytes = SALT) -> Report:
    opening = Opening(salt=salt, file_sha256=sha256(file).digest())
    openings = Openings(made.said["certificate"][1].id, {POINTER: opening})
    content = Content(files={"conformityCertificate": sha256(file).digest()}, openings=openings)
    return made.report(content=content, require=[2, 10], into="XB")


@pytest.mark.parametrize("name", LACKING)
def test_a_conformity_credential_is_carried_certified_and_recognised(name: str) -> None:
    made = certified(name)
    assert check(made.said["certificate"][1].document) == []
    report = judged(made, file_of(name))
    assert (report.step(2).outcome, report.step(2).code) == ("passed", "content")
    assert (report.step(10).outcome, report.step(10).code) == ("passed", "valid"), report.step(10).detail
    assert (report.verdict, report.status_now) == ("verified", "valid")


@pytest.mark.parametrize("name", LACKING)
def test_another_file_is_not_the_credential_committed_to(name: str) -> None:
    report = judged(certified(name), file_of(name) + b"\n")
    assert (report.verdict, report.step(2).code) == ("not verified", "commitment-mismatch")


def test_another_file_than_the_opening_names_is_named() -> None:
    made, file = certified("untp-dcc-instance"), file_of("untp-dcc-instance")
    opening = Opening(salt=SALT, file_sha256=sha256(file).digest())
    openings = Openings(made.said["certificate"][1].id, {POINTER: opening})
    content = Content(files={"conformityCertificate": sha256(file + b" ").digest()}, openings=openings)
    report = made.report(content=content)
    assert (report.verdict, report.step(2).code) == ("not verified", "content-mismatch")


def anchored() -> Mutual:
    """The identity of the anchor's file, recognised in XB."""
    credential = identity_credential(file_of("untp-dia-instance"))
    return identified(credential=credential)


def test_an_identity_anchor_is_carried_and_its_identity_recognised() -> None:
    made, file = anchored(), file_of("untp-dia-instance")
    stated = made.said["identity"][1].subject["credential"]
    assert isinstance(stated, dict)
    assert stated["type"] == "untpDigitalIdentityAnchor"
    assert stated["digest"] == sha256(file).hexdigest()
    assert stated["issuer"] == json.loads(file)["issuer"]["id"]
    assert check(made.said["identity"][1].document) == []
    content = Content(files={"credential": sha256(file).digest()})
    report = made.report(subject="identity", content=content, require=[2, 10])
    assert (report.step(2).outcome, report.step(10).outcome) == ("passed", "passed"), report.checks
    assert report.verdict == "verified"


@pytest.mark.parametrize("name", ["credential", "/credentialSubject/credential/digest"])
def test_another_file_is_not_the_anchor(name: str) -> None:
    content = Content(files={name: sha256(file_of("untp-dcc-instance")).digest()})
    report = anchored().report(subject="identity", content=content)
    assert (report.verdict, report.step(2).code) == ("not verified", "content-mismatch")


def test_without_the_file_nothing_is_said_of_it() -> None:
    report = anchored().report(subject="identity", require=[2])
    assert (report.verdict, report.step(2).code) == ("not verified", "no-content")
