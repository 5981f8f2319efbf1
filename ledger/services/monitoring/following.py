"""Following a log: its newest checkpoint, the entries that came since, and the root recomputed from them.

    checkpoint → the log's three lines hold → new entries, staged → own root equals the signed one → taken up

Nothing of what is downloaded is believed.  A head that is not of the history held is an alarm, with both signed heads;
where the server gives the tiles of what it signed, it is a fork proof that anybody can judge.  What is held stays as it
is then: an alarm moves nothing.

Source: docs/monitoring.md.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_log_lines
from ledger.core.evm.foreign_calls import Leaf
from ledger.core.merkle import inclusion_path, verify_inclusion
from ledger.core.tile_paths import WIDTH, width_at
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.errors import LedgerError, RefusedError, RemoteError, VerificationError
from ledger.remote.tiles import LogReader
from ledger.services.monitoring.tile_trees import TileTree, first_difference
from ledger.store.alarms import NewAlarm
from ledger.store.followed import FollowedHead, FollowedLogs, SeenHead
from ledger.store.tiles import Edge
from ledger.verify.fork import encode_fork, parse_fork, require_contradiction

CHUNK: Final = 16
"""Bundles that are downloaded before they are stored."""
ROUND: Final = 4096
"""Bundles of one round; what is left is downloaded in the next."""
AGAIN: Final = 64 * WIDTH
"""Entries that are downloaded again so often; of more, once."""
LONGEST: Final = 60.0
"""Seconds of a download after which the rest is left to the next look: its server may be slow on purpose."""
TRIES: Final = 8
"""Times that a server is asked which gave what contradicts itself: one address may be answered by two."""
_SHOWN: Final = "shown by"
_GONE: Final = frozenset({"remote-unreachable", "remote-slow"})


@dataclass(frozen=True, slots=True)
class Followed:
    """How a log stands after it was looked at.

    Attributes:
        size: Of the newest head that was recomputed.
        before: Of the one before this look.
        shown: Size that the server showed.
        is_reading: Entries up to there are still to be downloaded.
        alarms: What this look found, to be raised.
    """

    origin: str
    size: int
    before: int
    shown: int
    is_reading: bool = False
    alarms: tuple[NewAlarm, ...] = ()


def log_keys(signed: SignedCheckpoint, trust: TrustList) -> LogKeys:
    """The keys of the log that a checkpoint is of, once its own three lines hold by them.

    Raises:
        RefusedError: `log-unknown`: the trust list does not name it.
        SignatureError: As `ledger.core.checkpoint.verify_log_lines`.
    """
    origin = signed.checkpoint.origin
    keys = trust.log(origin)
    if keys is None:
        raise RefusedError(f"{origin} is not a log of the trust list", code="log-unknown")
    verify_log_lines(signed, origin, keys.vkeys, [key.address for key in keys.head_keys])
    return keys


class Follower:
    """Follows logs into one store.

    Args:
        logs: What is held of them.
        trust: Whose keys are whose; asked for each time.
        clock: POSIX seconds.
        most: Bundles downloaded in one look.
        longest: Seconds that they may take.
        stop: Whether to leave off between two downloads.
    """

    def __init__(
        self,
        logs: FollowedLogs,
        trust: Callable[[], TrustList],
        clock: Callable[[], float],
        *,
        most: int = ROUND,
        longest: float = LONGEST,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.logs = logs
        self._trust = trust
        self._clock = clock
        self._most = most
        self._longest = longest
        self._stop = stop

    def follow(self, reader: LogReader) -> Followed:
        """Take up the log's newest checkpoint as its server shows it.

        Raises:
            RemoteError: It could not be read, or not its entries.
            RefusedError: `log-unknown`.
            SignatureError: The checkpoint is not by the log's keys.
            StoreError: The disk, or another monitor (`monitor-busy`); nothing was taken up.
        """
        signed = reader.checkpoint()
        log_keys(signed, self._trust())
        found = self.judge(signed, reader, reader.url)
        return replace(found, alarms=(*found.alarms, *self._as_newest(signed, reader.url)))

    def judge(self, signed: SignedCheckpoint, reader: LogReader, source: str) -> Followed:
        """Hold a checkpoint whose lines hold against the history that is held; take it up where it extends that.

        Args:
            reader: Where entries and tiles are read.
            source: Who showed it.
        """
        named = signed.checkpoint
        held = self.logs.head(named.origin)
        before = 0 if held is None else held.size
        seen = SeenHead(named.origin, named.size, named.root, signed.encoded, source, int(self._clock()))
        if held is None or named.size > held.size or not is_recomputed(held):
            alarms = self._extend(held, seen, reader)
        else:
            alarms = self._compare(held, seen, reader)
        now = self.logs.head(named.origin)
        size, staged = (0, 0) if now is None else (now.size, now.staged)
        return Followed(named.origin, size, before, named.size, staged > size, alarms)

    def _as_newest(self, signed: SignedCheckpoint, url: str) -> Iterator[NewAlarm]:
        """What speaks against an address that shows this as its newest checkpoint."""
        origin, size = signed.checkpoint.origin, signed.checkpoint.size
        other = self.logs.origin_at(url, origin)
        if other is not None and other != origin:
            yield NewAlarm(
                other, "log-changed", f"{url} {origin}", f"{url} now shows the log {origin}", signed.encoded
            )
        shown = self.logs.progress(origin, f"{_SHOWN} {url}")
        if size > shown:
            self.logs.progressed(origin, f"{_SHOWN} {url}", size)
        elif size < shown:
            detail = f"{url} shows size {size} as its newest; size {shown} was its newest before"
            held = self.logs.head(origin)
            notes = signed.encoded if held is None else held.note + signed.encoded
            yield NewAlarm(origin, "log-rolled-back", url, detail, notes)

    def tree(self, origin: str, size: int) -> TileTree:
        """The tree of the first `size` entries that are held."""
        return TileTree(size, lambda level, number: self.logs.tile(origin, level, number, size))

    # -- one history -----------------------------------------------------------------------------------------

    def _compare(self, held: FollowedHead, seen: SeenHead, reader: LogReader) -> tuple[NewAlarm, ...]:
        """A head that is no larger than what is held."""
        if self._own_root(held, seen.size) != seen.root:
            return (self.contradiction(held, seen, reader),)
        if seen.size < held.size:
            self.logs.keep(seen)
        return ()

    def _extend(self, held: FollowedHead | None, seen: SeenHead, reader: LogReader) -> tuple[NewAlarm, ...]:
        """A head that is larger than what is held."""
        before = 0 if held is None else held.size
        for left in reversed(range(TRIES if seen.size - before <= AGAIN else 2)):
            try:
                edge = self._download(seen, reader)
            except RemoteError as error:
                # One address may be answered by two servers, of which one does not have these entries.
                if left and is_recomputed(held) and error.code not in _GONE:
                    continue
                self.logs.keep(seen)
                raise
            if edge is None:
                return ()
            if edge.frontier().root() == seen.root:
                self.logs.advance(seen, seen.at)
                return self._judge_waiting(seen, before, reader)
            self.logs.unstage(seen.origin)
            if held is not None and is_recomputed(held):
                proof = self._proof(held, seen, reader)
                if proof is not None:
                    return (_forked(held, seen, proof),)
        return (
            _unproven("entries-mismatch", held, seen, "its entries do not lead to the root that it signed"),
        )

    def _judge_waiting(self, taken: SeenHead, before: int, reader: LogReader) -> tuple[NewAlarm, ...]:
        """Hold heads that others showed before their entries could be read against what was just taken up."""
        head = self.logs.head(taken.origin)
        assert head is not None
        tree = self.tree(head.origin, head.size)
        return tuple(
            self.contradiction(head, one, reader)
            for one in self.logs.seen(taken.origin, first=before + 1, last=head.size)
            if one.root != tree.root_at(one.size)
        )

    def _download(self, seen: SeenHead, reader: LogReader) -> Edge | None:
        """The tree of `seen.size` entries, those that are missing downloaded; None where some are left to do."""
        held = self.logs.head(seen.origin)
        staged = 0 if held is None else held.staged
        if staged > seen.size:  # of a larger head, whose download was left off
            self.logs.unstage(seen.origin)
            staged = 0 if held is None else held.size
        edge = self.logs.edge(seen.origin, staged)
        waiting: list[bytes] = []
        done, ends = 0, time.monotonic() + self._longest
        while edge.size + len(waiting) < seen.size:
            if done == self._most or self._stop() or (done and time.monotonic() > ends):
                break
            at = edge.size + len(waiting)
            number = at // WIDTH
            waiting += reader.entries(number, width_at(seen.size, 0, number))[at - number * WIDTH :]
            done += 1
            if done % CHUNK == 0:
                edge, waiting = self.logs.stage(seen.origin, edge, waiting, seen.at), []
        if waiting:
            edge = self.logs.stage(seen.origin, edge, waiting, seen.at)
        return edge if edge.size == seen.size else None

    # -- two histories ---------------------------------------------------------------------------------------

    def contradiction(self, held: FollowedHead, seen: SeenHead, reader: LogReader) -> NewAlarm:
        """The alarm of a signed head that is not of the history held; a fork proof where one can be made."""
        proof = self._proof(held, seen, reader)
        if proof is None:
            self.logs.keep(seen)
            return _unproven("heads-contradict", held, seen, f"{seen.source} shows a head of another history")
        return _forked(held, seen, proof)

    def _proof(self, held: FollowedHead, seen: SeenHead, reader: LogReader) -> bytes | None:
        """A fork proof of a head and the history held; None where none can be made."""
        signed = parse_checkpoint(seen.note)
        for other in self.logs.seen(seen.origin, first=seen.size, last=seen.size):
            if other.root != seen.root and other.root == self._own_root(held, seen.size):
                return encode_fork(parse_checkpoint(other.note), signed)
        for _ in range(2):
            try:
                return self._same_size(held, signed, reader) or self._two_sizes(held, signed, reader)
            except LedgerError as error:  # a stranger's bytes: another answer may do
                if error.code in _GONE:
                    break
        return None

    def _own_root(self, held: FollowedHead, size: int) -> bytes | None:
        return self.tree(held.origin, held.size).root_at(size) if size <= held.size else None

    def _same_size(self, held: FollowedHead, signed: SignedCheckpoint, reader: LogReader) -> bytes | None:
        """A proof with the head of this very size that the log's server keeps of the history held."""
        size = signed.checkpoint.size
        if size > held.size:
            return None
        try:
            own = reader.checkpoint_of(size)
            log_keys(own, self._trust())
        except LedgerError:  # not every size is signed, and not every log's server keeps what was
            return None
        named = own.checkpoint
        if (named.origin, named.size) != (held.origin, size) or named.root != self._own_root(held, size):
            return None
        return encode_fork(own, signed)

    def _two_sizes(self, held: FollowedHead, signed: SignedCheckpoint, reader: LogReader) -> bytes | None:
        """A proof by the first leaf in which the tree held and that of another head differ, read from its tiles.

        Raises:
            LedgerError: The tiles cannot be read, or are not of that head.
        """
        other = signed.checkpoint
        mine = self.tree(held.origin, held.size)
        theirs = TileTree(
            other.size, lambda level, number: self._other_tile(held, other.size, level, number, reader)
        )
        place = first_difference(mine, theirs, min(held.size, other.size))
        if place is None:
            raise VerificationError("the tiles are of the history held", code="no-split")
        leaves = tuple(
            Leaf(tree.node(0, place), tuple(inclusion_path(tree, place, tree.size)))
            for tree in (mine, theirs)
        )
        for leaf, size, root in (
            (leaves[0], held.size, held.root),
            (leaves[1], other.size, other.root),
        ):
            verify_inclusion(leaf.hash, place, size, leaf.path, root)
        if other.size == held.size:
            return encode_fork(parse_checkpoint(held.note), signed)
        # A tile that is of neither tree leads to a leaf that both have.
        proof = encode_fork(parse_checkpoint(held.note), signed, place, leaves)
        require_contradiction(parse_fork(proof))
        return proof

    def _other_tile(self, held: FollowedHead, size: int, level: int, number: int, reader: LogReader) -> bytes:
        """A tile of another head: where the address is answered by two servers, not that of the history held.

        Raises:
            RemoteError: The server does not give it.
        """
        width = width_at(size, level, number)
        own = self.logs.tile(held.origin, level, number, held.size)
        for left in reversed(range(TRIES)):
            try:
                data = reader.tile(level, number, width)
            except RemoteError as error:
                if not left or error.code in _GONE:
                    raise
                continue
            common = min(len(data), len(own))
            if data[:common] != own[:common] or not common:
                break
        return data


def is_recomputed(held: FollowedHead | None) -> bool:
    """Whether a head was taken up already, not only entries downloaded for the first."""
    return held is not None and bool(held.note)


def _forked(held: FollowedHead, seen: SeenHead, proof: bytes) -> NewAlarm:
    detail = f"{_both(held, seen)}: two histories, both signed by the log"
    return NewAlarm(held.origin, "log-forked", _key(seen), detail, held.note + seen.note, proof)


def _unproven(code: str, held: FollowedHead | None, seen: SeenHead, why: str) -> NewAlarm:
    before = b"" if held is None else held.note
    return NewAlarm(seen.origin, code, _key(seen), f"{_both(held, seen)}: {why}", before + seen.note)


def _both(held: FollowedHead | None, seen: SeenHead) -> str:
    shown = f"size {seen.size}, root {seen.root.hex()}, shown by {seen.source}"
    return (
        shown if held is None or not held.note else f"size {held.size}, root {held.root.hex()}, and {shown}"
    )


def _key(seen: SeenHead) -> str:
    return f"{seen.size} {seen.root.hex()}"
