import json

import pytest

from tests.deciding.shared_cases import FILES, FOLDER


@pytest.mark.parametrize("name", FILES)
def test_a_shared_file_holds_the_cases_of_the_tests(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == FILES[name]()


def test_the_shared_files_hold_what_is_allowed_and_what_is_not() -> None:
    decisions = json.loads((FOLDER / "decisions.json").read_bytes())["cases"]
    assert {"free", "prohibited", "indeterminate"} <= {case["decision"]["outcome"] for case in decisions}
    expressions = json.loads((FOLDER / "expressions.json").read_bytes())["cases"]
    assert {"refusedAt", "value"} <= {member for case in expressions for member in case}
