"""Judging and appending records in one process, on one thread, against the bare check of their signatures."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks.measure import Row, fsync_seconds, microseconds, share
from benchmarks.registration import record
from benchmarks.store import opened
from ledger.core.statement import Statement, message_to_sign
from ledger.core.suites import EDDSA, RANDOM_SIZE, PrivateKey, generate
from ledger.services.admission.admit import Party, Verdict, admit_party, judge_all
from ledger.store.log import Log
from ledger.store.rows import NewStatement
from ledger.verify.keyrule import Grant

GOAL = 0.65
GROUP = 1_000
ROUNDS = 9
JURISDICTION = "XA"
EXPORTER, KEY_ID = "did:web:exporter.example.xa", "#2026"
NOW = 1_795_000_000


def rows() -> list[Row]:
    """Groups of records, each judged and appended in one transaction, by turns with their bare checks."""
    key = generate(EDDSA, bytes(range(RANDOM_SIZE)))
    public = Ed25519PublicKey.from_public_bytes(key.public.raw)
    judged = judge_with(key)
    made = records(key)
    turns: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as name, opened(Path(name) / "log.sqlite") as log:
        fsync = fsync_seconds(Path(name))
        for _ in range(ROUNDS + 1):
            group = list(islice(made, GROUP))
            documents = [one.encoded for one in group]
            checks = [(one.signature, message_to_sign(one.document)) for one in group]
            before = _cpu(lambda: _check(public, checks))  # noqa: B023 - called at once
            found: list[NewStatement] = []
            judging = _cpu(lambda: found.extend(judged(documents)))  # noqa: B023 - called at once
            appending = _cpu(lambda: _append(log, found))  # noqa: B023 - called at once
            after = _cpu(lambda: _check(public, checks))  # noqa: B023 - called at once
            turns.append(((before + after) / 2, judging, appending))
    turns = turns[1:]  # the first one warms up
    ratio = statistics.median(bare / (judging + appending) for bare, judging, appending in turns)
    bare, judging, appending = (statistics.median(column) / GROUP for column in zip(*turns, strict=True))
    detail = (
        f"CPU time a record: judged {microseconds(judging)}, appended {microseconds(appending)}, {GROUP:,} to a"
        f" transaction; bare Ed25519 check by `cryptography` {microseconds(bare)}; one fsync {microseconds(fsync)}"
    )
    what = "records judged and appended in one process, one thread, of the bare verify rate"
    return [share(what, ratio, GOAL, detail)]


def records(key: PrivateKey) -> Iterator[Statement]:
    """Transfer records by the exporter, each another one; 500 of them to a second."""
    for number in count():
        yield record(number, EXPORTER, key, EXPORTER + KEY_ID, NOW + number // 500)


def judge_with(key: PrivateKey) -> Callable[[Sequence[bytes]], list[NewStatement]]:
    """Judges documents as a node and its workers do, with one party known."""
    roles = frozenset(("exporter",))
    grant = Grant(
        EXPORTER, KEY_ID, key.public, NOW, NOW + 86_400, roles, JURISDICTION, "did:web:registrar.example.xa"
    )
    party = Party((grant,), ())

    def admit(statement: Statement, subject: object, now: int) -> None:
        admit_party(statement, subject, jurisdiction=JURISDICTION, party_of=lambda *_: party, now=now)

    def run(documents: Sequence[bytes]) -> list[NewStatement]:
        return [_good(one) for one in judge_all(documents, wanted=None, now=NOW + 600, admit=admit)]

    return run


def _good(verdict: Verdict) -> NewStatement:
    if verdict.row is None:
        raise SystemExit(f"a record was refused: {verdict.refusal}")
    return verdict.row


def _append(log: Log, found: Sequence[NewStatement]) -> None:
    log.append(found)


def _check(public: Ed25519PublicKey, checks: Sequence[tuple[bytes, bytes]]) -> None:
    for signature, message in checks:
        public.verify(signature, message)


def _cpu(run: Callable[[], None]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun
