"""Step 8: a log's checkpoint on another jurisdiction's chain, honest and not; one attack a test."""

from typing import Any

import pytest

from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.foreign import accepted_root_slot, foreign_head_slot, source_id
from ledger.core.secp256k1 import address_of
from ledger.verify.report import Check
from tests.blocks import ANCHOR, CODE_HASH, hexed
from tests.foreign import (
    ORGANISATIONS,
    ForeignContract,
    attested_source,
    held_abroad,
    organisations_of,
    sealed_source,
)
from tests.sealing import addresses, secrets
from tests.simulator import World, seed, world
from tests.trees import tree_consistency
from tests.verify.attacking import judge

ALL = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 8, 9]}}
Sections = list[dict[str, Any]]


def line(made: World, contract: ForeignContract, sections: Sections, **trust: Any) -> Check:
    """Step 8 of the first section."""
    report = judge(made, sections, **{"foreign": [contract.trusted()], **trust})
    return next(check for check in report.checks if check.step == 8 and check.section == 0)


def said(made: World, contract: ForeignContract, sections: Sections, **trust: Any) -> tuple[str, str]:
    check = line(made, contract, sections, **trust)
    return check.outcome, check.code


def test_a_checkpoint_that_the_other_chain_holds_passes_and_says_so() -> None:
    made = world()
    contract, sections = held_abroad(made)
    own = ForeignContract(made.xb, made.xa, source=bytes([5]) * 32)
    own.accept()
    sections[1]["foreign"] = [own.part()]
    report = judge(made, sections, foreign=[contract.trusted(), own.trusted()], require=ALL)
    assert report.verdict == "verified"
    assert (report.step(8).outcome, report.step(8).code) == ("passed", "foreign-accepted")
    told = line(made, contract, sections)
    size = len(made.xa.entries)
    assert told.detail.startswith(
        f"eip155:31002 block 318 holds size {size}, from source 0x{contract.source.hex()},"
    )
    assert "not disputed as of that block; operator only: did:web:registry.example.xb says so" in told.detail


@pytest.mark.parametrize("kind", ["attested", "sealed"])
def test_by_whose_word_the_contract_took_it_is_told_where_the_trust_list_knows(kind: str) -> None:
    made = world()
    source = attested_source(made.xa) if kind == "attested" else sealed_source(made.xa)
    contract, sections = held_abroad(made, source=source_id(source))
    chain = made.xa.trusted_chain()
    members = [hexed(member) for member in source.members]
    if kind == "attested":
        listed = [
            {"address": one, "organisation": name} for one, name in zip(members, ORGANISATIONS, strict=True)
        ]
        chain["attesters"] = [{"epoch": 1, "from": 0, "threshold": 2, "members": listed}]
    else:
        chain["validators"] = [{"epoch": 1, "from": 0, "members": members}]
    told = line(made, contract, sections, chains=[chain, made.xb.trusted_chain()])
    who = "attested by attesters" if kind == "attested" else "sealed by validators"
    assert f"{who} of eip155:31001, not disputed" in told.detail


def test_without_a_foreign_part_the_step_is_absent_and_required_is_not_met() -> None:
    made = world()
    report = judge(made, require=ALL)
    assert (report.step(8).outcome, report.step(8).code) == ("absent", "not-carried")
    assert report.verdict == "not verified"


def test_a_contract_source_or_chain_that_the_trust_list_does_not_name_is_not_counted() -> None:
    made = world()
    contract, sections = held_abroad(made)
    other = {**contract.trusted(), "sourceId": hexed(bytes(32))}
    lists: list[dict[str, Any]] = [
        {"foreign": []},
        {"foreign": [other]},
        {"foreign": [contract.trusted()], "chains": [made.xa.trusted_chain()]},
    ]
    for trust in lists:
        report = judge(made, sections, **trust)
        first = next(check for check in report.checks if check.step == 8)
        assert (first.outcome, first.code) == ("absent", "no-foreign")
        assert any("section 0: what is held on eip155:31002" in told for told in report.not_counted)


