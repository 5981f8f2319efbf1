"""What every problem's code means: `problems.json`, which is made of the sources as docs/spec/errors.md is."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from api.problems import status_of_code

TABLE: Final = Path(__file__).with_name("problems.json")


class ProblemType(NamedTuple):
    """What is meant by one code.

    Attributes:
        means: In general, by the kinds of error that carry it.
        says: In particular; `…` stands for a value.
        statuses: Of HTTP, where it is answered; none of what stands in reports and on command lines alone.
    """

    code: str
    means: tuple[str, ...]
    says: tuple[str, ...]
    statuses: tuple[int, ...]


@cache
def problem_types() -> dict[str, ProblemType]:
    """Every code, in order."""
    told: dict[str, Any] = orjson.loads(TABLE.read_bytes())
    means, says, statuses = (defaultdict[str, list[Any]](list) for _ in range(3))
    for kind, one in told.items():
        for code, words in one["codes"].items():
            means[code].append(one["means"])
            says[code] += [word for word in words if word not in says[code]]
            status = status_of_code(kind, code)
            if status is not None and status not in statuses[code]:
                statuses[code].append(status)
    return {
        code: ProblemType(code, tuple(means[code]), tuple(says[code]), tuple(statuses[code]))
        for code in sorted(means)
    }


@cache
def codes_of(status: int) -> tuple[str, ...]:
    """The codes that are answered with a status."""
    return tuple(one.code for one in problem_types().values() if status in one.statuses)
