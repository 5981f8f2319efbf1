"""Any statement about measures that is in order is read whole: what is read is enough to write it again."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.statement import parse_statement, sign_statement
from ledger.core.suites import EDDSA, PrivateKey
from ledger.statements import catalogue
from ledger.statements.catalogue import TYPES
from ledger.statements.decision import strictest
from tests.campaign import count
from tests.statements.drawing import made
from tests.statements.measures_written import Written, dataset, decision, observation, pairs, policy, review

KEY = PrivateKey(EDDSA, bytes(range(32)))


# --- drawing: what rules say of several members


def versioned(subject: Written) -> None:
    if subject["version"] > 1:
        subject.setdefault("supersedes", "ab" * 32)
    else:
        subject.pop("supersedes", None)


def keep_what_was_delegated(subject: Written) -> None:
    if "overrides" in subject:
        subject.pop("delegatesTo", None)
        for rule in subject["rules"]:
            rule.pop("delegable", None)


def cited(subject: Written) -> str:
    """A measure whose rules hold of it."""
    own = subject["authority"]["jurisdiction"]
    versioned(subject)
    if subject["kind"] != "pilot":
        subject.pop("pilot", None)
    else:
        party = {"scheme": "LEI", "id": "1"}
        subject.setdefault("pilot", {"parties": [party], "sunset": "2027-01-01T00:00:00Z"})
    if subject.get("emergency"):
        subject["reviewBy"] = subject["effectiveFrom"][:10]
    subject["applies"]["jurisdiction"] = own
    if "zone" in subject["applies"]:
        subject["applies"]["zone"] = f"{own}-01"
    if "delegatesTo" in subject:
        subject["delegatesTo"] = [{"authority": "did:web:a", "zone": f"{own}+a"}, {"authority": "did:web:b"}]
    if "joint" in subject:
        subject["joint"]["threshold"] = len(subject["joint"]["authorities"])
    targeting = subject["targeting"]
    if targeting["mode"] == "none":
        subject["targeting"] = {"mode": "none"}
    else:
        targeting["ids"] = ["XB", "XC"]
    for rule in subject["rules"]:
        ruled(rule)
    keep_what_was_delegated(subject)
    return str(subject["authority"]["did"])


def ruled(rule: Written) -> None:
    outcome = rule["outcome"]
    if outcome == "mechanismRequired":
        rule.setdefault("mechanisms", ["treaty"])
    else:
        rule.pop("mechanisms", None)
    if outcome in ("free", "prohibited"):
        rule.pop("conditions", None)
    elif outcome == "conditional":
        rule.setdefault("conditions", ["encrypt"])
    if outcome == "prohibited":
        rule.pop("documents", None)
    for bound in rule.get("if", {}).get("persons", {}).values():
        if bound.get("atLeast", -1) >= bound.get("below", 2**53):
            del bound["atLeast"]


def decided(subject: Written) -> str:
    digests = sorted({used["digest"] for used in subject["measures"]})
    subject["measures"] = [
        {**used, "digest": digest} for used, digest in zip(subject["measures"], digests, strict=False)
    ]
    sides = {name: subject[name] for name in ("outbound", "inbound") if name in subject}
    for side in sides.values():
        for number, line in enumerate(side["lines"]):
            line["line"] = number
            line["reasons"] = [{**reason, "measure": digests[0]} for reason in line["reasons"] if digests]
        side["outcome"] = strictest([line["outcome"] for line in side["lines"]])
    outcome = subject["outcome"] = strictest([side["outcome"] for side in sides.values()])
    subject["strictest"] = next(
        {"direction": name, "line": line["line"]}
        for name, side in sides.items()
        for line in side["lines"]
        if line["outcome"] == outcome
    )
    for name, value in (("mechanisms", ["treaty"]), ("declared", True)):
        if outcome == "mechanismRequired":
            subject.setdefault(name, value)
        else:
            subject.pop(name, None)
    if outcome == "conditional":
        subject.setdefault("conditions", ["encrypt"])
    elif outcome == "free":
        subject.pop("conditions", None)
    return "did:web:machine.example.xa"


def classified(subject: Written) -> str:
    versioned(subject)
    subject["classification"]["date"] = "2026-11-22"
    subject.pop("dataTypes", None)
    if subject["grade"] == "core":
        for name in ("description", "scenarios"):
            subject.pop(name, None)
    return "did:web:registrar.example.xa"


def reviewed(subject: Written) -> str:
    subject["at"] = "2026-11-22T00:00:00Z"
    for finding in subject["findings"]:
        if "answers" in subject:
            finding.setdefault("answer", "agreed")
        else:
            finding.pop("answer", None)
    subject["findings"] = [
        one for at, one in enumerate(subject["findings"]) if one not in subject["findings"][:at]
    ]
    return "did:web:observer.example.xb"


def observed(subject: Written) -> str:
    subject["at"] = "2026-11-22T00:00:00Z"
    return "did:web:observer.example.xb"


UNREAD = {"DatasetRegistration": {"licence", "reviewBy"}}
"""What no rule asks: it stands in `subject` alone."""
SETS = (
    *("objectives", "overrides", "authorities", "codes", "ids", "location", "dataTypes"),
    *(
        "languages",
        "category",
        "grade",
        "flow",
        "exemption",
        "mechanism",
        "purpose",
        "legalBasis",
        "relation",
    ),
)
"""Members that are read as sets."""


def asked(value: Any, name: str = "") -> Any:
    """A subject with its sets sorted, and left out what says no more than leaving it out does."""
    if isinstance(value, dict):
        return {
            key: asked(item, key)
            for key, item in value.items()
            if not (key in ("delegable", "emergency") and item is False)
        }
    if not isinstance(value, list):
        return value
    if name in _LISTS:
        return _LISTS[name](value)
    if name in SETS and all(isinstance(item, str) for item in value):
        return sorted(value)
    return [asked(item) for item in value]


def two(value: list[Written]) -> Any:
    return pairs(frozenset((one["scheme"], one["code"]) for one in value))


_LISTS: dict[str, Callable[[list[Written]], Any]] = {
    "scenarios": two,
    "scenario": two,
    "parties": lambda value: sorted(value, key=lambda one: (one["scheme"], one["id"])),
    "evidence": lambda value: [one["sha256"] for one in value],
}


DRAWN = {
    "PolicyMeasure": (cited, policy),
    "Decision": (decided, decision),
    "DatasetRegistration": (classified, dataset),
    "MeasureReview": (reviewed, review),
    "Observation": (observed, observation),
}


@pytest.mark.parametrize("name", list(DRAWN))
@settings(max_examples=count(10), suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_what_is_read_is_what_was_written(name: str, data: st.DataObject) -> None:
    issue, write = DRAWN[name]
    subject = data.draw(made(TYPES[name].kind.shape))
    document = catalogue.example(name) | {"credentialSubject": subject, "issuer": issue(subject)}
    assert catalogue.check(document) == []
    signed = sign_statement(document, KEY, f"{document['issuer']}#1", 1_795_320_184)
    statement = parse_statement(signed.encoded)
    assert encode(statement.document) == signed.encoded
    written = write(catalogue.read(statement))  # type: ignore[operator]  # each writes what its type reads
    wanted = {key: item for key, item in asked(subject).items() if key not in UNREAD.get(name, set())}
    assert written == wanted
