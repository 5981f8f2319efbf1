"""A log's database rebuilt from a mirror: complete, or refused with the reason, and the old one never lost."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ledger.core.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.core.statement import parse_statement
from ledger.core.tile_paths import CHECKPOINT, WIDTH, bundle_path, encode_bundle, width_at
from ledger.errors import (
    LedgerError,
    RefusedError,
    RemoteError,
    SetupError,
    SignatureError,
    StoreError,
    VerificationError,
)
from ledger.remote.tiles import LogReader
from ledger.services.auditing.audit import audit
from ledger.services.monitoring.mirroring import MirrorFolder
from ledger.services.recovery import old_database
from ledger.services.recovery import recover as recovering
from ledger.services.recovery.recover import UNRECOVERED, Recovered, Terms, recover
from ledger.services.recovery.recover import fill as fill_database
from ledger.services.recovery.sightings import Sighting, Source
from ledger.store.anchors import Anchors
from ledger.store.database import open_database
from ledger.store.log import Log
from ledger.store.rows import row_of
from tests.postgres import APP, Server
from tests.services.auditing.test_audit import add_anchor
from tests.services.nodes import NOW, Node, enrolment, identity, running
from tests.simulator import World

FIRST, LAST = 3, 300


def fill(node: Node, count: int, name: str = "record") -> None:
    """Append records until there are `count` entries; a checkpoint covers them."""
    node.sequencer.submit([row_of(enrolment(node.world))]).result(20)
    have = node.log.head.size
    records = [row_of(node.world.record(f"{name} {number}")) for number in range(have, count)]
    if records:
        node.sequencer.submit(records).result(20)


def mirror_of(path: Path, folder: Path) -> MirrorFolder:
    """What a monitor keeps of the log in a database."""
    world = World()
    with running(path, world=world) as node:
        stored = node.checkpoints.latest()
        assert stored is not None
        mirror = MirrorFolder(folder, node.log.origin)
        bodies = [one.body for one in node.statements.every() if one.index < stored.size]
        write(mirror, bodies, stored.note)
    return mirror


def write(mirror: MirrorFolder, bodies: Sequence[bytes], note: bytes | None) -> None:
    for first in range(0, len(bodies), WIDTH):
        number = first // WIDTH
        part = bodies[first : first + WIDTH]
        width = width_at(len(bodies), 0, number)
        mirror.write_statements(number, part)
        mirror.write(bundle_path(number, width), encode_bundle([parse_statement(one).digest for one in part]))
    if note is not None:
        mirror.write(CHECKPOINT, note)


@dataclass
class Rig:
    """Today's database, mirrored, and yesterday's copy of it in its place."""

    place: Path
    today: Path
    mirror: MirrorFolder
    world: World

    def root(self, size: int, path: Path | None = None) -> bytes:
        with open_database(path or self.today, read_only=True) as database:
            return Log(database, self.world.xa.origin).root_at(size)

    def recover(self, *seen: Source, unproven: bool = False) -> Recovered:
        terms = Terms(self.world.xa.signer, lambda *_: seen, self.place.parent, unproven=unproven)
        return recover(self.place, self.mirror, terms, now=NOW)

    def saw(self, size: int, root: bytes | None = None) -> Source:
        told = Sighting("witness w", size, root or self.root(size))
        return Source("witness w", lambda: told)

    def refused(self, *seen: Source) -> LedgerError:
        """The error, once nothing is found to be changed."""
        before = self.place.read_bytes()
        with pytest.raises(LedgerError) as found:
            self.recover(*seen)
        assert self.place.read_bytes() == before
        left = {path.name for path in self.place.parent.iterdir()} - {UNRECOVERED, "mirror"}
        assert left == {self.place.name, f"{self.place.name}.lock"}
        return found.value


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`yesterday` with three entries and an anchor, `today` with three hundred, and its mirror."""
    folder = tmp_path_factory.mktemp("recover")
    today = folder / "today.sqlite"
    with running(today) as node:
        fill(node, FIRST)
        add_anchor(node)
    shutil.copy(today, folder / "yesterday.sqlite")
    with running(today) as node:
        fill(node, LAST)
    mirror_of(today, folder / "mirror")
    return folder


@pytest.fixture
def rig(made: Path, tmp_path: Path) -> Rig:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(made / "yesterday.sqlite", home / "ledger.sqlite")
    shutil.copytree(made / "mirror", home / "mirror")
    world = World()
    return Rig(
        home / "ledger.sqlite", made / "today.sqlite", MirrorFolder(home / "mirror", world.xa.origin), world
    )


def test_yesterdays_database_becomes_todays_and_is_kept(rig: Rig) -> None:
    old = rig.place.read_bytes()
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.before, found.mirrored, found.signed) == (LAST, FIRST, LAST, LAST)
    assert (found.again, found.unrecovered, found.anchors) == (0, 0, 1)
    assert found.kept is not None
    assert found.kept.read_bytes() == old
    assert found.kept.name.startswith("ledger.sqlite.before-20")
    assert rig.root(LAST, rig.place) == rig.root(LAST)
    with open_database(rig.place, read_only=True) as database:
        assert audit(database, identity(rig.world)).is_clean
        assert [one.row.size for one in Anchors(database).evidence_list()] == [FIRST]


