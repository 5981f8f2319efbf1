import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from ledger.errors import MalformedError
from ledger.services.tables.reading import Row, rows_of
from ledger.services.tables.report import write_problems
from ledger.services.tables.rows import CellProblem, Record, of_problems, records_of
from ledger.statements.deciding.draft import draft_of
from ledger.statements.shape import Problem

HEADER = "reference,lines.0.category,lines.0.persons.count,criticalInfrastructure,retentionUntil,purpose"
CELLS = "R-1,personal,12,false,2031-12-31,dpv:CustomerCare dpv:ServiceProvision"
SUBJECT = {
    "reference": "R-1",
    "lines": [{"category": "personal", "persons": {"count": 12}, "line": 1}],
    "criticalInfrastructure": False,
    "retentionUntil": "2031-12-31",
    "purpose": ["dpv:CustomerCare", "dpv:ServiceProvision"],
}


def read(path: Path, shared: dict[str, Any] | None = None, **more: Any) -> list[Record]:
    return list(records_of(rows_of(path, **more), shared or {}))


def table(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def book(path: Path, *rows: list[object], then: Any = None) -> Path:
    made = openpyxl.Workbook()
    for row in (HEADER.split(","), *rows):
        made.active.append(row)
    if then is not None:
        then(made)
    made.save(path)
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{HEADER}\n{CELLS}\n", "utf-8"),
        (f"{HEADER}\r\n{CELLS}\r\n", "utf-8"),
        (f"{HEADER}\n{CELLS}", "utf-8-sig"),
        (f"\ufeff{HEADER}\n{CELLS}\n", "utf-16-le"),
        (f"\ufeff{HEADER}\n{CELLS}\n", "utf-16-be"),
        (f"{HEADER}\n{CELLS}\n".replace(",", ";"), "utf-8"),
        (f"{HEADER}\n{CELLS}\n".replace(",", "\t"), "utf-8"),
        (f'{HEADER}\n"R-1" , personal,12,FALSE,2031-12-31,dpv:CustomerCare|dpv:ServiceProvision\n', "utf-8"),
        (f"{HEADER}\n,,,,,\n{CELLS}\n\n", "utf-8"),
        (f"{HEADER}\r{CELLS.replace(' ', ';' * 20)}\r", "utf-8"),
    ],
    ids=["plain", "crlf", "mark", "utf-16", "utf-16 big", "semicolons", "tabs", "spaces", "empty rows", "cr"],
)
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, text: str, encoding: str) -> None:
    (record,) = read(table(tmp_path / "t.csv", text.replace('"R-1" ', "R-1 "), encoding))
    assert (record.subject, record.problems) == (SUBJECT, [])


