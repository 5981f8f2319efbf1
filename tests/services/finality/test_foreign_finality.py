"""What the own chain holds of partners' logs is attested by its attesters, kept beside, and taken up by bundles."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.core.attestation import Attestation, parse_request
from ledger.core.secp256k1 import address_of, sign
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, RemoteError
from ledger.services.bundles.foreign_parts import parts_of, with_foreign
from ledger.services.finality.attesters import AttesterNode
from ledger.services.finality.attesting import Attester, known_from
from ledger.services.finality.foreign_finality import ForeignFinaliser
from ledger.services.relay import foreign_view
from ledger.services.relay.abroad import Abroad
from ledger.store.attested import Attested
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.foreign import ForeignStore
from ledger.store.witness import WitnessStore
from ledger.verify.report import Check
from ledger.verify.verifier import verify_bundle
from tests.servers import anvil
from tests.services.finality.attesting import epoch
from tests.services.relay.carrying import CHAIN_ID, Rig, rig_on
from tests.services.relay.relay_partner import Partner
from tests.simulator import NOW, seed, world
from tests.trees import tree_consistency

XA, XB, XC = (f"did:web:registry.example.{code}" for code in ("xa", "xb", "xc"))
SECRETS = {name: seed(f"{name} attester") for name in (XA, XC)}
MEMBERS = [(address_of(secret), name) for name, secret in SECRETS.items()]


@dataclass
class Node:
    """An attester's node; `fails` in place of an answer, `spoils` one."""

    attester: Attester
    fails: LedgerError | None = None
    spoils: Callable[[Attestation], Attestation] = lambda answer: answer
    asked: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def attested_size(self, origin: str) -> int:
        if self.fails is not None:
            raise self.fails
        return self.attester.largest(origin)

    def attest(self, data: bytes) -> Attestation:
        self.asked.append(data)
        return self.spoils(self.attester.attest(data))


@dataclass
class Scene:
    """XB's chain, which XA and XC attest; its contract took checkpoints of XA's log."""

    rig: Rig
    start: int = 0
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trust = self.trust()
        for name, secret in SECRETS.items():
            folder = self.rig.folder / name[-2:]
            folder.mkdir()
            attester = Attester(
                secret=secret,
                organisation=name,
                store=Attested(folder / "attester.sqlite"),
                known=lambda: known_from(trust, []),
                witness=WitnessStore(folder / "witness.sqlite"),
                observed=lambda number: self.rig.honest if number == CHAIN_ID else None,
                clock=lambda: self.rig.now,
            )
            self.nodes[name] = Node(attester)
        self.finaliser = self.started()

    def trust(self, finality: str = "operator") -> TrustList:
        members = self.rig.listed()
        for chain in members["chains"]:
            if chain["chain"] == self.rig.followed.chain:
                chain |= {"consensus": "attested", "attesters": [epoch(start=self.start, members=MEMBERS)]}
        require = {"TransferRecord": {"steps": [1, 8], "finality": finality}}
        return self.rig.partner.trust(**members, require=require)

    def started(self) -> ForeignFinaliser:
        return ForeignFinaliser(
            store=self.rig.store,
            chains={one.id: one for one in self.trust().chains.values() if one.number == CHAIN_ID},
            operator=XB,
            attesters=lambda: {
                address_of(SECRETS[name]): AttesterNode(name[-2:].upper(), name) for name in self.nodes
            },
            connect=self.nodes.__getitem__,
            path=self.path,
            clock=lambda: self.rig.now,
        )

    def path(self, origin: str, smaller: int, larger: int) -> Sequence[bytes]:
        assert origin == self.rig.partner.log.origin
        return tree_consistency(smaller, self.rig.partner.log.leaves[:larger])

    def grow(self) -> int:
        """A checkpoint that the contract took, proven under a final block."""
        size = self.rig.partner.grow()
        self.rig.settle()
        self.rig.watcher().tick(self.rig.now)
        return size

    def part(self, size: int) -> Any:
        (found,) = parts_of(self.rig.store)(self.rig.partner.log.log_id, size)
        return found

    def kind(self, size: int) -> Any:
        return self.part(size)["finality"]["kind"]

    def code(self) -> str:
        with pytest.raises(LedgerError) as refused:
            self.finaliser.tick()
        return refused.value.code

    def section(self, **members: Any) -> dict[str, Any]:
        made = self.rig.partner.world
        return made.xa.section([("subject", made.subject), ("enrolment", made.exporter_enrolment)], **members)

    def step8(self, bundle: bytes) -> Check:
        report = verify_bundle(bundle, self.trust("attested"), now=NOW)
        return next(check for check in report.checks if check.step == 8 and check.section == 0)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with anvil(chain_id=CHAIN_ID) as node:
        provider = BoundedHTTPProvider(node.url)
        try:
            yield Scene(rig_on(provider, tmp_path, Partner(world())))
        finally:
            provider.close()


