"""A mirror: what its checkpoint covers is there, verified, and as the log's own server has it; whatever cut it off."""

import shutil
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.core.merkle import leaf_hash
from ledger.core.tile_paths import bundle_path, encode_bundle, tile_path, width_at
from ledger.errors import RefusedError, RemoteError, StoreError, VerificationError
from ledger.services import files
from ledger.services.monitoring import mirroring
from ledger.services.monitoring.following import Follower
from ledger.services.monitoring.mirroring import MirrorFolder, keep
from ledger.store import followed
from ledger.store.followed import FILE, FollowedLogs
from tests.services.monitoring.shown_logs import ShownLog, reading, tile_of, trusting
from tests.simulator import NOW, Jurisdiction

TRUST = trusting()
ORIGIN = "registry.example.xa/XA/2026"


def log_of(count: int, size: int, history: str = "true") -> ShownLog:
    bodies = [b'{"history":"%s","number":%d}' % (history.encode(), at) for at in range(count)]
    held = [sha256(body).digest() for body in bodies]
    return ShownLog(Jurisdiction("XA", 31_001, entries=held), size, bodies)


class Rig:
    def __init__(self, folder: Path) -> None:
        self.logs = FollowedLogs(folder / FILE)
        self.folder = folder / "kept"
        self.mirror = MirrorFolder(self.folder, ORIGIN)

    def keep(self, shown: ShownLog) -> int:
        with reading(shown.answer) as reader:
            Follower(self.logs, lambda: TRUST, lambda: NOW).follow(reader)
            return keep(self.logs, ORIGIN, reader, self.folder)

    def require(self, shown: ShownLog, size: int) -> None:
        """Everything of this size is there, and nothing of another."""
        signed = self.mirror.checkpoint()
        assert signed is not None
        assert signed.encoded == shown.note(size)
        leaves = [leaf_hash(entry) for entry in shown.log.entries[:size]]
        wanted = {self.mirror.path / "checkpoint": shown.note(size)}
        for level in range(2):
            for number in range(-(-(size >> (8 * level)) // 256)):
                width = width_at(size, level, number)
                wanted[self.mirror.path / tile_path(level, number, width)] = tile_of(
                    leaves, level, number, width
                )
                if level == 0:
                    part = shown.log.entries[number * 256 : number * 256 + width]
                    lines = shown.bodies[number * 256 : number * 256 + width]
                    wanted[self.mirror.path / bundle_path(number, width)] = encode_bundle(part)
                    path = self.mirror.path / f"statements/{number:03d}.ndjson"
                    wanted[path] = b"".join(line + b"\n" for line in lines)
        found = {path: path.read_bytes() for path in self.mirror.path.rglob("*") if path.is_file()}
        assert found == wanted
        assert self.mirror.entries(0, size + 9) == shown.log.entries[:size]
        assert self.mirror.statements(0, size + 9) == shown.bodies[:size]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_mirror_has_every_file_of_its_checkpoint_and_no_other(rig: Rig) -> None:
    shown = log_of(600, 3)
    for size in (3, 200, 256, 300, 600):
        shown.size = size
        assert rig.keep(shown) == size
        rig.require(shown, size)


def test_parts_are_read_by_their_places(rig: Rig) -> None:
    shown = log_of(600, 600)
    rig.keep(shown)
    for first, count in ((0, 1), (255, 2), (100, 400), (599, 5), (600, 5), (0, 0)):
        assert rig.mirror.entries(first, count) == shown.log.entries[first : first + count]
        assert rig.mirror.statements(first, count) == shown.bodies[first : first + count]


def test_only_what_is_new_is_read_again(rig: Rig) -> None:
    shown = log_of(600, 300)
    rig.keep(shown)
    shown.asked.clear()
    shown.size = 310
    rig.keep(shown)
    assert [path for path in shown.asked if "statements" in path] == ["v1/log/statements/300"]


def test_a_run_that_is_cut_off_anywhere_leaves_a_whole_mirror_and_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, shown = Rig(tmp_path), log_of(300, 250)
    start.keep(shown)
    shown.size, cut, done = 300, 0, False
    while not done:
        rig = Rig(tmp_path / str(cut))
        shutil.copytree(tmp_path / "kept", rig.folder)
        shutil.copy(tmp_path / FILE, tmp_path / str(cut) / FILE)
        with monkeypatch.context() as patched:
            patched.setattr(mirroring, "replace", failing_after(cut))
            try:
                done = rig.keep(shown) == 300
            except CutOffError:
                assert rig.mirror.size == 250
                assert rig.mirror.statements(0, 250) == shown.bodies[:250]
        rig.keep(shown)
        rig.require(shown, 300)
        cut += 1
    assert cut > 7


class CutOffError(Exception):
    """The run ended here."""


def failing_after(writes: int) -> Callable[..., None]:
    """Writes files so many times, and then no more."""
    left = iter(range(writes))

    def replace(path: Path, data: bytes, **options: Any) -> None:
        if next(left, None) is None:
            raise CutOffError
        files.replace(path, data, **options)

    return replace


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (flipped(3), "statement-other"),
        (lambda data: data[:-1], "remote-answer-invalid"),
        (lambda data: b"", "remote-answer-invalid"),
        (lambda data: data + data, "remote-answer-invalid"),
        (lambda data: b"\n".join(reversed(data.split(b"\n"))).lstrip(b"\n") + b"\n", "statement-other"),
    ],
)
def test_a_statement_that_is_not_its_entrys_is_never_kept(
    rig: Rig, change: Callable[[bytes], bytes], code: str
) -> None:
    shown = log_of(9, 9)
    shown.changes["v1/log/statements/0"] = change
    with pytest.raises((RemoteError, VerificationError)) as refused:
        rig.keep(shown)
    assert refused.value.code == code
    assert rig.mirror.size == 0
    shown.changes.clear()
    rig.keep(shown)
    rig.require(shown, 9)


