"""The relay: carries a partner's anchored checkpoints to the contract on the own chain, every one and in order.

It believes nobody: what a partner's node, a chain's nodes or a file give is held against the trust list before it is
taken up, and the contract checks it again.  What is on the way survives any crash.  Once something contradicts what
was carried before, the relay stops for good, keeps what proves it, and shows it to everybody, until somebody says that
he has taken note.

Source: docs/spec/foreign.md.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ledger.chain.port import Chain
from ledger.core.canonical import Json, encode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.anchor import log_id, root_at_slot
from ledger.core.evm.foreign import SEALED
from ledger.core.evm.header import Header
from ledger.core.merkle import verify_consistency
from ledger.core.trust import TrustList
from ledger.errors import (
    ChainError,
    MalformedError,
    ProofError,
    RefusedError,
    RemoteError,
    VerificationError,
)
from ledger.services.relay.calls import rotation, submission
from ledger.services.relay.contradiction import ContradictionError, chain_forked, log_forked
from ledger.services.relay.feed import Route
from ledger.services.relay.foreign_contract import ForeignContract
from ledger.services.relay.material import Carried, anchor_of, document_of, examine, later_document
from ledger.services.relay.rotation import id_of, rotation_for
from ledger.services.relay.sending import Sender
from ledger.store.foreign import Followed, ForeignStore
from ledger.store.relay import Halt, Item, Outbox
from ledger.verify.notes import open_note

AT_ONCE: Final = 64
"""Checkpoints of one partner that are taken up in one round."""
LOOKED_AFTER: Final = 4
"""Blocks that were carried last, and that the partner's chain must still have."""
AGAIN: Final = 60
"""Seconds after which something that did not hold is asked for again."""
STEPS: Final = 64
"""Transactions in one round; each waits for the one before."""
_STUCK: Final = ("rotation-needed", "chain-reverted")
"""Why a sealed checkpoint may be stuck: its block is of a set that the source has left."""
_SILENT: Final = ("remote-unreachable", "remote-slow")
"""Why nothing more is asked of a node in one round."""
_WITHOUT: Final = ("finality-operator", "epoch-unknown")
"""Why a checkpoint is not to be carried yet: nobody but the operator vouches for it so far."""