def test_both_attest_and_a_list_that_asks_for_it_passes_step_8(scene: Scene) -> None:
    size = scene.grow()
    trust = scene.trust()
    bundle = scene.rig.partner.world.bundle([scene.section()])
    weak = with_foreign(bundle, parts_of(scene.rig.store), trust)
    assert (scene.step8(weak).outcome, scene.step8(weak).code) == ("absent", "finality-insufficient")

    scene.finaliser.tick()
    found = scene.part(size)["finality"]
    assert (found["kind"], found["epoch"], len(found["signatures"])) == ("attested", 1, 2)
    for held in (bundle, weak):  # a part is added, and takes the place of a weaker one
        strong = with_foreign(held, parts_of(scene.rig.store), trust)
        told = scene.step8(strong)
        assert (told.outcome, told.code) == ("passed", "foreign-accepted"), told.detail
        assert "attested 2 of 2" in told.detail
        assert with_foreign(strong, parts_of(scene.rig.store), trust) == strong

    scene.finaliser.tick()
    assert [len(node.asked) for node in scene.nodes.values()] == [1, 1]  # and nobody is asked again


def test_what_does_not_hold_takes_no_weaker_part_s_place(scene: Scene) -> None:
    size = scene.grow()
    weak = with_foreign(
        scene.rig.partner.world.bundle([scene.section()]), parts_of(scene.rig.store), scene.trust()
    )
    scene.finaliser.tick()
    strong = scene.part(size)
    spoilt = {
        **strong,
        "finality": {**strong["finality"], "signatures": strong["finality"]["signatures"][:1]},
    }
    for given in (
        spoilt,
        {**strong, "finality": {"kind": "sealed", "epoch": 1}},
        {**strong, "finality": "sealed"},
        {},
    ):
        assert (
            with_foreign(weak, lambda log, size, given=given: [given], scene.trust(), checked=not given)
            == weak
        )  # type: ignore[misc]


def test_a_weaker_part_takes_no_stronger_one_s_place(scene: Scene) -> None:
    size = scene.grow()
    weak = scene.part(size)
    scene.finaliser.tick()
    trust = scene.trust()
    bundle = scene.rig.partner.world.bundle([scene.section()])
    strong = with_foreign(bundle, parts_of(scene.rig.store), trust)
    assert with_foreign(strong, lambda log, size: [weak], trust) == strong


def test_each_is_asked_from_the_size_it_holds(scene: Scene) -> None:
    first = scene.grow()
    scene.finaliser.tick()
    second = scene.grow()
    scene.finaliser.tick()
    assert (scene.kind(first), scene.kind(second)) == ("attested", "attested")
    request = parse_request(scene.nodes[XC].asked[-1])
    assert request.old == first
    assert request.consistency


def test_one_that_is_silent_is_named_and_the_operators_word_stays(scene: Scene) -> None:
    size = scene.grow()
    scene.nodes[XC].fails = RemoteError("it is silent", code="remote-unreachable")
    with pytest.raises(
        LedgerError, match=rf"1 organisations attested what eip155:{CHAIN_ID} holds of .*XC: "
    ) as told:
        scene.finaliser.tick()
    assert told.value.code == "attesters-missing"
    assert scene.kind(size) == "operator"
    scene.nodes[XC].fails = None
    scene.finaliser.tick()
    assert scene.kind(size) == "attested"
    assert len(scene.nodes[XA].asked) == 1  # what it signed was kept


@pytest.mark.parametrize("what", ["another claim", "another's signature", "another address"])
def test_an_answer_that_does_not_hold_counts_for_nobody(scene: Scene, what: str) -> None:
    size = scene.grow()
    scene.nodes[XC].spoils = {
        "another claim": lambda one: one._replace(signature=sign(SECRETS[XC], bytes(32))),
        "another's signature": lambda one: one._replace(
            signature=scene.nodes[XA].attester.attest(scene.nodes[XC].asked[-1]).signature
        ),
        "another address": lambda one: one._replace(address=address_of(SECRETS[XA])),
    }[what]
    assert scene.code() == "attesters-missing"
    assert scene.kind(size) == "operator"


