"""Rules on at nodes that are served: a measure in the log decides about the next record, whichever process is asked."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.config import Settings
from ledger.core.statement import Statement, unsigned
from ledger.core.times import format_time
from ledger.ruling import Ruling
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, read_holder_key
from ledger.services.trust.authorities import with_authority
from ledger.statements.request import make
from tests.api.served import EXPORTER, Served, holder
from tests.cli.commands import evidence, init, serving
from tests.deciding.records import line, people, published, rule
from tests.fleet import Fleet, fleet
from tests.postgres import Server

AUTHORITY = "did:web:authority.example.xa"
DAY = 86_400
SOON = 20
"""Seconds within which a measure that one process registered has to count in another; a second on an idle machine."""
RULES = """
[rules]
decide = true
refuse = ["prohibited"]
"""
MEASURE = (
    rule("1", "prohibited", table={"category": ["personal"]}),
    rule("2", "free", table={"category": ["nonPersonal"]}),
)
"""What leaves XA: no personal data."""


def measure(number: str = "XA-1", rules: tuple[dict[str, Any], ...] = MEASURE) -> dict[str, Any]:
    return published(*rules, by=AUTHORITY, code="XA", number=number, since=format_time(int(time.time()) - 60))


def record(node: Served, category: str) -> Statement:
    """A record of its own of the exporter, with one line."""
    of = {"persons": people(1_200, ytdCount=48_000)} if category == "personal" else {}
    return node.record(
        f"ORDER-{os.urandom(4).hex()}",
        lines=[line(category=category, **of)],
        purpose=["dpv:CustomerCare"],
        legalBasis=["dpv:ContractPerformance"],
        mechanism={"type": "noneRequired"},
    )


def answered(node: Served, category: str) -> tuple[int, str]:
    """Status, and outcome or code, of registering a record; what is refused is not registered."""
    sent = record(node, category)
    answer = node.post("/v1/transfers", sent.encoded)
    found = answer.json()
    held = node.get(f"/v1/statements/{sent.digest.hex()}").status_code
    if "decision" in found:
        assert (answer.status_code, held) == (201, 200)
        return answer.status_code, found["decision"]["outcome"]
    assert held == 404, found
    return answer.status_code, found["type"]


REFUSED = (403, "/problems/decision-refused")
ALLOWED = (201, "free")
UNKNOWN = (201, "indeterminate")


def test_a_measure_published_at_a_served_node_forbids_the_next_record(tmp_path: Path) -> None:
    home = init(tmp_path)
    with (home / "node.toml").open("a") as settings:
        settings.write(RULES)

    def run(*arguments: object) -> str:
        ended = evidence(tmp_path, *arguments)
        assert ended.status == 0, ended.err
        return ended.out

    for did, role in ((AUTHORITY, "authority"), (EXPORTER, "exporter")):
        own = ("--role", role, "--key", f"{role}.key", "--out", f"{role}.request.json")
        own += ("--identifier", "LEI=TEST000C76DC31B85900") if role == "exporter" else ()
        run("party", "request", "--party", did, "--jurisdiction", "XA", *own)
    run("node", "authority", "add", "authority.request.json", "--home", home, "--role", "authority", "--yes")
    draft = unsigned(
        kind="PolicyMeasure",
        identifier=statement_id(int(time.time()), os.urandom(10)),
        issuer=AUTHORITY,
        subject=measure(),
        valid_from=int(time.time()),
    )
    (tmp_path / "measure.json").write_bytes(orjson.dumps(draft))
    with serving(home) as served:
        node = Served(None, None, served.url, read_holder_key(tmp_path / "exporter.key"))  # type: ignore[arg-type]  # the application is elsewhere
        run("party", "enrol", "exporter.request.json", "--home", home, "--node", served.url, "--yes")
        assert answered(node, "personal") == UNKNOWN
        run("measure", "publish", "measure.json", "--key", "authority.key", "--node", served.url)
        assert answered(node, "personal") == REFUSED
        assert answered(node, "nonPersonal") == ALLOWED

        told = node.post("/v1/transfers", record(node, "personal").encoded).json()
        assert told["detail"].startswith("line 1, outbound: prohibited, by the measures of this log at ")
        (tmp_path / "refused.json").write_bytes(record(node, "personal").encoded)
        ended = evidence(tmp_path, "transfer", "register", "refused.json", "--node", served.url)
        assert (ended.status, "decision-refused" in ended.out) == (1, True), ended.out
        assert 'evidence_refusals_total{code="decision-refused"} 3.0' in node.get("/metrics").text


@pytest.fixture(scope="module")
def authority() -> HolderKey:
    return holder(AUTHORITY)


@pytest.fixture(scope="module")
def several(
    postgres: Server, tmp_path_factory: pytest.TempPathFactory, authority: HolderKey
) -> Iterator[Fleet]:
    """Two processes that answer and one that moves the log, all with rules on."""

    def changed(settings: Settings) -> Settings:
        now = int(time.time())
        key = {"id": authority.id, "publicKeyMultibase": authority.multikey}
        key |= {"from": format_time(now), "until": format_time(now + 365 * DAY)}
        subject: dict[str, Any] = {"party": AUTHORITY, "jurisdiction": "XA", "identifiers": []}
        subject |= {"roles": ["authority"], "keys": [key]}
        request = make(subject, {authority.id: authority.private}, created=now)
        named = with_authority(settings, request, ["authority"], now=now)
        return replace(named, ruling=Ruling(decide=True, refuse=("prohibited",)))

    folder = tmp_path_factory.mktemp("rules")
    with fleet(postgres, folder, ("sequencer", "api", "api"), changed=changed) as made:
        yield made


def test_a_measure_registered_through_one_process_counts_in_the_other_soon(
    several: Fleet, authority: HolderKey
) -> None:
    one, two = (member.served for member in several.members if member.role == "api")
    two.exporter = one.exporter
    one.enrol(one.exporter, "exporter")
    for node in (one, two):
        soon(node, "personal", UNKNOWN)
    sent = one.sign("PolicyMeasure", measure(), authority)
    assert one.post("/v1/statements", sent.encoded).status_code == 201
    assert answered(one, "personal") == REFUSED  # by whom it was registered, at once
    soon(two, "personal", REFUSED)
    for node in (one, two):
        assert answered(node, "nonPersonal") == ALLOWED

    later = two.sign("PolicyMeasure", measure("XA-2", (rule("1", "prohibited"),)), authority)
    assert two.post("/v1/statements", later.encoded).status_code == 201
    soon(one, "nonPersonal", REFUSED)
    for node in (one, two):
        assert "ruleTrouble" not in node.get("/health").json()


def soon(node: Served, category: str, wanted: tuple[int, str]) -> None:
    give_up = time.monotonic() + SOON
    while (found := answered(node, category)) != wanted:
        assert time.monotonic() < give_up, found
        time.sleep(0.1)
