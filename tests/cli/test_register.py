"""Registering by command: many lines, broken runs, refusals, receipts, nodes that are away."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from ledger.core.canonical import encode
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.remote.node import NodeClient
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, make_holder_key, read_holder_key
from ledger.services.tables.resume import Position, beside
from tests.cli.running import done, evidence
from tests.cli.sides import Side
from tests.nodes import free_port, serving

PARTIES = {
    "exporter": {"did": "did:web:exporter.example.xa", "scheme": "DID", "id": "did:web:exporter.example.xa",
                 "jurisdiction": "XA"},
    "importer": {"did": "did:web:importer.example.xb", "scheme": "DID", "id": "did:web:importer.example.xb",
                 "jurisdiction": "XB"},
}  # fmt: skip
LINE = {
    "line": 1, "category": "nonPersonal", "grade": "general",
    "scenario": {"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"},
}  # fmt: skip


def record(key: HolderKey, reference: str) -> Statement:
    now = int(time.time())
    document = unsigned(
        kind="TransferRecord",
        identifier=statement_id(now, os.urandom(10)),
        issuer=key.holder,
        subject={**PARTIES, "flow": "outbound", "reference": reference, "lines": [LINE]},
        valid_from=now,
    )
    return sign_statement(document, key.private, key.verification_method, now)


def records(path: Path, key_file: Path, count: int) -> list[Statement]:
    """An NDJSON file of signed records."""
    key = read_holder_key(key_file)
    made = [record(key, f"R-{number}") for number in range(count)]
    path.write_bytes(b"".join(one.encoded + b"\n" for one in made))
    return made


def test_a_thousand_lines_are_registered_and_known_when_sent_again(tmp_path: Path, xa: Side) -> None:
    lines = tmp_path / "records.ndjson"
    records(lines, xa.key, 1000)
    ran = done("transfer", "register", lines, "--node", xa.url, "--json").json
    assert (ran["registered"], ran["known"], ran["refused"], ran["finished"]) == (1000, 0, 0, True)
    assert not beside(lines).exists()
    ran = done("transfer", "register", lines, "--node", xa.url)
    assert ran.text == "0 registered, 1,000 known before, 0 refused\n"


def test_what_is_refused_is_told_with_its_line_and_stops_nothing(tmp_path: Path, xa: Side) -> None:
    lines, errors = tmp_path / "records.ndjson", tmp_path / "refused.ndjson"
    key = read_holder_key(xa.key)
    good = [record(key, f"G-{number}").encoded for number in range(4)]
    tampered = good[3].replace(b'"G-3"', b'"G-9"')
    stranger = make_holder_key("did:web:stranger.example.xa", "#1", EDDSA, os.urandom(RANDOM_SIZE))
    foreign = record(stranger, "F").encoded.replace(
        b"did:web:exporter.example.xa", b"did:web:stranger.example.xa"
    )
    lines.write_bytes(
        b"\n".join([good[0], tampered, b"", b"not JSON", good[1], foreign, b"x" * 300_000, good[2]])
    )
    ran = evidence("transfer", "register", lines, "--node", xa.url, "--errors", errors, "--json")
    assert ran.status == 1
    assert (ran.json["registered"], ran.json["refused"]) == (3, 4)
    assert [one["line"] for one in ran.json["errors"]] == [2, 4, 6, 7]
    assert ran.json["errors"][0]["code"] == "signature-invalid"
    assert [json.loads(line) for line in errors.read_bytes().splitlines()] == ran.json["errors"]
    again = evidence("transfer", "register", lines, "--node", xa.url, "--errors", errors, "--json")
    assert [json.loads(line) for line in errors.read_bytes().splitlines()] == again.json["errors"]
    text = evidence("transfer", "register", lines, "--node", xa.url)
    assert text.status == 1
    assert "records.ndjson line 2: " in text.text
    assert "0 registered, 3 known before, 4 refused" in text.text


def test_refusals_are_written_over_no_other_file(tmp_path: Path, xa: Side) -> None:
    lines, single = tmp_path / "records.ndjson", tmp_path / "record.signed.json"
    made = record(read_holder_key(xa.key), "E-1").encoded
    lines.write_bytes(made + b"\n")
    single.write_bytes(made)
    for name in (lines, single):
        ran = evidence("transfer", "register", name, "--node", xa.url, "--errors", lines)
        assert (ran.status, "(file-exists)" in ran.told) == (2, True)
        assert lines.read_bytes() == made + b"\n"
    for begun in (b"", b'{"fi', b'{"file":"a.json"}\n'):  # what a run that broke off may have left
        (tmp_path / "errors.ndjson").write_bytes(begun)
        done("transfer", "register", single, "--node", xa.url, "--errors", tmp_path / "errors.ndjson")
    done("transfer", "register", single, "--node", xa.url, "--errors", "/dev/null")


def test_single_files_patterns_and_standard_input_are_taken_and_receipts_kept(
    tmp_path: Path, xa: Side
) -> None:
    key = read_holder_key(xa.key)
    made = [record(key, f"S-{number}") for number in range(4)]
    for number, one in enumerate(made[:2]):
        (tmp_path / f"{number}.signed.json").write_bytes(one.encoded + b"\n")
    receipts = tmp_path / "receipts"
    ran = done(
        "transfer", "register", tmp_path / "*.signed.json", "--node", xa.url, "--receipts", receipts, "--json"
    )
    assert ran.json["registered"] == 2
    assert sorted(path.stem for path in receipts.iterdir()) == sorted(one.digest.hex() for one in made[:2])
    piped = b"\n".join(one.encoded for one in made[2:])
    assert done("transfer", "register", "-", "--node", xa.url, "--json", stdin=piped).json["registered"] == 2
    assert evidence("transfer", "register", tmp_path / "*.none", "--node", xa.url).status == 2
    assert evidence("transfer", "register", "-", "--node", xa.url).status == 1


def test_receipts_that_were_kept_verify(tmp_path: Path, xa: Side) -> None:
    signed, receipts = tmp_path / "one.json", tmp_path / "receipts"
    made = record(read_holder_key(xa.key), "V-1")
    signed.write_bytes(made.encoded)
    done("transfer", "register", signed, "--node", xa.url, "--receipts", receipts)
    trust, _ = xa.claim(tmp_path)
    ran = verified(receipts / f"{made.digest.hex()}.tlog-proof", "--trust", trust, "--statement", signed)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def verified(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger.cli", "verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, xa: Side) -> None:
    lines = tmp_path / "records.ndjson"
    made = records(lines, xa.key, 1500)
    # A refusal early in the file must still be told of by the run that ends it.
    body = lines.read_bytes().replace(b'"R-3"', b'"R-x"', 1)
    lines.write_bytes(body)
    command = [sys.executable, "-m", "ledger.cli", "transfer", "register", str(lines), "--node", xa.url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    while not beside(lines).exists() and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert beside(lines).exists(), "the run ended before it was killed"
    kept = json.loads(beside(lines).read_bytes())
    assert 0 < kept["lines"] < len(made)

    ran = evidence("transfer", "register", lines, "--node", xa.url, "--json")
    assert ran.status == 1
    assert f"going on after line {kept['lines']:,}" in ran.told
    assert ran.json["registered"] + ran.json["known"] == len(made) - 1
    assert (ran.json["refused"], ran.json["errors"][0]["line"]) == (1, 4)
    assert ran.json["registered"] >= kept["registered"]
    assert not beside(lines).exists()
    with xa.node.client() as client:
        for one in (made[0], made[len(made) // 2], made[-1]):
            assert client.statement(one.digest.hex()) == one.encoded


@pytest.mark.parametrize("change", ["input", "digest", "index", "node", "format", "bytes"])
def test_a_progress_file_that_does_not_fit_is_not_believed(tmp_path: Path, xa: Side, change: str) -> None:
    lines = tmp_path / "records.ndjson"
    made = records(lines, xa.key, 3)
    done("transfer", "register", lines, "--node", xa.url)
    with xa.node.client() as client:
        place = client.status(made[0].digest.hex())["index"]
    position = Position(xa.url, lines=1, offset=len(made[0].encoded) + 1, registered=1)
    position.last = (made[0].digest.hex(), place)
    position.hashed.update(lines.read_bytes()[: position.offset])
    position.save(beside(lines))
    told = json.loads(beside(lines).read_bytes())
    if change == "input":
        lines.write_bytes(lines.read_bytes().replace(b"R-0", b"R-5", 1))
    elif change == "bytes":
        beside(lines).write_bytes(b"{")
    else:
        wrong = {
            "digest": {"last": {"digest": "0" * 64, "index": place}},
            "index": {"last": {"digest": made[0].digest.hex(), "index": place + 1}},
            "node": {"node": "http://127.0.0.1:1"},
            "format": {"format": "evidence-progress/2"},
        }
        beside(lines).write_bytes(encode({**told, **wrong[change]}))
    ran = evidence("transfer", "register", lines, "--node", xa.url, "--json")
    assert "going on" not in ran.told
    assert ran.json["known"] + ran.json["refused"] == 3


def test_a_progress_file_that_fits_is_believed(tmp_path: Path, xa: Side) -> None:
    lines = tmp_path / "records.ndjson"
    made = records(lines, xa.key, 3)
    done("transfer", "register", lines, "--node", xa.url)
    with xa.node.client() as client:
        place = client.status(made[0].digest.hex())["index"]
    position = Position(xa.url, lines=1, offset=len(made[0].encoded) + 1, registered=1)
    position.last = (made[0].digest.hex(), place)
    position.hashed.update(lines.read_bytes()[: position.offset])
    position.save(beside(lines))
    ran = done("transfer", "register", lines, "--node", xa.url, "--json")
    assert "going on after line 1" in ran.told
    assert (ran.json["registered"], ran.json["known"]) == (1, 2)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before the node is tried again, noted rather than slept."""
    noted: list[float] = []
    monkeypatch.setattr("ledger.remote.node.NodeClient", partial(NodeClient, wait=noted.append))
    return noted


