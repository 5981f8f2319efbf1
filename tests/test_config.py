"""Settings files: every member, every refusal by name."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chains import AttesterMember, AttesterSet, EmbeddedSettings, Observed, RpcSettings, ValidatorSet
from ledger.config import (
    KEY_LIFE,
    Settings,
    embedded_chain_id,
    encode_settings,
    origin_of,
    parse_settings,
    with_environment,
)
from ledger.errors import SetupError
from ledger.ruling import Ruling

NOW = 1_795_320_000
ANCHOR = "0x" + "ab" * 20


def settings(**changes: Any) -> Settings:
    members: dict[str, Any] = {
        "jurisdiction": "XA",
        "origin": "registry.example.xa/XA/2026",
        "operator": "did:web:registry.example.xa",
        "registrar": "did:web:registrar.example.xa",
        "founded": NOW,
        "registrar_key_until": NOW + KEY_LIFE,
        "chain": EmbeddedSettings(1_500_000_001),
    }
    return Settings(**{**members, **changes})


XB, XC = "did:web:registry.example.xb", "did:web:registry.example.xc"
ATTESTERS = AttesterSet(1, 0, 2, (AttesterMember("0x" + "11" * 20, XB), AttesterMember("0x" + "22" * 20, XC)))
ATTESTED = RpcSettings(
    ("http://127.0.0.1:1", "http://127.0.0.1:2"), 31_002, consensus="attested", attesters=(ATTESTERS,)
)
SEALED = RpcSettings(
    ("http://127.0.0.1:3",),
    31_003,
    consensus="qbft",
    validators=(
        ValidatorSet(1, 0, tuple(f"0x{n:040x}" for n in range(1, 5))),
        ValidatorSet(2, 90, tuple(f"0x{n:040x}" for n in range(2, 6))),
    ),
    foreign=ANCHOR,
)
OBSERVED = Observed("XB", 31_004, ("http://127.0.0.1:4", "http://127.0.0.1:5"), 12)
RPC = settings(
    chain=RpcSettings(('http://127.0.0.1:8545/"\\key',), 31_001, ANCHOR, period=3, confirmations=0), port=9000
)


@pytest.mark.parametrize(
    "made",
    [
        settings(),
        RPC,
        settings(chain=RpcSettings(("https://node.example.xa",), 1)),
        settings(workers=0),
        settings(
            ruling=Ruling(
                decide=True, refuse=("prohibited",), review_key="keys/m.key", languages=("en", "fr")
            )
        ),
        settings(ruling=Ruling(decide=True, notice_days=0)),
        settings(quorum=2, relay=False, chain=EmbeddedSettings(5, attesters=(ATTESTERS,))),
        settings(chains=(ATTESTED, SEALED), observed=(OBSERVED, replace(OBSERVED, confirmations=None))),
        settings(chain=SEALED, chains=(ATTESTED,)),
    ],
)
def test_settings_are_read_back_as_they_were_written(made: Settings) -> None:
    assert parse_settings(encode_settings(made).encode()) == made


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
def test_any_address_of_a_chain_survives_writing_and_reading(rest: str) -> None:
    made = settings(chain=RpcSettings(("http://" + rest,), 5))
    assert parse_settings(encode_settings(made).encode()) == made


@given(st.binary(max_size=300))
def test_any_bytes_give_settings_or_a_setup_error(data: bytes) -> None:
    with pytest.raises(SetupError) as refused:
        parse_settings(data)
    assert refused.value.code == "settings-invalid"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("port = 8151", "port = 0", "port"),
        ("port = 8151", "port = true", "port"),
        ("port = 8151", 'port = "8151"', "port"),
        ("port = 8151", "colour = 3", "colour"),
        ('jurisdiction = "XA"', 'jurisdiction = "xa"', "jurisdiction"),
        ('jurisdiction = "XA"', 'jurisdiction = "XB"', "origin"),
        ('jurisdiction = "XA"', "", "jurisdiction"),
        ("/XA/2026", "/XA", "origin"),
        ('operator = "did:web', 'operator = "web', "operator"),
        ('registrar = "did:web', 'registrar = "did:key', "registrar"),
        ("evidence-node/1", "evidence-node/2", "format"),
        ('founded = "2026', 'founded = "x026', "founded"),
        ('registrar-key-until = "2031', 'registrar-key-until = "2021', "registrar-key-until"),
        ('kind = "embedded"', 'kind = "imaginary"', "chain.kind"),
        ("id = 1500000001", "id = 0", "chain.id"),
        ("id = 1500000001", "", "chain.id"),
        ("period = 10", "period = 0", "chain.period"),
        ("period = 10", "periods = 10", "chain.periods"),
        ("[chain]", "[chains]", "chain"),
        ("[chain]", '[rules]\nrefuse = ["prohibited"]\n[chain]', "rules.refuse"),
        ("[chain]", '[rules]\ndecide = true\nrefuse = ["gone"]\n[chain]', "rules.refuse"),
        ("[chain]", "[rules]\ndecide = 1\n[chain]", "rules.decide"),
        ("[chain]", '[rules]\nlanguages = ["english"]\n[chain]', "rules.languages"),
    ],
)
def test_a_wrong_member_is_refused_by_name(before: str, after: str, named: str) -> None:
    text = encode_settings(settings())
    assert before in text
    with pytest.raises(SetupError, match=rf"setting {named} ") as refused:
        parse_settings(text.replace(before, after, 1).encode())
    assert refused.value.code == "settings-invalid"


@pytest.mark.parametrize(
    ("threshold", "organisations"),
    [(1, (XB, XC)), (2, (XB, XB)), (2, (XB, XC, "did:web:a.example", "did:web:b.example")), (3, (XB, XC))],
)
def test_attesters_of_whom_one_would_be_enough_are_refused(
    threshold: int, organisations: tuple[str, ...]
) -> None:
    members = tuple(AttesterMember(f"0x{n:040x}", one) for n, one in enumerate(organisations, 1))
    with pytest.raises(SetupError, match=r"chain\.attesters asks") as refused:
        EmbeddedSettings(5, attesters=(AttesterSet(1, 0, threshold, members),))
    assert refused.value.code == "settings-invalid"


def test_an_operator_does_not_attest_its_own_chain() -> None:
    with pytest.raises(SetupError, match="names the operator"):
        settings(operator=XB, chain=EmbeddedSettings(5, attesters=(ATTESTERS,)))


@pytest.mark.parametrize("consensus", ["attested", "qbft"])
def test_a_consensus_without_anybody_who_vouches_is_refused(consensus: Any) -> None:
    with pytest.raises(SetupError, match=r"chain\.consensus"):
        RpcSettings(("http://127.0.0.1:1",), 5, consensus=consensus)


def test_a_chain_that_stands_twice_is_refused() -> None:
    with pytest.raises(SetupError, match="has a chain twice"):
        settings(chain=ATTESTED, chains=(ATTESTED,))


def test_epochs_must_ascend() -> None:
    with pytest.raises(SetupError, match="ascending"):
        EmbeddedSettings(5, attesters=(ATTESTERS, ATTESTERS))


def test_an_anchor_that_is_no_address_is_refused() -> None:
    with pytest.raises(SetupError, match=r"chain\.anchor"):
        settings(chain=RpcSettings(("http://127.0.0.1:1",), 5, "0xABCD"))


def test_the_address_of_a_chain_is_never_shown() -> None:
    assert "secret-token" not in repr(settings(chain=RpcSettings(("https://rpc.example/secret-token",), 5)))
    with pytest.raises(SetupError) as refused:
        settings(chain=RpcSettings(("wss://rpc.example/secret-token",), 5))
    assert "secret" not in str(refused.value)


def test_the_environment_overrides_port_workers_period_and_rpc_url() -> None:
    changed = with_environment(
        RPC,
        {
            "EVIDENCE_PORT": "1234",
            "EVIDENCE_WORKERS": "3",
            "EVIDENCE_ANCHOR_PERIOD": "7",
            "EVIDENCE_RPC_URL": "http://127.0.0.1:2",
            "PATH": "/bin",
        },
    )
    assert (changed.port, changed.workers) == (1234, 3)
    assert changed.chain == RpcSettings(("http://127.0.0.1:2",), 31_001, ANCHOR, 7, 0)
    assert with_environment(RPC, {}) == RPC


def test_the_database_may_be_on_a_server_and_its_address_is_never_shown() -> None:
    address = "postgresql+psycopg://node:a-secret@db.example.xa/ledger"
    changed = with_environment(RPC, {"DATABASE_URL": address})
    assert changed.database == address
    assert "a-secret" not in repr(changed)
    assert parse_settings(encode_settings(changed).encode()) == changed
    assert with_environment(changed, {}) == with_environment(changed, {"DATABASE_URL": ""}) == changed
    with pytest.raises(SetupError) as refused:
        with_environment(RPC, {"DATABASE_URL": "mysql://node:a-secret@db.example.xa/ledger"})
    assert refused.value.code == "settings-invalid"
    assert "a-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"EVIDENCE_PORT": "x"},
        {"EVIDENCE_PORT": "70000"},
        {"EVIDENCE_WORKERS": "65"},
        {"EVIDENCE_RPC_URL": "http://127.0.0.1:2"},
    ],
)
def test_an_override_that_does_not_fit_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SetupError):
        with_environment(settings(), environment)


def test_an_origin_names_authority_jurisdiction_and_year() -> None:
    assert origin_of("registry.example.xa", "XA", NOW) == "registry.example.xa/XA/2026"
    with pytest.raises(SetupError, match="authority"):
        origin_of("Registry/x", "XA", NOW)


def test_embedded_chains_of_two_nodes_have_two_ids() -> None:
    ids = {embedded_chain_id(bytes([number])) for number in range(100)}
    assert len(ids) == 100
    assert min(ids) >= 2**30
    assert max(ids) < 2**31
