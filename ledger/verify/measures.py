"""What step 11 has at hand: the record, measures and endorsements that are evidence, and which measures count.

Source: docs/spec/verification.md, step 11 in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.statements.deciding.decide import Ready, ready
from ledger.statements.decision import MeasureUsed
from ledger.statements.endorsement import JOINT_MEASURE, Endorsement
from ledger.statements.measure import PolicyMeasure
from ledger.statements.premises.evidence import Held
from ledger.statements.transfer import TransferRecord
from ledger.verify.authorship import Authorship, Subjects
from ledger.verify.bundle import Bundle, Item
from ledger.verify.evidence import held
from ledger.verify.sections import Examined


class Placed(NamedTuple):
    """An item, and where in the bundle it stands."""

    pointer: str
    item: Item


def places(bundle: Bundle) -> list[Placed]:
    """Every item of a bundle, in order."""
    return [
        Placed(f"/sections/{at}/items/{place}", item)
        for at, section in enumerate(bundle.sections)
        for place, item in enumerate(section.items)
    ]


class AtHand:
    """All that decisions are judged by, sorted once.

    Attributes:
        evidence: What stands in its log and is validly signed, by digest; of bundles beside too.
    """

    def __init__(
        self,
        placed: Sequence[Placed],
        examined: Sequence[Examined],
        subjects: Subjects,
        authorship: Authorship,
    ) -> None:
        """Sort what is at hand.

        Args:
            placed: Every item of the bundle.
            examined: Its sections, and those of bundles beside.
            subjects: Of all statements, those beside too.
            authorship: Who signed what.
        """
        self._placed, self._subjects = placed, subjects
        self._carried = {one.item.statement.digest for one in placed}
        self.evidence: dict[bytes, Held[object]] = {}
        for one in held(examined, subjects, authorship):
            known = self.evidence.setdefault(one.digest, one)
            if (one.existed, one.jurisdiction) < (known.existed, known.jurisdiction):
                self.evidence[one.digest] = one
        self._measures: dict[bytes, PolicyMeasure] = {}
        self._endorsed: dict[bytes, list[tuple[Held[object], Endorsement]]] = {}
        for one in self.evidence.values():
            if isinstance(one.value, PolicyMeasure):
                self._measures[one.digest] = one.value
            elif isinstance(one.value, Endorsement) and one.value.role == JOINT_MEASURE:
                self._endorsed.setdefault(one.value.statement, []).append((one, one.value))
        self._ready: dict[bytes, Ready] = {}
        self._conditions: dict[bytes, Mapping[str, tuple[str, ...]]] = {}

    def record(self, digest: bytes) -> TransferRecord | None:
        """The record of a digest, if it is carried."""
        value = self._subjects.get(digest)
        return value if isinstance(value, TransferRecord) and self.carries(digest) else None

    def carries(self, digest: bytes) -> bool:
        """Whether a statement is an item of the bundle, or evidence of one beside."""
        return digest in self._carried or digest in self.evidence

    def ready(self, digest: bytes) -> Ready:
        """A measure that is evidence, made ready."""
        made = self._ready.get(digest)
        if made is None:
            made = self._ready[digest] = ready(digest, self._measures[digest])
        return made

    def against(self, digest: bytes, decision: Held[object], moment: int) -> str | None:
        """Why a measure does not count for a decision at a moment, in words; None where it does."""
        measure = self._measures.get(digest)
        if measure is None:
            return "it is not shown to be signed by an authority and logged"
        if measure.joint is None:
            return None
        endorsed = {
            one.issuer
            for one, said in self._endorsed.get(digest, ())
            if said.jurisdiction == one.jurisdiction
            and said.begins <= moment
            and one.existed <= decision.existed
        }
        count, needed = len(endorsed & measure.joint.authorities), measure.joint.threshold
        return None if count >= needed else f"{count} of {needed} authorities endorsed it by then"

    def counting(self, decision: Held[object], moment: int) -> Iterator[bytes]:
        """The measures that count for a decision at a moment."""
        return (digest for digest in self._measures if self.against(digest, decision, moment) is None)

    def instead(self, used: MeasureUsed, record: TransferRecord, named: set[bytes]) -> Placed | None:
        """A measure that is carried in the place of one that a decision names."""
        sides = (record.exporter.jurisdiction, record.importer.jurisdiction)
        for one in self._placed:
            digest = one.item.statement.digest
            measure = self._subjects[digest]
            if one.item.role != "measure" or not isinstance(measure, PolicyMeasure) or digest in named:
                continue
            is_alike = (measure.number, measure.version) == (used.number, used.version)
            if is_alike and measure.jurisdiction in sides:
                return one
        return None

    def conditions(self, digest: bytes) -> Mapping[str, tuple[str, ...]]:
        """Those of each rule of a measure."""
        found = self._conditions.get(digest)
        if found is None:
            found = {rule.id: rule.conditions for rule in self._measures[digest].rules}
            self._conditions[digest] = found
        return found
