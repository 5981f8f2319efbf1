"""The committed vectors of our own formats."""

import json
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parents[1] / "vectors"
KEYS: dict[str, Any] = json.loads((PLACE / "keys.json").read_text())
LOG: dict[str, Any] = json.loads((PLACE / "log.json").read_text())


def load(name: str) -> Any:
    return json.loads((PLACE / name).read_text())


def read(name: str) -> bytes:
    return (PLACE / name).read_bytes()


def secret(family: str, name: str) -> bytes:
    """Seed or scalar of a test key, such as ("ed25519", "exporter")."""
    found = next(key for key in KEYS[family] if key["name"] == name)
    return bytes.fromhex(found.get("seed") or found["scalar"])
