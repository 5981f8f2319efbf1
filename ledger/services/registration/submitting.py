"""How statements reach the log: what whoever registers them needs of whoever appends them."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from ledger.errors import ConflictError, LedgerError
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.log import Appended
from ledger.store.rows import NewStatement

Outcome = Appended | ConflictError


class Submitting(Protocol):
    """Takes verified statements to one log and answers once a stored checkpoint covers them."""

    @property
    def latest(self) -> StoredCheckpoint | None:
        """The newest stored checkpoint that is known here."""

    @property
    def trouble(self) -> LedgerError | None:
        """Why nothing is signed at present; None when all is well."""

    def submit(self, statements: Sequence[NewStatement], *, wait: float = 0.0) -> "Future[list[Outcome]]":
        """Queue statements, already verified; one outcome each, in order, once they are covered.

        Args:
            wait: Seconds to wait for room when too many wait already.

        Raises:
            RefusedError: `overloaded`: there is no room.  Safe to retry.
            StoreError: `sequencer-closed`.
        """

    def close(self) -> None:
        """Answer what waits, and stop."""
