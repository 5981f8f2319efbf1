"""What a monitor makes of a log's notice that it succeeds another one.

The notice is asked for once, when the log is first met.  It counts by the registrar's signature, under the trust list;
where the log is followed, it must be its first entry.  It is held against what was seen of the log that ended, and
against the first notice that was shown of that: a second successor is an alarm.

Source: docs/spec/log-succession.md, docs/monitoring.md.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.merkle import leaf_hash
from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, VerificationError
from ledger.remote.tiles import LogReader
from ledger.statements.log_succession import LogSuccession, read
from ledger.store.alarms import Alarms, NewAlarm
from ledger.store.followed import FollowedLogs
from ledger.verify.succession import check_notice, check_shown, in_words, succession_author

ENDED: Final = "log-succeeded"
SPLIT: Final = "succession-split"


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


def require_first(notice: Notice, origin: str, root_of_one: bytes | None) -> None:
    """Check that the notice is of the log that shows it, and its first entry.

    Args:
        origin: Of that log.
        root_of_one: Root of its first entry alone, as the log was followed; None where it is not.

    Raises:
        VerificationError: `succession-place`.
    """
    is_first = root_of_one is None or root_of_one == leaf_hash(notice.statement.digest)
    if notice.told.successor.origin != origin or not is_first:
        raise VerificationError(
            f"{origin} shows the notice {notice.statement.digest.hex()}, which is not its own first entry",
            code="succession-place",
        )


def alarms_of(notice: Notice, logs: FollowedLogs, alarms: Alarms, url: str) -> Iterator[NewAlarm]:
    """That a log ended, and what of its notice contradicts what was seen."""
    told, digest = notice.told, notice.statement.digest.hex()
    ended, body = told.log.origin, notice.statement.encoded
    for one in alarms.all():
        if one.origin == ended and one.code == ENDED and one.notes != body:
            first = parse_statement(one.notes)
            if read(first, screened=False).successor.origin == told.successor.origin:
                continue
            detail = (
                f"two logs are said to succeed {ended}: {told.successor.origin} by the notice {digest}, and"
                f" {read(first, screened=False).successor.origin} by {first.digest.hex()}"
            )
            yield NewAlarm(ended, SPLIT, digest, detail, one.notes + b"\n" + body)
    yield NewAlarm(ended, ENDED, digest, "; ".join(in_words(told)), body)
    head = logs.head(ended)
    if head is not None:
        try:
            check_shown(told, parse_checkpoint(head.note).checkpoint)
        except LedgerError as error:
            yield NewAlarm(ended, error.code, digest, f"{url}: {error}", head.note + body)