def test_the_operators_own_attester_makes_nobody_else_s_word_enough(scene: Scene) -> None:
    size = scene.grow()
    (chain,) = scene.finaliser._chains.values()
    (signers,) = chain.attesters
    owned = signers._replace(organisations=tuple(XB if one == XC else one for one in signers.organisations))
    scene.finaliser._chains = {chain.id: chain._replace(attesters=(owned,))}
    assert scene.code() == "attesters-missing"
    assert scene.kind(size) == "operator"


def test_a_disputed_log_is_asked_of_nobody_and_shown_with_its_flag(scene: Scene) -> None:
    size = scene.grow()
    scene.finaliser.tick()
    scene.rig.prove_split()
    scene.rig.watcher().tick(scene.rig.now)
    assert scene.kind(size) == "operator"  # of a later block, which shows the flag
    scene.finaliser.tick()
    assert [len(node.asked) for node in scene.nodes.values()] == [1, 1]


def test_a_block_before_the_first_epoch_is_asked_of_nobody(scene: Scene) -> None:
    scene.grow()
    scene.start = 10**6
    scene.started().tick()
    assert all(node.asked == [] for node in scene.nodes.values())


def test_what_others_vouched_for_is_never_taken_back(scene: Scene) -> None:
    scene.grow()
    scene.finaliser.tick()
    with sqlite3.connect(scene.rig.folder / "foreign.sqlite") as connection:
        for change in ("DELETE FROM vouched", "UPDATE vouched SET kind = 'operator'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(change)


def test_a_store_of_the_version_before_is_brought_up(scene: Scene) -> None:
    size = scene.grow()
    with sqlite3.connect(scene.rig.folder / "foreign.sqlite") as connection:
        connection.executescript("DROP TABLE vouched; PRAGMA user_version = 1;")
    scene.finaliser.tick()
    assert scene.kind(size) == "attested"


# What partners take up


class Stored:
    """One checkpoint of XA's log, anchored."""

    def __init__(self, scene: Scene, size: int) -> None:
        self._held = StoredCheckpoint(size, scene.rig.partner.log.checkpoint(size), NOW)

    def at(self, size: int) -> StoredCheckpoint | None:
        return self._held if size == self._held.size else None


@dataclass
class Telling:
    """XB's node as XA asks it."""

    scene: Scene
    asked: int = 0
    lies: str | None = None
    gives: Any = None

    def foreign_sizes(self, log_id: bytes) -> dict[int, dict[str, str]]:
        page = foreign_view.checkpoints(self.scene.rig.store, log_id, NOW)
        return {one["size"]: {one["source"]: self.lies or one["finality"]} for one in page["items"]}

    def foreign_evidence(self, log_id: bytes, size: int) -> list[Any]:
        self.asked += 1
        found = foreign_view.evidence(self.scene.rig.store, log_id, size)
        return [{**one, "part": self.gives or one["part"]} for one in found["items"]]


def test_the_log_s_own_node_takes_up_what_others_vouched_for_and_asks_no_more(scene: Scene) -> None:
    size = scene.grow()
    log = scene.rig.partner.log
    book = ForeignStore(scene.rig.folder / "given.sqlite")
    abroad = Abroad(log.origin, None, Stored(scene, size))  # type: ignore[arg-type]
    abroad._anchored = lambda: [size]  # type: ignore[method-assign]
    telling = Telling(scene)
    partners: Any = [SimpleNamespace(name="XB")]

    def fetch() -> str:
        abroad.fetch(partners, lambda _: telling, book, scene.trust(), NOW)  # type: ignore[arg-type,return-value]
        (given,) = book.given(log.log_id, size)
        return str(json.loads(given.part)["finality"]["kind"])

    assert (fetch(), fetch(), telling.asked) == ("operator", "operator", 1)
    scene.finaliser.tick()
    assert (fetch(), fetch(), telling.asked) == ("attested", "attested", 2)
    # One that tells of more than it has is asked, and what it gives takes nobody's place.
    telling.lies = "sealed"
    weak = scene.rig.store.accepted(log.log_id)[0].part
    telling.gives = json.loads(weak)
    assert (fetch(), telling.asked) == ("attested", 3)
