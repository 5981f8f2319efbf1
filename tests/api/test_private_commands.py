"""Commands against a node that answers its parties alone; and that no secret of either side is left anywhere."""

import base64
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.core.suites import PrivateKey
from ledger.services.keys.keyfile import HolderKey, NodeKey, write_key
from tests.api.served import Served, holder, serving
from tests.api.signing import code_of
from tests.cli.running import done, evidence


@dataclass
class Side:
    """A private node, a record in its log, and the key files of its exporter and of a stranger."""

    served: Served
    digest: str
    exporter: Path
    stranger: Path
    strange: HolderKey


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    folder = tmp_path_factory.mktemp("commands")
    with serving(folder, reads="parties") as served:
        record = served.record("PRIVATE-1")
        assert served.post("/v1/statements", record.encoded).status_code == 201
        exporter, stranger = folder / "exporter.key", folder / "stranger.key"
        strange = holder("did:web:stranger.example.xa")
        write_key(exporter, served.exporter)
        write_key(stranger, strange)
        yield Side(served, record.digest.hex(), exporter, stranger, strange)


def test_a_party_follows_and_exports_its_record_with_its_key(side: Side, tmp_path: Path) -> None:
    at = ("--node", side.served.url, "--key", side.exporter)
    assert done("transfer", "status", side.digest, *at, "--json").json["reference"] == "PRIVATE-1"
    out = tmp_path / "record.evidence.json"
    done("bundle", "export", side.digest, *at, "--allow-unanchored", "--out", out)
    assert json.loads(out.read_bytes())["subject"] == side.digest
    assert "TransferRecord" in done("lineage", "show", side.digest, *at).text


def test_without_a_key_a_command_sees_what_everybody_may(side: Side, tmp_path: Path) -> None:
    found = done("transfer", "status", side.digest, "--node", side.served.url, "--json").json
    assert (found["type"], "reference" in found) == ("TransferRecord", False)
    assert done("transfer", "status", side.digest, "--node", side.served.url).status == 0
    out = tmp_path / "record.evidence.json"
    ran = evidence("bundle", "export", side.digest, "--node", side.served.url, "--out", out)
    assert (ran.status, "caller-unsigned" in ran.told, out.exists()) == (3, True, False)


def test_the_key_of_a_stranger_opens_nothing(side: Side, tmp_path: Path) -> None:
    at = ("--node", side.served.url, "--key", side.stranger)
    ran = evidence("bundle", "export", side.digest, *at, "--out", tmp_path / "out.json")
    assert (ran.status, "caller-key-unknown" in ran.told) == (3, True)


def test_the_key_may_be_named_by_the_environment(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_KEY", str(side.exporter))
    found = done("transfer", "status", side.digest, "--node", side.served.url, "--json").json
    assert found["reference"] == "PRIVATE-1"


def test_a_key_that_others_may_read_signs_nothing(side: Side, tmp_path: Path) -> None:
    path = tmp_path / "open.key"
    path.write_bytes(side.exporter.read_bytes())
    path.chmod(0o644)
    ran = evidence("transfer", "status", side.digest, "--node", side.served.url, "--key", path)
    assert (ran.status, "key-file-readable" in ran.told) == (3, True)


def test_no_secret_is_left_in_logs_errors_answers_or_the_database(
    side: Side, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    home = side.served.home
    keys = home.keys
    node_keys = (keys.log, keys.head, keys.finality, keys.sender, keys.witness, keys.attester, keys.relay)
    holders = (keys.registrar, keys.publisher, side.served.exporter, side.strange)
    secrets = [one.secret for one in node_keys if isinstance(one, NodeKey)]
    secrets += [one.private.secret for one in holders if isinstance(one.private, PrivateKey)]
    assert len(secrets) == len(node_keys) + len(holders)
    marks = [
        form
        for secret in secrets
        for part in {secret, secret[:32], secret[32:] or secret}
        for form in (part, part.hex().encode(), base64.b64encode(part), base64.urlsafe_b64encode(part)[:-1])
    ]
    said: list[str] = [repr(side), repr(home)]
    for key in (side.exporter, side.stranger, home.path / "keys" / "publisher.json"):
        at = ("--node", side.served.url, "--key", key)
        for command in (("transfer", "status"), ("lineage", "show")):
            ran = evidence(*command, side.digest, *at, "--json")
            said += [ran.text, ran.told]
    damaged = tmp_path / "damaged.key"
    damaged.write_bytes(side.exporter.read_bytes().replace(b'"secret":"', b'"secret":"0'))
    damaged.chmod(0o600)
    ran = evidence("transfer", "status", side.digest, "--node", side.served.url, "--key", damaged)
    said += [ran.told, caplog.text, "\n".join(map(repr, caplog.records))]
    stored = [
        path.read_bytes() for path in home.path.rglob("*") if path.is_file() and path.parent.name != "keys"
    ]
    assert len(stored) > 3
    assert sum(map(len, said)) > 1_000
    for where in (*(text.encode() for text in said), *stored):
        assert not [mark for mark in marks if mark in where]
    assert os.environ.get("EVIDENCE_HOME") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"x-forwarded-for": "198.51.100.7"},
        {"forwarded": "for=198.51.100.7"},
        {"via": "1.1 proxy"},
        {"x-forwarded-port": "443"},
        {"true-client-ip": "198.51.100.7"},
        {"host": "a-page.example"},
        {"host": "127.0.0.1.a-page.example"},
        {"host": "["},
    ],
)
def test_what_is_open_to_this_machine_is_not_open_through_it(served: Served, fields: dict[str, str]) -> None:
    assert served.get("/v1/transfers").status_code == 200
    assert served.get("/v1/transfers", headers={"host": "localhost:9999"}).status_code == 200
    assert code_of(served.get("/v1/transfers", headers=fields)) == (401, "caller-unsigned")


def test_a_proxy_that_shows_itself_by_its_old_protocol_alone_is_none_of_this_machines_users(
    served: Served,
) -> None:
    told = {}
    for version in ("1.0", "1.1"):
        with served.connect() as asking:
            asking.sendall(
                f"GET /v1/transfers HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            )
            told[version] = asking.makefile("rb").readline().split()[1]
    assert told == {"1.0": b"401", "1.1": b"200"}
