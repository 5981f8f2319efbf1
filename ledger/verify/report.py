"""The verifier's answer: what was shown, what failed, and what was not checked.

Source: docs/spec/verification.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from ledger.core.canonical import Json
from ledger.core.times import format_time
from ledger.core.trust import TrustList

if TYPE_CHECKING:  # most bundles are of transfers without certificates: the rule is loaded where it is asked
    from ledger.statements.recognition import RecognitionReport

Outcome = Literal["passed", "failed", "absent"]
Verdict = Literal["verified", "not verified", "could not finish", "verified then, not now"]

STEPS: Mapping[int, str] = {
    1: "format",
    2: "content",
    3: "authorship",
    4: "inclusion",
    5: "checkpoint",
    6: "anchor",
    7: "finality",
    8: "foreign",
    9: "parties",
    10: "recognition",
    11: "rules",
}
EXIT_STATUS: Mapping[Verdict, int] = {
    "verified": 0,
    "not verified": 1,
    "could not finish": 3,
    "verified then, not now": 4,
}
_NOT_CHECKED = ("whether a later correction exists",)
_STRENGTH: Mapping[Outcome, int] = {"failed": 0, "absent": 1, "passed": 2}


class Check(NamedTuple):
    """One line of the report.

    Attributes:
        step: Number of the step, 1 to 11.
        outcome: `absent` means not checked, or not checkable: never that something is wrong.
        code: Stable name of the cause, for programs.
        detail: For people; lower case, no full stop.
        section: Which section of the bundle, counted from 0; None where the step is of the whole bundle.
        pointer: JSON pointer into the bundle of what failed, where there is one.
    """

    step: int
    outcome: Outcome
    code: str
    detail: str
    section: int | None = None
    pointer: str | None = None

    @property
    def name(self) -> str:
        """The step's name."""
        return STEPS[self.step]


class Dated(NamedTuple):
    """When one statement was made: as it claims, as is proven, and as only the operator's own chain says."""

    digest: bytes
    role: str
    type: str
    issuer: str
    claimed: int
    proven: int | None = None
    by: tuple[str, ...] = ()
    grade: str = "claimed only"
    operator: int | None = None


class Recognised(NamedTuple):
    """Step 10: its check, the rule's own report, and what it shows of the subject today.

    Attributes:
        report: None where the rule was not asked.
        status_now: Of a subject that is a certificate.
        later: Why the subject stands no more although it stood; None where nothing shows that.
        notices: What a reader should know though it changes nothing.
    """

    check: Check
    report: "RecognitionReport | None" = None
    status_now: str = "not checked"
    later: str | None = None
    notices: tuple[str, ...] = ()


class JudgedDecision(NamedTuple):
    """What step 11 found of one decision.

    Attributes:
        at: Of which moment it speaks, POSIX seconds.
        says: Its outcome, as it has it.
        measures: (number, version) of those that it says it was made by.
        conditions: Codes that it has itself; empty where it does not follow.
        at_transfer: A moment of the record, and what the same measures say at it; None where that was not asked.
    """

    digest: bytes
    at: int
    says: str
    outcome: Outcome
    code: str
    measures: tuple[tuple[str, int], ...]
    conditions: tuple[str, ...]
    at_transfer: tuple[int, str] | None

    def to_json(self) -> dict[str, Json]:
        """As a member of the report."""
        then = self.at_transfer
        return {
            "decision": self.digest.hex(),
            "at": format_time(self.at),
            "says": self.says,
            "outcome": self.outcome,
            "code": self.code,
            "measures": [{"number": number, "version": version} for number, version in self.measures],
            "conditions": list(self.conditions),
            "atTransfer": None if then is None else {"at": format_time(then[0]), "says": then[1]},
        }


class Ruled(NamedTuple):
    """Step 11: its check, and what was found of each decision.

    Attributes:
        judged: None where no decision was judged.
    """

    check: Check
    judged: tuple[JudgedDecision, ...] | None = None
    notices: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()