def test_a_chain_of_the_logs_own_jurisdiction_is_no_other_one() -> None:
    made = world()
    contract, sections = held_abroad(made)
    for code, expected in (("XA", ("absent", "no-foreign")), ("XB", ("passed", "foreign-accepted"))):
        chain = {**made.xb.trusted_chain(), "jurisdiction": code}
        assert said(made, contract, sections, chains=[made.xa.trusted_chain(), chain]) == expected


def test_a_chain_that_the_logs_own_operator_vouches_for_is_no_other_one() -> None:
    made = world()
    contract, sections = held_abroad(made)
    chain = made.xb.trusted_chain()
    chain["operator"] = {**chain["operator"], "organisation": made.xa.operator}
    assert said(made, contract, sections, chains=[made.xa.trusted_chain(), chain]) == ("absent", "no-foreign")


def test_what_a_chain_holds_of_itself_is_not_held_on_another() -> None:
    made = world()
    chain = made.xb.trusted_chain()
    chain["validators"] = [{"epoch": 1, "from": 0, "members": [hexed(one) for one in addresses(secrets(4))]}]
    own = sealed_source(made.xb)._replace(members=tuple(addresses(secrets(4))))
    contract, sections = held_abroad(made, source=source_id(own))
    assert said(made, contract, sections, chains=[made.xa.trusted_chain(), chain]) == ("absent", "no-foreign")


def test_a_disputed_log_fails_though_its_checkpoint_is_held() -> None:
    made = world()
    contract, _ = held_abroad(made)
    contract.dispute()
    sections = made.sections()
    sections[0]["foreign"] = [contract.part()]
    assert said(made, contract, sections) == ("failed", "log-disputed")
    assert judge(made, sections, foreign=[contract.trusted()]).verdict == "not verified"


def test_a_flag_of_another_log_does_not_show_that_this_one_is_undisputed() -> None:
    made = world()
    contract, _ = held_abroad(made)
    contract.dispute()
    sections = made.sections()
    stranger = bytes(31) + b"\7"
    sections[0]["foreign"] = [contract.part(flag=stranger)]
    assert said(made, contract, sections)[0] == "failed"
    assert said(made, contract, sections)[1] in {"proof-invalid", "proof-truncated", "proof-surplus"}


def test_a_root_that_the_contract_does_not_hold_fails() -> None:
    made = world()
    contract, _ = held_abroad(made)
    contract.accept(root=bytes([9]) * 32)
    sections = made.sections()
    sections[0]["foreign"] = [contract.part()]
    assert said(made, contract, sections) == ("failed", "anchored-root")


def test_a_size_that_the_contract_never_took_fails() -> None:
    made = world()
    contract, sections = held_abroad(made)
    contract.slots.clear()
    contract.accept(1)
    sections[0]["foreign"] = [contract.part()]
    assert said(made, contract, sections) == ("failed", "not-anchored")


@pytest.mark.parametrize(
    "chosen", ["another source", "another log", "another size", "the head", "an anchor's slot"]
)
def test_a_slot_that_the_bundle_chooses_is_not_looked_at(chosen: str) -> None:
    made = world()
    contract, sections = held_abroad(made)
    size, log_id = len(made.xa.entries), made.xa.log_id
    slot = {
        "another source": accepted_root_slot(bytes(32), log_id, size),
        "another log": accepted_root_slot(contract.source, made.xb.log_id, size),
        "another size": accepted_root_slot(contract.source, log_id, size - 1),
        "the head": foreign_head_slot(contract.source, log_id),
        "an anchor's slot": root_at_slot(log_id, size),
    }[chosen]
    root = contract.slots.pop(accepted_root_slot(contract.source, log_id, size))
    contract.slots[slot] = root
    # The proof of the slot that holds the right root, and then that of the slot that should.
    sections[0]["foreign"] = [contract.part(slot=slot)]
    outcome, code = said(made, contract, sections)
    assert outcome == "failed"
    assert code == "not-anchored" or code.startswith("proof-")
    sections[0]["foreign"] = [contract.part()]
    assert said(made, contract, sections) == ("failed", "not-anchored")


