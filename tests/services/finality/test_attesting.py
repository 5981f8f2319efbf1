"""An attester checks everything itself, writes down before it signs, and never contradicts itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.attestation import require_signed
from ledger.core.evm.header import parse_header
from ledger.core.secp256k1 import recover
from ledger.errors import LedgerError
from ledger.services.finality.attesting import Known
from ledger.store.witness import Head, WitnessStore
from tests.blocks import hexed
from tests.services.finality.attesting import ADDRESSES, XB, XC, Scene, epoch
from tests.simulator import NOW
from tests.trees import tree_root

OTHER_ROOT = b"\x42" * 32
NOT_THERE = {"not-anchored", "proof-surplus", "proof-invalid"}
"""What a proof of another slot may fail with, by where the two slots' paths part."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    return refused.value.code


def refusal(scene: Scene, **options: Any) -> str:
    return code_of(lambda: scene.attest(**options))


def test_what_is_true_final_and_asked_of_a_member_is_signed(scene: Scene) -> None:
    given = scene.attest()
    assert given.address == ADDRESSES[XB]
    assert recover(scene.digest(), given.signature) == ADDRESSES[XB]
    require_signed(given, scene.digest())


def test_the_same_request_again_has_the_same_answer(scene: Scene) -> None:
    size = len(scene.world.xa.entries)
    assert scene.attest() == scene.attest(old=size)
    assert scene.attester().largest(scene.world.xa.origin) == size


