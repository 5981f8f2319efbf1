"""Watching logs: each is followed, and held against what its witnesses, partners' nodes and chains saw of it.

    others are asked → the log's newest checkpoint is followed → each view is compared with the own root at its size

Others are asked first: what they saw was published before, so whoever's size the log's server does not show then is
shown less than others.  Alarms are durable before they are told.

Source: docs/monitoring.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.errors import (
    ConflictError,
    LedgerError,
    RemoteError,
    SetupError,
    SignatureError,
    StoreError,
    VerificationError,
)
from ledger.remote.tiles import LogReader
from ledger.services.monitoring.following import Followed, Follower, log_keys
from ledger.services.monitoring.mirroring import keep
from ledger.services.monitoring.sources import Source, View, note_held
from ledger.services.monitoring.succession import Notice, alarms_at, alarms_of, notice_shown, require_own
from ledger.store.alarms import Alarm, Alarms, NewAlarm
from ledger.store.followed import FollowedLogs

UNREACHABLE: Final = 3
"""Looks in a row in which a log could not be read, after which that is an alarm."""
WITHIN: Final = 600
"""Seconds after which a head that is in no contract is an alarm, where the trust list asks for anchors."""
_ANCHOR: Final = 6
_FAILED: Final = "failed"
_ANCHORED: Final = "anchored"
_WAITING: Final = "unanchored since"
_SUCCESSION: Final = "succession asked"
_TOLD: Final = 2
_AT_ONCE: Final = 8


@dataclass(slots=True)
class Look:
    """How one look at a log went.

    Attributes:
        origin: None while that is not known.
        size: Of the newest head that was recomputed; `before`, of the one before this look.
        shown: Size that its server showed.
        is_reading: Entries up to there, or statements for the mirror, are still to be downloaded.
        agreed: Who saw the same.
        troubles: Who could not be asked, and why.
        alarms: Those that this look raised.
        mirrored: Size of the mirror; None where none is kept.
        error: Why the log itself could not be read; None where it was.
        succeeds: The notice that it begins with, in the look that first met it; None where it has none.
        is_told: Whether its notice counted, in this look or an earlier one.
    """

    url: str
    origin: str | None = None
    size: int = 0
    before: int = 0
    shown: int = 0
    is_reading: bool = False
    agreed: list[str] = field(default_factory=list)
    troubles: list[tuple[str, LedgerError]] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    mirrored: int | None = None
    error: LedgerError | None = None
    succeeds: Notice | None = None
    is_told: bool = False


class Monitor:
    """Looks at logs.

    Args:
        logs: What is followed.
        alarms: What was raised.
        trust: Whose keys are whose; asked for each time.
        clock: POSIX seconds.
        sources: Who is asked about a log.
        folder: Where logs are mirrored; None: nowhere.
        publish: Told of each new alarm, which is durable by then.
        within: Seconds after which a head must be anchored, where the trust list asks for anchors.
        stop: Whether to leave off.
    """

    def __init__(
        self,
        logs: FollowedLogs,
        alarms: Alarms,
        trust: Callable[[], TrustList],
        clock: Callable[[], float],
        *,
        sources: Callable[[LogKeys], Iterable[Source]] = lambda _: (),
        folder: Path | None = None,
        publish: Callable[[Alarm], object] = lambda _: None,
        within: int = WITHIN,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.logs = logs
        self.alarms = alarms
        self._trust = trust
        self._clock = clock
        self._sources = sources
        self._folder = folder
        self._publish = publish
        self._within = within
        self._stop = stop
        self.follower = Follower(logs, trust, clock, stop=stop)

    def look(self, reader: LogReader) -> Look:
        """Look at a log once.  Never raises an error of ours but the store's: what fails stands in the answer."""
        look = Look(reader.url, self.logs.origin_at(reader.url))
        try:
            keys = self._keys(reader, look)
            self._ask_whom_it_succeeds(reader, look, keys.origin)
            views = self._ask(keys, look)
            self._follow(reader, look)
            for source, seen in views:
                self._compare(source, seen, keys, reader, look)
            self._require_anchors(views, keys, look)
            self._mirror(keys.origin, reader, look)
        except LedgerError as error:
            look.error = error
        self._count_failures(look)
        return look

    # -- the log itself --------------------------------------------------------------------------------------

    def _keys(self, reader: LogReader, look: Look) -> LogKeys:
        signed = reader.checkpoint()
        if self._trust().log(signed.checkpoint.origin) is None:
            self._ask_whom_it_succeeds(reader, look, signed.checkpoint.origin)
        try:
            keys = log_keys(signed, self._trust())
        except SignatureError as error:
            detail = f"{reader.url} shows a checkpoint that is not by the log's keys: {error}"
            origin = signed.checkpoint.origin
            self._raise(look, [NewAlarm(origin, "checkpoint-unsigned", reader.url, detail, signed.encoded)])
            raise
        look.origin = keys.origin
        return keys

    def _follow(self, reader: LogReader, look: Look) -> None:
        found = self.follower.follow(reader)
        head = self.logs.head(found.origin)
        look.size = 0 if head is None else head.size
        look.before, look.shown, look.is_reading = found.before, found.shown, found.is_reading
        ended = None if look.succeeds is None else look.succeeds.told.log.origin
        self._raise(look, (one for one in found.alarms if (one.code, one.origin) != ("log-changed", ended)))
        if head is not None and head.size and (look.succeeds is not None or look.size > look.before):
            signed, tree = parse_checkpoint(head.note), self.follower.tree(found.origin, head.size)
            told = alarms_at(found.origin, signed, tree.root_at, self.alarms, look.url)
            self._raise(look, told)

    def _ask_whom_it_succeeds(self, reader: LogReader, look: Look, origin: str) -> None:
        """Ask a log that was not met there before whether it succeeds another one, and tell what its notice says."""
        # At each address: two that show one name may show two notices.
        met = f"{origin} at {reader.url}"
        asked = self.logs.progress(met, _SUCCESSION)
        look.is_told = asked == _TOLD
        if asked:
            return
        try:
            shown = notice_shown(reader, self._trust(), int(self._clock()))
            if shown is not None:
                require_own(shown, origin)
        except LedgerError as error:  # it says nothing then; the log is followed all the same
            look.troubles.append(("its notice", error))
            return
        look.succeeds, look.is_told = shown, shown is not None
        if shown is not None:
            self._raise(look, alarms_of(shown, self.logs, self.alarms, reader.url, self._root_at))
        self.logs.progressed(met, _SUCCESSION, _TOLD if look.is_told else 1)

    def _root_at(self, origin: str, followed: int, size: int) -> bytes:
        return self.follower.tree(origin, followed).root_at(size)

    def _mirror(self, origin: str, reader: LogReader, look: Look) -> None:
        if self._folder is None:
            return
        try:
            look.mirrored = keep(self.logs, origin, reader, self._folder, stop=self._stop)
            look.is_reading |= look.mirrored < look.size
        except VerificationError as error:
            self._raise(look, [NewAlarm(origin, error.code, look.url, str(error))])

    def _count_failures(self, look: Look) -> None:
        if isinstance(look.error, StoreError | SetupError | ConflictError):
            return  # the monitor's own disk, or another monitor beside it
        if look.error is not None and look.error.code == "log-unknown" and look.is_told:
            return  # it was reached, and is another log than is believed: that is told
        failed = 0 if look.error is None else self.logs.progress(look.url, _FAILED) + 1
        if failed or self.logs.progress(look.url, _FAILED):
            self.logs.progressed(look.url, _FAILED, failed)
        if look.error is not None and failed >= UNREACHABLE:
            detail = f"{look.url} could not be followed {failed} times in a row: {look.error}"
            self._raise(look, [NewAlarm(look.origin or look.url, "log-unreachable", look.url, detail)])

    # -- what others saw -------------------------------------------------------------------------------------

    def _ask(self, keys: LogKeys, look: Look) -> list[tuple[Source, Sequence[View]]]:
        try:
            sources = list(self._sources(keys))
        except LedgerError as error:
            look.troubles.append(("sources", error))
            return []
        if not sources:
            return []
        answers: list[tuple[Source, Sequence[View]]] = []
        with ThreadPoolExecutor(min(len(sources), _AT_ONCE), "monitor") as asking:
            asked = [(source, asking.submit(source.ask, keys)) for source in sources]
            for source, answer in asked:
                try:
                    answers.append((source, answer.result()))
                except LedgerError as error:
                    look.troubles.append((source.name, error))
        return answers

    def _compare(
        self, source: Source, seen: Sequence[View], keys: LogKeys, reader: LogReader, look: Look
    ) -> None:
        """Hold what somebody saw against the own root at each size."""
        agreed = 0
        for view in seen:
            if view.size > look.size:
                if look.size < look.shown:
                    return  # what is shown could not be taken up, or not yet; a later look compares
                self._raise(look, self._beyond(source, view, reader, look))
            if view.size <= look.size:
                if self.follower.tree(keys.origin, look.size).root_at(view.size) == view.root:
                    agreed = view.size
                    continue
                self._raise(look, self._other(source, view, keys, reader))
            if agreed:
                source.told(keys, agreed)
            return
        if agreed:
            source.told(keys, agreed)
            look.agreed.append(source.name)

    def _beyond(self, source: Source, view: View, reader: LogReader, look: Look) -> Iterator[NewAlarm]:
        """A size that the log's own server does not show, though it was published before."""
        self._follow(reader, look)  # it may have grown since: whatever it shows now counts
        if view.size <= look.shown:
            return
        if view.signed is not None:
            try:
                found = self.follower.judge(view.signed, reader, source.name)
            except RemoteError:
                pass  # it does not give these entries; the head is kept until it does
            else:
                look.size = found.size
                yield from found.alarms
                if view.size <= look.size or found.alarms:
                    return
        assert look.origin is not None
        detail = f"{look.url} shows size {look.size} of {look.origin}, and {source.name} saw size {view.size}"
        notes = b"" if view.signed is None else view.signed.encoded
        yield NewAlarm(look.origin, "log-withholds", source.name, detail, notes)

    def _other(self, source: Source, view: View, keys: LogKeys, reader: LogReader) -> Iterable[NewAlarm]:
        """Another root than the own one at its size."""
        signed = view.signed
        if signed is None and source.kind == "partner":
            signed = _found(lambda: note_held(source.name.removeprefix("node "), keys, view.size))
        if signed is None:
            signed = _found(lambda: self._own_head(reader, keys, view.size))
        if signed is not None and signed.checkpoint.root == view.root:
            with_proof: Followed = self.follower.judge(signed, reader, source.name)
            if with_proof.alarms:
                return with_proof.alarms
        detail = (
            f"{source.name} holds root {view.root.hex()} of {keys.origin} at size {view.size}; its entries lead to"
            f" {self.follower.tree(keys.origin, view.size).root().hex()}"
        )
        return [NewAlarm(keys.origin, "other-root", source.name, detail)]

    def _own_head(self, reader: LogReader, keys: LogKeys, size: int) -> SignedCheckpoint | None:
        """The head of this log of a size that its server keeps, its lines verified; None for any other."""
        found = reader.checkpoint_of(size)
        log_keys(found, self._trust())
        return found if (found.checkpoint.origin, found.checkpoint.size) == (keys.origin, size) else None

    def _require_anchors(
        self, views: Sequence[tuple[Source, Sequence[View]]], keys: LogKeys, look: Look
    ) -> None:
        """Heads that are in no contract for too long, where the trust list asks for anchors and a chain is asked."""
        asked = [seen for source, seen in views if source.kind == "chain"]
        required = any(_ANCHOR in one.steps or one.chains for one in self._trust().require.values())
        if not asked or not required:
            return
        anchored = max((view.size for seen in asked for view in seen), default=0)
        waiting = self.logs.seen(keys.origin, first=anchored + 1, last=look.size)
        since = self._waiting_since(keys.origin, anchored, [head.at for head in waiting])
        if since is not None and self._clock() - since > self._within:
            detail = (
                f"{keys.origin} is anchored up to size {anchored}, and signed a larger one"
                f" {int(self._clock() - since)} s ago; {self._within} s are allowed"
            )
            self._raise(look, [NewAlarm(keys.origin, "anchors-missing", str(anchored), detail)])

    def _waiting_since(self, origin: str, anchored: int, waiting: Sequence[int]) -> int | None:
        """Since when heads beyond the anchored size were seen: longer than heads themselves are kept."""
        if not waiting:
            return None
        since = self.logs.progress(origin, _WAITING)
        if not since or self.logs.progress(origin, _ANCHORED) != anchored:
            since = min(waiting)
            self.logs.progressed(origin, _ANCHORED, anchored)
            self.logs.progressed(origin, _WAITING, since)
        return since

    def _raise(self, look: Look, found: Iterable[NewAlarm]) -> None:
        for one in found:
            alarm = self.alarms.raise_(one, int(self._clock()))
            if alarm is not None:
                look.alarms.append(alarm)
                self._publish(alarm)


def _found(ask: Callable[[], SignedCheckpoint | None]) -> SignedCheckpoint | None:
    try:
        return ask()
    except LedgerError:
        return None
