"""Pulling from a partner's node what concerns one's own jurisdiction: named by it, verified here, then kept.

The partner's log is looked through in its order, page by page, and each page is kept in one transaction with the place
that was reached: whatever ends a pull, the next goes on from there.  A bundle that does not hold is not kept, and asked
for again later; so is one that is not anchored yet.  What the partner leaves out nobody here can know.

Source: docs/spec/exchange.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ledger.core.checkpoint import SignedCheckpoint
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, RefusedError, RemoteError, VerificationError
from ledger.services.exchange.accepting import accept, require_believed
from ledger.services.exchange.renewing import made_old
from ledger.services.trust.partners import Partner
from ledger.store.partners import Kept, Mirror, Pending
from ledger.verify.notes import open_note

if TYPE_CHECKING:  # loading it loads an HTTP client
    from ledger.remote.concerning import Concerning

MOST_BYTES: Final = 4 * 1024**3
"""Bytes that are kept of one partner, about, compressed."""
MOST_PENDING: Final = 10_000
"""Statements of one partner that may wait to be asked for again; beyond it the partner is not asked for more."""
WRITTEN: Final = 50
"""Statements after which what came is written."""
AGAIN: Final = 200
"""Statements asked for again in one pull."""
_FIRST_WAIT: Final = 5
_LONGEST_WAIT: Final = 3600
_NOT_ANCHORED: Final = "not-anchored-yet"
_OLD: Final = "newer-evidence"
_DETAIL: Final = 300
_CANNOT: Final = frozenset({429, *range(500, 600)})
"""Statuses by which a node says that it cannot answer at present."""

_Item = TypeVar("_Item")


class Source(Protocol):
    """A partner's node; `ledger.remote.node.NodeClient` is one."""

    def checkpoint(self) -> SignedCheckpoint:
        """The latest checkpoint of its log."""
        ...

    def concerning(self, jurisdiction: str, *, after: int) -> "Concerning":
        """The next page of what concerns a jurisdiction."""
        ...

    def bundle(self, digest: str, *, allow_unanchored: bool = False) -> bytes:
        """The bundle about a statement."""
        ...


