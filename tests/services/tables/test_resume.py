import json
from pathlib import Path

import pytest

from ledger.services.tables.resume import Position, beside, resumed

NODE = "http://127.0.0.1:8151"
DIGEST = "0123456789abcdef" * 4


def saved(path: Path) -> Position:
    """A position after two of three lines, beside the input."""
    path.write_bytes(b"one\ntwo\nthree\n")
    position = Position(NODE, lines=2, offset=8, registered=1, refused=1, last=(DIGEST, 7))
    position.refusals.append({"line": 2, "code": "signature-invalid"})
    position.hashed.update(b"one\ntwo\n")
    position.save(beside(path))
    return position


def test_what_was_saved_is_where_the_next_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    position = saved(path)
    found = resumed(path, NODE, {DIGEST: 7}.get)
    assert found.hashed.hexdigest() == position.hashed.hexdigest()
    found.hashed = position.hashed
    assert found == position


def test_without_a_progress_file_a_run_begins_at_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    path.write_bytes(b"one\n")
    assert resumed(path, NODE, {}.get).offset == 0


def test_an_input_that_became_longer_is_gone_on_with_and_a_shorter_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    saved(path)
    path.write_bytes(path.read_bytes() + b"four\n")
    assert resumed(path, NODE, {DIGEST: 7}.get).lines == 2
    path.write_bytes(b"one\n")
    assert resumed(path, NODE, {DIGEST: 7}.get).lines == 0


@pytest.mark.parametrize("place", [None, 6, 8])
def test_a_log_that_does_not_have_the_last_statement_at_its_place_is_another_log(
    tmp_path: Path, place: int
) -> None:
    path = tmp_path / "in.ndjson"
    saved(path)
    assert resumed(path, NODE, lambda _: place).lines == 0


@pytest.mark.parametrize(
    "member", ["format", "known", "last", "lines", "node", "offset", "prefix", "refusals", "refused"]
)
@pytest.mark.parametrize("value", [None, -1, "x", [1], {}])
def test_a_member_that_is_missing_or_wrong_starts_the_run_again(
    tmp_path: Path, member: str, value: object
) -> None:
    path = tmp_path / "in.ndjson"
    saved(path)
    told = json.loads(beside(path).read_bytes())
    if value is None:
        del told[member]
    else:
        told[member] = value
    beside(path).write_text(json.dumps(told, sort_keys=True, separators=(",", ":")))
    assert resumed(path, NODE, {DIGEST: 7}.get).lines == 0
