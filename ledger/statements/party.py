"""A party as statements name it: a DID, an identifier of a register, the jurisdiction it acts for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ledger.statements.codes import IDENTIFIER_SCHEMES
from ledger.statements.fields import COUNTRY, DID, Code, Text
from ledger.statements.identifiers import identifier_fault
from ledger.statements.shape import Object, Problem, Rule, rule


class Party(NamedTuple):
    """Who acts, and for which jurisdiction."""

    did: str
    scheme: str
    """LEI, USCC, VAT, GLN; DID where the party has no other identifier."""
    id: str
    jurisdiction: str
    zone: str | None = None


SCHEME = Code("identifier schemes", IDENTIFIER_SCHEMES)
IDENTIFIER = Text("an identifier, without spaces", r"[0-9A-Za-z._:%+*-]{1,255}", 255, screened=False)
ZONE = Text(
    "a zone, e.g. XA-01 or XA-01+harbour",
    r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?(?:\+[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)?",
    39,
    screened=False,
)
"""ISO 3166-2 code, then + and the name of a special zone in it."""


@rule("did", "scheme", "id", "jurisdiction")
def _identifier_holds(party: dict[str, Any], at: str, found: list[Problem]) -> None:
    fault = identifier_fault(party["scheme"], party["id"], party["jurisdiction"])
    if fault is not None:
        found.append(Problem(f"{at}/id", *fault))
    elif party["scheme"] == "DID" and party["id"] != party["did"]:
        found.append(
            Problem(f"{at}/id", "identifier-mismatch", "an identifier of scheme DID is the party's own did")
        )


@rule("zone", "jurisdiction")
def _zone_lies_within(party: dict[str, Any], at: str, found: list[Problem]) -> None:
    zone, jurisdiction = party.get("zone"), party["jurisdiction"]
    if zone is not None and not zone.startswith(jurisdiction):
        detail = f"the zone starts with another country than the jurisdiction, {jurisdiction}"
        found.append(Problem(f"{at}/zone", "zone-outside-jurisdiction", detail))


PARTY = Object(
    {"did": DID, "scheme": SCHEME, "id": IDENTIFIER, "jurisdiction": COUNTRY},
    {"zone": ZONE},
    rules=(_identifier_holds, _zone_lies_within),
    note="A party: an organisation, never a natural person.",
    recurring=True,
)


def party_of(value: Mapping[str, str]) -> Party:
    """The party of a value that `PARTY` found in order."""
    return Party(value["did"], value["scheme"], value["id"], value["jurisdiction"], value.get("zone"))


def across_a_border(one: str, other: str) -> Rule:
    """The rule that two parties, under members `one` and `other`, are of different jurisdictions or zones."""

    @rule(one, other)
    def differ(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
        here, there = subject[one], subject[other]
        if here["jurisdiction"] == there["jurisdiction"] and here.get("zone") == there.get("zone"):
            detail = f"the {other} is in {there['jurisdiction']}, as the {one} is; one state needs two zones"
            found.append(Problem(f"{at}/{other}/jurisdiction", "same-jurisdiction", detail))

    return differ