class Relay:
    """Carries checkpoints to one contract.  `tick` is called again and again, by one thread of one process.

    Args:
        chain: The own chain; `contract` stands on it.
        trust: Whom this node believes; asked for each time.
        secret: Of the account that pays.
        publish: Shows a contradiction to everybody; called once it stands in the outbox, and again after a crash.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        contract: ForeignContract,
        outbox: Outbox,
        store: ForeignStore,
        trust: Callable[[], TrustList],
        secret: bytes,
        publish: Callable[[Halt], None],
    ) -> None:
        self._chain = chain
        self._contract = contract
        self._outbox = outbox
        self._store = store
        self._trust = trust
        self._publish = publish
        self._routes: Sequence[Route] = ()
        self._sender = Sender(
            chain=chain,
            contract=contract,
            outbox=outbox,
            secret=secret,
            call_of=self._call_of,
            reached=self._reached,
        )

    def tick(self, routes: Sequence[Route], now: int) -> None:
        """Settle what was sent, read what is new, send what is next.

        A partner that cannot be read is no error: `trouble` of its route says so.

        Raises:
            RefusedError: `relay-halted`: a contradiction was found, now or before, and nobody took note of it.
            ChainError: The own chain could not be asked, or cannot be paid.
            StoreError: The outbox could not be written.
        """
        self.require_running()
        self._routes = routes
        self._chain.check_identity()
        self._carry(now)
        for route in routes:
            try:
                route.trouble = None
                self._read(route, now)
            except ContradictionError as found:
                self.halt(found, now)
                route.trouble = found
            except (RemoteError, ChainError, MalformedError, VerificationError, RefusedError) as error:
                route.trouble = error
        self._carry(now)

    def halt(self, found: ContradictionError, now: int) -> None:
        """Stop for good, before anything else.  What somebody took note of sets its item aside, and no more.

        Raises:
            RefusedError: `relay-halted`, always, unless somebody took note of this very contradiction before.
        """
        halt = self._outbox.halt(now, found.code, str(found), found.evidence)
        self._publish(halt)
        self.require_running()
        if found.item is not None:
            self._outbox.move(found.item, "quarantined", now, why=(found.code, str(found)))

    def require_running(self) -> None:
        """Check that no contradiction stands.

        Raises:
            RefusedError: `relay-halted`.
        """
        standing = self._outbox.standing()
        if standing is not None:
            self._publish(standing)  # a crash may have come between the two
            raise RefusedError(
                f"the relay stands still since {standing.detail} ({standing.code});"
                " evidence relay status shows the proof, evidence relay resume takes note of it",
                code="relay-halted",
            )

    def _carry(self, now: int) -> None:
        for _ in range(STEPS):
            try:
                self._sender.settle(now)
                if not self._sender.send_next(now):
                    return
            except ContradictionError as found:
                self.halt(found, now)

    # Reading

    def _read(self, route: Route, now: int) -> None:
        """Take up what a partner has that is new."""
        trust = self._trust()
        log = trust.log(route.origin)
        if log is None:
            raise RefusedError(f"the trust list does not name the log {route.origin}", code="log-unknown")
        self._compare(open_note(route.feed.latest(), route.origin, log).signed.encoded, trust)
        route.trouble = self._lost(route)
        followed = route.followed
        ids = [log_id(route.origin, key.address) for key in log.head_keys]
        known = set[int]().union(
            *(self._outbox.sizes(followed.target, followed.source_id, one) for one in ids)
        )
        listed = sorted(route.feed.anchored(route.chain))
        if listed:
            self._store.saw(ids[-1], listed[-1].size, listed[-1].block_time)
        new = [one.size for one in listed if one.size not in known and route.later.get(one.size, 0) <= now]
        self._take_up(new[:AT_ONCE], route, trust, now)
        self._prepare_rotation(route, trust, now)
        self._renew(route, trust, now)

    def _lost(self, route: Route) -> RemoteError | None:
        """What of the newest blocks that were carried the chain's nodes do not have any more; the rest goes on."""
        followed = route.followed
        newest = self._outbox.newest(followed.target, followed.source_id, LOOKED_AFTER)
        try:
            route.require_blocks([(item.block_number, item.block_hash) for item in newest])
        except RemoteError as error:
            return error
        return None

    def _take_up(self, sizes: Sequence[int], route: Route, trust: TrustList, now: int) -> None:
        """Put what holds into the outbox; what does not keeps nothing else waiting, and is asked for again later."""
        route.waiting = 0
        taken: list[Item] = []
        try:
            for size in sizes:
                try:
                    document = route.feed.carried(size, route.chain)
                    taken.append(self.take(document, route.followed, trust, now, route))
                    route.later.pop(size, None)
                except (MalformedError, VerificationError, RefusedError, RemoteError) as error:
                    if error.code in _SILENT:
                        raise
                    if error.code in _WITHOUT:
                        route.waiting += 1
                        continue
                    route.later[size] = now + AGAIN
                    if isinstance(error, ContradictionError):
                        raise
                    route.trouble = route.trouble or error
        finally:
            self._outbox.add(taken)

    def take(
        self, document: Json, followed: Followed, trust: TrustList, now: int, route: Route | None = None
    ) -> Item:
        """An item out of what was given, held against the trust list and all that is known; not stored yet.

        Raises:
            MalformedError, VerificationError, RefusedError: As `examine`; `source-mismatch`: it is of another chain;
                `block-not-canonical`: the chain's nodes have another block there.
            ContradictionError: It contradicts what was carried before.
        """
        carried = examine(document, trust)
        source = followed.source
        if (carried.chain.number, carried.chain.genesis, carried.chain.anchor, carried.grade) != (
            source.chain_id,
            source.genesis,
            source.anchor,
            source.kind,
        ):
            raise RefusedError(
                f"it is of {carried.chain.id} with finality {carried.grade}; source 0x{followed.source_id.hex()} is of"
                f" eip155:{source.chain_id} and kind {source.kind}",
                code="source-mismatch",
            )
        origin = carried.note.signed.checkpoint.origin
        if route is not None and origin != route.origin:
            raise RemoteError(
                f"a checkpoint of {origin} was given for {route.origin}", code="remote-answer-invalid"
            )
        kept = {"anchor": anchor_of(document), "checkpoint": carried.note.signed.encoded.decode()}
        self._compare(carried.note.signed.encoded, trust)
        self._compare_blocks(carried, kept, followed)
        if (
            route is not None
        ):  # not before: two blocks that are vouched for are evidence, whichever the nodes have
            route.require_block(carried.header.number, carried.block_hash, carried.header.hash)
        return Item(
            target=followed.target,
            source=followed.source_id,
            log_id=carried.note.log_id,
            size=carried.note.size,
            kind="checkpoint",
            root=carried.note.root,
            origin=origin,
            block_number=carried.header.number,
            block_hash=carried.block_hash,
            block_time=carried.header.time,
            document=encode(kept, what="carried checkpoint"),
            added_at=now,
        )

    def _compare(self, note: bytes, trust: TrustList) -> None:
        """Against checkpoints of the same size that were carried.

        Raises:
            ContradictionError: `log-forked`.
        """
        stated = parse_checkpoint(note).checkpoint
        log = trust.log(stated.origin)
        for key in () if log is None else log.head_keys:
            for item in self._outbox.showing(log_id(stated.origin, key.address), stated.size):
                if item.kind == "checkpoint" and item.root != stated.root:
                    held = str(document_of(item.document)["checkpoint"])
                    raise log_forked(stated.origin, stated.size, held.encode(), note)

    def _compare_blocks(self, carried: Carried, document: Json, followed: Followed) -> None:
        """Against blocks of the same height that were carried.

        Raises:
            ContradictionError: `chain-forked`.
        """
        for item in self._outbox.of_block(followed.source_id, carried.header.number):
            if item.kind == "checkpoint" and item.block_hash != carried.block_hash:
                raise chain_forked(
                    carried.chain.id, carried.header.number, document_of(item.document), document
                )

    # Changes of sets

    def _prepare_rotation(self, route: Route, trust: TrustList, now: int) -> None:
        """Take up the change of the set that the next checkpoints need, where it can be shown."""
        followed = route.followed
        present = self._contract.set_at(followed.source_id, self._chain.head())
        chain = trust.chain(route.chain)
        if present is None or chain is None:
            return
        queued = [
            one
            for one in self._outbox.in_state(followed.target, "queued")
            if one.source == followed.source_id and one.kind == "checkpoint"
        ]
        made = rotation_for(followed, present, chain, queued, route.observed, now)
        if made is not None:
            self._outbox.add([made])

    def _renew(self, route: Route, trust: TrustList, now: int) -> None:
        """Show what an earlier set vouched for, and the contract no longer takes, by a later block of the chain."""
        chain = trust.chain(route.chain)
        if route.observed is None or chain is None or route.followed.source.kind != SEALED:
            return
        stuck = [
            one
            for one in self._outbox.in_state(route.followed.target, "queued")
            if one.source == route.followed.source_id and one.kind == "checkpoint" and one.code in _STUCK
        ]
        header = None if not stuck else route.observed.header(route.observed.finalized_number())
        for item in stuck if header is not None else ():
            assert header is not None
            if item.block_number >= header.number:
                continue
            held = document_of(item.document)
            slot = root_at_slot(item.log_id, item.size)
            proof = route.observed.state_proof(chain.anchor, [slot], header)
            shown = later_document(held, chain, proof)
            if shown is not None:
                self._outbox.renew(self.take(shown, route.followed, trust, now, route))

    # Sending

    def _call_of(self, item: Item, head: Header) -> bytes:
        """Call data for an item; see `Sender`."""
        present = self._contract.set_at(item.source, head)
        if present is None:
            raise RefusedError(
                f"source 0x{item.source.hex()} is not in the contract; evidence foreign add-source adds it",
                code="source-unknown",
            )
        trust = self._trust()
        document = document_of(item.document)
        if item.kind == "rotation":
            return rotation(item, document, trust, present)
        carried = examine(document, trust)
        if carried.set_hash != present:
            raise RefusedError(
                f"the block is vouched for by the set 0x{carried.set_hash.hex()}; the source is at 0x{present.hex()},"
                " and waits for the change",
                code="rotation-needed",
            )
        return submission(item, carried, self._path(item, head))

    def _reached(self, item: Item, present: bytes) -> bool:
        """Whether a set is the one that an item changes to, or comes after it in the trust list."""
        chain = self._trust().chain(item.origin)
        sets = () if chain is None else (*chain.validators, *chain.attesters)
        order = [id_of(one) for one in sets]
        if present == item.root or present not in order or item.root not in order:
            return present == item.root
        return order.index(present) >= order.index(item.root)

    def _path(self, item: Item, head: Header) -> tuple[bytes, ...]:
        """The consistency path between the head that the contract holds and an item, verified."""
        held = self._contract.head(item.source, item.log_id, head)
        if held == 0:
            return ()
        held_root = self._contract.root_at(item.source, item.log_id, held, head)
        ends = sorted([(held, held_root), (item.size, item.root)])
        (old, old_root), (new, new_root) = ends
        path = self._outbox.path(item.log_id, old, new)
        if path is None:
            route = next(
                (
                    one
                    for one in self._routes
                    if (one.followed.source_id, one.origin) == (item.source, item.origin)
                ),
                None,
            )
            if route is None:
                raise RefusedError(
                    f"the path of {item.origin} from {old} to {new} is not at hand; import it, or name its node",
                    code="consistency-unknown",
                )
            path = route.feed.consistency(old, new)
        try:
            verify_consistency(old, new, old_root, new_root, path)
        except ProofError as error:
            raise ProofError(
                f"{item.origin} shows no consistency from {old}, which the own chain holds, to {new}: {error}",
                code="relay-inconsistent",
            ) from None
        return path
