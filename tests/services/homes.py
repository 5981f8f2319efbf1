"""Homes, claims and keys for the tests of this folder, the same in every run."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ledger.services.home.folder import Home, Plan, init_home
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.services.trust.claim import ChainIdentity, claim_of

NOW = 1_795_320_000
DAY = 86_400
CHAIN = ChainIdentity(31_001, b"\x01" * 32, b"\x02" * 20, b"\x03" * 32)


def chance(name: str = "") -> Callable[[int], bytes]:
    """A source of bytes that is the same in every run."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return (sha256(f"{name} {count}".encode()).digest() * (size // 32 + 1))[:size]

    return draw


def plan(code: str = "XA") -> Plan:
    """A node of jurisdiction `code`."""
    where = f"example.{code.lower()}"
    return Plan(code, f"registry.{where}", registrar=f"did:web:registrar.{where}")


def home(folder: Path, code: str = "XA") -> Home:
    """The home of a node, made in `folder`."""
    return init_home(folder / code, plan(code), now=NOW, random=chance(code))


def claim(made: Home, number: int = 31_001, now: int = NOW) -> bytes:
    """The claim of a home whose chain has the id `number`."""
    chain = ChainIdentity(number, CHAIN.genesis, CHAIN.anchor, CHAIN.code_hash)
    return claim_of(made, chain, now=now)


def publisher_key(key_id: str = "#1", holder: str = "did:web:trust.example.xb") -> HolderKey:
    """A publisher's key."""
    return make_holder_key(holder, key_id, "eddsa-jcs-2022", chance(holder + key_id)(48))
