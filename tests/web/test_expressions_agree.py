"""Both implementations take the same texts for expressions of a rule, and refuse the same ones."""

from random import Random

import pytest

from ledger.statements import catalogue
from ledger.statements.deciding.facts import FACTS
from tests.campaign import count
from tests.web.answers import Answers
from tests.web.test_statements_agree import answers as answers  # noqa: PLC0414  # the fixture, by its own name
from tests.web.test_statements_agree import compared, ours, question

DRAWN = count(400)
EDGES = [
    "true",
    "True",
    "1",
    "1 == 1",
    "1 == true",
    "01 == 1",
    "-1 < 0",
    "--1 == 1",
    "!!true",
    "!1 == 1",
    "1 < 2 < 3",
    "true == false == true",
    "9007199254740991 > 0",
    "9007199254740992 > 0",
    "1e3 > 0",
    "1.5 > 0",
    "1a > 0",
    "'a' < 'b'",
    "'a' == \"a\"",
    "'a\\'' == 'a'",
    "'it' == 'i't'",
    "'' == ''",
    "[] == []",
    "1 in [1, -2]",
    "1 in [1, 'a']",
    "1 in []",
    "1 in [1,]",
    "true in [true]",
    "'a' in ['a', - 'b']",
    "1 in [- 1]",
    "1 in 1",
    "[1] == [1]",
    "size([1, 2]) == 2",
    "size(line.dataTypes) > 0",
    "size(line.grade) > 0",
    "size(size([1])) > 0",
    "size[1] > 0",
    "size == 1",
    "in == 1",
    "line.grade",
    "line . grade == 'core'",
    "line.grade== 'core'&&true",
    "line.grade == 'core' &&",
    "&& true",
    "(true",
    "true)",
    "()",
    "true true",
    "true & true",
    "true ? true : false",
    "line.grade == null",
    "line.nothing == 1",
    "transfer.relations == ['a']",
    "'a' in transfer.relations",
    "(" * 16 + "true" + ")" * 16,
    "(" * 17 + "true" + ")" * 17,
    "!" * 17 + "true",
    "-" * 16 + "1 < 2",
    "true" + "||true" * 100,
    "true" + "||true" * 101,
    "size([" + "1," * 300 + "1]) > 0",
]
WORDS = [
    *FACTS,
    *("true", "false", "in", "size", "size(", "(", ")", "[", "]", ",", "&&", "||", "==", "!=", "<", ">="),
    *("+", "-", "!", "0", "7", "'core'", '"XB"', "9007199254740991", "x", "line", "=", "&"),
]


def operand(chance: Random, kind: str, depth: int) -> str:
    """Text of an expression of a kind."""
    named = [name for name, fact in FACTS.items() if fact.type == kind]
    plain = {"text": "'core'", "integer": str(chance.randrange(9)), "truth": "true", "texts": "['a', \"b\"]"}[
        kind
    ]
    if depth == 0:
        return chance.choice([*named[:3], plain])
    one = operand(chance, "integer", depth - 1)
    if kind == "integer":
        made = [f"{one} + {operand(chance, 'integer', depth - 1)}", f"-({one})", "size(line.dataTypes)"]
        return chance.choice(made)
    if kind == "truth":
        compared_with = chance.choice(["text", "integer", "truth"])
        left, right = (f"({operand(chance, compared_with, depth - 1)})" for _ in range(2))
        truth = operand(chance, "truth", depth - 1)
        return chance.choice(
            [
                f"{left} {chance.choice(['==', '!='])} {right}",
                f"{one} {chance.choice(['<', '<=', '>', '>='])} {one}",
                f"{operand(chance, 'text', 0)} in {operand(chance, 'texts', 0)}",
                f"({truth}) {chance.choice(['&&', '||'])} !({truth})",
            ]
        )
    return operand(chance, kind, 0)


def edited(chance: Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice([*WORDS, " ", "."]) + text[at + chance.choice([0, 1, 3]) :]


def drawn() -> list[str]:
    chance = Random("expressions")
    whole = [operand(chance, "truth", chance.randrange(4)) for _ in range(DRAWN // 2)]
    strung = [" ".join(chance.choices(WORDS, k=chance.randrange(1, 6))) for _ in range(DRAWN // 4)]
    return [*whole, *(edited(chance, chance.choice(whole)) for _ in range(DRAWN // 4)), *strung]


@pytest.mark.parametrize("texts", [EDGES, drawn()], ids=["edges", "drawn"])
def test_expressions_are_read_alike(answers: Answers, texts: list[str]) -> None:
    documents = []
    for text in texts:
        document = catalogue.example("PolicyMeasure")
        rule = document["credentialSubject"]["rules"][3]
        document["credentialSubject"]["rules"] = [{**rule, "when": text}]
        documents.append(document)
    outcomes = set()
    for text, (asked, told) in zip(texts, answers.to(map(question, documents)), strict=True):
        assert compared(told) == ours(asked["_read"]), text
        outcomes.add("value" in told)
    assert outcomes == {True, False}
