"""Step 11: a decision follows again from the record and the measures carried, and lets the record go.

What counts as evidence is decided here: measures that stand in their log, are validly signed, and are endorsed by as
many authorities as they ask for.  What they say of a record is `ledger.statements.deciding`, which knows nothing of
files and signatures.

Source: docs/spec/verification.md, step 11 in full.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ledger.core.canonical import encode
from ledger.core.times import format_time, parse_time
from ledger.errors import LedgerError
from ledger.statements.deciding.decide import ENGINE, Decided, decide
from ledger.statements.decision import Decision, MeasureUsed
from ledger.statements.premises.evidence import Held
from ledger.statements.transfer import TransferRecord
from ledger.verify.bundle import Bundle
from ledger.verify.difference import difference_of, value_of
from ledger.verify.measures import AtHand
from ledger.verify.report import Check, JudgedDecision, Outcome, Ruled, weakest

DECISIONS: Final = 8
"""Decisions about one record that are judged, at most: each costs its rules times the lines, twice."""
_OTHERS: Final = "whether other measures were in force that the bundle does not carry"
_DESTINATION: Final = "what measures of the destination say"
_STRANGER: Final = "by neither party to the record nor an authority of either side"
_ASSESSMENT: Final = "authorityAssessment"


def check_rules(bundle: Bundle, at_hand: AtHand, recognised: Check, now: int) -> Ruled:
    """Judge the decisions about the subject, or the subject, which is one.

    Args:
        bundle: With a Decision somewhere.
        at_hand: What there is to judge by.
        recognised: Step 10, by which a certificate counts as a mechanism.
        now: POSIX seconds.
    """
    looked = _looked_at(bundle, at_hand)
    if not looked.about:
        told = "the decision carried is about another record"
        return Ruled(_check("absent", "decision-of-another", told), not_counted=looked.passed_over)
    if len(looked.about) > DECISIONS:
        told = f"{len(looked.about)} decisions about the record; at most {DECISIONS} are judged"
        return Ruled(_check("absent", "too-many-decisions", told), not_counted=looked.passed_over)
    court = _Court(at_hand, bundle.subject, recognised, now, looked.by_others)
    sentences = [_sentence(court, *one) for one in looked.about]
    unchecked = [_OTHERS, *([_DESTINATION] if any(one.inbound is None for _, _, one in looked.about) else [])]
    checks = [one.check for one in sentences]
    passed = [one for one in checks if looked.by_others and one.outcome == "passed"]
    unendorsed = dict.fromkeys(told for one in sentences for told in one.not_counted)
    return Ruled(
        weakest(passed or checks),
        judged=tuple(one.judged for one in sentences if one.judged is not None),
        notices=tuple(told for one in sentences for told in one.notices),
        not_counted=(*looked.passed_over, *unendorsed),
        not_checked=tuple(unchecked),
    )


_Brought = tuple[str, bytes, Decision]
"""A decision of the bundle: its pointer, digest and subject."""


class _Looked(NamedTuple):
    """The decisions that are judged, and why others are not; `by_others`: by none who may say so."""

    about: list[_Brought]
    passed_over: tuple[str, ...]
    by_others: bool


def _looked_at(bundle: Bundle, at_hand: AtHand) -> _Looked:
    record = at_hand.subjects[bundle.subject]
    found: dict[str, list[_Brought]] = {"own": [], "by others": [], "about another": []}
    for pointer, item in at_hand.placed:
        digest = item.statement.digest
        decision = at_hand.subjects[digest]
        if not isinstance(decision, Decision):
            continue
        kind = "about another"
        if digest == bundle.subject:
            kind = "own"
        elif isinstance(record, TransferRecord) and decision.transfer == bundle.subject:
            kind = "own" if at_hand.may_say(item.statement, record) else "by others"
        found[kind].append((pointer, digest, decision))
    own, others = found["own"], found["by others"]
    about, left = (own, others) if own else (others[:DECISIONS], others[DECISIONS:])
    away = [
        f"decision {digest.hex()}: about another record, {one.transfer.hex()}"
        for _, digest, one in found["about another"]
    ]
    strangers = [f"decision {digest.hex()}: {_STRANGER}" for _, digest, _ in left]
    return _Looked(about, (*away, *strangers), by_others=not own)


class _Court(NamedTuple):
    """What is the same for every decision of a bundle."""

    at_hand: AtHand
    subject: bytes
    recognised: Check
    now: int
    by_others: bool


class _Sentence(NamedTuple):
    """What is found of one decision.

    Attributes:
        judged: For the report; None where nothing shows that it was signed and logged.
    """

    check: Check
    judged: JudgedDecision | None = None
    notices: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()


def _sentence(court: _Court, pointer: str, digest: bytes, decision: Decision) -> _Sentence:
    case = _Case(court, pointer, digest, decision)
    check = case.check()
    if court.by_others and check.outcome == "failed":
        told = f"{check.code}: {check.detail}; {_STRANGER}"
        check = check._replace(outcome="absent", code="decided-by-others", detail=told)
    if digest not in court.at_hand.evidence:
        return _Sentence(check)
    conditions = decision.conditions if case.follows else ()
    notices = [*case.later()] if case.follows else []
    if check.outcome == "passed":
        if conditions:
            notices.append(f"limit: the rules that decided ask for {', '.join(conditions)}")
        if check.code in _NOT_IN_PLACE:
            notices.append(_NOT_IN_PLACE[check.code])
        then = case.at_transfer
        if then is not None and then[1] != decision.outcome:
            told = f"{then[1]} by the measures carried at {format_time(then[0])}, a moment of the record"
            notices.append(f"{told}; {decision.outcome} at {format_time(decision.at)}")
    judged = JudgedDecision(
        digest=digest,
        at=decision.at,
        says=decision.outcome,
        outcome=check.outcome,
        code=check.code,
        measures=tuple((used.number, used.version) for used in decision.measures),
        conditions=conditions,
        at_transfer=case.at_transfer,
    )
    return _Sentence(check, judged, tuple(notices), tuple(case.unendorsed()))


class _Case:
    """One decision.

    Attributes:
        follows: Whether it follows again from the measures carried.
        at_transfer: A moment of the record, and what these say at it; None where that was not come to.
    """

    def __init__(self, court: _Court, pointer: str, digest: bytes, decision: Decision) -> None:
        self._court, self._pointer, self._digest, self._decision = court, pointer, digest, decision
        self._at_hand = court.at_hand
        self._named = {used.digest for used in decision.measures}
        self.follows = False
        self.at_transfer: tuple[int, str] | None = None
        self._answer: Decided | None = None

    def check(self) -> Check:
        """The check of this decision alone."""
        decision = self._decision
        record = self._at_hand.record(decision.transfer)
        if record is None:
            told = f"the record {decision.transfer.hex()} that the decision is about is not carried"
            return self._said("absent", "record-not-carried", told)
        fault = self._changed(record) or self._unshown() or self._missing_measure() or self._against(record)
        if fault is not None:
            return fault
        self.follows = True
        by = ", ".join(_short(used) for used in decision.measures) or "no measure"
        told = f"{decision.outcome} at {format_time(decision.at)}, by {by}"
        if self._digest == self._court.subject:
            return self._said("passed", "decision-follows", told)
        assert self._answer is not None  # it is what the decision was held against
        answer = self._go(record, self._answer, told)
        return answer if answer.outcome != "passed" else self._then(record) or answer

    def _changed(self, record: TransferRecord) -> Check | None:
        """Whether another measure stands in the place of one that the decision names; whoever signed any of them."""
        for used in self._decision.measures:
            if not self._at_hand.carries(used.digest):
                instead = self._at_hand.instead(used, record, self._named)
                if instead is not None:
                    digest = instead.item.statement.digest.hex()
                    told = f"{_named(used)}, is not carried; in its place is {digest}"
                    return self._said("failed", "measure-changed", told, instead.pointer)
        return None

    def _unshown(self) -> Check | None:
        """Whether the decision or its record is not shown to be signed and logged, or decided by another engine."""
        for what, digest in (("decision", self._digest), ("record", self._decision.transfer)):
            if digest not in self._at_hand.evidence:
                told = f"the {what} {digest.hex()} itself is not shown to be signed and logged"
                return self._said("absent", "premise-failed", told)
        if self._decision.engine != ENGINE:
            told = f"decided by {self._decision.engine}; {ENGINE} is known here"
            return self._said("absent", "engine-unknown", told)
        return None

    def _missing_measure(self) -> Check | None:
        """The first measure that the decision names and that cannot be asked."""
        for used in self._decision.measures:
            if not self._at_hand.carries(used.digest):
                return self._said("absent", "measure-not-carried", f"{_named(used)}, is not carried")
            why = self._at_hand.against(used.digest, self._own, self._decision.at)
            if why is not None:
                told = f"{_named(used)}, does not count: {why}"
                return self._said("absent", "measure-not-counted", told)
        return None

    def _against(self, record: TransferRecord) -> Check | None:
        """Why the decision does not follow; None where it does."""
        decision = self._decision
        try:
            answer = self._decided(record, decision.at)
        except LedgerError as error:
            return self._said("absent", error.code, str(error))
        left_out = next((used for used in answer.measures if used.digest not in self._named), None)
        if left_out is not None:
            told = f"{_named(left_out)}, was in force at {format_time(decision.at)}; it is left out"
            return self._said("failed", "measure-left-out", told)
        if answer.canonical(decision.transfer) != encode(decision.subject):
            pointer, carried, computed = difference_of(decision.subject, answer.subject(decision.transfer))
            told = f"{pointer} is {value_of(carried)}; by the measures carried it is {value_of(computed)}"
            return self._said("failed", "decision-differs", told)
        self._answer = answer
        return None

    @property
    def _own(self) -> Held[object]:
        return self._at_hand.evidence[self._digest]

    def _decided(self, record: TransferRecord, moment: int, *, later: bool = False) -> Decided:
        """What the measures of the decision say at a moment; `later`: those published after it too."""
        of_it = (
            self._at_hand.ready(digest)
            for digest in self._at_hand.counting(self._own, moment)
            if later or digest in self._named or self._is_known(digest)
        )
        return decide(record.subject, of_it, at=moment)

    def _is_known(self, digest: bytes) -> bool:
        return self._at_hand.evidence[digest].is_known_to(self._own)

    def _existed(self, digest: bytes) -> int:
        return self._at_hand.evidence[digest].existed

    def _then(self, record: TransferRecord) -> Check | None:
        """What the same measures say at the first moment of the record at which it may not go."""
        window = record.subject.get("window", {})
        ends = [parse_time(window[name]) for name in ("start", "end") if name in window]
        told = [(min(self._existed(self._decision.transfer), self._court.now), "when the record was made")]
        told += [(moment, "in the record's window") for moment in ends]
        for moment, which in told:
            says = self._decision.outcome
            if moment != self._decision.at:
                try:
                    then = self._decided(record, moment)
                except LedgerError as error:
                    self.at_transfer = None
                    return self._said("absent", error.code, str(error))
                says = then.outcome
                line = f"{says} at {format_time(moment)}, {which}"
                if self._go(record, then, line).outcome != "passed":
                    self.at_transfer = moment, says
                    line += f"; the decision is about {format_time(self._decision.at)}"
                    return self._said("absent", "decided-for-another-time", line)
            if self.at_transfer is None or self.at_transfer[1] == self._decision.outcome != says:
                self.at_transfer = moment, says
        return None

    def _go(self, record: TransferRecord, answer: Decided, told: str) -> Check:
        """Whether an answer lets the record go."""
        outcome = answer.outcome
        if outcome == "mechanismRequired":
            if answer.declared:
                return self._mechanism(record, told)
            return self._said(
                "failed", "mechanism-missing", f"{told}; the record declares none of those allowed"
            )
        if outcome == "assessmentRequired":
            return self._assessment(record, answer, told)
        if outcome == "indeterminate":
            return self._said("absent", "indeterminate", f"{told}; not known: {self._missing()}")
        if outcome == "prohibited":
            return self._said("failed", "prohibited", told)
        return self._said("passed", "conditional" if outcome == "conditional" else "free", told)

    def _assessment(self, record: TransferRecord, answer: Decided, told: str) -> Check:
        if record.subject.get("mechanism", {}).get("type") != _ASSESSMENT:
            told = f"{told}; the record declares no assessment by the authority"
        elif answer.allowed is not None and _ASSESSMENT not in answer.allowed:
            told = f"{told}; a mechanism is required beside it, which the record does not declare"
        else:
            return self._said("passed", "assessment-declared", told)
        return self._said("absent", "assessment-not-shown", told)

    def _mechanism(self, record: TransferRecord, told: str) -> Check:
        """A mechanism that is declared and allowed: whether it holds, as far as step 10 says."""
        judged = self._court.recognised
        if record.certificate is None:
            return self._said("passed", "mechanism-declared", told)
        if judged.outcome == "failed":
            told = f"{told}; the certificate by which it goes fails step 10 ({judged.code})"
            return self._said("failed", "mechanism-invalid", told)
        if judged.outcome == "absent":
            told = f"{told}; step 10 does not show the certificate by which it goes ({judged.code})"
            return self._said("absent", "mechanism-not-shown", told)
        if judged.code == "valid-then-not-now":
            told = f"{told}; the certificate by which it goes is valid then, not now"
            return self._said("passed", "mechanism-valid-then-not-now", told)
        return self._said("passed", "mechanism-valid", told)

    def _missing(self) -> str:
        missing = {
            name
            for side in (self._decision.outbound, self._decision.inbound)
            if side is not None
            for line in side.lines
            if line.outcome == "indeterminate"
            for name in line.missing
        }
        return ", ".join(sorted(missing)) or "a rule cannot be evaluated"

    def unendorsed(self) -> Iterator[str]:
        """What would be asked if enough authorities had endorsed it."""
        record = self._at_hand.record(self._decision.transfer)
        if self.follows and record is not None:
            yield from self._at_hand.unendorsed(self._own, self._decision.at, record, self._named)

    def later(self) -> Iterator[str]:
        """What became known later than the decision goes by."""
        decision, at_hand, own = self._decision, self._at_hand, self._own
        moment = format_time(decision.at)
        for used in decision.measures:
            if self._existed(used.digest) > decision.at:
                yield f"{_named(used)}, is not known to have existed at {moment}, of which the decision speaks"
        late = any(not self._is_known(digest) for digest in at_hand.counting(own, decision.at))
        record = at_hand.record(decision.transfer)
        if not late or record is None:
            return
        try:
            answer = self._decided(record, decision.at, later=True)
        except LedgerError:
            return
        for used in answer.measures:
            if used.digest not in self._named:
                yield f"{_named(used)}, was published after the decision, for a time from before {moment}"

    def _said(self, outcome: Outcome, code: str, detail: str, pointer: str | None = None) -> Check:
        return _check(outcome, code, detail, pointer if pointer is not None else self._pointer)


_NOT_IN_PLACE: Final = {
    "mechanism-declared": "the record declares its mechanism; whether it is in place was not checked",
    "assessment-declared": "the record declares an assessment; whether it was passed was not checked",
}


def _check(outcome: Outcome, code: str, detail: str, pointer: str | None = None) -> Check:
    return Check(11, outcome, code, detail, pointer=None if outcome == "passed" else pointer)


def _short(used: MeasureUsed) -> str:
    return f"{used.number} version {used.version}"


def _named(used: MeasureUsed) -> str:
    return f"measure {_short(used)}, {used.digest.hex()}"
