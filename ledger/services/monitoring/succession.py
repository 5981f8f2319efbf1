"""What a monitor makes of a log's notice that it succeeds another one.

The notice is asked for once, when the log is first met.  It counts by the registrar's signature, under the trust list;
where the log is followed, it must be its first entry.  It is held against what was seen of the log that ended, then and
later, and against the first notice that was shown of that: a second successor is an alarm.

Source: docs/spec/log-succession.md, docs/monitoring.md.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.merkle import leaf_hash
from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import VerificationError
from ledger.remote.tiles import LogReader
from ledger.statements.log_succession import LogSuccession, read
from ledger.store.alarms import Alarms, NewAlarm
from ledger.store.followed import FollowedLogs
from ledger.verify.succession import check_followed, check_notice, check_shown, in_words, succession_author

ENDED: Final = "log-succeeded"
SPLIT: Final = "succession-split"
MISPLACED: Final = "succession-place"


class Notice(NamedTuple):
    """A notice that counts, and what it says."""

    statement: Statement
    told: LogSuccession


def notice_shown(reader: LogReader, trust: TrustList, now: int) -> Notice | None:
    """The notice that a log's node shows; None where it shows none.

    Raises:
        LedgerError: It is no notice that counts, or the node gave no answer.
    """
    data = reader.succession()
    if data is None:
        return None
    statement = parse_statement(data)
    told = read(statement, screened=False)
    succession_author(statement, trust, now)
    check_notice(told, trust)
    return Notice(statement, told)


def require_own(notice: Notice, origin: str) -> None:
    """Check that a notice is of the log that shows it.

    Raises:
        VerificationError: `succession-place`.
    """
    if notice.told.successor.origin != origin:
        raise VerificationError(
            f"{origin} shows the notice {notice.statement.digest.hex()}, which is that of another log",
            code="succession-place",
        )


def alarms_of(
    notice: Notice, logs: FollowedLogs, alarms: Alarms, url: str, root_at: Callable[[str, int, int], bytes]
) -> Iterator[NewAlarm]:
    """That a log ended, and what of its notice contradicts what was seen.

    Args:
        root_at: Of the log of an origin, followed to a size, the root at another size.
    """
    told, digest = notice.told, notice.statement.digest.hex()
    ended, body = told.log.origin, notice.statement.encoded
    before = [one for one in alarms.all() if one.origin == ended and one.code == ENDED]
    for one in before:
        if one.notes != body:
            first = parse_statement(one.notes)
            detail = (
                f"two notices say what succeeds {ended}: {told.successor.origin} by {digest}, and"
                f" {read(first, screened=False).successor.origin} by {first.digest.hex()}"
            )
            yield NewAlarm(ended, SPLIT, digest, detail, one.notes + b"\n" + body)
    if all(one.notes != body for one in before):
        yield NewAlarm(ended, ENDED, digest, "; ".join(in_words(told)), body)
    head = logs.head(ended)
    if head is not None and head.note:
        try:
            check_shown(told, parse_checkpoint(head.note).checkpoint)
            check_followed(told, head.size, partial(root_at, ended, head.size))
        except VerificationError as error:
            yield NewAlarm(ended, error.code, digest, f"{url}: {error}", head.note + body)


def alarms_at(
    origin: str, head: SignedCheckpoint, root_at: Callable[[int], bytes], alarms: Alarms, url: str
) -> Iterator[NewAlarm]:
    """What a log that was followed further shows against the notices that were told of it.

    Args:
        head: Its newest checkpoint that was followed, of at least one entry.
        root_at: The root of so many of its entries, as it was followed.
    """
    for one in [alarm for alarm in alarms.all() if alarm.code == ENDED]:
        statement = parse_statement(one.notes)
        told, digest = read(statement, screened=False), statement.digest.hex()
        if told.log.origin == origin:
            try:
                check_shown(told, head.checkpoint)
                check_followed(told, head.checkpoint.size, root_at)
            except VerificationError as error:
                yield NewAlarm(origin, error.code, digest, f"{url}: {error}", head.encoded + one.notes)
        if told.successor.origin == origin and root_at(1) != leaf_hash(statement.digest):
            detail = f"{url}: {origin} does not begin with the notice {digest}, by which it succeeds {told.log.origin}"
            yield NewAlarm(origin, MISPLACED, digest, detail, one.notes)
