"""XA's body certifies, XA's accreditor accredits it, and XB recognises: two whole nodes, and statements to register."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.keys.keyfile import HolderKey
from ledger.statements import bitstring
from ledger.statements.catalogue import example
from ledger.statements.status_list import SMALLEST, lists
from tests.services.homes import DAY
from tests.services.sides import Sides, holder, named, two_sides

BODY_LIST = "https://body.example.xa/status/1"
ACCREDITOR_LIST = "https://accreditor.example.xa/status/1"
AUTHORITY_LIST = "https://authority.example.xb/status/1"


def party(key: HolderKey, code: str = "XA") -> dict[str, str]:
    return {"did": key.holder, "id": key.holder, "jurisdiction": code, "scheme": "DID"}


def subject_of(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = example(kind)["credentialSubject"]
    return found


@dataclass
class Recognising:
    """The sides, and who speaks on them.  Numbers of statements and places in lists are counted up."""

    sides: Sides
    body: HolderKey
    accreditor: HolderKey
    of_xa: HolderKey
    of_xb: HolderKey
    newer: HolderKey
    """Another key of XA's authority."""
    count: int = 0

    def term(self, days: int = 300, begins: int | None = None) -> dict[str, str]:
        start = self.sides.clock.now if begins is None else begins
        return {"validFrom": format_time(start), "validUntil": format_time(start + days * DAY)}

    def place(self, name: str) -> dict[str, Any]:
        self.count += 1
        return {"statusListCredential": name, "statusListIndex": self.count}

    def accreditation(self, **changes: Any) -> Statement:
        subject = {
            **subject_of("Accreditation"),
            "accreditor": party(self.accreditor),
            "body": party(self.body),
            "statusReference": self.place(ACCREDITOR_LIST),
            **self.term(),
        }
        return self.sides.sign(self.accreditor, "Accreditation", {**subject, **changes})

    def certificate(
        self, accreditation: Statement | None, key: HolderKey | None = None, **changes: Any
    ) -> Statement:
        by = key or self.body
        subject = {
            **subject_of("ConformityCertificate"),
            "body": party(by),
            "holder": party(self.sides.exporter),
            "statusReference": self.place(BODY_LIST),
            **self.term(),
        }
        subject["certificateNumber"] = f"CB-{self.count}"
        subject.pop("accreditation", None)
        if accreditation is not None:
            named = accreditation.digest.hex()
            subject["accreditation"] = {"accreditor": self.accreditor.holder, "statement": named}
        return self.sides.sign(by, "ConformityCertificate", {**subject, **changes})

    def arrangement(self, **changes: Any) -> Statement:
        since = format_time(self.sides.clock.now)
        subject = subject_of("RecognitionArrangement")
        subject["parties"] = [
            {"jurisdiction": "XA", "authority": self.of_xa.holder, "inForceFrom": since},
            {"jurisdiction": "XB", "authority": self.of_xb.holder, "inForceFrom": since},
        ]
        subject["designatedBodies"] = [{"jurisdiction": "XA", "body": self.body.holder, "from": since}]
        subject["accreditors"] = [{"jurisdiction": "XA", "accreditor": self.accreditor.holder}]
        return self.sides.sign(self.of_xa, "RecognitionArrangement", {**subject, **changes})

    def endorsement(
        self, key: HolderKey, code: str, text: bytes, role: str = "party", **changes: Any
    ) -> Statement:
        since = format_time(self.sides.clock.now)
        subject = {"statement": text.hex(), "role": role, "jurisdiction": code, "from": since}
        return self.sides.sign(key, "Endorsement", {**subject, **changes})

    def recognition(
        self, certificate: bytes, arrangement: bytes, key: HolderKey | None = None, **changes: Any
    ) -> Statement:
        subject = {
            "certificate": certificate.hex(),
            "arrangement": arrangement.hex(),
            "jurisdiction": "XB",
            "effect": "full",
            "statusReference": self.place(AUTHORITY_LIST),
            **self.term(),
        }
        return self.sides.sign(key or self.of_xb, "Recognition", {**subject, **changes})

    def change(self, key: HolderKey, target: bytes, change: str = "withdraw", **changes: Any) -> Statement:
        effective = format_time(self.sides.clock.now)
        subject = {
            "statement": target.hex(),
            "change": change,
            "reason": "nonConformity",
            "effective": effective,
        }
        if change == "suspend":
            subject["until"] = format_time(self.sides.clock.now + 90 * DAY)
        return self.sides.sign(key, "StatusChange", {**subject, **changes})

    def status_list(self, key: HolderKey, name: str, days: int = 7, **changes: Any) -> Statement:
        none = bitstring.of(SMALLEST, [])
        bits = lists(length=SMALLEST, revocation=none, suspension=none, refresh=none)
        return self.sides.sign(key, "StatusList", {"id": name, **bits, **self.term(days), **changes})


@contextmanager
def recognising(folder: Path) -> Iterator[Recognising]:
    body, accreditor = holder("body", "XA"), holder("accreditor", "XA")
    of_xa, of_xb = holder("authority", "XA"), holder("authority", "XB")
    newer = holder("authority", "XA", "#2027")
    authorities = {"XA": [named(of_xa, "authority", also=[newer])], "XB": [named(of_xb, "authority")]}
    with two_sides(folder, authorities) as sides:
        sides.xa.enrol(body, "body")
        sides.xa.enrol(accreditor, "accreditor")
        yield Recognising(sides, body, accreditor, of_xa, of_xb, newer)
