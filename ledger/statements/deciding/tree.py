"""The tree of an expression, and its value in three values and an error.

Rule: docs/spec/deciding.md, section Expressions, 18 and 19.  What kind each node is of was checked when it was read.
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

from ledger.statements.deciding.facts import Facts
from ledger.statements.deciding.truth import FAULT, Fault, Missing, both, either, together

LARGEST: Final = 2**53 - 1
"""Of integers, either sign."""

Kind = Literal["text", "integer", "truth", "texts", "integers", "truths"]
Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in"]


class Constant(NamedTuple):
    """A value written down."""

    value: object
    kind: Kind
    at: int


class Asked(NamedTuple):
    """A fact by its name."""

    name: str
    kind: Kind
    at: int


class Not(NamedTuple):
    """`!x`."""

    of: "Node"
    kind: Kind = "truth"


class Negative(NamedTuple):
    """`-x`."""

    of: "Node"
    kind: Kind = "integer"


class Size(NamedTuple):
    """`size(x)`."""

    of: "Node"
    kind: Kind = "integer"


class Joined(NamedTuple):
    """`x && y`, `x || y`."""

    operator: Literal["&&", "||"]
    left: "Node"
    right: "Node"
    kind: Kind = "truth"


class Compared(NamedTuple):
    """`x < y` and the like."""

    operator: Operator
    left: "Node"
    right: "Node"
    kind: Kind = "truth"


class Added(NamedTuple):
    """`x + y`, `x - y`."""

    operator: Literal["+", "-"]
    left: "Node"
    right: "Node"
    kind: Kind = "integer"


Node = Constant | Asked | Not | Negative | Size | Joined | Compared | Added


def nodes(tree: Node) -> Iterator[Node]:
    """Every node of a tree, outermost first, left before right."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Not | Negative | Size):
            waiting.append(node.of)
        elif isinstance(node, Joined | Compared | Added):
            waiting += (node.right, node.left)


def operators(tree: Node) -> int:
    """How much there is to compute: nodes that are neither facts nor constants."""
    return sum(not isinstance(node, Constant | Asked) for node in nodes(tree))


Run = Callable[[Facts], object]


def compiled(node: Node) -> Run:
    """A node as a function of the facts, whose value is `Missing` or `FAULT` where there is none."""
    match node:
        case Constant(value=value):
            run: Run = lambda _: value  # noqa: E731 - one of several forms of one thing
        case Asked(name=name):
            unknown = Missing((name,))
            run = lambda facts: facts.get(name, unknown)  # noqa: E731 - as above
        case Not(of=of):
            run = _with_one(compiled(of), lambda value: not value)
        case Negative(of=of):
            run = _with_one(compiled(of), lambda value: -value)  # type: ignore[operator]  # an integer
        case Size(of=of):
            run = _with_one(compiled(of), len)  # type: ignore[arg-type]  # a list
        case Joined():
            run = _joined(node)
        case Compared(operator=operator, left=left, right=right):
            run = _with_two(compiled(left), compiled(_quickly(right)), _COMPARE[operator])
        case Added(operator=operator, left=left, right=right):
            run = _with_two(compiled(left), compiled(right), _plus if operator == "+" else _minus)
    return run


def _quickly(right: Node) -> Node:
    """What something is compared with, or may be in: a list that is written down as a set."""
    if isinstance(right, Constant) and isinstance(right.value, tuple):
        return right._replace(value=frozenset(right.value))
    return right


def _joined(node: Joined) -> Run:
    join = both if node.operator == "&&" else either
    first, second = compiled(node.left), compiled(node.right)
    return lambda facts: join(first(facts), second(facts))  # type: ignore[arg-type]  # of kind truth


def _with_one(run: Run, apply: Callable[[object], object]) -> Run:
    def with_one(facts: Facts) -> object:
        value = run(facts)
        return value if isinstance(value, Missing | Fault) else apply(value)

    return with_one


def _with_two(left: Run, right: Run, apply: Callable[[object, object], object]) -> Run:
    def with_two(facts: Facts) -> object:
        first, second = left(facts), right(facts)
        if first is FAULT or second is FAULT:
            return FAULT
        if isinstance(first, Missing):
            return together(first, second) if isinstance(second, Missing) else first
        return second if isinstance(second, Missing) else apply(first, second)

    return with_two


def _plus(left: object, right: object) -> object:
    return _bounded(left + right)  # type: ignore[operator]  # integers


def _minus(left: object, right: object) -> object:
    return _bounded(left - right)  # type: ignore[operator]  # integers


def _bounded(value: int) -> object:
    return value if -LARGEST <= value <= LARGEST else FAULT


_COMPARE: Final[dict[str, Callable[[object, object], object]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]  # integers
    "<=": lambda left, right: left <= right,  # type: ignore[operator]  # integers
    ">": lambda left, right: left > right,  # type: ignore[operator]  # integers
    ">=": lambda left, right: left >= right,  # type: ignore[operator]  # integers
    "in": lambda left, right: left in right,  # type: ignore[operator]  # a list of its kind
}
