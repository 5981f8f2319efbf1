import random
from typing import Any

import pytest

from ledger.core.statement import sign_statement
from ledger.core.suites import EDDSA, PrivateKey
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements import bitstring, catalogue, status_list
from ledger.statements.catalogue import TYPES
from tests.statements.subjects import DIGEST, changed, faults, statement

LENGTH = 131_072
EMPTY = bytes(LENGTH // 8)


def of(length: int) -> dict[str, Any]:
    """The example with three empty lists of `length` entries."""
    document = catalogue.example("StatusList")
    empty = bytes(length // 8)
    document["credentialSubject"] |= status_list.lists(
        length=length, revocation=empty, suspension=empty, refresh=empty
    )
    return document


def test_the_example_says_what_is_withdrawn_and_suspended():
    read = status_list.read(statement(catalogue.example("StatusList")))
    assert bitstring.indexes(read.revocation) == (42, 94_567)
    assert bitstring.indexes(read.suspension) == (1001,)
    assert bitstring.indexes(read.refresh) == ()
    assert (read.id, read.length, read.supersedes) == ("https://body.example.xa/status/1", LENGTH, None)
    assert read.valid_until - read.valid_from == 30 * 86_400
    again = status_list.read(statement(changed("StatusList", "/supersedes", DIGEST)))
    assert again.supersedes == bytes.fromhex(DIGEST)


def test_three_lists_are_read_as_they_were_written():
    given = {
        name: bitstring.of(LENGTH, random.Random(name).sample(range(LENGTH), 50))
        for name in ("revocation", "suspension", "refresh")
    }
    document = catalogue.example("StatusList")
    document["credentialSubject"] |= status_list.lists(length=LENGTH, **given)
    read = status_list.read(statement(document))
    assert {name: getattr(read, name) for name in given} == given


def test_one_percent_of_131072_entries_is_a_statement_of_less_than_5_kb():
    for seed in range(4):
        draw = random.Random(seed)
        document = catalogue.example("StatusList")
        document["credentialSubject"] |= status_list.lists(
            length=LENGTH,
            revocation=bitstring.of(LENGTH, draw.sample(range(LENGTH), 1_310)),
            suspension=bitstring.of(LENGTH, draw.sample(range(LENGTH), 60)),
            refresh=bitstring.of(LENGTH, draw.sample(range(LENGTH), 30)),
        )
        document["credentialSubject"]["supersedes"] = DIGEST
        key = PrivateKey(EDDSA, bytes(32))
        signed = sign_statement(
            document, key, f"{document['issuer']}#2026", parse_time(document["validFrom"])
        )
        assert len(signed.encoded) <= 5_000


ONE = {"statusPurpose": "refresh", "encodedList": bitstring.encode(EMPTY)}
OTHER_LENGTH = bitstring.encode(bytes(LENGTH // 8 + 1))
FAULTS = [
    ("/length", LENGTH - 8, "/length", "out-of-range"),
    ("/length", 1_048_584, "/length", "out-of-range"),
    ("/length", LENGTH + 1, "/length", "list-length"),
    ("/length", True, "/length", "wrong-type"),
    ("/id", "no uri", "/id", "wrong-form"),
    ("/validUntil", "2026-11-22T04:00:00Z", "/validUntil", "time-order"),
    ("/validUntil", "2027-11-23T04:00:01Z", "/validUntil", "validity-too-long"),
    ("/supersedes", "00", "/supersedes", "wrong-form"),
    ("/lists/3", ONE, "/lists", "wrong-length"),
    ("/lists/2", ..., "/lists", "wrong-length"),
    ("/lists/2/statusPurpose", "message", "/lists/2/statusPurpose", "not-in-list"),
    ("/lists/1/encodedList", "u+/", "/lists/1/encodedList", "wrong-form"),
    ("/lists/1/encodedList", "uAAAA", "/lists/1/encodedList", "list-malformed"),
    ("/lists/1/encodedList", OTHER_LENGTH, "/lists/1/encodedList", "list-malformed"),
    ("/lists/1/encodedList", "u" + "A" * 262_144, "/lists/1/encodedList", "wrong-length"),
    ("/lists/1/ttl", 1, "/lists/1/ttl", "member-unknown"),
]


@pytest.mark.parametrize(("pointer", "value", "at", "code"), FAULTS)
def test_a_faulty_list_is_refused(pointer: str, value: Any, at: str, code: str):
    assert (at, code) in faults(changed("StatusList", pointer, value))
    with pytest.raises(MalformedError) as refused:
        status_list.read(statement(changed("StatusList", pointer, value)))
    assert refused.value.code == "statement-invalid"


def test_a_list_may_be_valid_for_366_days_and_hold_a_million_entries():
    assert faults(changed("StatusList", "/validUntil", "2027-11-23T04:00:00Z")) == []
    for length in (131_080, 1_048_576):
        assert status_list.read(statement(of(length))).length == length


def test_a_length_that_the_lists_do_not_have_names_all_three():
    assert faults(changed("StatusList", "/length", LENGTH + 8)) == [
        (f"/lists/{index}/encodedList", "list-malformed") for index in range(3)
    ]


def test_the_lists_stand_in_one_order_and_each_once():
    document = catalogue.example("StatusList")
    lists = document["credentialSubject"]["lists"]
    lists[0], lists[1] = lists[1], lists[0]
    assert faults(document) == [("/lists/0/statusPurpose", "list-order")]
    lists[0] = lists[1]
    assert faults(document) == [("/lists/1/statusPurpose", "duplicate")]


def test_bodies_accreditors_and_authorities_publish_lists():
    assert TYPES["StatusList"].roles == ("body", "accreditor", "authority")
    assert TYPES["TransferRecord"].roles == ("exporter",)
