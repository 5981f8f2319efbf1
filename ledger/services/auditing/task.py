"""The tasks that an audit is divided into; each can be carried out by any process that reads the database."""

from typing import NamedTuple

from ledger.services.auditing.anchors import audit_anchors
from ledger.services.auditing.ranges import Audited, Findings, LogIdentity, audit_range, collected
from ledger.store.database import Database
from ledger.store.integrity import Difference


class File(NamedTuple):
    """What the database program itself finds wrong with what it keeps; answered with `Findings`."""


class Range(NamedTuple):
    """Entries `first` to `stop` - 1; answered with `Audited`."""

    first: int
    stop: int


class Anchors(NamedTuple):
    """Rows of the anchor tables above `after`, up to `last`; answered with findings and how many anchors there are."""

    after: int
    last: int


Task = File | Range | Anchors
Answer = Findings | Audited | tuple[Findings, int]


def answer_to(task: Task, database: Database, identity: LogIdentity) -> Answer:
    """Carry out a task.  What is damaged is an answer, not an error."""
    if isinstance(task, Range):
        return audit_range(database, range(task.first, task.stop), identity)
    if isinstance(task, Anchors):
        return audit_anchors(database, identity, task.after, task.last)
    findings: Findings = {}
    collected(findings, "file", lambda: (Difference("file", None, fault) for fault in database.faults()))
    return findings
