"""Both implementations decide alike, to the byte, about records and measures made at random."""

import random
from typing import Any

from ledger.core.times import format_time
from ledger.errors import LedgerError
from ledger.statements.deciding.decide import Ready, decide
from tests.campaign import count
from tests.deciding.naive_measures import WHENS
from tests.deciding.records import AT, NO_DIGEST, party, rules
from tests.deciding.small_sets import AUTHORITIES, draft, measures
from tests.web.answers import Answers, Question
from tests.web.test_statements_agree import answers as answers  # noqa: PLC0414  # the fixture, by its own name

SETS = count(500)
DAY = 86_400
ZONES = {"XA": ("XA-01", "XA-01+harbour", "XA-02"), "XB": ("XB-01", "XB-01+park", "XB-02")}
ASKED: dict[str, list[Any]] = {
    "relation": [["adequacy"], ["arrangement", "adequacy"]],
    "zone": ["XA-01", "XB-01+park"],
    "flow": [["outbound"], ["remoteAccess", "onward"]],
    "legalBasis": [["dpv:Contract"], ["dpv:Consent", "dpv:Contract"]],
    "dataTypes": [["dpv:CollectedData"]],
}
"""Parts of tables beside those of `small_sets`."""


def varied(chance: random.Random, members: dict[str, Any]) -> dict[str, Any]:
    """A measure with zones, times, versions, relations and a cohort."""
    jurisdiction = members["applies"]["jurisdiction"]
    if chance.random() < 0.35:
        members["applies"] = {**members["applies"], "zone": chance.choice(ZONES[jurisdiction])}
    if chance.random() < 0.3:
        members["effectiveFrom"] = format_time(AT + chance.choice([-DAY, -1, 0, 1, 2]))
    if chance.random() < 0.2:
        members["effectiveUntil"] = format_time(AT + chance.choice([3, DAY]))
    if chance.random() < 0.3:
        members |= {"version": chance.choice([2, 3]), "supersedes": "00" * 32}
    if chance.random() < 0.3:
        members["number"] = f"{jurisdiction}-{chance.choice([0, 1])}"
    if chance.random() < 0.4:
        members["relations"] = [
            {
                "relation": relation,
                "jurisdiction": chance.choice(["XA", "XB"]),
                "from": format_time(AT + chance.choice([-DAY, 0, 1])),
                "reason": "Invented",
                **({"until": format_time(AT + chance.choice([2, DAY]))} if chance.random() < 0.3 else {}),
            }
            for relation in chance.sample(["adequacy", "arrangement"], chance.randint(1, 2))
        ]
    if chance.random() < 0.15:
        cohort = {name: party(name, jurisdiction)["did"] for name in ("exporter", "importer", "stranger")}
        parties = [{"scheme": "DID", "id": cohort[name]} for name in chance.sample(sorted(cohort), 2)]
        members |= {
            "kind": "pilot",
            "pilot": {"parties": parties, "sunset": format_time(AT + chance.choice([0, 1, DAY]))},
        }
    for each in members.get("delegatesTo", ()):
        if chance.random() < 0.4:
            each["zone"] = chance.choice(ZONES[jurisdiction])
    for each in members["rules"]:
        if chance.random() < 0.25:
            name = chance.choice(sorted(ASKED))
            each["if"] = {**each.get("if", {}), name: chance.choice(ASKED[name])}
    return members


def record(chance: random.Random) -> dict[str, Any]:
    """A draft with zones, a flow, more lines, or none."""
    made = draft(chance, missing=chance.choice([0, 0.1, 0.3]))
    for side, code in (("exporter", "XA"), ("importer", "XB")):
        if chance.random() < 0.5:
            made[side] = {**made[side], "zone": chance.choice(ZONES[code])}
    made["flow"] = chance.choice(["outbound", "outbound", "remoteAccess", "onward"])
    if chance.random() < 0.5:
        made["legalBasis"] = chance.choice(ASKED["legalBasis"])
    for number in range(2, chance.choice([2, 3, 4])):
        (further,) = draft(chance, missing=0.1)["lines"]
        made["lines"].append({**further, "line": number})
    for line in made["lines"]:
        if chance.random() < 0.3:
            line["dataTypes"] = chance.choice([["dpv:CollectedData"], ["dpv:DerivedData"]])
    if chance.random() < 0.05:
        del made["lines"]
    return made


def question(chance: random.Random) -> Question:
    """What both are asked; with the other's answer, which is made when it is wanted."""
    at_hand: list[Ready] = []
    for direction, code in (("outbound", "XA"), ("inbound", "XB"), ("outbound", "XB")):
        for members in measures(chance, direction, code, sorted(WHENS)):
            if chance.random() < 0.2:
                members["authority"] = party(chance.choice(AUTHORITIES), code)
            of = varied(chance, members)
            at_hand.append(rules(*of["rules"], **{name: of[name] for name in of if name != "rules"}))
    chance.shuffle(at_hand)
    transfer, at = record(chance), AT + chance.choice([0, 0, 1, 2])

    def ours() -> Any:
        try:
            return decide(transfer, at_hand, at=at).canonical(NO_DIGEST).decode()
        except LedgerError as error:
            return {"code": error.code}

    given = [{"digest": each.digest.hex(), "subject": each.measure.subject} for each in at_hand]
    asked = {"digest": NO_DIGEST.hex(), "transfer": transfer, "measures": given, "at": format_time(at)}
    return {"decide": asked, "_ours": ours}


def test_decisions_are_made_alike(answers: Answers) -> None:
    drawn = (question(random.Random(f"decisions {seed}")) for seed in range(SETS))
    outcomes = set()
    for seed, (asked, told) in enumerate(answers.to(drawn)):
        ours = asked["_ours"]()
        assert told == ours, seed
        outcomes |= {one for one in ("free", "indeterminate", "prohibited") if f'"outcome":"{one}"' in ours}
    assert outcomes == {"free", "indeterminate", "prohibited"}


def test_more_than_can_be_decided_at_once_is_refused_alike(answers: Answers) -> None:
    free = {"id": "1", "outcome": "free", "reason": "listed", "cite": {"instrument": "XA Act"}}
    chance = random.Random("many")
    answered = []
    for number in (256, 257):
        at_hand = [rules(free, number=f"XA-{place}") for place in range(number)]
        given = [{"digest": each.digest.hex(), "subject": each.measure.subject} for each in at_hand]
        transfer = draft(chance, missing=0)
        asked = {"digest": NO_DIGEST.hex(), "transfer": transfer, "measures": given, "at": format_time(AT)}
        ((_, told),) = answers.to([{"decide": asked}])
        answered.append(told)
        try:
            ours: Any = decide(transfer, at_hand, at=AT).canonical(NO_DIGEST).decode()
        except LedgerError as error:
            ours = {"code": error.code}
        assert told == ours
    assert answered[1] == {"code": "decision-too-large"}
    assert isinstance(answered[0], str)
