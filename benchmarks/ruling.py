"""Registering with rules on: records judged, decided about and appended, by turns with the same without deciding."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from uuid import UUID

from benchmarks.admission import EXPORTER, KEY_ID, NOW, judge_with
from benchmarks.measure import Row, microseconds
from benchmarks.store import opened
from ledger.core.canonical import Json
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE, PrivateKey, generate
from ledger.ruling import Ruling
from ledger.services.registration.deciding import MeasureBook, Rules
from ledger.statements.deciding.decide import Measures, ready
from ledger.statements.measure import measure_of
from ledger.store.rows import NewStatement
from ledger.store.statements import Statements
from tests.deciding.records import SHIPPED

GOAL = 1.25
GROUP = 1_000
ROUNDS = 12


class _Held(MeasureBook):
    """The shipped Chinese measures, as if XA's authority had published them."""

    def at_hand(self, at: int) -> Measures:  # noqa: ARG002 - as of the class
        return _MEASURES


def rows() -> list[Row]:
    """Groups of records of one line, of one exporter."""
    key = generate(EDDSA, bytes(range(RANDOM_SIZE)))
    judged, made = judge_with(key), _records(key)
    turns: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, opened(Path(name) / "log.sqlite") as log:
        statements = Statements(log.database)
        rules = Rules(_Held(statements, lambda: 0), Ruling(decide=True), statements)

        def run(moment: int, *, on: bool) -> float:
            documents = [one.encoded for one in islice(made, GROUP)]
            begun = time.process_time()
            found = judged(documents)
            if on:
                found = [one for one in rules.judged(found, moment)[0] if isinstance(one, NewStatement)]
            log.append(found)
            return time.process_time() - begun

        for turn in range(ROUNDS + 1):
            odd, moment = bool(turn % 2), NOW + 600 + turn
            first, second = run(moment, on=odd), run(moment, on=not odd)
            turns.append((first, second) if odd else (second, first))
    ratio = statistics.median(on / off for on, off in turns[1:])
    on, off = (statistics.median(column) / GROUP for column in zip(*turns[1:], strict=True))
    detail = (
        f"CPU time a record of one line: {microseconds(on)} with, {microseconds(off)} without; one exporter"
    )
    what = "records judged and appended with rules on, under the shipped Chinese measures, against rules off"
    return [Row(what, f"{ratio:.2f}x", f"at most {GOAL:.2f}x", ratio <= GOAL, detail)]


def _records(key: PrivateKey) -> Iterator[Statement]:
    parties: dict[str, Json] = {
        name: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
        for name, did, code in (
            ("exporter", EXPORTER, "XA"),
            ("importer", "did:web:importer.example.xb", "XB"),
        )
    }
    line: Json = {
        "line": 1,
        "category": "personal",
        "grade": "general",
        "scenario": {"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"},
        "persons": {"count": 3, "ytdCount": 120_000, "ytdSensitiveCount": 0},
    }
    for number in count():
        subject: dict[str, Json] = {
            **parties,
            "flow": "outbound",
            "criticalInfrastructure": False,
            "lines": [line],
            "purpose": ["dpv:CustomerCare"],
            "legalBasis": ["dpv:ContractPerformance"],
            "mechanism": {"type": "noneRequired"},
            "reference": f"ORDER-{number}",
        }
        document = unsigned(
            kind="TransferRecord",
            identifier=f"urn:uuid:{UUID(int=number)}",
            issuer=EXPORTER,
            subject=subject,
            valid_from=NOW + 500,
        )
        yield sign_statement(document, key, EXPORTER + KEY_ID, NOW + 500)


_MEASURES = Measures(
    ready(
        sha256(file.name.encode()).digest(), measure_of(json.loads(text.replace('"CN"', '"XA"'))["subject"])
    )
    for file in sorted(SHIPPED.glob("cn-*.json"))
    for text in (file.read_text().replace("CN-", "XA-"),)
)
