"""Collecting cosignatures: a thread that takes the log's newest checkpoint to every witness.

All are asked about one size at a time, so that what they sign adds up to a quorum; a new size is taken at most once
in `INTERVAL`.  Each is asked on a thread of its own: one that is slow, silent or lies holds up no other, and finds
the size of that moment once it has answered.  Nothing is stored that does not verify.

Source: docs/spec/witness.md.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_cosignature
from ledger.core.note import NoteSignature, encode_signature_line
from ledger.errors import LedgerError, RemoteError, SignatureError, VerificationError
from ledger.remote.exchange import GUARDED
from ledger.services.repeating import InRounds, Repeating
from ledger.services.witnessing.witnesses import Asked
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.cosignatures import Cosignature, Cosignatures
from ledger.verify.keyrule import CLOCK_DRIFT

INTERVAL: Final = 1.0
"""Seconds from one size that is cosigned to the next at least."""
POLL: Final = 0.2
PATIENCE: Final = 20.0
"""Seconds that a witness has for an answer."""
SLOWEST: Final = 60.0
"""Longest wait until a witness that failed is asked again; it begins at two seconds and doubles."""
_TRIES: Final = 3


Ask = Callable[[str, int, Sequence[bytes], SignedCheckpoint], tuple[NoteSignature, ...] | int]
"""Sends an old size, a path and a checkpoint to a submission prefix: the lines, or the size cosigned last."""


class Paths(Protocol):
    """The log, as far as it is asked here."""

    def consistency_path(self, size1: int, size2: int) -> list[bytes]:
        """Proof that the tree of `size2` extends that of `size1`."""
        ...


@dataclass(slots=True)
class Standing:
    """How it stands with one witness; times in POSIX seconds.

    Attributes:
        size: Of the checkpoint it cosigned last, 0 for none; `time` is when it says it did.
        error: Why the last attempt failed; None where it did not.
        fails: Attempts that failed since one did not.
        due: When it is asked again, by the monotonic clock.
        thread: The one that asks it, or did.
    """

    asked: Asked
    size: int = 0
    time: int | None = None
    error: LedgerError | None = None
    fails: int = 0
    due: float = 0.0


class Collector(InRounds):
    """Asks witnesses until it is closed.

    Args:
        log: Proves that one size extends another.
        cosignatures: Where lines are kept.
        latest: The newest stored checkpoint.
        witnesses: Whom to ask; asked for each time.
        clock: POSIX seconds.
        ask: One question to one witness; None: over the network.
    """

    def __init__(
        self,
        log: Paths,
        cosignatures: Cosignatures,
        *,
        latest: Callable[[], StoredCheckpoint | None],
        witnesses: Callable[[], Sequence[Asked]],
        clock: Callable[[], float],
        ask: Ask | None = None,
    ) -> None:
        self._log = log
        self._cosignatures = cosignatures
        self._latest = latest
        self._witnesses = witnesses
        self._clock = clock
        self._ask_once = ask or _over_the_network
        self._rounds = Repeating("witnesses", self.round, period=POLL, unforeseen=_unforeseen, at_once=False)
        self._standings: dict[tuple[object, ...], Standing] = {}
        self._target: StoredCheckpoint | None = None
        self._taken_at = 0.0

    def standings(self) -> list[Standing]:
        """How it stands with each witness that is asked."""
        return list(self._standings.values())

    def round(self) -> None:
        """Take up the newest checkpoint where it is time, and ask each witness that has not cosigned it."""
        latest, now = self._latest(), time.monotonic()
        if latest is None:
            return
        target = self._target
        if target is None or (latest.size > target.size and now >= self._taken_at + INTERVAL):
            target, self._taken_at = latest, now
            self._target = target
        asked = {(one.url, one.keys): one for one in self._witnesses() if one.url is not None}
        for gone in self._standings.keys() - asked.keys():
            del self._standings[gone]
        for key, one in asked.items():
            standing = self._standings.get(key)
            if standing is None:
                standing = self._standings[key] = self._first(one)
            if standing.size < target.size and now >= standing.due:
                work = partial(self._ask, standing, target)
                self._rounds.beside(key, f"witness {standing.asked.name}", work)

    def _first(self, asked: Asked) -> Standing:
        last = self._cosignatures.last_of(asked.keys)
        return Standing(asked) if last is None else Standing(asked, last.size, last.time)

    def _ask(self, standing: Standing, target: StoredCheckpoint) -> None:
        """Ask one witness.  Never raises: whatever fails concerns this witness alone, and is told."""
        try:
            time_ = self._collect(standing, target)
        except LedgerError as error:
            self._failed(standing, error)
        except Exception as error:  # noqa: BLE001 - no witness may end the thread that asks
            self._failed(standing, _unforeseen(error))
        else:
            standing.size, standing.time = target.size, time_
            standing.error, standing.fails, standing.due = None, 0, 0.0

    def _failed(self, standing: Standing, error: LedgerError) -> None:
        standing.error = error
        standing.fails += 1
        standing.due = time.monotonic() + min(SLOWEST, 2.0 ** min(standing.fails, 6))

    def _collect(self, standing: Standing, target: StoredCheckpoint) -> int:
        """Get and keep the cosignature of `target`; the time of its earliest line.

        Raises:
            LedgerError: There is none, and nothing was kept.
        """
        asked, signed = standing.asked, parse_checkpoint(target.note)
        url = asked.url
        assert url is not None
        old = standing.size
        for _ in range(_TRIES):
            path = self._log.consistency_path(old, target.size) if 0 < old < target.size else []
            answer = self._ask_once(url, old, path, signed)
            if not isinstance(answer, int):
                held = self._verified(asked, signed, answer, target)
                self._cosignatures.store(held)
                return min(one.time for one in held)
            if answer > target.size:
                raise VerificationError(
                    f"witness {asked.name} says it cosigned size {answer}, and this log has signed {target.size}:"
                    " an older copy of this log was put back, or the witness does not tell the truth",
                    code="witness-ahead",
                )
            if answer == old:
                break
            old = answer
        raise RemoteError(
            f"witness {asked.name} says size {old} is not what it cosigned last, and then that it is",
            code="witness-answer",
        )

    def _verified(
        self,
        asked: Asked,
        signed: SignedCheckpoint,
        lines: Sequence[NoteSignature],
        target: StoredCheckpoint,
    ) -> list[Cosignature]:
        """The lines by the witness's keys, once each of them holds; lines of other keys are passed over."""
        known = {(vkey.name, vkey.key_id): vkey for vkey in asked.vkeys}
        now = int(self._clock())
        found: dict[tuple[str, bytes], Cosignature] = {}
        for line in lines:
            named = (line.name, line.key_id)
            if named not in known:
                continue
            if named in found:
                raise SignatureError(f"witness {asked.name} gave two lines of one key", code="line-twice")
            at = verify_cosignature(signed, line, known[named])
            if not target.signed_at - CLOCK_DRIFT <= at <= now + CLOCK_DRIFT:
                raise SignatureError(
                    f"witness {asked.name} says it signed at {at}; the checkpoint was signed at {target.signed_at},"
                    f" and it is {now}",
                    code="witness-time",
                )
            encoded = encode_signature_line(line).encode()
            found[named] = Cosignature(target.size, line.name, line.key_id, encoded, at, now)
        if not found:
            raise SignatureError(
                f"witness {asked.name} gave no line by a key of its own", code="line-missing"
            )
        return list(found.values())


def _over_the_network(
    url: str, old: int, path: Sequence[bytes], signed: SignedCheckpoint
) -> tuple[NoteSignature, ...] | int:
    from ledger.remote.witness import WitnessClient  # a node without partners needs no client

    with WitnessClient(url, patience=PATIENCE, calling=GUARDED) as client:
        return client.add_checkpoint(old, path, signed)


def _unforeseen(error: Exception) -> LedgerError:
    return RemoteError(
        f"asking the witness failed in a way that was not foreseen ({type(error).__name__})",
        code="witness-failed",
    )
