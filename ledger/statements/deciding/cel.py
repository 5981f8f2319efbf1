"""A restricted CEL: what a rule may ask beyond its table, without time, randomness, loops or surprises.

Rule: docs/spec/deciding.md, section Expressions.  Every expression is a CEL expression and means what CEL says it
means; what is left out, and that a fact may be unknown, is ours.  Names and types are checked when it is read, so
that of an expression that was read only numbers too large can go wrong.

Cost: linear in the text; bounded by `LONGEST`, `DEEPEST` and `MOST_OPERATORS`.  What was read lately is kept by its
text: a measure is read when it comes, and again where somebody decides by it.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from ledger.errors import MalformedError
from ledger.statements.deciding.facts import FACTS, Facts
from ledger.statements.deciding.tree import (
    LARGEST,
    Added,
    Asked,
    Compared,
    Constant,
    Joined,
    Kind,
    Negative,
    Node,
    Not,
    Size,
    compiled,
    nodes,
    operators,
)
from ledger.statements.deciding.truth import Truth

LONGEST: Final = 1_000
"""Characters of an expression."""
DEEPEST: Final = 16
"""Brackets, `!` and `-` in front of something, inside each other."""
MOST_OPERATORS: Final = 100
"""`&&`, `||`, comparisons, `+` and `-` between two, in all."""


class Expression:
    """An expression that was read."""

    __slots__ = ("_run", "facts", "operators", "text", "tree")

    def __init__(self, text: str, tree: Node) -> None:
        self.text, self.tree = text, tree
        self.facts: frozenset[str] = frozenset(node.name for node in nodes(tree) if isinstance(node, Asked))
        """Names of the facts it asks about."""
        self.operators = operators(tree)
        """What it costs to evaluate it."""
        self._run: Callable[[Facts], Truth] | None = None

    @property
    def evaluate(self) -> Callable[[Facts], Truth]:
        """Whether it holds of the facts of a line."""
        if self._run is None:
            self._run = compiled(self.tree)  # type: ignore[assignment]  # the tree is one of kind truth
        return self._run  # type: ignore[return-value]  # it was set where it was not


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        MalformedError: `cel-invalid`, with the offset of the character at fault.
    """
    if len(text) > LONGEST:
        _refuse(f"{len(text)} characters where at most {LONGEST} belong", LONGEST)
    reader = _Reader(list(_tokens(text)))
    tree = reader.disjunction()
    reader.end()
    if tree.kind != "truth":
        _refuse(f"an expression is true or false; this is of the kind {tree.kind}", 0)
    if sum(isinstance(node, Joined | Compared | Added) for node in nodes(tree)) > MOST_OPERATORS:
        _refuse(f"more than {MOST_OPERATORS} operators", len(text))
    return Expression(text, tree)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN: Final = re.compile(
    r"""(?P<space>[ ]+)
    |(?P<number>[0-9]+(?![0-9A-Za-z_.]))
    |(?P<text>"[ !#-\[\]-~]*"|'[ -&(-\[\]-~]*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[<>!()\[\],+-])""",
    re.VERBOSE,
)
"""Texts are of printable ASCII characters, without a backslash and without their own quotation mark."""


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            _refuse("no such word or sign here", at)
        if found.lastgroup != "space":
            yield _Token(found.lastgroup, found[0], at)
        at = found.end()
    yield _Token("end", "", at)


