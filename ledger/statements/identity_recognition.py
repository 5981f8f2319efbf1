"""Is this party's digital identity, of another country, accepted in that one, then and now?

The last part of docs/spec/recognition.md, with the same times, authors and arrangements as for certificates.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.core.trust.values import TrustList
from ledger.statements.identity import IdentityRecognition
from ledger.statements.premises.arrangement import Sides, arrangement_between
from ledger.statements.premises.evidence import Evidence, Held, begun
from ledger.statements.premises.finding import Premise, absent, failed, passed, written
from ledger.statements.premises.grant import authority_known
from ledger.statements.premises.standing import Standing, outcome_of
from ledger.statements.premises.status import is_withdrawn, status_of
from ledger.statements.recognition import (
    UNTRIED,
    RecognitionReport,
    first_valid,
    moments_tried,
    status_now,
    verdict_of,
)

PREFIX: Final = "IDENTITY_"
LEVELS: Final = {"low": 1, "substantial": 2, "high": 3}
_RANK: Final = {"valid": 0, "unknown": 1, "invalid": 2}


def recognise_identity(
    party: str,
    *,
    of: str | None = None,
    into: str,
    only: bytes | None = None,
    at: int | None,
    known: int,
    evidence: Iterable[Held[object]],
    trust: TrustList,
) -> RecognitionReport:
    """Judge a party's identity at the time of an event and at the time of knowledge.

    Args:
        party: Its DID.
        of: The jurisdiction it acts for; None: whichever was recognised.
        into: The jurisdiction where its identity has to count.
        only: Digest of the one recognition that is asked about; None: whichever serves best.
        at: When it mattered, POSIX seconds, no later than `known`; None: the first moment at which it counted.
        known: The time of knowledge.
        evidence: Statements that are authenticated, in any order, those of strangers too.
        trust: Whose word counts as an authority's.

    Returns:
        A report whose standings have the mapped level of assurance as their effect.
    """
    sorted_evidence = Evidence(evidence, known=known, trust=trust)
    said = [
        held
        for held in sorted_evidence.identities(party)
        if held.value.jurisdiction == into
        and of in {None, held.value.party.jurisdiction}
        and only in {None, held.digest}
    ]
    own = [held for held in said if sorted_evidence.speaks_for(held, into)]

    def judge(moment: int) -> Standing:
        if not own:
            return _of(moment, [_none(sorted_evidence, said, into)], None)
        judged = [(held, _standing(sorted_evidence, held, moment)) for held in own]
        return min(judged, key=lambda pair: _preference(*pair))[1]

    now = judge(known)
    then = now
    missed: tuple[str, ...] = ()
    if at is None and own:
        tried, is_all = moments_tried(sorted_evidence, min(map(begun, own)), known + 1)
        first = first_valid(tried, judge)
        then = first or now
        missed = () if first or is_all else (UNTRIED,)
    elif at is not None and at < known:
        then = judge(at)
    return RecognitionReport(
        verdict=verdict_of(then, now),
        at=then,
        known=now,
        status_now=status_now(now),
        into=into,
        not_checked=(*_not_checked(now), *missed),
    )


def _none(evidence: Evidence, said: list[Held[IdentityRecognition]], into: str) -> Premise:
    known = authority_known(evidence, into)
    if known.outcome != "passed":
        return known
    if said:
        others = ", ".join(sorted({held.issuer for held in said}))
        detail = f"only {others}, not an authority of {into}, says that {into} recognises it"
        return absent("IDENTITY_BY_WRONG_SIDE", detail, *said)
    return absent(
        "UNRECOGNISED", f"no recognition of this identity by an authority of {into} is in the evidence"
    )


def _standing(evidence: Evidence, held: Held[IdentityRecognition], moment: int) -> Standing:
    value = held.value
    text = evidence.arrangement(value.arrangement)
    sides = Sides(value.party.jurisdiction, value.jurisdiction)
    recognised = _recognised(evidence, held, moment)
    premises = [
        recognised,
        _credential(held, moment),
        arrangement_between(evidence, text, sides, moment),
    ]
    if text is not None:
        mapped = any(
            (entry.from_, entry.level, entry.into) == (sides.near, value.level, sides.into)
            and LEVELS[entry.mapped] >= LEVELS[value.mapped_level]
            for entry in text.value.assurance
        )
        detail = f"level {value.level} of {sides.near} as {value.mapped_level} of {sides.into}"
        if mapped:
            premises.append(passed("MAPPED", f"the arrangement takes {detail}", text))
        else:
            premises.append(
                failed("ASSURANCE_NOT_MAPPED", f"the arrangement does not take {detail}", text, held)
            )
    return _of(moment, premises, value.mapped_level if recognised.outcome == "passed" else None)


def _recognised(evidence: Evidence, held: Held[IdentityRecognition], moment: int) -> Premise:
    value = held.value
    status = status_of(evidence, held, moment, prefix=PREFIX)
    if is_withdrawn(status):
        return status
    if evidence.superseded(held, moment):
        return failed("IDENTITY_SUPERSEDED", "its authority put a later recognition in its place", held)
    if moment < begun(held):
        return failed("IDENTITY_NOT_YET", f"recognised only from {written(begun(held))}", held)
    if moment >= value.valid_until:
        return failed("IDENTITY_EXPIRED", f"recognised until {written(value.valid_until)}", held)
    if status.outcome != "passed":
        return status
    return status._replace(code="RECOGNISED", detail=f"recognised by {held.issuer} of {value.jurisdiction}")


def _credential(held: Held[IdentityRecognition], moment: int) -> Premise:
    credential = held.value.credential
    if moment < credential.valid_from:
        detail = f"the credential is valid from {written(credential.valid_from)}"
        return failed("CREDENTIAL_NOT_YET_VALID", detail, held)
    if moment >= credential.valid_until:
        return failed(
            "CREDENTIAL_EXPIRED", f"the credential was valid until {written(credential.valid_until)}", held
        )
    detail = f"the credential is valid until {written(credential.valid_until)}"
    return passed("CREDENTIAL_IN_DATES", detail, held)


def _of(moment: int, premises: list[Premise], effect: str | None) -> Standing:
    return Standing(moment, outcome_of(premises), tuple(premises), effect)


def _preference(held: Held[IdentityRecognition], standing: Standing) -> tuple[int, int, bytes]:
    return (_RANK[standing.outcome], -LEVELS[held.value.mapped_level], held.digest)


def _not_checked(now: Standing) -> Iterator[str]:
    if now.premises[0].outcome == "absent":
        yield "whether a later withdrawal exists that is not in this evidence"
    yield "whether who presents the credential is the party"