class Report(NamedTuple):
    """All checks, and what follows from them.

    Attributes:
        subject: Digest of the statement in question; None where the file did not parse.
        checks: In order of step, then section.
        required: Steps that the verifier's own trust list and request ask for.
        missing: Required steps that did not pass, each with its outcome's code.
        unfinished: Why no verdict could be reached; then the verdict is `could not finish`.
        not_counted: Lines, anchors and signatures that were passed over, and why.
        notices: What a reader should know though it changes nothing.
        status_now: What is known of the subject's status at `now`: `valid`, why it is not, or `not checked`.
        recognition: The answer of the recognition rule, premise by premise; None where it was not asked.
        rules: What was found of each decision; None where none was judged.
        not_checked: What this verification does not speak of.
    """

    subject: bytes | None
    subject_type: str | None
    verdict: Verdict
    checks: tuple[Check, ...]
    required: tuple[int, ...]
    missing: tuple[str, ...]
    trust_version: int
    trust_hash: bytes
    trust_publisher: str
    checked_at: int
    at: int | None = None
    statements: tuple[Dated, ...] = ()
    unfinished: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    status_now: str = "not checked"
    recognition: "RecognitionReport | None" = None
    not_checked: tuple[str, ...] = _NOT_CHECKED
    rules: tuple[JudgedDecision, ...] | None = None

    @property
    def exit_status(self) -> int:
        """0 verified, 1 not verified, 3 could not finish, 4 verified then and not now."""
        return EXIT_STATUS[self.verdict]

    def step(self, number: int) -> Check:
        """The check that counts for a step: the weakest of its sections."""
        return weakest(check for check in self.checks if check.step == number)

    def to_json(self) -> dict[str, Json]:
        """The report as JSON; members are stable, texts are not."""
        return {
            "format": "evidence-report/1",
            "verdict": self.verdict,
            "subject": None if self.subject is None else self.subject.hex(),
            "type": self.subject_type,
            "steps": [_step_json(self.step(number)) for number in STEPS],
            "checks": [_check_json(check) for check in self.checks],
            "required": list(self.required),
            "missing": list(self.missing),
            "unfinished": list(self.unfinished),
            "statements": [_dated_json(dated) for dated in self.statements],
            "trust": {
                "publisher": self.trust_publisher,
                "version": self.trust_version,
                "listHash": self.trust_hash.hex(),
            },
            "checkedAt": format_time(self.checked_at),
            "at": None if self.at is None else format_time(self.at),
            "statusNow": self.status_now,
            "recognition": None if self.recognition is None else cast("Json", self.recognition.to_json()),
            "rules": None if self.rules is None else [one.to_json() for one in self.rules],
            "notCounted": list(self.not_counted),
            "notices": list(self.notices),
            "notChecked": list(self.not_checked),
        }


