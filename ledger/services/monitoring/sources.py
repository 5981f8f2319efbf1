"""Who else saw a log, and what: its witnesses, partners' nodes, and the contracts on chains.

Each tells a size and a root; a head with the log's own signature under it proves itself, anything else is that
somebody's word, or a chain's state as its node proves it.

Source: docs/monitoring.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ledger.chain.port import Chain
from ledger.core.checkpoint import SIZE_LIMIT, SignedCheckpoint, parse_checkpoint, verify_log_lines
from ledger.core.evm.anchor import log_id
from ledger.core.merkle import HASH_SIZE
from ledger.core.trust import TrustList
from ledger.core.trust.values import Chain as ListedChain
from ledger.core.trust.values import LogKeys
from ledger.errors import ChainError, LedgerError, RemoteError
from ledger.remote.exchange import UNSIGNED, Calling, RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.remote.witness import WitnessClient
from ledger.services.anchoring.contract import AnchorContract
from ledger.store.followed import FollowedLogs
from ledger.store.foreign import ForeignStore
from ledger.store.witness import WitnessStore

PATIENCE: Final = 15.0
"""Seconds that each has for an answer."""
PAGE: Final = 500
_NOT_FOUND: Final = 404

Kind = Literal["witness", "partner", "chain", "own"]


@dataclass(frozen=True, slots=True)
class View:
    """What somebody saw of a log.

    Attributes:
        signed: The head, where the log's own lines under it hold; None for somebody's word.
    """

    size: int
    root: bytes
    signed: SignedCheckpoint | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who is asked.

    Attributes:
        name: For people.
        ask: What was seen of a log, smallest first; nothing where nothing was.
        told: Called with the size up to which the answer agreed.
    """

    kind: Kind
    name: str
    ask: Callable[[LogKeys], Sequence[View]]
    told: Callable[[LogKeys, int], None] = lambda _keys, _size: None


def witness(url: str, calling: Calling = UNSIGNED) -> Source:
    """A witness, by its monitoring prefix (C2SP tlog-witness)."""

    def ask(keys: LogKeys) -> list[View]:
        with WitnessClient(url, patience=PATIENCE, calling=calling) as client:
            note = client.checkpoint(keys.origin)
        return [] if note is None else [_signed(note, keys, f"witness {url}")]

    return Source("witness", f"witness {url}", ask)


def own_witness(store: WitnessStore) -> Source:
    """What this node itself cosigned last."""

    def ask(keys: LogKeys) -> list[View]:
        head = store.head(keys.origin)
        if head is None or head.size == 0:
            return []
        return [_signed(head.note, keys, "this node's witness")]

    return Source("witness", "this node's witness", ask)


def partner(url: str, logs: FollowedLogs, calling: Calling = UNSIGNED) -> Source:
    """What a node says that its own chain accepted of a log."""
    what = f"held by {url}"

    def ask(keys: LogKeys) -> list[View]:
        found: list[View] = []
        after = logs.progress(keys.origin, what)
        with NodeClient(url, patience=PATIENCE, calling=calling) as client:
            for key in keys.head_keys:
                found += _accepted(client, log_id(keys.origin, key.address), after)
        return sorted(found, key=lambda one: one.size)

    return Source("partner", f"node {url}", ask, lambda keys, size: logs.progressed(keys.origin, what, size))


def own_chain(store: ForeignStore, logs: FollowedLogs) -> Source:
    """What this node's own chain accepted."""
    what = "held by the own chain"

    def ask(keys: LogKeys) -> list[View]:
        found: list[View] = []
        after = logs.progress(keys.origin, what)
        for key in keys.head_keys:
            for one in store.accepted(log_id(keys.origin, key.address), after=after, limit=PAGE):
                signed = None if one.note is None else _signed(one.note, keys, "this node's chain").signed
                found.append(View(one.size, one.root, signed))
        return sorted(found, key=lambda one: one.size)

    return Source(
        "own", "this node's chain", ask, lambda keys, size: logs.progressed(keys.origin, what, size)
    )


def note_held(url: str, keys: LogKeys, size: int) -> SignedCheckpoint | None:
    """The signed checkpoint that a node gives as proof of what its chain accepted; None where there is none."""
    with NodeClient(url, patience=PATIENCE) as client:
        for key in keys.head_keys:
            try:
                items = client.foreign(log_id(keys.origin, key.address), size)
            except RemoteError:
                continue
            for note in (one.get("checkpoint") for one in items):
                try:
                    view = _signed(str(note).encode(), keys, url)
                except RemoteError:
                    continue
                if view.size == size:
                    return view.signed
    return None


def chain(opened: Chain, listed: ListedChain) -> Source:
    """What the contract on a chain holds, in the last final block, proven under its header."""

    def ask(keys: LogKeys) -> list[View]:
        opened.check_identity()
        if opened.genesis_hash != listed.genesis:
            raise ChainError(
                f"the JSON-RPC node for {listed.id} has genesis block 0x{opened.genesis_hash.hex()};"
                f" 0x{listed.genesis.hex()} is required",
                code="chain-wrong-genesis",
            )
        header = opened.header(opened.finalized_number())
        if header is None:
            raise ChainError(
                f"the JSON-RPC node for {listed.id} does not have its final block", code="chain-stale"
            )
        found = []
        for key in keys.head_keys:
            contract = AnchorContract(
                opened, listed.anchor, listed.code_hash, log_id(keys.origin, key.address)
            )
            size = contract.held_size_if_there(header)
            if size:
                found.append(View(size, contract.root_at(size, header)))
        return sorted(found, key=lambda one: one.size)

    return Source("chain", f"chain {listed.id}", ask)


def chains_of(trust: TrustList, opened: Sequence[Chain]) -> Iterator[Source]:
    """The chains of a trust list among those that are opened.

    Raises:
        ChainError: One is of no chain that the list names (`chain-wrong-id`), or cannot be asked.
    """
    for one in opened:
        listed = trust.chain(f"eip155:{one.chain_id}")
        if listed is None:
            raise ChainError(
                f"the trust list does not name chain eip155:{one.chain_id}", code="chain-wrong-id"
            )
        yield chain(one, listed)


def _accepted(client: NodeClient, log: bytes, after: int) -> Iterator[View]:
    """One page of what is accepted of a log; the next look goes on after it."""
    try:
        told = client.document(f"/v1/foreign/0x{log.hex()}/checkpoints?after={after}&limit={PAGE}")
    except RemoteRefusedError as error:
        if error.status == _NOT_FOUND:
            return
        raise
    items = told.get("items")
    for one in items if isinstance(items, list) else ():
        size, root = (one.get("size"), one.get("root")) if isinstance(one, dict) else (None, None)
        if type(size) is not int or not 0 < size <= SIZE_LIMIT or not isinstance(root, str):
            raise RemoteError(
                "the node lists a checkpoint without size or root", code="remote-answer-invalid"
            )
        try:
            hashed = bytes.fromhex(root)
        except ValueError:
            hashed = b""
        if len(hashed) != HASH_SIZE:
            raise RemoteError("the node lists a root that is none", code="remote-answer-invalid")
        yield View(size, hashed)


def _signed(note: bytes, keys: LogKeys, who: str) -> View:
    try:
        signed = parse_checkpoint(note)
        verify_log_lines(signed, keys.origin, keys.vkeys, [key.address for key in keys.head_keys])
    except LedgerError as error:
        raise RemoteError(
            f"{who} shows a checkpoint that is not by the log's keys: {error}", code="remote-answer-invalid"
        ) from None
    return View(signed.checkpoint.size, signed.checkpoint.root, signed)
