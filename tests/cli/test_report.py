"""The yearly report by command: made and checked on the node's home, beside the node that serves it."""

from pathlib import Path

from tests.cli.running import done, evidence
from tests.cli.sides import Side


def test_a_report_that_is_made_follows_from_the_log_and_one_that_is_changed_does_not(
    xa: Side, tmp_path: Path
) -> None:
    out, page, home = tmp_path / "report.json", tmp_path / "report.html", xa.node.home.path
    made = done("report", "make", "--home", home, "--year", 2026, "--out", out, "--page", page, "--json").json
    assert (made["format"], made["year"]) == ("evidence-statistics/1", 2026)
    assert "Transfers of 2026, XA" in page.read_text()
    assert done("report", "check", out, "--home", home).text.startswith("follows: ")
    done(
        "report", "make", "--home", home, "--year", 2026, "--out", out, "--page", page
    )  # the same bytes again
    for taken in (("--out", out), ("--out", tmp_path / "another.json", "--page", page)):
        ran = evidence("report", "make", "--home", home, "--year", 2025, *taken)
        assert (ran.status, "(file-exists)" in ran.told) == (2, True)
    assert not (tmp_path / "another.json").exists()
    assert "Transfers of 2026, XA" in page.read_text()
    out.write_text(out.read_text().replace(f'"inputs":"{made["inputs"]}"', f'"inputs":"{"0" * 64}"'))
    ran = evidence("report", "check", out, "--home", home)
    assert (ran.status, "differs at /inputs" in ran.told, "(report-differs)" in ran.told) == (1, True, True)


def test_a_size_that_the_log_has_not_reached_makes_none(xa: Side, tmp_path: Path) -> None:
    home, out = xa.node.home.path, tmp_path / "report.json"
    ran = evidence("report", "make", "--home", home, "--year", 2026, "--out", out, "--size", 10**9)
    assert (ran.status, out.exists()) == (3, False), ran.told
