"""Anchoring among others: their anchors of our head, lost races, used nonces, transactions that are outpriced."""

from pathlib import Path

from ledger.chain.evm import EvmChain
from ledger.chain.port import Fees
from ledger.chain.transactions import Transaction, prepare, sign_transaction
from ledger.core.secp256k1 import address_of
from ledger.services.anchoring import pace as anchor_pace
from ledger.services.anchoring.fees import fees_above
from ledger.store.anchors import Event
from tests.chain.anchoring import SECRET
from tests.services.anchoring.rigs import (
    OTHER,
    Rig,
    code_of,
    hold,
    mine,
    on_anvil,
    pay,
)


def test_somebody_elses_anchor_of_our_head_counts_as_ours(any_rig: Rig) -> None:
    any_rig.fund(OTHER)
    any_rig.grow(3)
    any_rig.somebody_anchors(3)
    any_rig.settle()
    (held,) = any_rig.evidence()
    assert (held.size, held.intent) == (3, None)
    assert held.receipt is not None
    assert any_rig.provider.sent == 0


def test_somebody_elses_anchors_of_earlier_checkpoints_count_too(any_rig: Rig) -> None:
    any_rig.fund(OTHER)
    for count in (3, 2, 4):
        any_rig.grow(count)
    any_rig.somebody_anchors(3)
    any_rig.settle()
    any_rig.grow(1)
    any_rig.grow(1)
    any_rig.somebody_anchors(10, before=9)
    any_rig.settle()
    assert [(one.size, one.intent is None) for one in any_rig.evidence()] == [
        (3, True),
        (9, False),
        (10, True),
        (11, False),
    ]
    assert any_rig.ours_mined() == [9, 11]


def test_a_transaction_of_ours_that_loses_the_race_reverts_and_costs_no_evidence(fork: Rig) -> None:
    fork.fund(OTHER)
    fork.grow(3)
    hold(fork)
    chain = EvmChain(fork.provider.honest, **fork.options)
    # Theirs pays more, and is mined first in the same block.
    fees = chain.fees()
    rich = type(fees)(fees.base_fee, fees.max_priority_fee * 5, fees.max_fee * 5)
    theirs = prepare(chain, OTHER, to=fork.contract, data=fork.call_data(3, 0), fees=rich)
    fork.tick()
    chain.send_raw(theirs.raw)
    mine(fork)
    fork.tick(times=2)
    assert fork.history(1)[-1] == "reverted"
    (held,) = fork.evidence()
    assert (held.size, held.intent) == (3, None)
    assert fork.ours_mined() == []
    assert fork.provider.sent == 1


def test_ours_still_waiting_when_somebody_else_anchored_is_superseded(fork: Rig) -> None:
    fork.fund(OTHER)
    fork.grow(3)
    hold(fork)
    fork.tick()
    fork.provider.ask("anvil_dropAllTransactions")
    fork.somebody_anchors(3)
    mine(fork)
    fork.tick()
    assert fork.history(1) == ["sent", "superseded"]
    assert [one.intent for one in fork.evidence()] == [None]
    fork.grow(2)
    fork.tick()
    mine(fork)
    fork.tick()
    assert fork.announced() == [3, 5]
    assert len({one.row.nonce for one in fork.anchors.every_intent()}) == 1


def test_a_nonce_used_elsewhere_gives_the_transaction_up_and_makes_another(fork: Rig) -> None:
    fork.grow(3)
    hold(fork)
    fork.tick()
    fork.provider.ask("anvil_dropAllTransactions")
    fork.provider.ask("evm_setAutomine", True)
    pay(EvmChain(fork.provider.honest, **fork.options), address_of(OTHER), 1)
    fork.settle()
    assert fork.history(1) == ["sent", "abandoned"]
    first, second = fork.anchors.every_intent()
    assert second.row.nonce == first.row.nonce + 1
    assert fork.announced() == fork.ours_mined() == [3]


