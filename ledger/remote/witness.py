"""A witness as a log sees it: add-checkpoint of C2SP tlog-witness, and the checkpoint that it cosigned last.

What it answers is a stranger's word: whether its lines hold, the caller finds out.
"""

from collections.abc import Sequence
from hashlib import sha256
from types import TracebackType
from typing import Final, Self

import httpx2

from ledger.core.canonical import NOTE_LIMIT
from ledger.core.checkpoint import SignedCheckpoint
from ledger.core.note import NoteSignature
from ledger.core.witness import (
    ANSWER_LIMIT,
    SIZE_TYPE,
    encode_add_checkpoint,
    parse_cosignatures,
    parse_size,
)
from ledger.errors import MalformedError
from ledger.remote.exchange import UNSIGNED, Calling, Exchange, invalid

_CONFLICT: Final = 409
_UNKNOWN: Final = 404
_BODY_TYPE: Final = "text/plain; charset=utf-8"


class WitnessClient:
    """Calls to one witness; a context manager.

    Args:
        url: Its submission prefix, e.g. https://registry.example.xb/witness.
        transport: Another way than the network, for tests.
        patience: Seconds that a whole answer may take.
        calling: In whose name.

    Raises:
        RemoteError: As `ledger.remote.exchange.Exchange`.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        patience: float | None = None,
        calling: Calling = UNSIGNED,
    ) -> None:
        self._exchange = Exchange(url, transport=transport, patience=patience, calling=calling)
        self.url = self._exchange.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exchange.close()

    def add_checkpoint(
        self, old: int, path: Sequence[bytes], signed: SignedCheckpoint
    ) -> tuple[NoteSignature, ...] | int:
        """Ask for a cosignature: the lines that came, none of them verified; or the size it says it cosigned last.

        Args:
            old: Size that it is thought to have cosigned last; 0 for none, and to learn it.
            path: Consistency path from there.

        Raises:
            RemoteError: It could not be reached, answered nonsense, or refused (`RemoteRefusedError`).
        """
        answer = self._exchange.ask(
            "POST",
            "/add-checkpoint",
            body=encode_add_checkpoint(old, path, signed.encoded),
            content_type=_BODY_TYPE,
            limit=ANSWER_LIMIT,
            taken=frozenset({_CONFLICT}),
        )
        try:
            if answer.status != _CONFLICT:
                return parse_cosignatures(answer.body, signed)
            if answer.content_type != SIZE_TYPE:
                raise invalid(self.url, f"status 409 that is not of type {SIZE_TYPE}")
            return parse_size(answer.body)
        except MalformedError as error:
            raise invalid(self.url, f"something else than a witness does: {error}") from None

    def checkpoint(self, origin: str) -> bytes | None:
        """The checkpoint it says it cosigned last of a log, a note of which nothing is verified; None for none.

        Raises:
            RemoteError: As `add_checkpoint`.
        """
        named = sha256(origin.encode()).hexdigest()
        path = f"/{named}/checkpoint"
        answer = self._exchange.ask("GET", path, limit=NOTE_LIMIT, taken=frozenset({_UNKNOWN}))
        return None if answer.status == _UNKNOWN else answer.body
