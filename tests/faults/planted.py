"""Bugs that a writer can be given, to see that the judge finds them.

Each is a change of the product's own functions in the writer's process, with a pause where it opens a gap.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ledger.store.log as logs
import ledger.store.sqlite as files
from ledger.core.checkpoint import Checkpoint
from ledger.store import batches
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.log import Appended
from ledger.store.rows import NewStatement
from tests.services.nodes import signing

if TYPE_CHECKING:
    from tests.faults.writer import Child

GAP: Final = 0.03
"""Seconds by which a gap is made wider, so that few kills are needed to hit it."""


class Bug:
    """Nothing wrong yet."""

    def __init__(self, child: "Child") -> None:
        self.child = child

    def before_opening(self) -> None:
        """Called each time before the store is opened."""

    def opened(self, node: Any) -> None:
        """Called each time after it was."""


class AnswersBeforeAppending(Bug):
    """Says the index that a record will have."""

    def opened(self, node: Any) -> None:
        following = [node.log.head.size]
        append, submit = node.log.append, node.sequencer.submit

        def early(statements: Sequence[NewStatement], **more: Any) -> "Future[list[Any]]":
            submit(statements, **more)
            first = following[0]
            following[0] += len(statements)
            answered: Future[list[Any]] = Future()
            answered.set_result([Appended(first + at, first=True) for at in range(len(statements))])
            return answered

        def late(batch: Sequence[NewStatement], *rest: Any) -> Any:
            time.sleep(GAP)
            return append(batch, *rest)

        node.sequencer.submit = early
        node.log.append = late


class AnswersBeforeTheCheckpoint(Bug):
    """Answers as soon as a record is appended."""

    def opened(self, node: Any) -> None:
        waiting: list[tuple[Sequence[NewStatement], Future[list[Any]]]] = []
        append, store, submit = node.log.append, node.checkpoints.store, node.sequencer.submit

        def submitted(statements: Sequence[NewStatement], **more: Any) -> "Future[list[Any]]":
            answered: Future[list[Any]] = Future()
            waiting.append((statements, answered))
            submit(statements, **more)
            return answered

        def appended(batch: Sequence[NewStatement], *rest: Any) -> list[Any]:
            outcomes: list[Any] = append(batch, *rest)
            found = dict(zip((one.digest for one in batch), outcomes, strict=True))
            for entry in [entry for entry in waiting if all(one.digest in found for one in entry[0])]:
                waiting.remove(entry)
                entry[1].set_result([found[one.digest] for one in entry[0]])
            return outcomes

        def late(checkpoint: StoredCheckpoint) -> None:
            time.sleep(GAP)
            store(checkpoint)

        node.sequencer.submit = submitted
        node.log.append = appended
        node.checkpoints.store = late


class PublishesBeforeStoring(Bug):
    """Shows a checkpoint, then stores it."""

    def opened(self, node: Any) -> None:
        store = node.checkpoints.store

        def late(checkpoint: StoredCheckpoint) -> None:
            self.child.publish(checkpoint)
            time.sleep(GAP)
            store(checkpoint)

        node.checkpoints.store = late


class PublishesAnOlderOneAgain(Bug):
    """Shows the last checkpoint but one once more."""

    def opened(self, node: Any) -> None:
        publish, shown = self.child.publish, list[StoredCheckpoint]()

        def twice(checkpoint: StoredCheckpoint) -> None:
            publish(checkpoint)
            if shown:
                publish(shown[-1])
            shown.append(checkpoint)

        node.sequencer._publish = twice


class SignsAgain(Bug):
    """Signs the stored head once more at its start, and shows that."""

    def opened(self, node: Any) -> None:
        latest = node.checkpoints.latest()
        if latest is not None:
            now = latest.signed_at + 1
            note = signing(node.world)(
                Checkpoint(node.log.origin, latest.size, node.log.root_at(latest.size)), now
            )
            self.child.publish(StoredCheckpoint(latest.size, note, now))


class RestoresACopy(Bug):
    """Puts yesterday's file back at its start."""

    def before_opening(self) -> None:
        assert isinstance(self.child.place, Path)
        copy = self.child.place.with_suffix(".copy")
        if copy.exists():
            shutil.copy(copy, self.child.place)
        else:
            shutil.copy(self.child.place, copy)


class DropsTheLast(Bug):
    """Appends all of a batch but its last record, and answers for that too."""

    def opened(self, node: Any) -> None:
        append = node.log.append

        def dropping(batch: Sequence[NewStatement], *rest: Any) -> list[Any]:
            outcomes: list[Any] = append(batch[: max(1, len(batch) - 1)], *rest)
            return (outcomes + outcomes[-1:])[: len(batch)]

        node.log.append = dropping


class SwapsAnswers(Bug):
    """Answers two records of a batch with each other's index."""

    def opened(self, node: Any) -> None:
        append = node.log.append
        node.log.append = lambda batch, *rest: append(batch, *rest)[::-1]


class LeavesTheHead(Bug):
    """Stores entries without moving the head."""

    def opened(self, node: Any) -> None:
        node.log._move_head = lambda *_: None


class FlipsABit(Bug):
    """Stores a body of which one bit is another one."""

    def before_opening(self) -> None:
        insert = batches.insert

        def flipping(writing: Any, fresh: Sequence[NewStatement], *rest: Any) -> None:
            last, body = fresh[-1], bytearray(fresh[-1].body)
            body[len(body) // 2] ^= last.party is None  # who may sign is still to be read
            insert(writing, [*fresh[:-1], last._replace(body=bytes(body))], *rest)

        vars(logs)["insert"] = flipping


class _Setting(Bug):
    """The writing connection has another setting than it should."""

    pragma = ""

    def before_opening(self) -> None:
        configure = files._configure

        def wrong(connection: sqlite3.Connection, *, writer: bool) -> None:
            configure(connection, writer=writer)
            if writer:
                connection.execute(self.pragma)

        files._configure = wrong


class NeverSynchronises(_Setting):
    """Leaves it to the system when bytes reach the disk."""

    pragma = "PRAGMA synchronous = OFF"


class ForgetsTheFolder(_Setting):
    """Takes the journal away without making that durable: after a power cut it is back, and rolls back."""

    pragma = "PRAGMA synchronous = FULL"


class HasNoJournal(_Setting):
    """Writes into the file with no way back."""

    pragma = "PRAGMA journal_mode = OFF"


BUGS: Final[dict[str, Callable[["Child"], Bug]]] = {
    "answers-before-appending": AnswersBeforeAppending,
    "answers-before-the-checkpoint": AnswersBeforeTheCheckpoint,
    "publishes-before-storing": PublishesBeforeStoring,
    "publishes-an-older-one-again": PublishesAnOlderOneAgain,
    "signs-again": SignsAgain,
    "restores-a-copy": RestoresACopy,
    "drops-the-last": DropsTheLast,
    "swaps-answers": SwapsAnswers,
    "leaves-the-head": LeavesTheHead,
    "flips-a-bit": FlipsABit,
    "never-synchronises": NeverSynchronises,
    "forgets-the-folder": ForgetsTheFolder,
    "has-no-journal": HasNoJournal,
}
