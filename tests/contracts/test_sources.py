"""The committed artifact is what the sources compile to; the sources' own tests pass; the lock names no registry."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3
from web3.contract import Contract

from tests.contracts.chains import ARTIFACT, ROOT
from tests.outside import outside
from tests.servers import need_compiler, tool

CONTRACTS = ROOT / "contracts"
SCRIPT = ROOT / "scripts" / "compile_contracts"
ARTIFACTS = ROOT / "ledger" / "chain" / "artifacts"

pytestmark = pytest.mark.timeout(900)  # the compiler, which is not native, takes a minute or more


@pytest.fixture(scope="module")
def compiled() -> Callable[[str], Any]:
    """What forge made of the sources, by the contract's name: compiled once, with the settings of the script."""
    need_compiler()
    run = subprocess.run(
        [str(tool("forge")), "build", "--offline"], cwd=CONTRACTS, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    return lambda name: json.loads((CONTRACTS / "out" / f"{name}.sol" / f"{name}.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def _no_bytecode_beside_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def in_order(abi: list[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in abi)


@pytest.mark.parametrize("name", ["CheckpointAnchor", "ForeignCheckpoints"])
def test_the_artifact_is_what_the_sources_compile_to(compiled: Callable[[str], Any], name: str) -> None:
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
    made = compiled(name)
    slots = {item["label"]: int(item["slot"]) for item in made["storageLayout"]["storage"]}
    runtime = made["deployedBytecode"]["object"]
    assert made["bytecode"]["object"] == artifact["bytecode"]
    assert runtime == artifact["runtimeBytecode"]
    assert Web3.keccak(hexstr=runtime).hex() == artifact["runtimeCodeHash"].removeprefix("0x")
    assert slots == artifact["storage"]
    assert in_order(made["abi"]) == in_order(artifact["abi"])


def test_the_script_compares_what_is_committed() -> None:
    need_compiler()
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), "--check", "CheckpointAnchor"],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "equal     ledger/chain/artifacts/CheckpointAnchor.json\n"


def test_every_artifact_is_compared() -> None:
    assert {path.stem for path in ARTIFACTS.glob("*.json")} == {"CheckpointAnchor", "ForeignCheckpoints"}


def test_the_specification_names_the_code_hash_of_the_artifact() -> None:
    page = (ROOT / "docs" / "spec" / "contract.md").read_text(encoding="utf-8")
    assert ARTIFACT["runtimeCodeHash"] in page
    assert f"{len(ARTIFACT['runtimeBytecode']) // 2 - 1:,} bytes of runtime code" in page


@pytest.mark.usefixtures("compiled")
def test_the_forge_tests_pass_offline() -> None:
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


def test_the_solidity_library_gives_the_verdict_of_every_outside_vector(
    eth_tester_web3: Web3, compiled: Callable[[str], Any]
) -> None:
    cases = {kind: _cases(kind) for kind in ("inclusion", "consistency")}
    artifact = compiled("RFC6962Harness")
    code = artifact["bytecode"]["object"]
    factory = eth_tester_web3.eth.contract(abi=artifact["abi"], bytecode=code)
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
