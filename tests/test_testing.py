"""The testing kit as others use it: light to load, whole when asked, and as its page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from web3 import Web3

from ledger.chain.evidence import capture
from ledger.chain.evm import connect
from ledger.core.keccak import keccak256
from ledger.errors import ChainError
from ledger.testing_chain import NOT_SHOWN, EthTesterChain
from tests.chain.anchoring import SENDER, closing, deploy

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "testing.md"
EXAMPLE = re.compile(r"<!-- file: (\S+) -->\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_plugin_loads_nothing_until_a_fixture_is_asked_for() -> None:
    script = "import sys, pytest; before = set(sys.modules); import ledger.testing; print(*set(sys.modules) - before)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(run.stdout.split()) == {"ledger", "ledger.testing"}


def test_the_plugin_is_installed_under_its_name(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("evidence-ledger")


def test_the_file_on_the_page_runs_in_an_empty_folder(tmp_path: Path) -> None:
    ((name, source),) = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    (tmp_path / name).write_text(source, encoding="utf-8")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("EVIDENCE_", "PYTEST_"))
    }
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout


def test_eth_tester_shows_exact_headers(eth_tester_chain: EthTesterChain) -> None:
    eth_tester_chain.fund(SENDER, 10**20)
    deploy(eth_tester_chain.chain).anchor(3)
    web3 = Web3(eth_tester_chain.provider)
    for number in range(web3.eth.block_number + 1):
        header = eth_tester_chain.chain.header(number)
        assert header is not None
        assert keccak256(header.encoded) == header.hash == bytes(web3.eth.get_block(number)["hash"])
        assert eth_tester_chain.chain.header_by_hash(header.hash) == header
    assert eth_tester_chain.chain.header(number + 1) is None


def test_eth_tester_proves_its_state_over_http_too(eth_tester_chain: EthTesterChain) -> None:
    eth_tester_chain.fund(SENDER, 10**20)
    with closing(connect(eth_tester_chain.url, confirmations=0)) as chain:
        anchored = deploy(chain)
        for size in (2, 7):
            signed = anchored.anchor(size)
            there = capture(chain, anchored.address, anchored.log_id, size, signed.hash)
            here = capture(eth_tester_chain.chain, anchored.address, anchored.log_id, size, signed.hash)
            assert there == here
            assert there.storage.root == anchored.log.root(size)
        assert chain.inclusion(bytes(32)) is None
        with pytest.raises(ChainError) as refused:
            anchored.chain.call(_call(anchored))
        assert refused.value.code == "chain-reverted"
        assert "NotNewer" in str(refused.value)


def test_what_eth_tester_cannot_show_is_said_with_the_reason(eth_tester_chain: EthTesterChain) -> None:
    assert eth_tester_chain.not_shown is NOT_SHOWN
    assert set(NOT_SHOWN) == {"finality", "chain id", "gas limit", "fees", "consensus"}
    assert "adds no independence" in eth_tester_chain.chain.description


def _call(anchored):  # noqa: ANN001, ANN202
    from ledger.chain.port import Message

    return Message(SENDER, anchored.address, anchored.call_data(7))
