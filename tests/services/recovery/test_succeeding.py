"""Opening the log that succeeds one which lost entries: whole or not at all, and only for a gap."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.checkpoint import Checkpoint, sign_checkpoint
from ledger.core.pinning import succeed as succeed_list
from ledger.core.statement import Statement
from ledger.core.suites import encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import parse_trust_list
from ledger.errors import LedgerError, RefusedError, RemoteError, SetupError
from ledger.services.home.database import DATABASE
from ledger.services.home.folder import Home, open_home
from ledger.services.monitoring.mirroring import MirrorFolder
from ledger.services.recovery import succeeding
from ledger.services.recovery.recover import Copy
from ledger.services.recovery.sightings import Sighting, Source
from ledger.services.recovery.succeeding import Succeeded, Terms, next_origin, succeed
from ledger.services.recovery.succession import MARK, held_of, require_goes_on
from ledger.services.trust.claim import claim_of
from ledger.services.trust.compose import Policy, compose
from ledger.statements.log_succession import EMPTY_ROOT
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import row_of
from ledger.store.statements import Statements
from tests.services.homes import CHAIN, DAY, NOW, chance, home, publisher_key
from tests.services.recovery.test_recover import write
from tests.simulator import World, key, make

HELD, ALL = 4, 6
EXPORTER = "did:web:exporter.example.xa"
LATER = NOW + 1_000


def enrol(made: Home, party: str = EXPORTER, until: int = NOW + 365 * DAY) -> Statement:
    """An Enrolment by the home's registrar."""
    own = {"id": "#2026", "publicKeyMultibase": encode_multikey(key("exporter").public)}
    subject = {
        "party": party,
        "jurisdiction": "XA",
        "identifiers": [{"scheme": "LEI", "id": "TEST000C76DC31B85900"}],
        "roles": ["exporter"],
        "keys": [{**own, "from": format_time(NOW), "until": format_time(until)}],
    }
    registrar = made.keys.registrar
    return make("Enrolment", subject, registrar.holder, registrar.id, registrar.private, NOW, name=party)


@dataclass
class Rig:
    """XA's home, whose log has four of the six entries that it signed."""

    home: Home
    into: Path
    today: Path
    """The database with all six."""
    bodies: list[bytes]

    @property
    def place(self) -> Path:
        return self.home.path / DATABASE

    def root(self, size: int) -> bytes:
        with open_database(self.today, read_only=True) as database:
            return Log(database, self.home.settings.origin).root_at(size)

    def note(self, size: int, root: bytes | None = None) -> bytes:
        found = Checkpoint(self.home.settings.origin, size, root or self.root(size))
        return sign_checkpoint(found, self.home.log_signer(), NOW + size)

    def saw(self, size: int = ALL, root: bytes | None = None) -> Source:
        note = self.note(size, root)
        told = Sighting("witness w.example", size, root or self.root(size), note=note)
        return Source("witness w.example", lambda: told)

    def succeed(self, *seen: Source, into: Path | None = None, **changes: Any) -> Succeeded:
        terms = Terms(
            self.home,
            self.into if into is None else into,
            next_origin(self.home.settings.origin),
            lambda _log, _old: list(seen),
        )
        return succeed(replace(terms, **changes), now=LATER, random=chance("new"))

    def refused(self, *seen: Source, **changes: Any) -> str:
        """The code of the refusal, once nothing is found to be changed."""
        before = {path.name: path.read_bytes() for path in self.home.path.iterdir() if path.is_file()}
        beside = set(self.into.parent.iterdir())
        with pytest.raises(LedgerError) as found:
            self.succeed(*seen, **changes)
        assert set(self.into.parent.iterdir()) == beside
        after = {path.name: path.read_bytes() for path in self.home.path.iterdir() if path.is_file()}
        assert {name: after[name] for name in before} == before
        assert after.keys() - before.keys() <= {f"{DATABASE}.lock"}
        return found.value.code


def fill(path: Path, made: Home, bodies: list[Statement], notes: tuple[int, ...]) -> None:
    with open_database(path, create=True) as database:
        create_log(database, made.settings.origin)
        log = Log(database, made.settings.origin)
        checkpoints = Checkpoints(database)
        for number, one in enumerate(bodies, 1):
            log.append([row_of(one)])
            if number in notes:
                found = Checkpoint(log.origin, number, log.head.root)
                note = sign_checkpoint(found, made.log_signer(), NOW + number)
                checkpoints.store(StoredCheckpoint(number, note, NOW + number))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """The home, the database of today beside it, and what stands there."""
    folder = tmp_path_factory.mktemp("succeeding")
    made = home(folder)
    world = World()
    records = [world.record(f"record {number}", created=NOW + 10) for number in range(4)]
    statements = [enrol(made), records[0], enrol(made, "did:web:ended.example.xa", NOW + 500), *records[1:]]
    fill(folder / "today", made, statements, (2, HELD, ALL))
    fill(made.path / DATABASE, made, statements[:HELD], (2, HELD))
    made.claim.write_bytes(claim_of(made, CHAIN, now=NOW))
    return folder, [one.encoded for one in statements]


