"""Values of statements and worlds as the JSON that the other implementation reads and writes."""

from collections.abc import Mapping
from typing import Any

from ledger.core.suites import PublicKey
from ledger.statements.premises.evidence import Held
from ledger.statements.recognition import Purpose
from ledger.statements.scope import Scope

NAMES = {"from_": "from"}


def plain(value: Any) -> Any:
    """A value as JSON: members in camel case, sets in order, bytes as hexadecimal digits."""
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if hasattr(value, "_asdict") or isinstance(value, PublicKey):
        return _members(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def _members(value: Any) -> dict[str, Any]:
    if isinstance(value, PublicKey):
        return {"suite": value.suite, "raw": value.raw.hex()}
    found: dict[str, Any] = value._asdict()
    if isinstance(value, Scope | Purpose):
        found["scenarios"] = [f"{scheme} {code}" for scheme, code in found["scenarios"]]
        found["scenarios"].sort()
    if isinstance(value, Purpose):
        found["parties"] = sorted(f"{did} {jurisdiction}" for did, jurisdiction in value.parties)
    return {_camel(name): plain(item) for name, item in found.items()}


def _camel(name: str) -> str:
    first, *rest = NAMES.get(name, name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def subject(value: Any) -> dict[str, Any]:
    """The subject of a statement, as `read` gives it, with the name of its type."""
    made: dict[str, Any] = plain(value)
    name = type(value).__name__
    made["type"] = name
    fields = getattr(value, "subject", {})
    if name in ("PolicyMeasure", "Decision", "DatasetRegistration", "MeasureReview", "Observation"):
        return {"type": name, "subject": None}  # all of it, as it was found in order
    if name == "Enrolment":
        made["identifiers"] = [{"scheme": scheme, "id": id_} for scheme, id_ in value.identifiers]
    elif name == "ConformityCertificate" and value.accreditation is not None:
        made["accreditation"] = {
            "accreditor": value.accreditation[0],
            "statement": value.accreditation[1].hex(),
        }
    elif name == "RecognitionArrangement":
        made["documentTypes"] = made["documentTypes"] or []
        reserved = {each["jurisdiction"]: each.get("reservations", []) for each in fields.get("parties", [])}
        for party in made["parties"]:
            party["reservations"] = reserved.get(party["jurisdiction"], [])
    elif name == "Endorsement":
        made["reservations"] = fields.get("reservations", [])
    if name == "TransferRecord":
        made["subject"] = None
    else:
        made.pop("subject", None)
    return made


def held(one: Held[Any]) -> dict[str, Any]:
    """A statement of the evidence."""
    return {
        **{_camel(name): plain(item) for name, item in one._asdict().items() if name != "value"},
        "value": subject(one.value),
    }


def authorities(listed: Mapping[str, Any]) -> dict[str, Any]:
    """The authorities of a trust list, as far as recognition looks at them."""
    return {
        did: {"jurisdiction": each.jurisdiction, "roles": sorted(each.roles)} for did, each in listed.items()
    }
