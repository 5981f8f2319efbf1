"""What one premise came to: a code, an outcome, a sentence, and the statements it rests on."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from ledger.core.times import format_time
from ledger.statements.premises.evidence import Held

Outcome = Literal["passed", "failed", "absent"]


class Premise(NamedTuple):
    """One condition at one moment."""

    code: str
    """Stable; docs/spec/recognition.md lists them."""
    outcome: Outcome
    """absent: the evidence does not say."""
    detail: str
    """For people: what was found, lower case."""
    rests_on: tuple[bytes, ...]
    """Digests of the statements that decided, each once."""

    def to_json(self) -> dict[str, object]:
        """The premise as a member of a report."""
        return {
            "code": self.code,
            "outcome": self.outcome,
            "detail": self.detail,
            "restsOn": [digest.hex() for digest in self.rests_on],
        }


def passed(code: str, detail: str, *rests_on: Held[object]) -> Premise:
    """A premise that is shown."""
    return Premise(code, "passed", detail, _digests(rests_on))


def failed(code: str, detail: str, *rests_on: Held[object]) -> Premise:
    """A premise of which the contrary is shown."""
    return Premise(code, "failed", detail, _digests(rests_on))


def absent(code: str, detail: str, *rests_on: Held[object]) -> Premise:
    """A premise that the evidence does not decide."""
    return Premise(code, "absent", detail, _digests(rests_on))


def decisive(premises: Iterable[Premise]) -> Premise | None:
    """The first that failed, else the first that is absent; None where all passed."""
    found = None
    for premise in premises:
        if premise.outcome == "failed":
            return premise
        if premise.outcome == "absent" and found is None:
            found = premise
    return found


@lru_cache(maxsize=512)  # the same few dates stand in many sentences
def written(moment: int) -> str:
    """A moment as sentences give it."""
    return format_time(moment)


def _digests(held: Iterable[Held[object]]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(one.digest for one in held))
