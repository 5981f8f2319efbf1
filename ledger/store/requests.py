"""What a node remembers of signed requests: the nonces that were used, and what is to be carried out once.

Both are unique in the database, so that every process that serves the node refuses what another has seen.  Nonces that
are over are taken away, and with them goes what tells a replay: until when they were is kept, and nothing of that time
is taken any more, whatever the clock says by then.

Source: docs/spec/request-signatures.md.
"""

from typing import Final, Literal

from ledger.store.database import Database, Writing

PRUNED: Final = 60
"""Seconds between two times that what is over is taken away."""

Standing = Literal["begun", "running", "finished", "other"]
"""Of a named request: begun now, under way, answered before, or the name stands for something else."""


Use = Literal["first", "again", "forgotten"]
"""Of a nonce: used now for the first time, used before, or of a time whose nonces were taken away."""


class Requests:
    """The signed requests in `database`.  Safe for threads and processes; each write is durable when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pruned = 0

    def use(self, key: str, nonce: str, *, until: int, now: int) -> Use:
        """Use a nonce of a key.

        Args:
            key: Verification method of the key.
            until: POSIX seconds after which no signature with it counts, whichever clock is asked.
            now: POSIX seconds.
        """
        with self._database.write() as writing:
            self._prune(writing, now)
            made = writing.execute(
                "INSERT INTO request_nonce (key, nonce, until) VALUES (?, ?, ?) ON CONFLICT (key, nonce) DO NOTHING",
                (key, nonce, until),
            )
            if made.rowcount != 1:
                return "again"
            # Asked after the nonce is written: whoever takes nonces away meanwhile has said so before it got its place.
            (forgotten,) = writing.execute("SELECT max(until) FROM request_forgotten").fetchone()
            if forgotten is None or until > forgotten:
                return "first"
            writing.execute("DELETE FROM request_nonce WHERE key = ? AND nonce = ?", (key, nonce))
        return "forgotten"

    def begin(self, caller: str, name: str, payload: bytes, *, until: int, now: int) -> Standing:
        """Begin a request that its caller named.

        Args:
            caller: DID of who asks: two callers' names have nothing to do with each other.
            name: The caller's `Idempotency-Key`.
            payload: SHA-256 of what is asked, 32 bytes.
            until: POSIX seconds for which the name stands.
            now: POSIX seconds.
        """
        with self._database.write() as writing:
            writing.execute(
                "DELETE FROM request_once WHERE caller = ? AND name = ? AND until < ?", (caller, name, now)
            )
            made = writing.execute(
                "INSERT INTO request_once (caller, name, payload, finished, until) VALUES (?, ?, ?, 0, ?)"
                " ON CONFLICT (caller, name) DO NOTHING",
                (caller, name, payload, until),
            )
            if made.rowcount == 1:
                return "begun"
            held = writing.execute(
                "SELECT payload, finished FROM request_once WHERE caller = ? AND name = ?", (caller, name)
            ).fetchone()
        if bytes(held[0]) != payload:
            return "other"
        return "finished" if held[1] else "running"

    def end(self, caller: str, name: str, payload: bytes, *, until: int | None) -> None:
        """End a request that was begun: as answered, its name standing `until`; or as never begun, with None."""
        with self._database.write() as writing:
            writing.execute("DELETE FROM request_once WHERE caller = ? AND name = ?", (caller, name))
            if until is not None:
                writing.execute(
                    "INSERT INTO request_once (caller, name, payload, finished, until) VALUES (?, ?, ?, 1, ?)",
                    (caller, name, payload, until),
                )

    def _prune(self, writing: Writing, now: int) -> None:
        if 0 <= now - self._pruned < PRUNED:
            return
        (last,) = writing.execute("SELECT max(until) FROM request_nonce WHERE until < ?", (now,)).fetchone()
        if last is not None:
            query = "INSERT INTO request_forgotten (until) VALUES (?) ON CONFLICT (until) DO NOTHING"
            writing.execute(query, (last,))
            writing.execute("DELETE FROM request_forgotten WHERE until < ?", (last,))
            writing.execute("DELETE FROM request_nonce WHERE until <= ?", (last,))
        writing.execute("DELETE FROM request_once WHERE until < ?", (now,))
        self._pruned = now
