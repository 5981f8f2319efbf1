"""Recognition over HTTP: the same answer as the verifier's, as described, under the list that the node believes."""

import os
import time
from typing import Any

import pytest

from api.schemas import Recognised
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.catalogue import example
from tests.api.served import BUNDLE, DAY, Served, holder

BODY = "did:web:recogniser.example.xa"


@pytest.fixture(scope="module")
def body(served: Served) -> HolderKey:
    key = holder(BODY)
    served.enrol(key, "body")
    return key


def certified(served: Served, key: HolderKey) -> Statement:
    now = int(time.time())
    subject = {
        **example("ConformityCertificate")["credentialSubject"],
        "certificateNumber": f"R-{os.urandom(4).hex()}",
        "body": {"did": BODY, "id": BODY, "scheme": "DID", "jurisdiction": "XA"},
        "validFrom": format_time(now - 10),
        "validUntil": format_time(now + 300 * DAY),
    }
    for member in ("accreditation", "statusReference"):
        subject.pop(member, None)
    statement = served.sign("ConformityCertificate", subject, key)
    assert served.post("/v1/statements", statement.encoded).status_code == 201
    return statement


def asked(served: Served, **query: str) -> dict[str, Any]:
    answer = served.get("/v1/recognition", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    Recognised.model_validate(told)
    return told


def test_what_the_evidence_lacks_is_named_premise_by_premise(served: Served, body: HolderKey) -> None:
    certificate = certified(served, body)
    told = asked(served, certificate=certificate.digest.hex(), into="XB")
    assert (told["verdict"], told["into"], told["exitStatus"]) == ("UNKNOWN", "XB", 1)
    premises = {one["code"]: one["outcome"] for one in told["recognition"]["at"]["premises"]}
    assert premises["IN_DATES"] == "passed"
    assert premises["AUTHORITY_UNKNOWN"] == "absent"
    assert [one["step"] for one in told["steps"]] == list(range(1, 12))
    assert told["trust"]["listHash"] == served.node.believed().list_hash.hex()
    assert told["statusNow"] == "not checked"
    assert "whether a use lies within its scope" in told["notChecked"]


def test_at_a_time_before_it_was_valid_it_is_not_recognised(served: Served, body: HolderKey) -> None:
    certificate = certified(served, body)
    told = asked(
        served, certificate=certificate.digest.hex(), into="XB", at=format_time(int(time.time()) - DAY)
    )
    assert told["verdict"] == "NOT_VALID_THEN"
    assert told["recognition"]["at"]["premises"][0]["code"] == "NOT_YET_VALID"


def test_without_anything_it_rests_on_there_is_nothing_to_judge(served: Served, body: HolderKey) -> None:
    told = asked(served, certificate=certified(served, body).digest.hex())
    assert (told["verdict"], told["recognition"]) == ("UNKNOWN", None)
    assert told["steps"][9]["code"] == "recognition-not-carried"


def test_the_use_is_that_of_a_transfer_that_the_node_holds(served: Served, body: HolderKey) -> None:
    certificate = certified(served, body)
    named = {"type": "certification", "certificate": certificate.digest.hex()}
    record = served.record("used", mechanism=named, legalBasis=["dpv:ContractPerformance"])
    assert served.post("/v1/transfers", record.encoded).status_code == 201
    told = asked(served, certificate=certificate.digest.hex(), into="XB", **{"for": record.digest.hex()})
    assert told["recognition"]["at"]["moment"] == format_time(record.created)
    assert "whether the activity is one of those certified" in told["notChecked"]
    other = certified(served, body)
    refused = served.get(
        "/v1/recognition", params={"certificate": other.digest.hex(), "for": record.digest.hex()}
    )
    assert refused.json()["type"] == "/problems/transfer-of-another-certificate"


def test_what_is_not_held_is_not_found(served: Served) -> None:
    answer = served.get("/v1/recognition", params={"certificate": "ab" * 32, "into": "XB"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"certificate": "ab"},
        {"certificate": "ab" * 32, "into": "xb"},
        {"certificate": "ab" * 32, "when": "now"},
    ],
)
def test_a_question_that_is_not_one_is_refused(served: Served, query: dict[str, str]) -> None:
    answer = served.get("/v1/recognition", params=query)
    assert answer.json()["type"] == "/problems/query-invalid", answer.text


def test_a_bundle_is_verified_for_a_country_and_a_use(served: Served, body: HolderKey) -> None:
    certificate = certified(served, body)
    record = served.record("for-a-bundle")
    served.post("/v1/transfers", record.encoded)
    bundle = served.get(f"/v1/statements/{certificate.digest.hex()}/bundle?allowUnanchored=true").content
    url = f"/v1/verify?into=XB&for={record.digest.hex()}&require=10"
    report = served.post(url, bundle, BUNDLE).json()["report"]
    assert report["recognition"]["into"] == "XB"
    assert report["at"] == format_time(record.created)
    answer = served.post(f"/v1/verify?for={'ab' * 32}", bundle, BUNDLE)
    assert answer.json()["type"] == "/problems/not-found"
