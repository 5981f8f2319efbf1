"""What waits to be judged: single statements and parts of streams, and the error of those for whom there is no room."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from ledger.errors import RefusedError
from ledger.services.admission.batches import Batch
from ledger.services.registration.register import Answer, Registration

_NAME: Final = b'"issuer":"'
_LONGEST_NAME: Final = 512

Told = Callable[[Answer | Exception], None]
"""Takes an answer, on another thread; must neither wait nor fail."""


class BusyError(RefusedError):
    """Too much waits; the same may be sent again.

    Args:
        retry_after: Seconds after which it is likely to be taken in.
    """

    default_code = "overloaded"

    def __init__(self, message: str, *, code: str, retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


@dataclass(eq=False, slots=True)
class Single:
    """A statement that came by itself, and everybody who sent the same bytes meanwhile."""

    data: bytes
    wanted: str | None
    client: str
    issuer: str
    whose: str
    told: list[Told]
    cost: int = 1
    is_refusable: bool = True

    @property
    def key(self) -> tuple[str, str | None, bytes]:
        """What makes two of them one."""
        return self.whose, self.wanted, self.data

    def answer(self, found: Answer | Exception) -> None:
        """Tell everybody who sent it; of those the first alone was the first."""
        for told in self.told:
            told(found)
            if isinstance(found, Registration) and found.first:
                found = replace(found, first=False)


@dataclass(eq=False, slots=True)
class Chunk:
    """A part of a stream."""

    documents: Sequence[bytes]
    now: int
    wanted: str | None
    future: "Future[Batch]"
    is_refusable: bool = False

    @property
    def cost(self) -> int:
        """Statements in it."""
        return len(self.documents)


def claimed_issuer(data: bytes) -> str:
    """Who a document says has signed it; read without looking at the rest, so that it may be anything."""
    at = data.rfind(_NAME) + len(_NAME)
    end = data.find(b'"', at, at + _LONGEST_NAME)
    return data[at:end].decode("utf-8", "replace") if at >= len(_NAME) and end > 0 else ""
