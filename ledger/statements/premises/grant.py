"""Recognition by one jurisdiction: did its own authority accept this certificate, and does that stand?"""

from typing import NamedTuple

from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.evidence import Evidence, Held, begun
from ledger.statements.premises.finding import Premise, absent, failed, passed, written
from ledger.statements.premises.status import is_withdrawn, status_of
from ledger.statements.recognition_grant import Recognition
from ledger.statements.scope import covers

PREFIX = "RECOGNITION_"


class Granted(NamedTuple):
    """What one jurisdiction says of a certificate.

    Attributes:
        premise: passed `RECOGNISED`, or why not.
        grants: Recognitions in effect which say the same, by when they existed; empty where there is none, or
            where they contradict each other.
    """

    premise: Premise
    grants: tuple[Held[Recognition], ...] = ()


class _Lapse(NamedTuple):
    rank: int
    """Of several lapses the smallest is told: what was taken back says more than what has yet to come."""
    code: str
    detail: str


def authority_known(evidence: Evidence, jurisdiction: str) -> Premise:
    """Whether anybody's word counts as that of `jurisdiction`: passed `AUTHORITY_KNOWN`."""
    if any(
        listed.jurisdiction == jurisdiction and "authority" in listed.roles
        for listed in evidence.trust.authorities.values()
    ):
        return passed("AUTHORITY_KNOWN", f"the trust list names an authority of {jurisdiction}")
    return absent("AUTHORITY_UNKNOWN", f"the trust list names no authority of {jurisdiction}")


def recognised_by(
    evidence: Evidence,
    certificate: Held[ConformityCertificate],
    jurisdiction: str,
    moment: int,
    named: Held[Recognition] | None = None,
) -> Granted:
    """Whether `jurisdiction` recognises a certificate at `moment`.

    Args:
        evidence: With the recognitions of the certificate and their status.
        certificate: Which is recognised.
        jurisdiction: Whose authority has to have said so.
        moment: POSIX seconds.
        named: The recognition that has to stand; None: any.
    """
    said = [
        held for held in evidence.recognitions(certificate.digest) if held.value.jurisdiction == jurisdiction
    ]
    own = [held for held in said if evidence.speaks_for(held, jurisdiction)]
    if named is not None and all(held.digest != named.digest for held in own):
        detail = f"signed by {named.issuer} of {named.jurisdiction}, who cannot recognise for {jurisdiction}"
        return Granted(failed("RECOGNITION_BY_WRONG_SIDE", detail, named))
    if not own:
        return Granted(_none(said, jurisdiction))
    statuses = {held.digest: status_of(evidence, held, moment, prefix=PREFIX) for held in own}
    lapses = [(_lapse(evidence, held, statuses[held.digest], moment), held) for held in own]
    live = [held for lapse, held in lapses if lapse is None]
    over = [(lapse, held) for lapse, held in lapses if lapse is not None]
    if named is not None:
        over = [(lapse, held) for lapse, held in over if held.digest == named.digest]
    if over and (named is not None or not live):
        lapse, held = min(over, key=lambda pair: (pair[0].rank, pair[1].digest))
        return Granted(failed(lapse.code, lapse.detail, held))
    if len({_terms(held.value) for held in live}) > 1:
        detail = f"{len(live)} recognitions of {jurisdiction} are in effect, and they say different things"
        return Granted(failed("RECOGNITIONS_CONTRADICT", detail, *live))
    live.sort(key=lambda held: (held.existed, held.digest))
    return Granted(_standing(certificate, live, statuses), tuple(live))


def _none(said: list[Held[Recognition]], jurisdiction: str) -> Premise:
    if said:
        others = ", ".join(sorted({held.issuer for held in said}))
        detail = f"only {others}, not an authority of {jurisdiction}, says that {jurisdiction} recognises it"
        return absent("RECOGNITION_BY_WRONG_SIDE", detail, *said)
    detail = f"no recognition by an authority of {jurisdiction} is in the evidence"
    return absent("NOT_RECOGNISED", detail)


def _lapse(evidence: Evidence, held: Held[Recognition], status: Premise, moment: int) -> _Lapse | None:
    """Why a recognition is not in effect, None where it is."""
    value = held.value
    if is_withdrawn(status):
        return _Lapse(0, status.code, status.detail)
    if evidence.superseded(held, moment):
        return _Lapse(2, "RECOGNITION_SUPERSEDED", "its authority put a later recognition in its place")
    if moment < begun(held):
        return _Lapse(3, "RECOGNITION_NOT_YET", f"recognised only from {written(begun(held))}")
    if moment >= value.valid_until:
        return _Lapse(1, "RECOGNITION_EXPIRED", f"recognised until {written(value.valid_until)}")
    return None


def _terms(value: Recognition) -> tuple[object, ...]:
    return (value.effect, frozenset(value.conditions), value.scope, value.arrangement, value.onward)


def _standing(
    certificate: Held[ConformityCertificate],
    live: list[Held[Recognition]],
    statuses: dict[bytes, Premise],
) -> Premise:
    for held in sorted(live, key=lambda held: held.digest):
        if statuses[held.digest].outcome == "failed":
            return statuses[held.digest]
    good = [held for held in live if statuses[held.digest].outcome == "passed"]
    if not good:
        return statuses[live[0].digest]
    scope = live[0].value.scope
    if scope is not None and not covers(certificate.value.scope, scope):
        detail = "the recognition is of more than the certificate covers"
        return failed("RECOGNITION_SCOPE_EXCEEDS", detail, live[0], certificate)
    value = live[0].value
    detail = f"recognised by {live[0].issuer} of {value.jurisdiction}, {value.effect} effect"
    rests_on = (*(held.digest for held in live), *statuses[good[0].digest].rests_on)
    return passed("RECOGNISED", detail)._replace(rests_on=tuple(dict.fromkeys(rests_on)))