def test_the_bundle_cannot_name_a_slot_or_a_contract() -> None:
    made = world()
    contract, sections = held_abroad(made)
    for member in ("slot", "contract", "sourceId", "start", "receipt"):
        sections[0]["foreign"] = [{**contract.part(), member: hexed(bytes(32))}]
        assert judge(made, sections).step(1).code == "member-unknown"


def test_the_anchor_contract_does_not_pass_for_the_one_that_holds_foreign_checkpoints() -> None:
    made = world()
    contract, sections = held_abroad(made)
    sections[0]["foreign"] = [contract.part(contract=ANCHOR, code=CODE_HASH)]
    assert said(made, contract, sections)[0] == "failed"


def test_other_code_at_the_address_is_refused() -> None:
    made = world()
    contract, sections = held_abroad(made)
    sections[0]["foreign"] = [contract.part(code=bytes([3]) * 32)]
    assert said(made, contract, sections) == ("failed", "code-hash")


def test_a_source_in_two_contracts_counts_by_the_one_that_is_proven() -> None:
    made = world()
    contract, sections = held_abroad(made)
    moved = {**contract.trusted(), "contract": hexed(bytes([4]) * 20)}
    assert said(made, contract, sections, foreign=[moved, contract.trusted()])[0] == "passed"
    assert said(made, contract, sections, foreign=[moved])[0] == "failed"


def test_a_finality_signature_for_the_anchor_or_another_block_or_by_a_stranger_fails() -> None:
    made = world()
    contract, sections = held_abroad(made)
    later = contract.part(number=319)["finality"]
    parts = [
        contract.part(claimed=ANCHOR),
        contract.part(finality_key="XA chain operator"),
        {**contract.part(), "finality": later},
    ]
    for part in parts:
        sections[0]["foreign"] = [part]
        assert said(made, contract, sections) == ("failed", "signature-invalid")


def test_less_finality_than_the_trust_list_asks_is_absent() -> None:
    made = world()
    contract, sections = held_abroad(made)
    asked = {"TransferRecord": {"finality": "attested"}}
    assert said(made, contract, sections, require=asked) == ("absent", "finality-insufficient")


def test_the_other_chain_may_be_attested() -> None:
    made = world()
    contract, sections = held_abroad(made)
    names = ("XA attester", "XC attester", "XD attester")
    listed = [
        {"address": hexed(address_of(seed(name))), "organisation": organisation}
        for name, organisation in zip(names, organisations_of(names), strict=True)
    ]
    chain = made.xb.trusted_chain()
    chain["attesters"] = [{"epoch": 1, "from": 300, "threshold": 2, "members": listed}]
    trust = {
        "chains": [made.xa.trusted_chain(), chain],
        "require": {"TransferRecord": {"finality": "attested"}},
    }
    for how, expected in (
        ({}, ("passed", "foreign-accepted")),
        ({"count": 1}, ("failed", "attestation-quorum")),
        ({"number": 299}, ("failed", "epoch-stale")),
        ({"claimed": ANCHOR}, ("failed", "attestation-outsider")),
    ):
        sections[0]["foreign"] = [contract.part(attested=names, **how)]
        assert said(made, contract, sections, **trust) == expected
    sections[0]["foreign"] = [contract.part(attested=names)]
    assert "; attested 2 of 3 (epoch 1), at " in line(made, contract, sections, **trust).detail


def test_the_other_chain_may_be_sealed() -> None:
    made = world()
    contract, sections = held_abroad(made)
    keys = secrets(4)
    chain = {**made.xb.trusted_chain(), "consensus": "qbft"}
    chain["validators"] = [{"epoch": 1, "from": 0, "members": [hexed(one) for one in addresses(keys)]}]
    trust = {
        "chains": [made.xa.trusted_chain(), chain],
        "require": {"TransferRecord": {"finality": "sealed"}},
    }
    sections[0]["foreign"] = [contract.part(sealed=keys)]
    told = line(made, contract, sections, **trust)
    assert (told.outcome, told.code) == ("passed", "foreign-accepted")
    assert "; sealed 3 of 4 (epoch 1), at " in told.detail
    sections[0]["foreign"] = [contract.part(sealed=secrets(4, "stranger"))]
    assert said(made, contract, sections, **trust)[0] == "failed"


