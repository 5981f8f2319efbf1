"""Several processes of one node on a PostgreSQL server, each of a role, started without the cost of imports."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from ledger import testing_nodes
from ledger.chains import ChainSettings
from ledger.config import Settings
from ledger.forks import Process
from ledger.services.home.folder import Home, Plan, init_home, save_settings
from ledger.services.node.roles import Role
from ledger.testing_nodes import free_port
from tests.api.served import EXPORTER, Served, holder
from tests.postgres import APP, Server

PATIENCE = 60
_FORKS = testing_nodes._FORKS  # one for all tests


@dataclass
class Member:
    """One process."""

    role: Role
    port: int
    output: Path
    process: Process
    served: Served

    def health(self) -> httpx2.Response:
        return self.served.get("/health")

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""


@dataclass
class Fleet:
    """A node of XA, its log in `database` of a server."""

    home: Home
    server: Server
    database: str
    folder: Path
    members: list[Member] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url(self.database, APP)

    def start(self, role: Role, home: Path | None = None) -> Member:
        """Start a process, with a copy of the home where there is one; returns at once."""
        port = free_port()
        environment = {
            **os.environ,
            "EVIDENCE_HOME": str(home or self.home.path),
            "EVIDENCE_ROLE": role,
            "EVIDENCE_WORKERS": "0",
            "DATABASE_URL": self.url + f"?application_name={port}",
        }
        output = self.folder / f"{role}-{port}.log"
        process = _FORKS.start(port, output, environment)
        served = Served(self.home, None, f"http://127.0.0.1:{port}", holder(EXPORTER))  # type: ignore[arg-type]
        self.members.append(Member(role, port, output, process, served))
        return self.members[-1]

    def wait(self, member: Member, *, status: int = 200) -> None:
        """Wait until its /health has a status."""
        give_up = time.monotonic() + PATIENCE
        while True:
            assert member.process.poll() is None, member.said()
            try:
                found = member.health().text
                if member.health().status_code == status:
                    return
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < give_up, f"{member.role} is not {status}: {found} {member.said()}"
            time.sleep(0.05)

    def sessions(self, member: Member, where: str) -> list[int]:
        """Process ids of the server that work for a member."""
        query = (
            f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.database}'"
            f" AND application_name = '{member.port}' AND {where}"
        )
        return [int(str(row[0])) for row in self.server.execute(query)]


@contextmanager
def fleet(
    server: Server,
    folder: Path,
    roles: Sequence[Role],
    chain: ChainSettings | None = None,
    *,
    changed: Callable[[Settings], Settings] = lambda settings: settings,
) -> Iterator[Fleet]:
    """Processes of these roles, all of them well; with settings that were changed before their first start."""
    plan = Plan(
        "XA", "registry.example.xa", registrar="did:web:registrar.example.xa", port=free_port(), chain=chain
    )
    home = init_home(folder / "node", plan, now=int(time.time()), random=os.urandom)
    home = save_settings(home, changed(home.settings))
    made = Fleet(home, server, server.ledger(), folder)
    try:
        for role in roles:
            made.start(role)
        for member in made.members:
            made.wait(member)
        yield made
    finally:
        for member in made.members:
            if member.process.poll() is None:
                member.process.send_signal(18)  # SIGCONT
                member.process.kill()
                member.process.wait(PATIENCE)
        server.drop(made.database)
