"""A log that lost entries of which no mirror is complete: another one goes on, and says first what is missing."""

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from ledger.core.statement import parse_statement
from ledger.services.home.folder import open_home
from ledger.services.recovery.succession import MARK
from ledger.testing_nodes import RunningNode, free_port, serving
from tests.cli.running import done, evidence
from tests.journeys.test_recovery import (
    DATABASE,
    become_partners,
    health,
    record,
    register,
    stop,
    until,
    witnessed,
)


def verified(node: RunningNode, file: Path) -> Any:
    """What a verification of a file says, by the node's own claim."""
    return evidence("verify", file, "--trust", node.claim_path, "--json").json


def exported(node: RunningNode, digest: str, file: Path) -> Path:
    node.wait(digest)
    file.write_bytes(node.bundle(digest))
    return file


def outcomes(report: Any) -> list[str]:
    """Of steps 3 to 7: everything that one side alone can show."""
    return [one["outcome"] for one in report["steps"][2:7]]


def mirrored(node: RunningNode, folder: Path) -> Path:
    """What a monitor keeps of the log today."""
    watching = ("--trust", node.claim_path, "--state", folder / "monitor")
    done("monitor", "run", "--log", node.url, "--keep", folder / "mirror", "--once", *watching)
    return folder / "mirror"


def copy(database: Path, to: Path) -> None:
    """A copy of a database that is in use."""
    where = f"file:{database}?mode=ro"
    with closing(sqlite3.connect(where, uri=True)) as used, closing(sqlite3.connect(to)) as made:
        used.backup(made)


def lose(node: RunningNode, yesterday: Path) -> None:
    """Put an older copy of the database back."""
    stop(node)
    shutil.copy(yesterday, node.home.path / DATABASE)


def move(node: RunningNode, into: Path) -> None:
    """Serve another home in the place of the node's."""
    node.home = open_home(into)
    node.url = f"http://127.0.0.1:{node.home.settings.port}"
    node.restart()


def test_a_log_that_cannot_go_on_is_succeeded_and_says_what_is_missing(tmp_path: Path) -> None:
    with serving(tmp_path, "XA") as xa, serving(tmp_path, "XB") as xb:
        old, origin = xa.home, xa.home.settings.origin
        place, into = old.path / DATABASE, tmp_path / "successor"
        become_partners(xa, xb)
        exporter = xa.enrol("exporter", "exporter")
        first = register(xa, record(exporter, "ORDER-1")).json()
        kept = exported(xa, first["digest"], tmp_path / "first.evidence.json")
        mirror = mirrored(xa, tmp_path)
        copy(place, tmp_path / "yesterday")
        lost = [register(xa, record(exporter, f"ORDER-{number}")).json() for number in range(2, 5)]
        receipt = tmp_path / "lost.tlog-proof"
        receipt.write_bytes(httpx2.get(f"{xa.url}/v1/statements/{lost[-1]['digest']}/receipt").content)
        size = health(xa)["size"]
        until(lambda: (found := witnessed(xb, origin)) and found.checkpoint.size == size, xa)
        lose(xa, tmp_path / "yesterday")

        command = ("--home", old.path, "--from", mirror)
        assert "(mirror-short)" in evidence("log", "recover", *command).told
        before = place.read_bytes()
        made = done("log", "succeed", "--into", into, "--port", free_port(), *command, "--json").json
        assert (made["succeeds"], made["origin"], made["resumed"]) == (origin, origin + "-2", False)
        assert made["lost"] == {"first": first["index"] + 1, "last": size - 1}
        assert "witness" in {one["by"] for one in made["seen"]}
        assert made["carried"] == {"Enrolment": 1, "JurisdictionEntry": 1}
        assert place.read_bytes() == before
        held = tmp_path / "held.evidence.json"
        done("bundle", "export", first["digest"], "--home", old.path, "--out", held)
        assert held.read_bytes() == kept.read_bytes()
        for verb in (("node", "serve", "--home", old.path), ("log", "recover", *command)):
            assert "(log-succeeded)" in evidence(*verb).told

        move(xa, into)
        assert (health(xa)["http"], health(xa)["succeeds"]) == (200, origin)
        new = register(xa, record(exporter, "ORDER-5"))  # by whom the old log enrolled
        assert new.status_code == 201, new.text
        with xa.client() as client:
            fingerprint = sha256(client.entry()).hexdigest()
        done("partner", "add", xa.url, "--home", xb.home.path, "--fingerprint", fingerprint)
        until(lambda: witnessed(xb, origin + "-2"), xa)
        bundle = exported(xa, new.json()["digest"], tmp_path / "new.evidence.json")
        notice = parse_statement(httpx2.get(f"{xa.url}/v1/log/succession").content)
        about = exported(xa, notice.digest.hex(), tmp_path / "notice.evidence.json")
        stop(xa)

        assert outcomes(verified(xa, bundle)) == ["passed"] * 5
        assert outcomes(verified(xa, kept)) == ["passed"] * 5  # of the log that ended
        assert verified(xa, receipt)["verdict"] == "verified"  # of an entry that is lost
        assert notice.encoded == (old.path / MARK).read_bytes()
        report = verified(xa, about)
        gap = f"entries {first['index'] + 1} to {size - 1} of it ({len(lost)}) are lost"
        assert report["verdict"] == "verified"
        assert any(gap in one for one in report["notices"]), report["notices"]
