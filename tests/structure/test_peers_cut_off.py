"""The programs that the benchmark compares with run without a network, where the system can take it from them."""

import shutil
import socket
from pathlib import Path

import pytest

from benchmarks import peers

DRIVER = """
import { connect } from "node:net"
import { readFileSync } from "node:fs"
const port = Number(readFileSync(process.argv[3], "utf8"))
const told = (reached) => { console.log(JSON.stringify({ package: "peer 1.0", reached })); process.exit(0) }
connect({ host: "127.0.0.1", port }).on("connect", () => told(1)).on("error", () => told(0))
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing; apt-get install nodejs")
def test_a_peer_reaches_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "driver.mjs").write_text(DRIVER)
    monkeypatch.setattr(peers, "_DRIVERS", tmp_path)
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "port").write_text(str(server.getsockname()[1]))
        peer = peers.Peer("a peer", "tree", "driver.mjs", "nothing")
        assert peers._theirs(peer, tmp_path / "port") == (
            "peer 1.0",
            {"reached": 0 if peers.cut_off() else 1},
        )
