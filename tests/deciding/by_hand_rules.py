"""Cases by hand: rules, silence, and which measures are asked."""

from typing import Any

from ledger.statements.deciding.decide import Ready
from tests.deciding.by_hand_form import (
    ERROR,
    HARBOUR,
    MARKETING,
    OF_ZONE,
    PERSONS,
    ZONE,
    Says,
    by,
    case,
    free,
    no,
    xa,
    xb,
)
from tests.deciding.records import line, party, transfer

SILENCES = [
    case("no measure at hand", [], "indeterminate", missing=("measures",)),
    case(
        "measures of the other side alone",
        [xb("1", free(table=MARKETING))],
        "indeterminate",
        missing=("measures",),
        inbound=[Says("indeterminate", ["XB-1/1"], ("transfer.purpose",))],
    ),
    case(
        "a measure whose rules are all false",
        [xa("1", free(table={"grade": ["core"]}))],
        "indeterminate",
        missing=("measures",),
    ),
    case("a default alone", [xa("D", free(), kind="default")], "free", "XA-D/1"),
    case(
        "a default beside a measure that says something",
        [xa("D", no(), kind="default"), xa("1", free())],
        "free",
        "XA-1/1",
    ),
    case(
        "a default beside a measure that is silent",
        [xa("D", free(), kind="default"), xa("1", no(table={"grade": ["core"]}))],
        "free",
        "XA-D/1",
    ),
    case(
        "a default beside a measure that may be silent",
        [xa("D", free(), kind="default"), xa("1", no(table=MARKETING))],
        "indeterminate",
        "XA-1/1",
        "XA-D/1",
        missing=("transfer.purpose",),
    ),
    case(
        "a default that says what the measure before it may say",
        [xa("D", free(), kind="default"), xa("1", free(table=MARKETING))],
        "free",
        "XA-1/1",
        "XA-D/1",
    ),
    case(
        "silence is possible outbound",
        [xa("1", free(table=MARKETING))],
        "indeterminate",
        "XA-1/1",
        missing=("measures", "transfer.purpose"),
    ),
    case(
        "silence alone inbound is left out",
        [xa("1", free()), xb("1", no(table={"grade": ["core"]}))],
        "free",
        "XA-1/1",
    ),
    case(
        "silence is possible inbound",
        [xa("1", free()), xb("1", no(table=MARKETING))],
        "indeterminate",
        outbound=[Says("free", ["XA-1/1"])],
        strictest=("inbound", 1),
        inbound=[Says("indeterminate", ["XB-1/1"], ("transfer.purpose",))],
    ),
]
"""Rules 4, 21, 25: who says something, and what is left where nobody does."""

ORDERS = [
    case(
        "the first rule that holds",
        [xa("1", free("1", table={"grade": ["general"]}), no("2"))],
        "free",
        "XA-1/1",
    ),
    case(
        "an unknown rule before one of another outcome",
        [xa("1", by("1", table=MARKETING), free("2"))],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=("transfer.purpose",),
    ),
    case(
        "an unknown rule before one of the same outcome",
        [xa("1", free("1", table=MARKETING), free("2"))],
        "free",
        "XA-1/1",
        "XA-1/2",
    ),
    case(
        "an unknown rule after the first that holds",
        [xa("1", free("1"), no("2", table=MARKETING))],
        "free",
        "XA-1/1",
    ),
    case(
        "an unknown rule before one in error",
        [xa("1", free("1", table=MARKETING), free("2", when=ERROR))],
        "indeterminate",
        "XA-1/1",
        "XA-1/2 rule-error",
        missing=("transfer.purpose",),
        record=transfer(PERSONS),
    ),
    case(
        "a rule in error",
        [xa("1", free("1", when=ERROR), free("2"))],
        "indeterminate",
        "XA-1/1 rule-error",
        record=transfer(PERSONS),
    ),
    case(
        "a rule in error after the first that holds",
        [xa("1", free("1"), free("2", when=ERROR))],
        "free",
        "XA-1/1",
        record=transfer(PERSONS),
    ),
    case(
        "what is false and in error is false",
        [xa("1", no("1", when=f'line.grade == "core" && {ERROR}'), free("2"))],
        "free",
        "XA-1/2",
        record=transfer(PERSONS),
    ),
    case(
        "a table that is false beside an expression in error",
        [xa("1", no("1", table={"grade": ["core"]}, when=ERROR), free("2"))],
        "free",
        "XA-1/2",
        record=transfer(PERSONS),
    ),
    case(
        "what is unknown and in error is in error, and nothing is missing",
        [xa("1", no("1", table=MARKETING, when=ERROR), free("2"))],
        "indeterminate",
        "XA-1/1 rule-error",
        record=transfer(PERSONS),
    ),
    case(
        "what is unknown or true is true",
        [
            xa(
                "1",
                free("1", when='"dpv:Marketing" in transfer.purpose || line.grade == "general"'),
                no("2"),
            )
        ],
        "free",
        "XA-1/1",
    ),
    case(
        "a table with a false member asks for nothing",
        [xa("1", no("1", table={**MARKETING, "grade": ["core"]}), free("2"))],
        "free",
        "XA-1/2",
    ),
    case(
        "two facts of one table are missing",
        [xa("1", no("1", table={**MARKETING, "criticalInfrastructure": True}), free("2"))],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=("transfer.criticalInfrastructure", "transfer.purpose"),
        record=transfer(criticalInfrastructure=None),
    ),
]
"""Rules 15, 20, 21: the first rule that holds, and those unknown before it."""

