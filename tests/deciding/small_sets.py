"""Small sets of measures and drafts of records, made at random: every kind of condition, override and gap."""

import random
from collections.abc import Sequence
from typing import Any

from tests.deciding.naive_measures import COUNTS, MECHANISMS, MISSING, OWN, STRICTNESS
from tests.deciding.records import party, rule

KEPT = ["encrypt", "filed", "noOnward", "storedCopy"]
"""Conditions."""

LISTED = "urn:example:list"
SCENARIOS = [
    {"scheme": OWN, "code": "veh.after-sales"},
    {"scheme": OWN, "code": "other"},
    {"scheme": LISTED, "code": "a"},
    {"scheme": LISTED, "code": "b"},
]
AUTHORITIES = ("national", "national", "zone")


def measures(
    chance: random.Random, direction: str, jurisdiction: str, whens: Sequence[str]
) -> list[dict[str, Any]]:
    """Members of one to four measures of one direction, which `rules` makes measures of."""
    made = []
    for number in range(chance.randint(1, 4)):
        members: dict[str, Any] = {
            "number": f"{jurisdiction}-{number}",
            "kind": chance.choice(["regulation", "regulation", "threshold", "default"]),
            "authority": party(chance.choice(AUTHORITIES), jurisdiction),
            "applies": {"direction": direction, "jurisdiction": jurisdiction},
        }
        if number and chance.random() < 0.6:
            members["overrides"] = [f"{jurisdiction}-{chance.choice([0, 0, 0, 1])}"]
        elif chance.random() < 0.7:
            to = party(chance.choice(AUTHORITIES), jurisdiction)["did"]
            members["delegatesTo"] = [{"authority": to}]
        if chance.random() < 0.3:
            members["vocabularies"] = [{"scheme": LISTED, "codes": chance.choice([["a"], ["a", "b"]])}]
        passes = "overrides" not in members
        members["rules"] = [
            _rule(chance, str(place), whens, passes=passes) for place in range(chance.randint(1, 3))
        ]
        made.append(members)
    return made


def _rule(chance: random.Random, ident: str, whens: Sequence[str], *, passes: bool) -> dict[str, Any]:
    outcome = chance.choice([one for one in STRICTNESS if one != "indeterminate"])
    members: dict[str, Any] = {"mechanisms": ["standardContract"]} if outcome == "mechanismRequired" else {}
    if outcome in ("conditional", "mechanismRequired", "assessmentRequired"):
        asked = chance.sample(KEPT, chance.randint(outcome == "conditional", 2))
        members |= {"conditions": asked} if asked else {}
    table = _table(chance)
    if table:
        members["table"] = table
    if chance.random() < 0.25:
        members["when"] = chance.choice(whens)
    if passes and chance.random() < 0.7:
        members["delegable"] = True
    return rule(ident, outcome, **members)


def _table(chance: random.Random) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "category": chance.sample(["nonPersonal", "personal", "sensitivePersonal"], chance.randint(1, 2)),
        "grade": chance.sample(["general", "important", "core"], chance.randint(1, 2)),
        "scenario": chance.sample(SCENARIOS, chance.randint(1, 2)),
        "purpose": ["dpv:Marketing"],
        "mechanism": chance.sample(["standardContract", "exemption", "certification"], 2),
        "exemption": ["transit"],
        "criticalInfrastructure": chance.random() < 0.5,
        "persons": {
            chance.choice(COUNTS): chance.choice([{"atLeast": 5}, {"below": 5}, {"atLeast": 1, "below": 10}])
        },
    }
    asked = chance.sample(sorted(parts), chance.choice([0, 1, 1, 2]))
    return {member: parts[member] for member in asked}


def draft(chance: random.Random, missing: float) -> dict[str, Any]:
    """A record from XA to XB of which each member is missing by chance."""

    def given() -> bool:
        return chance.random() >= missing

    line: dict[str, Any] = {"line": 1}
    if given():
        line["category"] = chance.choice(["nonPersonal", "personal", "sensitivePersonal"])
    if given():
        line["grade"] = chance.choice(["general", "important", "core"])
    if given():
        line["scenario"] = chance.choice([*SCENARIOS, {"scheme": LISTED, "code": "unheard-of"}])
    if line.get("category") != "nonPersonal":
        line["persons"] = {name: chance.choice(MISSING[name]) for name in COUNTS if given()}
    if line.get("category") == "personal":
        line["persons"].pop("sensitiveCount", None)
    made: dict[str, Any] = {
        "exporter": party("exporter", "XA"),
        "importer": party("importer", "XB"),
        "flow": "outbound",
        "lines": [line],
    }
    if given():
        made["purpose"] = chance.choice([["dpv:Marketing"], ["dpv:ServiceProvision"]])
    if given():
        made["criticalInfrastructure"] = chance.random() < 0.5
    if given():
        kind, exemption = chance.choice(MECHANISMS)
        made["mechanism"] = {"type": kind, "exemptionCode": exemption} if exemption else {"type": kind}
    return made
