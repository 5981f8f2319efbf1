"""The disk of `tests.faults.disk` as a mounted folder, by FUSE, in a process of its own.

`python -m tests.faults.mount FOLDER` serves it until its input ends; each line of JSON there is a command, answered
with one.  Needs Linux with /dev/fuse, libfuse and mfusepy; `needs_fuse` skips where one is missing.
"""

import errno
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.faults.disk import FOR_EVER, Disk, Fault

MOUNT_SECONDS = 20


def missing() -> str | None:
    """What is missing for FUSE, and how it comes; None when all is there."""
    if not (os.access("/dev/fuse", os.R_OK | os.W_OK)):
        return (
            "/dev/fuse cannot be opened; modprobe fuse, or docker run --device /dev/fuse --cap-add SYS_ADMIN"
        )
    if not (find_library("fuse") or find_library("fuse3")):
        return "libfuse is not installed; apt-get install libfuse2"
    if os.geteuid() and not (shutil.which("fusermount") or shutil.which("fusermount3")):
        return "who is not root mounts by fusermount; apt-get install fuse"
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is not installed; pip install mfusepy"
    return None


needs_fuse = pytest.mark.skipif(missing() is not None, reason=missing() or "")


class Mount:
    """A mounted disk, for the tests: told what to do through the pipe of the process that serves it."""

    def __init__(self, folder: Path, server: "subprocess.Popen[str]") -> None:
        self.folder = folder
        self._server = server

    def cut(self, seed: object | None = None) -> None:
        """Power fails, and is back: without a seed nothing is left that was not synchronised.

        Whoever uses the disk must be gone.
        """
        self._ask(do="cut", seed=seed if seed is None else str(seed))

    def save(self, folder: Path, seed: object | None = None) -> None:
        """Write into `folder` what a cut would leave now; the disk goes on."""
        self._ask(do="save", folder=str(folder), seed=seed if seed is None else str(seed))

    def fail(self, kind: str, number: int, *, after: int = 1, times: int = FOR_EVER) -> None:
        """Have the `after`-th operation of a kind fail from now on; see `Fault`."""
        self._ask(do="fail", kind=kind, number=number, after=after, times=times)

    def freeze(self, after: int) -> None:
        """Keep the disk as it is from the `after`-th change on, which fails; for a cut at that very moment."""
        self._ask(do="fail", kind="change", number=errno.EIO, after=after, clean=True)

    def heal(self) -> int:
        """End the fault; how many operations it hit."""
        return int(self._ask(do="heal"))

    def struck(self) -> int:
        """How many operations the fault hit so far."""
        return int(self._ask(do="struck"))

    def counts(self) -> dict[str, int]:
        """How many operations of each kind there were."""
        counts: dict[str, int] = self._ask(do="counts")
        return counts

    def _ask(self, **command: object) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(command) + "\n")
        answer = self._server.stdout.readline()
        assert answer, "the disk is gone"
        return json.loads(answer)


