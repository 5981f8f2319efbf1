"""Both implementations read statements alike: the same value, or the same problems in the same order."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from ledger.errors import MalformedError
from ledger.statements import catalogue
from ledger.statements.shape import StatementInvalidError
from tests.campaign import count
from tests.statements.subjects import statement
from tests.web import plain
from tests.web.answers import Answers, Question, running
from tests.web.mutations import mutations, whole

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "statements").glob("*.json"))
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))
EACH = count(250)
"""Changes of each type's examples."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    with running(tmp_path_factory.mktemp("answers")) as process:
        yield process


def faults(error: MalformedError) -> dict[str, Any]:
    if isinstance(error, StatementInvalidError):
        return {"code": error.code, "problems": [[each.pointer, each.code] for each in error.problems]}
    return {"code": error.code, "problems": [[error.pointer or "", error.code]]}


def ours(read: Any) -> dict[str, Any]:
    try:
        value = catalogue.read(read(), screened=False)
    except MalformedError as error:
        return faults(error)
    if type(value).__name__ in ("JurisdictionEntry", "LogSuccession"):
        return {"value": None}  # of values of the trust list's own reader
    return {"value": plain.subject(value)}


def compared(told: dict[str, Any]) -> dict[str, Any]:
    if told.get("value", {}).get("type") in ("JurisdictionEntry", "LogSuccession"):
        return {"value": None}
    return told


def question(document: dict[str, Any]) -> Question:
    asked = vars(statement(document))
    names = {"verification_method": "verificationMethod"}
    told = {names.get(name, name): item for name, item in asked.items()}
    return {"statement": told, "_read": lambda: statement(document)}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector_is_read_alike(answers: Answers, path: Path) -> None:
    data = path.read_bytes()
    ((_, told),) = answers.to([{"bytes": b64encode(data).decode()}])
    assert compared(told) == ours(lambda: parse_statement(data))


def test_the_examples_are_read_alike(answers: Answers) -> None:
    documents = [json.loads(path.read_bytes()) for path in EXAMPLES]
    documents = [each for each in documents if "credentialSubject" in each]
    assert len(documents) >= len(catalogue.TYPES) - 2
    for asked, told in answers.to(map(question, documents)):
        assert compared(told) == ours(asked["_read"])
        assert "value" in told


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_changed_statements_are_read_alike(answers: Answers, name: str) -> None:
    outcomes = set()
    for asked, told in answers.to(map(question, mutations(name, EACH))):
        wanted = ours(asked["_read"])
        assert compared(told) == wanted, asked["statement"]
        outcomes.add("value" in told)
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", sorted(catalogue.TYPES))
def test_the_statements_that_are_changed_are_in_order(name: str) -> None:
    for document in whole(name):
        catalogue.read(statement(document))
