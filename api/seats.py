"""Places for streams that are registered at once, and who has them.

A client may take a place while fewer are its own than are free: alone it has half of them, beside others less, and
always leaves one to whoever has none.
"""

from collections import Counter

from ledger.services.registration.waiting import BusyError

MOST = 16
"""Streams at once; each has threads of its own."""
RETRY_AFTER = 5
"""Seconds after which one of a client's own streams is likely to have ended."""
_RETRY_OTHERS = 1


class Seats:
    """The places of one process.  For one thread."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many streams there are."""
        return self._taken.total()

    def require(self, client: str) -> None:
        """Refuse a client that has its share, or whom there is no place for.

        Args:
            client: By whom it is counted; see `api.limiting.client_of`.

        Raises:
            BusyError: `too-many-requests`, `overloaded`.
        """
        own, free = self._taken[client], MOST - self.taken
        if own < free:
            return
        if own:
            raise BusyError(
                f"{own} streams of this client are being registered already, and {free} places are free; go on once one"
                " of them has ended",
                code="too-many-requests",
                retry_after=RETRY_AFTER,
            )
        raise BusyError(
            f"{MOST} streams are being registered already", code="overloaded", retry_after=_RETRY_OTHERS
        )

    def take(self, client: str) -> None:
        """Note a stream that begins."""
        self._taken[client] += 1

    def leave(self, client: str) -> None:
        """Note a stream that has ended."""
        self._taken[client] -= 1
        if not self._taken[client]:
            del self._taken[client]
