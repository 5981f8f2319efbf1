"""The process that judges statements for a node: it reads batches and writes verdicts until its input ends.

`python -m ledger.services.admission.worker JURISDICTION`; see `admission.wire` for what is said.  It opens no
file and no connection, and what it knows of parties it was told by the node, which says with every batch whose
keys may have changed since.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Final

import orjson

from ledger.core.statement import Statement
from ledger.errors import LedgerError
from ledger.services.admission.admit import Party, admit_party, judge_all
from ledger.services.admission.wire import decode_batch, decode_party, encode_verdict, receive, send
from ledger.store.rows import STREAMED

KEPT: Final = 1_024
"""Parties whose keys are kept; when there are more, all are asked for again."""


class _NodeMustJudgeError(LedgerError):
    """This document is not for a worker."""


class Worker:
    """Judges batches that come from `source`; verdicts and questions go to `sink`."""

    def __init__(self, source: IO[bytes], sink: IO[bytes], jurisdiction: str) -> None:
        self._source, self._sink = source, sink
        self._jurisdiction = jurisdiction
        self._kept: dict[str, Party] = {}

    def run(self) -> None:
        """Answer batches until there are no more.

        Raises:
            EOFError, OSError: The node has gone.
        """
        while True:
            send(self._sink, self.answer(receive(self._source)))

    def answer(self, batch: bytes) -> bytes:
        """The verdicts on a batch, None in the place of what the node must judge itself."""
        documents, now, wanted, changed = decode_batch(batch)
        if changed is None or len(self._kept) > KEPT:
            self._kept.clear()
        for did in changed or ():
            self._kept.pop(did, None)
        return orjson.dumps(self._verdicts(documents, now, wanted))

    def _verdicts(
        self, documents: Sequence[bytes], now: int, wanted: str | None
    ) -> list[list[object] | None]:
        try:
            found = judge_all(documents, wanted=wanted, now=now, admit=self._admit)
        except (EOFError, OSError):  # the node has gone
            raise
        except Exception:  # noqa: BLE001 - what is wrong shows where the node judges the same document
            if len(documents) == 1:
                return [None]
            return [told for data in documents for told in self._verdicts([data], now, wanted)]
        return [
            None if type(verdict.refusal) is _NodeMustJudgeError else encode_verdict(verdict)
            for verdict in found
        ]

    def _admit(self, statement: Statement, subject: object, now: int) -> None:
        if statement.type not in STREAMED:  # by authorities, or held against the log: the node knows both
            raise _NodeMustJudgeError("the node judges this")
        admit_party(statement, subject, jurisdiction=self._jurisdiction, party_of=self._party_of, now=now)

    def _party_of(self, did: str, _now: int) -> Party:
        """What the node knows of a party.  One that it does not know may be enrolled any moment: it is not kept."""
        kept = self._kept.get(did)
        if kept is not None:
            return kept
        send(self._sink, orjson.dumps({"ask": did}))
        told = receive(self._source)
        if not told:
            raise _NodeMustJudgeError("the node judges this")
        party = decode_party(told)
        if party.grants:
            self._kept[did] = party
        return party


def main() -> None:
    """Work over standard input and output until the node closes them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node decides when it is over
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # nothing else may get in between
        os.dup2(silent, number)
    with suppress(EOFError, OSError):
        Worker(source, sink, sys.argv[1]).run()


if __name__ == "__main__":
    main()