@contextmanager
def mounted(folder: Path) -> Iterator[Mount]:
    """An empty disk at `folder`, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.faults.mount", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as server:
        try:
            give_up = time.monotonic() + MOUNT_SECONDS
            while not folder.is_mount():
                assert server.poll() is None, "the disk could not be mounted"
                assert time.monotonic() < give_up, "the disk was not mounted in time"
                time.sleep(0.01)
            yield Mount(folder, server)
        finally:
            assert server.stdin is not None
            server.stdin.close()
            try:
                server.wait(MOUNT_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                unmount(folder)


def unmount(folder: Path) -> None:
    """Take the folder off the file system, whoever uses it still."""
    if os.geteuid() == 0:
        command = ["umount", "-l", str(folder)]
    else:
        command = [shutil.which("fusermount") or "fusermount3", "-uz", str(folder)]
    subprocess.run(command, check=False, capture_output=True)


class Files:
    """What FUSE asks of a disk, one question at a time."""

    use_ns = True

    def __init__(self, disk: Disk, turn: threading.Lock) -> None:
        self.disk, self.turn = disk, turn
        self.began = time.time_ns()

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        with self.turn:
            inode = self.disk.opened.get(fh or 0) or self.disk.at(path)
            links = sum(1 for one in self.disk.names.values() if one is inode)
            size = len(inode.content)
            return {
                "st_mode": inode.mode, "st_ino": inode.number, "st_nlink": links, "st_size": size,
                "st_blocks": (size + 511) // 512, "st_uid": os.getuid(), "st_gid": os.getgid(),
                "st_atime": self.began, "st_mtime": self.began, "st_ctime": self.began,
            }  # fmt: skip

    def readdir(self, path: str, fh: int) -> list[tuple[str, dict[str, int], int]]:
        with self.turn:
            inside = [(name, self.disk.at(f"{path.rstrip('/')}/{name}")) for name in self.disk.list(path)]
        here = [(name, {"st_ino": 1, "st_mode": stat.S_IFDIR}, 0) for name in (".", "..")]
        return [*here, *((name, {"st_ino": one.number, "st_mode": one.mode}, 0) for name, one in inside)]

    def mkdir(self, path: str, mode: int) -> int:
        with self.turn:
            self.disk.make(path, stat.S_IFDIR | mode)
        return 0

    def create(self, path: str, mode: int, fi: object = None) -> int:
        with self.turn:
            return self.disk.open(self.disk.make(path, stat.S_IFREG | (mode & 0o777)))

    def open(self, path: str, flags: int) -> int:
        with self.turn:
            self.disk.strike("read")
            return self.disk.open(self.disk.at(path))

    def release(self, path: str, fh: int) -> int:
        with self.turn:
            self.disk.opened.pop(fh, None)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self.turn:
            self.disk.strike("read")
            return bytes(self.disk.opened[fh].content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        with self.turn:
            return self.disk.write(self.disk.opened[fh], data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        with self.turn:
            self.disk.truncate(self.disk.opened.get(fh or 0) or self.disk.at(path), length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        with self.turn:
            self.disk.synchronise(self.disk.opened[fh])
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        with self.turn:
            self.disk.synchronise_folder(path)
        return 0

    def link(self, target: str, source: str) -> int:
        with self.turn:
            self.disk.link(target, source)
        return 0

    def rename(self, old: str, new: str) -> int:
        with self.turn:
            self.disk.rename(old, new)
        return 0

    def unlink(self, path: str) -> int:
        with self.turn:
            self.disk.remove(path)
        return 0

    def rmdir(self, path: str) -> int:
        with self.turn:
            if self.disk.list(path):
                raise OSError(errno.ENOTEMPTY, path)
            self.disk.remove(path)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        with self.turn:
            inode = self.disk.at(path)
            inode.mode = stat.S_IFMT(inode.mode) | (mode & 0o7777)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: object = None) -> int:
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bfree": 1 << 19, "f_bavail": 1 << 19,
                "f_files": 1 << 16, "f_ffree": 1 << 15, "f_namemax": 255}  # fmt: skip


def serve(folder: Path) -> None:
    """Serve a disk until the input ends."""
    fuse: Any = importlib.import_module("mfusepy")
    disk, lock = Disk(), threading.Lock()
    mounted = type("Mounted", (Files, fuse.Operations), {})

    def obey() -> None:
        for line in sys.stdin:
            command = json.loads(line)
            with lock:
                told = act(disk, **command)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
        unmount(folder)
        time.sleep(MOUNT_SECONDS)
        os._exit(1)  # not taken off: somebody holds it

    threading.Thread(target=obey, daemon=True).start()
    fuse.FUSE(mounted(disk, lock), str(folder), foreground=True, nothreads=True, fsname="forgetful", use_ino=True,
         hard_remove=True, attr_timeout=0, entry_timeout=0, negative_timeout=0)  # fmt: skip


def act(disk: Disk, do: str, seed: str | None = None, folder: str = "", **fault: Any) -> object:
    """Do what a test asks for."""
    chance = None if seed is None else Random(seed)
    if do == "cut":
        disk.cut(chance)
    elif do == "save":
        disk.save(Path(folder), chance)
    elif do == "fail":
        disk.fault, disk.struck = Fault(**fault), 0
    elif do == "heal":
        disk.fault = None
        return disk.struck
    elif do == "struck":
        return disk.struck
    return disk.counts


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        serve(Path(sys.argv[1]))
