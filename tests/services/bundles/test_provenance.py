"""What a node can show of a statement by itself: `not yet known here` is no verdict."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.evm.foreign import ATTESTED
from ledger.services.bundles.export import Shelf
from ledger.services.bundles.foreign_parts import parts_of, with_foreign
from ledger.services.bundles.provenance import Provenance, provenance_of
from ledger.store.foreign import Accepted, ForeignStore
from ledger.store.partners import Kept, Mirror
from ledger.verify.bundle import parse_bundle
from tests.simulator import START, World, seed
from tests.trees import tree_root

CONTRACT = bytes(range(20))
SOURCE = seed("source")
PART = {
    "chain": "eip155:31002", "source": "0x" + SOURCE.hex(), "header": "0x00", "account": [], "storage": [],
    "disputed": [], "finality": {"kind": "operator", "signature": "0x" + "00" * 65},
}  # fmt: skip


class Nothing:
    """A log without that statement."""

    origin = "registry.example.xb/XB/2026"

    def by_digest(self, digest: bytes) -> None:
        return None


class Setting:
    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.world.run()
        self.mirror = Mirror(folder / "partners.sqlite")
        self.store = ForeignStore(folder / "foreign.sqlite")
        nothing: Any = Nothing()
        self.shelf = Shelf(nothing, nothing, nothing, nothing, None)
        self.digest = self.world.subject.digest

    def keep(self) -> None:
        xa = self.world.xa
        sections = self.world.sections()[:1]
        bundle = self.world.bundle(sections)
        index = xa.entries.index(self.digest)
        self.mirror.put(
            "XA",
            [Kept(self.digest, xa.origin, "XA", index, len(xa.entries), True, "TransferRecord",
                  self.world.exporter, None, None, START, bundle)],
        )  # fmt: skip

    def accept(self, **changes: Any) -> None:
        xa = self.world.xa
        size = len(xa.entries)
        accepted = Accepted(
            chain="eip155:31002",
            contract=CONTRACT,
            source_id=SOURCE,
            log_id=xa.log_id,
            size=size,
            origin=xa.origin,
            root=tree_root(xa.leaves),
            grade=ATTESTED,
            disputed=False,
            block_number=12,
            block_time=START,
            note=None,
            part=encode(PART),
            recorded_at=START,
        )
        self.store.put(replace(accepted, **changes))

    def ask(self, log: str | None = None) -> Provenance:
        return provenance_of(self.digest, self.shelf, self.mirror, self.store, self.world.trust(), log=log)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


def test_what_nobody_gave_is_not_yet_known_here(setting: Setting) -> None:
    assert (setting.ask().answer, setting.ask().places) == ("not yet known here", ())


def test_what_a_partner_gave_is_known_once_the_own_chain_holds_its_checkpoint(setting: Setting) -> None:
    setting.keep()
    assert setting.ask().answer == "not yet known here"
    setting.accept()
    found = setting.ask()
    assert found.answer == "known"
    (place,) = found.places
    assert (place.own, place.log) == (False, setting.world.xa.origin)
    (through,) = place.through
    assert (through.chain, through.grade, through.size) == (
        "eip155:31002",
        "attested",
        len(setting.world.xa.entries),
    )
    assert setting.ask(log="registry.example.xz/XZ/2026").answer == "not yet known here"


@pytest.mark.parametrize(
    "changes", [{"root": seed("another root")}, {"size": 200}, {"log_id": seed("another log")}]
)
def test_another_checkpoint_shows_nothing_of_it(setting: Setting, changes: dict[str, Any]) -> None:
    setting.keep()
    setting.accept(**changes)
    assert setting.ask().answer == "not yet known here"


def test_a_disputed_log_is_told_as_such(setting: Setting) -> None:
    setting.keep()
    setting.accept(disputed=True)
    assert setting.ask().answer == "disputed"


def test_a_bundle_takes_up_what_is_held_of_its_section_once(setting: Setting) -> None:
    setting.accept()
    trust = setting.world.trust()
    bundle = setting.world.bundle()
    added = with_foreign(bundle, parts_of(setting.store), trust)
    found = [len(section.foreign) for section in parse_bundle(added).sections]
    assert found == [1, 0]
    assert with_foreign(added, parts_of(setting.store), trust) == added
    assert (
        with_foreign(bundle, parts_of(setting.store), trust, checked=True) == bundle
    )  # nobody vouches for it
