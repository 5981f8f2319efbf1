"""What a dishonest operator, an outsider and a squatter try: none of it can be anchored."""

import dataclasses

import pytest
from web3 import Web3

from tests.contracts import trees
from tests.contracts.chains import Deployment, HeadKey, Offer

ORIGIN = "registry.example.xa/XA/2026"
OPERATOR = HeadKey(bytes(Web3.keccak(text="head key of the operator")), ORIGIN)
OUTSIDER = HeadKey(bytes(Web3.keccak(text="key of an outsider")), ORIGIN)
ANCHORED = 6


@pytest.fixture
def anchored(deployed: Deployment) -> Deployment:
    """The operator's log, anchored at two sizes."""
    hashes = trees.leaves(ANCHORED)
    assert deployed.send(OPERATOR.offer(4, trees.root(hashes[:4])))["status"] == 1
    path = trees.consistency(4, hashes)
    assert deployed.send(OPERATOR.offer(ANCHORED, trees.root(hashes), path))["status"] == 1
    return deployed


def _refused(deployed: Deployment, offer: Offer, error: str) -> None:
    """Whoever sends it, the offer fails with `error` and nothing stored changes."""
    hashes = trees.leaves(ANCHORED)
    assert deployed.refusal(offer) == error
    for sender in (0, 1):
        receipt = deployed.send(offer, sender)
        assert (receipt["status"], receipt["logs"]) == (0, [])
    assert deployed.head(OPERATOR.log_id) == ANCHORED
    assert deployed.root_at(OPERATOR.log_id, 4) == trees.root(hashes[:4])
    assert deployed.root_at(OPERATOR.log_id, ANCHORED) == trees.root(hashes)
    assert deployed.root_at(OPERATOR.log_id, offer.size) in {bytes(32), trees.root(hashes[: offer.size])}


@pytest.mark.parametrize("changed", range(ANCHORED))
def test_a_log_with_one_leaf_changed_cannot_be_anchored_by_the_true_key(
    anchored: Deployment, changed: int
) -> None:
    hashes = trees.leaves(ANCHORED + 3)
    hashes[changed] = trees.leaf(b"rewritten")
    path = trees.consistency(ANCHORED, hashes)
    _refused(anchored, OPERATOR.offer(len(hashes), trees.root(hashes), path), "BadProof")


def test_a_rewritten_log_is_not_helped_by_the_path_of_the_true_one(anchored: Deployment) -> None:
    hashes = trees.leaves(ANCHORED + 3)
    true_path = trees.consistency(ANCHORED, hashes)
    hashes[1] = trees.leaf(b"rewritten")
    _refused(anchored, OPERATOR.offer(len(hashes), trees.root(hashes), true_path), "BadProof")


def test_another_root_at_an_anchored_size_is_refused(anchored: Deployment) -> None:
    hashes = trees.leaves(ANCHORED)
    hashes[2] = trees.leaf(b"rewritten")
    _refused(anchored, OPERATOR.offer(ANCHORED, trees.root(hashes)), "NotNewer")
    _refused(anchored, OPERATOR.offer(4, trees.root(hashes[:4])), "NotNewer")


def test_a_size_between_two_anchors_cannot_be_filled_in_later(anchored: Deployment) -> None:
    _refused(anchored, OPERATOR.offer(5, trees.root(trees.leaves(5))), "NotNewer")


def test_a_garbage_leaf_appended_by_an_outsider_is_refused(anchored: Deployment) -> None:
    hashes = [*trees.leaves(ANCHORED), trees.leaf(b"garbage")]
    root = trees.root(hashes)
    forged = dataclasses.replace(
        OPERATOR.offer(len(hashes), root, trees.consistency(ANCHORED, hashes)),
        signature=OUTSIDER.sign(OPERATOR.log_id, len(hashes), root),
    )
    _refused(anchored, forged, "BadSignature")


def test_a_signature_over_the_squatters_log_does_not_serve_the_operators(anchored: Deployment) -> None:
    hashes = trees.leaves(ANCHORED + 1)
    root = trees.root(hashes)
    borrowed = dataclasses.replace(
        OPERATOR.offer(len(hashes), root, trees.consistency(ANCHORED, hashes)),
        signature=OPERATOR.sign(OUTSIDER.log_id, len(hashes), root),
    )
    _refused(anchored, borrowed, "BadSignature")


def test_a_squatted_origin_is_another_log_and_leaves_the_true_one_alone(anchored: Deployment) -> None:
    assert OUTSIDER.origin == OPERATOR.origin
    assert OUTSIDER.log_id != OPERATOR.log_id
    squatted = trees.root([trees.leaf(b"garbage")] * 9)
    assert anchored.send(OUTSIDER.offer(9, squatted))["status"] == 1
    assert anchored.head(OPERATOR.log_id) == ANCHORED
    assert anchored.root_at(OPERATOR.log_id, 9) == bytes(32)

    hashes = trees.leaves(9)
    path = trees.consistency(ANCHORED, hashes)
    assert anchored.send(OPERATOR.offer(9, trees.root(hashes), path))["status"] == 1
    assert anchored.root_at(OPERATOR.log_id, 9) == trees.root(hashes)


def test_an_origin_squatted_before_its_log_exists_does_not_hinder_it(deployed: Deployment) -> None:
    assert deployed.send(OUTSIDER.offer(1000, trees.leaf(b"garbage")))["status"] == 1
    assert deployed.send(OPERATOR.offer(1, trees.root(trees.leaves(1))))["status"] == 1
    assert deployed.head(OPERATOR.log_id) == 1


def test_anybody_may_send_what_the_head_key_signed(anchored: Deployment) -> None:
    hashes = trees.leaves(ANCHORED + 2)
    offer = OPERATOR.offer(len(hashes), trees.root(hashes), trees.consistency(ANCHORED, hashes))
    assert anchored.send(offer, sender=3)["status"] == 1
    assert anchored.head(OPERATOR.log_id) == ANCHORED + 2
