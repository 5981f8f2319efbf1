"""When a head may be signed: not before the last one, and not before what it covers says that it was signed.

The first checkpoint over an entry is what this node knows of its age.  One that is signed more than `CLOCK_DRIFT`
before the entry's own `created` says that it is older than itself: by the key rule, an enrolment so dated never counts,
and its party could register nothing, whatever comes later.  Both clocks are of this node where it is registered, so
that this happens only where one was set back meanwhile, or where several processes have clocks that differ.

Source: docs/spec/key-rule.md, rule 2.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.errors import StoreError
from ledger.store.rows import NewStatement
from ledger.verify.keyrule import CLOCK_DRIFT

PATIENCE: Final = 2
"""Seconds that the clock may be behind and just be waited for."""


def is_time(now: int, *, last: int, claimed: int) -> bool:
    """Whether a head may be signed at `now`; where not, the clock is nearly there.

    Args:
        now: POSIX seconds.
        last: When the last head was signed.
        claimed: The latest `created` of the entries that the new head is the first to cover.

    Raises:
        StoreError: `clock-behind`: by so much that nobody should wait for it.
    """
    if now < last - PATIENCE:
        raise StoreError(
            f"the clock is at {now}, {last - now} s behind the last checkpoint; nothing is signed till then",
            code="clock-behind",
        )
    earliest = claimed - CLOCK_DRIFT
    if now < earliest - PATIENCE:
        raise StoreError(
            f"the clock is at {now}, {claimed - now} s behind an entry that no checkpoint covers yet; nothing is signed"
            f" until {earliest}",
            code="clock-behind",
        )
    return now >= max(last, earliest)


def claimed_by(statements: Iterable[NewStatement]) -> int:
    """The latest time at which one of them says that it was signed; 0 of none."""
    return max((one.created for one in statements), default=0)


def untimely(statements: Sequence[NewStatement], now: int) -> StoreError | None:
    """Why statements cannot be appended now: by this clock they are not signed yet; None where they can."""
    claimed = claimed_by(statements)
    if claimed <= now + CLOCK_DRIFT:
        return None
    return StoreError(
        f"the clock is at {now}, {claimed - now} s behind a statement that was found good by a clock that is right or"
        " ahead; send it again",
        code="clock-behind",
    )
