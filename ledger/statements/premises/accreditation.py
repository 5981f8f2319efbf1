"""Accreditation: was the body allowed to certify this, when it did and at that time, by an accreditor that counts?

Accreditations are renewed: those of one author for one body that supersede each other are one *line*, of which one
member has to be live at the time asked about, and one to have been so when the certificate was made.  Anybody
can accredit anybody, so that a line which leads to no recognised accreditor says nothing, for or against, unless
the certificate itself names it.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from ledger.statements.accreditation import Accreditation
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.arrangement import accreditors
from ledger.statements.premises.evidence import Author, Evidence, Held, holds_at
from ledger.statements.premises.finding import Premise, absent, decisive, failed, passed, written
from ledger.statements.premises.status import status_of

PREFIX: Final = "ACCREDITATION_"
MOST_PARENTS: Final = 8
_DAY: Final = 86_400
_RANK: Final = {"passed": 0, "absent": 1, "failed": 2}

Line = tuple[Held[Accreditation], ...]
"""By digest."""


class Question(NamedTuple):
    """Whose accreditation is asked for, when, and whose accreditors count.

    Attributes:
        base: The arrangement that says which accreditors count; None, at home: those the trust list names.
    """

    evidence: Evidence
    certificate: Held[ConformityCertificate]
    moment: int
    base: Held[RecognitionArrangement] | None


class _Way(NamedTuple):
    """Up from an accreditation, each the parent of the one before, and what is wrong where it ends."""

    steps: tuple[Held[Accreditation], ...]
    wrong: Premise | None
    listing: tuple[Held[object], ...] = ()
    """Where it is said that the last accreditor counts; empty where the trust list says so."""


def accredited(question: Question) -> Premise:
    """Whether the body was accredited for what it certified: passed `ACCREDITED`."""
    certificate, evidence = question.certificate, question.evidence
    if certificate.value.accreditation is not None:
        accreditor, digest = certificate.value.accreditation
        held = evidence.held.get(digest)
        if held is None:
            detail = "the accreditation that the certificate names is not in the evidence"
            return absent("ACCREDITATION_MISSING", detail, certificate)
        of_body = evidence.accreditations(certificate.author)
        named = next((one for one in of_body if one.digest == digest and one.issuer == accreditor), None)
        if named is None:
            detail = f"what the certificate names is no accreditation of {certificate.issuer} by {accreditor}"
            return failed("ACCREDITATION_OF_ANOTHER", detail, certificate, held)
        lines = [_line(evidence, named)]
    else:
        every = list(_lines(evidence, certificate.author))
        lines = [
            line
            for line in every
            if line[0].author == certificate.author
            or any(_way(question, member).wrong is None for member in line)
        ]
        if not lines:
            return _none(every, certificate)
    judged = [pair for line in lines for pair in _judge(question, line)]
    return min(judged, key=lambda pair: (_RANK[pair[0].outcome], pair[1]))[0]


def _none(every: list[Line], certificate: Held[ConformityCertificate]) -> Premise:
    if every:
        others = ", ".join(sorted({line[0].issuer for line in every}))
        detail = f"{certificate.issuer} is accredited by {others} only, who lead to no recognised accreditor"
        return absent("ACCREDITOR_NOT_RECOGNISED", detail, *(line[0] for line in every))
    return absent("ACCREDITATION_MISSING", f"no accreditation of {certificate.issuer} is in the evidence")


def _judge(question: Question, line: Line) -> Iterator[tuple[Premise, bytes]]:
    """Each live member of a line, or the line itself where none is: (what it came to, a digest to order by)."""
    live = _live(question.evidence, line, question.moment)
    if not live:
        yield _lapsed(line, question.moment), line[0].digest
        return
    at_issue = _at_issue(question, line)
    for member in live:
        way = _way(question, member)
        found = _of_member(question, member, at_issue)
        found += [*_above(question, way), *([] if way.wrong is None else [way.wrong])]
        against = decisive(found)
        if against is None:
            rests_on = [digest for premise in found for digest in premise.rests_on]
            rests_on += [held.digest for held in way.listing]
            detail = f"{question.certificate.issuer} is accredited by {member.issuer}"
            yield (
                passed("ACCREDITED", detail, member)._replace(rests_on=tuple(dict.fromkeys(rests_on))),
                member.digest,
            )
        else:
            yield against, member.digest


def _of_member(question: Question, member: Held[Accreditation], at_issue: Premise) -> list[Premise]:
    if member.issuer == question.certificate.issuer:
        detail = f"{member.issuer} accredited itself"
        return [failed("SELF_ACCREDITATION", detail, member)]
    status = status_of(question.evidence, member, question.moment, prefix=PREFIX)
    return [at_issue, status, _covers(question.certificate, member)]


def _at_issue(question: Question, line: Line) -> Premise:
    """Whether the body was accredited when the certificate was made."""
    then = question.certificate.existed
    held = [member for member in line if holds_at(member, then)]
    if not held:
        detail = f"no accreditation held when the certificate was made, {written(then)}"
        return failed("ACCREDITATION_LAPSED", detail, question.certificate, *line)
    statuses = [status_of(question.evidence, member, then, prefix=PREFIX) for member in held]
    if all(status.outcome == "failed" for status in statuses):
        return statuses[0]._replace(detail=f"when the certificate was made, {statuses[0].detail}")
    return passed("ACCREDITED", "accredited when the certificate was made", question.certificate)


def _covers(certificate: Held[ConformityCertificate], member: Held[Accreditation]) -> Premise:
    value, granted = certificate.value, member.value
    schemes = [
        scheme
        for scheme in granted.schemes
        if scheme.id == value.scheme
        and value.scheme_version in scheme.versions
        and scheme.family == value.family
        and (scheme.level is None or value.level is None or value.level <= scheme.level)
    ]
    if (
        not schemes
        or not value.scope.data_categories <= granted.data_categories
        or not value.scope.document_types <= granted.document_types
    ):
        what = "scheme, version and level" if not schemes else "data categories or kinds of documents"
        detail = f"the accreditation does not cover the certificate's {what}"
        return failed("ACCREDITATION_SCOPE", detail, member, certificate)
    longest = max(scheme.maximum_days for scheme in schemes)
    seconds = value.valid_until - value.valid_from
    if seconds > longest * _DAY:
        days = -(-seconds // _DAY)
        detail = f"the certificate is valid for {days} days; the scheme allows {longest}"
        return failed("VALIDITY_TOO_LONG", detail, member, certificate)
    return passed("ACCREDITED", "the accreditation covers the certificate", member)


def _way(question: Question, member: Held[Accreditation]) -> _Way:
    """By the parents that accreditations name up to one whose author is a recognised accreditor."""
    evidence = question.evidence
    steps = [member]
    met = {question.certificate.issuer, member.issuer}
    while (listing := _recognised(question, steps[-1].author)) is None:
        last = steps[-1]
        parent = last.value.parent
        if parent is not None and len(steps) > MOST_PARENTS:
            detail = f"the accreditations lead further than {MOST_PARENTS} steps"
            return _Way(tuple(steps), failed("ACCREDITATION_CYCLE", detail, last))
        if parent is not None and parent not in evidence.held:
            detail = f"the accreditation of {last.issuer} itself is not in the evidence"
            return _Way(tuple(steps), absent("ACCREDITATION_MISSING", detail, last))
        above = None if parent is None else evidence.accreditation_of(last.author, parent)
        if above is None:
            return _Way(tuple(steps), _unrecognised(question, last))
        if above.issuer in met:
            detail = f"the accreditations lead back to {above.issuer}"
            return _Way(tuple(steps), failed("ACCREDITATION_CYCLE", detail, last, above))
        met.add(above.issuer)
        steps.append(above)
    return _Way(tuple(steps), None, listing)


def _above(question: Question, way: _Way) -> Iterator[Premise]:
    """What each parent on the way came to, by the dates of its line and by its status alone."""
    for child, parent in pairwise(way.steps):
        line = _line(question.evidence, parent)
        live = _live(question.evidence, line, question.moment)
        if not live or not any(holds_at(member, child.existed) for member in line):
            yield _lapsed(line, question.moment)
            continue
        statuses = [status_of(question.evidence, member, question.moment, prefix=PREFIX) for member in live]
        yield min(statuses, key=lambda status: _RANK[status.outcome])


def _recognised(question: Question, author: Author) -> tuple[Held[object], ...] | None:
    """Where it is said that an accreditor counts, empty for the trust list; None: it does not count."""
    issuer, jurisdiction = author
    origin = question.certificate.jurisdiction
    if jurisdiction != origin:
        return None
    if question.base is None:
        return () if question.evidence.is_listed(issuer, origin, "accreditor") else None
    where = accreditors(question.evidence, question.base, origin, question.moment).get(issuer)
    return None if where is None else (where,)


def _unrecognised(question: Question, last: Held[Accreditation]) -> Premise:
    origin = question.certificate.jurisdiction
    if question.base is not None:
        detail = f"{last.issuer} is not an accreditor that the arrangement relies on for {origin}"
        return failed("ACCREDITOR_NOT_RECOGNISED", detail, last, question.base)
    detail = f"the trust list does not name {last.issuer} an accreditor of {origin}"
    return failed("ACCREDITOR_NOT_RECOGNISED", detail, last)


def _lapsed(line: Line, moment: int) -> Premise:
    last = max(member.value.valid_until for member in line)
    detail = f"no accreditation by {line[0].issuer} holds at {written(moment)}; the last ends {written(last)}"
    return failed("ACCREDITATION_LAPSED", detail, *line)


def _live(evidence: Evidence, line: Line, moment: int) -> list[Held[Accreditation]]:
    return [member for member in line if holds_at(member, moment) and not evidence.superseded(member, moment)]


def _lines(evidence: Evidence, body: Author) -> Iterator[Line]:
    seen: set[bytes] = set()
    for held in evidence.accreditations(body):
        if held.digest not in seen:
            line = _line(evidence, held)
            seen.update(member.digest for member in line)
            yield line


def _line(evidence: Evidence, member: Held[Accreditation]) -> Line:
    """All accreditations of one author for one body that are joined to this one by `supersedes`."""
    lines = evidence.once(("lines", member.value.body.did, member.value.body.jurisdiction), dict[bytes, Line])
    if member.digest not in lines:
        found = _joined(evidence, member)
        lines.update(dict.fromkeys((one.digest for one in found), found))
    return lines[member.digest]


def _joined(evidence: Evidence, member: Held[Accreditation]) -> Line:
    body = (member.value.body.did, member.value.body.jurisdiction)
    others = {held.digest: held for held in evidence.accreditations(body) if held.author == member.author}
    found = {member.digest: member}
    ahead = [member]
    while ahead:
        held = ahead.pop()
        before = held.value.supersedes
        near = [others[before]] if before is not None and before in others else []
        near += [one for one in evidence.successors(held) if one.digest in others]
        for one in near:
            if one.digest not in found:
                found[one.digest] = one
                ahead.append(one)
    return tuple(found[digest] for digest in sorted(found))
