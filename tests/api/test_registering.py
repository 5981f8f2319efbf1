"""One statement a request: what is registered, and how each kind of bad input is refused."""

import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.core.canonical import STATEMENT_LIMIT, encode
from ledger.core.receipt import parse_receipt, verify_receipt
from tests.api.served import DAY, EXPORTER, IMPORTER, Served, holder

CODES = (Path(__file__).parents[2] / "docs" / "spec" / "errors.md").read_text(encoding="utf-8")


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, after its shape is held against RFC 9457 and the page of codes."""
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert (response.status_code, told["type"]) == (status, f"/problems/{code}"), told
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert told["instance"].startswith("/")
    assert f"| `{code}` |" in CODES
    return told


def test_a_statement_is_registered_once_and_answers_the_same_for_ever(served: Served) -> None:
    record = served.record("once")
    first = served.post("/v1/statements", record.encoded)
    again = served.post("/v1/transfers", record.encoded, {"content-type": "application/vc; charset=utf-8"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == first.json()["url"]
    assert first.json()["checkpointSize"] > first.json()["index"]
    assert served.get(first.json()["url"]).content == record.encoded
    receipt = parse_receipt(served.get(first.json()["receipt"]).content)
    signer = served.home.log_signer()
    verify_receipt(
        receipt,
        record.digest,
        origin=signer.origin,
        vkeys=signer.vkeys,
        head_addresses=[signer.head_address],
    )


BAD_BODIES: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 400, "not-canonical"),
    ("no JSON", b"garbage", 400, "not-canonical"),
    ("not UTF-8", b'{"a":"\xff"}', 400, "not-canonical"),
    ("a list", b"[]", 400, "statement-malformed"),
    ("a number with a fraction", b'{"a":1.5}', 400, "not-canonical"),
    ("a member twice", b'{"a":1,"a":1}', 400, "not-canonical"),
    ("too deep", b"[" * 40 + b"]" * 40, 400, "too-deep"),
    ("very deep", b"[" * 100_000 + b"]" * 100_000, 400, "too-deep"),
    ("too large", b'"' + b"a" * STATEMENT_LIMIT + b'"', 413, "too-large"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"), [case[1:] for case in BAD_BODIES], ids=[c[0] for c in BAD_BODIES]
)
def test_a_body_that_is_no_statement_is_refused_by_name(
    served: Served, body: bytes, status: int, code: str
) -> None:
    problem(served.post("/v1/statements", body), status, code)


def test_bytes_that_are_not_canonical_are_refused_at_their_place(served: Served) -> None:
    record = served.record("spaced")
    spaced = json.dumps(record.document).encode()
    assert problem(served.post("/v1/statements", spaced), 400, "not-canonical")["offset"] > 0
    problem(served.post("/v1/statements", record.encoded + b"\n"), 400, "not-canonical")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/xml", "application/json5", "\xff"])
def test_another_media_type_is_refused(served: Served, kind: str) -> None:
    headers = {"content-type": kind.encode("latin-1")} if kind else {}
    problem(served.post("/v1/statements", b"{}", headers), 415, "content-type")  # type: ignore[arg-type]


def test_a_compressed_body_is_refused(served: Served) -> None:
    for kind in ("application/json", "application/x-ndjson"):
        headers = {"content-type": kind, "content-encoding": "gzip"}
        problem(served.post("/v1/statements", b"\x1f\x8b", headers), 415, "content-encoding")


def test_every_fault_of_a_record_is_named_at_once(served: Served) -> None:
    subject = served.subject("faults", flow="sideways", colour="red")
    subject["importer"]["jurisdiction"] = "ZZ"
    subject["payload"]["commitment"] = "12"
    record = served.sign("TransferRecord", subject, served.exporter)
    told = problem(served.post("/v1/statements", record.encoded), 422, "statement-invalid")
    pointers = {found["pointer"] for found in told["errors"]}
    assert {
        "/credentialSubject/flow",
        "/credentialSubject/colour",
        "/credentialSubject/importer/jurisdiction",
        "/credentialSubject/payload/commitment",
    } <= pointers
    assert all(found["code"] and found["detail"] for found in told["errors"])


def test_what_looks_like_personal_data_is_refused_and_not_repeated(served: Served) -> None:
    record = served.record("jane.doe@example.com")
    told = problem(served.post("/v1/statements", record.encoded), 422, "statement-invalid")
    assert told["pointer"] == "/credentialSubject/reference"
    assert "jane" not in json.dumps(told)


def test_a_key_that_nobody_enrolled_is_unknown(served: Served) -> None:
    stranger = holder("did:web:stranger.example.xa")
    subject = served.subject("stranger")
    subject["exporter"]["did"] = stranger.holder
    unknown = served.sign("TransferRecord", subject, stranger)
    problem(served.post("/v1/statements", unknown.encoded), 422, "key-unknown")
    other = holder(EXPORTER, "#other")
    problem(served.post("/v1/statements", served.record("other", key=other).encoded), 422, "key-unknown")


def test_a_signature_by_another_key_of_that_name_is_refused(served: Served) -> None:
    problem(
        served.post("/v1/statements", served.record("forged", key=holder(EXPORTER)).encoded),
        422,
        "signature-invalid",
    )


def test_a_changed_statement_is_refused(served: Served) -> None:
    document = orjson.loads(served.record("before").encoded)
    document["credentialSubject"]["reference"] = "after"
    problem(served.post("/v1/statements", encode(document)), 422, "signature-invalid")


def test_a_key_counts_between_its_dates_only(served: Served) -> None:
    early, late = holder(EXPORTER, "#early"), holder(EXPORTER, "#late")
    served.enrol(early, "exporter", start=-200, end=-5)
    served.enrol(late, "exporter", start=DAY, end=2 * DAY)
    for key in (early, late):
        answer = served.post("/v1/statements", served.record("dates", key=key).encoded)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"].startswith("/problems/key-"), answer.text


def test_the_role_is_the_one_enrolled(served: Served) -> None:
    carrier = holder("did:web:carrier.example.xa")
    served.enrol(carrier, "carrier")
    subject = served.subject("role")
    subject["exporter"]["did"] = carrier.holder
    del subject["exporter"]["id"], subject["exporter"]["scheme"]
    answer = served.post("/v1/statements", served.sign("TransferRecord", subject, carrier).encoded)
    assert answer.status_code == 422, answer.text


def test_only_the_registrar_enrols(served: Served) -> None:
    friend = holder("did:web:friend.example.xa")
    own = served.enrolment(friend, "exporter")
    document = {name: value for name, value in own.document.items() if name != "proof"}
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    signed = served.sign("Enrolment", subject, served.exporter)
    assert served.post("/v1/statements", signed.encoded).status_code == 422


def test_an_id_names_one_statement(served: Served) -> None:
    first = served.record("named")
    assert served.post("/v1/statements", first.encoded).status_code == 201
    second = served.sign("TransferRecord", served.subject("named"), served.exporter, identifier=first.id)
    problem(served.post("/v1/statements", second.encoded), 409, "statement-id-taken")


def test_a_statement_from_the_future_is_refused(served: Served) -> None:
    record = served.sign(
        "TransferRecord", served.subject("future"), served.exporter, created=int(time.time()) + DAY
    )
    assert served.post("/v1/statements", record.encoded).status_code == 422


@pytest.mark.parametrize("path", ["/v1/acknowledgements", "/v1/certificates"])
def test_a_typed_route_takes_its_type_alone(served: Served, path: str) -> None:
    told = problem(served.post(path, served.record("typed").encoded), 400, "statement-type")
    assert told["pointer"] == "/type/1"


def test_only_the_named_importer_acknowledges(served: Served) -> None:
    # Between two zones of one country, whose log this is.
    importer_here = {**served.subject("acknowledged")["importer"], "jurisdiction": "XA", "zone": "XA-02"}
    record = served.record("acknowledged", importer=importer_here)
    url = served.post("/v1/transfers", record.encoded).json()["url"]
    stranger, importer = holder("did:web:mischief.example.xa"), holder(IMPORTER)
    for key in (stranger, importer):
        served.enrol(key, "importer")
        before = served.get(f"{url}/status").json()
        assert before["state"] != "acknowledged"
        subject = {"record": record.digest.hex(), "outcome": "accepted", "at": record.document["validFrom"]}
        given = served.sign("TransferAcknowledgement", subject, key)
        assert served.post("/v1/acknowledgements", given.encoded).status_code == 201
    after = served.get(f"{url}/status").json()
    assert after["state"] == "acknowledged"
    assert after["acknowledgement"] == {"digest": given.digest.hex(), "outcome": "accepted"}
    listed = served.get("/v1/acknowledgements", params={"record": record.digest.hex()}).json()["items"]
    assert [one["issuer"] for one in listed] == [stranger.holder, importer.holder]
    carried = orjson.loads(served.get(f"{url}/bundle", params={"allowUnanchored": "true"}).content)
    items = [item for section in carried["sections"] for item in section["items"]]
    assert [i["statement"]["issuer"] for i in items if i["role"] == "acknowledgement"] == [IMPORTER]
