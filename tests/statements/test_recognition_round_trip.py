"""Any statement of mutual recognition that is in order is read whole: what is read is enough to write it again."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.statement import parse_statement, sign_statement
from ledger.core.suites import EDDSA, PrivateKey
from ledger.core.times import format_time
from ledger.statements import catalogue
from ledger.statements.catalogue import TYPES
from ledger.statements.scope import Scope
from tests.campaign import count
from tests.statements.drawing import made

KEY = PrivateKey(EDDSA, bytes(range(32)))
Written = dict[str, Any]


# --- drawing: what rules say of several members


def documented(subject: Written, families: list[str]) -> None:
    """Name kinds of documents where documents are certified, and only there."""
    if "document" in families:
        subject["scope"].setdefault("documentTypes", ["ebl/DCSA-eBL-3.0"])
    else:
        subject["scope"].pop("documentTypes", None)


def certified(subject: Written) -> str:
    documented(subject, [subject["scheme"]["family"]])
    return str(subject["body"]["did"])


def accredited(subject: Written) -> str:
    documented(subject, [scheme["family"] for scheme in subject["schemes"]])
    return str(subject["accreditor"]["did"])


def arranged(subject: Written) -> str:
    subject["binding"] = subject["binding"] and subject["kind"] not in ("mou", "initiative")
    subject["onward"] = {"allowed": True, "depth": 3} if subject["onward"]["allowed"] else {"allowed": False}
    levels = {(one["from"], one["level"], one["into"]): one for one in subject.get("assurance", ())}
    if levels:
        subject["assurance"] = list(levels.values())
    return str(subject["parties"][0]["authority"])


def endorsed(subject: Written) -> str:
    joins = ("designatedBodies", "accreditors", "reservations")
    others = {"denunciation": joins, "jointMeasure": (*joins, "toward")}.get(subject["role"], ("toward",))
    for name in others:
        subject.pop(name, None)
    for entry in [*subject.get("designatedBodies", ()), *subject.get("accreditors", ())]:
        entry["jurisdiction"] = subject["jurisdiction"]
    listed = subject.get("accreditors", ())
    if listed:
        subject["accreditors"] = list({one["accreditor"]: one for one in listed}.values())
    return "did:web:authority.example.xb"


def recognised(subject: Written) -> str:
    if subject["effect"] != "conditional":
        subject.pop("conditions", None)
    else:
        subject.setdefault("conditions", ["A condition"])
    if subject["effect"] == "full":
        subject.pop("scope", None)
    elif subject["effect"] == "partial":
        subject.setdefault("scope", catalogue.example("Recognition")["credentialSubject"]["scope"])
    return "did:web:authority.example.xb"


def altered(subject: Written) -> str:
    if subject["change"] != "suspend":
        subject.pop("until", None)
    else:
        subject.setdefault("until", "2099-01-01T00:00:00Z")
    if subject["change"] != "reduceScope":
        subject.pop("scope", None)
    else:
        subject.setdefault("scope", catalogue.example("Recognition")["credentialSubject"]["scope"])
    return "did:web:body.example.xa"


def identified(subject: Written) -> str:
    subject["jurisdiction"] = "XC"
    return "did:web:authority.example.xc"


# --- writing: the value that was read as the members it was read from

TIMES = ("valid_from", "valid_until", "in_force_from", "until", "begins", "ends", "effective")
RENAMED = {
    "begins": "from",
    "ends": "until",
    "from_": "from",
    "designated": "designatedBodies",
    "status": "statusReference",
    "list_id": "statusListCredential",
    "index": "statusListIndex",
}


def plain(value: Any, name: str = "") -> Any:
    """A value as JSON; sets as sorted lists, what is missing or empty left out."""
    if isinstance(value, Scope):
        return scope(value)
    if hasattr(value, "_asdict"):
        items = {key: item for key, item in value._asdict().items() if key != "subject"}
        return {
            RENAMED.get(key) or camel(key): plain(item, key)
            for key, item in items.items()
            if item is not None and item not in ((), frozenset())
        }
    if isinstance(value, frozenset | tuple):
        return [plain(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, bytes):
        return value.hex()
    return format_time(value) if name in TIMES else value


def camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def scope(value: Scope) -> Written:
    made = {
        camel(name): plain(item) for name, item in value._asdict().items() if item not in (None, frozenset())
    }
    made["scenarios"] = [{"scheme": scheme, "code": code} for scheme, code in sorted(value.scenarios)]
    limits = {name: made.pop(name) for name in ("persons", "sensitivePersons") if name in made}
    return {**made, "limits": limits} if limits else made


def below(written: Written, member: str, *names: str) -> Written:
    """The members `names` moved into one of their own."""
    inner = {name: written.pop(name) for name in names if name in written}
    return {**written, member: inner}


def certificate(written: Written) -> Written:
    written["certificateNumber"] = written.pop("number")
    written["id"], written["version"] = written.pop("scheme"), written.pop("schemeVersion")
    written = below(written, "scheme", "id", "version", "family", "standards", "level")
    if "accreditation" in written:
        written["accreditation"] = dict(
            zip(("accreditor", "statement"), written["accreditation"], strict=True)
        )
    return written


def arrangement(written: Written) -> Written:
    depth = written.pop("onwardDepth")
    written["onward"] = {"allowed": True, "depth": depth} if depth else {"allowed": False}
    return below(written, "scope", "families", "dataCategories", "documentTypes")


def same(written: Written) -> Written:
    return written


TYPES_DRAWN: dict[str, tuple[Callable[[Written], str], Callable[[Written], Written]]] = {
    "ConformityCertificate": (certified, certificate),
    "Accreditation": (accredited, lambda written: below(written, "scope", "dataCategories", "documentTypes")),
    "RecognitionArrangement": (arranged, arrangement),
    "Endorsement": (endorsed, same),
    "Recognition": (recognised, same),
    "StatusChange": (altered, same),
    "IdentityRecognition": (identified, same),
}
UNREAD = {
    "ConformityCertificate": {
        "assessorLevel",
        "assessmentLevel",
        "attestationType",
        "conformityCertificate",
        "auditableEvidence",
    },
    "RecognitionArrangement": {"clauses", "reviewBy"},
    "Endorsement": {"reservations"},
}
"""What no rule asks: it stands in `subject` alone."""
SETS = ("activities", "dataCategories", "destinations", "documentTypes", "families", "versions", "toward")


def sorted_sets(value: Any, name: str = "") -> Any:
    """A subject with its sets sorted, and of its scenarios what a scope reads."""
    if name == "scenarios":
        codes = {(one["scheme"], one["code"]) for one in value}
        return [{"scheme": scheme, "code": code} for scheme, code in sorted(codes)]
    if isinstance(value, dict):
        return {key: sorted_sets(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(value) if name in SETS else [sorted_sets(item) for item in value]
    return value


@pytest.mark.parametrize("name", list(TYPES_DRAWN))
@settings(max_examples=count(30), suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_what_is_read_is_what_was_written(name: str, data: st.DataObject):
    issue, reshape = TYPES_DRAWN[name]
    subject = data.draw(made(TYPES[name].kind.shape))
    document = catalogue.example(name) | {"credentialSubject": subject, "issuer": issue(subject)}
    assert catalogue.check(document) == []
    signed = sign_statement(document, KEY, f"{document['issuer']}#1", 1_795_320_184)
    statement = parse_statement(signed.encoded)
    assert encode(statement.document) == signed.encoded
    written = reshape(plain(catalogue.read(statement)))
    asked = {key: item for key, item in sorted_sets(subject).items() if key in written}
    if name == "RecognitionArrangement":
        for party in asked["parties"]:
            party.pop("reservations", None)
        asked["scope"].pop("sectors", None)
    assert written == asked
    assert subject.keys() - written.keys() <= UNREAD.get(name, set())
