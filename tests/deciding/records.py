"""Records, measures and shipped rules that the tests of deciding are about: invented parties."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ledger.core.canonical import encode
from ledger.core.times import parse_time
from ledger.statements.deciding.decide import Ready, ready
from ledger.statements.measure import SHAPE, measure_of
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import problems

SHIPPED = Path(__file__).resolve().parents[2] / "ledger" / "rules" / "measures"
AT = parse_time("2026-11-22T04:00:00Z")
NO_DIGEST = bytes(32)


def shipped(*names: str) -> list[Ready]:
    """Shipped measures, each with the digest of its file's subject."""
    return [measure(json.loads((SHIPPED / f"{name}.json").read_bytes())["subject"]) for name in names]


def measure(subject: dict[str, Any]) -> Ready:
    """A measure made ready, which has to be in order."""
    assert problems(SHAPE, subject) == []
    return ready(hashlib.sha256(encode(subject)).digest(), measure_of(subject))


def rule(ident: str, outcome: str, **members: Any) -> dict[str, Any]:
    """A rule; `table` is its `if`."""
    made: dict[str, Any] = {
        "id": ident,
        "outcome": outcome,
        "reason": "listed",
        "cite": {"instrument": "XA Act", "article": ident},
    }
    if outcome == "mechanismRequired":
        made["mechanisms"] = ["standardContract", "certification"]
    if outcome == "conditional":
        made["conditions"] = ["encrypt"]
    if "table" in members:
        made["if"] = members.pop("table")
    return {**made, **members}


def published(*of: Mapping[str, Any], by: str, code: str, number: str, since: str) -> dict[str, Any]:
    """The subject of a measure with these rules, published and in force since a moment.

    Args:
        by: DID of the authority.
        code: Its jurisdiction; the measure is about what leaves XA, or comes into another.
    """
    return {
        "authority": {"did": by, "scheme": "DID", "id": by, "jurisdiction": code},
        "number": number,
        "version": 1,
        "kind": "regulation",
        "title": [{"language": "en", "text": "Invented"}],
        "texts": [{"language": "en", "sha256": "00" * 32, "mediaType": "text/plain"}],
        "visibility": "public",
        "legalBasis": [{"instrument": f"{code} Act"}],
        "objectives": ["freeFlow"],
        "publishedAt": since,
        "effectiveFrom": since,
        "applies": {"direction": "outbound" if code == "XA" else "inbound", "jurisdiction": code},
        "targeting": {"mode": "none"},
        "rules": list(of),
    }


def rules(*of: dict[str, Any], **members: Any) -> Ready:
    """A measure of XA with these rules."""
    since, authority = "2026-01-01T00:00:00Z", "did:web:authority.example.xa"
    subject = published(*of, by=authority, code="XA", number="XA-1", since=since)
    return measure({**subject, "effectiveFrom": "2026-02-01T00:00:00Z", **members})


def party(name: str, jurisdiction: str, zone: str | None = None) -> dict[str, Any]:
    """A party known by its DID."""
    did = f"did:web:{name}.example"
    made = {"did": did, "scheme": "DID", "id": did, "jurisdiction": jurisdiction}
    return made if zone is None else {**made, "zone": zone}


def line(
    number: int = 1, category: str = "nonPersonal", grade: str = "general", **members: Any
) -> dict[str, Any]:
    """A line of after-sales data."""
    made = {
        "line": number,
        "category": category,
        "grade": grade,
        "scenario": {"scheme": OWN_SCHEME, "code": "veh.after-sales"},
    }
    return {**made, **members}


def transfer(*lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The subject of a record from XA to XB."""
    made: dict[str, Any] = {
        "exporter": party("exporter", "XA"),
        "importer": party("importer", "XB"),
        "flow": "outbound",
        "lines": list(lines or (line(),)),
        "mechanism": {"type": "standardContract"},
        "criticalInfrastructure": False,
    }
    return {name: value for name, value in {**made, **members}.items() if value is not None}


def people(count: int, sensitive: int = 0, **members: int) -> dict[str, int]:
    """Numbers of persons."""
    return {"count": count, "sensitiveCount": sensitive, **members}


def names(measures: Iterable[Ready]) -> list[str]:
    """Numbers of measures."""
    return [each.measure.number for each in measures]