def test_a_transaction_given_up_by_mistake_is_known_again_by_its_hash(dev: Rig) -> None:
    dev.grow(3)
    dev.tick()
    dev.anchors.record_event(Event("abandoned", dev.now, intent=1))
    dev.settle()
    (held,) = dev.evidence()
    assert (held.size, held.intent) == (3, 1)
    assert dev.ours_mined() == [3]


# Stuck


def test_a_transaction_outpriced_for_long_gives_way_to_a_later_checkpoint(fork: Rig) -> None:
    fork.grow(3)
    hold(fork)
    fork.tick()
    (first,) = fork.anchors.every_intent()
    fork.provider.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    mine(fork)
    assert code_of(fork.tick) == "transaction-refused"
    fork.grow(2)
    assert code_of(fork.tick) == "transaction-refused"  # it may yet be mined: not for long enough
    assert len(fork.anchors.every_intent()) == 1
    fork.now += anchor_pace.STUCK_SECONDS
    fork.tick()
    _, second = fork.anchors.every_intent()
    assert (second.row.size, second.row.nonce) == (5, first.row.nonce)
    mine(fork)
    fork.tick(times=2)
    assert fork.announced() == fork.ours_mined() == [5]
    assert fork.history(1)[-1] == "superseded"
    assert fork.history(2)[-1] == "final"
    assert fork.anchors.pending() == []


def test_an_outpriced_transaction_is_not_made_again_for_the_same_checkpoint(fork: Rig) -> None:
    fork.grow(3)
    hold(fork)
    fork.tick()
    fork.provider.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    mine(fork)
    fork.now += anchor_pace.STUCK_SECONDS
    assert code_of(fork.tick) == "transaction-refused"
    fork.provider.ask("anvil_setNextBlockBaseFeePerGas", "0x1")
    mine(fork)
    fork.tick()
    mine(fork)
    fork.tick(times=2)
    assert fork.announced() == [3]
    assert len(fork.anchors.every_intent()) == 1


def test_replacing_ones_own_transaction_ends_at_the_cap(fork: Rig) -> None:
    fork.grow(3)
    hold(fork)
    fork.tick()
    fork.provider.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    mine(fork)
    fork.grow(2)
    fork.now += anchor_pace.STUCK_SECONDS
    poor = fork.anchorer(fee_cap=60 * 10**9)
    assert code_of(lambda: fork.tick(poor)) == "chain-fee-too-high"
    assert len(fork.anchors.every_intent()) == 1


def test_a_fee_above_the_cap_waits(dev: Rig) -> None:
    dev.grow(3)
    assert code_of(lambda: dev.tick(dev.anchorer(chain=dev.chain(fee_cap=1)))) == "chain-fee-too-high"
    assert dev.anchors.every_intent() == []


def test_somebody_elses_anchor_is_adopted_when_it_is_final_and_not_before(tmp_path: Path) -> None:
    with on_anvil(tmp_path, confirmations=2) as made:
        made.fund(OTHER)
        made.grow(3)
        made.somebody_anchors(3)
        anchorer = made.anchorer()
        made.tick(anchorer, times=2)
        mine(made)
        made.tick(anchorer)
        assert made.evidence() == []
        mine(made)
        made.tick(anchorer)
        assert [(one.size, one.intent) for one in made.evidence()] == [(3, None)]
        assert made.provider.sent == 0


def test_what_takes_the_place_of_another_offers_an_eighth_more_of_both_fees() -> None:
    raw = sign_transaction(Transaction(1, 0, bytes(20), b"", 21_000, 8_000, 800), SECRET).raw
    assert fees_above(Fees(1, 10, 100), [raw]) == Fees(1, 901, 9_001)
    assert fees_above(Fees(1, 1_000, 100_000), [raw]) == Fees(1, 1_000, 100_000)
    assert fees_above(Fees(1, 10, 100), []) == Fees(1, 10, 100)
