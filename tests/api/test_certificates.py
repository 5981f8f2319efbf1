"""Certificates over HTTP: found by number, body, holder and status; lists handed out whole."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.keys.keyfile import HolderKey
from ledger.statements import bitstring
from ledger.statements.catalogue import example
from ledger.statements.status_list import SMALLEST, lists
from ledger.verify.bundle import parse_bundle
from tests.api.served import DAY, Served, holder

BODY = "did:web:certifier.example.xa"
LIST = "https://certifier.example.xa/status/1"


@dataclass
class Certifier:
    """An enrolled body, and what it signs."""

    served: Served
    key: HolderKey
    count: int = field(default=0)

    def term(self, begins: float = -10, ends: float = 300 * DAY) -> dict[str, str]:
        now = int(time.time())
        return {"validFrom": format_time(now + int(begins)), "validUntil": format_time(now + int(ends))}

    def certificate(self, **changes: Any) -> Statement:
        self.count += 1
        subject = {
            **example("ConformityCertificate")["credentialSubject"],
            "certificateNumber": f"HTTP-{self.count}",
            "body": {"did": BODY, "id": BODY, "scheme": "DID", "jurisdiction": "XA"},
            "statusReference": {"statusListCredential": LIST, "statusListIndex": self.count},
            **self.term(),
        }
        subject.pop("accreditation", None)
        return self.served.sign("ConformityCertificate", {**subject, **changes}, self.key)

    def change(self, target: Statement, change: str) -> Statement:
        now = int(time.time())
        subject = {
            "statement": target.digest.hex(),
            "change": change,
            "reason": "nonConformity",
            "effective": format_time(now - 1),
        }
        if change == "suspend":
            subject["until"] = format_time(now + 90 * DAY)
        return self.served.sign("StatusChange", subject, self.key)

    def edition(self, *withdrawn: int, **changes: Any) -> Statement:
        none = bitstring.of(SMALLEST, [])
        bits = lists(
            length=SMALLEST, revocation=bitstring.of(SMALLEST, withdrawn), suspension=none, refresh=none
        )
        subject = {"id": LIST, **bits, **self.term(ends=7 * DAY), **changes}
        return self.served.sign("StatusList", subject, self.key)

    def post(self, noun: str, statement: Statement) -> Statement:
        answer = self.served.post(f"/v1/{noun}", statement.encoded)
        assert answer.status_code == 201, answer.text
        return statement


@pytest.fixture(scope="module")
def certifier(served: Served) -> Certifier:
    key = holder(BODY)
    served.enrol(key, "body")
    return Certifier(served, key)


def found(served: Served, **query: Any) -> dict[str, str]:
    answer = served.get("/v1/certificates", params=query)
    assert answer.status_code == 200, answer.text
    return {item["number"]: item["status"] for item in answer.json()["items"]}


def test_certificates_are_found_by_number_body_holder_and_status(
    served: Served, certifier: Certifier
) -> None:
    first = certifier.post("certificates", certifier.certificate())
    number = first.subject["certificateNumber"]
    other = certifier.post(
        "certificates",
        certifier.certificate(
            holder={
                "did": "did:web:someone.example.xa",
                "id": "did:web:someone.example.xa",
                "scheme": "DID",
                "jurisdiction": "XA",
            }
        ),
    )
    assert found(served, number=number) == {number: "unknown"}
    assert found(served, holder="did:web:someone.example.xa") == {
        other.subject["certificateNumber"]: "unknown"
    }
    assert number in found(served, body=BODY)
    assert found(served, body="did:web:nobody.example.xa") == {}
    assert found(served, number=number, status="valid") == {}
    (item,) = served.get("/v1/certificates", params={"number": number}).json()["items"]
    assert item["holder"] == first.subject["holder"]["did"]
    assert (item["validFrom"], item["validUntil"]) == (
        first.subject["validFrom"],
        first.subject["validUntil"],
    )
    assert served.get(f"/v1/certificates/{number}").json()["items"] == [item]


def test_what_became_of_a_certificate_is_told(served: Served, certifier: Certifier) -> None:
    kept, changed = (certifier.post("certificates", certifier.certificate()) for _ in range(2))
    by_list = certifier.post("certificates", certifier.certificate())
    old = certifier.post("certificates", certifier.certificate())
    certifier.post("certificates", certifier.certificate(supersedes=old.digest.hex()))
    ended = certifier.post("certificates", certifier.certificate(**certifier.term(-9 * DAY, -DAY)))
    future = certifier.post("certificates", certifier.certificate(**certifier.term(DAY)))
    certifier.post("status-lists", certifier.edition(by_list.subject["statusReference"]["statusListIndex"]))

    def status(statement: Statement) -> str:
        number = statement.subject["certificateNumber"]
        return found(served, number=number)[number]

    assert status(kept) == status(changed) == "valid"
    assert status(by_list) == "withdrawn"
    assert status(old) == "superseded"
    assert status(ended) == "expired"
    assert status(future) == "notYetValid"
    certifier.post("status-changes", certifier.change(changed, "suspend"))
    assert status(changed) == "suspended"
    time.sleep(1)
    certifier.post("status-changes", certifier.change(changed, "withdraw"))
    assert status(changed) == "withdrawn"
    withdrawn = found(served, body=BODY, status="withdrawn")
    assert set(withdrawn) == {one.subject["certificateNumber"] for one in (by_list, changed)}


def test_an_edition_names_what_it_changed_and_nothing_else(served: Served, certifier: Certifier) -> None:
    kept, fallen = (certifier.post("certificates", certifier.certificate()) for _ in range(2))
    place = fallen.subject["statusReference"]["statusListIndex"]
    before = certifier.post("status-lists", certifier.edition())
    after = certifier.post("status-lists", certifier.edition(place, supersedes=before.digest.hex()))
    answer = served.get(f"/v1/status-lists/{after.digest.hex()}/changes")
    assert answer.json()["items"] == [
        {
            "digest": fallen.digest.hex(),
            "type": "ConformityCertificate",
            "issuer": BODY,
            "index": place,
            "status": "withdrawn",
        }
    ]
    assert served.get(f"/v1/status-lists/{kept.digest.hex()}/changes").status_code == 400
    assert served.get(f"/v1/status-lists/{'0' * 64}/changes").status_code == 404


def test_certificates_come_in_pages(served: Served, certifier: Certifier) -> None:
    for _ in range(3):
        certifier.post("certificates", certifier.certificate())
    everything = list(found(served, body=BODY))
    for status in (None, "unknown", "valid"):
        query = {"body": BODY, "limit": 2} | ({} if status is None else {"status": status})
        whole = (
            list(found(served, body=BODY))
            if status is None
            else list(found(served, **{**query, "limit": 500}))
        )
        paged: list[str] = []
        after = -1
        for _ in range(len(everything) + 2):
            page = served.get("/v1/certificates", params={**query, "after": after}).json()
            paged += [item["number"] for item in page["items"]]
            if "next" not in page:
                break
            after = page["next"]
        assert paged == whole


def test_a_list_is_handed_out_whole_and_as_it_was_signed(served: Served, certifier: Certifier) -> None:
    asked = {"issuer": BODY, "id": LIST}
    early = certifier.post("status-lists", certifier.edition(**certifier.term(-8 * DAY, -2 * DAY)))
    newest = certifier.post("status-lists", certifier.edition())
    answer = served.get("/v1/status-lists", params=asked)
    assert answer.content == newest.encoded
    assert answer.headers["content-location"] == f"/v1/statements/{newest.digest.hex()}"
    now = int(time.time())
    at = served.get("/v1/status-lists", params={**asked, "at": format_time(now + 1)})
    assert at.content == newest.encoded
    # An edition that was signed later says nothing about a day before, whatever dates it names.
    past = served.get("/v1/status-lists", params={**asked, "at": format_time(now - 3 * DAY)})
    assert (past.status_code, past.json()["type"]) == (404, "/problems/not-found")
    assert early.digest != newest.digest
    for query in ({**asked, "id": "urn:x:none"}, {**asked, "issuer": "did:web:nobody.example.xa"}):
        assert served.get("/v1/status-lists", params=query).status_code == 404
    for query in (
        {"issuer": BODY},
        {"id": LIST},
        {**asked, "index": "7"},
        {**asked, "at": "yesterday"},
    ):
        assert served.get("/v1/status-lists", params=query).status_code == 400


NOUNS = {
    "accreditations": "Accreditation",
    "arrangements": "RecognitionArrangement",
    "certificates": "ConformityCertificate",
    "endorsements": "Endorsement",
    "identity-recognitions": "IdentityRecognition",
    "recognitions": "Recognition",
    "status-changes": "StatusChange",
    "status-lists": "StatusList",
}


@pytest.mark.parametrize("noun", NOUNS)
def test_each_noun_takes_its_own_type_alone(served: Served, certifier: Certifier, noun: str) -> None:
    other = served.record().encoded
    refused = served.post(f"/v1/{noun}", other)
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/statement-type")
    assert NOUNS[noun] in refused.json()["detail"]
    # Its own type passes on to the question who signed it.
    subject = example(NOUNS[noun])["credentialSubject"]
    unsigned_for = served.sign(NOUNS[noun], subject, holder("did:web:stranger.example.xa"))
    answer = served.post(f"/v1/{noun}", unsigned_for.encoded)
    assert answer.json()["type"] in ("/problems/key-unknown", "/problems/statement-invalid")


def test_a_bundle_is_asked_for_at_a_moment_and_with_further_statements(
    served: Served, certifier: Certifier
) -> None:
    certificate = certifier.post("certificates", certifier.certificate())
    other = certifier.post("certificates", certifier.certificate())
    newest = certifier.post("status-lists", certifier.edition())
    url = f"/v1/statements/{certificate.digest.hex()}/bundle"

    def carried(**query: Any) -> set[bytes]:
        answer = served.get(url, params={"allowUnanchored": "true", **query})
        assert answer.status_code == 200, answer.text
        return {item.statement.digest for _, item in parse_bundle(answer.content).items}

    plain = carried()
    assert newest.digest in plain
    assert other.digest not in plain
    assert other.digest in carried(also=[other.digest.hex(), "00" * 32])
    assert newest.digest in carried(at=format_time(int(time.time()) - 3 * DAY))
    for query in ({"at": "now"}, {"also": "x"}, {"also": ["00" * 32] * 257}):
        assert served.get(url, params=query).status_code == 400
