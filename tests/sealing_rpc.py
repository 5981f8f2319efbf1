"""The sealing sidecar: a JSON-RPC node whose blocks are those of anvil behind it, sealed by QBFT validators.

State, transactions and receipts are anvil's own, so that every proof leads to the header's roots.  Extra data, mix
hash, difficulty and parent hash are those of a QBFT chain from block 0 on, and every block hash in an answer is that
of the sealed block.  When anvil replaces blocks, so does this.

    with anvil() as node, sealing(node.url, validators(4), round=5) as chain:
        connect(chain.url, consensus="qbft", validators=chain.sets)
        chain.rotate(validators(7))          # from the next block on, sealed by both sets in that block
        chain.equivocate(chain.number)       # from there on, other blocks of the same heights, as well sealed
        chain.missing = 2                    # so many validators do not seal

Two sidecars over one anvil show one chain; one that equivocates shows another under the same seals.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from typing import Any

from ledger.chain.rpc_encoding import header_of
from ledger.chains import ValidatorSet
from ledger.core.evm import rlp
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.seals import ISTANBUL_DIGEST
from tests.loopback import PlainProvider, Request, listening, reply
from tests.sealing import addresses, replaced, seal, secrets, unsealed

_PARENT_HASH = 0
_HASH_TEXT = 66
_BLOCKS = {"eth_getBlockByNumber", "eth_getBlockByHash"}
_NEWEST = {"latest", "finalized", "safe", "pending"}


def validators(count: int, family: str = "A") -> list[bytes]:
    """Secrets of `count` validators, the same at every call, ascending by address."""
    return list(secrets(count, f"validator {family}"))


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One block: anvil's hash of it, and its header without seals and at round 0."""

    anvil_hash: str
    header: Header

    @property
    def hash(self) -> str:
        return "0x" + self.header.hash.hex()


