"""What step 11 has at hand: the record, measures and endorsements that are evidence, and which measures count.

Source: docs/spec/verification.md, step 11 in full.
"""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from ledger.core.statement import Statement
from ledger.core.trust import TrustList
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
        placed: Every item of the bundle.
        subjects: Of all statements, those beside too.
        evidence: What stands in its log and is validly signed, by digest; of bundles beside too.
    """

    def __init__(
        self,
        placed: Sequence[Placed],
        examined: Sequence[Examined],
        subjects: Subjects,
        authorship: Authorship,
        trust: TrustList,
    ) -> None:
        """Sort what is at hand.

        Args:
            placed: Every item of the bundle.
            examined: Its sections, and those of bundles beside.
            subjects: Of all statements, those beside too.
            authorship: Who signed what.
            trust: Whom the verifier believes.
        """
        self.placed, self.subjects, self._trust = placed, subjects, trust
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

    def record(self, digest: bytes) -> TransferRecord | None:
        """The record of a digest, if it is carried."""
        value = self.subjects.get(digest)
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
            if said.jurisdiction == one.jurisdiction and said.begins <= moment and one.is_known_to(decision)
        }
        count, needed = len(endorsed & measure.joint.authorities), measure.joint.threshold
        return None if count >= needed else f"{count} of {needed} authorities endorsed it by then"

    def counting(self, decision: Held[object], moment: int) -> Iterator[bytes]:
        """The measures that count for a decision at a moment."""
        return (digest for digest in self._measures if self.against(digest, decision, moment) is None)

    def instead(self, used: MeasureUsed, record: TransferRecord, named: set[bytes]) -> Placed | None:
        """A measure that is carried in the place of one that a decision names."""
        sides = (record.exporter.jurisdiction, record.importer.jurisdiction)
        for one in self.placed:
            digest = one.item.statement.digest
            measure = self.subjects[digest]
            if one.item.role != "measure" or not isinstance(measure, PolicyMeasure) or digest in named:
                continue
            is_alike = (measure.number, measure.version) == (used.number, used.version)
            if is_alike and measure.jurisdiction in sides:
                return one
        return None

    def unendorsed(
        self, decision: Held[object], moment: int, record: TransferRecord, named: Container[bytes]
    ) -> Iterator[str]:
        """The joint measures of either side that a decision does not name and that do not count for it, in words."""
        sides = (record.exporter.jurisdiction, record.importer.jurisdiction)
        for digest, measure in sorted(self._measures.items()):
            if measure.jurisdiction in sides and digest not in named:
                why = self.against(digest, decision, moment)
                if why is not None:
                    told = f"measure {measure.number} version {measure.version}, {digest.hex()}"
                    yield f"{told}, does not count: {why}"

    def may_say(self, decision: Statement, record: TransferRecord) -> bool:
        """Whether a decision about a record is by its exporter or importer, or by an authority of either side.

        Of one that is not evidence its word is taken for who signed it: it lets nothing pass.
        """
        issuer, held = decision.issuer, self.evidence.get(decision.digest)
        parties = (record.exporter, record.importer)
        listed = self._trust.authorities.get(issuer)
        acts = {party.jurisdiction for party in parties if party.did == issuer}
        if listed is not None and "authority" in listed.roles:
            acts |= {listed.jurisdiction} & {party.jurisdiction for party in parties}
        return bool(acts) if held is None else held.jurisdiction in acts
