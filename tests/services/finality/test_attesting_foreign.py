"""What an attester of a chain checks of the contract for foreign checkpoints there; one attack a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger.core.attestation import (
    Accepted,
    Attestation,
    AttestationRequest,
    encode_request,
    parse_request,
    require_signed,
)
from ledger.core.canonical import decode, encode
from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.evm.foreign import accepted_root_slot, disputed_slot
from ledger.core.evm.header import parse_header
from ledger.core.secp256k1 import address_of, recover
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError
from ledger.services.finality.attesting import Attester, known_from
from ledger.services.finality.attesting_foreign import Own, of_no_log
from ledger.store.attested import Attested, Root
from ledger.store.witness import WitnessStore
from tests.blocks import hexed
from tests.foreign import CONTRACT, ForeignContract
from tests.services.finality.attesting import Seen, epoch, nodes
from tests.simulator import NOW, World, seed
from tests.trees import tree_consistency, tree_root

XA, XB, XC = (f"did:web:registry.example.{code}" for code in ("xa", "xb", "xc"))
SECRETS = {name: seed(f"{name} attester") for name in (XA, XB, XC)}
MEMBERS = tuple((address_of(SECRETS[name]), name) for name in (XA, XC))
OTHER_ROOT = b"\x42" * 32
NOT_THERE = {"not-anchored", "proof-surplus", "proof-invalid", "proof-truncated"}


@dataclass
class Scene:
    """XB's chain, which XA and XC attest, with the contract that holds checkpoints of XA's log."""

    folder: Path
    world: World = field(default_factory=World)
    organisation: str = XA
    own: Own = of_no_log
    trusted: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.run()
        self.contract = ForeignContract(self.world.xa, self.world.xb)
        self.contract.accept()
        self.seen = Seen(self.world.xb.genesis, final=400)
        self.show(self.part())

    @property
    def size(self) -> int:
        return len(self.world.xa.entries)

    def trust(self) -> TrustList:
        chain = {
            **self.world.xb.trusted_chain(),
            "consensus": "attested",
            "attesters": [epoch(members=MEMBERS)],
        }
        listed = {**chain, **self.trusted.get("chain", {})}
        foreign = self.trusted.get("foreign", [self.contract.trusted()])
        return self.world.trust(chains=[self.world.xa.trusted_chain(), listed], foreign=foreign)

    def part(self, size: int | None = None, **changes: Any) -> dict[str, Any]:
        return self.contract.part(size, **changes)

    def show(self, part: dict[str, Any]) -> dict[str, Any]:
        header = parse_header(bytes.fromhex(part["header"][2:]))
        self.seen.headers[header.number] = header
        return part

    def attester(self) -> Attester:
        return Attester(
            secret=SECRETS[self.organisation],
            organisation=self.organisation,
            store=Attested(self.folder / f"{self.organisation[-2:]}.sqlite"),
            known=lambda: known_from(self.trust(), []),
            witness=WitnessStore(self.folder / "witness.sqlite"),
            observed=lambda number: self.seen if number == self.world.xb.number else None,  # type: ignore[arg-type,return-value]
            clock=lambda: NOW,
            own=self.own,
        )

    def request(
        self, size: int | None = None, *, old: int = 0, part: dict[str, Any] | None = None, **changes: Any
    ) -> bytes:
        xa = self.world.xa
        count = self.size if size is None else size
        shown = self.part(count) if part is None else part
        smaller, larger = sorted((old, count))
        path = tree_consistency(smaller, xa.leaves[:larger]) if old and old != count else []
        made: dict[str, Any] = {
            "checkpoint": xa.checkpoint(count),
            "chain": self.world.xb.chain,
            "epoch": 1,
            "header": bytes.fromhex(shown["header"][2:]),
            "account": nodes(shown["account"]),
            "storage": nodes(shown["storage"]),
            "start": None,
            "old": old,
            "consistency": tuple(path),
            "accepted": Accepted(bytes.fromhex(shown["source"][2:]), nodes(shown["disputed"])),
        }
        return encode_request(AttestationRequest(**{**made, **changes}))

    def digest(self, **changes: Any) -> bytes:
        """What is signed, worked out apart from the product's services."""
        xb, header = self.world.xb, parse_header(bytes.fromhex(self.part()["header"][2:]))
        claim: dict[str, Any] = {
            "origin_chain_id": xb.number,
            "genesis": xb.genesis,
            "anchor": CONTRACT,
            "log_id": self.world.xa.log_id,
            "size": self.size,
            "root": tree_root(self.world.xa.leaves),
            "block_hash": header.hash,
            "block_number": header.number,
            "block_time": header.time,
            "set_id": set_id([one for one, _ in MEMBERS], [one for _, one in MEMBERS], 2),
        }
        return checkpoint_digest(CheckpointClaim(**{**claim, **changes}))

    def attest(self, **options: Any) -> Attestation:
        return self.attester().attest(self.request(**options))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    return refused.value.code