@dataclass
class SealingChain:
    """Answers requests like the node of a QBFT chain.  Safe for threads.

    Attributes:
        anvil: Provider of the node behind.
        schedule: From which block on which secrets seal; ascending.
        round: In which every block is sealed.
        missing: Validators that do not seal, of each set.
        confirmations: A block is final at once.
    """

    anvil: PlainProvider
    schedule: list[tuple[int, list[bytes]]]
    round: int = 0
    missing: int = 0
    url: str = ""
    confirmations: int = 0
    _forks: list[int] = field(default_factory=list)
    _blocks: list[_Sealed] = field(default_factory=list)
    _by_hash: dict[str, _Sealed] = field(default_factory=dict)
    _sealed_of: dict[str, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # For tests

    @property
    def sets(self) -> tuple[ValidatorSet, ...]:
        """The validators as a node's settings name them; a set counts from the block after it took over on."""
        return tuple(
            ValidatorSet(epoch, start and start + 1, tuple("0x" + one.hex() for one in addresses(keys)))
            for epoch, (start, keys) in enumerate(self.schedule, 1)
        )

    @property
    def number(self) -> int:
        """Of the last block."""
        return int(self.ask("eth_blockNumber"), 16)

    def ask(self, method: str, *params: Any) -> Any:
        """The result of a request, past HTTP."""
        answer = self.make_request(method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        self.ask("anvil_mine", hex(blocks))

    def fund(self, address: bytes, wei: int) -> None:
        """Give an account at least so much."""
        self.ask("anvil_setBalance", "0x" + address.hex(), hex(wei))

    def header(
        self,
        number: int,
        *,
        round: int | None = None,  # noqa: A002 - the field's own name
        signers: Sequence[bytes] | None = None,
    ) -> bytes:
        """RLP of a sealed header, as this node shows it, or at another round and sealed by others."""
        with self._lock:
            self._sync()
            bare = self._blocks[number].header
        return self._seal(bare, self.round if round is None else round, signers)

    def rotate(self, keys: Sequence[bytes], at: int | None = None) -> int:
        """Others seal from block `at`, the next one, on; its number."""
        with self._lock:
            start = self.number + 1 if at is None else at
            assert start > self.schedule[-1][0]
            self.schedule.append((start, list(keys)))
            self._forget(start)
        return start

    def equivocate(self, at: int) -> None:
        """Show other blocks from `at` on: with another vote, and so other hashes; sealed by the same validators."""
        with self._lock:
            self._forks.append(at)
            self._forget(at)

    # JSON-RPC

    def make_request(self, method: str, params: Any) -> Any:
        """The response of a node, whole."""
        with self._lock:
            self._sync()
            if method in _BLOCKS:
                return {"jsonrpc": "2.0", "id": 1, "result": self._block(method, list(params))}
            answer = self.anvil.make_request(method, self._inward(list(params)))
            if method.startswith(("evm_", "anvil_")) or method == "eth_sendRawTransaction":
                return answer
            self._sync()
            return self._outward(answer)

    def _block(self, method: str, params: list[Any]) -> Any:
        wanted = params[0]
        if method == "eth_getBlockByHash":
            held = self._by_hash.get(wanted)
        else:
            number = (
                len(self._blocks) - 1 if wanted in _NEWEST else 0 if wanted == "earliest" else int(wanted, 16)
            )
            held = self._blocks[number] if number < len(self._blocks) else None
        if held is None:
            return None
        block = self._anvil("eth_getBlockByHash", held.anvil_hash, *params[1:])
        if block is None:
            return None
        block = self._outward(block)
        return block | {
            "hash": held.hash,
            "parentHash": "0x" + held.header.parent_hash.hex(),
            "difficulty": "0x1",
            "extraData": "0x" + parse_header(self._seal(held.header, self.round, None)).extra_data.hex(),
            "mixHash": "0x" + ISTANBUL_DIGEST.hex(),
        }

    def _inward(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) == _HASH_TEXT and value in self._by_hash:
            return self._by_hash[value].anvil_hash
        return _each(value, self._inward)

    def _outward(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) == _HASH_TEXT:
            return self._sealed_of.get(value, value)
        return _each(value, self._outward)

    # Blocks

    def _anvil(self, method: str, *params: Any) -> Any:
        answer: Any = self.anvil.make_request(method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    def _forget(self, start: int) -> None:
        for gone in self._blocks[start:]:
            self._sealed_of.pop(gone.anvil_hash)
        del self._blocks[start:]

    def _sync(self) -> None:
        """Take over what anvil mined or replaced since."""
        newest = self._anvil("eth_getBlockByNumber", "latest", False)
        number = int(newest["number"], 16)
        if number < len(self._blocks) and self._blocks[number].anvil_hash == newest["hash"]:
            self._forget(number + 1)
            return
        fresh = [newest]
        while number and not self._follows(fresh[-1], number):
            fresh.append(self._anvil("eth_getBlockByHash", fresh[-1]["parentHash"], False))
            number -= 1
        self._forget(number)
        for block in reversed(fresh):
            self._append(block)

    def _follows(self, block: Any, number: int) -> bool:
        return number <= len(self._blocks) and self._blocks[number - 1].anvil_hash == block["parentHash"]

    def _append(self, block: Any) -> None:
        header, number = header_of(block).encoded, len(self._blocks)
        assert int(block["number"], 16) == number
        if number:
            header = replaced(header, {_PARENT_HASH: self._blocks[-1].header.hash})
        bare = unsealed(header, addresses(self._validators(number)), vote=self._vote(number))
        held = _Sealed(block["hash"], bare)
        self._blocks.append(held)
        self._by_hash[held.hash] = held
        self._sealed_of[held.anvil_hash] = held.hash

    def _vote(self, number: int) -> rlp.Item:
        """What tells the chains apart after an equivocation."""
        forks = sum(start <= number for start in self._forks)
        return (bytes([forks]) * 20, b"\xff") if forks else ()

    def _validators(self, number: int) -> list[bytes]:
        return [keys for start, keys in self.schedule if start <= number][-1]

    def _sealers(self, number: int) -> list[bytes]:
        """Who seals a block: the set that takes over in it, and with it the one before."""
        sets = [self._validators(number)]
        if number and any(start == number for start, _ in self.schedule):
            sets.append(self._validators(number - 1))
        present = [one for each in sets for one in each[: len(each) - self.missing]]
        return list(dict.fromkeys(present))

    def _seal(self, bare: Header, in_round: int, signers: Sequence[bytes] | None) -> bytes:
        number = bare.number
        if number == 0:
            return bare.encoded
        sealers = self._sealers(number) if signers is None else signers
        return _sealed(
            bare.encoded, tuple(self._validators(number)), in_round, tuple(sealers), self._vote(number)
        )


_sealed = lru_cache(maxsize=4096)(
    lambda bare, keys, in_round, signers, vote: seal(bare, keys, round=in_round, signers=signers, vote=vote)
)


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [change(one) for one in value]
    if isinstance(value, dict):
        return {name: change(one) for name, one in value.items()}
    return value


@contextmanager
def sealing(url: str, keys: Sequence[bytes], *, round: int = 0) -> Iterator[SealingChain]:  # noqa: A002
    """Seal the blocks of the node at `url`, and listen on loopback, until the block ends."""
    provider = PlainProvider(url)
    chain = SealingChain(provider, [(0, list(keys))], round=round)

    def respond(handler: BaseHTTPRequestHandler, request: Request) -> None:
        answer = chain.make_request(request["method"], request.get("params", []))
        reply(handler, json.dumps({**answer, "id": request.get("id")}).encode())

    try:
        with listening(respond) as chain.url:
            yield chain
    finally:
        provider.close()
