"""Verify an evidence bundle: bytes, a trust list and a time in; a report out.  Nothing else is looked at.

Source: docs/spec/verification.md.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ledger.core.trust import TrustList
from ledger.core.trust.values import Requirement
from ledger.errors import MalformedError
from ledger.statements.catalogue import TYPES, read
from ledger.verify.authorship import Authorship, Subjects, check_authorship
from ledger.verify.beside import Beside, examine_beside
from ledger.verify.bundle import FORMAT, Bundle, parse_bundle
from ledger.verify.content import Content, check_content
from ledger.verify.parties import check_parties
from ledger.verify.report import STEPS, Check, Dated, Recognised, Report, Ruled, conclude
from ledger.verify.sections import Examined, examine
from ledger.verify.times import require_past

if TYPE_CHECKING:
    from ledger.statements.recognition import Purpose


def verify_bundle(
    bundle: bytes,
    trust: TrustList,
    *,
    at: int | None = None,
    now: int,
    content: Content | None = None,
    require: Iterable[int] = (),
    require_now: bool = False,
    into: str | None = None,
    purpose: "Purpose | None" = None,
    beside: Sequence[bytes] = (),
) -> Report:
    """Carry out every step and say what was shown, what failed and what was not checked.

    Args:
        bundle: Canonical bytes of the bundle.
        trust: Whom the verifier believes, and what it requires for the subject's type.
        at: POSIX second for which the status of a certificate or an identity is asked; it moves no other check.
            Without it, the moment of the transfer that uses the certificate, else the first at which it stands.
            At most `now`.
        now: The verifier's clock, POSIX seconds.
        content: Files and openings in hand.
        require: Steps required in addition to those of the trust list.
        require_now: Whether a status of today is required too.
        into: Jurisdiction in which a certificate is to be used; without it, the one whose recognition is carried.
        purpose: What a certificate is to be used for; without it, the transfer that uses it.
        beside: Other bundles in hand.  What stands in them and is validly signed is evidence for steps 3, 10 and 11;
            what is wrong with them is passed over and named.

    Returns:
        A report for any bytes whatever.  Its verdict is `verified` only if every required step passed and no step
        failed, required or not.

    Raises:
        MalformedError: `at-in-future`; nothing was looked at.

    Cost: about the signatures, one each for statements, one of each kind for checkpoints, one for each finality.
    """
    require_past(at, now)
    added = tuple(require)
    try:
        parsed = parse_bundle(bundle)
        statements = [item.statement for _, item in parsed.items]
        later = [statement.type for statement in statements if statement.type not in TYPES]
        if later:
            return of_a_later_version(later[0], trust, required=(1, *added), now=now, at=at)
        subjects = {statement.digest: read(statement, screened=False) for statement in statements}
    except MalformedError as error:
        return unreadable(error, trust, required=(1, *added), now=now, at=at)
    subject = parsed.subject_item.statement
    requirement = trust.requirement(subject.type)
    asked = requirement if requirement is not None else Requirement()
    examined = examine(parsed, trust, asked, now)
    others = examine_beside(beside, trust, asked, now)
    every = {**others.subjects, **subjects}
    authorship = check_authorship(examined, every, trust, now, beside=others.examined)
    shown = (*examined, *others.examined)
    recognised = _recognition(parsed, shown, every, authorship, trust, (into, purpose, at, now))
    succeeded, told = _succession(parsed, shown, authorship, trust, now)
    return conclude(
        [
            Check(1, "passed", FORMAT, _shape_of(parsed)),
            check_content(parsed, content if content is not None else Content()),
            *authorship.checks,
            *succeeded,
            *(check for found in examined for check in found.checks),
            check_parties(parsed, examined, subjects, authorship),
        ],
        trust,
        subject=parsed.subject,
        subject_type=subject.type,
        required=(*asked.steps, *added),
        require_now=require_now,
        now=now,
        at=at,
        statements=_dated(examined),
        unfinished=() if requirement is not None else (nothing_required(subject.type),),
        not_counted=_passed_over(examined, others, authorship),
        notices=[*authorship.notices, *told],
        recognised=recognised,
        ruled=_rules(parsed, shown, every, authorship, recognised.check, (trust, now)),
    )


def unreadable(
    error: MalformedError, trust: TrustList, *, required: Sequence[int], now: int, at: int | None = None
) -> Report:
    """The report on bytes that are not what they should be: step 1 failed, and nothing else was looked at."""
    checks = [Check(1, "failed", error.code, str(error), pointer=error.pointer)]
    checks += [
        Check(step, "absent", "premise-failed", "the file did not parse") for step in STEPS if step != 1
    ]
    return conclude(checks, trust, required=required, now=now, at=at)


def of_a_later_version(
    kind: str, trust: TrustList, *, required: Sequence[int], now: int, at: int | None = None
) -> Report:
    """The report on a file whose form holds, with a statement that this version cannot read: nothing is known."""
    reason = f"there is no type of statement {kind} in this version"
    checks = [Check(1, "absent", "statement-type", reason)]
    checks += [Check(step, "absent", "premise-failed", reason) for step in STEPS if step != 1]
    return conclude(checks, trust, required=required, now=now, at=at, unfinished=(reason,))


def nothing_required(kind: str) -> str:
    """Why nothing can be concluded of a subject of a type that the trust list does not name."""
    return f"trust list requires nothing for {kind}"


def _shape_of(bundle: Bundle) -> str:
    counted = ((len(bundle.sections), "section"), (len(bundle.items), "statement"))
    return ", ".join([FORMAT, *(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counted)])


def _passed_over(examined: Sequence[Examined], others: Beside, authorship: Authorship) -> list[str]:
    own = [told for found in examined for told in found.not_counted]
    return [*own, *others.passed_over, *authorship.passed_over]


def _recognition(
    bundle: Bundle,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    trust: TrustList,
    asked: "tuple[str | None, Purpose | None, int | None, int]",
) -> Recognised:
    """Step 10.  The rule is loaded only where there is something for it to judge."""
    subject = subjects[bundle.subject]
    is_judged = bundle.subject_item.statement.type in ("ConformityCertificate", "IdentityRecognition")
    if not is_judged and getattr(subject, "certificate", None) is None:
        return Recognised(Check(10, "absent", "not-a-certificate", "not a certificate"))
    from ledger.verify.recognition import Question, check_recognition

    return check_recognition(bundle, examined, subjects, authorship, trust, Question(*asked))


def _rules(
    bundle: Bundle,
    examined: Sequence[Examined],
    subjects: Subjects,
    authorship: Authorship,
    recognised: Check,
    asked: tuple[TrustList, int],
) -> Ruled:
    """Step 11.  The rules are loaded only where a decision is carried."""
    if all(item.statement.type != "Decision" for _, item in bundle.items):
        return Ruled(Check(11, "absent", "not-carried", "no decision carried"))
    from ledger.verify.measures import AtHand, places
    from ledger.verify.rules import check_rules

    trust, now = asked
    at_hand = AtHand(places(bundle), examined, subjects, authorship, trust)
    return check_rules(bundle, at_hand, recognised, now)


def _succession(
    bundle: Bundle, examined: Sequence[Examined], authorship: Authorship, trust: TrustList, now: int
) -> tuple[list[Check], list[str]]:
    """What is wrong with a notice that a log ended, where it is the subject, and what it says; loaded only then."""
    item = bundle.subject_item
    if item.statement.type != "LogSuccession":
        return [], []
    at = next(found for found in examined if item in found.section.items)
    if at.log is not None and item.statement.digest not in authorship.grants:
        return [], []  # a stranger's word is not repeated
    from ledger.verify.succession import check_succession

    return check_succession(item, at, examined, trust, now)


def _dated(examined: Sequence[Examined]) -> Iterable[Dated]:
    for found in examined:
        for item in found.section.items:
            yield Dated(
                digest=item.statement.digest,
                role=item.role,
                type=item.statement.type,
                issuer=item.statement.issuer,
                claimed=item.statement.created,
                proven=found.times.proven,
                by=found.by,
                grade=found.grade,
                operator=found.times.operator,
            )
