"""Measures published on either side, records, and decisions about them: two whole nodes, and statements by name."""

from dataclasses import dataclass
from typing import Any

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.deciding.decide import decide, ready
from ledger.statements.measure import measure_of
from ledger.verify.bundle import parse_bundle
from tests.deciding.records import published
from tests.services.recognising import Recognising
from tests.services.sides import Side


@dataclass
class Deciding:
    """Two nodes with measures, and records that were decided about; digests by name."""

    made: Recognising
    machine: HolderKey
    named: dict[str, bytes]

    def measure(
        self, name: str, *of: dict[str, Any], code: str = "XA", by: HolderKey | None = None, **members: Any
    ) -> bytes:
        key, side = (self.made.of_xa, self.xa) if code == "XA" else (self.made.of_xb, self.xb)
        key = by or key
        now = format_time(self.made.sides.clock.now)
        subject = published(*of, by=key.holder, code=code, number=name, since=now) | members
        self.named[name] = side.register(self.made.sides.sign(key, "PolicyMeasure", subject))
        return self.named[name]

    def decide(
        self, name: str, record: Statement, *measures: str, at: int | None = None, by: HolderKey | None = None
    ) -> bytes:
        """Register what some measures say of a record, at the moment at which it was signed unless told otherwise."""
        asked = [self.statement(one) for one in measures]
        at_hand = [ready(one.digest, measure_of(one.subject)) for one in asked]
        subject = decide(record.subject, at_hand, at=at or record.created).subject(record.digest)
        self.named[name] = self.xa.register(self.made.sides.sign(by or self.made.of_xa, "Decision", subject))
        return self.named[name]

    def statement(self, name: str) -> Statement:
        for side in (self.xa, self.xb):
            stored = side.node.statements.by_digest(self.named[name])
            if stored is not None:
                return parse_statement(stored.body)
        raise AssertionError(name)

    def record(self, name: str, **members: Any) -> Statement:
        record = self.made.sides.record(**members)
        self.named[name] = self.xa.register(record)
        return record

    @property
    def xa(self) -> Side:
        return self.made.sides.xa

    @property
    def xb(self) -> Side:
        return self.made.sides.xb

    def said(self, bundle: bytes) -> tuple[str, str, dict[str, str]]:
        """Outcome and code of step 11 with the network off, and the role of each statement that has a name here."""
        report = self.made.sides.verify(bundle)
        names = {digest: name for name, digest in self.named.items()}
        roles = {
            names[item.statement.digest]: item.role
            for _, item in parse_bundle(bundle).items
            if item.statement.digest in names
        }
        assert {report.step(number).outcome for number in (1, 3, 4, 5)} == {"passed"}, report.checks
        return report.step(11).outcome, report.step(11).code, roles
