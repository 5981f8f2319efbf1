"""Statements by their places, from a real node: what a mirror keeps, and what an issuer reconciles."""

from hashlib import sha256
from pathlib import Path

import pytest

import api.routes.mirror as routes
from ledger.core.trust import parse_trust_list
from ledger.remote.tiles import LogReader
from ledger.services.monitoring.following import Follower
from ledger.services.monitoring.mirroring import MirrorFolder, keep
from ledger.store.followed import FILE, FollowedLogs
from tests.api.served import EXPORTER, NDJSON, Served


@pytest.fixture
def digests(served: Served) -> list[str]:
    records = [served.record(f"MIRROR-{at}") for at in range(5)]
    answer = served.post("/v1/statements", b"".join(one.encoded + b"\n" for one in records), NDJSON)
    assert answer.status_code == 200
    return [one.digest.hex() for one in records]


def test_statements_come_in_the_order_of_the_log_and_are_its_entries(
    served: Served, digests: list[str]
) -> None:
    size = served.node.log.head.size
    with LogReader(served.url) as reader:
        assert reader.checkpoint().checkpoint.size == size
        found = reader.statements(0, size)
        entries = [
            entry
            for number in range(-(-size // 256))
            for entry in reader.entries(number, min(256, size - number * 256))
        ]
        assert [sha256(line).digest() for line in found] == entries[: len(found)]
        assert [one.hex() for one in entries[-5:]] == digests
        assert [sha256(line).hexdigest() for line in reader.statements(size - 2)] == digests[-2:]


def test_nothing_is_handed_out_that_no_checkpoint_covers(served: Served) -> None:
    size = served.node.log.head.size
    assert served.get(f"/v1/log/statements/{size}").status_code == 404
    assert served.get("/v1/log/statements/0?count=0").status_code == 400
    assert served.get("/v1/log/statements/0?count=257").status_code == 400


def test_an_answer_ends_before_it_grows_too_large(
    served: Served, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    size = served.node.log.head.size
    monkeypatch.setattr(routes, "BYTES", 1)
    with LogReader(served.url) as reader:
        assert [sha256(line).hexdigest() for line in reader.statements(size - 5)] == digests[:1]


def test_an_issuer_finds_all_that_stands_under_its_name(served: Served, digests: list[str]) -> None:
    found: dict[str, int] = {}
    after = ""
    while True:
        page = served.get(
            "/v1/log/statements", params={"issuer": EXPORTER, "limit": 2, "after": after}
        ).json()
        found |= {one["digest"]: one["index"] for one in page["items"]}
        if "next" not in page:
            break
        after = page["next"]
    assert set(digests) <= set(found)
    for digest, index in found.items():
        assert served.node.log.entry(index).hex() == digest
    assert served.get("/v1/log/statements", params={"issuer": "did:web:nobody.example"}).json()["items"] == []


def test_a_mirror_of_a_real_node_holds_its_log(served: Served, digests: list[str], tmp_path: Path) -> None:
    logs = FollowedLogs(tmp_path / FILE)
    trust = parse_trust_list(served.home.claim.read_bytes())
    with LogReader(served.url) as reader:
        found = Follower(logs, lambda: trust, lambda: 1.0).follow(reader)
        assert keep(logs, found.origin, reader, tmp_path / "kept") == found.size
    mirror = MirrorFolder(tmp_path / "kept", found.origin)
    assert [one.hex() for one in mirror.entries(found.size - 5, 99)] == digests
    assert [sha256(one).hexdigest() for one in mirror.statements(0, found.size)][-5:] == digests