to_zone = [{"authority": ZONE["did"], "zone": "XA-01"}]
national = xa("N", no("kept", table={"grade": ["core"]}), by("numbers", delegable=True), delegatesTo=to_zone)


def listed(*of: dict[str, Any], **members: Any) -> Ready:
    return xa("Z", *of, **{"overrides": ["XA-N"], "authority": ZONE, "applies": OF_ZONE, **members})


here: dict[str, Any] = {"record": transfer(exporter=HARBOUR)}
cohort = {
    "parties": [{"scheme": "DID", "id": "did:web:another.example"}],
    "sunset": "2030-01-01T00:00:00Z",
}
first = xa("1", no())
second = {"version": 2, "supersedes": first.digest.hex()}
ended = {"effectiveFrom": "2026-03-01T00:00:00Z", "effectiveUntil": "2026-04-01T00:00:00Z"}
OVERRIDES = [
    case(
        "who is delegated to speaks in the place of what is delegable",
        [national, listed(free())],
        "free",
        "XA-Z/1",
        **here,
    ),
    case(
        "what is not delegable is kept",
        [national, listed(free())],
        "prohibited",
        "XA-N/kept",
        record=transfer(line(grade="core"), exporter=HARBOUR),
    ),
    case(
        "who is silent takes no place",
        [national, listed(free(table={"grade": ["core"]}))],
        "mechanismRequired",
        "XA-N/numbers",
        mechanisms=["standardContract"],
        declared=True,
        **here,
    ),
    case(
        "who may speak may take the place",
        [national, listed(free(table=MARKETING))],
        "indeterminate",
        "XA-N/numbers",
        "XA-Z/1",
        missing=("transfer.purpose",),
        **here,
    ),
    case(
        "a stranger of the zone takes no place",
        [national, listed(free(), authority=party("stranger", "XA", "XA-01"))],
        "mechanismRequired",
        "XA-N/numbers",
        mechanisms=["standardContract"],
        declared=True,
        **here,
    ),
    case(
        "the delegate takes no place beyond its zone",
        [national, listed(free(), applies={"direction": "outbound", "jurisdiction": "XA"})],
        "mechanismRequired",
        "XA-N/numbers",
        mechanisms=["standardContract"],
        declared=True,
        **here,
    ),
    case(
        "who does not name the number takes no place",
        [national, listed(free(), overrides=["XA-M"])],
        "mechanismRequired",
        "XA-N/numbers",
        mechanisms=["standardContract"],
        declared=True,
        **here,
    ),
    case(
        "an authority overrides its own measure",
        [xa("N", by(delegable=True)), xa("O", free(), overrides=["XA-N"])],
        "free",
        "XA-O/1",
    ),
    case(
        "a default overrides nothing",
        [xa("N", by(delegable=True)), xa("D", free(), overrides=["XA-N"], kind="default")],
        "mechanismRequired",
        "XA-N/1",
        mechanisms=["standardContract"],
        declared=True,
    ),
    case(
        "a later version follows though it has ended",
        [first, xa("1", free(), **second, **ended), xa("2", by())],
        "mechanismRequired",
        "XA-2/1",
        mechanisms=["standardContract"],
        declared=True,
    ),
    case(
        "a later version of another kind follows nothing",
        [first, xa("1", free(), **second, kind="threshold")],
        "prohibited",
        "XA-1/1",
    ),
    case(
        "a pilot for others follows nothing",
        [first, xa("1", free(), **second, kind="pilot", pilot=cohort)],
        "prohibited",
        "XA-1/1",
    ),
    case(
        "a later version by another authority follows nothing",
        [first, xa("1", free(), **second, authority=ZONE)],
        "prohibited",
        "XA-1/1",
    ),
]
"""Rules 5, 7, 22, 23."""
