"""Sending what a relay carries: written down before it is sent, settled by what the contract holds.

The contract itself says what became of an item: it holds the root, or it does not; whose transaction put it there is
of no consequence, so any number of relays may work side by side.  One transaction is under way at a time.  A crash, a
lost answer or a reorganisation changes when an item is done, never whether it is carried twice: the contract takes
each size once.

A transaction that waits is replaced at the same nonce by one that offers more, up to `FEE_FACTOR` times the first.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable
from typing import Final

from ledger.chain.port import Chain, Inclusion, Message
from ledger.chain.transactions import SignedTransaction, Transaction, prepare, sign_transaction
from ledger.core.evm.header import Header
from ledger.core.secp256k1 import address_of
from ledger.errors import (
    ChainError,
    LedgerError,
    MalformedError,
    RefusedError,
    RemoteError,
    VerificationError,
)
from ledger.services.anchoring.fees import fees_above, gas_of, offered
from ledger.services.relay.contradiction import ContradictionError, accepted_other
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.store.relay import Item, Outbox, Sending

TRIES: Final = 5
"""Tries that come to nothing, after which an item is quarantined."""
STUCK_SECONDS: Final = 48
"""How long a transaction may wait before one that offers more takes its place."""
FEE_FACTOR: Final = 5
"""How many times the first offer the last may be."""
FIRST_WAIT: Final = 5
LONGEST_WAIT: Final = 600
_WORD: Final = 32
_QUICKER: Final = "AlreadyAccepted"

CallOf = Callable[[Item, Header], bytes]
"""Call data for an item under the last header.  RefusedError: not yet; MalformedError, VerificationError: never."""


class Sender:
    """Sends items of an outbox to one contract.

    Args:
        secret: Of the account that pays, 32 bytes.
        call_of: See `CallOf`.
        reached: Whether a source whose present set has this id is at the set that an item changes to, or beyond.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        contract: ForeignContract,
        outbox: Outbox,
        secret: bytes,
        call_of: CallOf,
        reached: Callable[[Item, bytes], bool],
    ) -> None:
        self._chain = chain
        self._contract = contract
        self._outbox = outbox
        self._secret = secret
        self._sender = address_of(secret)
        self._call_of = call_of
        self._reached = reached

    # What became of what was sent

    def settle(self, now: int) -> None:
        """Look up every item that is under way, and note what became of it.

        Raises:
            ChainError: The chain could not be asked.
            ContradictionError: It accepted another root.
        """
        target = self._contract.target
        waiting = self._outbox.in_state(target, "sent", "included")
        if not waiting:
            return
        final = self._final()  # asked for first: what it holds is settled for the question that follows
        head = self._chain.head()
        for item in waiting:
            if self._is_accepted(item, final):
                self._outbox.move(item, "done", now)
            elif self._is_accepted(item, head):
                if item.state != "included":
                    self._outbox.move(item, "included", now)
            else:
                self._missing(item, head, final, now)

    def _final(self) -> Header:
        number = self._chain.finalized_number()
        header = self._chain.header(number)
        if header is None:
            raise ChainError(
                f"eip155:{self._chain.chain_id} has no block {number}, which is final",
                code="chain-answer-invalid",
            )
        return header

    def _is_accepted(self, item: Item, header: Header) -> bool:
        """Whether the contract holds an item after a block.

        Raises:
            ContradictionError: `accepted-other`: it holds another root at this size.
        """
        if item.kind == "rotation":
            present = self._contract.set_at(item.source, header)
            return present is not None and self._reached(item, present)
        found = self._contract.root_if_there(item.source, item.log_id, item.size, header)
        if found not in {bytes(_WORD), item.root}:
            raise self._contradiction(item, found, header)
        return found == item.root

    def _contradiction(self, item: Item, found: bytes, header: Header) -> ContradictionError:
        proof = self._contract.held(item.source, item.log_id, item.size, header).proof
        shown = {
            "chain": f"eip155:{self._chain.chain_id}",
            "contract": "0x" + self._contract.address.hex(),
            "source": "0x" + item.source.hex(),
            "header": "0x" + header.encoded.hex(),
            "account": ["0x" + node.hex() for node in proof.account_nodes],
            "storage": ["0x" + node.hex() for node in proof.slots[0].nodes],
        }
        return accepted_other(item, found, shown)

    def _missing(self, item: Item, head: Header, final: Header, now: int) -> None:
        """Not in the contract (any more): hand it over again, offer more for it, or make it anew."""
        sendings = self._outbox.sendings(item)
        for one in sendings:
            included = self._chain.inclusion(one.hash)
            if included is None:
                continue
            if included.status == 0:
                self._failed(item, now, ("transaction-reverted", _reverted(included)))
            return  # else the block is newer than the head that was looked at
        if not sendings:
            self._outbox.move(item, "queued", now)  # somebody else's, which a reorganisation took away
            return
        if item.state == "included":
            self._outbox.move(item, "sent", now, why=("reorganised", "its block is no longer on the chain"))
        nonce = sendings[0].nonce
        sender = sendings[0].sender
        if sender != self._sender or self._contract.account_of(sender, final).nonce > nonce:
            self._outbox.move(item, "queued", now)  # none of them can ever be mined
        elif self._contract.account_of(sender, head).nonce > nonce:
            return  # another one of that nonce is in a block that is not final yet
        elif now - sendings[0].at >= STUCK_SECONDS:
            self._replace(item, sendings, head, now)
        elif self._chain.nonce(sender, pending=True) <= nonce:
            self._hand_over(sendings[0].raw)

    def _replace(self, item: Item, sendings: list[Sending], head: Header, now: int) -> None:
        """Offer more for the same nonce, within the cap; the newest is handed over again where that is reached."""
        first_tip, first_fee = offered(sendings[-1].raw)
        fees = fees_above(self._chain.fees(), [one.raw for one in sendings])
        if fees.max_fee > FEE_FACTOR * first_fee or fees.max_priority_fee > FEE_FACTOR * first_tip:
            self._hand_over(sendings[0].raw)
            raise ChainError(
                f"a transaction for {item.origin} at size {item.size} waits; more than {FEE_FACTOR} times the first"
                f" offer of {first_fee} wei per gas would be needed",
                code="relay-fee-cap",
            )
        # Not estimated again: nodes that count what waits in their pool would say that it is carried already.
        unsigned = Transaction(
            chain_id=self._chain.chain_id,
            nonce=sendings[0].nonce,
            to=self._contract.address,
            data=self._call_of(item, head),
            gas=gas_of(sendings[0].raw),
            max_fee=fees.max_fee,
            max_priority_fee=fees.max_priority_fee,
        )
        self._send(item, sign_transaction(unsigned, self._secret), head, now)

    # What is sent next

    def send_next(self, now: int) -> bool:
        """Send the next item that is due; whether one was sent, or found to be accepted already.

        Raises:
            ChainError: The chain could not be asked, or the sender cannot pay.
            ContradictionError: It accepted another root.
        """
        target = self._contract.target
        if self._outbox.in_state(target, "sent", limit=1):
            return False
        due = self._outbox.due(target, now)
        if not due:
            return False
        head = self._chain.head()
        for item in due:
            if self._is_accepted(item, head):
                self._outbox.move(item, "included", now)
                return True
            why = self._refused(item, head, now)
            if why is None:
                return True
            self._failed(item, now, (why.code, str(why)), counts=not _may_pass(why))
        return False

    def _refused(self, item: Item, head: Header, now: int) -> LedgerError | None:
        """Why an item cannot be sent; None where it was."""
        try:
            self._offer(item, head, now)
        except ContradictionError:
            raise
        except (RefusedError, RemoteError, MalformedError, VerificationError) as error:
            return error
        except ChainError as error:
            if error.code not in {"chain-reverted", "chain-gas-too-high"}:
                raise
            return error
        return None

    def _offer(self, item: Item, head: Header, now: int) -> None:
        data = self._call_of(item, head)
        self._chain.call(Message(self._sender, self._contract.address, data))
        nonce = self._contract.account_of(self._sender, head).nonce
        fees = fees_above(self._chain.fees(), self._outbox.rivals(self._sender, nonce))
        signed = prepare(
            self._chain, self._secret, to=self._contract.address, data=data, nonce=nonce, fees=fees
        )
        self._send(item, signed, head, now)

    def _send(self, item: Item, signed: SignedTransaction, head: Header, now: int) -> None:
        """Write down, then send."""
        self._require_balance(signed, head)
        sending = Sending(signed.raw, signed.hash, signed.transaction.nonce, self._sender, now)
        self._outbox.record_sending(item, sending)  # a crash from here on leaves it to `settle`
        self._hand_over(signed.raw)

    def _require_balance(self, signed: SignedTransaction, head: Header) -> None:
        balance = self._contract.account_of(self._sender, head).balance
        if balance < signed.largest_cost:
            raise ChainError(
                f"relay 0x{self._sender.hex()} has {balance} wei on eip155:{self._chain.chain_id};"
                f" a transaction needs up to {signed.largest_cost}",
                code="chain-balance-low",
            )

    def _hand_over(self, raw: bytes) -> None:
        """What the node says of it is of no weight: whether it was taken is asked by its hash."""
        try:
            self._chain.send_raw(raw)
        except ChainError as error:
            if error.code in {"chain-wrong-id", "chain-wrong-genesis"}:
                raise

    def _failed(self, item: Item, now: int, why: tuple[str, str], *, counts: bool = True) -> None:
        """Try later; after several tries that count, never again unless somebody says so."""
        tries = item.tries + int(counts)
        state = "quarantined" if counts and tries >= TRIES else "queued"
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10))
        self._outbox.move(item, state, now, why=(why[0], why[1][:500]), counts=counts, due_at=now + wait)  # type: ignore[arg-type]


def _reverted(included: Inclusion) -> str:
    return f"transaction 0x{included.transaction_hash.hex()} was mined and refused by the contract"


def _may_pass(error: LedgerError) -> bool:
    """Whether it is not the item's fault: something else comes first, or somebody does not answer or was quicker."""
    if isinstance(error, ChainError):
        return _QUICKER in str(error)
    return isinstance(error, (RefusedError, RemoteError)) and error.code != "remote-answer-invalid"
