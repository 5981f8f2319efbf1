"""Makes `tests/vectors/decided`: bundles with decisions, and what step 11 says of each.

Run as `python -m tests.verify.rules_vectors`.  ML-DSA signatures are randomised, so the files change when made again.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ledger.core.times import format_time
from ledger.verify.verifier import verify_bundle
from tests.deciding.records import rule
from tests.simulator import DAY, START
from tests.verify.mutual import ACCREDITOR, AUTHORITY_XA, AUTHORITY_XB, BODY
from tests.verify.ruled import (
    HOUR,
    JOINT,
    MACHINE,
    MADE,
    NOW,
    SECOND,
    THIRD,
    Ruled,
    certified,
    free,
    line,
    ruled,
    without,
)
from tests.verify.rules_made import (
    alike_again,
    assessed,
    backdated,
    beside_others,
    by_a_listed,
    by_a_party,
    by_others,
    changed_elsewhere,
    conditions_beneath,
    endorsed_before,
    endorsed_late,
    foreseen,
    in_window,
    inside_window,
    joint_aside,
    joint_aside_twice,
    joint_of_a_third_country,
    published_at,
    silent_once,
    unknown_engine,
    version_twice,
)

FOLDER = Path(__file__).parents[1] / "vectors" / "decided"
PERSONAL = {"table": {"category": ["personal", "sensitivePersonal"]}}


class Row(NamedTuple):
    """A bundle, and what is expected of it, as the page of verification says.

    Attributes:
        notices: How many are of step 11.
        not_counted: How many lines there are of what was passed over.
        about: Of what it is, by name.
        change: Bytes of the bundle that are others afterwards.
    """

    name: str
    outcome: str
    code: str
    make: Callable[[], Ruled]
    notices: int = 0
    about: str = "transfer"
    change: tuple[bytes, bytes] | None = None
    not_counted: int = 0

    def bundle(self) -> bytes:
        """Its bytes."""
        data = self.make().bundle(self.about)
        if self.change is not None:
            assert data.count(self.change[0]) == 1
            data = data.replace(*self.change)
        return data


def decided(*rules: dict[str, Any], record: dict[str, Any] | None = None, **changes: Any) -> Ruled:
    """One measure of XA with these rules, a record, and what the measure says of it."""
    made = ruled()
    made.measure("XA-1", *rules)
    made.record(**(record or {}))
    made.decision("XA-1", changes=changes)
    return made


def by_certificate(change: str | None = None, *, before: bool = True, carried: bool = True) -> Ruled:
    """A record that goes by a certificate, which is withdrawn or suspended an hour before it, or after it."""
    made = certified()
    certificate = made.said["certificate"][1].digest.hex()
    made.measure("XA-1", rule("1", "mechanismRequired"), created=START + 300)

    def changes(at: int) -> None:
        subject = {
            "statement": certificate,
            "change": change,
            "effective": format_time(at),
            "reason": "resolved",
        }
        if change == "suspend":
            subject["until"] = format_time(START + 90 * DAY)
        made.say("change", "StatusChange", BODY, subject, at)

    if change is not None and before:
        changes(MADE - HOUR)
    made.record(
        line(persons={"count": 1200}), mechanism={"type": "certification", "certificate": certificate}
    )
    made.decision("XA-1")
    if change is not None and not before:
        changes(MADE + HOUR)
    return made if carried else without(made, "certificate")


def both_sides(*, named: tuple[str, ...] = ("XA-1", "XB-1")) -> Ruled:
    """XA lets it go, XB lets it in where it is encrypted; the decision names some of the measures."""
    made = ruled()
    made.measure("XA-1", free())
    made.measure("XB-1", rule("1", "conditional"), by=AUTHORITY_XB)
    made.record()
    made.decision(*named)
    return made


def jointly(*endorsers: str, **members: Any) -> Ruled:
    """A measure that needs two authorities."""
    made = ruled()
    made.measure("XA-1", free(), **JOINT)
    made.record()
    for place, by in enumerate(endorsers):
        made.endorse("XA-1", by, **({"created": START + 20 + place} | members))
    made.decision("XA-1")
    return made


def versions(named: str, at: int = MADE, *, then: str = "prohibited") -> Ruled:
    """A measure that is free, and from two hours before the record on its second version, which prohibits."""
    made = ruled()
    first = made.measure("v1", free(), number="XA-1")
    made.measure(
        "v2",
        rule("1", then),
        number="XA-1",
        version=2,
        supersedes=first.digest.hex(),
        effectiveFrom=format_time(MADE - 2 * HOUR),
        created=START + 30,
    )
    made.record()
    made.decision(named, at=at)
    return made


def replaced() -> Ruled:
    """Another measure of the same number and version, by the same authority, in the place of the one named."""
    made = ruled()
    made.measure("XA-1", free())
    made.measure("other", free(delegable=True), number="XA-1", created=START + 11)
    made.record()
    made.decision("XA-1")
    return without(made, "XA-1")


def by_a_stranger() -> Ruled:
    """A decision by an engine that nobody enrolled."""
    made = ruled()
    made.measure("XA-1", free())
    made.record()
    made.decision("XA-1", by=MACHINE)
    return without(made, "machine")


def twice() -> Ruled:
    """Two decisions, one by an engine that is not known."""
    made = decided(free())
    made.decision("XA-1", name="second", created=MADE + 70, changes={"engine": "evidence-rules/2"})
    return made


def otherwise(outcome: str, **reason: str) -> Ruled:
    """A decision that says of its one line something else than the measure, which prohibits."""
    made = decided(rule("1", "prohibited"))
    subject: dict[str, Any] = dict(made.said.pop("decision")[1].subject)
    (judged,) = subject["outbound"]["lines"]
    judged = judged | {"outcome": outcome, "reasons": [judged["reasons"][0] | reason]}
    side = {"outcome": outcome, "lines": [judged]}
    made.decided(subject | {"outcome": outcome, "outbound": side}, "other")
    return made


def endorsed_twice() -> Ruled:
    """One of the two authorities says it again."""
    made = ruled()
    made.measure("XA-1", free(), **JOINT)
    made.record()
    made.endorse("XA-1", SECOND)
    made.said["again"] = made.said.pop(f"endorsement XA-1 {SECOND}")
    made.endorse("XA-1", SECOND, created=START + 30)
    made.decision("XA-1")
    return made


def unmeasured() -> Ruled:
    """No measure of XA at all."""
    made = ruled()
    made.record()
    made.decision()
    return made


def of_another() -> Ruled:
    """A decision about a record that the subject replaces."""
    made = decided(free())
    first = made.said["transfer"][1]
    made.said["first"] = made.said.pop("transfer")
    made.record(supersedes=first.digest.hex(), created=MADE + 100)
    return made


def many() -> Ruled:
    """Nine decisions about one record."""
    made = decided(free())
    for number in range(8):
        made.decision("XA-1", name=f"decision {number}", created=MADE + 61 + number)
    return made


def published_later() -> Ruled:
    """A measure that the decision could not know, for a time from before it."""
    made = decided(free())
    made.measure("XA-2", rule("1", "prohibited"), created=MADE + 120)
    return made


ROWS: tuple[Row, ...] = (
    Row("free", "passed", "free", lambda: decided(free())),
    Row("conditional", "passed", "conditional", lambda: decided(rule("1", "conditional")), 1),
    Row("mechanism-declared", "passed", "mechanism-declared", lambda: decided(rule("1", "mechanismRequired")), 1),
    Row("mechanism-missing", "failed", "mechanism-missing",
        lambda: decided(rule("1", "mechanismRequired"), record={"mechanism": {"type": "codeOfConduct"}})),
    Row("mechanism-valid", "passed", "mechanism-valid", by_certificate),
    Row("mechanism-invalid", "failed", "mechanism-invalid", lambda: by_certificate("withdraw")),
    Row("mechanism-valid-then-not-now", "passed", "mechanism-valid-then-not-now",
        lambda: by_certificate("suspend", before=False)),
    Row("mechanism-not-shown", "absent", "mechanism-not-shown", lambda: by_certificate(carried=False)),
    Row("assessment-declared", "passed", "assessment-declared",
        lambda: decided(rule("1", "assessmentRequired"), record={"mechanism": {"type": "authorityAssessment"}}), 1),
    Row("assessment-beside-a-mechanism", "absent", "assessment-not-shown",
        lambda: assessed(AUTHORITY_XA, "standardContract")),
    Row("assessment-beside-a-mechanism-inbound", "absent", "assessment-not-shown",
        lambda: assessed(AUTHORITY_XB, "certification")),
    Row("assessment-beside-itself", "passed", "assessment-declared",
        lambda: assessed(AUTHORITY_XA, "authorityAssessment"), 1),
    Row("assessment-not-shown", "absent", "assessment-not-shown", lambda: decided(rule("1", "assessmentRequired"))),
    Row("prohibited", "failed", "prohibited", lambda: decided(rule("1", "prohibited"))),
    Row("indeterminate", "absent", "indeterminate",
        lambda: decided(rule("1", "prohibited", table={"criticalInfrastructure": True}), free(id="2"))),
    Row("no-measure", "absent", "indeterminate", unmeasured),
    Row("both-directions", "passed", "conditional", both_sides, 1),
    Row("inbound-left-out", "failed", "measure-left-out", lambda: both_sides(named=("XA-1",))),
    Row("joint", "passed", "free", lambda: jointly(SECOND, THIRD)),
    Row("joint-by-another-jurisdiction", "passed", "free", lambda: jointly(SECOND, AUTHORITY_XB)),
    Row("joint-not-endorsed", "absent", "measure-not-counted", lambda: jointly(SECOND)),
    Row("joint-endorsed-by-one-twice", "absent", "measure-not-counted", endorsed_twice),
    Row("joint-endorsed-by-one-not-named", "absent", "measure-not-counted", lambda: jointly(SECOND, AUTHORITY_XA)),
    Row("joint-endorsed-from-later", "absent", "measure-not-counted",
        lambda: jointly(SECOND, THIRD, **{"from": format_time(MADE + 1)})),
    Row("joint-endorsed-after-the-decision", "absent", "measure-not-counted",
        endorsed_late),
    Row("joint-endorsed-before-in-the-log", "passed", "free", endorsed_before),
    Row("joint-not-endorsed-aside", "passed", "free", joint_aside, not_counted=1),
    Row("measure-of-another-number", "absent", "measure-not-carried", lambda: changed_elsewhere("number")),
    Row("measure-of-another-version", "absent", "measure-not-carried", lambda: changed_elsewhere("version")),
    Row("conditions-beneath", "passed", "mechanism-declared", conditions_beneath, 2),
    Row("backdated-before-a-measure", "failed", "measure-left-out", lambda: backdated(after=False)),
    Row("older-than-a-measure", "passed", "free", lambda: backdated(after=True), 1),
    Row("window-ends-otherwise", "absent", "decided-for-another-time",
        lambda: in_window("prohibited", end=MADE + DAY)),
    Row("window-begins-otherwise", "absent", "decided-for-another-time",
        lambda: in_window("prohibited", start=MADE + DAY, end=MADE + 2 * DAY)),
    Row("window-ends-before", "passed", "free", lambda: in_window("prohibited", end=MADE + DAY - 1)),
    Row("window-alike", "passed", "free", lambda: in_window("conditional", end=MADE + 2 * DAY), 1),
    Row("inside-the-window", "passed", "conditional",
        lambda: inside_window("conditional", since=MADE + DAY - HOUR, until=MADE + DAY + HOUR), 2),
    Row("inside-the-window-prohibited", "failed", "prohibited",
        lambda: inside_window("prohibited", since=MADE + DAY - HOUR, until=MADE + DAY + HOUR)),
    Row("inside-the-window-otherwise-before", "absent", "decided-for-another-time",
        lambda: inside_window("prohibited", since=MADE - HOUR, until=MADE + DAY)),
    Row("inside-the-window-otherwise-after", "absent", "decided-for-another-time",
        lambda: inside_window("prohibited", since=MADE + DAY + 1, until=MADE + 3 * DAY)),
    Row("by-others", "passed", "free", lambda: by_others(("XA-1", "XA-2"))),
    Row("by-others-one-of-two", "passed", "free", lambda: by_others(("XA-1",), ("XA-1", "XA-2"))),
    Row("by-others-left-out", "absent", "decided-by-others", lambda: by_others(("XA-1",))),
    Row("by-others-prohibited", "absent", "decided-by-others",
        lambda: by_others(("XA-1", "XA-2"), outcome="prohibited")),
    Row("by-nine-others", "passed", "free", lambda: by_others(*[("XA-1", "XA-2")] * 9), not_counted=1),
    Row("beside-nine-others", "passed", "free", lambda: beside_others(9), not_counted=9),
    Row("beside-others-that-follow", "absent", "engine-unknown",
        lambda: beside_others(1, changes={"engine": "evidence-rules/2"}), not_counted=1),
    Row("by-the-importer", "failed", "measure-left-out", by_a_party),
    Row("by-the-importers-name-elsewhere", "absent", "decided-by-others", lambda: by_a_party("XC")),
    Row("measure-not-carried", "absent", "measure-not-carried", lambda: without(decided(free()), "XA-1")),
    Row("measure-left-out", "failed", "measure-left-out", lambda: versions("v1")),
    Row("later-version", "failed", "prohibited", lambda: versions("v2")),
    Row("measure-published-later", "passed", "free", published_later, 1),
    Row("measure-published-after-the-moment", "passed", "free", lambda: published_at(MADE + 5), 1),
    Row("measure-changed-by-a-byte", "failed", "measure-changed", lambda: decided(free()),
        change=(b'"text":"Invented"', b'"text":"Inventeb"')),
    Row("measure-replaced", "failed", "measure-changed", replaced),
    Row("decision-differs", "failed", "decision-differs", lambda: otherwise("free")),
    Row("decision-of-other-reasons", "failed", "decision-differs", lambda: otherwise("prohibited", rule="2")),
    Row("engine-unknown", "absent", "engine-unknown", lambda: decided(free(), engine="evidence-rules/2")),
    Row("decision-follows", "passed", "decision-follows", lambda: decided(rule("1", "prohibited")), about="decision"),
    Row("record-not-carried", "absent", "record-not-carried", lambda: without(decided(free()), "transfer"),
        about="decision"),
    Row("decision-of-another", "absent", "decision-of-another", of_another, not_counted=1),
    Row("too-many-decisions", "absent", "too-many-decisions", many),
    Row("one-of-two", "absent", "engine-unknown", twice),
    Row("decided-for-another-time", "absent", "decided-for-another-time",
        lambda: versions("v1", MADE - 4 * HOUR)),
    Row("decided-for-another-time-alike", "passed", "free",
        lambda: versions("v1", MADE - 4 * HOUR, then="conditional"), 1),
    Row("decision-by-a-stranger", "absent", "premise-failed", by_a_stranger),
    Row("record-by-a-stranger", "absent", "premise-failed", lambda: without(decided(free()), "exporter")),
    Row("joint-not-endorsed-aside-of-two", "passed", "free", joint_aside_twice, not_counted=1),
    Row("joint-of-a-third-country-aside", "passed", "free", joint_of_a_third_country),
    Row("one-of-two-silent-on-the-destination", "passed", "free", silent_once, 2),
    Row("version-twice", "failed", "measure-left-out", version_twice),
    Row("measure-logged-after-the-decision", "passed", "free", foreseen, 1),
    Row("window-ends-as-decided", "passed", "free", alike_again, 1),
    Row("engine-unknown-with-conditions", "absent", "engine-unknown", unknown_engine),
    Row("measure-published-at-the-moment", "passed", "free", lambda: published_at(START + 10, at=START + 10)),
    Row("beside-an-accreditor", "passed", "free", lambda: by_a_listed(ACCREDITOR), not_counted=1),
    Row("beside-a-third-countrys-authority", "passed", "free", lambda: by_a_listed(AUTHORITY_XB), not_counted=1),
    Row("beside-an-authority-astray", "passed", "free", lambda: by_a_listed(AUTHORITY_XB, astray=True), not_counted=1),
)  # fmt: skip


def trust() -> bytes:
    """Whom to believe about all of them."""
    return ruled().trust().encoded


def told(row: Row, data: bytes) -> dict[str, Any]:
    """A row of `verdicts.json`; what is not a matter of the row's own words is as Python's verifier has it."""
    report = verify_bundle(data, ruled().trust(), now=NOW)
    check = report.step(11)
    assert (check.outcome, check.code) == (row.outcome, row.code), (row.name, check)
    judged = report.to_json()["rules"]
    return {
        "name": row.name,
        "verdict": report.verdict,
        "outcome": row.outcome,
        "code": row.code,
        "pointer": check.pointer,
        "notices": row.notices,
        "notCounted": row.not_counted,
        "notChecked": list(report.not_checked),
        "rules": judged,
    }


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "trust.json").write_bytes(trust())
    listed = []
    for row in ROWS:
        data = row.bundle()
        (FOLDER / f"{row.name}.evidence.json").write_bytes(data)
        listed.append(told(row, data))
    document = {"now": format_time(NOW), "rows": listed}
    (FOLDER / "verdicts.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