def test_a_workbook_is_read_with_its_numbers_truths_and_dates(tmp_path: Path) -> None:
    cells = ["R-1", "personal", 12.0, False, date(2031, 12, 31), "dpv:CustomerCare dpv:ServiceProvision"]
    (record,) = read(book(tmp_path / "t.xlsx", cells, [None] * 6))
    assert (record.row, record.subject, record.problems) == (2, SUBJECT, [])


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (1, "=A1", "a formula"),
        (2, 12.5, "a whole number"),
        (2, "1,200", "a whole number"),
        (2, True, "a whole number"),
        (0, 4_012_345_000_009, "format the column as text"),
        (3, "perhaps", "true or false"),
        (4, 46_387, "a day as YYYY-MM-DD"),
        (4, datetime(2031, 12, 31, 9, 30), "a cell's time has no zone"),  # noqa: DTZ001 - as a workbook has it
        (5, 7, "format the column as text"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_named(tmp_path: Path, place: int, value: object, told: str) -> None:
    cells: list[object] = ["R-1", "personal", 12, False, "2031-12-31", "dpv:CustomerCare"]
    cells[place] = value
    good = ["R-2", "personal", 12, False, "2031-12-31", "dpv:CustomerCare"]
    bad, after = read(book(tmp_path / "t.xlsx", cells, good))
    (problem,) = bad.problems
    assert (problem.row, problem.column, problem.code) == (2, HEADER.split(",")[place], "table-cell")
    assert told in f"{problem.found} {problem.required}"
    assert after.problems == []


def test_a_merged_cell_is_named_in_each_row_it_covers(tmp_path: Path) -> None:
    cells = ["R-1", "personal", 12, False, "2031-12-31", "dpv:CustomerCare"]
    path = book(tmp_path / "t.xlsx", cells, cells, cells, then=lambda made: made.active.merge_cells("B2:B4"))
    assert [[problem.column for problem in record.problems] for record in read(path)] == [
        [], ["lines.0.category"], ["lines.0.category"],
    ]  # fmt: skip


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", CELLS.split(","), then=lambda made: made.create_sheet("Notes"))
    with pytest.raises(MalformedError, match="Sheet, Notes") as refused:
        read(path)
    assert refused.value.code == "table-sheet"
    assert len(read(path, sheet="Sheet")) == 1


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("t.csv", "reference\nMüller\n".encode("latin-1"), "table-encoding"),
        ("t.csv", "reference\nR\n".encode("utf-16-le"), "table-encoding"),
        ("t.csv", b"", "table-malformed"),
        ("t.csv", b'reference\n"R', "table-malformed"),
        ("t.csv", b"reference,nothing\nR,1\n", "table-columns"),
        ("t.csv", b"reference,reference\nR,1\n", "table-columns"),
        ("t.csv", b"lines\nR\n", "table-columns"),
        ("t.csv", b"lines.0.grade,lines.00.grade\ngeneral,core\n", "table-columns"),
        ("t.csv", b"reference," + b"," * 600 + b"\n", "too-large"),
        ("t.xlsx", b"reference\nR\n", "table-malformed"),
        ("t.ods", b"", "table-kind"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_by_its_cause(
    tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MalformedError) as refused:
        read(tmp_path / name)
    assert refused.value.code == code


def test_a_row_with_more_cells_than_the_header_is_named(tmp_path: Path) -> None:
    (record,) = read(table(tmp_path / "t.csv", "reference,flow\nR-1,outbound,7\n"))
    assert [problem.column for problem in record.problems] == [""]


def test_what_rows_share_is_there_and_a_cell_goes_before_it(tmp_path: Path) -> None:
    shared = {
        "flow": "outbound",
        "importer": {"jurisdiction": "XB"},
        "lines": [{"scenario": {"code": "other"}}],
    }
    path = table(
        tmp_path / "t.csv",
        "importer.did,importer.jurisdiction,lines.1.grade\ndid:web:i.example,XC,core\n,,\n,XD,\n",
    )
    first, second = read(path, shared)
    assert first.subject["importer"] == {
        "did": "did:web:i.example", "scheme": "DID", "id": "did:web:i.example", "jurisdiction": "XC",
    }  # fmt: skip
    own = {"scheme": "urn:evidence-ledger:scenario:v1", "code": "other"}
    assert first.subject["lines"] == [{"line": 1, "scenario": own}, {"line": 2, "grade": "core"}]
    assert second.subject["lines"] == [{"line": 1, "scenario": own}]
    assert shared["importer"] == {"jurisdiction": "XB"}


def test_no_cell_of_a_report_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    problems = [
        CellProblem(2, "flow", found, "a code", "x")
        for found in ("=1+1", "+1", "-1", "@A", "\t=1", "fine", "a;=1+1", "\uff1d1", '; "=1', "a-b 1+1")
    ]
    write_problems(path, problems)
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert [row[2] for row in rows[1:]] == [
        "'=1+1", "'+1", "'-1", "'@A", "'\t=1", "fine", "a;'=1+1", "'\uff1d1", ";' \"=1", "a-b 1+1",
    ]  # fmt: skip


def test_a_whole_number_with_a_point_is_one() -> None:
    header: list[Any] = ["lines.0.persons.count"]
    (record,) = records_of(iter([Row(1, header), Row(2, [12.0])]), {})
    assert (record.subject["lines"][0]["persons"], record.problems) == ({"count": 12}, [])


def test_a_sheet_that_reaches_far_beyond_its_table_is_not_walked(tmp_path: Path) -> None:
    path = book(
        tmp_path / "t.xlsx", CELLS.split(","), then=lambda made: made.active.cell(1_048_576, 16_384, "x")
    )
    with pytest.raises(MalformedError, match="row 1,048,576, column 16,384") as refused:
        read(path)
    assert refused.value.code == "too-large"


def test_what_a_row_cannot_say_and_what_it_says_wrong_are_named_together(tmp_path: Path) -> None:
    text = "lines.0.persons.count,flow,lines.0.grade,purpose\nmany,away,general,dpv:None\n"
    (record,) = read(table(tmp_path / "t.csv", text))
    found = of_problems(record, draft_of(record.subject)[1])
    assert [(one.column, one.code) for one in found] == [
        ("lines.0.persons.count", "table-cell"), ("flow", "not-in-list"), ("purpose", "not-in-list"),
    ]  # fmt: skip
    follows = [
        Problem("/lines/0/persons", "member-missing", ""),
        Problem("/lines/0/persons/count", "member-missing", ""),
    ]
    assert of_problems(record, follows) == record.problems


@pytest.mark.parametrize(
    "column", ["lines.0.persons.count", "flow", "purpose", "reference", "retentionUntil"]
)
def test_no_cell_that_looks_like_personal_data_is_repeated_in_whatever_column(
    tmp_path: Path, column: str
) -> None:
    (record,) = read(table(tmp_path / "t.csv", f"{column}\nme@example.org\n"))
    told = of_problems(record, draft_of(record.subject)[1])
    assert told
    assert "me@example" not in str(told)


def test_what_is_repeated_of_a_cell_moves_no_cursor(tmp_path: Path) -> None:
    (record,) = read(table(tmp_path / "t.csv", 'reference,flow\n"A\x1b[31m\nrow 9, flow: ",out\x9bward\n'))
    told = of_problems(record, draft_of(record.subject)[1])
    assert len(told) == 2
    assert all(one.found.isprintable() for one in told)
    with pytest.raises(MalformedError) as refused:
        read(table(tmp_path / "t.csv", "refe\x1b[31mrence\nR\n"))
    assert str(refused.value).isprintable()


def test_a_cell_longer_than_a_csv_reader_takes_stops_no_other_row(tmp_path: Path) -> None:
    one, other = read(table(tmp_path / "t.csv", f"reference\n{'x' * 200_000}\nR-2\n"))
    assert [problem.found for problem in one.problems] == ["200000 characters"]
    assert (other.subject["reference"], other.problems) == ("R-2", [])


def test_what_nobody_sees_in_a_workbook_is_refused_in_its_place(tmp_path: Path) -> None:
    cells: list[object] = [*CELLS.split(",")[:2]]

    def hide_row(made: Any) -> None:
        made.active.row_dimensions[3].hidden = True

    path = book(tmp_path / "t.xlsx", cells, cells, cells, then=hide_row)
    told = [[problem.found for problem in record.problems] for record in read(path)]
    assert told == [[], ["a hidden row"], []]

    def hide_column(made: Any) -> None:
        made.active.column_dimensions["B"].hidden = True

    with pytest.raises(MalformedError, match="column 2 is a hidden column") as refused:
        read(book(tmp_path / "t.xlsx", cells, then=hide_column))
    assert refused.value.code == "table-columns"


def with_sheet(path: Path, data: bytes) -> Path:
    """A workbook with another sheet's XML."""
    plain = book(path.with_name("plain.xlsx"))
    with ZipFile(plain) as held, ZipFile(path, "w", ZIP_DEFLATED) as made:
        for name in held.namelist():
            made.writestr(name, data if name == "xl/worksheets/sheet1.xml" else held.read(name))
    return path


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_a_small_file_that_unpacks_to_millions_of_cells_is_not_taken_apart(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.tables.workbook.MOST_CELLS", 5_000)
    monkeypatch.setattr("ledger.services.tables.workbook._PIECE", 1_000)
    monkeypatch.setattr("openpyxl.load_workbook", lambda _: pytest.fail("it was taken apart"))
    row = f"<{prefix}row><{prefix}c/><{prefix}c r='B1'><v>1</v></{prefix}c></{prefix}row>".encode()
    path = with_sheet(tmp_path / "t.xlsx", b"<worksheet>" + row * 2_000 + b"</worksheet>")
    with pytest.raises(MalformedError, match=r"has 6,0\d\d cells") as refused:
        read(path)
    assert refused.value.code == "too-large"


@pytest.mark.parametrize("encoding", ["utf-16", "cp037", "iso-8859-1"])
def test_a_sheet_in_which_cells_cannot_be_counted_is_refused(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><worksheet/>'
    with pytest.raises(MalformedError, match=r"sheet1\.xml is not in UTF-8"):
        read(with_sheet(tmp_path / "t.xlsx", text.encode(encoding)))
