"""The form of the cases by hand, and what they are made of."""

from typing import Any, NamedTuple

from ledger.statements.deciding.decide import Ready
from tests.deciding.records import AT, line, party, people, rule, rules, transfer


class Says(NamedTuple):
    """What is said of a line."""

    outcome: str
    reasons: list[str]
    """`number/rule`, or `number/rule rule-error`."""
    missing: tuple[str, ...] = ()


class ByHand(NamedTuple):
    """A record, measures and the answer."""

    name: str
    record: dict[str, Any]
    measures: list[Ready]
    outcome: str
    outbound: list[Says]
    inbound: list[Says] | None = None
    strictest: tuple[str, int] = ("outbound", 1)
    mechanisms: list[str] | None = None
    declared: bool | None = None
    at: int = AT


MARKETING = {"purpose": ["dpv:Marketing"]}
"""A table about what no record here tells: unknown."""
LISTED = {"scheme": "urn:example:list", "code": "a"}
VOCABULARY = [{"scheme": "urn:example:list", "codes": ["a"]}]
ERROR = f"line.persons.count + {2**53 - 1} > 0"
"""In error where it counts persons."""
PERSONS = line(1, "personal", persons=people(1, ytdCount=5))
HARBOUR = party("exporter", "XA", "XA-01+harbour")
ZONE = party("zone", "XA")
OF_ZONE = {"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01"}


def free(ident: str = "1", **members: Any) -> dict[str, Any]:
    return rule(ident, "free", **members)


def no(ident: str = "1", **members: Any) -> dict[str, Any]:
    return rule(ident, "prohibited", **members)


def by(ident: str = "1", *mechanisms: str, **members: Any) -> dict[str, Any]:
    return rule(ident, "mechanismRequired", mechanisms=list(mechanisms or ("standardContract",)), **members)


def xa(number: str, *of: dict[str, Any], **members: Any) -> Ready:
    return rules(*of, number=f"XA-{number}", **members)


def xb(number: str, *of: dict[str, Any], **members: Any) -> Ready:
    """Of the destination, inbound."""
    into = {"direction": "inbound", "jurisdiction": "XB"}
    return rules(*of, number=f"XB-{number}", authority=party("authority", "XB"), applies=into, **members)


def case(
    name: str,
    measures: list[Ready],
    outcome: str,
    *reasons: str,
    missing: tuple[str, ...] = (),
    record: dict[str, Any] | None = None,
    **more: Any,
) -> ByHand:
    """A case whose only line outbound has the outcome of the whole, unless `outbound` says otherwise."""
    outbound = more.pop("outbound", [Says(outcome, list(reasons), missing)])
    return ByHand(name, record or transfer(), measures, outcome, outbound, **more)
