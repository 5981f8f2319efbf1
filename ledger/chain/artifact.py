"""The compiled anchor contract, as shipped with this package."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ledger.errors import SetupError


@dataclass(frozen=True, slots=True)
class Artifact:
    """What the compiler made.

    Attributes:
        abi: Solidity ABI, for tools.
        creation_code: Data of the transaction that deploys it; there are no constructor arguments.
        runtime_code: What is at its address afterwards.
        runtime_code_hash: Keccak-256 of it; the same everywhere, so it says which contract an address holds.
    """

    contract: str
    abi: tuple[dict[str, Any], ...]
    creation_code: bytes
    runtime_code: bytes
    runtime_code_hash: bytes


@cache
def load_artifact(contract: str = "CheckpointAnchor") -> Artifact:
    """The artifact of one of the product's contracts.

    Raises:
        SetupError: `artifact-missing`: the installation lacks it.
    """
    file = resources.files("ledger.chain") / "artifacts" / f"{contract}.json"
    try:
        members = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(
            f"contract artifact {contract} is missing or damaged", code="artifact-missing"
        ) from error
    return Artifact(
        contract=members["contract"],
        abi=tuple(members["abi"]),
        creation_code=bytes.fromhex(members["bytecode"][2:]),
        runtime_code=bytes.fromhex(members["runtimeBytecode"][2:]),
        runtime_code_hash=bytes.fromhex(members["runtimeCodeHash"][2:]),
    )
