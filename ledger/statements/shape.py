"""A small language for strict JSON fields: one description checks values and writes their JSON Schema.

A shape is a tree of nodes.  `problems` walks a value and reports every error at once, each with the RFC 6901
pointer of the member at fault, a stable code and a sentence; `json_schema` writes the same tree as JSON
Schema 2020-12; `test` compiles it for values that are in order, as most are: those it tells quickly, and of
the others nothing but that `problems` is to be asked.  What a schema cannot say (check digits, the order of two
dates) is a `Rule`: a function on an object, run when the members it needs are themselves in order.

Codes: wrong-type, member-missing, member-unknown, wrong-form, wrong-length, not-in-list, out-of-range,
duplicate, personal-data; rules add their own.  Details repeat what was found only where it cannot be personal
data.
"""

# ruff: noqa: D102 - what the methods of a node do is told once, in `Shape`

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ledger.errors import MalformedError


class Problem(NamedTuple):
    """One error in a document."""

    pointer: str
    """RFC 6901 JSON pointer of the member, there or missing."""
    code: str
    """Stable kebab-case name of the cause."""
    detail: str
    """What was found and what is required, for people."""


class StatementInvalidError(MalformedError):
    """The fields of a statement are not those of its type; `problems` lists every error."""

    default_code = "statement-invalid"

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = "; ".join(f"{problem.pointer or '/'}: {problem.detail}" for problem in self.problems[:_SHOWN])
        count = len(self.problems)
        more = f"; and {count - _SHOWN} more" if count > _SHOWN else ""
        super().__init__(
            f"{what} has {count} problem{'s' if count != 1 else ''}: {first}{more}",
            pointer=self.problems[0].pointer if self.problems else None,
        )


_SHOWN = 8
_LONGEST_NAME = 128

PERSONAL_DATA = "personal-data"
"""The code of what looks like personal data: the rules over a member are asked all the same."""

TYPE_NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "an integer"}


Test = Callable[[Any], object]
"""True of a value without a problem; of another it is false or raises one of `_NOT_IN_ORDER`."""
_NOT_IN_ORDER = (KeyError, TypeError, ValueError, MalformedError)
_RECURRING = 1024


class Shape:
    """A node; `check` appends to `found`, `schema` writes JSON Schema, `test` makes the test of both."""

    __slots__ = ()

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        """Append every error of `value`, which stands at pointer `at`."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema 2020-12."""
        raise NotImplementedError

    def test(self) -> Test:
        """A test that is never true where `check` finds a problem; made once, then called often."""
        return lambda value: not problems(self, value)


Members = Mapping[str, Shape]
RuleFunction = Callable[[dict[str, Any], str, list[Problem]], None]


class Rule:
    """A condition over several members of one object."""

    __slots__ = ("needs", "run")

    def __init__(self, needs: frozenset[str], run: RuleFunction) -> None:
        """Make a rule.

        Args:
            needs: Members that must be in order, when present, for the rule to be asked; what looks like personal
                data is in order here.
            run: Appends problems; gets the object, its pointer and the list.
        """
        self.needs, self.run = needs, run


def rule(*needs: str) -> Callable[[RuleFunction], Rule]:
    """Make a `Rule` of a function."""
    return lambda run: Rule(frozenset(needs), run)


def problems(shape: Shape, value: object, at: str = "") -> list[Problem]:
    """Every error of `value` under `shape`; pointers start with `at`."""
    found: list[Problem] = []
    shape.check(value, at, found)
    return found


def is_wrong(found: Iterable[Problem]) -> bool:
    """Whether problems are more than what looks like personal data, of which not every reader asks."""
    return any(problem.code != PERSONAL_DATA for problem in found)


def passes(test: Test, value: object) -> bool:
    """Whether a shape's test says that `value` is in order; if not, `problems` knows whether it is, and why not."""
    try:
        return bool(test(value))
    except _NOT_IN_ORDER:
        return False


