"""Cases by hand: facts, and what of measures, lines and directions comes together."""

from ledger.statements.scenario import OWN_SCHEME
from tests.deciding.by_hand_form import (
    HARBOUR,
    LISTED,
    MARKETING,
    PERSONS,
    VOCABULARY,
    ZONE,
    Says,
    by,
    case,
    free,
    no,
    xa,
    xb,
)
from tests.deciding.records import line, party, people, rule, transfer

counting = xa("1", no("1", table={"persons": {"ytdCount": {"atLeast": 1}}}), free("2"))
sensitive = xa("1", no("1", table={"persons": {"sensitiveCount": {"atLeast": 1}}}), free("2"))
bounded = xa("1", free("1", table={"persons": {"ytdCount": {"atLeast": 5, "below": 6}}}), no("2"))
exempted = xa("1", free("1", table={"exemption": ["transit"]}), no("2"))
other = {"scheme": OWN_SCHEME, "code": "other"}
versioned = {"scheme": OWN_SCHEME, "code": "veh.after-sales", "version": "7"}
listing = xa("1", free("1", table={"scenario": [LISTED]}), no("2"), vocabularies=VOCABULARY)
zoned = xa("1", free("1", table={"zone": "XA-01"}), no("2"))
unlisted = ("line.scenario",)
FACTS = [
    case("nobody is in a line that is not personal", [counting], "free", "XA-1/2"),
    case(
        "nobody has sensitive data in a personal line",
        [sensitive],
        "free",
        "XA-1/2",
        record=transfer(line(1, "personal", persons={"count": 3})),
    ),
    case(
        "persons of the year are not those of the line",
        [counting],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=("line.persons.ytdCount",),
        record=transfer(line(1, "personal", persons=people(0))),
    ),
    case("atLeast is included", [bounded], "free", "XA-1/1", record=transfer(PERSONS)),
    case(
        "below is excluded",
        [bounded],
        "prohibited",
        "XA-1/2",
        record=transfer(line(1, "personal", persons=people(1, ytdCount=6))),
    ),
    case("a mechanism without exemption has none", [exempted], "prohibited", "XA-1/2"),
    case(
        "without a mechanism the exemption is missing",
        [exempted],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=("transfer.exemption",),
        record=transfer(mechanism=None),
    ),
    case(
        "other is in no table",
        [xa("1", free("1", table={"scenario": [other]}), no("2"))],
        "prohibited",
        "XA-1/2",
        record=transfer(line(scenario=other)),
    ),
    case(
        "versions of scenarios are left aside",
        [xa("1", free("1", table={"scenario": [versioned]}), no("2"))],
        "free",
        "XA-1/1",
    ),
    case(
        "a scenario of its own vocabulary is known",
        [listing],
        "free",
        "XA-1/1",
        record=transfer(line(scenario=LISTED)),
    ),
    case(
        "a scenario of no vocabulary is missing",
        [listing],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=unlisted,
        record=transfer(line(scenario={**LISTED, "code": "b"})),
    ),
    case(
        "another measure of the authority tells its vocabulary",
        [
            xa("1", free("1", table={"scenario": [LISTED]}), no("2")),
            xa("2", free(table={"grade": ["core"]}), vocabularies=VOCABULARY),
        ],
        "free",
        "XA-1/1",
        record=transfer(line(scenario=LISTED)),
    ),
    case(
        "another authority's vocabulary tells nothing",
        [
            xa("1", no("1", table={"scenario": [versioned]}), free("2")),
            xa("2", free(table={"grade": ["core"]}), vocabularies=VOCABULARY, authority=ZONE),
        ],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=unlisted,
        record=transfer(line(scenario=LISTED)),
    ),
    case(
        "the other side's vocabulary tells nothing",
        [
            xa("1", no("1", table={"scenario": [versioned]}), free("2")),
            xb("1", free(), vocabularies=VOCABULARY),
        ],
        "indeterminate",
        outbound=[Says("indeterminate", ["XA-1/1", "XA-1/2"], unlisted)],
        inbound=[Says("free", ["XB-1/1"])],
        record=transfer(line(scenario=LISTED)),
    ),
    case("a party without zone lies in none", [zoned], "prohibited", "XA-1/2"),
    case(
        "a zone lies in an area by its whole name",
        [zoned],
        "prohibited",
        "XA-1/2",
        record=transfer(exporter=party("exporter", "XA", "XA-011")),
    ),
    case("a part of a zone lies in it", [zoned], "free", "XA-1/1", record=transfer(exporter=HARBOUR)),
    case(
        "a record without lines has one of which nothing is known",
        [xa("1", free("1", table={"category": ["nonPersonal"], "grade": ["general"]}), no("2"))],
        "indeterminate",
        "XA-1/1",
        "XA-1/2",
        missing=("line.category", "line.grade"),
        strictest=("outbound", 0),
        record=transfer(lines=None),
    ),
]
"""Rules 9 to 13 and 16."""

