"""The process that carries out tasks of an audit: it reads them and writes answers until its input ends.

`python -m ledger.services.auditing.worker`; first it is told the database, whose address may have a password and so
never stands on a command line, and the log's keys.  It only reads, on connections of its own.

What is said is pickled: both ends are this program, joined by pipes that nobody else has.
"""

import os
import pickle
import signal
from contextlib import suppress
from typing import IO

from ledger.errors import LedgerError
from ledger.services.admission.wire import receive, send
from ledger.services.auditing.task import answer_to
from ledger.store.database import open_database


def work(source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer tasks until there are no more.

    Raises:
        EOFError, OSError: Whoever asked has gone.
        LedgerError: The database cannot be opened, or read any more; whoever asked finds out why.
    """
    place, identity = pickle.loads(receive(source))  # noqa: S301 - from the process that started this one
    with open_database(place, read_only=True) as database:
        while True:
            task = pickle.loads(receive(source))  # noqa: S301 - likewise
            send(sink, pickle.dumps(answer_to(task, database, identity)))


def main() -> None:
    """Work over standard input and output until they are closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides when it is over
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # nothing else may get in between
        os.dup2(silent, number)
    with suppress(EOFError, OSError, LedgerError):
        work(source, sink)


if __name__ == "__main__":
    main()
