"""What the chain tests share: a naive log to anchor, keys, and chains of each kind to anchor it on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

from ledger.chain.artifact import load_artifact
from ledger.chain.embedded import EmbeddedChain, Genesis
from ledger.chain.embedded_port import connect_embedded
from ledger.chain.evm import EvmChain
from ledger.chain.port import Chain, Inclusion
from ledger.chain.transactions import SignedTransaction, contract_address, prepare
from ledger.core.evm.anchor import encode_anchor_call, head_digest, log_id
from ledger.core.secp256k1 import address_of, sign

ORIGIN = "registry.example.xa/XA/2026"
# The first account of anvil, whose key is public; used on the embedded chain as well.
SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
HEAD_SECRET = bytes([7]) * 32
SENDER = address_of(SECRET)
CHAIN_ID = 31001
START = 1_780_000_000
GENESIS = Genesis(CHAIN_ID, START, {SENDER: 10**24})


@dataclass
class NaiveLog:
    """RFC 6962 straight from its text: recursive, and slow."""

    entries: list[bytes] = field(default_factory=lambda: [sha256(bytes([n])).digest() for n in range(64)])

    def root(self, size: int, start: int = 0) -> bytes:
        return self._hash(self.entries[start : start + size])

    def consistency(self, old: int, new: int) -> list[bytes]:
        return [] if old in {0, new} else self._subproof(old, self.entries[:new], whole=True)

    def _hash(self, entries: list[bytes]) -> bytes:
        if len(entries) == 1:
            return sha256(b"\0" + entries[0]).digest()
        at = 1 << ((len(entries) - 1).bit_length() - 1)
        return sha256(b"\1" + self._hash(entries[:at]) + self._hash(entries[at:])).digest()

    def _subproof(self, old: int, entries: list[bytes], *, whole: bool) -> list[bytes]:
        if old == len(entries):
            return [] if whole else [self._hash(entries)]
        at = 1 << ((len(entries) - 1).bit_length() - 1)
        if old <= at:
            return [*self._subproof(old, entries[:at], whole=whole), self._hash(entries[at:])]
        return [*self._subproof(old - at, entries[at:], whole=False), self._hash(entries[:at])]


@dataclass
class Anchored:
    """A deployed contract and the log that is anchored on it."""

    chain: Chain
    address: bytes
    log: NaiveLog = field(default_factory=NaiveLog)
    head_secret: bytes = HEAD_SECRET
    size: int = 0

    @property
    def log_id(self) -> bytes:
        return log_id(ORIGIN, address_of(self.head_secret))

    def call_data(self, size: int, *, root: bytes | None = None, old: int | None = None) -> bytes:
        root = self.log.root(size) if root is None else root
        signature = sign(self.head_secret, head_digest(self.log_id, size, root))
        path = self.log.consistency(self.size if old is None else old, size)
        return encode_anchor_call(ORIGIN, address_of(self.head_secret), size, root, path, signature)

    def transaction(self, size: int) -> SignedTransaction:
        return prepare(self.chain, SECRET, to=self.address, data=self.call_data(size))

    def anchor(self, size: int) -> SignedTransaction:
        signed = self.transaction(size)
        assert self.chain.send_raw(signed.raw) == signed.hash
        await_inclusion(self.chain, signed.hash)
        self.size = size
        return signed


def await_inclusion(chain: Chain, transaction_hash: bytes) -> Inclusion:
    """Anvil answers before it has mined; a real node does so all the more."""
    for _ in range(500):
        included = chain.inclusion(transaction_hash)
        if included is not None:
            return included
        time.sleep(0.01)
    raise AssertionError(f"transaction {transaction_hash.hex()} was not mined")


def deploy(chain: Chain) -> Anchored:
    signed = prepare(chain, SECRET, to=b"", data=load_artifact().creation_code)
    chain.send_raw(signed.raw)
    assert await_inclusion(chain, signed.hash).status == 1
    return Anchored(chain, contract_address(SENDER, signed.transaction.nonce))


@contextmanager
def embedded(folder: Path, genesis: Genesis = GENESIS) -> Iterator[SimpleNamespace]:
    """An embedded chain, its port, and the clock that it reads."""
    clock = SimpleNamespace(now=START + 1_000)
    with EmbeddedChain(folder / "chain.sqlite", genesis, clock=lambda: clock.now) as chain:
        yield SimpleNamespace(chain=chain, port=connect_embedded(chain), clock=clock)


@contextmanager
def closing(chain: EvmChain) -> Iterator[EvmChain]:
    try:
        yield chain
    finally:
        chain.close()
