"""A record of XA to XB, the measures of both sides, and decisions about it, logged on both sides."""

from collections.abc import Mapping
from typing import Any

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.statements.deciding.decide import decide, ready
from ledger.statements.measure import measure_of
from ledger.verify.report import Report
from tests.deciding.records import published, rule
from tests.simulator import DAY, LEI, START, key, make
from tests.verify.mutual import AUTHORITY_XA, AUTHORITY_XB, Mutual, recognised

MACHINE = "did:web:machine.example.xa"
"""An engine of XA that is a stranger to the record."""
ENGINE = "did:web:engine.example.xa"
"""An authority of XA that decides."""
SECOND = "did:web:second.example.xa"
THIRD = "did:web:third.example.xa"
EXPORTER = "did:web:exporter.example.xa"
HOUR = 3_600
MADE = START + 6 * HOUR
"""When the record was signed."""
NOW = START + DAY
STEPS = [1, 3, 4, 5, 6, 7, 11]
JOINT = {"joint": {"threshold": 2, "authorities": [SECOND, THIRD, AUTHORITY_XB]}}
OWN = "urn:evidence-ledger:scenario:v1"


def line(category: str = "personal", number: int = 1, **members: Any) -> dict[str, Any]:
    """A line about after-sales data."""
    made = {
        "line": number,
        "category": category,
        "grade": "general",
        "scenario": {"scheme": OWN, "code": "veh.after-sales"},
    }
    return (
        made | ({} if category == "nonPersonal" else {"persons": {"count": 1200, "ytdCount": 5000}}) | members
    )


class Ruled(Mutual):
    """What is said of a record, in the order in which it is logged; a test changes or leaves out some."""

    def measure(self, name: str, *rules: Mapping[str, Any], **members: Any) -> Statement:
        """A measure; of the jurisdiction and by the authority, and published when, is told by `by` and `created`."""
        by, created = members.pop("by", AUTHORITY_XA), members.pop("created", START + 10)
        code = self.signers[by][1]
        since = format_time(START)
        subject = published(*rules, by=by, code=code, number=name, since=since) | members
        return self.say(name, "PolicyMeasure", by, subject, created)

    def endorse(self, measure: str, by: str, *, created: int = START + 20, **members: Any) -> Statement:
        """An authority's word that it publishes a measure with others."""
        subject = {
            "statement": self.said[measure][1].digest.hex(),
            "role": "jointMeasure",
            "jurisdiction": self.signers[by][1],
            "from": format_time(START),
            **members,
        }
        return self.say(f"endorsement {measure} {by}", "Endorsement", by, subject, created)

    def record(self, *lines: Mapping[str, Any], created: int = MADE, **members: Any) -> Statement:
        """The record; `mechanism` is a standard contract unless told otherwise."""
        if "exporter" not in self.said:
            enrolment = self.world.xa.enrol(EXPORTER, ["exporter"], [("#2026", key("exporter"))])
            self.said["exporter"] = (self.world.xa, self.world.xa.add(enrolment))
        given = {
            "exporter": {"did": EXPORTER, "id": LEI["exporter"], "jurisdiction": "XA", "scheme": "LEI"},
            "importer": {
                "did": "did:web:importer.example.xb",
                "id": LEI["importer"],
                "jurisdiction": "XB",
                "scheme": "LEI",
            },
            "flow": "outbound",
            "lines": list(lines or (line(),)),
            "purpose": ["dpv:CustomerCare"],
            "legalBasis": ["dpv:ContractPerformance"],
            "mechanism": {"type": "standardContract"},
            **members,
        }
        subject = {name: value for name, value in given.items() if value is not None}
        made = make(
            "TransferRecord", subject, EXPORTER, "#2026", key("exporter"), created, name=f"transfer {created}"
        )
        self.said["transfer"] = (self.world.xa, self.world.xa.add(made))
        return made

    def decision(self, *measures: str, name: str = "decision", at: int = MADE, **how: Any) -> Statement:
        """What the measures of these names say of the record; `changes` are members that are something else."""
        record = self.said["transfer"][1]
        asked = [self.said[one][1] for one in measures]
        answer = decide(record.subject, [ready(one.digest, measure_of(one.subject)) for one in asked], at=at)
        subject = answer.subject(record.digest) | how.pop("changes", {})
        return self.decided(subject, name, **how)

    def decided(
        self,
        subject: Mapping[str, Any],
        name: str = "decision",
        *,
        by: str = ENGINE,
        created: int = MADE + 60,
    ) -> Statement:
        """A decision with this subject, by an authority, or by an engine that XA enrolled."""
        if by == MACHINE and "machine" not in self.said:
            enrolment = self.world.xa.enrol(MACHINE, ["machine"], [("#1", key(MACHINE))])
            self.said["machine"] = (self.world.xa, self.world.xa.add(enrolment))
        return self.say(name, "Decision", by, subject, created)

    def judged(self, subject: str = "transfer", **asked: Any) -> Report:
        """The report on the record, or on what `subject` names."""
        return self.report(subject=subject, **{"now": NOW, **asked})

    def trust(
        self, *, without: str = "", revoked: Mapping[str, int] | None = None, **members: Any
    ) -> TrustList:
        """As of `Mutual`; it asks for step 11 of records and decisions."""
        require = {kind: {"steps": STEPS} for kind in ("TransferRecord", "Decision")}
        return super().trust(without=without, revoked=revoked, **{"require": require, **members})


def ruled() -> Ruled:
    """Nothing said yet; XA has three authorities, XB one."""
    return _with_signers(Ruled())


def certified() -> Ruled:
    """A certificate of XA's that XB recognises, with all it rests on."""
    made = recognised()
    return _with_signers(Ruled(made.world, made.said, made.period))


def _with_signers(made: Ruled) -> Ruled:
    authority = ("authority", "XA")
    made.signers |= {SECOND: authority, THIRD: authority, ENGINE: authority, MACHINE: ("machine", "XA")}
    return made


def without(made: Ruled, *names: str) -> Ruled:
    """All but some statements."""
    for name in names:
        del made.said[name]
    return made


def free(**members: Any) -> dict[str, Any]:
    """A rule that lets everything go."""
    return rule("1", "free", **members)


def step(report: Report, number: int = 11) -> tuple[str, str]:
    """Outcome and code of a step."""
    return report.step(number).outcome, report.step(number).code


__all__ = ["AUTHORITY_XA", "AUTHORITY_XB", "Ruled", "certified", "free", "line", "rule", "ruled", "step"]
