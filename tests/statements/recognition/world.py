"""A small world of authenticated statements: a certificate of XA, recognised by XB, and all it rests on.

Nothing is signed: a `Held` is what remains after signatures were checked.  `mutual()` is a world in which the
certificate counts; tests change it one thing at a time and ask again:

    world = mutual()
    world.change("certificate", valid_until=day(30))
    assert world.ask(at=day(40)).verdict == "NOT_VALID_THEN"

Times are days of one calendar, `day(n)`; names stand for digests, `digest("certificate")`.
"""

from collections.abc import Iterable
from typing import Any

from ledger.core.trust.values import Authority, Publisher, TrustList
from ledger.statements.arrangement import Assurance, Equivalence
from ledger.statements.designation import AccreditorEntry
from ledger.statements.recognition import Held, Purpose, RecognitionReport, recognise
from tests.statements.recognition.makers import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    DAY,
    FIRST_DAY,
    FORGER,
    HOLDER,
    IMPORTER,
    LENGTH,
    OTHER_SCENARIO,
    SCENARIO,
    SCOPE,
    SMALLER,
    STRANGER,
    USE,
    Makers,
    authority,
    day,
    digest,
    party,
)

__all__ = [
    "ACCREDITOR",
    "AUTHORITY",
    "BODY",
    "DAY",
    "FIRST_DAY",
    "FORGER",
    "HOLDER",
    "IMPORTER",
    "LENGTH",
    "OTHER_SCENARIO",
    "SCENARIO",
    "SCOPE",
    "SMALLER",
    "STRANGER",
    "USE",
    "Makers",
    "World",
    "against",
    "authority",
    "codes",
    "day",
    "digest",
    "domestic",
    "identified",
    "mutual",
    "onward",
    "party",
]


class World(Makers):
    """Statements by name, and a trust list."""

    def __init__(self, *authorities: Authority) -> None:
        super().__init__()
        self.authorities = {each.id: each for each in authorities}

    @property
    def trust(self) -> TrustList:
        publisher = Publisher("did:web:verifier.example.xz", 1, {})
        lists: tuple[Any, ...] = ((), {}, (), (), {}, ())
        witnesses, chains, foreign, entries, require, signatures = lists
        return TrustList(
            encoded=b"{}",
            list_hash=bytes(32),
            version=1,
            previous=None,
            issued=day(-100),
            next_update=day(5000),
            publisher=publisher,
            authorities=self.authorities,
            logs={},
            witnesses=witnesses,
            chains=chains,
            foreign=foreign,
            entries=entries,
            require=require,
            signatures=signatures,
        )

    @property
    def evidence(self) -> list[Held[Any]]:
        return list(self.held.values())

    def change(self, name: str, **members: Any) -> Held[Any]:
        """Let a statement say something else."""
        self.held[name] = self.held[name]._replace(value=self.held[name].value._replace(**members))
        return self.held[name]

    def resign(self, name: str, **members: Any) -> Held[Any]:
        """Let a statement be by somebody else, or of another time: members of `Held`."""
        self.held[name] = self.held[name]._replace(**members)
        return self.held[name]

    def drop(self, *names: str) -> None:
        for name in names:
            del self.held[name]

    def copy(self) -> "World":
        world = World(*self.authorities.values())
        world.held = dict(self.held)
        return world

    def ask(
        self,
        *,
        into: str | None = "XB",
        purpose: Purpose | None = USE,
        at: int | None = day(30),
        known: int | None = None,
        certificate: str = "certificate",
        evidence: Iterable[Held[Any]] | None = None,
    ) -> RecognitionReport:
        """Judge the certificate; unless it is said otherwise on day 30, as known on day 40 or later."""
        return recognise(
            digest(certificate),
            into=into,
            purpose=purpose,
            at=at,
            known=known if known is not None else max(day(40), at or 0),
            evidence=self.evidence if evidence is None else evidence,
            trust=self.trust,
        )


def mutual() -> World:
    """XA's certificate of day 10, recognised by XB on day 20 under an arrangement in force since day 5.

    The certificate has place 42 of the body's list, the accreditation 7 of the accreditor's, the recognition 3
    of XB's; each list holds for 365 days.
    """
    world = World(*(authority(did, side) for did, side in AUTHORITY.values()))
    world.accreditation()
    world.arrangement()
    world.endorsement("endorsement-xa", "XA")
    world.endorsement("endorsement-xb", "XB", created=day(4))
    world.certificate()
    world.recognition()
    world.status_list("list-accreditor", ACCREDITOR, created=day(0))
    world.status_list("list-body", BODY, created=day(10))
    world.status_list("list-xb", AUTHORITY["XB"], created=day(20))
    return world


def domestic() -> World:
    """The same certificate at home, where the trust list names the accreditor."""
    world = mutual()
    world.drop("arrangement", "endorsement-xa", "endorsement-xb", "recognition", "list-xb")
    world.authorities[ACCREDITOR[0]] = authority(*ACCREDITOR, "accreditor")
    return world


def onward(depth: int = 1) -> World:
    """XA's certificate, recognised by XB and, resting on that, by XC under another arrangement, on day 22."""
    world = mutual()
    world.arrangement(
        "arrangement-bc",
        parties=("XB", "XC"),
        onward_depth=depth,
        equivalences=(Equivalence("XB-PIMS 3", "XC-PRIV 1", "aToB", None, ("no audit of suppliers",)),),
        designated=(),
        accreditors=(AccreditorEntry("XB", "did:web:accreditor.example.xb"),),
    )
    world.endorsement("endorsement-bc-xb", "XB", text="arrangement-bc")
    world.endorsement("endorsement-bc-xc", "XC", text="arrangement-bc")
    world.recognition(
        "recognition-xc",
        side="XC",
        text="arrangement-bc",
        created=day(22),
        onward=digest("recognition"),
    )
    world.status_list("list-xc", AUTHORITY["XC"], created=day(22))
    return world


def by_two_ways() -> World:
    """As `onward`; XC's standard is reached over two of XB's, with as many gaps."""
    world = onward()
    world.change("arrangement", equivalences=(_equal("XB-PIMS 3", "first"), _equal("XB-PIMS 4", "second")))
    last = (
        Equivalence("XB-PIMS 4", "XC-PRIV 1", "aToB", None, ("third",)),
        Equivalence("XB-PIMS 3", "XC-PRIV 1", "aToB", None, ("fourth",)),
    )
    world.change("arrangement-bc", equivalences=last)
    return world


def _equal(standard: str, gap: str) -> Equivalence:
    return Equivalence("ISO/IEC 27701:2025", standard, "both", None, (gap,))


def identified() -> World:
    """XA's exporter, whose identity XB recognised on day 20."""
    world = mutual()
    world.change(
        "arrangement",
        assurance=(
            Assurance("XA", "substantial", "XB", "substantial"),
            Assurance("XA", "high", "XB", "high"),
        ),
    )
    world.identity()
    return world


def codes(report: RecognitionReport) -> list[str]:
    """The codes of all premises at the time of the question."""
    return [premise.code for premise in report.at.premises]


def against(report: RecognitionReport) -> tuple[str, str]:
    """The first premise against the certificate at the time of the question: (code, outcome)."""
    premise = report.at.against
    assert premise is not None, codes(report)
    return premise.code, premise.outcome