def test_the_next_signature_is_beyond_the_mirrors_checkpoint(rig: Rig) -> None:
    rig.recover(rig.saw(LAST))
    signed: list[int] = []

    def sign(checkpoint: Checkpoint, now: int) -> bytes:
        signed.append(checkpoint.size)
        return sign_checkpoint(checkpoint, rig.world.xa.signer, now)

    with running(rig.place) as node:
        latest = node.checkpoints.latest()
        assert latest is not None
        held = rig.mirror.checkpoint()
        assert held is not None
        assert latest.note == held.encoded
        node.sequencer._sign = sign
        node.sequencer.submit([row_of(rig.world.record("one more"))]).result(20)
    assert signed == [LAST + 1]


def test_a_database_that_is_gone_or_unreadable_is_made_of_the_mirror_alone(rig: Rig) -> None:
    rig.place.write_bytes(b"no database" * 1000)
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.before) == (LAST, None)
    assert found.kept is not None
    assert found.kept.read_bytes().startswith(b"no database")
    rig.place.unlink()
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.kept) == (LAST, None)


def test_a_database_that_only_this_version_cannot_open_is_not_done_without(rig: Rig) -> None:
    shutil.copy(rig.today, rig.place)
    with running(rig.place) as node:
        fill(node, LAST + 30)  # acknowledged, and in no mirror
    with closing(sqlite3.connect(rig.place)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    assert rig.refused(rig.saw(LAST)).code == "store-newer"


@pytest.mark.parametrize("step", ["hardlink_to", "replace", "sync_folder"])
def test_a_crash_at_any_step_of_the_last_leaves_a_whole_database(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Crash(BaseException):
        pass

    def crash(*given: Path) -> None:
        if step == "hardlink_to":
            given[0].touch()  # whatever it did before is there
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(old_database if step == "sync_folder" else Path, step, crash)
        with pytest.raises(Crash):
            rig.recover(rig.saw(LAST))
    with running(rig.place) as node:
        assert node.log.head.size == (LAST if step == "sync_folder" else FIRST)
    found = rig.recover(rig.saw(LAST))  # in the same second
    assert found.kept is not None
    assert (found.size, found.kept.exists()) == (LAST, True)
    assert audit_is_clean(rig)


def audit_is_clean(rig: Rig) -> bool:
    with open_database(rig.place, read_only=True) as database:
        return audit(database, identity(rig.world)).is_clean


def test_a_mirror_smaller_than_what_was_seen_is_refused_and_says_what_is_missing(rig: Rig) -> None:
    error = rig.refused(rig.saw(FIRST), rig.saw(LAST + 5, bytes(32)))
    assert error.code == "mirror-short"
    assert f"entries {LAST} to {LAST + 4} are missing" in str(error)
    assert f"witness w saw size {LAST + 5}" in str(error)


def test_a_mirror_of_another_history_than_was_seen_is_refused(rig: Rig) -> None:
    assert rig.refused(rig.saw(7, bytes(32))).code == "mirror-rewritten"


def test_where_nobody_answers_the_operator_decides(rig: Rig) -> None:
    def silent() -> Sighting | None:
        raise RemoteError("nothing listens there")

    assert rig.refused(Source("witness w", silent)).code == "recover-unproven"
    assert rig.recover(Source("witness w", silent), unproven=True).size == LAST


def test_a_mirror_of_nothing_or_of_another_key_is_refused(rig: Rig, tmp_path: Path) -> None:
    full, rig.mirror = rig.mirror, MirrorFolder(tmp_path, rig.world.xa.origin)
    assert rig.refused().code == "mirror-empty"
    rig.mirror = full
    held = full.checkpoint()
    assert held is not None
    root = bytes(32)
    forged = (
        Checkpoint(held.checkpoint.origin, LAST, root).text.encode() + b"\n" + held.encoded.split(b"\n\n")[1]
    )
    full.write(CHECKPOINT, forged)
    assert isinstance(rig.refused(), SignatureError)


def test_a_changed_statement_of_the_mirror_is_found(rig: Rig) -> None:
    bodies = rig.mirror.statements(0, LAST)
    other = rig.world.record("another").encoded
    held = rig.mirror.checkpoint()
    assert held is not None
    rig.mirror.write_statements(0, [*bodies[:9], other, *bodies[10:WIDTH]])
    assert rig.refused().code == "mirror-damaged"
    write(rig.mirror, [*bodies[:9], other, *bodies[10:]], None)
    error = rig.refused()
    assert (type(error), error.code) == (VerificationError, "mirror-root")
    assert held.checkpoint.root.hex() in str(error)


def test_what_the_old_database_acknowledged_beyond_the_mirror_stays(rig: Rig) -> None:
    shutil.copy(rig.today, rig.place)
    with running(rig.place) as node:
        fill(node, LAST + 300)
        root = node.log.head.root
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.mirrored, found.signed, found.again) == (LAST + 300, LAST, LAST + 300, 0)
    assert rig.root(LAST + 300, rig.place) == root


def test_what_no_checkpoint_covered_gets_a_new_place(rig: Rig) -> None:
    late = [row_of(rig.world.record(f"late {number}")) for number in range(4)]
    with open_database(rig.place) as database:
        Log(database, rig.world.xa.origin).append(late)
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.signed, found.before, found.again) == (LAST + 4, LAST, FIRST + 4, 4)
    with running(rig.place) as node:  # signs them
        for place, row in enumerate(late):
            assert node.statements.index_of(row.digest) == LAST + place
        node.sequencer.submit([late[0]]).result(20)
        latest = node.checkpoints.latest()
        assert latest is not None
        assert parse_checkpoint(latest.note).checkpoint.size == LAST + 4


