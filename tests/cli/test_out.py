"""What commands write under a name of the user's: no file that the user had is lost."""

import ast
from pathlib import Path

import pytest

import ledger.cli
from tests.cli.running import RECORD, done, evidence

MAY_REPLACE = {
    "commit.py": {"replace", "write_new"},  # openings, to which further ones are added
    "registering.py": {"replace"},  # receipts, each under the digest of its statement
    "witness.py": {"write_new"},  # proofs of forks, each under the root that it is of
}


def test_every_command_writes_by_the_one_rule() -> None:
    found = {
        path.name: taken
        for path in Path(ledger.cli.__file__).parent.glob("*.py")
        if (taken := _taken(path) & {"replace", "write_new"})
    }
    assert found == MAY_REPLACE


def _taken(path: Path) -> set[str]:
    """What a module takes from `ledger.services.files`."""
    return {
        name.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "ledger.services.files"
        for name in node.names
    }


def test_the_findings_of_a_verification_replace_no_file(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.html"
    mine.write_bytes(b"years of work")
    ran = evidence("verify", tmp_path / "transfer.evidence.json", "--report", mine)
    assert (ran.status, ran.text) == (2, "")
    assert ran.told == f"error: report {mine} exists already; it is never overwritten (file-exists)\n"
    assert mine.read_bytes() == b"years of work"


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_outcomes_of_a_table_replace_earlier_ones_and_no_other_file(tmp_path: Path, option: str) -> None:
    table, out = tmp_path / "records.csv", tmp_path / "found.csv"
    table.write_text("reference\nPO-1\n")
    asking = ("transfer", "precheck", "--table", table)
    assert evidence(*asking, option, out).status in {0, 1}
    before = out.read_bytes()
    table.write_text("reference,retentionUntil\nPO-1,2031-12-31\nPO-2,2031-12-31\nPO-3,never\n")
    assert evidence(*asking, option, out).status in {0, 1}
    assert out.read_bytes() != before
    for path in (table, tmp_path / "empty"):
        held = path.read_bytes() if path is table else b""
        path.write_bytes(held)
        ran = evidence(*asking, option, path)
        assert (ran.status, "(file-exists)" in ran.told, path.read_bytes()) == (2, True, held)


def test_a_draft_that_is_committed_to_may_be_its_own_outcome(tmp_path: Path) -> None:
    draft, content = tmp_path / "record.json", tmp_path / "data.csv"
    content.write_bytes(b"a,1\n")
    done("transfer", "new", *RECORD, "--party", "did:web:exporter.example.xa", "--out", draft)
    before = draft.read_bytes()
    done("commit", f"payload={content}", "--statement", draft, "--out", tmp_path / "." / "record.json")
    assert draft.read_bytes() != before