def refusal(scene: Scene, **options: Any) -> str:
    found = code_of(lambda: scene.attest(**options))
    assert scene.attester().attested == 0
    return found


@pytest.mark.parametrize("organisation", [XA, XC])
def test_what_another_chain_holds_is_signed_by_its_attesters_and_by_the_log_s_own_jurisdiction(
    scene: Scene, organisation: str
) -> None:
    scene.organisation = organisation
    given = scene.attest()
    require_signed(given, scene.digest())
    assert recover(scene.digest(), given.signature) == address_of(SECRETS[organisation])
    assert (given.chain, given.log_id, given.size) == (
        scene.world.xb.chain,
        scene.world.xa.log_id,
        scene.size,
    )
    assert scene.attest(old=scene.size) == given


def test_the_claim_is_about_the_contract_for_foreign_checkpoints_and_no_anchor(scene: Scene) -> None:
    given = scene.attest()
    for changes in ({"anchor": bytes(20)}, {"origin_chain_id": 31_001}, {"root": OTHER_ROOT}):
        assert code_of(lambda c=changes: require_signed(given, scene.digest(**c))) == "attestation-invalid"  # type: ignore[misc]


def test_a_request_is_read_as_it_was_written(scene: Scene) -> None:
    data = scene.request()
    assert encode_request(parse_request(data)) == data


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: {**one, "anchor": one["foreign"]},
        lambda one: {**one, "foreign": {**one["foreign"], "start": []}},
        lambda one: {**one, "foreign": {k: v for k, v in one["foreign"].items() if k != "disputed"}},
        lambda one: {**one, "foreign": {**one["foreign"], "source": "0x42"}},
        lambda one: {k: v for k, v in one.items() if k != "foreign"},
        lambda one: {**{k: v for k, v in one.items() if k != "foreign"}, "anchor": one["foreign"]},
    ],
    ids=["both", "start", "no flag", "half a source", "neither", "as an anchor"],
)
def test_a_request_of_another_form_is_refused(scene: Scene, spoil: Callable[[Any], Any]) -> None:
    document: Any = decode(scene.request(), limit=2**20, what="request")
    with pytest.raises(MalformedError):
        parse_request(encode(spoil(document)))


# Whose contract


def test_a_contract_that_the_trust_list_does_not_name_is_not_attested(scene: Scene) -> None:
    scene.trusted["foreign"] = []
    assert refusal(scene) == "foreign-unknown"


def test_a_source_that_the_trust_list_does_not_name_is_not_attested(scene: Scene) -> None:
    scene.trusted["foreign"] = [{**scene.contract.trusted(), "sourceId": hexed(OTHER_ROOT)}]
    assert refusal(scene) == "foreign-unknown"


def test_a_root_under_a_source_that_anybody_added_is_not_taken_for_one_of_the_listed(scene: Scene) -> None:
    listed = scene.contract.source
    scene.contract.slots = {accepted_root_slot(OTHER_ROOT, scene.world.xa.log_id, scene.size): OTHER_ROOT}
    part = scene.show(scene.part(slot=accepted_root_slot(OTHER_ROOT, scene.world.xa.log_id, scene.size)))
    accepted = Accepted(listed, nodes(part["disputed"]))
    assert refusal(scene, part=part, accepted=accepted) in NOT_THERE


def test_another_contract_on_the_chain_is_not_attested(scene: Scene) -> None:
    part = scene.show(scene.part(contract=b"\x11" * 20))
    assert refusal(scene, part=part) in {"account-absent", *NOT_THERE}


def test_other_code_at_the_address_is_not_attested(scene: Scene) -> None:
    assert refusal(scene, part=scene.show(scene.part(code=OTHER_ROOT))) == "code-hash"


# The checkpoint


def test_a_disputed_log_is_not_attested(scene: Scene) -> None:
    scene.contract.dispute()
    assert refusal(scene, part=scene.show(scene.part())) == "log-disputed"


