import pytest

from ledger.statements.identifiers import identifier_fault

FINE = [
    ("LEI", "213800HX6IZM1QNBAJ33", "DE"),
    ("LEI", "TEST000C76DC31B85900", "XA"),
    ("LEI", "TEST00EE3E62B8A0AA00", "XZ"),
    ("USCC", "91110000600037341L", "CN"),
    ("USCC", "TEST0000000000000A", "XA"),
    ("GLN", "4012345000009", "DE"),
    ("VAT", "DE136695976", "DE"),
    ("VAT", "TEST0001", "XB"),
]
FAULTS = [
    ("LEI", "213800HX6IZM1QNBAJ34", "DE", "check-digit"),
    ("LEI", "213800HX6IZM1QNBAJ3", "DE", "wrong-form"),
    ("LEI", "213800hx6izm1qnbaj33", "DE", "wrong-form"),
    ("LEI", "213800HX6IZM1QNBAJ33\n", "DE", "wrong-form"),
    ("LEI", "TEST000C76DC31B85900", "DE", "test-identifier"),
    ("LEI", "213800HX6IZM1QNBAJ34", "XA", "check-digit"),
    ("USCC", "91110000600037341M", "CN", "check-digit"),
    ("USCC", "9111000060003734", "CN", "wrong-form"),
    ("GLN", "4012345000008", "DE", "check-digit"),
    ("GLN", "401234500000", "DE", "wrong-form"),
    ("VAT", "136695976", "DE", "wrong-form"),
]


@pytest.mark.parametrize(("scheme", "identifier", "jurisdiction"), FINE)
def test_an_identifier_in_order_has_no_fault(scheme: str, identifier: str, jurisdiction: str):
    assert identifier_fault(scheme, identifier, jurisdiction) is None


@pytest.mark.parametrize(("scheme", "identifier", "jurisdiction", "code"), FAULTS)
def test_a_faulty_identifier_is_named(scheme: str, identifier: str, jurisdiction: str, code: str):
    fault = identifier_fault(scheme, identifier, jurisdiction)
    assert fault is not None
    assert fault[0] == code
    assert identifier.strip() not in fault[1]


@pytest.mark.parametrize("position", range(20))
def test_every_changed_character_of_an_lei_is_noticed(position: int):
    good = "213800HX6IZM1QNBAJ33"
    # A digit and a letter may stand for the same remainder of 97; two digits or two letters never do.
    for other in "0123456789" if good[position].isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        changed = good[:position] + other + good[position + 1 :]
        if changed != good:
            assert identifier_fault("LEI", changed, "DE") is not None