either = xa("2", no("1", table=MARKETING), free("2"))
many = [by(str(n), table=MARKETING) for n in range(5)]
TOGETHER = [
    case(
        "the strictest of two measures",
        [xa("1", free()), xa("2", by())],
        "mechanismRequired",
        "XA-2/1",
        mechanisms=["standardContract"],
        declared=True,
    ),
    case(
        "two measures of one outcome both give their reason",
        [xa("1", free()), xa("2", free())],
        "free",
        "XA-1/1",
        "XA-2/1",
    ),
    case(
        "a settled measure beside one that is open",
        [xa("1", free()), either],
        "indeterminate",
        "XA-1/1",
        "XA-2/1",
        "XA-2/2",
        missing=("transfer.purpose",),
    ),
    case(
        "what is forbidden whatever is missing",
        [xa("1", no()), xa("2", by("1", table=MARKETING), free("2"))],
        "prohibited",
        "XA-1/1",
    ),
    case(
        "an open line beside a forbidden one",
        [xa("1", no("1", table={"grade": ["core"]}), by("2", table=MARKETING), free("3"))],
        "prohibited",
        outbound=[
            Says("indeterminate", ["XA-1/2", "XA-1/3"], ("transfer.purpose",)),
            Says("prohibited", ["XA-1/1"]),
        ],
        strictest=("outbound", 2),
        record=transfer(line(1), line(2, grade="core")),
    ),
    case(
        "of two lines of one outcome the first is named",
        [xa("1", no())],
        "prohibited",
        outbound=[Says("prohibited", ["XA-1/1"]), Says("prohibited", ["XA-1/1"])],
        record=transfer(line(1), line(2)),
    ),
    case(
        "of two directions of one outcome outbound is named",
        [xa("1", no()), xb("1", no())],
        "prohibited",
        "XA-1/1",
        inbound=[Says("prohibited", ["XB-1/1"])],
    ),
    case(
        "the stricter direction is named",
        [xa("1", free()), xb("1", no())],
        "prohibited",
        outbound=[Says("free", ["XA-1/1"])],
        inbound=[Says("prohibited", ["XB-1/1"])],
        strictest=("inbound", 1),
    ),
    case(
        "mechanisms of all rules in both directions",
        [
            xa("1", by("1", "standardContract", "certification")),
            xb("1", by("1", "certification", "treaty")),
        ],
        "mechanismRequired",
        "XA-1/1",
        inbound=[Says("mechanismRequired", ["XB-1/1"])],
        mechanisms=["certification"],
        declared=False,
    ),
    case(
        "no mechanism is allowed by all",
        [xa("1", by("1", "adequacy")), xa("2", by("1", "treaty"))],
        "mechanismRequired",
        "XA-1/1",
        "XA-2/1",
        mechanisms=[],
        declared=False,
    ),
    case(
        "without a mechanism none is declared",
        [xa("1", by())],
        "mechanismRequired",
        "XA-1/1",
        mechanisms=["standardContract"],
        declared=False,
        record=transfer(mechanism=None),
    ),
    case(
        "where more than a mechanism is asked none is named",
        [xa("1", by("1", table={"grade": ["general"]}), rule("2", "assessmentRequired"))],
        "assessmentRequired",
        outbound=[Says("mechanismRequired", ["XA-1/1"]), Says("assessmentRequired", ["XA-1/2"])],
        strictest=("outbound", 2),
        record=transfer(line(1), line(2, grade="core")),
    ),
    case(
        "four reasons at most",
        [xa("1", *many, free("9"))],
        "indeterminate",
        "XA-1/0",
        "XA-1/1",
        "XA-1/2",
        "XA-1/3",
        missing=("transfer.purpose",),
    ),
]
"""Rules 24 to 28: of measures, lines and directions."""
