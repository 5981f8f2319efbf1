"""The report as text, the same in the command line, the page and the documentation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.core.times import format_time
from ledger.verify.report import STEPS, Dated, Report

if TYPE_CHECKING:
    from ledger.statements.recognition import RecognitionReport

_LABEL = {
    "verified": "VERIFIED",
    "not verified": "NOT VERIFIED",
    "could not finish": "COULD NOT FINISH",
    "verified then, not now": "VERIFIED THEN, NOT NOW",
}

_POINTER_LIMIT = 200
_WHO = {"attested": "attesters ", "sealed": "validators of "}


def render(report: Report, *, trust_name: str | None = None) -> str:
    """One line a step, then times, what was passed over, and the verdict.  Ends with a newline.

    Args:
        report: The report.
        trust_name: What the user calls the trust list, such as its file name; its publisher where None.
    """
    name = trust_name if trust_name is not None else report.trust_publisher
    return "".join(f"{on_one_line(line)}\n" for line in _lines(report, name))


def _cut(pointer: str) -> str:
    """A pointer no longer than a line; the report as JSON has the whole."""
    return pointer if len(pointer) <= _POINTER_LIMIT else f"{pointer[:_POINTER_LIMIT]}…"


def on_one_line(text: str) -> str:
    """Text as one line: words of strangers may not look like a line of the report, nor move the cursor."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _lines(report: Report, trust_name: str) -> Iterator[str]:
    for number, name in STEPS.items():
        of_step = [check for check in report.checks if check.step == number]
        counts = report.step(number)
        alike = [check for check in of_step if check.outcome == counts.outcome]
        told = list(dict.fromkeys(check.detail for check in alike))
        yield f"{counts.outcome:6} {number:2} {name:11} {'; '.join(told)}"
        if counts.outcome == "failed" and counts.pointer:
            yield f"{'':22}at {_cut(counts.pointer)} ({counts.code})"
    for dated in report.statements:
        if dated.role == "subject":
            yield f"proven  {_proven(dated)}; claimed {format_time(dated.claimed)}"
    yield f"status  now: {report.status_now}"
    if report.recognition is not None:
        yield from _recognition(report.recognition)
    if report.rules is not None and len(report.rules) > 1:
        for judged in report.rules:
            when = f"{judged.says} at {format_time(judged.at)}"
            yield f"decided {short(judged.digest)} {when}: {judged.outcome} ({judged.code})"
    for notice in report.notices:
        yield f"note    {notice}"
    for passed_over in report.not_counted:
        yield f"not counted: {passed_over}"
    yield _verdict(report, trust_name)


def _recognition(report: "RecognitionReport") -> Iterator[str]:
    """The premises of a certificate at the two times; what does not hold is told in full."""
    into = "at home" if report.into is None else f"into {report.into}"
    for name, standing in (("at", report.at), ("now", report.known)):
        if name == "now" and standing.moment == report.at.moment:
            continue
        effect = "" if standing.effect is None else f", {standing.effect}"
        yield f"{name:7} {format_time(standing.moment)} {standing.outcome} {into}{effect}"
        shown = [premise.code for premise in standing.premises if premise.outcome == "passed"]
        if shown:
            yield f"{'':8}{' '.join(shown)}"
        for premise in standing.premises:
            if premise.outcome != "passed":
                yield f"{'':8}{premise.outcome}  {premise.code}  {premise.detail}"
        for limit in standing.limits:
            yield f"{'':8}limit   {limit}"


def _proven(dated: Dated) -> str:
    if dated.proven is not None:
        return f"not after {format_time(dated.proven)}, by {_WHO.get(dated.grade, '')}{', '.join(dated.by)}"
    if dated.operator is not None:
        return f"claimed only: only the operator's own chain vouches for {format_time(dated.operator)}"
    return "claimed only"


def _verdict(report: Report, trust_name: str) -> str:
    required = " ".join(str(number) for number in report.required)
    trust = f"{trust_name}, version {report.trust_version}, sha256 {short(report.trust_hash)}"
    told = f"{_LABEL[report.verdict]}  required: {required} ({trust})."
    if report.verdict == "could not finish":
        told += f" {'; '.join(report.unfinished)}."
    elif report.missing:
        told += f" Not shown: {'; '.join(report.missing)}."
    return f"{told} Not checked: {', '.join(report.not_checked)}."


def short(digest: bytes) -> str:
    """A digest shortened for people: its first and last two bytes."""
    return f"{digest[:2].hex()}…{digest[-2:].hex()}"
