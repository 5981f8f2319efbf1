"""A PostgreSQL server for tests: made in a temporary folder, started once, ended by its process id."""

import hmac
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path
from typing import Any

import pytest

INSTALL = "PostgreSQL is missing; install it: apt-get install postgresql"
SUPERUSER = "evidence_superuser"
APP = "evidence_app"
OWNER = "evidence_owner"
PASSWORD = "a-password-of-the-tests"
MEMORY = Path("/dev/shm")


def binaries() -> Path | None:
    """The folder of the newest server that is installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    named = shutil.which("initdb")
    return None if named is None else Path(named).resolve().parent


class Server:
    """A server that listens on loopback and on a socket in its folder.  It keeps every promise about the disk."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self.program = program
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._template: str | None = None
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, secret):
                os.chown(path, *_user())
        self._run(
            program / "initdb", "--pgdata", folder / "data", "--username", SUPERUSER, "--auth", "scram-sha-256",
            "--pwfile", secret, "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions",
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *_as_user(),
                    str(self.program / "postgres"), "-D", str(self.folder / "data"),
                    "-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1",
                    "-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=60",
                    "-c", "shared_buffers=32MB", "-c", "autovacuum=off",
                ],
                stdout=log,
                stderr=log,
            )  # fmt: skip
        give_up = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.05)

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """End it: with SIGKILL as a crash does, with SIGINT at once and in order."""
        assert self.process is not None
        children = _children(self.process.pid)
        self.process.send_signal(signum)
        self.process.wait(60)
        give_up = time.monotonic() + 60
        # After a crash of the first process the others notice by themselves, and hold the memory till then.
        while any(Path(f"/proc/{child}").exists() for child in children):
            assert time.monotonic() < give_up, "a process of the server lives on"
            time.sleep(0.02)
        self.process = None

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """Address of one of its databases."""
        return f"postgresql+psycopg://{user}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, query: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a query as the superuser."""
        with self.session(database) as session:
            cursor = session.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def change(self, query: str, database: str) -> int:
        """Run queries as the superuser; how many rows the last one changed."""
        with self.session(database) as session:
            cursor = session.execute(query.encode())
            while cursor.nextset():
                pass
            return int(cursor.rowcount)

    def database(self, template: str | None = None) -> str:
        """Make a database and give its name: an empty one, or a copy of another."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template or 'template0'}")
        return name

    def ledger(self) -> str:
        """Make a database with an up-to-date schema that `OWNER` owns and `APP` may use; no log is in it yet."""
        if self._template is None:
            from ledger.store.database import migrate_server

            name = self.database()
            migrate_server(self.url(name, OWNER), self.url(name, APP))
            self._template = name
        return self.database(self._template)

    def drop(self, name: str) -> None:
        """Take a database away, with everybody in it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def session(self, database: str) -> Any:
        """A session of the superuser."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            done = subprocess.run(
                [self.program / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
            )
            return done.returncode == 0
        return False

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [*_as_user(), *map(str, command)], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgres() -> Iterator["Server"]:
    """The one server of a run."""
    with served() as server:
        yield server


@contextmanager
def served(*, on_disk: bool = False) -> Iterator[Server]:
    """A running server with the roles of a node, in memory where the machine has some: its disk is not the subject.

    Args:
        on_disk: Unless it is.
    """
    program = binaries()
    if program is None or (os.geteuid() == 0 and shutil.which("setpriv") is None):
        pytest.skip(INSTALL)
    pytest.importorskip("psycopg", reason="psycopg is missing; install it: pip install 'psycopg[binary]'")
    where = (
        MEMORY
        if not on_disk and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30
        else None
    )
    folder = Path(tempfile.mkdtemp(prefix="evidence-postgres-", dir=where))
    server: Server | None = None
    try:
        server = Server(folder, program)
        server.start()
        server.execute(f"ALTER ROLE {SUPERUSER} PASSWORD '{_verifier()}'")
        for role in (OWNER, APP):
            server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{_verifier()}'")
        yield server
    finally:
        if server is not None and server.process is not None:
            server.kill(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def _verifier() -> str:
    """What the server keeps of the password (RFC 5803), of one round: sessions are opened by the thousand."""
    salt, rounds = os.urandom(16), 1
    salted = pbkdf2_hmac("sha256", PASSWORD.encode(), salt, rounds)
    stored = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    keys = ":".join(b64encode(key).decode() for key in (stored, hmac.digest(salted, b"Server Key", "sha256")))
    return f"SCRAM-SHA-256${rounds}:{b64encode(salt).decode()}${keys}"


def _user() -> tuple[int, int]:
    """A user that is not root: the server refuses to run as root."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    return 65_534, 65_534


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    user, group = _user()
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"]


def _children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
