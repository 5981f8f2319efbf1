"""An independent reader verifies a long log of ours over HTTP: its checkpoint, every tile and entry, and receipts."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import encode_vkey
from ledger.core.receipt import parse_receipt
from tests.api.served import Served
from tests.filled import digests, serving_filled
from tests.interop.test_witness import ENVIRONMENT, HERE, require_installed

SIZE = 70_000
OLD = 65_537
RECEIPTS = (0, 255, 256, 65_535, 65_536, 69_999)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    require_installed()
    with serving_filled(tmp_path_factory.mktemp("long"), SIZE) as found:
        yield found


def theirs(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What the other implementation makes of it; see aics_reader.py."""
    command = [sys.executable, str(HERE / "aics_reader.py"), *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=120, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def vkey(served: Served) -> str:
    """The log's Ed25519 key: their reader raises when handed the one of ML-DSA."""
    return encode_vkey(served.home.log_signer().vkeys[0])


def test_their_reader_verifies_our_checkpoint_and_every_tile_and_entry(served: Served, vkey: str) -> None:
    entries = digests(SIZE)
    signed = parse_checkpoint(served.get("/log/checkpoint").content).checkpoint
    url = f"{served.url}/log/{signed.origin.rpartition('/')[2]}/"
    run = theirs("log", url, vkey, str(OLD), served.node.log.root_at(OLD).hex())
    assert run.returncode == 0, run.stderr.decode()
    told = json.loads(run.stdout)
    assert told["size"] == signed.size >= SIZE
    assert told["bundles"] == -(-signed.size // 256)
    assert told["tiles"] == -(-signed.size // 256) + -(-(signed.size >> 8) // 256) + 1
    assert told["entries"]["0"] == entries[0].hex()
    assert told["entries"][str(OLD)] == entries[OLD].hex()
    assert told["wrongRoot"] == "TileVerificationError"


def test_their_reader_verifies_our_receipts_and_refuses_a_changed_one(served: Served, vkey: str) -> None:
    entries = digests(SIZE)
    receipts = [served.get(f"/v1/statements/{entries[index].hex()}/receipt").content for index in RECEIPTS]
    assert [parse_receipt(one).extra for one in receipts] == [entries[index] for index in RECEIPTS]
    run = theirs("receipts", vkey, given=b"".join(b"%d\n%s" % (len(one), one) for one in receipts))
    assert run.returncode == 0, run.stderr.decode()
    assert json.loads(run.stdout) == list(RECEIPTS)
    changed = receipts[1].replace(b"index 255", b"index 254")
    refused = theirs("receipts", vkey, given=b"%d\n%s" % (len(changed), changed))
    assert refused.returncode == 1
    assert b"AssertionError" in refused.stderr
