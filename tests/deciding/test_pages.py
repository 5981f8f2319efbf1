import json
import re
from pathlib import Path
from typing import Any

from ledger.statements.deciding.decide import decide
from ledger.statements.deciding.review import review
from tests.deciding.records import AT, NO_DIGEST, people, rule, rules

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"
FENCE = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown(page: str) -> list[Any]:
    """The JSON that a page shows."""
    return [json.loads(text) for text in FENCE.findall((SPEC / f"{page}.md").read_text(encoding="utf-8"))]


def test_the_example_of_the_page_about_deciding_is_what_the_engine_says() -> None:
    ordered, expected = shown("deciding")
    record = shown("transfer-record")[0]
    measure = rules(*ordered, number="XA-2026-1")
    found = decide(record, [measure], at=AT).subject(NO_DIGEST)
    written = json.dumps(expected).replace("9a11\\u2026", measure.digest.hex())
    assert found == json.loads(written.replace("2f0c\\u2026", NO_DIGEST.hex()))
    for sensitive, outcome in ((0, "free"), (1, "mechanismRequired")):
        record["lines"][0]["persons"] = people(1_200, ytdCount=48_000, ytdSensitiveCount=sensitive)
        assert decide(record, [measure], at=AT).outbound.lines[0].outcome == outcome


def test_the_example_of_the_page_about_measures_is_what_is_found() -> None:
    example, expected = shown("measure-lint")
    measure = rules(
        rule("1", "free", table={"grade": ["core"]}),
        rule("2", "free", table={"grade": ["important"]}),
        rule("3", "mechanismRequired", when=example["when"]),
    )
    found = [
        {name: value for name, value in finding._asdict().items() if value is not None}
        for finding in review(measure.measure, at=AT)
    ]
    assert found == expected
