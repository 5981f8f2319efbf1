"""What a trust list may make of the entries that it carries."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.core.suites import encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list, sign_trust_list
from ledger.errors import LedgerError
from ledger.statements.entries import read_entry, require_within_entries
from tests.simulator import DAY, START, World, key, make

Body = dict[str, Any]
REVOKED = {"at": format_time(START + 5), "reason": "keyCompromise"}


def entry(world: World | None = None, **members: Any) -> Statement:
    """XA's word about itself, signed by its registrar."""
    xa = (world or World()).xa
    signing, issuer = members.pop("signing", key("XA registrar")), members.pop("issuer", xa.registrar)
    key_id, created = members.pop("key_id", "#1"), members.pop("created", START)
    subject = {
        "jurisdiction": "XA",
        "authorities": [xa.authority()],
        "logs": [xa.trusted_log()],
        "witnesses": [],
        "chains": [xa.trusted_chain()],
        **members,
    }
    return make("JurisdictionEntry", subject, issuer, key_id, signing, created, name="entry")


def listed(*entries: Statement, change: Callable[[Body], None] = lambda _: None) -> TrustList:
    """The world's list with entries, changed before it is signed."""
    body = World().trust_body(entries=[one.document for one in entries])
    change(body)
    return parse_trust_list(sign_trust_list(body, {"#1": key("publisher")}))


def test_an_entry_is_read_and_tells_what_it_names() -> None:
    made = entry(node="https://registry.example.xa", supersedes="ab" * 32)
    found = read_entry(made.encoded)
    assert (found.jurisdiction, found.node) == ("XA", "https://registry.example.xa")
    assert found.supersedes == b"\xab" * 32
    assert list(found.listed.logs) == ["registry.example.xa/XA/2026"]
    assert found.statement == made


def registrar(**changes: Any) -> Body:
    made = World().xa.authority()
    made["keys"][0].update(changes)
    return made


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (entry(signing=key("XB registrar")), "signature-invalid"),
        (entry(key_id="#2"), "entry-signer"),
        (entry(created=START + 400 * DAY), "entry-signer"),
        (entry(authorities=[registrar(revoked=REVOKED)]), "entry-signer"),
        (entry(issuer="did:web:other.example.xa"), "statement-invalid"),
        (entry(authorities=[{**registrar(), "roles": ["authority"]}]), "statement-invalid"),
        (entry(jurisdiction="XB"), "statement-invalid"),
        (World().record(), "statement-type"),
    ],
    ids=[
        "another key",
        "unknown key",
        "too late",
        "revoked",
        "a stranger",
        "no registrar",
        "another country",
        "a record",
    ],
)
def test_an_entry_that_no_registrar_of_its_own_signed_is_refused(made: Statement, code: str) -> None:
    with pytest.raises(LedgerError) as refused:
        read_entry(made.encoded)
    assert refused.value.code == code


def test_a_list_equal_to_its_entries_is_taken() -> None:
    require_within_entries(listed())
    require_within_entries(listed(entry()))


def _drop(member: str) -> Callable[[Body], None]:
    return lambda body: body[member].pop(0)


def _authority(**changes: Any) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        body["authorities"][0].update(changes)

    return change


def _key(**changes: Any) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        body["authorities"][0]["keys"][0].update(changes)

    return change


def _log(**changes: Any) -> Callable[[Body], None]:
    return lambda body: body["logs"][0].update(changes)


def _chain(**changes: Any) -> Callable[[Body], None]:
    return lambda body: body["chains"][0].update(changes)


def _more(member: str, item: Body) -> Callable[[Body], None]:
    return lambda body: body[member].append(item)


def _without_operator(body: Body) -> None:
    del body["chains"][0]["operator"]


@pytest.mark.parametrize(
    "change",
    [
        _drop("authorities"),
        _drop("logs"),
        _drop("chains"),
        _authority(roles=[]),
        _authority(keys=[]),
        _key(revoked=REVOKED),
        _key(until=format_time(START + 300 * DAY), **{"from": format_time(START)}),
        _without_operator,
    ],
    ids=["no authority", "no log", "no chain", "no role", "no key", "revoked", "shorter", "no operator"],
)
def test_a_list_may_say_less_than_its_entry(change: Callable[[Body], None]) -> None:
    require_within_entries(listed(entry(), change=change))


