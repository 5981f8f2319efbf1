"""A source that other attesters take over: the change comes in a relay file, and goes before what they vouch for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.evm.foreign import rotation_digest
from ledger.core.trust.values import Chain
from ledger.errors import LedgerError
from ledger.services.relay.file import encode_file, export, parse_file, taken
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.rotation import examine_rotation, id_of
from ledger.store.relay import Item
from tests.services.relay.carrying import Rig, rig
from tests.services.relay.relay_partner import ATTESTERS, NodeFeed, attestations

LATER = ("did:web:registry.example.xe", "did:web:registry.example.xf", "did:web:registry.example.xd")
FIRST_OF_LATER = 15

Change = Callable[[dict[str, Any]], dict[str, Any]]
SPOILT: dict[str, tuple[Change, str]] = {
    "one of the old set alone": (
        lambda one: {**one, "oldSignatures": one["oldSignatures"][:1]},
        "attestation-quorum",
    ),
    "one of the new set alone": (
        lambda one: {**one, "newSignatures": one["newSignatures"][:1]},
        "attestation-quorum",
    ),
    "the new set for the old one": (
        lambda one: {**one, "oldSignatures": one["newSignatures"]},
        "attestation-outsider",
    ),
    "one of them twice": (
        lambda one: {**one, "oldSignatures": one["oldSignatures"][:1] * 2},
        "attestation-outsider",
    ),
    "not in the order of their addresses": (
        lambda one: {**one, "newSignatures": one["newSignatures"][::-1]},
        "attestation-outsider",
    ),
    "an epoch that nobody lists": (lambda one: {**one, "epoch": 3}, "epoch-unknown"),
    "without the old set": (
        lambda one: {name: each for name, each in one.items() if name != "oldSignatures"},
        "member-value",
    ),
}


def change(made: Rig, *, epoch: int = 1) -> dict[str, Any]:
    """What both sets sign, as a relay file has it; `epoch` is how many changes there will have been."""
    new = listed(made).attesters[1]
    digest = rotation_digest(made.followed.source_id, epoch, id_of(new))
    told = {
        "oldSignatures": attestations(digest, ATTESTERS[:2]),
        "newSignatures": attestations(digest, LATER[:2]),
    }
    return {"chain": made.partner.log.chain, "epoch": 2, **told}


def listed(made: Rig) -> Chain:
    chain = made.partner.trust().chain(made.partner.log.chain)
    assert chain is not None
    return chain


def examined(made: Rig, rotation: dict[str, Any]) -> Item:
    """As `evidence relay import` takes it up."""
    chain = made.chain()
    contract, source = ForeignContract(chain, made.contract), made.followed.source_id
    present = contract.set_at(source, chain.head())
    assert present is not None
    document = {"rotation": rotation}
    return examine_rotation(document, made.followed, present, contract.epoch(source), listed(made), made.now)


def test_attesters_hand_over_through_a_file(tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        partner = made.partner
        before = partner.grow()
        made.settle()
        partner.attesters.append((FIRST_OF_LATER, LATER))
        after = [partner.grow() for _ in range(2)]
        made.tick(times=3)  # what the new set vouches for waits for the change
        assert made.accepted() == [before]
        assert {one.code for one in made.checkpoints() if one.size != before} == {"rotation-needed"}
        for name, (spoil, code) in SPOILT.items():
            with pytest.raises(LedgerError) as refused:
                examined(made, spoil(change(made)))
            assert refused.value.code == code, name
        with pytest.raises(LedgerError) as replayed:
            examined(made, change(made, epoch=2))
        assert replayed.value.code == "attestation-outsider"

        # Somebody who reaches the partner's node writes the file; here nothing of the partner is asked.
        log = partner.log
        written = export(NodeFeed(partner), log.origin, log.chain, since=before, trust=partner.trust())
        file = replace(written, rotations=({"rotation": change(made)},))
        given = parse_file(encode_file(file))
        assert given == file
        relay = made.relay()
        items, paths = taken(
            given, lambda document: relay.take(document, made.followed, partner.trust(), made.now)
        )
        made.outbox.add([examined(made, change(made)), *items], paths)
        asked = len(partner.asked)
        for _ in range(6):
            made.now += 60
            relay.tick([], made.now)
        assert made.accepted() == [before, *after]
        assert {one.state for one in made.items()} == {"done"}
        assert len(partner.asked) == asked
        chain = made.chain()
        new = id_of(listed(made).attesters[1])
        assert ForeignContract(chain, made.contract).set_at(made.followed.source_id, chain.head()) == new
