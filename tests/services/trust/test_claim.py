"""A node's claim about itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.pinning import first, succeed
from ledger.core.secp256k1 import address_of
from ledger.core.trust import parse_trust_list
from ledger.errors import SetupError
from ledger.services.trust.claim import LIFE, RENEWAL, claim_of
from tests.services.homes import CHAIN, NOW, home


def test_a_claim_names_the_node_and_nothing_else(tmp_path: Path) -> None:
    made = home(tmp_path)
    listed = parse_trust_list(claim_of(made, CHAIN, now=NOW))
    assert first(listed, listed.list_hash) == listed
    assert (listed.version, listed.previous, listed.issued, listed.next_update) == (1, None, NOW, NOW + LIFE)
    assert listed.publisher.id == "did:web:registry.example.xa"
    (authority,) = listed.authorities.values()
    assert (authority.id, authority.jurisdiction, set(authority.roles)) == (
        "did:web:registrar.example.xa",
        "XA",
        {"registrar"},
    )
    (key,) = authority.keys.values()
    assert key.key == made.keys.registrar.private.public
    assert key.valid_from == NOW
    (log,) = listed.logs.values()
    assert log.origin == "registry.example.xa/XA/2026"
    assert [one.address for one in log.head_keys] == [made.keys.head.signer.public]
    (chain,) = listed.chains.values()
    assert (chain.number, chain.genesis, chain.anchor, chain.code_hash) == (
        CHAIN.id,
        CHAIN.genesis,
        CHAIN.anchor,
        CHAIN.code_hash,
    )
    assert chain.operator is not None
    assert chain.operator.members == (address_of(made.keys.finality.secret),)
    assert [(one.vkey, one.organisation) for one in listed.witnesses] == [
        (made.witness_vkey(), "did:web:registry.example.xa")
    ]
    requirement = listed.requirement("TransferRecord")
    assert requirement is not None
    assert requirement.steps == (1, 3, 4, 5, 6, 7, 9)
    assert listed.requirement("ConformityCertificate") is not None


def test_an_unchanged_claim_stays_as_it_is(tmp_path: Path) -> None:
    made = home(tmp_path)
    issued = claim_of(made, CHAIN, now=NOW)
    assert claim_of(made, CHAIN, now=NOW + LIFE - RENEWAL - 1, previous=issued) == issued


def test_a_claim_near_its_end_is_issued_anew_and_succeeds(tmp_path: Path) -> None:
    made = home(tmp_path)
    issued = claim_of(made, CHAIN, now=NOW)
    renewed = parse_trust_list(claim_of(made, CHAIN, now=NOW + LIFE - RENEWAL, previous=issued))
    assert renewed.version == 2
    assert succeed(parse_trust_list(issued), renewed) == renewed


def test_a_claim_about_another_chain_is_a_new_version(tmp_path: Path) -> None:
    made = home(tmp_path)
    issued = claim_of(made, CHAIN, now=NOW)
    moved = claim_of(made, replace(CHAIN, anchor=b"\x09" * 20), now=NOW + 1, previous=issued)
    listed = parse_trust_list(moved)
    assert (listed.version, listed.previous) == (2, parse_trust_list(issued).list_hash)


def test_a_last_claim_that_is_damaged_or_anothers_is_refused(tmp_path: Path) -> None:
    made, other = home(tmp_path, "XA"), home(tmp_path, "XB")
    for previous in (b"{}", claim_of(other, CHAIN, now=NOW)):
        with pytest.raises(SetupError) as refused:
            claim_of(made, CHAIN, now=NOW, previous=previous)
        assert refused.value.code == "claim-invalid"