def conclude(
    checks: Sequence[Check],
    trust: TrustList,
    *,
    subject: bytes | None = None,
    subject_type: str | None = None,
    required: Sequence[int],
    require_now: bool = False,
    now: int,
    at: int | None = None,
    statements: Iterable[Dated] = (),
    unfinished: Sequence[str] = (),
    not_counted: Iterable[str] = (),
    notices: Iterable[str] = (),
    recognised: Recognised | None = None,
    ruled: Ruled | None = None,
) -> Report:
    """The report that follows from the checks.

    Steps without a check are `absent`.  A step that failed makes the verdict `not verified` whether it was required
    or not; then a reason why no verdict can be reached; then the required steps that did not pass.
    """
    checks = [*checks, *(one.check for one in (recognised, ruled) if one is not None)]
    told = {check.step for check in checks}
    checks += [Check(step, "absent", "not-carried", "not carried") for step in STEPS if step not in told]
    every = sorted(checks, key=_place)
    needed = tuple(sorted(set(required)))
    missing = unmet(every, needed)
    stale = now >= trust.next_update
    later, status_now = _today(recognised, stale=stale)
    rule = None if recognised is None else recognised.report
    if require_now and status_now != "valid":
        missing = (*missing, f"now: {status_now}")
    renewal = [f"the trust list asked to be renewed by {format_time(trust.next_update)}"] if stale else []
    return Report(
        subject=subject,
        subject_type=subject_type,
        verdict=_verdict(every, unfinished, missing, later),
        checks=tuple(every),
        required=needed,
        missing=missing,
        trust_version=trust.version,
        trust_hash=trust.list_hash,
        trust_publisher=trust.publisher.id,
        checked_at=now,
        at=at,
        statements=tuple(statements),
        unfinished=tuple(unfinished),
        not_counted=(*not_counted, *(() if ruled is None else ruled.not_counted)),
        notices=(
            *notices,
            *(told for one in (recognised, ruled) if one is not None for told in one.notices),
            *renewal,
        ),
        status_now=status_now,
        recognition=rule,
        not_checked=(
            *_NOT_CHECKED,
            *(() if rule is None else rule.not_checked),
            *(() if ruled is None else ruled.not_checked),
        ),
        rules=None if ruled is None else ruled.judged,
    )


def _verdict(
    checks: Iterable[Check], unfinished: Sequence[str], missing: Sequence[str], later: str | None
) -> Verdict:
    if "failed" in [check.outcome for check in checks]:
        return "not verified"
    if unfinished:
        return "could not finish"
    if missing:
        return "not verified"
    return "verified" if later is None else "verified then, not now"


def _today(recognised: Recognised | None, *, stale: bool) -> tuple[str | None, str]:
    """Why the subject stands no more, and its status now.  A stale trust list can still show the former."""
    if recognised is not None and recognised.later is not None:
        return recognised.later, recognised.later
    if stale:
        return None, "not checked (trust-list-stale)"
    return None, "not checked" if recognised is None else recognised.status_now


def weakest(checks: Iterable[Check]) -> Check:
    """The check that counts among several of one step; the first of equals."""
    return min(checks, key=lambda check: _STRENGTH[check.outcome])


def best_unless_failed(checks: Sequence[Check]) -> Check:
    """Of several ways to show one thing, one that failed fails the step; else one that passed is enough."""
    failed = [check for check in checks if check.outcome == "failed"]
    passed = [check for check in checks if check.outcome == "passed"]
    return (failed or passed or list(checks))[0]


def unmet(checks: Sequence[Check], required: Sequence[int]) -> tuple[str, ...]:
    """The required steps that did not pass, in words: `6 anchor: absent (no-anchor)`."""
    counts: dict[int, Check] = {}
    for check in checks:
        held = counts.setdefault(check.step, check)
        if _STRENGTH[check.outcome] < _STRENGTH[held.outcome]:
            counts[check.step] = check
    return tuple(
        f"{number} {check.name}: {check.outcome} ({check.code})"
        for number in required
        if (check := counts[number]).outcome != "passed"
    )


def _place(check: Check) -> tuple[int, int]:
    return check.step, -1 if check.section is None else check.section


def _step_json(check: Check) -> dict[str, Json]:
    return {
        "step": check.step,
        "name": check.name,
        "outcome": check.outcome,
        "code": check.code,
        "detail": check.detail,
    }


def _check_json(check: Check) -> dict[str, Json]:
    told = _step_json(check)
    if check.section is not None:
        told["section"] = check.section
    if check.pointer is not None:
        told["pointer"] = check.pointer
    return told


def _dated_json(dated: Dated) -> dict[str, Json]:
    return {
        "digest": dated.digest.hex(),
        "role": dated.role,
        "type": dated.type,
        "issuer": dated.issuer,
        "claimed": format_time(dated.claimed),
        "proven": {
            "notAfter": None if dated.proven is None else format_time(dated.proven),
            "by": list(dated.by),
            "grade": dated.grade,
        },
        "operatorTime": None if dated.operator is None else format_time(dated.operator),
    }
