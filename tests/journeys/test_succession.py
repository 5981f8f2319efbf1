"""A log that lost entries of which no mirror is complete: another one goes on, and says first what is missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx2

from ledger.core.statement import parse_statement
from ledger.services.home import open_home
from ledger.services.succession import MARK
from ledger.statements.log_succession import read
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


def notes_of(node: RunningNode, file: Path) -> Any:
    """What a verification of a file says, by the node's own claim."""
    return done("verify", file, "--trust", node.claim_path, "--json").json


def exported(node: RunningNode, digest: str, file: Path) -> Path:
    node.wait(digest)
    file.write_bytes(node.bundle(digest))
    return file


def test_a_log_that_cannot_go_on_is_succeeded_and_says_what_is_missing(tmp_path: Path) -> None:
    with serving(tmp_path, "XA") as xa, serving(tmp_path, "XB") as xb:
        old, place = xa.home, xa.home.path / DATABASE
        origin, successor = old.settings.origin, old.settings.origin + "-2"
        become_partners(xa, xb)
        exporter = xa.enrol("exporter", "exporter")
        first = register(xa, record(exporter, "ORDER-1")).json()
        kept = exported(xa, first["digest"], tmp_path / "first.evidence.json")
        mirror = tmp_path / "mirror"
        watching = ("--trust", xa.claim_path, "--state", tmp_path / "monitor")
        done("monitor", "run", "--log", xa.url, "--keep", mirror, "--once", *watching)
        stop(xa)
        shutil.copy(place, tmp_path / "yesterday")
        xa.restart()
        lost = [register(xa, record(exporter, f"ORDER-{number}")).json() for number in range(2, 5)]
        receipt = tmp_path / "lost.tlog-proof"
        receipt.write_bytes(httpx2.get(f"{xa.url}/v1/statements/{lost[-1]['digest']}/receipt").content)
        size = health(xa)["size"]
        until(lambda: (found := witnessed(xb, origin)) and found.checkpoint.size == size, xa)
        stop(xa)
        shutil.copy(tmp_path / "yesterday", place)

        command = ("--home", old.path, "--from", mirror, "--json")
        assert "(mirror-short)" in evidence("log", "recover", *command[:-1]).told
        before = place.read_bytes()
        into = tmp_path / "successor"
        made = done("log", "succeed", "--into", into, "--port", free_port(), *command).json
        assert (made["succeeds"], made["origin"], made["resumed"]) == (origin, successor, False)
        assert made["lost"] == {"first": first["index"] + 1, "last": size - 1}
        assert {one["by"] for one in made["seen"]} == {"witness", "chain"}
        assert made["carried"] == {"Enrolment": 1, "JurisdictionEntry": 1}
        assert place.read_bytes() == before
        refused = evidence("node", "serve", "--home", old.path)
        assert refused.status == 1
        assert "(log-succeeded)" in refused.told
        again = done("log", "succeed", "--into", into, *command).json
        assert (again["resumed"], again["notice"]) == (True, made["notice"])
        assert "(log-succeeded)" in evidence("log", "succeed", "--into", tmp_path / "third", *command).told

        xa.home = open_home(into)
        xa.url = f"http://127.0.0.1:{xa.home.settings.port}"
        xa.restart()
        assert health(xa)["http"] == 200
        assert health(xa)["succeeds"] == origin
        new = register(xa, record(exporter, "ORDER-5"))
        assert new.status_code == 201, new.text  # by whom the old log enrolled
        bundle = exported(xa, new.json()["digest"], tmp_path / "new.evidence.json")
        assert "9 parties" in str(done("bundle", "show", bundle).text) or bundle.exists()
        told = evidence("verify", bundle, "--trust", xa.claim_path, "--json").json
        assert [one["outcome"] for one in told["steps"][:7]] == ["passed", "absent", *["passed"] * 5], told
        assert (
            evidence("verify", kept, "--trust", xa.claim_path, "--json").json["steps"][5]["outcome"]
            == "passed"
        )
        assert notes_of(xa, receipt)["verdict"] == "verified"

        published = httpx2.get(f"{xa.url}/v1/log/succession").content
        assert published == (old.path / MARK).read_bytes()
        notice = parse_statement(published)
        assert read(notice).successor.origin == successor
        about = exported(xa, notice.digest.hex(), tmp_path / "notice.evidence.json")
        report = notes_of(xa, about)
        assert report["verdict"] == "verified"
        gap = f"entries {first['index'] + 1} to {size - 1} of it ({len(lost)}) are lost"
        assert any(gap in one for one in report["notices"]), json.dumps(report)