OTHER = encode_multikey(key("another").public)
SECOND: Body = {
    "id": "did:web:second.example.xa",
    "jurisdiction": "XA",
    "roles": ["authority"],
    "keys": [],
}


def another_log() -> Body:
    xa = World().xa
    xa.origin = "registry.example.xa/XA/2027"
    return xa.trusted_log()


ATTESTERS = [
    {
        "epoch": 1,
        "from": 0,
        "threshold": 2,
        "members": [
            {"address": "0x" + "12" * 20, "organisation": "did:web:registry.example.xb"},
            {"address": "0x" + "13" * 20, "organisation": "did:web:registry.example.xc"},
        ],
    }
]


@pytest.mark.parametrize(
    "change",
    [
        _more("authorities", SECOND),
        _authority(roles=["registrar", "authority"]),
        _key(publicKeyMultibase=OTHER),
        _key(until=format_time(START + 366 * DAY)),
        _key(**{"from": format_time(START - 31 * DAY)}),
        _key(id="#2"),
        _log(operator="did:web:registry.example.xb"),
        _log(headKeys=[{"address": "0x" + "12" * 20}]),
        _more("logs", another_log()),
        _chain(anchor="0x" + "12" * 20),
        _chain(genesis="0x" + "12" * 32),
        _chain(codeHash="0x" + "12" * 32),
        _chain(consensus="qbft"),
        _chain(operator={"key": "0x" + "12" * 20, "organisation": "did:web:registry.example.xa"}),
        _chain(attesters=ATTESTERS),
        _chain(validators=[{"epoch": 1, "from": 0, "members": ["0x" + "12" * 20]}]),
    ],
    ids=lambda _: "",
)
def test_a_list_that_says_more_than_its_entry_is_refused(change: Callable[[Body], None]) -> None:
    made = listed(entry(), change=change)
    with pytest.raises(LedgerError) as refused:
        require_within_entries(made)
    assert refused.value.code == "entry-exceeded"


def test_a_revocation_of_the_entry_may_not_be_left_out_or_put_off() -> None:
    second = {**registrar()["keys"][0], "id": "#2", "publicKeyMultibase": OTHER, "revoked": REVOKED}
    told = registrar()
    told["keys"].append(second)
    made = entry(authorities=[told])
    require_within_entries(listed(made, change=_authority(keys=told["keys"])))
    for late in ({}, {"revoked": {**REVOKED, "at": format_time(START + 6)}}):
        kept = {name: value for name, value in second.items() if name != "revoked"} | late
        with pytest.raises(LedgerError) as refused:
            require_within_entries(listed(made, change=_authority(keys=[kept])))
        assert refused.value.code == "entry-exceeded"


def test_a_witness_of_the_entry_counts_for_its_own_organisation_alone() -> None:
    from ledger.core.note import ED25519_COSIGNATURE, encode_vkey, make_vkey

    vkey = encode_vkey(make_vkey("witness.example.xa", ED25519_COSIGNATURE, b"\x05" * 32))
    told = {"vkey": vkey, "organisation": "did:web:witness.example.xa"}
    made = entry(witnesses=[told])
    require_within_entries(listed(made, change=_more("witnesses", told)))
    with pytest.raises(LedgerError) as refused:
        require_within_entries(
            listed(made, change=_more("witnesses", {**told, "organisation": "did:web:other.example.xb"}))
        )
    assert refused.value.code == "entry-exceeded"


def test_the_same_jurisdiction_stands_in_one_entry() -> None:
    with pytest.raises(LedgerError) as refused:
        require_within_entries(listed(entry(), entry(created=START + 1)))
    assert refused.value.code == "entry-twice"


def test_an_entry_that_is_no_statement_is_refused() -> None:
    with pytest.raises(LedgerError):
        require_within_entries(listed(change=_more("entries", {"jurisdiction": "XA"})))


def test_an_entry_tells_the_address_that_its_node_attests_with() -> None:
    address = "0x" + "5a" * 20
    assert read_entry(entry(attester=address).encoded).attester == address
    assert read_entry(entry().encoded).attester is None


@pytest.mark.parametrize("wrong", ["5a" * 20, "0x" + "5A" * 20, "0x" + "5a" * 19, "", 7])
def test_an_attester_is_an_address_in_its_one_form(wrong: Any) -> None:
    with pytest.raises(LedgerError) as refused:
        read_entry(entry(attester=wrong).encoded)
    assert refused.value.code == "statement-invalid"
