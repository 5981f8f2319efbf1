"""What the cited Chinese texts say of one line, written straight from them; shares no code with the engine.

Missing facts are not reasoned about: every value they may have is tried.  Text: the Provisions of 22 March 2024,
Arts. 2 to 8, as in `ledger/rules/measures/cn-2024-provisions.json`; the Lingang general list for vehicles of 17 May
2024; a negative list in the shape of that of Shanghai.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

STRICTNESS = ["free", "conditional", "mechanismRequired", "assessmentRequired", "indeterminate", "prohibited"]
EXEMPT = {"transit", "contractNecessity", "hrManagement", "emergency"}
VEHICLES = {"veh.manufacturing", "veh.rd-test", "veh.after-sales", "veh.used-car-trade"}
COVERED = {"ins.reinsurance", "ship.international", "retail.commerce"}
ANYTHING_ELSE = "other"


class Case(NamedTuple):
    """One line; None: not given."""

    category: str
    grade: str
    scenario: str | None
    """Code of the neutral list; None: one that nobody knows."""
    critical: bool | None
    exemption: str | None
    """None: the record claims none."""
    persons: int | None
    """Since 1 January."""
    sensitive: int | None
    """Since 1 January."""
    lingang: bool


def answer(case: Case) -> tuple[str, set[str], list[str]]:
    """Outcome, reasons, names of the facts that are missing."""
    said = {tried: text(tried) for tried in completions(case)}
    outcomes = {outcome for outcome, _ in said.values()}
    if len(outcomes) == 1:
        return outcomes.pop(), {reason for _, reason in said.values()}, []
    missing = [name for name, member in _FACTS if _matters(said, member)]
    return "indeterminate", {reason for _, reason in said.values()}, missing


_FACTS = (
    ("line.persons.ytdCount", "persons"),
    ("line.persons.ytdSensitiveCount", "sensitive"),
    ("line.scenario", "scenario"),
    ("transfer.criticalInfrastructure", "critical"),
)


def _matters(said: dict[Case, tuple[str, str]], member: str) -> bool:
    """Whether the outcome changes with this member alone."""
    groups: dict[tuple[object, ...], set[str]] = {}
    for case, (outcome, _) in said.items():
        rest = tuple(value for name, value in case._asdict().items() if name != member)
        groups.setdefault(rest, set()).add(outcome)
    return any(len(outcomes) > 1 for outcomes in groups.values())


def completions(case: Case) -> Iterator[Case]:
    """The case with every value that what is missing may have, as far as the text tells them apart."""
    none_personal = case.category == "nonPersonal"
    persons = (
        [case.persons] if case.persons is not None else [0] if none_personal else [0, 100_000, 1_000_000]
    )
    sensitive = [case.sensitive] if case.sensitive is not None else [0] if none_personal else [0, 1, 10_000]
    critical = [case.critical] if case.critical is not None else [False, True]
    scenarios = [case.scenario] if case.scenario is not None else [*sorted(VEHICLES | COVERED), ANYTHING_ELSE]
    for one in product(persons, sensitive, critical, scenarios):
        yield case._replace(persons=one[0], sensitive=one[1], critical=one[2], scenario=one[3])


def text(case: Case) -> tuple[str, str]:
    """Outcome and reason where everything is known."""
    listed = zone_list(case) if case.lingang else None
    if listed is None:
        return provisions(case)
    rest = beyond_delegation(case)
    if rest is not None and STRICTNESS.index(rest[0]) > STRICTNESS.index(listed[0]):
        return rest
    return listed


def beyond_delegation(case: Case) -> tuple[str, str] | None:
    """What no list of a zone changes: all but the numbers of persons."""
    if case.grade == "core":
        return "assessmentRequired", "coreData"
    if case.grade == "important":  # Art. 7(1)(2)
        return "assessmentRequired", "importantData"
    if case.category == "nonPersonal":  # Arts. 2, 3
        return "free", "noPersonalData"
    if case.exemption in EXEMPT:  # Arts. 4, 5(1)(1) to (3)
        return "free", "exempted"
    if case.critical:  # Art. 7(1)(1)
        return "assessmentRequired", "criticalInfrastructure"
    return None


def provisions(case: Case) -> tuple[str, str]:
    """The Provisions alone."""
    said = beyond_delegation(case)
    if said is not None:
        return said
    assert case.persons is not None
    assert case.sensitive is not None
    if case.sensitive >= 10_000:  # Art. 7(1)(2): 1 万人以上敏感个人信息
        return "assessmentRequired", "sensitiveData"
    if case.persons >= 1_000_000:  # Art. 7(1)(2): 100 万人以上个人信息
        return "assessmentRequired", "aboveThreshold"
    if case.sensitive > 0 or case.category == "sensitivePersonal":  # Art. 8: 不满 1 万人敏感个人信息
        return "mechanismRequired", "sensitiveData"
    if case.persons >= 100_000:  # Art. 8: 10 万人以上、不满 100 万人
        return "mechanismRequired", "aboveThreshold"
    return "free", "belowThreshold"  # Art. 5(1)(4): 不满 10 万人


def zone_list(case: Case) -> tuple[str, str] | None:
    """What the two lists of the zone say; None: nothing."""
    if case.scenario in VEHICLES and not case.critical and case.grade == "general":
        if case.category == "nonPersonal":
            return "free", "listed"
        if case.category == "personal":
            return "conditional", "listed"
    if case.scenario not in COVERED:
        return None
    if case.exemption in EXEMPT:
        return "free", "exempted"
    needs = _entry(case)
    if needs is not None:
        return needs, "listed"
    return ("free", "notListed") if case.grade == "general" else None


def _entry(case: Case) -> str | None:
    """What is on the negative list."""
    persons, sensitive = (0, 0) if case.category == "nonPersonal" else (case.persons, case.sensitive)
    assert persons is not None
    assert sensitive is not None
    if case.scenario == "ins.reinsurance" and sensitive >= 10_000:
        return "assessmentRequired"
    if case.scenario != "ins.reinsurance" and persons >= 1_000_000:
        return "assessmentRequired"
    if case.scenario != "ship.international" and case.category == "sensitivePersonal":
        return "mechanismRequired"
    if case.scenario == "ship.international" and case.category != "nonPersonal" and persons >= 100_000:
        return "mechanismRequired"
    return None
