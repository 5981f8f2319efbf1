"""Attesters that a claim names, held against what their organisations state of themselves; one invention a test."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chains import AttesterMember, AttesterSet
from ledger.core.trust import parse_trust_list
from ledger.errors import RefusedError
from ledger.services.home.folder import Home
from ledger.services.node.jurisdiction import entry_of
from ledger.services.trust.claim import claim_of
from ledger.services.trust.compose import Policy, compose
from ledger.services.trust.pinned import fingerprint_of
from ledger.services.trust.stated_attesters import StatedAttester, compare_attesters
from ledger.statements.entries import read_entry
from tests.cli.running import evidence
from tests.services.homes import CHAIN, NOW, chance, claim, home, publisher_key

INVENTED = "0x" + "ee" * 20
EARLIER = "0x" + "ab" * 20
CHAINS = {"XA": 31_001, "XB": 31_002, "XC": 31_003}


def own(made: Home, **changes: str) -> AttesterMember:
    """A node's attester as it states it, but for what is changed."""
    told = {"address": made.keys.attester.public, "organisation": made.settings.operator} | changes
    return AttesterMember(**told)


def stated(member: AttesterMember) -> StatedAttester:
    return StatedAttester(member.organisation, bytes.fromhex(member.address[2:]))


def attested(made: Home, *sets: tuple[AttesterMember, ...], now: int = NOW) -> bytes:
    """XA's claim, by which these attest the blocks of its chain, one set after the other."""
    epochs = tuple(AttesterSet(n, 100 * n - 100, 2, members) for n, members in enumerate(sets, 1))
    settings = replace(made.settings, chain=replace(made.settings.chain, attesters=epochs))
    return claim_of(replace(made, settings=settings), CHAIN, now=now)


def entry(made: Home, now: int = NOW) -> bytes:
    code = made.settings.jurisdiction
    return entry_of(made, claim(made, CHAINS[code], now), now=now, random=chance(code + "entry")).encoded


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Home, Home, Home]:
    return home(tmp_path, "XA"), home(tmp_path, "XB"), home(tmp_path, "XC")


def composed(claimed: bytes, *entries: bytes, **given: Any) -> Any:
    policy = Policy(attesters=given.pop("stated", ()))
    made = compose([claimed], keys=[publisher_key()], policy=policy, now=NOW, entries=entries, **given)
    return compare_attesters(parse_trust_list(made), policy.attesters)


def refused(claimed: bytes, *entries: bytes, **given: Any) -> str:
    with pytest.raises(RefusedError) as found:
        composed(claimed, *entries, **given)
    assert found.value.code == "attester-other"
    return str(found.value)


def test_attesters_that_their_own_entries_state_are_taken_up(homes: tuple[Home, Home, Home]) -> None:
    xa, xb, xc = homes
    assert composed(attested(xa, (own(xb), own(xc))), entry(xb), entry(xc)) == []


def test_an_invented_address_under_the_name_of_an_organisation_is_refused(
    homes: tuple[Home, Home, Home],
) -> None:
    xa, xb, xc = homes
    said = refused(attested(xa, (own(xb, address=INVENTED), own(xc))), entry(xb), entry(xc))
    assert INVENTED in said
    assert xb.keys.attester.public in said
    assert xb.settings.operator in said


def test_an_address_invented_for_an_earlier_epoch_is_refused(homes: tuple[Home, Home, Home]) -> None:
    xa, xb, xc = homes
    claimed = attested(xa, (own(xb, address=INVENTED), own(xc)), (own(xb), own(xc)))
    refused(claimed, entry(xb), entry(xc))


def test_an_attester_under_the_name_of_another_organisation_is_refused(
    homes: tuple[Home, Home, Home],
) -> None:
    xa, xb, xc = homes
    renamed = own(xb, organisation="did:web:nobody.example.xb")
    assert xb.settings.operator in refused(attested(xa, (renamed, own(xc))), entry(xb), entry(xc))


def test_what_no_entry_states_is_told(homes: tuple[Home, Home, Home]) -> None:
    xa, xb, xc = homes
    claimed = attested(xa, (own(xb), own(xc)))
    assert [one.organisation for one in composed(claimed, entry(xb))] == [xc.settings.operator]
    (_, second) = composed(claimed)
    assert str(second) == (
        f"attester {xc.keys.attester.public} of eip155:31001, epoch 1, for {xc.settings.operator}"
    )
    assert composed(claimed, entry(xb), stated=[stated(own(xc))]) == []
    refused(claimed, entry(xb), stated=[stated(own(xc, address=INVENTED))])


def test_an_entry_that_speaks_for_anothers_organisation_vouches_for_nobody(
    homes: tuple[Home, Home, Home],
) -> None:
    xa, xb, xc = homes
    usurper = replace(xc, settings=replace(xc.settings, operator=xb.settings.operator))
    claimed = attested(xa, (own(usurper), own(home(xa.path.parent, "XD"))))
    refused(claimed, entry(xb), entry(usurper))
    refused(claimed, entry(xb), entry(usurper), stated=[stated(own(xb))])


def test_an_earlier_address_stands_by_the_organisations_own_word_alone(
    homes: tuple[Home, Home, Home],
) -> None:
    xa, xb, xc = homes
    before = (own(xb, address=EARLIER), own(xc))
    claimed = attested(xa, before, (own(xb), own(xc)))
    first = compose([attested(xa, before)], keys=[publisher_key()], policy=Policy(), now=NOW)
    refused(claimed, entry(xb), entry(xc), previous=first)
    assert composed(claimed, entry(xb), entry(xc), stated=[stated(before[0])], previous=first) == []


def test_the_command_tells_whom_it_could_not_compare_and_takes_what_was_told(
    homes: tuple[Home, Home, Home], tmp_path: Path
) -> None:
    xa, xb, xc = homes
    now = int(time.time())
    files = {"claim": attested(xa, (own(xb), own(xc)), now=now), "entry": entry(xb, now)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    compared = fingerprint_of(parse_trust_list(files["claim"]))
    key = ("--publisher", "did:web:trust.example.xb", "--key", tmp_path / "key")
    make = [
        "trust", "make", *(tmp_path / name for name in files), *key, "--fingerprint", compared,
        "--fingerprint", read_entry(files["entry"]).statement.digest.hex(),
    ]  # fmt: skip
    made = evidence(*make, "--out", tmp_path / "first.json")
    assert made.status == 0, made.told
    lines = [line for line in made.told.splitlines() if line.startswith("not compared")]
    assert len(lines) == 1
    assert xc.keys.attester.public in lines[0]
    told = f"{xc.settings.operator}={xc.keys.attester.public}"
    again = evidence(*make, "--out", tmp_path / "second.json", "--attester", told)
    assert again.status == 0
    assert "not compared" not in again.told
    other = evidence(
        *make, "--out", tmp_path / "third.json", "--attester", f"{xc.settings.operator}={INVENTED}"
    )
    assert other.status == 1
    assert not (tmp_path / "third.json").exists()
    assert evidence(*make, "--out", tmp_path / "third.json", "--attester", INVENTED).status == 2
    # Who makes a list from its own home knows its own attester.
    xb.claim.write_bytes(claim(xb, 31_002, now))
    from_home = evidence(
        "trust", "make", tmp_path / "claim", "--home", xb.path, *key, "--fingerprint", compared,
        "--out", tmp_path / "fourth.json",
    )  # fmt: skip
    assert from_home.status == 0, from_home.told
    assert [line.split()[3] for line in from_home.told.splitlines() if line.startswith("not compared")] == [
        xc.keys.attester.public
    ]
