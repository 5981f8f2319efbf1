"""From a party's request to its Enrolment."""

from typing import Any
from uuid import RFC_4122, UUID

import pytest

from ledger.core.statement import Statement, parse_statement, verify_statement
from ledger.core.suites import ECDSA, EDDSA, Suite, encode_multikey
from ledger.core.times import format_time
from ledger.errors import LedgerError, RefusedError
from ledger.services.drafting.enrol import enrolment_of
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.statements import enrolment as enrolments
from ledger.statements import request as requests
from tests.services.homes import DAY, NOW, chance

PARTY = "did:web:exporter.example.xa"
REGISTRAR = make_holder_key("did:web:registrar.example.xa", "#1", EDDSA, chance("registrar")(48))


def party_key(key_id: str = "#2026", suite: Suite = EDDSA) -> HolderKey:
    return make_holder_key(PARTY, key_id, suite, chance(key_id)(48))


def request(
    *keys: HolderKey, created: int = NOW - DAY, begins: int = NOW - DAY, ends: int = NOW + DAY, **more: Any
) -> bytes:
    subject = {
        "party": PARTY,
        "jurisdiction": "XA",
        "identifiers": [],
        "roles": ["exporter"],
        "keys": [
            {
                "id": key.id,
                "publicKeyMultibase": encode_multikey(key.private.public),
                "from": format_time(begins),
                "until": format_time(ends),
            }
            for key in keys
        ],
    }
    return requests.make({**subject, **more}, {key.id: key.private for key in keys}, created=created)


def enrol(data: bytes, jurisdiction: str = "XA") -> Statement:
    return enrolment_of(data, REGISTRAR, jurisdiction=jurisdiction, now=NOW)


def test_a_request_becomes_an_enrolment_that_verifies() -> None:
    made = enrol(request(party_key(), party_key("#p256", ECDSA), begins=NOW + 10))
    again = parse_statement(made.encoded)
    verify_statement(again, REGISTRAR.private.public)
    assert (again.type, again.issuer, again.created) == ("Enrolment", "did:web:registrar.example.xa", NOW)
    found = enrolments.read(again)
    assert (found.party, found.jurisdiction, found.roles) == (PARTY, "XA", frozenset({"exporter"}))
    assert [(key.id, key.key, key.valid_from) for key in found.keys] == [
        ("#2026", party_key().private.public, NOW + 10),
        ("#p256", party_key("#p256", ECDSA).private.public, NOW + 10),
    ]


def test_nobody_is_enrolled_into_the_past() -> None:
    (key,) = enrolments.read(enrol(request(party_key()))).keys
    assert (key.valid_from, key.valid_until) == (NOW, NOW + DAY)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (request(party_key(), created=NOW + 301), "request-in-future"),
        (request(party_key(), created=NOW - 30 * DAY - 1), "request-stale"),
        (request(party_key(), begins=NOW - 2 * DAY, ends=NOW), "request-key-ended"),
        (request(party_key(), jurisdiction="XB"), "request-jurisdiction"),
    ],
)
def test_a_request_that_may_not_be_granted_is_refused(made: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        enrol(made)
    assert refused.value.code == code
    assert refused.value.pointer is not None


def test_a_key_whose_holder_did_not_sign_is_refused() -> None:
    mine = request(party_key())
    theirs = party_key("#other")
    mixed = mine.replace(
        encode_multikey(party_key().private.public).encode(), encode_multikey(theirs.private.public).encode()
    )
    with pytest.raises(LedgerError) as refused:
        enrol(mixed)
    assert refused.value.code == "possession-not-proven"


def test_a_role_added_after_signing_is_refused() -> None:
    changed = request(party_key()).replace(b'["exporter"]', b'["body","exporter"]')
    with pytest.raises(LedgerError) as refused:
        enrol(changed)
    assert refused.value.code == "possession-not-proven"


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    one, other = statement_id(NOW, b"\xff" * 10), statement_id(NOW + 1, b"\x00" * 10)
    assert one < other
    for made in map(UUID, (one, other)):
        assert (made.version, made.variant) == (7, RFC_4122)
    assert UUID(one).int >> 80 == NOW * 1000
    assert UUID(one).int & 2**62 - 1 == 2**62 - 1
    with pytest.raises(LedgerError):
        statement_id(NOW, b"")