def test_what_stands_on_several_lines_is_told_what_it_lacks_and_stops_nothing(
    tmp_path: Path, xa: Side
) -> None:
    made = record(read_holder_key(xa.key), "R-0")
    names = [tmp_path / name for name in ("draft.json", "spread.json", "signed.json")]
    document = json.loads(made.encoded)
    names[1].write_text(json.dumps(document, indent=2))
    del document["proof"]
    names[0].write_text(json.dumps(document, indent=2))
    names[2].write_bytes(made.encoded)
    ran = evidence("transfer", "register", *names, "--node", xa.url, "--json")
    assert [one["code"] for one in ran.json["errors"]] == ["statement-malformed", "not-canonical"]
    assert (ran.status, ran.json["registered"]) == (1, 1)
    assert "not signed yet" in ran.json["errors"][0]["detail"]


def test_a_file_that_is_not_there_is_all_that_is_told(tmp_path: Path, xa: Side) -> None:
    ran = evidence("transfer", "register", tmp_path / "none.json", "--node", xa.url)
    assert (ran.status, ran.text, ran.told.count("\n")) == (3, "", 1)


def test_a_node_that_is_away_is_tried_again_and_ends_with_3(
    tmp_path: Path, xa: Side, waits: list[float]
) -> None:
    lines = tmp_path / "records.ndjson"
    records(lines, xa.key, 2)
    ran = evidence("transfer", "register", lines, "--node", f"http://127.0.0.1:{free_port()}", "--json")
    assert (ran.status, "(remote-unreachable)" in ran.told) == (3, True)
    assert ran.json["finished"] is False
    assert waits == [0.5, 1, 2, 4]


@pytest.mark.usefixtures("waits")
def test_a_node_that_dies_loses_nothing_that_was_counted(tmp_path: Path) -> None:
    lines = tmp_path / "records.ndjson"
    with serving(tmp_path) as node:
        made = records(lines, node.enrol("exporter", "exporter").path, 1500)

        def kill() -> None:
            give_up = time.monotonic() + 60
            while not beside(lines).exists() and time.monotonic() < give_up:
                time.sleep(0.005)
            node.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        ran = evidence("transfer", "register", lines, "--node", node.url, "--json")
        killer.join()
        assert ran.status == 3, ran.told
        assert 0 < ran.json["registered"] < len(made)
        node.restart()
        with node.client() as client:
            for one in made[: ran.json["registered"] : 97]:
                assert client.statement(one.digest.hex()) == one.encoded
        again = done("transfer", "register", lines, "--node", node.url, "--json")
        assert "going on after line" in again.told
        assert again.json["registered"] + again.json["known"] == len(made)
