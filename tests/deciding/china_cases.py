"""The boundary cases of the Chinese rules, and the file of them: `python -m tests.deciding.china_cases` writes it.

The outcomes in the file are the naive evaluator's; the digest of each decision is the engine's, for engines in other
languages to compare their bytes with.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from ledger.core.times import format_time, parse_time
from ledger.statements.deciding.decide import decide
from ledger.statements.scenario import OWN_SCHEME
from tests.deciding.naive_china import ANYTHING_ELSE, COVERED, EXEMPT, VEHICLES, Case, answer
from tests.deciding.records import NO_DIGEST, SHIPPED, party, shipped

FILE = Path(__file__).resolve().parents[1] / "vectors" / "rules" / "china-2024.json"
MEASURES = (
    "cn-2024-provisions",
    "cn-lingang-general-list-vehicles",
    "cn-shanghai-negative-list-shape",
    "cpta-parties",
)
AT = parse_time("2025-03-01T00:00:00Z")
"""When both lists of the zone are in force."""
PERSONS = (0, 9_999, 10_000, 99_999, 100_000, 999_999, 1_000_000)
SENSITIVE = (0, 1, 9_999, 10_000)
PAIRS = [(persons, sensitive) for persons, sensitive in product(PERSONS, SENSITIVE) if sensitive <= persons]
GRADES = ("general", "important", "core")
NOBODY_KNOWS = {"scheme": "urn:example:scenario:v1", "code": "unheard-of"}


def cases() -> Iterator[Case]:
    """Every case, each once."""
    seen = set()
    for case in (*_numbers(), *_exemptions(), *_missing(), *_zones()):
        if case not in seen:
            seen.add(case)
            yield case


def _numbers() -> Iterator[Case]:
    for (persons, sensitive), grade, known, category in product(
        PAIRS, GRADES, (False, True), ("personal", "sensitivePersonal")
    ):
        yield Case(category, grade, "corp.group-mgmt", known, None, persons, sensitive, lingang=False)
    for grade, critical in product(GRADES, (False, True, None)):
        yield Case("nonPersonal", grade, "corp.group-mgmt", critical, None, None, None, lingang=False)


def _exemptions() -> Iterator[Case]:
    for exemption, grade, critical, persons in product(
        (*sorted(EXEMPT), "belowThreshold"), GRADES, (False, True), (99_999, 1_000_000)
    ):
        yield Case("personal", grade, "corp.group-mgmt", critical, exemption, persons, 0, lingang=False)


def _missing() -> Iterator[Case]:
    for persons, sensitive, critical, category in product(
        (None, *PERSONS[3:]), (None, *SENSITIVE), (None, False, True), ("personal", "sensitivePersonal")
    ):
        if None in {persons, sensitive, critical}:
            yield Case(
                category, "general", "corp.group-mgmt", critical, None, persons, sensitive, lingang=False
            )


def _zones() -> Iterator[Case]:
    codes = (*sorted(VEHICLES), *sorted(COVERED), "corp.group-mgmt", ANYTHING_ELSE, None)
    for code, category, critical in product(codes, ("personal", "sensitivePersonal"), (False, True, None)):
        for persons, sensitive in ((99_999, 0), (100_000, 9_999), (1_000_000, 10_000)):
            if code is not None or category == "personal":
                yield Case(category, "general", code, critical, None, persons, sensitive, lingang=True)
    for code, grade, category in product(codes, GRADES, ("nonPersonal", "personal")):
        yield Case(category, grade, code, False, "contractNecessity", *_none(category), lingang=True)
    for code, total, among in product(sorted(COVERED), (None, 100_000), (None, 0)):
        yield Case("personal", "general", code, False, None, total, among, lingang=True)


def _none(category: str) -> tuple[int | None, int | None]:
    return (None, None) if category == "nonPersonal" else (100_000, 1)


def transfer_of(case: Case) -> dict[str, Any]:
    """The subject of a record with this one line."""
    line: dict[str, Any] = {
        "line": 1,
        "category": case.category,
        "grade": case.grade,
        "scenario": NOBODY_KNOWS if case.scenario is None else {"scheme": OWN_SCHEME, "code": case.scenario},
    }
    if case.category != "nonPersonal":
        line["persons"] = {"count": 0, "sensitiveCount": 0}
        if case.persons is not None:
            line["persons"]["ytdCount"] = case.persons
        if case.sensitive is not None:
            line["persons"]["ytdSensitiveCount"] = case.sensitive
    made: dict[str, Any] = {
        "exporter": party("exporter", "CN", "CN-SH+lingang" if case.lingang else None),
        "importer": party("importer", "XB"),
        "flow": "outbound",
        "lines": [line],
        "purpose": ["dpv:ServiceProvision"],
        "legalBasis": ["dpv:Contract"],
        "mechanism": {"type": "standardContract"}
        if case.exemption is None
        else {"type": "exemption", "exemptionCode": case.exemption},
    }
    if case.critical is not None:
        made["criticalInfrastructure"] = case.critical
    return made


def name_of(case: Case) -> str:
    """A name in words."""
    said = {True: "critical", False: "not critical", None: "critical unknown"}[case.critical]
    counts = f"{_number(case.persons)} persons, {_number(case.sensitive)} sensitive"
    where = "Lingang" if case.lingang else "no zone"
    scenario = case.scenario or "scenario unknown"
    return f"{where}, {scenario}, {case.category} {case.grade}, {counts}, {said}, {case.exemption or 'no exemption'}"


def _number(count: int | None) -> str:
    return "unknown" if count is None else str(count)


def document() -> str:
    """The file: what all cases share, then one case a line."""
    measures = shipped(*MEASURES)
    rows = []
    for case in cases():
        transfer = transfer_of(case)
        outcome, reasons, missing = answer(case)
        decision = decide(transfer, measures, at=AT).canonical(NO_DIGEST)
        row = {
            "name": name_of(case),
            "transfer": {name: value for name, value in transfer.items() if name not in _SHARED},
            "outcome": outcome,
            "reasons": sorted(reasons),
            "missing": missing,
            "decision": hashlib.sha256(decision).hexdigest(),
        }
        rows.append(json.dumps(row, separators=(",", ":")))
    head = {
        "at": format_time(AT),
        "transferDigest": NO_DIGEST.hex(),
        "measures": [
            {"file": f"ledger/rules/measures/{name}.json", "digest": each.digest.hex()}
            for name, each in zip(MEASURES, measures, strict=True)
        ],
        "shared": {name: transfer_of(next(cases()))[name] for name in _SHARED},
    }
    text = json.dumps(head, indent=1)[:-2]
    return text + ',\n "cases": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"


_SHARED = ("importer", "flow", "purpose", "legalBasis")

if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    print(f"{FILE}: {len(list(cases()))} cases; measures in {SHIPPED}")  # noqa: T201 - a command says what it did
