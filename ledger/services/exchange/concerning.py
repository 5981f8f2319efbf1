"""What of this log concerns another jurisdiction: what its node pulls from this one.

Of jurisdiction J are concerned, in the order of the log:

| type | when |
|---|---|
| JurisdictionEntry, Accreditation, KeyRevocation, PolicyMeasure, MeasureReview | always: they are few |
| TransferRecord | its exporter or importer is of J |
| ConformityCertificate | J is among its destinations, or its holder is of J |
| RecognitionArrangement | J is a party |
| IdentityRecognition | the party recognised is of J |
| StatusList | an earlier attestation of the same issuer concerns J |
| Enrolment | the party has an earlier attestation here that concerns J |
| any | it refers to a statement that concerns J, or to one in a log of J |

Status lists are told whole, so that nobody learns who asks about whom.  An acknowledgement, a recognition, an
endorsement or a change of status that refers to a statement which this node does not hold may be about anybody's, and
is told to everybody.  That something is told says nothing about whether it is true: whoever pulls it verifies it.

Source: docs/spec/exchange.md.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.statement import Statement, parse_statement
from ledger.statements.edges import edges
from ledger.store.partners import Mirror
from ledger.store.statements import Statements, StoredStatement

LOOKED_AT: Final = 500
"""Statements of the log that one page looks at, at most."""
REMEMBERED: Final = 16_384
_DEPTH: Final = 64
_ALWAYS: Final = frozenset(
    {"JurisdictionEntry", "Accreditation", "KeyRevocation", "PolicyMeasure", "MeasureReview"}
)
_ABOUT_ANYBODY: Final = frozenset(
    {"TransferAcknowledgement", "Recognition", "Endorsement", "StatusChange", "Observation"}
)
_ATTESTATIONS: Final = ("ConformityCertificate", "Accreditation", "Recognition", "IdentityRecognition")
_REST_ON: Final = frozenset(
    {"accreditation", "arrangement", "underArrangement", "parent", "measure", "decision"}
)
"""Relations to what many statements rest on; that it concerns J does not make each of those concern J."""


@dataclass(frozen=True, slots=True)
class Told:
    """A statement that concerns the jurisdiction asked for."""

    index: int
    digest: bytes
    type: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log, looked through.

    Attributes:
        after: Index of the last statement looked at, to go on after; as it was asked where there is none.
        more: Whether the log goes on.
    """

    items: tuple[Told, ...]
    after: int
    more: bool


class Concerns:
    """Looks through one log.  Safe for threads; remembers what it found, since nothing logged ever changes.

    Args:
        statements: Of the log.
        mirror: What partners gave, to tell whose a statement is that stands in another log.
    """

    def __init__(self, statements: Statements, mirror: Mirror) -> None:
        self._statements = statements
        self._mirror = mirror
        self._known: OrderedDict[tuple[str, bytes], bool] = OrderedDict()
        self._issuers: OrderedDict[tuple[str, str], tuple[int | None, int]] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, jurisdiction: str, *, after: int, size: int, limit: int = LOOKED_AT) -> Page:
        """What concerns `jurisdiction` among the next statements.

        Args:
            after: Index of the last statement looked at; -1 begins.
            size: Entries of the log that are looked at: those that a checkpoint covers.
            limit: Statements looked at, at most.
        """
        items: list[Told] = []
        last = after
        for stored in self._statements.every(after + 1):
            if stored.index >= size or stored.index > after + limit:
                break
            last = stored.index
            if self._concerned(stored, jurisdiction, _DEPTH):
                items.append(Told(stored.index, stored.digest, stored.type))
        return Page(tuple(items), last, last + 1 < size)

    def concerned(self, stored: StoredStatement, jurisdiction: str) -> bool:
        """Whether a registered statement concerns `jurisdiction`."""
        return self._concerned(stored, jurisdiction, _DEPTH)

    def _concerned(self, stored: StoredStatement, jurisdiction: str, depth: int) -> bool:
        if stored.type in _ALWAYS:
            return True
        key = (jurisdiction, stored.digest)
        with self._lock:
            found = self._known.get(key)
        if found is None:
            statement = parse_statement(stored.body)
            found = self._judged(statement, stored.index, jurisdiction, depth)
            if depth == _DEPTH or found:  # further down, a no may only say that the way was too long
                with self._lock:
                    self._known[key] = found
                    if len(self._known) > REMEMBERED:
                        self._known.popitem(last=False)
        return found

    def _judged(self, statement: Statement, index: int, jurisdiction: str, depth: int) -> bool:
        if _names(statement.type, statement.subject, jurisdiction):
            return True
        if statement.type == "StatusList":
            return self._attests(statement.issuer, index, jurisdiction)
        if statement.type == "Enrolment":
            return self._attests(str(statement.subject["party"]), index, jurisdiction)
        for relation, target in edges(statement):
            if relation in _REST_ON or depth == 0:
                continue
            held = self._statements.by_digest(target)
            if held is not None:
                if self._concerned(held, jurisdiction, depth - 1):
                    return True
                continue
            whose = self._mirror.jurisdiction_of(target)
            if whose == jurisdiction or (whose is None and statement.type in _ABOUT_ANYBODY):
                return True
        return False

    def _attests(self, issuer: str, before: int, jurisdiction: str) -> bool:
        """Whether an attestation of `issuer` at an index below `before` concerns the jurisdiction."""
        key = (jurisdiction, issuer)
        with self._lock:
            found, looked = self._issuers.get(key, (None, 0))
        if found is None and looked < before:
            found = self._first_attestation(issuer, looked, before, jurisdiction)
            with self._lock:
                self._issuers[key] = (found, before)
                if len(self._issuers) > REMEMBERED:
                    self._issuers.popitem(last=False)
        return found is not None and found < before

    def _first_attestation(self, issuer: str, first: int, before: int, jurisdiction: str) -> int | None:
        firsts = []
        for kind in _ATTESTATIONS:
            begin = first
            while page := self._statements.attestations(kind, issuer=issuer, first=begin):
                concerned = (
                    stored.index
                    for stored in page
                    if stored.index < before and self._concerned(stored, jurisdiction, _DEPTH)
                )
                index = next(concerned, None)
                if index is not None:
                    firsts.append(index)
                begin = page[-1].index + 1
                if index is not None or begin >= before:
                    break
        return min(firsts, default=None)


def _names(kind: str, subject: Mapping[str, Any], jurisdiction: str) -> bool:
    """Whether a statement itself names the jurisdiction as one that it is for."""
    if kind == "TransferRecord":
        return jurisdiction in (subject["exporter"]["jurisdiction"], subject["importer"]["jurisdiction"])
    if kind == "ConformityCertificate":
        return (
            jurisdiction in subject["scope"]["destinations"]
            or subject["holder"]["jurisdiction"] == jurisdiction
        )
    if kind == "RecognitionArrangement":
        return any(party["jurisdiction"] == jurisdiction for party in subject["parties"])
    if kind == "IdentityRecognition":
        return bool(subject["party"]["jurisdiction"] == jurisdiction)
    return False