def test_the_flag_of_another_log_does_not_pass_for_this_one(scene: Scene) -> None:
    scene.contract.dispute()
    part = scene.show(scene.part(flag=disputed_slot(OTHER_ROOT)))
    assert refusal(scene, part=part) in {"log-disputed", *NOT_THERE}


def test_a_size_that_the_contract_did_not_take_is_refused(scene: Scene) -> None:
    assert refusal(scene, size=scene.size - 1, part=scene.part()) in NOT_THERE


def test_two_roots_for_one_size_are_refused_and_kept_whether_anchored_or_held_abroad(scene: Scene) -> None:
    scene.organisation = XC
    scene.attest()
    note = scene.world.xa.checkpoint(root=OTHER_ROOT)
    scene.contract.accept(root=OTHER_ROOT)
    part = scene.show(scene.part(root=OTHER_ROOT, number=319))
    assert code_of(lambda: scene.attest(part=part, checkpoint=note, old=scene.size)) == "split-view"
    (found,) = scene.attester().contradictions
    assert (found.kind, found.offered) == ("split-view", note)


def test_the_log_s_own_jurisdiction_does_not_sign_what_its_log_never_was(scene: Scene) -> None:
    xa = scene.world.xa
    true = Root(xa.origin, scene.size, tree_root(xa.leaves), xa.checkpoint())
    scene.own = lambda origin, size: true if (origin, size) == (xa.origin, true.size) else None
    note = xa.checkpoint(root=OTHER_ROOT)
    scene.contract.accept(root=OTHER_ROOT)
    part = scene.show(scene.part(root=OTHER_ROOT))
    assert refusal(scene, part=part, checkpoint=note) == "split-view"
    (found,) = scene.attester().contradictions
    assert (found.held, found.offered) == (true.note, note)


def test_a_tree_that_does_not_extend_the_one_attested_before_is_refused(scene: Scene) -> None:
    xa = scene.world.xa
    scene.attest()
    size = scene.size
    xa.entries[0] = b"\x13" * 32
    xa.entries += [b"\x14" * 32]
    scene.contract.accept()
    part = scene.show(scene.part(number=319))
    assert code_of(lambda: scene.attest(part=part, old=size)) == "proof-invalid"
    assert code_of(lambda: scene.attest(part=part, old=0)) == "attestation-old"


# The block


def test_a_chain_invented_by_its_operator_s_own_node_is_not_attested(scene: Scene) -> None:
    assert refusal(scene, part=scene.part(time=NOW)) == "block-not-canonical"


def test_a_block_that_is_not_final_yet_is_not_attested(scene: Scene) -> None:
    scene.seen.final = 317
    assert refusal(scene) == "block-not-final"


def test_two_blocks_of_one_number_are_refused_and_kept(scene: Scene) -> None:
    scene.attest()
    part = scene.show(scene.part(time=NOW))
    assert code_of(lambda: scene.attest(part=part, old=scene.size)) == "two-blocks"
    assert [one.kind for one in scene.attester().contradictions] == ["two-blocks"]


# The set


def test_nobody_attests_its_own_chain(scene: Scene) -> None:
    scene.organisation = XB
    scene.trusted["chain"] = {"attesters": [epoch(members=[(address_of(SECRETS[XB]), XB), *MEMBERS])]}
    assert refusal(scene) == "attestation-own"


def test_a_set_that_needs_the_chain_s_own_operator_is_not_signed_for(scene: Scene) -> None:
    members = [(address_of(SECRETS[XA]), XA), (b"\x07" * 20, XB)]
    scene.trusted["chain"] = {"attesters": [epoch(members=members)]}
    assert refusal(scene) == "attester-set-weak"


def test_a_chain_of_which_nobody_says_whose_it_is_is_not_attested(scene: Scene) -> None:
    chain = scene.world.xb.trusted_chain()
    assert chain.pop("operator")
    body = {**chain, "consensus": "attested", "attesters": [epoch(members=MEMBERS)]}
    trust = scene.world.trust(
        chains=[scene.world.xa.trusted_chain(), body], foreign=[scene.contract.trusted()]
    )
    scene.trust = lambda: trust  # type: ignore[method-assign]
    assert refusal(scene) == "chain-unknown"


def test_an_epoch_that_is_over_is_not_signed_for(scene: Scene) -> None:
    scene.trusted["chain"] = {"attesters": [epoch(members=MEMBERS), epoch(2, start=318, members=MEMBERS)]}
    assert refusal(scene) == "epoch-stale"
