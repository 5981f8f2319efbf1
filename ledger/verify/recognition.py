"""Step 10: the certificate, or the identity, is recognised where it is to count, at the moment that matters.

What counts as evidence is decided here: statements that stand in their log and are validly signed.  What follows
from them is `ledger.statements.recognition`, which knows nothing of files and signatures.

Source: docs/spec/recognition.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.identity import IdentityRecognition
from ledger.statements.recognition import Held, Purpose, RecognitionReport, purpose_of, recognise
from ledger.statements.recognition_grant import Recognition
from ledger.statements.transfer import TransferRecord
from ledger.verify.authorship import Authorship, Subjects
from ledger.verify.bundle import Bundle
from ledger.verify.evidence import held
from ledger.verify.report import Check, Outcome, Recognised
from ledger.verify.sections import Examined

_RESTS_ON = frozenset(
    (
        "Accreditation",
        "RecognitionArrangement",
        "Endorsement",
        "Recognition",
        "StatusChange",
        "StatusList",
    )
)
"""Types of what a certificate's recognition is judged by."""


class Question(NamedTuple):
    """What the verifier wants to know of a certificate; None where the evidence itself suggests it.

    Attributes:
        into: Jurisdiction in which the certificate is to be used.
        purpose: What it is to be used for.
        at: The moment that matters, POSIX seconds.
        now: Until when evidence is taken into account.
    """

    into: str | None
    purpose: Purpose | None
    at: int | None
    now: int


def check_recognition(
    bundle: Bundle,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    trust: TrustList,
    asked: Question,
) -> Recognised:
    """Judge the subject: a certificate, an identity's recognition, or a transfer by the certificate it names."""
    subject = subjects[bundle.subject]
    if isinstance(subject, ConformityCertificate):
        return _certificate(bundle, subject, examined, subjects, authorship, trust, asked)
    if isinstance(subject, TransferRecord) and subject.certificate is not None:
        return _mechanism(bundle, subject, examined, subjects, authorship, trust, asked)
    if isinstance(subject, IdentityRecognition):
        return _identity(bundle, subject, examined, subjects, authorship, trust, asked)
    return Recognised(_check("absent", "not-a-certificate", "not a certificate"))


def _certificate(
    bundle: Bundle,
    subject: ConformityCertificate,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    trust: TrustList,
    asked: Question,
) -> Recognised:
    carried = any(item.statement.type in _RESTS_ON for at in examined for item in at.section.items)
    if not carried and asked.into is None:
        ended = f"expired at {format_time(subject.valid_until)}" if asked.now >= subject.valid_until else None
        told = "no statement about the certificate's status or recognition carried"
        return Recognised(_check("absent", "recognition-not-carried", told), later=ended)
    evidence = tuple(held(examined, subjects, authorship))
    if not _shown(bundle.subject, evidence):
        told = "the certificate itself is not shown to be signed and logged"
        return Recognised(_check("absent", "premise-failed", told))
    into = asked.into if asked.into is not None else _only_recogniser(evidence, bundle.subject)
    report = recognise(
        bundle.subject,
        into=into,
        purpose=asked.purpose,
        at=asked.at,
        known=asked.now,
        evidence=evidence,
        trust=trust,
    )
    return _answered(report)


def _identity(
    bundle: Bundle,
    subject: IdentityRecognition,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    trust: TrustList,
    asked: Question,
) -> Recognised:
    """The identity of a party of elsewhere, as far as this one recognition of it goes."""
    evidence = tuple(held(examined, subjects, authorship))
    if not _shown(bundle.subject, evidence):
        told = "the recognition itself is not shown to be signed and logged"
        return Recognised(_check("absent", "premise-failed", told))
    from ledger.statements.identity_recognition import recognise_identity

    return _answered(
        recognise_identity(
            subject.party.did,
            of=subject.party.jurisdiction,
            into=asked.into if asked.into is not None else subject.jurisdiction,
            only=bundle.subject,
            at=asked.at,
            known=asked.now,
            evidence=evidence,
            trust=trust,
        )
    )


def _answered(report: RecognitionReport) -> Recognised:
    """What the rule says of the subject itself: a subject that stood and has fallen is not verified for today."""
    fallen = report.at.outcome != "invalid" and report.known.outcome == "invalid"
    return Recognised(
        _concluded(report), report, report.status_now, report.status_now if fallen else None, _notices(report)
    )


def _mechanism(
    bundle: Bundle,
    record: TransferRecord,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    trust: TrustList,
    asked: Question,
) -> Recognised:
    """The certificate that a transfer rests on, judged at the moment of the transfer."""
    assert record.certificate is not None
    certificate = subjects.get(record.certificate)
    if not isinstance(certificate, ConformityCertificate):
        told = f"the certificate {record.certificate.hex()} that the transfer names is not carried"
        return Recognised(_check("absent", "certificate-not-carried", told))
    evidence = tuple(held(examined, subjects, authorship))
    transfer = next((one for one in evidence if one.digest == bundle.subject), None)
    if transfer is None or not _shown(record.certificate, evidence):
        told = "the transfer or its certificate is not shown to be signed and logged"
        return Recognised(_check("absent", "premise-failed", told))
    origin = certificate.body.jurisdiction
    there, here = record.importer.jurisdiction, record.exporter.jurisdiction
    report = recognise(
        record.certificate,
        into=asked.into if asked.into is not None else (there if there != origin else here),
        purpose=asked.purpose if asked.purpose is not None else purpose_of(record),
        # Not when the record says that it was signed: its exporter would choose the status.
        at=asked.at if asked.at is not None else min(transfer.existed, asked.now),
        known=asked.now,
        evidence=evidence,
        trust=trust,
    )
    notices = _notices(report)
    if report.verdict == "VALID_THEN_NOT_NOW":
        told = f"the certificate of the transfer stood when it was used and does not now: {report.status_now}"
        notices = (*notices, told)
    return Recognised(_concluded(report), report, notices=notices)


def _shown(digest: bytes, evidence: Sequence[Held[object]]) -> bool:
    return any(held.digest == digest for held in evidence)


def _only_recogniser(evidence: Sequence[Held[object]], certificate: bytes) -> str | None:
    """The jurisdiction whose recognition is carried, where there is exactly one."""
    found = {
        held.value.jurisdiction
        for held in evidence
        if isinstance(held.value, Recognition) and held.value.certificate == certificate
    }
    return found.pop() if len(found) == 1 else None


def _concluded(report: RecognitionReport) -> Check:
    into = "" if report.into is None else f" into {report.into}"
    moment = format_time(report.at.moment)
    if report.verdict in ("VALID", "VALID_THEN_NOT_NOW"):
        told = [f"valid{into} at {moment}", *report.at.limits]
        if report.verdict == "VALID_THEN_NOT_NOW":
            told.append(f"not now: {report.status_now}")
        return _check("passed", _kebab(report.verdict), "; ".join(told))
    outcome: Outcome = "failed" if report.verdict == "NOT_VALID_THEN" else "absent"
    against = report.at.against
    assert against is not None  # a standing that is not valid has a premise that did not pass
    return _check(outcome, _kebab(against.code), f"{against.detail}, at {moment}")


def _notices(report: RecognitionReport) -> tuple[str, ...]:
    return tuple(f"{notice.detail} ({_kebab(notice.code)})" for notice in report.notices)


def _kebab(code: str) -> str:
    return code.lower().replace("_", "-")


def _check(outcome: Outcome, code: str, detail: str) -> Check:
    return Check(10, outcome, code, detail)
