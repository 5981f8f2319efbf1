"""A certificate of XA that XB recognises, with everything its recognition rests on, logged on both sides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.statement import Statement
from ledger.core.suites import PrivateKey, encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.statements.bitstring import encode as encode_bits
from ledger.statements.bitstring import of as bits_of
from ledger.statements.catalogue import example
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, START, Jurisdiction, World, key, make
from tests.trees import tree_consistency
from tests.verify.attacking import WITNESSES, cosigned, witness

BODY = "did:web:body.example.xa"
ACCREDITOR = "did:web:accreditor.example.xa"
AUTHORITY_XA = "did:web:authority.example.xa"
AUTHORITY_XB = "did:web:authority.example.xb"
NOW = START + 2 * DAY
LENGTH = 131_072
_ROLES = {
    BODY: ("body", "XA"),
    ACCREDITOR: ("accreditor", "XA"),
    AUTHORITY_XA: ("authority", "XA"),
    AUTHORITY_XB: ("authority", "XB"),
}
_ROLE_OF_TYPE = {
    "ConformityCertificate": "certificate",
    "Accreditation": "accreditation",
    "RecognitionArrangement": "arrangement",
    "Endorsement": "endorsement",
    "Recognition": "recognition",
    "StatusChange": "statusChange",
    "StatusList": "statusList",
    "IdentityRecognition": "identityRecognition",
    "Enrolment": "enrolment",
    "KeyRevocation": "keyRevocation",
    "TransferRecord": "parent",
    "PolicyMeasure": "measure",
    "Decision": "decision",
}


@dataclass
class Mutual:
    """The statements by name, in the order in which they are logged; a test changes or leaves out some."""

    world: World = field(default_factory=World)
    said: dict[str, tuple[Jurisdiction, Statement]] = field(default_factory=dict)
    period: int = DAY
    """Seconds that one section covers."""
    witnessed: int | None = None
    """Seconds after the last statement of a section at which two witnesses cosigned it; None: nobody did."""
    signers: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(_ROLES))
    """Role and jurisdiction of who may say something, by DID."""

    def say(self, name: str, type_: str, issuer: str, subject: Mapping[str, Any], created: int) -> Statement:
        """Sign a statement and log it in its issuer's jurisdiction."""
        _, code = self.signers[issuer]
        place = self.world.xa if code == "XA" else self.world.xb
        signing = self.key_of(issuer)
        statement = make(type_, subject, issuer, "#1", signing, created, name=f"{name} {created}")
        self.said[name] = (place, place.add(statement))
        return statement

    def key_of(self, issuer: str) -> PrivateKey:
        """With which somebody signs."""
        role, code = self.signers[issuer]
        return key(f"{code} {role}" if issuer in _ROLES else issuer)

    def list_bits(self, issuer: str, *, begins: int, ends: int, **bits: int | Sequence[int]) -> Statement:
        """A status list of an issuer, with the bits set that are named for a purpose."""
        lists = []
        for purpose in ("revocation", "suspension", "refresh"):
            given = bits.get(purpose, ())
            content = bits_of(LENGTH, [given] if isinstance(given, int) else given)
            lists.append({"statusPurpose": purpose, "encodedList": encode_bits(content)})
        subject = {
            "id": f"{issuer}#status-1",
            "validFrom": format_time(begins),
            "validUntil": format_time(ends),
            "length": LENGTH,
            "lists": lists,
        }
        return self.say(f"list {issuer} {begins}", "StatusList", issuer, subject, begins)

    def report(self, *, now: int = NOW, trust: TrustList | None = None, **asked: Any) -> Report:
        """Verify the bundle of all that was said about the certificate, or about what `subject` names."""
        bundle = self.bundle(asked.pop("subject", "certificate"))
        return verify_bundle(bundle, self.trust() if trust is None else trust, now=now, **asked)

    def bundle(self, about: str = "certificate") -> bytes:
        """The bundle of all that was said, about the statement of that name."""
        sections = [
            section for place in (self.world.xa, self.world.xb) for section in self._sections(place, about)
        ]
        return self.world.bundle(sections, self.said[about][1])

    def apart(self, *names: str) -> bytes:
        """A bundle of the statements of these names alone, about the first, as its log holds them by now."""
        every = self.said
        try:
            self.said = {name: every[name] for name in names}
            return self.bundle(names[0])
        finally:
            self.said = every

    def _sections(self, place: Jurisdiction, about: str) -> Iterator[dict[str, Any]]:
        """One section a period in which something was said, anchored shortly after the last of it."""
        periods: dict[int, list[tuple[str, Statement]]] = {}
        for name, (where, statement) in self.said.items():
            if where is place:
                role = "subject" if name == about else _ROLE_OF_TYPE[statement.type]
                periods.setdefault(statement.created // self.period, []).append((role, statement))
        before = 0
        for _, items in sorted(periods.items()):
            size = 1 + max(place.entries.index(statement.digest) for _, statement in items)
            place.anchor(size)
            moment = max(statement.created for _, statement in items) + 10
            anchors = [place.anchor_part(size, time=moment)]
            section = place.section(items, size, anchors=anchors)
            if self.witnessed is not None:
                time = moment + self.witnessed
                section = cosigned(self.world, section, [(name, time) for name, _ in WITNESSES[:2]])
            if before:
                path = tree_consistency(before, place.leaves[:size])
                section["extends"] = [one.hex() for one in path]
            yield section
            before = size

    def trust(
        self, *, without: str = "", revoked: Mapping[str, int] | None = None, **members: Any
    ) -> TrustList:
        """The verifier's list, with the authorities of both sides but for one; `revoked` has when whose key was."""
        ended = {
            did: {"revoked": {"at": format_time(moment), "reason": "lost"}}
            for did, moment in (revoked or {}).items()
        }
        dates = {"from": format_time(START - DAY), "until": format_time(START + 365 * DAY)}
        named = [
            {
                "id": did,
                "jurisdiction": code,
                "roles": [role],
                "keys": [
                    {
                        "id": "#1",
                        "publicKeyMultibase": encode_multikey(self.key_of(did).public),
                        **dates,
                        **ended.get(did, {}),
                    }
                ],
            }
            for did, (role, code) in self.signers.items()
            if role in ("authority", "accreditor") and did != without
        ]
        authorities = [self.world.xa.authority(), self.world.xb.authority(), *named]
        quorum = {} if self.witnessed is None else {"quorum": 2}
        types = {kind: dict(quorum) for kind in ("ConformityCertificate", "IdentityRecognition")}
        require = {**self.world.trust_body()["require"], **types}
        witnesses = [witness(name, organisation)[0] for name, organisation in WITNESSES[:2]]
        given = {"authorities": authorities, "require": require, "witnesses": witnesses}
        return self.world.trust(**{**given, **members})


def recognised(**changes: Mapping[str, Any]) -> Mutual:
    """All in order: accredited, arranged, endorsed by both, recognised, with lists for a week.

    `changes` has members to be put into the subjects of `accreditation`, `certificate` and `arrangement`.
    """
    made = Mutual()
    _certified(made, changes)
    _granted(made, changes)
    for issuer in (BODY, ACCREDITOR, AUTHORITY_XB):
        made.list_bits(issuer, begins=START + 5, ends=START + 7 * DAY)
    return made


def identified(**changes: Any) -> Mutual:
    """An identity of a party of XA that XB recognises under the same arrangement, with a list for a week."""
    made = Mutual()
    arrangement = _arranged(made)
    subject = {
        **_subject("IdentityRecognition"),
        "arrangement": arrangement.digest.hex(),
        "validFrom": format_time(START),
        "statusReference": _status(AUTHORITY_XB),
        **changes,
    }
    made.say("identity", "IdentityRecognition", AUTHORITY_XB, subject, START + 200)
    made.list_bits(AUTHORITY_XB, begins=START + 5, ends=START + 7 * DAY)
    return made


def _certified(made: Mutual, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """XA's side at home: the body enrolled and accredited, its certificate."""
    certificate = _subject("ConformityCertificate")
    enrolment = made.world.xa.enrol(
        BODY,
        ["body"],
        [("#1", key("XA body"))],
        subject={"identifiers": [{"scheme": "LEI", "id": certificate["body"]["id"]}]},
    )
    made.said["body"] = (made.world.xa, made.world.xa.add(enrolment))
    accreditation = {
        **_subject("Accreditation"),
        # The trust list vouches for the accreditor's DID, and for no number of it.
        "accreditor": {"did": ACCREDITOR, "scheme": "DID", "id": ACCREDITOR, "jurisdiction": "XA"},
        "validFrom": format_time(START),
        "statusReference": _status(ACCREDITOR),
        **changes.get("accreditation", {}),
    }
    accredited = made.say("accreditation", "Accreditation", ACCREDITOR, accreditation, START + 10)
    granted = {
        **certificate,
        "validFrom": format_time(START),
        "accreditation": {"accreditor": ACCREDITOR, "statement": accredited.digest.hex()},
        "statusReference": _status(BODY),
        **changes.get("certificate", {}),
    }
    made.say("certificate", "ConformityCertificate", BODY, granted, START + 100)


def _granted(made: Mutual, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """What XB makes of the certificate."""
    recognition = {
        "certificate": made.said["certificate"][1].digest.hex(),
        "arrangement": _arranged(made, changes.get("arrangement", {})).digest.hex(),
        "jurisdiction": "XB",
        "effect": "full",
        "validFrom": format_time(START),
        "validUntil": format_time(START + 300 * DAY),
        "statusReference": _status(AUTHORITY_XB),
    }
    made.say("recognition", "Recognition", AUTHORITY_XB, recognition, START + 200)


def _arranged(made: Mutual, changes: Mapping[str, Any] = {}) -> Statement:
    """What both sides agreed on."""
    text = {**_subject("RecognitionArrangement"), **changes}
    arrangement = made.say("arrangement", "RecognitionArrangement", AUTHORITY_XA, text, START + 20)
    for issuer, code in ((AUTHORITY_XA, "XA"), (AUTHORITY_XB, "XB")):
        endorsed = {
            "statement": arrangement.digest.hex(),
            "role": "party",
            "jurisdiction": code,
            "from": format_time(START),
        }
        made.say(f"endorsement {code}", "Endorsement", issuer, endorsed, START + 30)
    return arrangement


def _status(issuer: str) -> dict[str, Any]:
    return {"statusListCredential": f"{issuer}#status-1", "statusListIndex": 41}


def _subject(type_: str) -> dict[str, Any]:
    subject: dict[str, Any] = example(type_)["credentialSubject"]
    return subject
