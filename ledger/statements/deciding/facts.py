"""The facts of a transfer and of each of its lines that rules may ask about: a closed list, with types.

Rule: docs/spec/deciding.md, section Facts.  A fact that the record does not give is not in the mapping: it is
unknown, which is something else than false.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from ledger.statements.codes import SCENARIOS
from ledger.statements.scenario import OWN_SCHEME

FactType = Literal["text", "integer", "truth", "texts"]
Value = str | int | bool | tuple[str, ...]
Facts = dict[str, Value]
Vocabularies = Mapping[str, frozenset[str]]
"""Scheme to the codes that somebody says it has."""


class Fact(NamedTuple):
    """What may be asked about."""

    type: FactType
    identity: bool
    """Whether it tells who or which country somebody is, rather than what is sent and how."""


SCENARIO: Final = "line.scenario"
NOT_LISTED: Final = f"{OWN_SCHEME} other"
"""The scenario of what is on no list; no table holds of it."""
RELATIONS: Final = "transfer.relations"
"""What holds between the measure's jurisdiction and the other side; each measure says its own."""
ZONE: Final = "transfer.zone"
"""The zone of the party on the measure's side, empty without one."""
FACTS: Final[Mapping[str, Fact]] = {
    "line.category": Fact("text", identity=False),
    "line.dataTypes": Fact("texts", identity=False),
    "line.grade": Fact("text", identity=False),
    "line.persons.count": Fact("integer", identity=False),
    "line.persons.sensitiveCount": Fact("integer", identity=False),
    "line.persons.ytdCount": Fact("integer", identity=False),
    "line.persons.ytdSensitiveCount": Fact("integer", identity=False),
    "line.scenario": Fact("text", identity=False),
    "transfer.criticalInfrastructure": Fact("truth", identity=False),
    "transfer.exemption": Fact("text", identity=False),
    "transfer.flow": Fact("text", identity=False),
    "transfer.legalBasis": Fact("texts", identity=False),
    "transfer.mechanism": Fact("text", identity=False),
    "transfer.onwardAllowed": Fact("truth", identity=False),
    "transfer.purpose": Fact("texts", identity=False),
    RELATIONS: Fact("texts", identity=False),
    ZONE: Fact("text", identity=False),
    "exporter.did": Fact("text", identity=True),
    "exporter.id": Fact("text", identity=True),
    "exporter.zone": Fact("text", identity=True),
    "importer.did": Fact("text", identity=True),
    "importer.id": Fact("text", identity=True),
    "importer.zone": Fact("text", identity=True),
    "transfer.dataLocation": Fact("texts", identity=True),
    "transfer.destination": Fact("text", identity=True),
    "transfer.origin": Fact("text", identity=True),
}
_PERSONS: Final = tuple(
    (name, f"line.persons.{name}") for name in ("count", "sensitiveCount", "ytdCount", "ytdSensitiveCount")
)
_LISTS: Final = ("purpose", "legalBasis", "dataLocation")
_NO_LINES: Final[tuple[dict[str, Any], ...]] = ({"line": 0},)
"""What stands for the lines of a record without any: one, of which nothing is known."""


def facts_of(transfer: dict[str, Any], vocabularies: Vocabularies) -> list[tuple[int, Facts]]:
    """The number and the facts of each line, but for those that depend on who asks.

    These are `RELATIONS`, `ZONE` and, where it is one of `foreign_scenarios`, `SCENARIO`.

    Args:
        transfer: Subject of a TransferRecord, in order.
        vocabularies: What is known besides the codes of `OWN_SCHEME`, whoever asks.
    """
    common = _of_transfer(transfer)
    found = []
    for line in transfer.get("lines", _NO_LINES):
        facts = common.copy()
        _add_line(facts, line, vocabularies)
        found.append((line["line"], facts))
    return found


def foreign_scenarios(transfer: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Scheme and code of each line's scenario, by its number, that is not known to everybody."""
    return {
        line["line"]: (line["scenario"]["scheme"], line["scenario"]["code"])
        for line in transfer.get("lines", ())
        if "scenario" in line and not knows({}, line["scenario"]["scheme"], line["scenario"]["code"])
    }


def _of_transfer(transfer: dict[str, Any]) -> Facts:
    exporter, importer = transfer["exporter"], transfer["importer"]
    facts: Facts = {
        "exporter.did": exporter["did"],
        "exporter.id": exporter["id"],
        "exporter.zone": exporter.get("zone", ""),
        "importer.did": importer["did"],
        "importer.id": importer["id"],
        "importer.zone": importer.get("zone", ""),
        "transfer.origin": exporter["jurisdiction"],
        "transfer.destination": importer["jurisdiction"],
        "transfer.flow": transfer["flow"],
    }
    for name in _LISTS:
        if name in transfer:
            facts[f"transfer.{name}"] = tuple(transfer[name])
    if "criticalInfrastructure" in transfer:
        facts["transfer.criticalInfrastructure"] = transfer["criticalInfrastructure"]
    if "onward" in transfer:
        facts["transfer.onwardAllowed"] = transfer["onward"]["allowed"]
    mechanism = transfer.get("mechanism")
    if mechanism is not None:
        facts["transfer.mechanism"] = mechanism["type"]
        facts["transfer.exemption"] = mechanism.get("exemptionCode", "")
    return facts


def _add_line(facts: Facts, line: dict[str, Any], vocabularies: Vocabularies) -> None:
    """Add what a line gives: of a draft that may be less than a record has to."""
    category = line.get("category")
    if category is not None:
        facts["line.category"] = category
    if "grade" in line:
        facts["line.grade"] = line["grade"]
    scenario = line.get("scenario")
    if scenario is not None and knows(vocabularies, scenario["scheme"], scenario["code"]):
        facts[SCENARIO] = f"{scenario['scheme']} {scenario['code']}"
    if "dataTypes" in line:
        facts["line.dataTypes"] = tuple(line["dataTypes"])
    if category == "nonPersonal":
        facts.update(_NOBODY)
        return
    if category == "personal":
        facts["line.persons.sensitiveCount"] = 0
    persons = line.get("persons", ())
    for name, fact in _PERSONS:
        if name in persons:
            facts[fact] = persons[name]


def knows(vocabularies: Vocabularies, scheme: str, code: str) -> bool:
    """Whether a scenario is one of the neutral list, or of these."""
    return (scheme == OWN_SCHEME and code in SCENARIOS) or code in vocabularies.get(scheme, ())


def lies_in(zone: str, area: str) -> bool:
    """Whether a zone is an area or a part of it, by their names."""
    return zone == area or zone.startswith((f"{area}-", f"{area}+"))


_NOBODY: Final[Facts] = {fact: 0 for _, fact in _PERSONS}
