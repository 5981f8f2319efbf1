"""What a small set of measures says of one line, where everything is known: shares no code with the engine.

Missing facts are not reasoned about: `completions` fills in every value that what is missing may have, as far as the
measures made by `tests.deciding.small_sets` tell them apart.  Written from docs/spec/deciding.md, in two values.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

STRICTNESS = ["free", "conditional", "mechanismRequired", "assessmentRequired", "indeterminate", "prohibited"]
OWN = "urn:evidence-ledger:scenario:v1"
ELSEWHERE = "urn:example:elsewhere nothing"
"""A scenario of no table."""
COUNTS = ("ytdCount", "ytdSensitiveCount")
WHENS: dict[str, Callable[[dict[str, Any]], bool | None]] = {
    "line.persons.ytdCount >= 5 && !transfer.criticalInfrastructure": lambda line: (
        line["ytdCount"] >= 5 and not line["criticalInfrastructure"]
    ),
    'line.grade == "core" || "dpv:Marketing" in transfer.purpose': lambda line: (
        line["grade"] == "core" or "dpv:Marketing" in line["purpose"]
    ),
    "line.persons.ytdCount - line.persons.ytdSensitiveCount > 4": lambda line: (
        line["ytdCount"] - line["ytdSensitiveCount"] > 4
    ),
    "line.persons.ytdCount + 9007199254740991 > 0": lambda line: None if line["ytdCount"] else True,
}
"""Each expression that is asked, and what it comes to; None: in error."""


class Asked(NamedTuple):
    """One line with all its facts, but for the scenario as each authority sees it."""

    line: dict[str, Any]
    scenario: dict[str, str]
    """By the DID of who asks: scheme, space, code."""


def direction_says(measures: list[dict[str, Any]], asked: Asked) -> str | None:
    """The outcome of one direction, None where nothing is said.

    Args:
        measures: Subjects of those in force of it.
        asked: The line.
    """
    said: list[str | None] = []
    by_default: list[str | None] = []
    for measure in measures:
        speaks = any(_overrides(over, measure) and _says(over, asked, {}) for over in measures)
        outcome = _says(measure, asked, {"delegable"} if speaks else {})
        (by_default if measure["kind"] == "default" else said).append(outcome)
    for outcomes in (said, by_default):
        if any(outcomes):
            return STRICTNESS[max(STRICTNESS.index(one) for one in outcomes if one)]
    return None


def _overrides(over: dict[str, Any], under: dict[str, Any]) -> bool:
    if over["kind"] == "default" or under["number"] not in over.get("overrides", ()) or over is under:
        return False
    did = over["authority"]["did"]
    return did == under["authority"]["did"] or did in {to["authority"] for to in under.get("delegatesTo", ())}


def _says(measure: dict[str, Any], asked: Asked, but: Any) -> str | None:
    for rule in measure["rules"]:
        if but and rule.get("delegable"):
            continue
        if not _table_holds(rule.get("if", {}), asked, measure["authority"]["did"]):
            continue
        holds = WHENS[rule["when"]](asked.line) if "when" in rule else True
        if holds is None:
            return "indeterminate"
        if holds:
            return str(rule["outcome"])
    return None


def _table_holds(table: dict[str, Any], asked: Asked, did: str) -> bool:
    line = asked.line
    return all(
        asked.scenario[did] in {f"{one['scheme']} {one['code']}" for one in wanted} - {f"{OWN} other"}
        if member == "scenario"
        else bool(set(line["purpose"]) & set(wanted))
        if member == "purpose"
        else line["criticalInfrastructure"] == wanted
        if member == "criticalInfrastructure"
        else all(
            bound.get("atLeast", 0) <= line[count] < bound.get("below", 10**9)
            for count, bound in wanted.items()
        )
        if member == "persons"
        else line[member] in wanted
        for member, wanted in table.items()
    )


def completions(
    record: dict[str, Any], line: dict[str, Any], known: dict[str, set[str]], codes: list[str]
) -> Iterator[Asked]:
    """Every line that this one may be.

    Args:
        record: That it is of.
        line: Of a draft: members may be missing.
        known: For each authority, the scenarios it knows.
        codes: All scenarios of any table.
    """
    persons = line.get("persons", {})
    categories = (
        ["personal", "sensitivePersonal"] if persons else ["nonPersonal", "personal", "sensitivePersonal"]
    )
    either = {
        "category": [line["category"]] if "category" in line else categories,
        "grade": [line["grade"]] if "grade" in line else ["general", "important", "core"],
        "purpose": [record["purpose"]]
        if "purpose" in record
        else [["dpv:Marketing"], ["dpv:ServiceProvision"]],
        "criticalInfrastructure": [record["criticalInfrastructure"]]
        if "criticalInfrastructure" in record
        else [False, True],
        **{name: [persons[name]] if name in persons else [0, 3, 5, 10] for name in COUNTS},
    }
    for values in product(*either.values()):
        whole = dict(zip(either, values, strict=True))
        if whole["category"] == "nonPersonal":
            whole |= dict.fromkeys(COUNTS, 0)
        for scenario in _scenarios(line, known, codes):
            yield Asked(whole, scenario)


def _scenarios(
    line: dict[str, Any], known: dict[str, set[str]], codes: list[str]
) -> Iterator[dict[str, str]]:
    """As each authority may see it: one that it knows is what it is, any other may be any."""
    given = line.get("scenario")
    name = None if given is None else f"{given['scheme']} {given['code']}"
    if name is None:
        for code in (*codes, ELSEWHERE):
            yield dict.fromkeys(known, code)
        return
    either = [
        [name] if name.startswith(f"{OWN} ") or name in its else [*codes, ELSEWHERE] for its in known.values()
    ]
    for values in product(*either):
        yield dict(zip(known, values, strict=True))