def test_two_signed_histories_are_named_and_nothing_is_put_in_place(rig: Rig) -> None:
    with running(rig.place) as node:
        fill(node, FIRST + 2, "other")
        other = [one.body for one in node.statements.every(FIRST)]
    error = rig.refused(rig.saw(LAST))
    assert isinstance(error, RefusedError)
    assert error.code == "recover-fork"
    assert f"lacks: {FIRST}, {FIRST + 1} (2, written to" in str(error)
    assert (rig.place.parent / UNRECOVERED).read_bytes() == b"".join(body + b"\n" for body in other)


def test_a_serving_node_keeps_its_database(rig: Rig) -> None:
    with running(rig.place), pytest.raises(StoreError) as refused:
        rig.recover(rig.saw(LAST))
    assert refused.value.code == "store-locked"


def test_damage_to_the_old_database_is_repaired_from_the_mirror(rig: Rig) -> None:
    shutil.copy(rig.today, rig.place)
    with closing(sqlite3.connect(rig.place)) as behind_its_back:
        behind_its_back.execute("DROP TRIGGER statement_no_update")
        behind_its_back.execute("UPDATE statement SET body = CAST('other' AS BLOB) WHERE leaf_index = 5")
        behind_its_back.commit()
    found = rig.recover(rig.saw(LAST))
    assert (found.size, found.before) == (LAST, LAST)
    with open_database(rig.place, read_only=True) as database:
        assert audit(database, identity(rig.world)).is_clean


def test_on_a_server_the_log_is_rebuilt_in_an_empty_database(rig: Rig, postgres: Server) -> None:
    def terms(*seen: Source) -> Terms:
        return Terms(rig.world.xa.signer, lambda *_: seen, rig.place.parent)

    with open_database(postgres.url(postgres.ledger(), APP)) as database:
        with pytest.raises(RefusedError) as refused:
            fill_database(database, rig.mirror, terms(rig.saw(LAST + 1, bytes(32))))
        assert refused.value.code == "mirror-short"
        found = fill_database(database, rig.mirror, terms(rig.saw(LAST)))  # goes on from there
        assert (found.size, found.signed, found.mirrored) == (LAST, LAST, LAST)
        assert Log(database, rig.world.xa.origin).root_at(LAST) == rig.root(LAST)
        assert audit(database, identity(rig.world)).is_clean
        with pytest.raises(RefusedError) as refused:
            fill_database(database, rig.mirror, terms(rig.saw(LAST)))
        assert refused.value.code == "recover-not-empty"


def test_a_copy_that_is_served_is_as_good_as_a_folder(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = rig.mirror

    def answer(request: httpx2.Request) -> httpx2.Response:
        held = folder.checkpoint()
        assert held is not None
        if request.url.path == "/log/checkpoint":
            return httpx2.Response(200, content=iter([held.encoded]))
        first = int(request.url.path.removeprefix("/v1/log/statements/"))
        bodies = folder.statements(first, min(100, int(request.url.params["count"])))  # as few as it likes
        return httpx2.Response(200, content=iter([b"".join(body + b"\n" for body in bodies)]))

    transport = httpx2.MockTransport(answer)
    monkeypatch.setattr(recovering, "LogReader", lambda url: LogReader(url, transport=transport))
    origin = rig.world.xa.origin
    with recovering.mirror_at("http://mirror.example.xb", origin) as served:
        terms = Terms(rig.world.xa.signer, lambda *_: [rig.saw(LAST)], rig.place.parent)
        assert recover(rig.place, served, terms, now=NOW).size == LAST
    with pytest.raises(SetupError), recovering.mirror_at(str(rig.place.parent / "none"), origin):
        pass


def test_a_mirrors_folder_that_any_web_server_gives_is_as_good(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        path = rig.place.parent / "mirror" / request.url.path.lstrip("/")
        if not path.is_file():
            return httpx2.Response(404, content=iter([b"<h1>not found</h1>"]))
        return httpx2.Response(200, content=iter([path.read_bytes()]))

    transport = httpx2.MockTransport(answer)
    monkeypatch.setattr(recovering, "LogReader", lambda url: LogReader(url, transport=transport))
    origin = rig.world.xa.origin
    with recovering.mirror_at(f"http://mirror.example.xb/{origin}", origin) as served:
        terms = Terms(rig.world.xa.signer, lambda *_: [rig.saw(LAST)], rig.place.parent)
        assert recover(rig.place, served, terms, now=NOW).size == LAST
