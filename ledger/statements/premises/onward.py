"""Onward recognition: may one state's recognition rest on another's, and does every one on the way stand?"""

from typing import Final, Literal, NamedTuple, cast

from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.arrangement import Sides, arrangement_between
from ledger.statements.premises.evidence import Evidence, Held
from ledger.statements.premises.finding import Premise, absent, decisive, failed, passed
from ledger.statements.premises.grant import authority_known, recognised_by
from ledger.statements.recognition_grant import Recognition

MOST_HOPS: Final = 8
PREFIX: Final = "ONWARD_"


class Way(NamedTuple):
    """A recognition and those it rests on, one on another.

    Attributes:
        steps: From the one asked about to the last that is held.
        end: base: the last rests on the certificate alone; missing: on one that is not held; another: on
            something else than a recognition of the certificate; cycle: it comes back, or never ends.
        texts: The arrangement of each step, None where it is not held.
        beyond: What the last names, where it is another.
    """

    steps: tuple[Held[Recognition], ...]
    end: Literal["base", "missing", "another", "cycle"]
    texts: tuple[Held[RecognitionArrangement] | None, ...]
    beyond: Held[object] | None = None

    @property
    def base(self) -> Held[RecognitionArrangement] | None:
        """The arrangement between the certificate's own jurisdiction and the next, where it is held."""
        return self.texts[-1] if self.end == "base" else None

    def near(self, place: int, origin: str) -> str | None:
        """The jurisdiction that the recognition at `place` relies on, None where that is not known."""
        if place + 1 < len(self.steps):
            return self.steps[place + 1].value.jurisdiction
        if self.end == "base":
            return origin
        if self.beyond is not None and isinstance(self.beyond.value, Recognition):
            return self.beyond.value.jurisdiction
        return None


def way_of(evidence: Evidence, certificate: Held[ConformityCertificate], grant: Held[Recognition]) -> Way:
    """Follow a recognition to the one that rests on the certificate alone, at most `MOST_HOPS` further."""
    steps = [grant]
    met = {certificate.jurisdiction, grant.value.jurisdiction}
    end: Literal["base", "missing", "another", "cycle"] = "base"
    beyond: Held[object] | None = None
    while (digest := steps[-1].value.onward) is not None:
        beyond = evidence.held.get(digest)
        if beyond is None:
            end = "missing"
            break
        value = beyond.value
        if not isinstance(value, Recognition) or value.certificate != certificate.digest:
            end = "another"
            break
        if value.jurisdiction in met or len(steps) > MOST_HOPS:
            end = "cycle"
            break
        met.add(value.jurisdiction)
        steps.append(cast("Held[Recognition]", beyond))
    if end == "base":
        beyond = None
    texts = tuple(evidence.arrangement(step.value.arrangement) for step in steps)
    return Way(tuple(steps), end, texts, beyond)


def onward(
    evidence: Evidence, certificate: Held[ConformityCertificate], way: Way, moment: int
) -> Premise | None:
    """Whether a recognition may rest on those it names: passed `ONWARD`; None where it names none."""
    grant = way.steps[0]
    if grant.value.onward is None:
        return None
    broken = _broken(way) or _too_deep(way)
    if broken is not None:
        return broken
    found = []
    for place in range(1, len(way.steps)):
        found += _standing(evidence, certificate, way, place, moment)
    against = decisive(found)
    if against is not None and against.outcome == "failed":
        return against._replace(code=PREFIX + against.code)
    if way.end == "missing":
        detail = f"the recognition that the one of {way.steps[-1].value.jurisdiction} rests on is not in the evidence"
        return absent("ONWARD_MISSING", detail, way.steps[-1])
    if against is not None:
        return against._replace(code=PREFIX + against.code)
    digests = tuple(dict.fromkeys(digest for premise in found for digest in premise.rests_on))
    by = ", ".join(step.value.jurisdiction for step in way.steps[1:])
    return passed("ONWARD", f"rests on the recognition by {by}, as the arrangement allows")._replace(
        rests_on=digests
    )


def _broken(way: Way) -> Premise | None:
    last = way.steps[-1]
    if way.end == "cycle":
        detail = f"recognitions rest on one another in a circle, or more than {MOST_HOPS} deep"
        return failed("NOT_TRANSITIVE", detail, *way.steps)
    if way.end == "another":
        detail = f"what the recognition by {last.value.jurisdiction} rests on is no recognition of this certificate"
        further = () if way.beyond is None else (way.beyond,)
        return failed("ONWARD_OF_ANOTHER", detail, last, *further)
    return None


def _too_deep(way: Way) -> Premise | None:
    """Where an arrangement allows fewer hops than follow, one that is not held counted."""
    following = len(way.steps) - 1 + (way.end == "missing")
    for place, (step, text) in enumerate(zip(way.steps, way.texts, strict=True)):
        hops = following - place
        if text is not None and text.value.onward_depth < hops:
            allowed = text.value.onward_depth
            detail = (
                f"the recognition by {step.value.jurisdiction} rests on {hops} others in a row; "
                f"its arrangement allows {allowed}"
            )
            return failed("NOT_TRANSITIVE", detail, step, text)
    return None


def _standing(
    evidence: Evidence, certificate: Held[ConformityCertificate], way: Way, place: int, moment: int
) -> list[Premise]:
    step = way.steps[place]
    jurisdiction = step.value.jurisdiction
    known = authority_known(evidence, jurisdiction)
    if known.outcome != "passed":
        return [known]
    found = [recognised_by(evidence, certificate, jurisdiction, moment, named=step).premise]
    near = way.near(place, certificate.jurisdiction)
    if near is not None:
        sides = Sides(near, jurisdiction)
        found.append(arrangement_between(evidence, way.texts[place], sides, moment, certificate))
    return found
