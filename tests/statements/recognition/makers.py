"""Who is in the tests of recognition, and a maker for each type of statement they may have signed."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from ledger.core.trust.values import Authority
from ledger.statements import bitstring
from ledger.statements.accreditation import Accreditation, AccreditedScheme
from ledger.statements.arrangement import (
    ArrangementParty,
    Equivalence,
    RecognitionArrangement,
)
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.designation import AccreditorEntry, Designation
from ledger.statements.endorsement import Endorsement
from ledger.statements.identity import Credential, IdentityRecognition
from ledger.statements.party import Party
from ledger.statements.recognition import Held, Purpose
from ledger.statements.recognition_grant import Recognition
from ledger.statements.scope import Scope
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList
from ledger.statements.status_reference import StatusReference

DAY = 86_400
FIRST_DAY = 1_795_305_600  # 2026-11-22T00:00:00Z
LENGTH = 64

BODY = ("did:web:body.example.xa", "XA")
HOLDER = ("did:web:exporter.example.xa", "XA")
IMPORTER = ("did:web:importer.example.xb", "XB")
ACCREDITOR = ("did:web:accreditor.example.xa", "XA")
AUTHORITY = {name: (f"did:web:authority.example.{name.lower()}", name) for name in ("XA", "XB", "XC", "XD")}
STRANGER = ("did:web:stranger.example.xe", "XE")
FORGER = ("did:web:authority.example.xb", "XA")
"""The name of XB's authority, enrolled by a registrar of XA."""

SCENARIO = ("urn:evidence-ledger:scenario:v1", "veh.after-sales")
OTHER_SCENARIO = ("urn:evidence-ledger:scenario:v1", "corp.group-mgmt")
SCOPE = Scope(
    activities=frozenset({"After-sales service of vehicles"}),
    data_categories=frozenset({"nonPersonal", "personal"}),
    scenarios=frozenset({SCENARIO, OTHER_SCENARIO}),
    destinations=frozenset({"XB", "XC", "XD"}),
    persons=100_000,
)
SMALLER = SCOPE._replace(scenarios=frozenset({SCENARIO}), persons=1_000)
USE = Purpose(
    scenarios=frozenset({SCENARIO}),
    data_categories=frozenset({"personal"}),
    destination="XB",
    persons=500,
)

_TYPES = (
    ConformityCertificate,
    Accreditation,
    RecognitionArrangement,
    Endorsement,
    Recognition,
    StatusChange,
    StatusList,
    IdentityRecognition,
)


def day(number: float) -> int:
    """The start of a day, or a time within it."""
    return FIRST_DAY + round(number * DAY)


def digest(name: str) -> bytes:
    """What the statement of this name is called by others."""
    return sha256(name.encode()).digest()


def party(author: tuple[str, str]) -> Party:
    return Party(author[0], "DID", author[0], author[1])


def authority(did: str, jurisdiction: str, *roles: str) -> Authority:
    return Authority(did, jurisdiction, frozenset(roles or ("registrar", "authority")), {})


