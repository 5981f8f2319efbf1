"""Anchoring: the latest checkpoint, on the node's chain, at most once, and never by guessing.

A transaction is written to the journal before it is sent.  What became of it is asked by its own hash, as often as
needed: a crash, a lost answer or a reorganisation changes when an anchor is recorded, never whether there are two.
Nothing here delays a request; the log grows whether the chain answers or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.chain.evidence import Evidence as Captured
from ledger.chain.evidence import capture
from ledger.chain.port import Chain, Inclusion, Message
from ledger.chain.transactions import prepare
from ledger.core.canonical import Json, encode
from ledger.core.checkpoint import head_signature, parse_checkpoint
from ledger.core.evm.anchor import (
    HEAD_SELECTOR,
    CheckpointClaim,
    checkpoint_digest,
    encode_anchor_call,
    log_id,
    set_id,
)
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign
from ledger.errors import ChainError, StoreError
from ledger.store.anchors import Anchors, Event, Evidence, Intent, Stored
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.log import Log

RECHECKED = 16
"""How many of the newest anchors are looked up again after a reorganisation."""


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """Where and with what keys this node anchors.

    Attributes:
        contract: Address of the anchor contract, 20 bytes.
        code_hash: Keccak-256 of its runtime code.
        operator: Organisation that the finality key speaks for.
    """

    contract: bytes
    code_hash: bytes
    operator: str
    head_address: bytes
    finality_secret: bytes
    sender_secret: bytes


class Anchorer:
    """Carries checkpoints to one chain.  `tick` is called again and again by one thread."""

    def __init__(
        self, *, chain: Chain, settings: AnchorSettings, log: Log, checkpoints: Checkpoints, anchors: Anchors
    ) -> None:
        self._chain = chain
        self._settings = settings
        self._log = log
        self._checkpoints = checkpoints
        self._anchors = anchors
        self._log_id = log_id(log.origin, settings.head_address)

    @property
    def name(self) -> str:
        """CAIP-2 name of the chain."""
        return f"eip155:{self._chain.chain_id}"

    def tick(self, clock: Callable[[], int]) -> None:
        """Settle what was sent, then offer the latest checkpoint if it is not anchored.

        Raises:
            ChainError: The chain could not be asked; the next tick goes on from here.
            StoreError: `log-behind-chain`: the contract holds a size that this log never signed.
        """
        self._recheck(clock())
        for intent in self._anchors.pending(self.name):
            self._settle(intent, clock())
        if self._anchors.pending(self.name):
            return
        latest = self._checkpoints.latest()
        if latest is None or latest.size == 0 or latest.size <= self._anchored_size():
            return
        on_chain = self._head_on_chain()
        if on_chain > self._anchored_size():
            self._adopt(on_chain, clock())
        if latest.size > on_chain:
            self._offer(latest, on_chain, clock())

    def _anchored_size(self) -> int:
        held = self._anchors.latest_anchored(self.name)
        return 0 if held is None else held.row.size

    def _head_on_chain(self) -> int:
        """The contract's own word, by the node's word; what is built on it is checked by the contract again."""
        answer = self._chain.call(Message(bytes(20), self._settings.contract, HEAD_SELECTOR + self._log_id))
        if len(answer) != 32:  # noqa: PLR2004 - one word
            raise ChainError(
                f"head() returned {len(answer)} bytes; 32 are required", code="chain-answer-invalid"
            )
        return int.from_bytes(answer, "big")

    def _recheck(self, now: int) -> None:
        """Withdraw evidence whose block is no longer on the chain.  A crash here leaves it to the next tick."""
        for _ in range(RECHECKED):
            held = self._anchors.latest_anchored(self.name)
            if held is None:
                return
            found = self._chain.header(held.row.block_number)
            if found is not None and found.hash == held.row.block_hash:
                return
            self._anchors.record_event(
                Event(
                    "reorged",
                    now,
                    intent=held.row.intent,
                    evidence=held.id,
                    block_number=held.row.block_number,
                    block_hash=held.row.block_hash,
                )
            )

    def _settle(self, intent: Stored[Intent], now: int) -> None:
        """Ask for a transaction by its own hash and write down what became of it."""
        included = self._chain.inclusion(intent.row.transaction_hash)
        if included is None:
            self._missing(intent, now)
        elif included.status == 0:
            self._note(intent, "reverted", now, included)
        elif self._is_final(included):
            captured = self._captured(intent.row.size, intent.row.transaction_hash)
            # A crash before this leaves the intent pending; it is settled again by the same hash.
            self._record(captured, intent.row.size, now, intent=intent.id)
        elif not self._is_noted(intent, included):
            self._note(intent, "mined", now, included)

    def _missing(self, intent: Stored[Intent], now: int) -> None:
        """Not in any block: hand it over again, unless it can never be mined any more."""
        row = intent.row
        last = self._anchors.events(intent.id)
        if last and last[-1].row.kind == "mined":
            self._anchors.record_event(Event("reorged", now, intent=intent.id))
        if self._head_on_chain() >= row.size:
            self._note(intent, "superseded", now)
        elif self._chain.nonce(row.sender) > row.nonce:
            # Mined between the two questions, or its nonce went to another transaction; ask for it once more.
            if self._chain.inclusion(row.transaction_hash) is None:
                self._note(intent, "abandoned", now)
        else:
            self._send(intent.id, row, now)

    def _is_final(self, included: Inclusion) -> bool:
        return included.header.number <= self._chain.finalized_number()

    def _is_noted(self, intent: Stored[Intent], included: Inclusion) -> bool:
        events = self._anchors.events(intent.id)
        return bool(events) and events[-1].row.block_hash == included.header.hash

    def _note(self, intent: Stored[Intent], kind: str, now: int, included: Inclusion | None = None) -> None:
        header = None if included is None else included.header
        self._anchors.record_event(
            Event(
                kind,  # type: ignore[arg-type]
                now,
                intent=intent.id,
                block_number=None if header is None else header.number,
                block_hash=None if header is None else header.hash,
            )
        )

    def _adopt(self, size: int, now: int) -> None:
        """Somebody else anchored one of our checkpoints: that counts as ours."""
        if self._checkpoints.at(size) is None:
            raise StoreError(
                f"the contract holds size {size} of this log, signed with its head key, and no such checkpoint is"
                " stored here: the log was restored from an older state, or its key is used elsewhere",
                code="log-behind-chain",
            )
        events = [
            event
            for event in self._chain.anchored(self._settings.contract, self._log_id)
            if event.size == size
        ]
        for event in events:
            included = self._chain.inclusion(event.transaction_hash)
            if included is not None and self._is_final(included):
                self._record(self._captured(size, event.transaction_hash), size, now)
            return

    def _offer(self, latest: StoredCheckpoint, on_chain: int, now: int) -> None:
        """Build, write down, send: in that order."""
        self._require_contract()
        checkpoint = parse_checkpoint(latest.note)
        data = encode_anchor_call(
            checkpoint.checkpoint.origin,
            self._settings.head_address,
            latest.size,
            checkpoint.checkpoint.root,
            self._log.consistency_path(on_chain, latest.size) if on_chain else (),
            head_signature(checkpoint, self._settings.head_address),
        )
        signed = prepare(self._chain, self._settings.sender_secret, to=self._settings.contract, data=data)
        row = Intent(
            chain=self.name,
            size=latest.size,
            root=checkpoint.checkpoint.root,
            raw_transaction=signed.raw,
            transaction_hash=signed.hash,
            nonce=signed.transaction.nonce,
            sender=signed.sender,
            created_at=now,
        )
        # A crash before this: nothing was sent.  After it: the intent is pending and is settled by its hash.
        self._send(self._anchors.record_intent(row), row, now)

    def _send(self, number: int, row: Intent, now: int) -> None:
        """Hand the transaction to the chain.  Whatever it answers, the outcome is asked by hash."""
        sent = [event for event in self._anchors.events(number) if event.row.kind == "sent"]
        try:
            self._chain.send_raw(row.raw_transaction)
        except ChainError as error:
            if error.code != "transaction-refused":
                raise
            if not sent:
                self._anchors.record_event(Event("sent", now, intent=number, detail=str(error)[:200]))
            return
        if not sent:
            self._anchors.record_event(Event("sent", now, intent=number))

    def _require_contract(self) -> None:
        """What is at the contract's address is the contract, before anything is signed for it."""
        found = keccak256(self._chain.code(self._settings.contract))
        if found != self._settings.code_hash:
            raise ChainError(
                f"code at 0x{self._settings.contract.hex()} has hash 0x{found.hex()};"
                f" 0x{self._settings.code_hash.hex()} is required",
                code="chain-wrong-contract",
            )

    def _captured(self, size: int, transaction_hash: bytes | None) -> Captured:
        """Everything that proves the anchor offline, and that it is of our root."""
        captured = capture(self._chain, self._settings.contract, self._log_id, size, transaction_hash)
        stored = self._checkpoints.at(size)
        root = None if stored is None else parse_checkpoint(stored.note).checkpoint.root
        if captured.code_hash != self._settings.code_hash or captured.storage.root != root:
            raise ChainError(
                f"the contract on {self.name} does not hold this log's root at size {size}",
                code="anchor-contradiction",
            )
        return captured

    def _record(self, captured: Captured, size: int, now: int, intent: int | None = None) -> None:
        """Sign the operator's claim and store the evidence; one transaction of the database."""
        header = captured.header
        claim = CheckpointClaim(
            origin_chain_id=captured.chain_id,
            genesis=captured.genesis_hash,
            anchor=captured.anchor,
            log_id=captured.log_id,
            size=size,
            root=captured.storage.root,
            block_hash=header.hash,
            block_number=header.number,
            block_time=header.time,
            set_id=set_id([address_of(self._settings.finality_secret)], [self._settings.operator], 1),
        )
        signature = sign(self._settings.finality_secret, checkpoint_digest(claim))
        self._anchors.record_evidence(
            Evidence(
                chain=self.name,
                contract=captured.anchor,
                size=size,
                block_number=header.number,
                block_hash=header.hash,
                block_time=header.time,
                header=header.encoded,
                finality=encode({"kind": "operator", "signature": _hex(signature)}),
                account=encode([_hex(node) for node in captured.account]),
                storage=encode([_hex(node) for node in captured.storage.nodes]),
                recorded_at=now,
                receipt=_receipt(captured),
                intent=intent,
            )
        )


def _receipt(captured: Captured) -> bytes | None:
    if captured.receipt is None:
        return None
    found = captured.receipt
    nodes: list[Json] = [_hex(node) for node in found.nodes]
    return encode({"bytes": _hex(found.encoded), "index": found.index, "log": found.log, "nodes": nodes})


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