@pytest.mark.parametrize("path", ["checkpoint", "tile/entries/000.p/9", "statements/000.ndjson"])
@pytest.mark.parametrize("change", [flipped(5), lambda data: data[:-1], None], ids=["bit", "cut", "gone"])
def test_damage_of_a_file_is_found_where_it_is_read(
    rig: Rig, path: str, change: Callable[[bytes], bytes] | None
) -> None:
    shown = log_of(9, 9)
    rig.keep(shown)
    file = rig.mirror.path / path
    data = file.read_bytes()
    file.unlink()
    if change is not None:
        file.write_bytes(change(data))
    if path == "checkpoint" and change is None:
        assert rig.mirror.statements(0, 9) == []
        return
    with pytest.raises(StoreError) as refused:
        rig.mirror.statements(0, 9)
    assert refused.value.code == "mirror-damaged"


def test_a_mirror_of_another_history_is_left_as_it_is(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.keep(log_of(9, 9))
    (tmp_path / FILE).unlink()
    with pytest.raises(VerificationError) as refused:
        rig.keep(log_of(13, 13, "other"))
    assert refused.value.code == "mirror-other"
    assert rig.mirror.statements(0, 99) == log_of(9, 9).bodies


@pytest.mark.parametrize("origin", ["..", "a/../b", "/a", "a//b", "a/", "./a", "a/..."])
def test_an_origin_never_leads_out_of_the_folder(tmp_path: Path, origin: str) -> None:
    with pytest.raises(RefusedError) as refused:
        MirrorFolder(tmp_path, origin)
    assert refused.value.code == "origin-path"


def test_a_server_that_is_slow_is_left_and_what_it_gave_is_kept(rig: Rig) -> None:
    shown = log_of(600, 600)
    with reading(shown.answer) as reader:
        Follower(rig.logs, lambda: TRUST, lambda: NOW).follow(reader)
        assert keep(rig.logs, ORIGIN, reader, rig.folder, longest=0.0) == 0
        assert rig.mirror.lines(0) == []
        sizes = [keep(rig.logs, ORIGIN, reader, rig.folder, longest=1e-9) for _ in range(2)]
    assert sizes == [0, 0]
    assert rig.mirror.checkpoint() is None
    slow = shown.answer

    def few(request: Any) -> Any:
        if "statements" in request.url.path:
            time.sleep(0.02)
            request.url = request.url.copy_merge_params({"count": min(50, int(request.url.params["count"]))})
        return slow(request)

    runs = 0
    with reading(few) as reader:
        while keep(rig.logs, ORIGIN, reader, rig.folder, longest=0.05) < 600:
            runs += 1
            assert runs < 12
    assert runs > 1
    rig.require(shown, 600)


def test_a_log_fills_no_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "ROOM", 2**63)
    with pytest.raises(StoreError) as refused:
        rig.keep(log_of(9, 9))
    assert refused.value.code == "store-full"
    assert rig.logs.head(ORIGIN) is None
