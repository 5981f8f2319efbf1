"""What the API says of measures, as its description tells it; see `api.schemas`."""

# ruff: noqa: N815 - members are named as on the wire

from typing import Any, Literal

from pydantic import Field

from api.schemas import DIGEST, TIME, URL, Strictest, Wire


class Moment(Wire):
    """A step in a measure's life."""

    what: Literal["published", "logged", "proven", "effective", "review", "superseded", "ends"]
    at: str
    detail: str | None = None


class Flag(Wire):
    """A finding of a reviewer's newest review."""

    reviewer: str
    review: str
    code: str = Field(description="code of `measure-findings`")
    rule: str | None = None
    pointer: str | None = None
    detail: str | None = None
    answers: list[str] = Field(description="what the measure's authority answers")


class Observed(Wire):
    """What an observer says."""

    observer: str
    kind: str
    at: str
    pointer: str | None = None
    detail: str | None = None


class MeasureItem(Wire):
    """A measure of the log, and what became of it."""

    digest: str
    index: int
    issuer: str
    url: str
    number: str
    version: int
    kind: str
    title: dict[str, str] = Field(description="by language")
    jurisdiction: str
    direction: Literal["outbound", "inbound"]
    zone: str | None = None
    state: Literal["future", "inForce", "ended", "superseded"]
    effectiveFrom: str
    effectiveUntil: str | None = None
    supersededBy: str | None = Field(None, description="digest of the next version")
    rules: int = Field(description="how many it has")
    times: list[Moment] = Field(description="ascending")
    reviewers: list[str]
    flags: list[Flag]
    observations: list[Observed]


class Measures(Wire):
    """A page of measures."""

    items: list[MeasureItem]
    next: int | None = None


class Prechecked(Wire):
    """What measures say of a draft; docs/spec/precheck.md has the members."""

    at: str
    engine: str
    by: Literal["log", "shipped"]
    outcome: str
    goes: bool
    strictest: Strictest
    lines: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    allTried: bool = Field(description="whether changes were looked for everywhere")
    room: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    conditions: list[str]
    documents: list[str]
    next: list[dict[str, Any]]
    measures: list[dict[str, Any]]
    mechanisms: list[str] | None = None
    declared: str | None = None


MEASURE = {
    "digest": DIGEST,
    "index": 41,
    "issuer": "did:web:authority.example.xa",
    "url": URL,
    "number": "XA-NL-2026-01",
    "version": 1,
    "kind": "negativeList",
    "title": {"en": "Negative list of the harbour zone for vehicle data"},
    "jurisdiction": "XA",
    "direction": "outbound",
    "state": "inForce",
    "effectiveFrom": "2026-11-01T00:00:00Z",
    "rules": 4,
    "times": [{"what": "proven", "at": "2026-09-02T10:00:00Z", "detail": "block 7 of eip155:31001"}],
    "reviewers": ["did:web:machine.example.xa"],
    "flags": [
        {
            "reviewer": "did:web:machine.example.xa",
            "review": DIGEST,
            "code": "TR-4",
            "pointer": "/texts",
            "detail": "no text in fr",
            "answers": ["accepted"],
        }
    ],
    "observations": [{"observer": "did:web:observer.example.xb", "kind": "unequalTreatment", "at": TIME}],
}
PRECHECK = {
    "at": TIME,
    "engine": "evidence-rules/1",
    "by": "log",
    "outcome": "indeterminate",
    "goes": False,
    "strictest": {"direction": "outbound", "line": 1},
    "lines": [],
    "missing": [{"fact": "line.persons.ytdCount", "line": 1, "pointer": "/lines/0/persons/ytdCount"}],
    "changes": [],
    "allTried": True,
    "room": [],
    "findings": [],
    "conditions": [],
    "documents": [],
    "next": [{"step": "say", "codes": ["line.persons.ytdCount"]}],
    "measures": [],
}
