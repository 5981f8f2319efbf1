from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements import catalogue
from ledger.statements.personal import finding
from tests.campaign import count

FOUND = [
    ("jane.doe@example.org", "an e-mail address"),
    ("contact:jane@mail.example.org", "an e-mail address"),
    ("jane%40example.org", "an e-mail address"),
    ("jane\uff20example.org", "an e-mail address"),
    ("mailto:jane@example.org", "an e-mail address"),
    ("+86 138 0013 8000", "a telephone number"),
    ("+4915112345678", "a telephone number"),
    ("call +1 (202) 555-0143 today", "a telephone number"),
    ("\uff0b44 20 7946 0958", "a telephone number"),
    ("0086 138 0013 8000", "a telephone number"),
    ("13800138000", "a telephone number"),
    ("138-0013-8000", "a telephone number"),
    ("202-555-0143", "a telephone number"),
    ("(202) 555-0143", "a telephone number"),
    ("020 7946 0958", "a telephone number"),
    ("tel:2025550143", "a telephone number"),
    ("11010519491231002X", "an identity number"),
    ("id 11010519491231002x.", "an identity number"),
    ("078-05-1120", "an identity number"),
    ("E12345678", "an identity number"),
    ("passport no. AB1234567", "an identity number"),
    ("Passport:123456789", "an identity number"),
    ("\u8eab\u4efd\u8bc1\u53f7 110105194912310", "an identity number"),
]

HARMLESS = [
    "did:web:exporter.example.xa",
    "did:web:registry.example.xa%3A8443:units:7",
    "did:key:z6MkjsuSPUAywtMAS9FYWYwVm3XWe4EZ6iMbT4M458HMBnEh",
    "e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0x5fbdb2315678afecb367f032d93f642f64180aa3",
    "213800HX6IZM1QNBAJ33",
    "TEST000C76DC31B85900",
    "91310115MA1K4ABC0X",
    "urn:uuid:0198f3c2-3310-7c60-8fd7-f1131271c4f8",
    "urn:uuid:5932b247-0569-6069-5688-867975502818",
    "urn:evidence-ledger:scenario:v1",
    "urn:cn:lingang:general-list:2024",
    "2026-11-22",
    "2026-11-22T04:03:04Z",
    "20261122",
    "20261122040304",
    "text/csv",
    "application/vnd.evidence-ledger.bundle+json",
    "8703.23",
    "870323",
    "8703.23.90.10",
    "HS 8482.10",
    "GB/T 46068-2025",
    "ISO/IEC 27701:2025",
    "INV-2026-000431",
    "PO-2026-7781",
    "PO1234567",
    "WTY/2026/11/000431",
    "PIP-2026-0042",
    "TRIAL-0147/cut-3",
    "2026-0001-0002",
    "001-20261122",
    "10.1.2026",
    "eip155:31001",
    "https://example.org/standards/2026/11/22/4711",
    "MSKU1234565",
    "9780306406157",
]


@pytest.mark.parametrize(("text", "what"), FOUND)
def test_what_looks_like_personal_data_is_found(text: str, what: str):
    assert finding(text) == what


@pytest.mark.parametrize("text", HARMLESS)
def test_what_public_fields_properly_hold_is_not(text: str):
    assert finding(text) is None


def test_a_resident_number_with_a_wrong_check_or_date_is_a_plain_number():
    assert finding("110105194912310021") is None
    assert finding("11010519491331002X") is None


HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
DATES = st.dates(min_value=date(1000, 1, 1)).map(str)
SECONDS = st.builds("{}T{}Z".format, DATES, st.times().map(lambda time: time.strftime("%H:%M:%S")))
LEIS = st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=18, max_size=18).map(lambda text: text + "47")
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}\.example\.x[a-z]", fullmatch=True).map("did:web:{}".format)
URNS = st.uuids().map("urn:uuid:{}".format)
HS_CODES = st.from_regex(r"[0-9]{4}\.[0-9]{2}(\.[0-9]{2})?", fullmatch=True)
ORDERS = st.builds(
    "{}-{}-{:06d}".format,
    st.sampled_from(["INV", "PO", "WTY"]),
    st.integers(2000, 2099),
    st.integers(0, 999999),
)
MEDIA_TYPES = st.from_regex(r"[a-z]{2,8}/[a-z0-9.+-]{2,20}", fullmatch=True)


@settings(max_examples=count(800))
@given(HEX | DATES | SECONDS | LEIS | NAMES | URNS | HS_CODES | ORDERS | MEDIA_TYPES)
def test_no_digest_date_code_or_urn_is_taken_for_personal_data(text: str):
    assert finding(text) is None


@settings(max_examples=count(500))
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str):
    assert finding(text) in {None, "an e-mail address", "a telephone number", "an identity number"}


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "+1" * 50_000, "a@" * 50_000, "1-" * 50_000, "passport " * 10_000]
)
def test_long_text_is_answered_in_time(text: str):
    import time

    start = time.perf_counter()
    finding(text[:1024])
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("reference", "+4915112345678"),
        ("reference", "13800138000"),
        ("reference", "jane@example.org"),
    ],
)
def test_a_record_with_personal_data_in_a_public_field_is_refused_and_the_field_named(
    pointer: str, value: Any
):
    document = catalogue.example("TransferRecord")
    document["credentialSubject"][pointer] = value
    found = [p for p in catalogue.check(document) if p.code == "personal-data"]
    assert [p.pointer for p in found] == [f"/credentialSubject/{pointer}"]
    assert value not in found[0].detail


def test_a_certificate_activity_with_an_address_is_refused_and_named():
    document = catalogue.example("ConformityCertificate")
    document["credentialSubject"]["scope"]["activities"].append("Ask jane@example.org")
    found = catalogue.check(document)
    assert [(p.pointer, p.code) for p in found] == [
        ("/credentialSubject/scope/activities/1", "personal-data")
    ]
