"""Anchoring: the latest checkpoint, on the node's chain, at most once, and never by guessing.

A transaction is written to the journal before it is sent.  What became of it is asked by its own hash, as often as
needed, and written down only when a final block says it: a crash, a lost answer or a reorganisation changes when an
anchor is recorded, never whether there are two.  A new transaction takes the sender's lowest free nonce, so that of
two transactions that could ever be in each other's way the chain takes one.

What the contract holds is proven under the node's last header before anything is signed.  That this header is on the
chain everybody else sees is what the operator's finality signature vouches for, and nothing more: an operator who is
served an invented chain by its own node signs for that chain.

Nothing here delays a request; the log grows whether the chain answers or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.chain.gas import DEFAULT_FEE_CAP
from ledger.chain.port import Chain, Inclusion
from ledger.chain.transactions import prepare
from ledger.core.checkpoint import head_signature, parse_checkpoint
from ledger.core.evm.anchor import encode_anchor_call, log_id
from ledger.core.evm.header import Header
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError, StoreError
from ledger.services.anchoring.contract import AnchorContract
from ledger.services.anchoring.evidence import Vouching
from ledger.services.anchoring.fees import fees_above, require_below
from ledger.services.anchoring.pace import gives_way, paused_until
from ledger.services.anchoring.recording import Recorder, require_root
from ledger.services.anchoring.shown import ShownAnchors
from ledger.store.anchors import Anchors, Event, EventKind, Intent, Stored
from ledger.store.captures import Captures
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.log import Log

RECHECKED = 16
"""How many of the newest anchors are looked up again after a reorganisation, each time."""
LEAST_GAS = 150_000
"""Gas that an anchor may use whatever the node estimates; what is not used is not paid."""
JOURNAL = 256
"""Newest transactions of the journal that are told from other people's."""


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """Where and with what keys this node anchors.

    Attributes:
        contract: Address of the anchor contract, 20 bytes.
        code_hash: Keccak-256 of its runtime code.
        operator: Organisation that the finality key speaks for.
        fee_cap: Largest fee per gas ever offered, in wei, also to replace what waits.
    """

    contract: bytes
    code_hash: bytes
    operator: str
    head_address: bytes
    finality_secret: bytes
    sender_secret: bytes
    fee_cap: int = DEFAULT_FEE_CAP


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the contract holds of this log after the block of `header`: its last size; 0 before the first."""

    header: Header
    size: int


class Anchorer:
    """Carries checkpoints to one chain.  `tick` is called again and again by one thread."""

    def __init__(
        self,
        *,
        chain: Chain,
        settings: AnchorSettings,
        log: Log,
        checkpoints: Checkpoints,
        anchors: Anchors,
        captures: Captures,
    ) -> None:
        self._chain = chain
        self._settings = settings
        self._log = log
        self._checkpoints = checkpoints
        self._anchors = anchors
        self._log_id = log_id(log.origin, settings.head_address)
        self._contract = AnchorContract(chain, settings.contract, settings.code_hash, self._log_id)
        self._shown = ShownAnchors(
            chain,
            settings.contract,
            settings.code_hash,
            self._log_id,
            head_address=settings.head_address,
            log=log,
            anchors=anchors,
        )
        self._sender = address_of(settings.sender_secret)
        self._recorder = Recorder(
            chain,
            settings.contract,
            settings.code_hash,
            self._log_id,
            vouching=Vouching(settings.finality_secret, settings.operator),
            checkpoints=checkpoints,
            anchors=anchors,
            captures=captures,
        )

    @property
    def name(self) -> str:
        """CAIP-2 name of the chain."""
        return f"eip155:{self._chain.chain_id}"

    def tick(self, clock: Callable[[], int]) -> None:
        """Settle what was sent, then offer the latest checkpoint if it is not anchored.

        Raises:
            ChainError: The chain could not be asked, or says what cannot be; the next tick goes on from here.
                `transaction-refused` and `chain-balance-low`: what was to be sent was not taken.
                `anchor-contradiction`: the contract holds another root of this log.
                `anchor-unsigned`: it holds what this log's head key never signed, by its node's word; another node
                is asked first from then on.
            StoreError: `log-behind-chain`: the contract holds a size that this log never signed.
        """
        self._chain.check_identity()
        self._recheck(clock())
        latest = self._checkpoints.latest()
        if latest is None:
            return
        if latest.size <= self._anchored_size() and not self._anchors.pending(self.name):
            return
        self._adopt(self._standing(), clock())
        refused = self._settle_all(clock)
        standing = self._standing()
        is_new = latest.size > max(standing.size, self._anchored_size())
        if is_new and self._is_free(latest, standing, clock()):
            self._offer(latest, standing, clock())
        elif refused is not None:
            raise refused

    # What the chain holds

    def _anchored_size(self) -> int:
        held = self._anchors.latest_anchored(self.name)
        return 0 if held is None else held.row.size

    def _standing(self) -> _Standing:
        """What the contract holds after the last block, and that it is of this log."""
        header = self._chain.head()
        size = self._contract.held_size(header)
        if size < self._anchored_size():
            raise ChainError(
                f"the contract on {self.name} holds size {size} of this log after block {header.number};"
                f" size {self._anchored_size()} was anchored before",
                code="chain-stale",
            )
        if size:
            self._require_ours(size, header)
        return _Standing(header, size)

    def _require_ours(self, size: int, header: Header) -> None:
        """The contract's last root is that of our own history at that size."""
        root = self._contract.root_at(size, header)
        stored = self._checkpoints.at(size)
        if stored is not None:
            require_root(stored, root, self.name)
        elif not self._shown.is_ours(size, root):
            # A log that was rebuilt from a mirror has every entry, and not every checkpoint.
            self._shown.require_signed(size, root, header)
            raise StoreError(
                f"the contract holds size {size} of this log, signed with its head key, and no such checkpoint is"
                " stored here: the log was restored from an older state, or its key is used elsewhere",
                code="log-behind-chain",
            )

    def _final_header(self) -> Header:
        number = self._chain.finalized_number()
        header = self._chain.header(number)
        if header is None:
            raise ChainError(
                f"{self.name} has no block {number}, which is final", code="chain-answer-invalid"
            )
        return header

    # Reorganisations

    def _recheck(self, now: int) -> None:
        """Withdraw evidence whose block is no longer on the chain.  A crash here leaves it to the next tick.

        A node that has not come to that block (again) says nothing about it.
        """
        for _ in range(RECHECKED):
            held = self._anchors.latest_anchored(self.name)
            if held is None:
                return
            row = held.row
            found = self._chain.header(row.block_number)
            if found is None:
                raise ChainError(
                    f"{self.name} has no block {row.block_number}, which held an anchor before",
                    code="chain-stale",
                )
            if found.hash == row.block_hash:
                return
            self._anchors.record_event(
                Event(
                    "reorged",
                    now,
                    intent=row.intent,
                    evidence=held.id,
                    block_number=row.block_number,
                    block_hash=row.block_hash,
                )
            )

    # What others sent

    def _adopt(self, standing: _Standing, now: int) -> None:
        """Somebody else anchored checkpoints of ours: that counts as ours, once it is final."""
        held = self._anchors.latest_anchored(self.name)
        if standing.size <= (0 if held is None else held.row.size):
            return
        pending = {intent.row.transaction_hash for intent in self._anchors.pending(self.name)}
        known = {one.row.transaction_hash: one.id for one in self._anchors.intents(self.name, JOURNAL)}
        final = self._chain.finalized_number()
        after, first = (held.row.size, held.row.block_number) if held else (0, 0)
        for event in self._shown.up_to(standing.size, standing.header, after=after, first=first):
            if event.transaction_hash in pending or self._checkpoints.at(event.size) is None:
                continue
            included = self._chain.inclusion(event.transaction_hash)
            if included is None:
                continue
            if included.header.number > final:
                self._recorder.keep(event.size, included, now)
            else:
                # Ours again where it was given up: its own hash says so.
                intent = known.get(event.transaction_hash)
                self._recorder.record(event.size, included, now, intent=intent)

    # What we sent

    def _settle_all(self, clock: Callable[[], int]) -> ChainError | None:
        """Every pending transaction in turn; gives back the first refusal, which keeps no other waiting."""
        refused: ChainError | None = None
        pending = self._anchors.pending(self.name)
        # The final block is asked for first: what it holds is settled for the questions that follow.
        final = self._final_header() if pending else None
        for intent in pending:
            assert final is not None
            try:
                self._settle(intent, final, clock())
            except ChainError as error:
                if error.code != "transaction-refused":
                    raise
                refused = refused or error
        return refused

    def _settle(self, intent: Stored[Intent], final: Header, now: int) -> None:
        """Ask for a transaction by its own hash and write down what became of it."""
        included = self._chain.inclusion(intent.row.transaction_hash)
        if included is None:
            self._missing(intent, final, now)
        elif included.header.number > final.number:
            if not self._is_noted(intent, included):
                self._note(intent, "mined", now, included)
            if self._recorder.is_anchored(intent.row.size, included):
                self._recorder.keep(intent.row.size, included, now)
        elif not self._recorder.is_anchored(intent.row.size, included):
            self._note(intent, "reverted", now, included)
        else:
            # A crash before this leaves the intent pending; it is settled again by the same hash.
            self._recorder.record(intent.row.size, included, now, intent=intent.id)

    def _missing(self, intent: Stored[Intent], final: Header, now: int) -> None:
        """In no block: hand it over again, unless it can never be mined, or could only fail."""
        row = intent.row
        last = self._anchors.events(intent.id)
        if last and last[-1].row.kind == "mined":
            self._anchors.record_event(Event("reorged", now, intent=intent.id))
        if (over := self._ended(row, final)) is not None:
            self._note(intent, over, now)
        elif self._contract.held_size(self._chain.head()) >= row.size:
            return  # another one anchored it in a block that is not final yet
        elif self._chain.nonce(self._sender, pending=True) <= row.nonce:
            self._send(intent.id, row, now)

    def _ended(self, row: Intent, final: Header) -> EventKind | None:
        """Why the transaction can never anchor its checkpoint any more, as a final block proves it."""
        if final.number == 0:
            return None  # nothing was ever sent before the first block
        try:
            if self._contract.held_size_if_there(final) >= row.size:
                return "superseded"
            return "abandoned" if self._contract.account_of(self._sender, final).nonce > row.nonce else None
        except ChainError as error:
            # Nodes forget old state before some chains call it final; then nothing is given up yet.
            if error.code != "chain-proof-unavailable":
                raise
            return None

    def _is_noted(self, intent: Stored[Intent], included: Inclusion) -> bool:
        events = self._anchors.events(intent.id)
        return bool(events) and events[-1].row.block_hash == included.header.hash

    def _note(
        self, intent: Stored[Intent], kind: EventKind, now: int, included: Inclusion | None = None
    ) -> None:
        header = None if included is None else included.header
        self._anchors.record_event(
            Event(
                kind,
                now,
                intent=intent.id,
                block_number=None if header is None else header.number,
                block_hash=None if header is None else header.hash,
            )
        )

    # What is sent next

    def _is_free(self, latest: StoredCheckpoint, standing: _Standing, now: int) -> bool:
        """Whether nothing sent before is in the way."""
        nonce = self._contract.account_of(self._sender, standing.header).nonce
        waiting = [intent.row for intent in self._anchors.pending(self.name)]
        return now >= paused_until(self._anchors, self.name) and gives_way(
            waiting, latest.size, nonce, standing.header, now
        )

    def _offer(self, latest: StoredCheckpoint, standing: _Standing, now: int) -> None:
        """Build, write down, send: in that order."""
        checkpoint = parse_checkpoint(latest.note)
        data = encode_anchor_call(
            checkpoint.checkpoint.origin,
            self._settings.head_address,
            latest.size,
            checkpoint.checkpoint.root,
            self._log.consistency_path(standing.size, latest.size) if standing.size else (),
            head_signature(checkpoint, self._settings.head_address),
        )
        account = self._contract.account_of(self._sender, standing.header)
        rivals = [
            one.row.raw_transaction
            for one in self._anchors.intents(self.name, JOURNAL)
            if (one.row.sender, one.row.nonce) == (self._sender, account.nonce)
        ]
        signed = prepare(
            self._chain,
            self._settings.sender_secret,
            to=self._settings.contract,
            data=data,
            nonce=account.nonce,
            least_gas=LEAST_GAS,
            fees=require_below(fees_above(self._chain.fees(), rivals), self._settings.fee_cap, self.name),
        )
        if account.balance < signed.largest_cost:
            raise ChainError(
                f"sender 0x{self._sender.hex()} has {account.balance} wei on {self.name};"
                f" an anchor needs up to {signed.largest_cost}",
                code="chain-balance-low",
            )
        row = Intent(
            chain=self.name,
            size=latest.size,
            root=checkpoint.checkpoint.root,
            raw_transaction=signed.raw,
            transaction_hash=signed.hash,
            nonce=account.nonce,
            sender=signed.sender,
            created_at=now,
        )
        # A crash before this: nothing was sent.  After it: the intent is pending and is settled by its hash.
        self._send(self._anchors.record_intent(row), row, now)

    def _send(self, number: int, row: Intent, now: int) -> None:
        """Hand the transaction to the chain.  Whatever it answers, the outcome is asked by hash."""
        is_first = all(event.row.kind != "sent" for event in self._anchors.events(number))
        try:
            self._chain.send_raw(row.raw_transaction)
        except ChainError as error:
            if error.code == "transaction-refused" and is_first:
                self._anchors.record_event(Event("sent", now, intent=number, detail=str(error)[:200]))
            raise
        if is_first:
            self._anchors.record_event(Event("sent", now, intent=number))