def copied(built: tuple[Path, list[bytes]], to: Path) -> Rig:
    folder, bodies = built
    shutil.copytree(folder / "XA", to / "XA")
    return Rig(open_home(to / "XA"), to / "new", folder / "today", bodies)


@pytest.fixture
def rig(built: tuple[Path, list[bytes]], tmp_path: Path) -> Rig:
    return copied(built, tmp_path)


@pytest.fixture(scope="module")
def succeeded(
    built: tuple[Path, list[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Rig, Succeeded]:
    """A log that was succeeded; not to be changed."""
    rig = copied(built, tmp_path_factory.mktemp("succeeded"))
    return rig, rig.succeed(rig.saw())


def kinds(made: Home) -> list[str]:
    with open_database(made.path / DATABASE, read_only=True) as database:
        return [one.type for one in Statements(database).every()]


def test_a_successor_begins_with_the_notice_and_has_what_it_needs_of_parties(
    succeeded: tuple[Rig, Succeeded],
) -> None:
    rig, made = succeeded
    assert kinds(made.home) == ["LogSuccession", "Enrolment"]
    assert (made.told.first, made.told.last, made.told.reason) == (HELD, ALL - 1, "olderCopy")
    assert made.told.held.root == rig.root(HELD)
    assert [(one.by, one.name, one.size) for one in made.told.seen] == [("witness", "w.example", ALL)]
    assert made.carried.counted == {"Enrolment": 1}
    assert [one.split(" of ")[1].split(":")[2] for one in made.carried.left] == ["ended.example.xa"]
    assert rig.place.read_bytes() == (rig.today.with_name("XA") / DATABASE).read_bytes()
    assert (rig.home.path / MARK).read_bytes() == made.notice.encoded
    with pytest.raises(RefusedError) as ended:
        require_goes_on(rig.home)
    assert ended.value.code == "log-succeeded"


def test_keys_whose_word_rests_on_what_may_be_lost_are_new_and_the_others_are_not(
    succeeded: tuple[Rig, Succeeded],
) -> None:
    rig, made = succeeded
    old, new = rig.home.keys, made.home.keys
    for name in ("registrar", "publisher", "finality", "sender", "relay"):
        assert getattr(new, name) == getattr(old, name), name
    for name in ("log", "head", "witness", "attester"):
        assert getattr(new, name) != getattr(old, name), name


def test_the_claim_goes_on_and_names_both_logs_and_the_old_chain(succeeded: tuple[Rig, Succeeded]) -> None:
    rig, made = succeeded[0], succeeded[1].home
    old = rig.home.claim.read_bytes()
    assert made.claim.read_bytes() == old  # what the next one succeeds
    mine = replace(CHAIN, id=made.settings.chain.id)
    claim = claim_of(made, mine, now=LATER, previous=old)
    listed = parse_trust_list(claim)
    succeed_list(parse_trust_list(old), listed)
    assert set(listed.logs) == {rig.home.settings.origin, made.settings.origin}
    assert set(listed.chains) == {f"eip155:{CHAIN.id}", f"eip155:{mine.id}"}
    trust = parse_trust_list(compose([claim], keys=[publisher_key()], policy=Policy(), now=LATER))
    assert set(trust.logs) == set(listed.logs)


def test_what_nobody_saw_lost_is_no_gap(rig: Rig) -> None:
    assert rig.refused(rig.saw(HELD)) == "nothing-lost"
    assert rig.refused() == "nothing-lost"


def test_another_history_is_no_gap(rig: Rig) -> None:
    assert rig.refused(rig.saw(HELD, bytes(32))) == "log-rewritten"
    assert rig.refused(rig.saw(ALL), rig.saw(ALL, bytes(32))) == "log-rewritten"


def test_somebody_must_say_what_was_seen(rig: Rig) -> None:
    def silent() -> Sighting | None:
        raise RemoteError("no answer")

    assert rig.refused(Source("witness w.example", silent)) == "recover-unproven"
    assert rig.refused(Source("witness w.example", silent), unproven=True) == "nothing-lost"


def test_a_serving_node_is_not_succeeded(rig: Rig) -> None:
    with open_database(rig.place):
        assert rig.refused(rig.saw()) == "store-locked"


@pytest.mark.parametrize("step", ["begin_witness", "begun_with"])
def test_a_crash_on_the_way_leaves_no_home_and_the_next_run_makes_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(succeeding, step, fails)
        assert rig.refused(rig.saw()) == "disk-full"
    assert kinds(rig.succeed(rig.saw()).home)[0] == "LogSuccession"


def test_a_crash_before_the_mark_is_made_good_by_the_same_command(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(succeeding, "_mark", fails)
        with pytest.raises(SetupError):
            rig.succeed(rig.saw())
    assert not (rig.home.path / MARK).exists()
    whole = kinds(open_home(rig.into))
    made = rig.succeed()
    assert made.resumed
    assert made.carried.counted == {"Enrolment": 1}
    assert (rig.home.path / MARK).read_bytes() == made.notice.encoded
    assert kinds(made.home) == whole


def fails(*_: object, **__: object) -> None:
    raise SetupError("could not write: the disk is full", code="disk-full")


def test_a_log_has_one_successor(rig: Rig) -> None:
    rig.succeed(rig.saw())
    with pytest.raises(RefusedError) as second:
        rig.succeed(rig.saw(), into=rig.into.with_name("other"))
    assert second.value.code == "log-succeeded"
    mark = rig.home.path / MARK
    mark.write_bytes(mark.read_bytes().replace(b'"olderCopy"', b'"databaseLost"'))
    with pytest.raises(LedgerError) as other:
        rig.succeed(rig.saw())
    assert other.value.code == "log-succeeded"


def test_a_home_that_is_there_is_not_overwritten(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(SetupError) as found:
        rig.succeed(rig.saw(), into=rig.home.path)
    assert found.value.code == "home-exists"


def test_what_is_damaged_is_not_held_and_what_the_log_signed_shows_it(rig: Rig) -> None:
    with closing(sqlite3.connect(rig.place)) as opened, opened:
        opened.execute("DROP TRIGGER IF EXISTS statement_no_update")
        opened.execute("UPDATE statement SET body = ? WHERE leaf_index = 3", (b"{}",))
    made = rig.succeed()
    assert (made.told.held.size, made.told.first, made.told.last) == (2, 2, HELD - 1)
    assert [(one.by, one.size) for one in made.told.seen] == [("log", HELD)]
    assert made.told.reason == "databaseDamaged"


def test_statements_that_lead_to_another_root_than_was_signed_are_not_held(rig: Rig) -> None:
    notes = [rig.note(1), rig.note(2), rig.note(3)]
    bodies = [*rig.bodies[:1], rig.bodies[3], rig.bodies[2]]
    held = held_of(iter(enumerate(bodies)), notes)
    assert (held.size, held.root, held.note) == (1, rig.root(1), notes[0])
    assert held.beyond == tuple(notes[1:])


def test_a_log_whose_database_is_gone_is_succeeded_with_nothing_held(rig: Rig) -> None:
    rig.place.unlink()
    made = rig.succeed(rig.saw())
    assert (made.told.held.size, made.told.held.root.hex(), made.told.reason) == (
        0,
        EMPTY_ROOT,
        "databaseLost",
    )
    assert kinds(made.home) == ["LogSuccession"]


def test_what_an_incomplete_mirror_has_is_held(rig: Rig, tmp_path: Path) -> None:
    mirror: Copy = MirrorFolder(tmp_path / "mirror", rig.home.settings.origin)
    assert isinstance(mirror, MirrorFolder)
    write(mirror, rig.bodies[:5], rig.note(5))
    made = rig.succeed(rig.saw(), mirrors=[mirror])
    assert (made.told.held.size, made.told.first, made.told.last) == (5, 5, ALL - 1)


def test_a_mirror_that_has_everything_leaves_no_gap(rig: Rig, tmp_path: Path) -> None:
    mirror = MirrorFolder(tmp_path / "mirror", rig.home.settings.origin)
    write(mirror, rig.bodies, rig.note(ALL))
    assert rig.refused(rig.saw(), mirrors=[mirror]) == "nothing-lost"


def test_other_statements_are_registered_again_on_demand_and_only_by_who_may_sign(rig: Rig) -> None:
    made = rig.succeed(rig.saw(), carry=None)
    assert made.carried.counted == {"Enrolment": 1, "TransferRecord": 2}
    assert kinds(made.home)[2:] == ["TransferRecord"] * 2
    shutil.rmtree(rig.into)
    (rig.home.path / MARK).unlink()
    with closing(sqlite3.connect(rig.place)) as opened, opened:
        (count,) = opened.execute("SELECT count(*) FROM statement WHERE type = 'TransferRecord'").fetchone()
    assert count == 2
    assert rig.succeed(rig.saw(), carry=frozenset({"Accreditation"})).carried.counted == {"Enrolment": 1}


def test_the_next_origin_counts_on() -> None:
    assert next_origin("registry.example.xa/XA/2026") == "registry.example.xa/XA/2026-2"
    assert next_origin("registry.example.xa/XA/2026-2") == "registry.example.xa/XA/2026-3"
    assert next_origin("registry.example.xa/XA/2026-02") == "registry.example.xa/XA/2026-02-2"
