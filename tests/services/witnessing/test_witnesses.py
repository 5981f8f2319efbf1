"""Whom a node asks to cosign, and for whom each counts: partners for themselves, a policy by its groups."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.note import ED25519_COSIGNATURE, VKey, encode_vkey, make_vkey
from ledger.core.policy import encode_policy, parse_policy
from ledger.errors import LedgerError, MalformedError, NotFoundError, SetupError
from ledger.services.home.folder import Home
from ledger.services.trust.partners import PartnerBook
from ledger.services.witnessing.witnesses import Witnesses, witness_keys
from tests.services.homes import home as new_home
from tests.services.witnessing.noting import entry_of, take_up
from tests.simulator import START, Jurisdiction, key

XB, XC = (Jurisdiction(code, number) for code, number in (("XB", 31_002), ("XC", 31_003)))


def vkey(name: str) -> VKey:
    return make_vkey(name, ED25519_COSIGNATURE, key(name).public.raw)


def listed(name: str, organisation: str) -> dict[str, Any]:
    return {"vkey": encode_vkey(vkey(name)), "organisation": organisation}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return new_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def book(home: Home, tmp_path: Path) -> PartnerBook:
    for part in (home.path / "witness").glob("*"):
        part.unlink()
    return PartnerBook(tmp_path / "partners", home.settings.jurisdiction)


@pytest.fixture
def witnesses(home: Home, book: PartnerBook) -> Witnesses:
    return Witnesses(home, book)


def named(witnesses: Witnesses) -> list[tuple[str, str, str | None]]:
    return [(one.organisation, one.name, one.url) for one in witnesses.all()]


def test_a_partners_own_witness_is_asked_at_its_node(book: PartnerBook, witnesses: Witnesses) -> None:
    take_up(book, entry_of(XB, witnesses=[listed("xb/witness", XB.operator)]), "https://registry.example.xb/")
    assert named(witnesses) == [(XB.operator, "xb/witness", "https://registry.example.xb/witness")]
    take_up(book, entry_of(XC, witnesses=[listed("xc/witness", XC.operator)]))
    assert named(witnesses)[1:] == [(XC.operator, "xc/witness", None)]
    book.remove("XB")
    assert [organisation for organisation, *_ in named(witnesses)] == [XC.operator]


def test_a_partner_speaks_of_no_other_organisations_witness(book: PartnerBook, witnesses: Witnesses) -> None:
    """Else one partner could be a whole quorum."""
    told = [listed("xb/witness", XB.operator), listed("puppet", "did:web:registry.example.xz")]
    take_up(book, entry_of(XB, witnesses=told), "https://registry.example.xb")
    assert [name for _, name, _ in named(witnesses)] == ["xb/witness"]


def test_a_renewed_entry_is_followed(book: PartnerBook, witnesses: Witnesses) -> None:
    take_up(book, entry_of(XB, witnesses=[listed("xb/witness", XB.operator)]))
    assert [name for _, name, _ in named(witnesses)] == ["xb/witness"]
    take_up(book, entry_of(XB, created=START + 5, witnesses=[listed("xb/witness-2", XB.operator)]))
    assert [name for _, name, _ in named(witnesses)] == ["xb/witness-2"]


def test_the_operators_own_never_count(home: Home, witnesses: Witnesses) -> None:
    own, operator = encode_vkey(home.witness_vkey()), home.settings.operator
    other = encode_vkey(vkey("another-of-mine"))
    witnesses.take(
        f"witness A {own} https://a.example\nwitness B {other} https://b.example\n"
        f"group {operator} any B\ngroup elsewhere any A\nquorum none\n".encode()
    )
    assert named(witnesses) == []
    assert witnesses.organisations() == {}


def test_a_key_counts_for_one_organisation_however_often_it_is_named(
    book: PartnerBook, witnesses: Witnesses
) -> None:
    shared = vkey("xb/witness")
    take_up(book, entry_of(XB, witnesses=[listed("xb/witness", XB.operator)]))
    take_up(book, entry_of(XC, witnesses=[listed("xb/witness", XC.operator)]))
    other_name = make_vkey("other/name", ED25519_COSIGNATURE, shared.key)
    witnesses.take(f"witness W {encode_vkey(other_name)}\nquorum W\n".encode())
    assert [organisation for organisation, *_ in named(witnesses)] == [XB.operator]


def test_a_policys_groups_of_any_are_organisations(witnesses: Witnesses) -> None:
    text = (
        f"witness A {encode_vkey(vkey('a'))} https://a.example/w\nwitness B {encode_vkey(vkey('b'))}\n"
        f"witness C {encode_vkey(vkey('c'))} https://c.example\n"
        "group did:web:ab any A B\ngroup q 2 did:web:ab C\nquorum q\n"
    ).encode()
    policy = witnesses.take(text)
    assert named(witnesses) == [
        ("did:web:ab", "a", "https://a.example/w"),
        ("did:web:ab", "b", None),
        ("C", "c", "https://c.example"),
    ]
    assert witnesses.policy() == policy
    assert policy.threshold() == 2
    assert [one.organisation for one in witness_keys(policy)] == ["did:web:ab", "did:web:ab", "C"]
    witnesses.forget()
    assert named(witnesses) == []
    with pytest.raises(NotFoundError):
        witnesses.forget()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense\n", "policy-malformed"),
        (f"witness A {encode_vkey(make_vkey('a', 0x04, bytes([1]) + bytes(31)))}\nquorum A\n", "key-refused"),
    ],
)
def test_a_policy_that_is_none_changes_nothing(witnesses: Witnesses, text: str, code: str) -> None:
    with pytest.raises(LedgerError) as refused:
        witnesses.take(text.encode())
    assert refused.value.code == code
    assert witnesses.policy() is None


def test_a_damaged_policy_is_named(home: Home, witnesses: Witnesses) -> None:
    witnesses.take(b"quorum none\n")
    (home.path / "witness" / "policy.txt").write_bytes(b"damage")
    with pytest.raises(SetupError) as refused:
        witnesses.all()
    assert refused.value.code == "witness-policy"


def test_what_is_exported_names_each_organisation_as_a_group(
    home: Home, book: PartnerBook, witnesses: Witnesses
) -> None:
    take_up(book, entry_of(XB, witnesses=[listed("xb/witness", XB.operator)]), "https://xb.example")
    # A name that is also that of a group, and one that two keys have.
    take_up(book, entry_of(XC, witnesses=[listed(XC.operator, XC.operator), listed("quorum", XC.operator)]))
    log = home.log_signer().vkeys[0]
    made = witnesses.as_policy(log, "https://xa.example", 2)
    assert parse_policy(encode_policy(made)) == made
    assert made.threshold() == 2
    assert [one.vkey.name for one in made.logs] == [home.settings.origin]
    assert {one.organisation: one.vkey.name for one in witness_keys(made)}.keys() == {
        XB.operator,
        XC.operator,
    }
    with pytest.raises(MalformedError):
        witnesses.as_policy(log, None, 3)
    with_own = witnesses.as_policy(log, "https://xa.example", 3, own=True)
    assert (with_own.logs, with_own.threshold()) == ((), 3)
