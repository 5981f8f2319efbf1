"""Standing: all premises of a certificate at one time, and what they come to together."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from ledger.core.times import format_time
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.accreditation import Question, accredited
from ledger.statements.premises.arrangement import (
    Sides,
    arrangement_between,
    designations,
    reservations,
)
from ledger.statements.premises.equivalence import Equivalent, equivalent, met_at_home
from ledger.statements.premises.evidence import Evidence, Held, begun
from ledger.statements.premises.finding import Premise, failed, passed, written
from ledger.statements.premises.grant import Granted, authority_known, recognised_by
from ledger.statements.premises.onward import Way, onward, way_of
from ledger.statements.premises.purpose import Purpose
from ledger.statements.premises.reach import reach
from ledger.statements.premises.status import status_of
from ledger.statements.scope import Scope


class Standing(NamedTuple):
    """What a certificate or an identity is worth at one moment.

    Attributes:
        moment: POSIX seconds.
        outcome: invalid: a premise failed; unknown: none failed and one is absent.
        premises: In the order of the rule.
        effect: Of the recognition: full, partial, conditional; of an identity its level; None without one.
        limits: What comes with it, for people: conditions, gaps, reservations.
    """

    moment: int
    outcome: Literal["valid", "invalid", "unknown"]
    premises: tuple[Premise, ...]
    effect: str | None = None
    limits: tuple[str, ...] = ()

    @property
    def against(self) -> Premise | None:
        """The first premise that failed, else the first that is absent; None where it is valid."""
        for outcome in ("failed", "absent"):
            for premise in self.premises:
                if premise.outcome == outcome:
                    return premise
        return None

    def to_json(self) -> dict[str, object]:
        """The standing as a member of a report."""
        return {
            "moment": format_time(self.moment),
            "outcome": self.outcome,
            "premises": [premise.to_json() for premise in self.premises],
            **({} if self.effect is None else {"effect": self.effect}),
            "limits": list(self.limits),
        }


class Judged(NamedTuple):
    """A standing, and what is needed to say what was not checked."""

    standing: Standing
    status: Premise
    effective: Scope


def outcome_of(premises: Iterable[Premise]) -> Literal["valid", "invalid", "unknown"]:
    """What premises come to together: one that failed outweighs any that are absent."""
    outcomes = {premise.outcome for premise in premises}
    if "failed" in outcomes:
        return "invalid"
    return "unknown" if "absent" in outcomes else "valid"


def standing_at(
    evidence: Evidence,
    certificate: Held[ConformityCertificate],
    moment: int,
    *,
    into: str | None,
    purpose: Purpose | None,
) -> Judged:
    """What a certificate is worth at `moment`, in `into`, or at home where that is None."""
    if into is None:
        return _at_home(evidence, certificate, moment, purpose)
    known = authority_known(evidence, into)
    granted = Granted(known)
    if known.outcome == "passed":
        granted = recognised_by(evidence, certificate, into, moment)
    way = way_of(evidence, certificate, granted.grants[0]) if granted.grants else None
    base = None if way is None else way.base
    status = status_of(evidence, certificate, moment)
    premises = [_dates(evidence, certificate, moment), status]
    if base is not None:
        premises.append(accredited(Question(evidence, certificate, moment, base)))
    premises.append(known)
    if known.outcome == "passed":
        premises.append(granted.premise)
    gaps: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    if way is not None:
        between, reserved = _between(evidence, certificate, way, into, moment)
        equal = _equivalence(certificate, way, purpose)
        gaps = () if equal is None else equal.gaps
        premises += _there(
            between,
            None if base is None else _designated(evidence, certificate, base, moment),
            None if equal is None else equal.premise,
            onward(evidence, certificate, way, moment),
        )
    extent = reach(evidence, certificate, purpose, moment, grants=granted.grants, way=way)
    premises.append(extent.premise)
    stands = granted.premise.outcome == "passed"
    standing = Standing(
        moment,
        outcome_of(premises),
        tuple(premises),
        way.steps[0].value.effect if way is not None and stands else None,
        (*(_terms(way) if way is not None and stands else ()), *(f"gap: {gap}" for gap in gaps), *reserved),
    )
    return Judged(standing, status, extent.effective)


def _at_home(
    evidence: Evidence, certificate: Held[ConformityCertificate], moment: int, purpose: Purpose | None
) -> Judged:
    status = status_of(evidence, certificate, moment)
    extent = reach(evidence, certificate, purpose, moment)
    premises = tuple(
        _there(
            _dates(evidence, certificate, moment),
            status,
            accredited(Question(evidence, certificate, moment, None)),
            met_at_home(certificate, purpose),
            extent.premise,
        )
    )
    return Judged(Standing(moment, outcome_of(premises), premises), status, extent.effective)


def _there(*premises: Premise | None) -> Iterator[Premise]:
    return (premise for premise in premises if premise is not None)


def _dates(evidence: Evidence, certificate: Held[ConformityCertificate], moment: int) -> Premise:
    value = certificate.value
    since, until = written(value.valid_from), written(value.valid_until)
    if moment < value.valid_from:
        return failed("NOT_YET_VALID", f"valid from {since}", certificate)
    if moment < begun(certificate):
        detail = (
            f"claims to be valid from {since}, and is shown to exist from {written(certificate.existed)} only"
        )
        return failed("BACK_DATED", detail, certificate)
    if moment >= value.valid_until:
        return failed("EXPIRED", f"valid until {until}", certificate)
    later = [held for held in evidence.successors(certificate) if begun(held) <= moment]
    if later:
        return failed("SUPERSEDED", "its body put a later certificate in its place", certificate, *later)
    return passed("IN_DATES", f"valid from {since} until {until}", certificate)


def _between(
    evidence: Evidence, certificate: Held[ConformityCertificate], way: Way, into: str, moment: int
) -> tuple[Premise | None, tuple[str, ...]]:
    """The premise on the arrangement of the grant, and what its two sides reserved."""
    near = way.near(0, certificate.jurisdiction)
    if near is None:
        return None, ()
    text = way.texts[0]
    premise = arrangement_between(evidence, text, Sides(near, into), moment, certificate)
    if text is None or premise.outcome != "passed":
        return premise, ()
    reserved = tuple(
        f"reservation of {side}: {reservation}"
        for side in (near, into)
        for reservation in reservations(evidence, text, side, moment)
    )
    return premise, reserved


def _equivalence(
    certificate: Held[ConformityCertificate], way: Way, purpose: Purpose | None
) -> Equivalent | None:
    texts = [text for text in reversed(way.texts) if text is not None]
    if way.end != "base" or len(texts) < len(way.texts):
        return None
    return equivalent(certificate, texts, purpose)


def _designated(
    evidence: Evidence,
    certificate: Held[ConformityCertificate],
    base: Held[RecognitionArrangement],
    moment: int,
) -> Premise:
    by = []
    for when in (certificate.existed, moment):
        where = _designation(evidence, certificate, base, when)
        if where is None:
            detail = (
                f"{certificate.issuer} is not designated for {certificate.jurisdiction} at {written(when)}"
            )
            return failed("BODY_NOT_DESIGNATED", detail, certificate, base)
        by.append(where)
    detail = f"{certificate.issuer} is designated for {certificate.jurisdiction}, now as when it certified"
    return passed("DESIGNATED", detail, *by)


def _designation(
    evidence: Evidence,
    certificate: Held[ConformityCertificate],
    base: Held[RecognitionArrangement],
    moment: int,
) -> Held[object] | None:
    """Where the body is designated at `moment`, None where it is not."""
    side, body = certificate.jurisdiction, certificate.issuer
    for since, entry, where in designations(evidence, base, side, body, moment):
        if (
            (entry.families is None or certificate.value.family in entry.families)
            and since <= moment
            and (entry.ends is None or moment < entry.ends)
        ):
            return where
    return None


def _terms(way: Way) -> Iterator[str]:
    if any(step.value.effect == "partial" for step in way.steps):
        yield "partial"
    for step in way.steps:
        for condition in step.value.conditions:
            yield f"condition: {condition}"
