"""The committed artifact is what the sources compile to; the sources' own tests pass; the lock names no registry."""

import base64
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from web3 import Web3
from web3.contract import Contract

from tests.contracts.chains import ARTIFACT, ROOT
from tests.outside import outside
from tests.servers import need_compiler, tool

CONTRACTS = ROOT / "contracts"
SCRIPT = ROOT / "scripts" / "compile_contracts"


def _script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("compile_contracts", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _no_bytecode_beside_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_the_artifact_is_what_the_sources_compile_to() -> None:
    need_compiler()
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [
        f"equal     ledger/chain/artifacts/{name}.json" for name in ("CheckpointAnchor", "ForeignCheckpoints")
    ]


def test_the_specification_names_the_code_hash_of_the_artifact() -> None:
    page = (ROOT / "docs" / "spec" / "contract.md").read_text(encoding="utf-8")
    assert ARTIFACT["runtimeCodeHash"] in page
    assert f"{len(ARTIFACT['runtimeBytecode']) // 2 - 1:,} bytes of runtime code" in page


def test_the_forge_tests_pass_offline() -> None:
    need_compiler()
    run = subprocess.run(
        [str(tool("forge")), "test", "--offline"], cwd=CONTRACTS, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "0 failed" in run.stdout


def test_the_sources_are_formatted() -> None:
    run = subprocess.run(
        [str(tool("forge")), "fmt", "--check"], cwd=CONTRACTS, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_the_package_lock_holds_hashes_and_no_address_of_a_registry() -> None:
    lock = json.loads((CONTRACTS / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]
    assert len(packages) >= 4
    assert all("integrity" in package and "resolved" not in package for package in packages)
    # `npm ci` refuses a lock that leaves out what a package in it names, be it for another platform.
    kinds = ("dependencies", "devDependencies", "optionalDependencies")
    named = {
        name for package in lock["packages"].values() for kind in kinds for name in package.get(kind, ())
    }
    assert named == {name.removeprefix("node_modules/") for name in lock["packages"] if name}


def _cases(kind: str) -> list[Path]:
    return sorted((outside("merkle-rfc6962") / "testdata" / kind).rglob("*.json"))


def _root(text: str) -> bytes:
    """A root, filled up to the contract's 32 bytes: some vectors only compare two short texts for equality."""
    return base64.b64decode(text).ljust(32, b"\0")


def test_the_solidity_library_gives_the_verdict_of_every_outside_vector(eth_tester_web3: Web3) -> None:
    cases = {kind: _cases(kind) for kind in ("inclusion", "consistency")}
    need_compiler()
    artifact = _script().compile_contract("test/RFC6962Harness.sol", "RFC6962Harness")
    factory = eth_tester_web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    hashed = factory.constructor().transact({"from": eth_tester_web3.eth.accounts[0]})
    address = eth_tester_web3.eth.wait_for_transaction_receipt(hashed)["contractAddress"]
    harness = eth_tester_web3.eth.contract(address=address, abi=artifact["abi"])

    verdicts: set[tuple[str, bool]] = set()
    for kind, paths in cases.items():
        assert len(paths) >= 90, kind
        for path in paths:
            case = json.loads(path.read_text(encoding="utf-8"))
            verdict = _verdict(harness, kind, case)
            assert verdict is not case.get("wantErr", False), path
            verdicts.add((kind, verdict))
    assert len(verdicts) == 4


def _verdict(harness: Contract, kind: str, case: dict) -> bool:
    """The library's answer; what its argument types cannot say is refused before it runs."""
    path = [base64.b64decode(node) for node in case["proof"] or ()]
    leaf = base64.b64decode(case["leafHash"] or "") if kind == "inclusion" else bytes(32)
    numbers = [case[name] for name in ("leafIdx", "treeSize", "size1", "size2") if name in case]
    if any(len(node) != 32 for node in [*path, leaf]) or any(not 0 <= n < 1 << 64 for n in numbers):
        return False
    if kind == "inclusion":
        root = _root(case["root"] or "")
        call = harness.functions.verifyInclusion(leaf, case["leafIdx"], case["treeSize"], root, path)
    else:
        roots = _root(case["root1"] or ""), _root(case["root2"] or "")
        call = harness.functions.verifyConsistency(case["size1"], roots[0], case["size2"], roots[1], path)
    return bool(call.call())
