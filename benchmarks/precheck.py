"""Prechecks: what a row of a table costs beside its decision, and what a draft costs with every single fact tried."""

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from benchmarks.measure import Row, at_most, by_turns, microseconds
from ledger.cli.table_precheck import Files, precheck_table
from ledger.services.rules.shipped_measures import shipped
from ledger.services.tables.reading import rows_of
from ledger.services.tables.rows import records_of
from ledger.statements.deciding.decide import decide
from ledger.statements.deciding.precheck import precheck
from tests.deciding.china_cases import AT

ROWS = 10_000
TIMED = 500
GOAL_SECONDS = 15
HEADER = (
    "reference,importer.did,importer.jurisdiction,flow,lines.0.category,lines.0.grade,lines.0.scenario.code,"
    "lines.0.persons.count,lines.0.persons.ytdCount,lines.0.persons.ytdSensitiveCount,purpose,legalBasis,"
    "mechanism.type,criticalInfrastructure"
)
SHARED = {
    "exporter": {"did": "did:web:exporter.example", "jurisdiction": "CN", "zone": "CN-SH+lingang"},
}


def rows() -> list[Row]:
    """All of it."""
    held = shipped()
    measures = [each.ready for each in held]
    with tempfile.TemporaryDirectory() as folder:
        path = _table(Path(folder) / "records.csv")
        records = [record.subject for record in records_of(rows_of(path), SHARED)]

        def whole() -> None:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                where = Files(path, None, None, None)
                precheck_table(where, SHARED, held, (), at=AT, now=AT, as_json=True)

        def decisions() -> None:
            for record in records:
                decide(record, measures, at=AT)

        table = by_turns(whole, decisions, pairs=7)
        draft = by_turns(
            lambda: precheck(records[0], measures, at=AT),
            lambda: decide(records[0], measures, at=AT),
            calls=5,
        )
    seconds = table.ours / TIMED * ROWS
    told = f"a row {microseconds(table.ours / TIMED)}, its decision {microseconds(table.limit / TIMED)}"
    return [
        Row(
            f"a CSV of {ROWS:,} rows, read, checked, decided about under all shipped measures and reported, by {TIMED}",
            f"{seconds:.1f} s",
            f"≤ {GOAL_SECONDS} s",
            seconds <= GOAL_SECONDS,
            told,
        ),
        at_most("the same against the bare decisions", table, None, told),
        at_most(
            "a draft with every single fact tried, against one decision",
            draft,
            None,
            f"precheck {microseconds(draft.ours)}, decision {microseconds(draft.limit)}",
        ),
    ]


def _table(path: Path) -> Path:
    lines = [HEADER]
    lines += [
        f"R-{place},did:web:importer.example,XB,outbound,{'personal' if place % 3 else 'sensitivePersonal'},general,"
        f"veh.after-sales,{20 + place % 7}," + f"{place * 4_001 + 40},{place % 3},dpv:CustomerCare,"
        "dpv:ContractPerformance,standardContract,false"
        for place in range(TIMED)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