@pytest.mark.parametrize(
    "changes",
    [
        {"origin_chain_id": 31_002},
        {"genesis": OTHER_ROOT},
        {"anchor": bytes(20)},
        {"log_id": OTHER_ROOT},
        {"size": 3},
        {"root": OTHER_ROOT},
        {"block_hash": OTHER_ROOT},
        {"block_number": 8},
        {"block_time": 1},
        {"set_id": OTHER_ROOT},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_attestation_is_of_one_log_chain_contract_block_and_set(
    scene: Scene, changes: dict[str, Any]
) -> None:
    given = scene.attest()
    assert code_of(lambda: require_signed(given, scene.digest(**changes))) == "attestation-invalid"


# Whose log and chain


def test_a_log_that_nobody_vouched_for_is_not_attested(scene: Scene) -> None:
    xb = scene.world.xb
    other = scene.attester(known=lambda: [Known({xb.origin: scene.trust.logs[xb.origin]}, {}, "the list")])  # type: ignore[union-attr]
    assert code_of(lambda: other.attest(scene.request())) == "log-unknown"


def test_a_chain_that_nobody_vouched_for_is_not_attested(scene: Scene) -> None:
    assert refusal(scene, chain="eip155:31009") == "chain-unknown"


def test_a_contract_that_the_trust_list_does_not_name_is_not_attested(scene: Scene) -> None:
    scene.believe(anchor=hexed(b"\x11" * 20))
    assert refusal(scene) == "proof-invalid"  # the account's proof is of another address


def test_another_code_at_the_address_is_not_attested(scene: Scene) -> None:
    scene.believe(codeHash=hexed(OTHER_ROOT))
    assert refusal(scene) == "code-hash"


def test_the_header_of_another_chain_is_not_attested_for_this_one(scene: Scene) -> None:
    # XB's chain is named too, and nobody attests it.
    assert refusal(scene, chain=scene.world.xb.chain) == "epoch-unknown"


def test_two_documents_that_disagree_on_a_chain_attest_nothing(scene: Scene) -> None:
    trust = scene.trust
    assert trust is not None
    chain = trust.chains[scene.world.xa.chain]
    entry = Known(trust.logs, {chain.id: chain._replace(anchor=bytes(20))}, "the entry of XA")
    known = [Known(trust.logs, trust.chains, "the trust list"), entry]
    assert code_of(lambda: scene.attester(known=lambda: known).attest(scene.request())) == "chain-disputed"


def test_a_partners_entry_names_the_attesters_where_the_trust_list_does_not(scene: Scene) -> None:
    trust = scene.trust
    assert trust is not None
    chain = trust.chains[scene.world.xa.chain]
    listed = Known({}, {chain.id: chain._replace(attesters=())}, "the trust list")
    entry = Known(trust.logs, {chain.id: chain}, "the entry of XA")
    assert scene.attester(known=lambda: [listed, entry]).attest(scene.request()).size == chain_size(scene)


def chain_size(scene: Scene) -> int:
    return len(scene.world.xa.entries)


# The set and its epoch


def test_a_node_that_is_no_member_does_not_sign(scene: Scene) -> None:
    scene.believe(attesters=[epoch(members=[(bytes([7]) * 20, XB), (ADDRESSES[XC], XC)])])
    assert refusal(scene) == "attester-not-listed"


def test_a_node_listed_for_somebody_else_does_not_sign(scene: Scene) -> None:
    scene.believe(attesters=[epoch(members=[(ADDRESSES[XB], "did:web:other.example"), (ADDRESSES[XC], XC)])])
    assert refusal(scene) == "attester-not-listed"


def test_nobody_attests_its_own_log(scene: Scene) -> None:
    assert code_of(lambda: scene.attester(organisation=scene.world.xa.operator).attest(scene.request())) == (
        "attestation-own"
    )


OWN = (ADDRESSES[XB], XB)
STRANGERS = [(bytes([n]) * 20, f"did:web:o{n}.example") for n in range(1, 4)]


@pytest.mark.parametrize(
    "weak",
    [
        {"threshold": 1},
        {"threshold": 1, "members": [OWN]},
        {"threshold": 2, "members": [OWN, *STRANGERS]},
        {"threshold": 2, "members": [OWN, (bytes([9]) * 20, "did:web:registry.example.xa")]},
    ],
    ids=["one of two", "one of one", "half of four", "the log's operator needed"],
)
def test_a_set_in_which_too_few_are_enough_is_not_signed_for(scene: Scene, weak: dict[str, Any]) -> None:
    listed = epoch()
    try:
        scene.believe(attesters=[epoch(**weak)])
    except LedgerError:
        # The list refuses some of these itself; an attester must not rely on that.
        trust = scene.trust
        assert trust is not None
        chain = trust.chains[scene.world.xa.chain]
        (signers,) = chain.attesters
        members = weak.get("members") or [(ADDRESSES[XB], XB), (ADDRESSES[XC], XC)]
        weakened = signers._replace(
            threshold=weak["threshold"],
            members=tuple(address for address, _ in members),
            organisations=tuple(organisation for _, organisation in members),
        )
        known = [Known(trust.logs, {chain.id: chain._replace(attesters=(weakened,))}, "a list")]
        assert (
            code_of(lambda: scene.attester(known=lambda: known).attest(scene.request()))
            == "attester-set-weak"
        )
    else:
        assert listed != epoch(**weak)
        assert refusal(scene) == "attester-set-weak"


def test_an_epoch_that_there_is_not_is_refused(scene: Scene) -> None:
    assert refusal(scene, epoch=2) == "epoch-unknown"


def test_a_set_that_has_been_replaced_is_not_signed_for(scene: Scene) -> None:
    scene.believe(attesters=[epoch(), epoch(2, start=7)])
    assert refusal(scene) == "epoch-stale"
    assert scene.attest(epoch=2).epoch == 2


def test_a_set_that_is_not_in_force_yet_is_not_signed_for(scene: Scene) -> None:
    scene.believe(attesters=[epoch(start=8)])
    assert refusal(scene) == "epoch-stale"


# The checkpoint and its log


def test_a_checkpoint_that_the_log_did_not_sign_is_refused(scene: Scene) -> None:
    xa = scene.world.xa
    forged = replace(xa, head_name="somebody's head key", entries=list(xa.entries))
    assert refusal(scene, checkpoint=forged.checkpoint()) == "line-missing"


def test_a_checkpoint_of_another_log_is_not_what_the_contract_holds(scene: Scene) -> None:
    assert refusal(scene, checkpoint=scene.world.xb.checkpoint()) == "attestation-own"  # XB is asked
    scene.organisation = XC
    scene.believe(attesters=[epoch(members=[OWN, (ADDRESSES[XC], XC), STRANGERS[0]])])
    assert refusal(scene, checkpoint=scene.world.xb.checkpoint()) in NOT_THERE


def test_a_size_that_is_not_in_the_contract_is_refused(scene: Scene) -> None:
    size = chain_size(scene)
    assert refusal(scene, size=size - 1, part=scene.part(size)) in NOT_THERE


def test_two_roots_for_one_size_are_refused_kept_and_told(scene: Scene) -> None:
    xa = scene.world.xa
    size = chain_size(scene)
    scene.attest()
    xa.anchor(size, OTHER_ROOT)
    rewritten = scene.part(size, root=OTHER_ROOT, number=9)
    scene.show(rewritten)
    note = xa.checkpoint(size, root=OTHER_ROOT)
    assert refusal(scene, part=rewritten, checkpoint=note, old=size) == "split-view"
    (found,) = scene.attester().contradictions
    assert (found.kind, found.name, found.offered) == ("split-view", xa.origin, note)
    assert found.held != note
    assert refusal(scene, part=rewritten, checkpoint=note, old=size) == "split-view"
    assert len(scene.attester().contradictions) == 1


def test_a_tree_that_does_not_extend_the_one_attested_before_is_refused(scene: Scene) -> None:
    xa = scene.world.xa
    scene.attest()
    size = chain_size(scene)
    xa.entries[0] = b"\x13" * 32  # rewritten, then grown
    xa.entries += [b"\x14" * 32]
    xa.anchor()
    part = scene.part(number=9)
    scene.show(part)
    assert refusal(scene, part=part, old=size) == "proof-invalid"
    assert refusal(scene, part=part, old=0) == "attestation-old"
    assert scene.attester().largest(xa.origin) == size


def test_a_smaller_tree_is_shown_to_be_part_of_the_one_attested_before(scene: Scene) -> None:
    xa = scene.world.xa
    small = chain_size(scene) - 2
    xa.anchor(small)
    earlier = scene.part(small, number=6)
    later = scene.part(number=7)
    scene.show(earlier)
    scene.show(later)
    scene.attest(part=later)
    assert scene.attest(size=small, part=earlier, old=chain_size(scene)).size == small
    assert refusal(scene, size=small, part=earlier, old=chain_size(scene), consistency=()) == "proof-invalid"


def test_a_path_where_nothing_is_to_be_shown_is_refused(scene: Scene) -> None:
    assert refusal(scene, consistency=(OTHER_ROOT,)) == "consistency-superfluous"


def cosigned(scene: Scene, note: bytes, size: int, root: bytes) -> None:
    head = Head(scene.world.xa.origin, size, root, note, b"line", NOW)
    store = WitnessStore(scene.folder / "witness.sqlite")
    store.begin("witness of XB")
    store.advance(scene.world.xa.origin, lambda _: head, vkey="witness of XB")


def test_two_roots_of_which_one_was_cosigned_are_refused_and_kept(scene: Scene) -> None:
    size = chain_size(scene)
    note = scene.world.xa.checkpoint(size, root=OTHER_ROOT)
    cosigned(scene, note, size, OTHER_ROOT)
    assert refusal(scene, old=size) == "split-view"
    (found,) = scene.attester().contradictions
    assert found.held == note


def test_a_tree_is_shown_to_extend_the_one_that_was_cosigned(scene: Scene) -> None:
    xa = scene.world.xa
    size = chain_size(scene)
    small = size - 2
    cosigned(scene, xa.checkpoint(small), small, tree_root(xa.leaves[:small]))
    assert scene.attester().largest(xa.origin) == small
    assert refusal(scene, old=0) == "attestation-old"
    assert refusal(scene, old=small, consistency=(OTHER_ROOT,)) == "proof-invalid"
    assert scene.attest(old=small).size == size


# The block


def test_a_chain_invented_by_the_operators_own_node_is_not_attested(scene: Scene) -> None:
    # Everything fits but that no other node has the block.
    invented = scene.part(time=scene.world.xa.number)
    assert refusal(scene, part=invented) == "block-not-canonical"


def test_a_forged_block_time_under_a_true_state_is_not_attested(scene: Scene) -> None:
    true = parse_header(bytes.fromhex(scene.part()["header"][2:]))
    forged = scene.part(time=true.time - 1_000)
    assert parse_header(bytes.fromhex(forged["header"][2:])).state_root == true.state_root
    assert refusal(scene, part=forged) == "block-not-canonical"


def test_a_header_of_another_height_is_not_attested(scene: Scene) -> None:
    assert refusal(scene, part=scene.part(number=8)) == "block-not-final"
    scene.show(scene.part(number=8, time=5))
    assert refusal(scene, part=scene.part(number=8)) == "block-not-canonical"


def test_a_block_that_is_not_final_yet_is_not_attested(scene: Scene) -> None:
    assert scene.seen is not None
    scene.seen.final = 6
    assert refusal(scene) == "block-not-final"
    scene.seen.final = 7
    scene.attest()


def test_a_node_that_looks_at_no_chain_itself_does_not_sign(scene: Scene) -> None:
    assert code_of(lambda: scene.attester(observed=lambda _: None).attest(scene.request())) == (
        "chain-not-observed"
    )


def test_a_chain_of_the_same_id_and_another_beginning_is_not_attested(scene: Scene) -> None:
    assert scene.seen is not None
    scene.seen.genesis_hash = OTHER_ROOT
    assert refusal(scene) == "chain-wrong-genesis"


def test_a_second_block_of_one_number_is_refused_kept_and_told(scene: Scene) -> None:
    scene.attest()
    other = scene.part(time=5)
    scene.show(other)  # the chain was reorganised below what it had called final
    assert refusal(scene, part=other, old=chain_size(scene)) == "two-blocks"
    (found,) = scene.attester().contradictions
    assert (found.kind, found.name) == ("two-blocks", scene.world.xa.chain)
    assert found.offered == bytes.fromhex(other["header"][2:])