@dataclass(slots=True)
class Pulled:
    """What became of a pull.

    Attributes:
        looked: Statements of the partner's log that were looked through, `of` as many at most.
        kept: Bundles that were kept.
        waiting: Of those, bundles without an anchor so far.
        refused: Statements whose bundle does not hold; `why` has the first few, by code.
    """

    partner: str
    looked: int = 0
    of: int = 0
    kept: int = 0
    waiting: int = 0
    refused: int = 0
    why: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Puller:
    """Asks one partner; made for one pull.

    Args:
        jurisdiction: One's own.
        told: Called after each statement.
        stop: Asked before each; True ends the pull early.
        again: Whether all that waits is asked for once more, not only what is due.
    """

    partner: Partner
    source: Source
    mirror: Mirror
    trust: TrustList
    jurisdiction: str
    clock: Callable[[], float]
    told: Callable[[Pulled], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False
    again: bool = False
    pulled: Pulled = field(init=False)
    fresh: list[Kept] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.pulled = Pulled(self.partner.name)

    def pull(self) -> Pulled:
        """Pull all there is.  How it ended is noted in the mirror.

        Raises:
            RemoteError: The partner's node was out of reach or answered nonsense.
            RefusedError: `partner-not-trusted`; `mirror-full`; `partner-refused`: too much of it does not hold;
                `pull-stopped`.
            VerificationError: Its checkpoint does not hold; `partner-log-shrunk`: its log has fewer entries than were
                looked through.
            StoreError: The mirror could not be written.
        """
        name = self.partner.name
        try:
            require_believed(self.partner, self.trust)
            self._pull()
        except LedgerError as error:
            self.mirror.ended(name, at=self._now(), code=error.code, detail=str(error)[:_DETAIL])
            raise
        if self.pulled.refused:
            code, detail = next(iter(self.pulled.why.items()))
            self.mirror.ended(name, at=self._now(), code=code, detail=detail[:_DETAIL])
        else:
            self.mirror.ended(name, at=self._now())
        return self.pulled

    def _pull(self) -> None:
        begun = self._now()
        origin, size = self._head()
        after = self.mirror.cursor(origin)
        if size <= after:
            raise VerificationError(
                f"{origin} has {size} entries by its checkpoint; {after + 1} were looked through before",
                code="partner-log-shrunk",
            )
        self.pulled.of = size - 1 - after
        while after + 1 < size:
            self._require_room()
            page = self._page(after, size)
            for part in _parts(page.items):
                self._take([(bytes.fromhex(one.digest), one.index, 0) for one in part], origin)
                self._renew(begun)
                self.mirror.put(self.partner.name, (), cursor=(origin, part[-1].index))
            self.mirror.put(self.partner.name, (), cursor=(origin, page.after))
            self.pulled.looked += page.after - after
            after = page.after
            self.told(self.pulled)
        due = self.mirror.pending(self.partner.name, now=None if self.again else begun, limit=AGAIN)
        for waiting in _parts(due):
            self._take([(one.digest, one.index, one.tries) for one in waiting], origin)

    def _renew(self, begun: int) -> None:
        """Have bundles asked for again that what was kept just now made old."""
        fresh, self.fresh = self.fresh, []
        room = MOST_PENDING // 2 - self.mirror.holdings(self.partner.name).pending
        old = {one.subject: one for told in fresh for one in made_old(told, self.mirror)}
        waiting = [
            Pending(one.subject, one.index, _OLD, "something newer is told of it", 0, begun)
            for one in list(old.values())[: max(room, 0)]
        ]
        if waiting:
            self.mirror.put(self.partner.name, (), pending=waiting)

    def _page(self, after: int, size: int) -> "Concerning":
        """The next page, no further than the signed head: what lies beyond it is for the next pull."""
        page = self.source.concerning(self.jurisdiction, after=after)
        if page.after == after:
            raise RemoteError(
                f"{self.partner.name} says that nothing follows entry {after}; its checkpoint has {size} entries",
                code="remote-answer-invalid",
            )
        if page.after < size:
            return page
        items = tuple(one for one in page.items if one.index < size)
        return replace(page, items=items, after=size - 1, more=False)

    def _head(self) -> tuple[str, int]:
        """Origin and size of the partner's log, by a checkpoint that its own keys signed."""
        signed = self.source.checkpoint()
        origin = signed.checkpoint.origin
        log = self.trust.log(origin)
        if log is None or origin not in self.partner.entry.listed.logs:
            raise VerificationError(
                f"the node of {self.partner.name} serves {origin}, which its entry or the trust list does not name",
                code="partner-log",
            )
        return origin, open_note(signed.encoded, origin, log).size

    def _take(self, wanted: Sequence[tuple[bytes, int, int]], origin: str) -> None:
        """Fetch, verify and keep the bundles about statements: digest, index, how often it was asked for."""
        kept: list[Kept] = []
        pending: list[Pending] = []
        settled: list[bytes] = []
        try:
            for digest, index, tries in wanted:
                if self.stop():
                    raise RefusedError("the pull was told to stop", code="pull-stopped")
                found = self._accepted(digest, (origin, index))
                if isinstance(found, Kept):
                    kept.append(found)
                    self.fresh += [] if tries else [found]
                    self.pulled.kept += 1
                    self.pulled.waiting += not found.anchored
                    code, detail = _NOT_ANCHORED, "kept, and not shown to be anchored so far"
                else:
                    code, detail = getattr(found, "problem", found.code), str(found)
                    self.pulled.refused += 1
                    self.pulled.why.setdefault(code, detail)
                if isinstance(found, Kept) and found.anchored:
                    settled.append(digest)
                else:
                    due = self._now() + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(tries, 10))
                    pending.append(Pending(digest, index, code, detail[:_DETAIL], tries + 1, due))
                self.told(self.pulled)
        finally:
            self.mirror.put(self.partner.name, kept, pending=pending, settled=settled)

    def _accepted(self, digest: bytes, place: tuple[str, int]) -> Kept | LedgerError:
        """What the partner gives about a statement, verified; or what is wrong with it.

        Raises:
            RemoteError: The partner cannot answer at present, about this or any other.
        """
        try:
            data = self.source.bundle(digest.hex(), allow_unanchored=True)
        except RemoteError as error:
            status = getattr(error, "status", None)  # of a node that understood, and said no
            if error.code == "remote-answer-invalid" or (status is not None and status not in _CANNOT):
                return error
            raise
        try:
            return accept(data, self.partner, self.trust, now=self._now(), digest=digest, place=place)
        except LedgerError as error:
            return error

    def _require_room(self) -> None:
        held = self.mirror.holdings(self.partner.name)
        if held.bytes > MOST_BYTES:
            raise RefusedError(
                f"{held.bytes} bytes are kept of {self.partner.name}; at most {MOST_BYTES} are",
                code="mirror-full",
            )
        if held.pending > MOST_PENDING:
            raise RefusedError(
                f"{held.pending} statements of {self.partner.name} do not hold or are not anchored;"
                f" it is asked for no more than {MOST_PENDING} such",
                code="partner-refused",
            )

    def _now(self) -> int:
        return int(self.clock())


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), WRITTEN):
        yield items[start : start + WRITTEN]
