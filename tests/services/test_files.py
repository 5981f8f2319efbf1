"""Durable files: whole or not at all, and private ones private."""

import errno
import os
from pathlib import Path

import pytest

from ledger.errors import LedgerError, MalformedError, SetupError
from ledger.services import files
from ledger.services.files import read_bounded, read_private, replace, require_absent, write_new, write_out


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_new_file_is_private_and_alone(tmp_path: Path) -> None:
    write_new(tmp_path / "key", b"secret", what="key file")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["key"]
    assert read_private(tmp_path / "key", limit=6, what="key file") == b"secret"


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    write_new(tmp_path / "key", b"one", what="key file")
    with pytest.raises(SetupError) as refused:
        write_new(tmp_path / "key", b"two", what="key file")
    assert refused.value.code == "file-exists"
    assert (tmp_path / "key").read_bytes() == b"one"
    assert names(tmp_path) == ["key"]


def test_no_file_of_a_users_is_lost_to_what_they_ask_for(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    write_out(out, b"one", what="bundle")
    assert out.stat().st_mode & 0o777 == 0o644
    before = out.stat().st_ino
    write_out(out, b"one", what="bundle")  # the same bytes may stand there already
    assert out.stat().st_ino == before
    other.write_bytes(b"other")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for path, made_of in (
        (out, None),
        (out, other),
        (out, tmp_path / "none"),
        (tmp_path / "link", None),
        (tmp_path / "folder", None),
    ):
        for data in (b"two", b"on", b"one more"):
            with pytest.raises(SetupError, match=f"bundle {path} exists already") as refused:
                write_out(path, data, what="bundle", made_of=made_of)
            assert refused.value.code == "file-exists"
    assert out.read_bytes() == b"one"
    write_out(out, b"two", what="bundle", made_of=tmp_path / "folder" / ".." / "out")
    assert (out.read_bytes(), other.read_bytes()) == (b"two", b"other")
    assert sorted(names(tmp_path)) == ["folder", "link", "other", "out"]


def test_a_name_that_is_taken_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    require_absent(tmp_path / "out", what="bundle")
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SetupError) as refused:
        require_absent(tmp_path / "out", what="bundle")
    assert refused.value.code == "file-exists"


def test_a_dangling_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError) as refused:
        write_new(tmp_path / "key", b"secret", what="key file")
    assert refused.value.code == "file-exists"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_private_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    write_new(tmp_path / "key", b"secret", what="key file")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(SetupError) as refused:
        read_private(tmp_path / "key", limit=100, what="key file")
    assert refused.value.code == "key-file-readable"
    assert "secret" not in str(refused.value)


def test_a_private_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_new(tmp_path / "key", b"secret", what="key file")
    monkeypatch.setattr(files.os, "geteuid", lambda: (tmp_path / "key").stat().st_uid + 1)
    with pytest.raises(SetupError) as refused:
        read_private(tmp_path / "key", limit=100, what="key file")
    assert refused.value.code == "key-file-readable"


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, code in (
        ("pipe", "file-kind"),
        (".", "file-kind"),
        ("none", "file-missing"),
        ("pipe/x", "file-missing"),
    ):
        with pytest.raises(SetupError) as refused:
            read_bounded(tmp_path / name, limit=10, what="request")
        assert refused.value.code == code


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"12345")
    assert read_bounded(tmp_path / "big", limit=5, what="request") == b"12345"
    with pytest.raises(MalformedError) as refused:
        read_bounded(tmp_path / "big", limit=4, what="request")
    assert refused.value.code == "too-large"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EROFS, "disk-read-only"),
        (errno.EACCES, "permission-denied"),
        (errno.EIO, "file-failed"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_failing_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, call: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, call, fail)
    with pytest.raises(LedgerError) as refused:
        write_new(tmp_path / "key", b"secret", what="key file")
    assert refused.value.code == code
    assert names(tmp_path) == []


def test_a_replacement_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(tmp_path / "list", b"one", what="list")
    replace(tmp_path / "list", b"two", what="list")
    assert (tmp_path / "list").read_bytes() == b"two"

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(SetupError):
        replace(tmp_path / "list", b"three", what="list")
    assert (tmp_path / "list").read_bytes() == b"two"
    assert names(tmp_path) == ["list"]
