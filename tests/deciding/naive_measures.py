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
COUNTS = ("sensitiveCount", "ytdCount", "ytdSensitiveCount")
MECHANISMS = [("standardContract", ""), ("exemption", "transit"), ("certification", "")]
"""With the exemption of each."""
MISSING: dict[str, list[Any]] = {
    "category": ["nonPersonal", "personal", "sensitivePersonal"],
    "grade": ["general", "important", "core"],
    "purpose": [["dpv:Marketing"], ["dpv:ServiceProvision"]],
    "criticalInfrastructure": [False, True],
    "mechanism": MECHANISMS,
    "sensitiveCount": [0, 3, 5],
    "ytdCount": [0, 3, 5, 10],
    "ytdSensitiveCount": [0, 3, 5, 10],
}
"""Every value of a fact that the conditions of the sets tell apart."""
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
    outcomes = [outcome for outcome, _ in _deciding(measures, asked)]
    return STRICTNESS[max(map(STRICTNESS.index, outcomes))] if outcomes else None


def direction_asks(measures: list[dict[str, Any]], asked: Asked) -> set[str]:
    """The conditions of every rule that decides for its measure, be another one stricter."""
    return {code for _, rule in _deciding(measures, asked) for code in rule.get("conditions", ())}


def _deciding(measures: list[dict[str, Any]], asked: Asked) -> list[tuple[str, dict[str, Any]]]:
    """The rules that decide for their measures, where these count, each with its outcome."""
    said: list[tuple[str, dict[str, Any]]] = []
    by_default: list[tuple[str, dict[str, Any]]] = []
    for measure in measures:
        speaks = any(_overrides(over, measure) and _says(over, asked, {}) for over in measures)
        rule = _says(measure, asked, {"delegable"} if speaks else {})
        if rule is not None:
            (by_default if measure["kind"] == "default" else said).append(rule)
    return said or by_default


def _overrides(over: dict[str, Any], under: dict[str, Any]) -> bool:
    if over["kind"] == "default" or under["number"] not in over.get("overrides", ()) or over is under:
        return False
    did = over["authority"]["did"]
    return did == under["authority"]["did"] or did in {to["authority"] for to in under.get("delegatesTo", ())}


def _says(measure: dict[str, Any], asked: Asked, but: Any) -> tuple[str, dict[str, Any]] | None:
    for rule in measure["rules"]:
        if but and rule.get("delegable"):
            continue
        if not _table_holds(rule.get("if", {}), asked, measure["authority"]["did"]):
            continue
        holds = WHENS[rule["when"]](asked.line) if "when" in rule else True
        if holds is None:
            return "indeterminate", rule
        if holds:
            return str(rule["outcome"]), rule
    return None


def _table_holds(table: dict[str, Any], asked: Asked, did: str) -> bool:
    return all(_member_holds(member, wanted, asked, did) for member, wanted in table.items())


def _member_holds(member: str, wanted: Any, asked: Asked, did: str) -> bool:
    line = asked.line
    if member == "scenario":
        return asked.scenario[did] in {f"{one['scheme']} {one['code']}" for one in wanted} - {f"{OWN} other"}
    if member == "purpose":
        return not set(line["purpose"]).isdisjoint(wanted)
    if member == "criticalInfrastructure":
        return bool(line[member] == wanted)
    if member == "persons":
        return all(
            bound.get("atLeast", 0) <= line[count] < bound.get("below", 10**9)
            for count, bound in wanted.items()
        )
    return line[member] in wanted


def completions(record: dict[str, Any], measures: list[dict[str, Any]], codes: list[str]) -> Iterator[Asked]:
    """Every line that the one of a record may be.

    Args:
        record: Of a draft: members may be missing.
        measures: What nobody of them asks about is filled in with one value.
        codes: All scenarios of any table.
    """
    (line,) = record["lines"]
    persons, told = line.get("persons", {}), str(measures)
    given: dict[str, Any] = {**record, **line, **persons}
    if "mechanism" in record:
        given["mechanism"] = (record["mechanism"]["type"], record["mechanism"].get("exemptionCode", ""))
    asked = {name for name in MISSING if name in told} | {"category"}
    asked |= {"mechanism"} if "exemption" in told else set()
    either = [
        [given[name]] if name in given else values if name in asked else values[:1]
        for name, values in MISSING.items()
    ]
    known = _known(measures)
    for values in product(*either):
        whole = dict(zip(MISSING, values, strict=True))
        whole["mechanism"], whole["exemption"] = whole["mechanism"]
        if whole["category"] == "nonPersonal":
            if persons:  # no record counts persons there
                continue
            whole |= dict.fromkeys(COUNTS, 0)
        if whole["category"] == "personal" and "sensitiveCount" not in persons:
            whole["sensitiveCount"] = 0
        for scenario in _scenarios(line, known, codes):
            yield Asked(whole, scenario)


def _known(measures: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What each authority of a direction says that there is."""
    found: dict[str, set[str]] = {each["authority"]["did"]: set() for each in measures}
    for each in measures:
        for one in each.get("vocabularies", ()):
            found[each["authority"]["did"]] |= {f"{one['scheme']} {code}" for code in one["codes"]}
    return found


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