class _Reader:
    """Recursive descent; `_depth` counts what is inside what."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0

    def end(self) -> None:
        token = self._tokens[self._next]
        if token.kind != "end":
            _refuse("the expression should end here", token.at)

    def disjunction(self) -> Node:
        left = self._conjunction()
        while (token := self._take("||")) is not None:
            right = self._conjunction()
            left = Joined("||", _of(left, "truth", token), _of(right, "truth", token))
        return left

    def _conjunction(self) -> Node:
        left = self._relation()
        while (token := self._take("&&")) is not None:
            right = self._relation()
            left = Joined("&&", _of(left, "truth", token), _of(right, "truth", token))
        return left

    def _relation(self) -> Node:
        left = self._sum()
        token = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        if token is None:
            return left
        right = self._sum()
        if token.text == "in":
            listed = f"{left.kind}s" if left.kind in _LISTABLE else ""
            if right.kind != listed:
                _refuse(f"{left.kind} in {right.kind} is never asked", token.at)
        elif left.kind != right.kind or left.kind not in (
            _EQUATABLE if token.text in {"==", "!="} else _ORDERED
        ):
            _refuse(f"{left.kind} {token.text} {right.kind} is never asked", token.at)
        return Compared(token.text, left, right)  # type: ignore[arg-type]  # one of those taken

    def _sum(self) -> Node:
        left = self._factor()
        while (token := self._take("+", "-")) is not None:
            right = self._factor()
            left = Added(token.text, _of(left, "integer", token), _of(right, "integer", token))  # type: ignore[arg-type]  # one of those taken
        return left

    def _factor(self) -> Node:
        token = self._take("!", "-", "(", "size")
        if token is None:
            return self._atom()
        self._deeper(token)
        inner: Node
        if token.text == "!":
            inner = Not(_of(self._factor(), "truth", token))
        elif token.text == "-":
            inner = Negative(_of(self._factor(), "integer", token))
        elif token.text == "(":
            inner = self.disjunction()
            self._expect(")")
        else:
            self._expect("(")
            listed = self._sum()
            if not listed.kind.endswith("s"):
                _refuse(f"{listed.kind} has no size", token.at)
            inner = Size(listed)
            self._expect(")")
        self._depth -= 1
        return inner

    def _atom(self) -> Node:
        token = self._tokens[self._next]
        self._next += 1
        if token.text == "[" and token.kind == "sign":
            return self._list(token)
        if token.kind == "name" and token.text not in _WORDS:
            fact = FACTS.get(token.text)
            if fact is None:
                _refuse("no such fact", token.at)
            return Asked(token.text, fact.type, token.at)
        return _constant(token)

    def _list(self, opening: _Token) -> Constant:
        items = [self._item()]
        while self._take(",") is not None:
            items.append(self._item())
        self._expect("]")
        kind = items[0].kind
        for item in items:
            if item.kind != kind:
                _refuse(f"{item.kind} in a list of {kind}", item.at)
        return Constant(tuple(item.value for item in items), _LISTABLE[kind], opening.at)

    def _item(self) -> Constant:
        minus = self._take("-")
        token = self._tokens[self._next]
        self._next += 1
        constant = _constant(token)
        if minus is None:
            return constant
        if not isinstance(constant.value, int) or constant.kind != "integer":
            _refuse(f"a {constant.kind} has no sign", minus.at)
        return Constant(-constant.value, "integer", minus.at)

    def _take(self, *texts: str) -> _Token | None:
        """The next token if it is one of these signs or words."""
        token = self._tokens[self._next]
        if token.kind in {"sign", "name"} and token.text in texts:
            self._next += 1
            return token
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            _refuse(f'"{sign}" is missing', self._tokens[self._next].at)

    def _deeper(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            _refuse(f"more than {DEEPEST} inside each other", token.at)


_WORDS: Final = frozenset({"true", "false", "in", "size"})
_LISTABLE: Final[dict[str, Kind]] = {"text": "texts", "integer": "integers", "truth": "truths"}
_EQUATABLE: Final = frozenset(_LISTABLE)
_ORDERED: Final = frozenset({"integer"})


def _constant(token: _Token) -> Constant:
    if token.kind == "text":
        return Constant(token.text[1:-1], "text", token.at)
    if token.kind == "number":
        if len(token.text) > 1 and token.text[0] == "0":
            _refuse("a number starts with another digit than 0", token.at)
        if len(token.text) > len(str(LARGEST)) or int(token.text) > LARGEST:
            _refuse(f"a number is at most {LARGEST}", token.at)
        return Constant(int(token.text), "integer", token.at)
    if token.text not in {"true", "false"}:
        _refuse("a value is missing", token.at)
    return Constant(token.text == "true", "truth", token.at)


def _of(node: Node, kind: Kind, token: _Token) -> Node:
    if node.kind != kind:
        _refuse(f"{node.kind} where {token.text} needs {kind}", token.at)
    return node


def _refuse(detail: str, at: int) -> NoReturn:
    raise MalformedError(f"expression, character {at}: {detail}", code="cel-invalid", offset=at)