def json_schema(shape: Shape) -> dict[str, Any]:
    """`shape` as a JSON Schema 2020-12 document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.schema()}


def shown(value: object) -> str:
    """What was found, in words that repeat no more than a short harmless code."""
    if type(value) is str:
        harmless = value.isascii() and value.replace("-", "").replace(".", "").isalpha()
        return f'"{value}"' if harmless and len(value) <= 40 else f"text of {len(value)} characters"  # noqa: PLR2004
    if type(value) is int:
        return str(value) if abs(value) < 1_000_000 else "a large integer"  # noqa: PLR2004
    return "null" if value is None else TYPE_NAMES.get(type(value), "something else")


def escape(name: str) -> str:
    """A member name as a pointer token (RFC 6901 section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def wrong_type(value: object, at: str, wanted: type) -> Problem:
    """The problem of a value of another JSON type."""
    found = "null" if value is None else TYPE_NAMES.get(type(value), "something else")
    return Problem(at, "wrong-type", f"{found} where {TYPE_NAMES[wanted]} belongs")


class Object(Shape):
    """A JSON object with exactly these members."""

    __slots__ = ("any_of", "members", "note", "optional", "recurring", "required", "rules")

    def __init__(
        self,
        required: Members,
        optional: Members | None = None,
        *,
        rules: tuple[Rule, ...] = (),
        any_of: tuple[str, ...] = (),
        note: str = "",
        recurring: bool = False,
    ) -> None:
        """Describe an object.

        Args:
            required: Members that must be present.
            optional: Members that may be.
            rules: Conditions over several members.
            any_of: Optional members of which at least one must be present; empty asks for none.
            note: The schema's description.
            recurring: The same objects come again and again, so that the test remembers them.  Only where all
                members are text: 1 and True would be remembered as one.
        """
        self.required = dict(required)
        self.optional = dict(optional or {})
        self.members = {**self.required, **self.optional}
        self.rules = rules
        self.any_of = any_of
        self.note = note
        self.recurring = recurring

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not dict:
            found.append(wrong_type(value, at, dict))
            return
        bad = self._check_members(value, at, found)
        if not self.required.keys() <= value.keys():
            for name in sorted(self.required.keys() - value.keys()):
                found.append(Problem(f"{at}/{name}", "member-missing", f'member "{name}" is missing'))
                bad.add(name)
        if self.any_of and not any(name in value for name in self.any_of):
            found.append(
                Problem(at, "member-missing", f"none of {listed(self.any_of)} is given; one is needed")
            )
        for condition in self.rules:
            if not bad or bad.isdisjoint(condition.needs):
                condition.run(value, at, found)

    def _check_members(self, value: dict[str, Any], at: str, found: list[Problem]) -> set[str]:
        """Check each member; the names of those with problems."""
        bad: set[str] = set()
        known, members = len(found), self.members
        for name, item in value.items():
            shape = members.get(name)
            if shape is not None:
                shape.check(item, f"{at}/{name}", found)
            else:
                where = f"{at}/{escape(name)}" if len(name) <= _LONGEST_NAME else at
                found.append(Problem(where, "member-unknown", "no such member here"))
            if len(found) != known:
                if is_wrong(found[known:]):
                    bad.add(name)
                known = len(found)
        return bad

    def schema(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": "object",
            "properties": {name: shape.schema() for name, shape in self.members.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }
        if self.any_of:
            made["anyOf"] = [{"required": [name]} for name in self.any_of]
        if self.note:
            made["description"] = self.note
        return made

    def test(self) -> Test:
        tests, required, any_of = _Tests(self.members), self.required.keys(), frozenset(self.any_of)
        conditions = [condition.run for condition in self.rules]

        def is_in_order(value: dict[str, Any]) -> bool:
            if type(value) is not dict:
                return False
            for name, item in value.items():
                if not tests[name](item):
                    return False
            if not required <= value.keys() or (any_of and any_of.isdisjoint(value)):
                return False
            found: list[Problem] = []
            for run in conditions:
                run(value, "", found)
            return not found

        if not self.recurring:
            return is_in_order
        known = lru_cache(_RECURRING)(lambda members: is_in_order(dict(members)))
        return lambda value: type(value) is dict and known(tuple(value.items()))


class _Tests(dict[str, Test]):
    """The tests of an object's members, each made when such a member is first met; KeyError for any other name."""

    def __init__(self, shapes: Members) -> None:
        super().__init__()
        self._shapes = shapes

    def __missing__(self, name: str) -> Test:
        made = self[name] = self._shapes[name].test()
        return made


class Anything(Shape):
    """Any value; it is checked elsewhere."""

    __slots__ = ()

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        pass

    def schema(self) -> dict[str, Any]:
        return {}

    def test(self) -> Test:
        return lambda _: True


class Array(Shape):
    """A list with bounds; items beyond the bound are not looked at."""

    __slots__ = ("item", "maximum", "minimum", "unique")

    def __init__(self, item: Shape, minimum: int, maximum: int, *, unique: str | bool = False) -> None:
        """Describe a list.

        Args:
            item: The shape of each.
            minimum: Fewest items.
            maximum: Most items.
            unique: True: no item twice; a member name: no two objects with the same value there.
        """
        self.item, self.minimum, self.maximum, self.unique = item, minimum, maximum, unique

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not list:
            found.append(wrong_type(value, at, list))
            return
        if not self.minimum <= len(value) <= self.maximum:
            wanted = f"{self.minimum} to {self.maximum}"
            found.append(Problem(at, "wrong-length", f"{len(value)} items where {wanted} belong"))
        for index, item in enumerate(value[: self.maximum]):
            self.item.check(item, f"{at}/{index}", found)
        if self.unique and len(value) > 1:
            self._find_duplicates(value[: self.maximum], at, found)

    def _find_duplicates(self, items: list[Any], at: str, found: list[Problem]) -> None:
        first: dict[str, int] = {}
        name = self.unique
        for index, item in enumerate(items):
            if type(name) is str:
                key = item.get(name) if type(item) is dict else None
                where, what = f"{at}/{index}/{name}", f'the "{name}" of'
            else:
                key, where, what = item, f"{at}/{index}", ""
            if not isinstance(key, str | int | dict):
                continue
            kind = type(key).__name__
            if type(key) is dict:
                key = repr(sorted(key.items(), key=lambda member: str(member[0])))
            key = f"{kind}:{key}"
            if key in first:
                detail = f"the same as {what + ' ' if what else ''}item {first[key]}"
                found.append(Problem(where, "duplicate", detail))
            else:
                first[key] = index

    def schema(self) -> dict[str, Any]:
        made = {
            "type": "array",
            "items": self.item.schema(),
            "minItems": self.minimum,
            "maxItems": self.maximum,
        }
        if self.unique is True:
            made["uniqueItems"] = True
        return made

    def test(self) -> Test:
        is_item, minimum, maximum, name = self.item.test(), self.minimum, self.maximum, self.unique

        def is_in_order(value: list[Any]) -> bool:
            if type(value) is not list or not minimum <= len(value) <= maximum:
                return False
            for item in value:
                if not is_item(item):
                    return False
            if not name or len(value) <= 1:
                return True
            keys = value if name is True else [item[name] for item in value]
            if type(keys[0]) is dict:
                keys = [repr(sorted(key.items())) for key in keys]
            return len(set(keys)) == len(keys)

        return is_in_order


def listed(names: Iterable[str]) -> str:
    """Names for a sentence."""
    return ", ".join(f'"{name}"' for name in names)
