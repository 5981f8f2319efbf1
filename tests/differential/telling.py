"""What both verifiers must tell alike, and what Python's says of a case."""

from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ledger.core.commitment import parse_openings
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError
from ledger.statements.premises.purpose import Purpose
from ledger.verify.bundle import kind_of
from ledger.verify.content import Content
from ledger.verify.fork_report import verify_fork
from ledger.verify.single import verify_receipt_file, verify_statement_file
from ledger.verify.verifier import verify_bundle
from tests.differential.process import Case

ALIKE = (
    "format", "verdict", "subject", "type", "required", "missing", "statements", "trust", "checkedAt", "at",
    "statusNow", "notChecked", "unfinished", "rules",
    # of a fork proof
    "code", "origin", "operator", "checkpoints", "index", "leaves", "signers", "signedBoth", "headKey", "logId",
)  # fmt: skip
PARSED_DEPTH = 1_024
COUNTED = ("notCounted", "notices")


@lru_cache(maxsize=8)
def _trust(data: bytes) -> TrustList:
    return parse_trust_list(data)


def python_report(case: Case) -> dict[str, Any]:
    """The report of Python's verifier, as JSON; a verdict and a code alone where what is believed does not load."""
    try:
        return _reported(case, _trust(case.trust))
    except LedgerError as error:
        return {"verdict": "could not finish", "code": error.code}


def _reported(case: Case, trust: TrustList) -> dict[str, Any]:
    asked = case.asked
    now, require = asked["now"], tuple(asked.get("require", ()))
    today = asked.get("requireNow", False)
    content = Content(
        files={name: bytes.fromhex(digest) for name, digest in asked.get("content", {}).items()},
        openings=parse_openings(b64decode(asked["openings"])) if "openings" in asked else None,
    )
    kind = kind_of(case.data)
    if kind == "fork":
        return verify_fork(case.data, trust, now=now).to_json()
    if kind == "receipt":
        statement = b64decode(asked["statement"]) if "statement" in asked else None
        return verify_receipt_file(
            case.data, trust, statement=statement, now=now, require=require, require_now=today
        ).to_json()
    if kind == "statement":
        return verify_statement_file(case.data, trust, now=now, require=require, require_now=today).to_json()
    return verify_bundle(
        case.data,
        trust,
        at=asked.get("at"),
        now=now,
        content=content,
        require=require,
        require_now=today,
        into=asked.get("into"),
        purpose=_purpose(asked["purpose"]) if "purpose" in asked else None,
        beside=[b64decode(one) for one in asked.get("beside", ())],
    ).to_json()


def _purpose(given: Mapping[str, Any]) -> Purpose:
    pairs = {name: frozenset(map(tuple, given.get(name, ()))) for name in ("scenarios", "parties")}
    return Purpose(
        **pairs,
        data_categories=frozenset(given.get("dataCategories", ())),
        destination=given.get("destination"),
        document_type=given.get("documentType"),
        persons=given.get("persons"),
        sensitive_persons=given.get("sensitivePersons"),
        standard=given.get("standard"),
        level=given.get("level"),
        family=given.get("family"),
    )


def alike(report: Mapping[str, Any]) -> dict[str, Any]:
    """Of a report, what is a matter of the rules: outcomes and codes of every line, times, digests; never words."""
    told = {name: report[name] for name in ALIKE if name in report}
    told |= {name: len(report[name]) for name in COUNTED if name in report}
    if "checks" in report:
        told["checks"] = sorted(
            (check["step"], check.get("section", -1), check["outcome"], check["code"])
            for check in report["checks"]
        )
        told["steps"] = [(step["step"], step["outcome"], step["code"]) for step in report["steps"]]
        told["recognition"] = _without_words(report["recognition"])
        told["unfinished"] = len(report["unfinished"])
    return told


def _either_code(case: Case, mine: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the one difference is in what docs/spec/algorithm.md leaves open: too deep for a parser, and no JSON."""
    codes = {told["steps"][0][2] for told in (mine, other) if "steps" in told}
    if (
        codes != {"too-deep", "not-canonical"}
        or case.data.count(b"[") + case.data.count(b"{") <= PARSED_DEPTH
    ):
        return False
    return mine["verdict"] == other["verdict"] and mine["steps"][1:] == other["steps"][1:]


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_words(inner) for name, inner in value.items() if name != "detail"}
    return [_without_words(inner) for inner in value] if isinstance(value, list) else value


def difference(case: Case, theirs: Mapping[str, Any]) -> list[str]:
    """Where the two verifiers disagree about a case; nothing where they agree."""
    mine, other = alike(python_report(case)), alike(theirs)
    if _either_code(case, mine, other):
        return []
    return [
        f"{name}: {mine.get(name)!r} in Python, {other.get(name)!r} in TypeScript"
        for name in sorted(mine.keys() | other.keys())
        if mine.get(name) != other.get(name)
    ]
