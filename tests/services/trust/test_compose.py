"""Composing one's own trust list from claims."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.authorities import Authority, AuthorityKey
from ledger.chain.artifact import load_artifact
from ledger.chains import AttesterMember, AttesterSet
from ledger.core.note import ED25519_COSIGNATURE, make_vkey
from ledger.core.pinning import succeed
from ledger.core.trust import ForeignSource, WitnessKey, parse_trust_list
from ledger.errors import LedgerError, RefusedError
from ledger.services.keys.keyfile import HolderKey
from ledger.services.node.jurisdiction import entry_of
from ledger.services.trust.claim import LIFE, ChainIdentity, claim_of
from ledger.services.trust.compose import Policy, compose
from ledger.verify.foreign import sources_of
from tests.services.homes import CHAIN, NOW, chance, claim, home, publisher_key

POLICY = Policy()


def claims(folder: Path) -> list[bytes]:
    return [claim(home(folder, "XB"), 31_002), claim(home(folder, "XA"), 31_001)]


def test_two_claims_become_one_list(tmp_path: Path) -> None:
    listed = parse_trust_list(compose(claims(tmp_path), keys=[publisher_key()], policy=POLICY, now=NOW))
    assert listed.publisher.id == "did:web:trust.example.xb"
    assert list(listed.authorities) == ["did:web:registrar.example.xa", "did:web:registrar.example.xb"]
    assert list(listed.logs) == ["registry.example.xa/XA/2026", "registry.example.xb/XB/2026"]
    assert list(listed.chains) == ["eip155:31001", "eip155:31002"]
    requirement = listed.requirement("TransferRecord")
    assert requirement is not None
    assert 9 in requirement.steps


def test_the_order_and_repetition_of_claims_do_not_matter(tmp_path: Path) -> None:
    given = claims(tmp_path)
    one = compose(given, keys=[publisher_key()], policy=POLICY, now=NOW)
    assert compose([*reversed(given), given[0]], keys=[publisher_key()], policy=POLICY, now=NOW) == one


def test_the_policy_is_the_publishers_own(tmp_path: Path) -> None:
    witness = WitnessKey(
        make_vkey("witness.example", ED25519_COSIGNATURE, b"\x05" * 32), "did:web:witness.example"
    )
    policy = Policy(witnesses=[witness], require={"TransferRecord": {"quorum": 1}}, threshold=2, life=60)
    made = compose(claims(tmp_path), keys=[publisher_key("#1"), publisher_key("#2")], policy=policy, now=NOW)
    listed = parse_trust_list(made)
    assert listed.witnesses == (witness,)
    assert list(listed.require) == ["TransferRecord"]
    assert listed.publisher.threshold == 2
    assert listed.next_update == NOW + 60


def test_witnesses_of_a_claim_are_not_taken_up(tmp_path: Path) -> None:
    witness = WitnessKey(
        make_vkey("puppet.example", ED25519_COSIGNATURE, b"\x05" * 32), "did:web:puppet.example"
    )
    key = publisher_key(holder="did:web:registry.example.xa")
    with_puppet = compose([claim(home(tmp_path))], keys=[key], policy=Policy(witnesses=[witness]), now=NOW)
    listed = parse_trust_list(compose([with_puppet], keys=[publisher_key()], policy=POLICY, now=NOW))
    assert listed.witnesses == ()


def test_the_next_version_succeeds_the_last(tmp_path: Path) -> None:
    given = claims(tmp_path)
    last = compose(given[:1], keys=[publisher_key()], policy=POLICY, now=NOW)
    following = compose(given, keys=[publisher_key()], policy=POLICY, now=NOW + 1, previous=last)
    listed = parse_trust_list(following)
    assert listed.version == 2
    assert succeed(parse_trust_list(last), listed) == listed


def test_a_new_key_needs_the_signature_of_the_old_one(tmp_path: Path) -> None:
    given = claims(tmp_path)
    last = compose(given, keys=[publisher_key("#1")], policy=POLICY, now=NOW)
    with pytest.raises(LedgerError) as refused:
        compose(given, keys=[publisher_key("#2")], policy=POLICY, now=NOW, previous=last)
    assert refused.value.code == "previous-threshold"
    made = compose(
        given,
        keys=[publisher_key("#2")],
        retired=[publisher_key("#1")],
        policy=POLICY,
        now=NOW,
        previous=last,
    )
    assert set(parse_trust_list(made).publisher.keys) == {"#2"}


def test_a_list_of_another_publisher_is_not_succeeded(tmp_path: Path) -> None:
    given = claims(tmp_path)
    last = compose(given, keys=[publisher_key()], policy=POLICY, now=NOW)
    other = publisher_key(holder="did:web:other.example.xb")
    with pytest.raises(RefusedError):
        compose(given, keys=[other], policy=POLICY, now=NOW, previous=last)


def test_two_claims_that_differ_about_one_item_are_refused_by_name(tmp_path: Path) -> None:
    made = home(tmp_path)
    with pytest.raises(RefusedError, match=r"eip155:31001|registrar\.example\.xa") as refused:
        compose(
            [claim(made, 31_001), claim(home(tmp_path, "XB"), 31_001)],
            keys=[publisher_key()],
            policy=POLICY,
            now=NOW,
        )
    assert refused.value.code == "claims-conflict"


def test_a_claim_about_several_jurisdictions_is_refused(tmp_path: Path) -> None:
    both = compose(claims(tmp_path), keys=[publisher_key()], policy=POLICY, now=NOW)
    with pytest.raises(RefusedError) as refused:
        compose([both], keys=[publisher_key()], policy=POLICY, now=NOW)
    assert refused.value.code == "claim-jurisdictions"


def test_a_stale_or_damaged_claim_is_refused_with_its_place(tmp_path: Path) -> None:
    given = claims(tmp_path)
    with pytest.raises(RefusedError, match="claim 1") as refused:
        compose(given, keys=[publisher_key()], policy=POLICY, now=NOW + LIFE)
    assert refused.value.code == "claim-stale"
    damaged = given[1].replace(b"registry.example.xa", b"registry.example.xc", 1)
    with pytest.raises(LedgerError, match="claim 2"):
        compose([given[0], damaged], keys=[publisher_key()], policy=POLICY, now=NOW)


def entry(folder: Path, code: str = "XA", **settings: object) -> bytes:
    """The entry that goes with `claim`."""
    made = home(folder, code)
    made = replace(made, settings=replace(made.settings, **settings))  # type: ignore[arg-type]
    number = {"XA": 31_001, "XB": 31_002}[code]
    return entry_of(made, claim(made, number), now=NOW, random=chance(code + "entry")).encoded


def test_a_list_may_be_composed_of_entries_which_it_keeps_verbatim(tmp_path: Path) -> None:
    own = claim(home(tmp_path, "XB"), 31_002)
    partner = entry(tmp_path)
    made = compose([own], entries=[partner], keys=[publisher_key()], policy=POLICY, now=NOW)
    listed = parse_trust_list(made)
    assert listed.entries == (partner,)
    of_claims = parse_trust_list(
        compose(
            [own, claim(home(tmp_path / "other"), 31_001)], keys=[publisher_key()], policy=POLICY, now=NOW
        )
    )
    assert set(listed.authorities) == set(of_claims.authorities)
    assert (listed.logs.keys(), listed.chains.keys()) == (of_claims.logs.keys(), of_claims.chains.keys())
    only = compose([], entries=[partner], keys=[publisher_key()], policy=POLICY, now=NOW)
    assert set(parse_trust_list(only).logs) == {"registry.example.xa/XA/2026"}


def test_a_claim_that_says_more_than_the_entry_beside_it_is_refused(tmp_path: Path) -> None:
    made = home(tmp_path)
    signed = entry_of(made, claim(made), now=NOW, random=chance("entry")).encoded
    authority = Authority("did:web:authority.example.xa", ("authority",), (_authority_key(),))
    wider = replace(made, settings=replace(made.settings, authorities=(authority,)))
    with pytest.raises(RefusedError) as refused:
        compose([claim(wider)], entries=[signed], keys=[publisher_key()], policy=POLICY, now=NOW)
    assert refused.value.code == "entry-exceeded"
    assert "did:web:authority.example.xa" in str(refused.value)


def _authority_key() -> AuthorityKey:
    return AuthorityKey("#1", publisher_key().multikey, NOW, NOW + 86_400)


def test_two_entries_of_one_jurisdiction_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    one, two = entry(tmp_path), entry(tmp_path / "again", address="https://registry.example.xa")
    with pytest.raises(LedgerError):
        compose([], entries=[one, two], keys=[publisher_key()], policy=POLICY, now=NOW)
    damaged = one.replace(b"registry.example.xa", b"registry.example.xc", 1)
    with pytest.raises(LedgerError, match="entry 1"):
        compose([], entries=[damaged], keys=[publisher_key()], policy=POLICY, now=NOW)


def test_no_claim_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        compose([], keys=[publisher_key()], policy=POLICY, now=NOW)
    assert refused.value.code == "claims-missing"


@pytest.mark.parametrize(
    "keys",
    [[], [publisher_key(), publisher_key(holder="did:web:other.example.xb")], [publisher_key()] * 2],
    ids=["none", "two holders", "one twice"],
)
def test_keys_that_are_not_one_publishers_are_refused(tmp_path: Path, keys: list[HolderKey]) -> None:
    with pytest.raises(RefusedError) as refused:
        compose(claims(tmp_path), keys=keys, policy=POLICY, now=NOW)
    assert refused.value.code == "publisher-keys"


def test_chains_have_the_jurisdictions_that_the_publisher_gives_them(tmp_path: Path) -> None:
    asked = {"chains": {"threshold": 2, "among": ["eip155:31001", "eip155:31002"]}}
    jurisdictions = {"eip155:31001": "XA", "eip155:31002": "XB"}
    policy = Policy(require={"TransferRecord": asked}, jurisdictions=jurisdictions)
    listed = parse_trust_list(compose(claims(tmp_path), keys=[publisher_key()], policy=policy, now=NOW))
    assert {chain.id: chain.jurisdiction for chain in listed.chains.values()} == jurisdictions
    assert listed.require["TransferRecord"].chains == (2, ("eip155:31001", "eip155:31002"))


def test_a_jurisdiction_for_a_chain_that_nobody_names_is_refused(tmp_path: Path) -> None:
    policy = Policy(jurisdictions={"eip155:31003": "XC"})
    with pytest.raises(RefusedError) as refused:
        compose(claims(tmp_path), keys=[publisher_key()], policy=policy, now=NOW)
    assert refused.value.code == "chain-unknown"


FOREIGN_CODE = load_artifact("ForeignCheckpoints").runtime_code_hash
MEMBERS = [
    AttesterMember("0x" + byte * 20, f"did:web:attester.example.x{name}")
    for byte, name in (("11", "b"), ("22", "c"))
]


def watched_claims(
    folder: Path, source: bytes | None = None, chain: str = "eip155:31002", code: bytes = FOREIGN_CODE
) -> tuple[list[bytes], bytes]:
    """XA's claim, with attesters of its chain; XB's, whose chain holds what they attested, or something else."""
    xa, xb = home(folder, "XA"), home(folder, "XB")
    attested = AttesterSet(1, 0, 2, tuple(MEMBERS))
    settings = replace(xa.settings, chain=replace(xa.settings.chain, attesters=(attested,)))
    first = claim_of(
        replace(xa, settings=settings),
        ChainIdentity(31_001, CHAIN.genesis, CHAIN.anchor, CHAIN.code_hash),
        now=NOW,
    )
    (true,) = sources_of(parse_trust_list(first).chains["eip155:31001"])
    held = ForeignSource(chain, b"\x04" * 20, code, true if source is None else source)
    second = ChainIdentity(31_002, CHAIN.genesis, CHAIN.anchor, CHAIN.code_hash)
    return [first, claim_of(xb, second, now=NOW, foreign=[held])], true


def test_what_another_chain_holds_is_taken_up_where_the_list_names_whose_word_it_rests_on(
    tmp_path: Path,
) -> None:
    given, source = watched_claims(tmp_path)
    listed = parse_trust_list(compose(given, keys=[publisher_key()], policy=POLICY, now=NOW))
    assert [(one.chain, one.source_id) for one in listed.foreign] == [("eip155:31002", source)]
    alone = parse_trust_list(compose(given[1:], keys=[publisher_key()], policy=POLICY, now=NOW))
    assert alone.foreign == ()


@pytest.mark.parametrize(
    "spoiled",
    [{"source": b"\x06" * 32}, {"chain": "eip155:31001"}, {"code": b"\x05" * 32}],
    ids=["source", "chain", "code"],
)
def test_a_source_of_strangers_or_on_another_s_chain_or_in_other_code_is_not_taken_up(
    tmp_path: Path, spoiled: dict[str, Any]
) -> None:
    given, _ = watched_claims(tmp_path, **spoiled)
    assert parse_trust_list(compose(given, keys=[publisher_key()], policy=POLICY, now=NOW)).foreign == ()