def test_a_larger_checkpoint_held_abroad_needs_consistency() -> None:
    made = world()
    contract, sections = held_abroad(made)
    size = len(made.xa.entries)
    made.filler()
    contract.accept()
    path = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    larger = {**contract.part(), "checkpoint": made.xa.checkpoint().decode()}
    for part, expected in (
        ({**larger, "consistency": path}, ("passed", "foreign-accepted")),
        (larger, ("failed", "consistency-missing")),
        ({**larger, "consistency": path[1:]}, ("failed", "proof-invalid")),
        ({**contract.part(size), "consistency": []}, ("failed", "consistency-superfluous")),
    ):
        sections[0]["foreign"] = [part]
        assert said(made, contract, sections) == expected


def test_a_checkpoint_held_abroad_that_ends_before_an_item_does_not_cover_it() -> None:
    made = world()
    contract, sections = held_abroad(made)
    contract.accept(4)
    sections[0]["foreign"] = [
        {**contract.part(4), "checkpoint": made.xa.checkpoint(4).decode(), "consistency": []}
    ]
    assert said(made, contract, sections) == ("failed", "anchor-too-small")


def test_another_history_held_abroad_is_a_split_view() -> None:
    made = world()
    note = made.xa.checkpoint(root=bytes([8]) * 32)
    contract, sections = held_abroad(made)
    contract.accept(root=bytes([8]) * 32)
    sections[0]["foreign"] = [{**contract.part(root=bytes([8]) * 32), "checkpoint": note.decode()}]
    assert said(made, contract, sections) == ("failed", "split-view")


def test_one_part_that_fails_fails_the_step_beside_one_that_passes() -> None:
    made = world()
    contract, sections = held_abroad(made)
    good = contract.part()
    for parts in ([good, {**good, "header": "0x00"}], [{**good, "header": "0x00"}, good]):
        sections[0]["foreign"] = parts
        assert said(made, contract, sections) == ("failed", "rlp-shape")
    sections[0]["foreign"] = [good, {**good, "chain": "eip155:9"}]
    assert said(made, contract, sections) == ("passed", "foreign-accepted")


def test_under_a_checkpoint_that_does_not_hold_nothing_is_shown() -> None:
    made = world()
    contract, sections = held_abroad(made)
    sections[0]["checkpoint"] = made.xb.checkpoint().decode()
    assert said(made, contract, sections) == ("absent", "premise-failed")


def test_more_parts_than_a_section_holds_and_a_repeated_checkpoint_are_faults_of_form() -> None:
    made = world()
    contract, sections = held_abroad(made)
    part = contract.part()
    sections[0]["foreign"] = [part] * 17
    assert judge(made, sections).step(1).code == "too-many-foreign"
    sections[0]["foreign"] = [{**part, "checkpoint": sections[0]["checkpoint"]}]
    assert judge(made, sections).step(1).code == "checkpoint-repeated"


@pytest.mark.parametrize(
    "member", ["account", "chain", "disputed", "finality", "header", "source", "storage"]
)
def test_every_member_of_a_foreign_part_is_needed_and_of_its_kind(member: str) -> None:
    made = world()
    contract, sections = held_abroad(made)
    part = contract.part()
    sections[0]["foreign"] = [{name: value for name, value in part.items() if name != member}]
    assert judge(made, sections).step(1).code == "member-missing"
    sections[0]["foreign"] = [{**part, member: "0X00"}]
    assert judge(made, sections).step(1).code == "member-value"


@pytest.mark.parametrize("member", ["account", "disputed", "storage"])
def test_a_node_missing_surplus_or_changed_fails_the_step(member: str) -> None:
    made = world()
    contract, sections = held_abroad(made)
    nodes = contract.part()[member]
    changed = nodes[-1][:-1] + ("0" if nodes[-1][-1] != "0" else "1")
    for spoiled, code in (
        (nodes[:-1], "proof-truncated"),
        ([*nodes, nodes[-1]], "proof-surplus"),
        ([*nodes[:-1], changed], "proof-invalid"),
    ):
        sections[0]["foreign"] = [{**contract.part(), member: spoiled}]
        assert said(made, contract, sections) == ("failed", code)