class Makers:
    """Statements by name; the makers give every member a value under which the certificate counts."""

    def __init__(self) -> None:
        self.held: dict[str, Held[Any]] = {}

    def add(
        self,
        name: str,
        by: tuple[str, str],
        created: int,
        value: Any,
        *,
        proven: int | None = None,
        operator: int | None = None,
    ) -> Held[Any]:
        """Put a statement into the world, or another in the place of the one of that name."""
        assert isinstance(value, _TYPES)
        held = Held(digest(name), type(value).__name__, by[0], created, value, by[1], proven, operator)
        self.held[name] = held
        return held

    def certificate(self, name: str = "certificate", *, created: int = day(10), **members: Any) -> Held[Any]:
        value = ConformityCertificate(
            number=name,
            body=party(BODY),
            holder=party(HOLDER),
            scheme="urn:example:scheme:cross-border-personal-data",
            scheme_version="2.0",
            family="personalDataProtection",
            standards=("ISO/IEC 27701:2025",),
            level=None,
            scope=SCOPE,
            valid_from=created,
            valid_until=created + 1095 * DAY,
            status=StatusReference("https://body.example.xa/status/1", 42),
            accreditation=None,
            supersedes=None,
            subject={},
        )
        return self.add(name, BODY, created, value._replace(**members))

    def accreditation(
        self,
        name: str = "accreditation",
        *,
        by: tuple[str, str] = ACCREDITOR,
        of: tuple[str, str] = BODY,
        created: int = day(0),
        **members: Any,
    ) -> Held[Any]:
        value = Accreditation(
            number=name,
            accreditor=party(by),
            body=party(of),
            schemes=(
                AccreditedScheme(
                    "urn:example:scheme:cross-border-personal-data",
                    frozenset({"1.0", "2.0"}),
                    "personalDataProtection",
                    1095,
                    None,
                ),
            ),
            data_categories=frozenset({"nonPersonal", "personal"}),
            document_types=frozenset(),
            valid_from=created,
            valid_until=created + 1460 * DAY,
            status=StatusReference(f"https://{by[0][8:]}/status/1", 7),
            parent=None,
            supersedes=None,
            subject={},
        )
        return self.add(name, by, created, value._replace(**members))

    def arrangement(
        self,
        name: str = "arrangement",
        *,
        parties: Iterable[str] = ("XA", "XB"),
        created: int = day(1),
        **members: Any,
    ) -> Held[Any]:
        sides = tuple(ArrangementParty(side, AUTHORITY[side][0], day(5), None) for side in parties)
        value = RecognitionArrangement(
            name=name,
            kind="mra",
            binding=True,
            parties=sides,
            accession=False,
            families=frozenset({"personalDataProtection"}),
            data_categories=frozenset({"nonPersonal", "personal", "sensitivePersonal"}),
            document_types=None,
            equivalences=(Equivalence("ISO/IEC 27701:2025", "XB-PIMS 3", "both", None, ()),),
            designated=(Designation("XA", BODY[0], day(5), None, None),),
            accreditors=(AccreditorEntry("XA", ACCREDITOR[0]),),
            onward_depth=0,
            assurance=(),
            supersedes=None,
            subject={},
        )
        return self.add(name, AUTHORITY[sides[0].jurisdiction], created, value._replace(**members))

    def endorsement(
        self,
        name: str,
        side: str,
        *,
        text: str = "arrangement",
        role: str = "party",
        by: tuple[str, str] | None = None,
        created: int = day(3),
        **members: Any,
    ) -> Held[Any]:
        value = Endorsement(
            statement=digest(text),
            role=role,
            jurisdiction=side,
            begins=created,
            toward=None,
            designated=(),
            accreditors=(),
            supersedes=None,
            subject={},
        )
        return self.add(name, by or AUTHORITY[side], created, value._replace(**members))

    def recognition(
        self,
        name: str = "recognition",
        *,
        side: str = "XB",
        by: tuple[str, str] | None = None,
        text: str = "arrangement",
        certificate: str = "certificate",
        created: int = day(20),
        index: int = 3,
        **members: Any,
    ) -> Held[Any]:
        value = Recognition(
            certificate=digest(certificate),
            arrangement=digest(text),
            jurisdiction=side,
            effect="full",
            conditions=(),
            scope=None,
            valid_from=created,
            valid_until=created + 900 * DAY,
            status=StatusReference(f"https://authority.example.{side.lower()}/status/1", index),
            onward=None,
            supersedes=None,
            subject={},
        )
        return self.add(name, by or AUTHORITY[side], created, value._replace(**members))

    def status_list(
        self,
        name: str,
        by: tuple[str, str],
        *,
        id: str | None = None,  # noqa: A002
        created: int = day(10),
        days: float = 365,
        withdrawn: Iterable[int] = (),
        suspended: Iterable[int] = (),
        refreshed: Iterable[int] = (),
        length: int = LENGTH,
    ) -> Held[Any]:
        value = StatusList(
            id=id or f"https://{by[0][8:]}/status/1",
            valid_from=created,
            valid_until=created + round(days * DAY),
            length=length,
            revocation=bitstring.of(length, withdrawn),
            suspension=bitstring.of(length, suspended),
            refresh=bitstring.of(length, refreshed),
            supersedes=None,
            subject={},
        )
        return self.add(name, by, created, value)

    def status_change(
        self,
        name: str,
        target: str,
        change: str,
        *,
        by: tuple[str, str] | None = None,
        created: int = day(25),
        effective: int | None = None,
        until: int | None = None,
        scope: Scope | None = None,
        proven: int | None = None,
    ) -> Held[Any]:
        if by is None:
            by = (self.held[target].issuer, self.held[target].jurisdiction)
        value = StatusChange(
            statement=digest(target),
            change=change,
            reason="nonConformity",
            effective=created if effective is None else effective,
            until=until if until is not None or change != "suspend" else created + 180 * DAY,
            scope=scope,
            subject={},
        )
        return self.add(name, by, created, value, proven=proven)

    def identity(
        self,
        name: str = "identity",
        *,
        side: str = "XB",
        by: tuple[str, str] | None = None,
        created: int = day(20),
        index: int = 9,
        **members: Any,
    ) -> Held[Any]:
        value = IdentityRecognition(
            party=party(HOLDER),
            credential=Credential(
                "vlei", "did:web:issuer.example.xa", digest("credential"), day(0), day(700)
            ),
            level="substantial",
            mapped_level="substantial",
            arrangement=digest("arrangement"),
            jurisdiction=side,
            valid_from=created,
            valid_until=created + 600 * DAY,
            status=StatusReference(f"https://authority.example.{side.lower()}/status/1", index),
            supersedes=None,
            subject={},
        )
        return self.add(name, by or AUTHORITY[side], created, value._replace(**members))
