"""The page of what was measured keeps what a run did not measure."""

from pathlib import Path

from benchmarks.measure import Row
from benchmarks.page import page_of, section_of, sections_of

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
ROW = Row("a thing, against its limit", "1.20 times", "≤ 2 times", True, "12 µs and 10 µs")


def test_a_part_that_is_measured_alone_replaces_its_own_section_and_no_other() -> None:
    parts = ("store", "tree")
    before = page_of({name: section_of(f"The {name}.", [ROW]) for name in parts}, parts)
    changed = {**sections_of(before), "tree": section_of("The tree.", [ROW._replace(found="3.00 times")])}
    after = page_of(changed, parts)
    assert sections_of(after)["store"] == sections_of(before)["store"]
    assert "3.00 times" in sections_of(after)["tree"]
    assert "1.20 times" not in sections_of(after)["tree"]


def test_the_page_is_what_its_own_sections_make() -> None:
    page = PAGE.read_text()
    sections = sections_of(page)
    assert page_of(sections, list(sections)[:-1]) == page
