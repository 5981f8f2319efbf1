"""Authenticated statements, found by what they concern.

The rule of recognition asks "what says something about this?" many times; `Evidence` sorts its statements once,
by digest, so that no answer depends on the order in which they arrived.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from ledger.core.trust.values import TrustList
from ledger.statements.accreditation import Accreditation
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.endorsement import Endorsement
from ledger.statements.identity import IdentityRecognition
from ledger.statements.recognition_grant import Recognition
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList

Value_co = TypeVar("Value_co", covariant=True)
_Kept = TypeVar("_Kept")
Dated = ConformityCertificate | Accreditation | Recognition | IdentityRecognition
"""What has a first and a last day, and a status."""
Author = tuple[str, str]
"""(issuer, jurisdiction): a DID speaks for itself where it was enrolled or listed, and nowhere else."""

Said = tuple[list[tuple[int, "Held[StatusChange]"]], list[tuple[int, "Held[StatusList]"]]]
"""What was said of a status: changes and lists, each with when it began."""

PROMPT: Final = 86_400
"""Seconds within which a proven time bears out the claimed one."""


class Held(NamedTuple, Generic[Value_co]):
    """A statement signed under the key rule by an author who acts for `jurisdiction`.

    Attributes:
        digest: 32 bytes.
        created: As claimed, POSIX seconds.
        value: The subject, as the type's module reads it.
        jurisdiction: Of the author's enrolment or listing, and of the log the statement stands in.
        proven: Its proven time, if it has one.
        operator: The operator's own block time, if there is one.
        entry: Origin of the log in which it stands, and its index there.
    """

    digest: bytes
    type: str
    issuer: str
    created: int
    value: Value_co
    jurisdiction: str
    proven: int | None = None
    operator: int | None = None
    entry: tuple[str, int] | None = None

    @property
    def author(self) -> Author:
        """Who said it, acting for whom."""
        return (self.issuer, self.jurisdiction)

    @property
    def existed(self) -> int:
        """From when on it counts: the claimed time, unless what is known of its time is much later."""
        return existed(self.created, self.operator if self.proven is None else self.proven)

    def is_known_to(self, later: "Held[object]") -> bool:
        """Whether it existed by the time of another, or stands before it in the same log."""
        if self.existed <= later.existed:
            return True
        if self.entry is None or later.entry is None:
            return False
        return self.entry[0] == later.entry[0] and self.entry[1] < later.entry[1]

    def begin(self, moment: int) -> int:
        """When what it says to hold from `moment` on began: not before it existed."""
        return max(moment, self.existed)


def existed(created: int, known: int | None) -> int:
    """From when on a statement counts that claims to be of `created`, and is known to have existed by `known`."""
    return created if known is None or known <= created + PROMPT else known


def begun(held: Held[Dated]) -> int:
    """When a dated statement began to hold."""
    return held.begin(held.value.valid_from)


def holds_at(held: Held[Dated], moment: int) -> bool:
    """Whether a dated statement holds by its dates alone."""
    return begun(held) <= moment < held.value.valid_until


class Evidence:
    """All that is known, and whom the verifier believes.

    Attributes:
        held: By digest, those that existed by `known`, and the one asked about.
        trust: The verifier's trust list.
        known: The time of knowledge, POSIX seconds.
    """

    __slots__ = (
        "_about",
        "_accredited",
        "_indexes",
        "_kept",
        "_lists",
        "_said",
        "_successors",
        "held",
        "known",
        "trust",
    )

    def __init__(
        self, held: Iterable[Held[object]], *, known: int, trust: TrustList, subject: bytes | None = None
    ) -> None:
        """Sort statements by what they concern.

        Args:
            held: In any order; of two with one digest the earlier counts.
            known: Those that existed later are left out.
            trust: Whom the verifier believes.
            subject: Digest of the statement that is asked about, which stays however late it existed.

        Cost: n log n in the number of statements.
        """
        self.trust, self.known = trust, known
        self.held: dict[bytes, Held[object]] = {}
        self._about: dict[tuple[type, object], list[Held[Any]]] = {}
        self._accredited: dict[Author, list[Held[Accreditation]]] = {}
        self._lists: dict[str, list[Held[StatusList]]] = {}
        self._indexes: dict[tuple[Author, str, int], list[Held[Dated]]] = {}
        self._successors: dict[bytes, list[Held[Any]]] = {}
        self._said: dict[bytes, Said] = {}
        self._kept: dict[Hashable, Any] = {}
        for one in sorted(held, key=lambda one: (one.digest, one.existed, one.jurisdiction)):
            if one.digest not in self.held and (one.existed <= known or one.digest == subject):
                self.held[one.digest] = one
                self._sort(one)

    def _sort(self, held: Held[Any]) -> None:
        value = held.value
        target: object = None
        if isinstance(value, StatusList):
            self._lists.setdefault(value.id, []).append(held)
        elif isinstance(value, StatusChange | Endorsement):
            target = value.statement
        elif isinstance(value, Recognition):
            target = value.certificate
        elif isinstance(value, IdentityRecognition):
            target = value.party.did
        elif isinstance(value, Accreditation):
            body = (value.body.did, value.body.jurisdiction)
            self._accredited.setdefault(body, []).append(held)
        if target is not None:
            self._about.setdefault((type(value), target), []).append(held)
        if isinstance(value, Dated) and value.status is not None:
            place = (held.author, value.status.list_id, value.status.index)
            self._indexes.setdefault(place, []).append(held)
        if getattr(value, "supersedes", None) is not None:
            self._successors.setdefault(value.supersedes, []).append(held)

    def __iter__(self) -> Iterator[Held[object]]:
        return iter(self.held.values())

    def once(self, of: Hashable, find: Callable[[], _Kept]) -> _Kept:
        """What `find` gives, found the first time that it is asked for: many moments ask the same.

        Args:
            of: What names the question among all; the first of it says who asks.
        """
        if of not in self._kept:
            self._kept[of] = find()
        found: _Kept = self._kept[of]
        return found

    def certificate(self, digest: bytes) -> Held[ConformityCertificate] | None:
        """The certificate of this digest, None where it is not held or is something else."""
        held = self.held.get(digest)
        if held is None or not isinstance(held.value, ConformityCertificate):
            return None
        return cast("Held[ConformityCertificate]", held)

    def arrangement(self, digest: bytes) -> Held[RecognitionArrangement] | None:
        """The text of this digest, None where it is not held or is something else."""
        held = self.held.get(digest)
        if held is None or not isinstance(held.value, RecognitionArrangement):
            return None
        return cast("Held[RecognitionArrangement]", held)

    def said_of(self, target: Held[Dated]) -> Said:
        """What the author of `target` said about its status, each with when that began.

        Returns:
            Its status changes, by digest; and the status lists that have its place, by when they began.
        """
        said = self._said.get(target.digest)
        if said is None:
            said = self._said[target.digest] = self._collect(target)
        return said

    def _collect(self, target: Held[Dated]) -> Said:
        author, reference = target.author, target.value.status
        changes = [
            (held.begin(held.value.effective), held)
            for held in self._about.get((StatusChange, target.digest), ())
            if held.author == author
        ]
        if reference is None:
            return changes, []
        lists = [
            (held.begin(held.value.valid_from), held)
            for held in self._lists.get(reference.list_id, ())
            if held.author == author and reference.index < held.value.length
        ]
        lists.sort(key=lambda one: (one[0], one[1].digest))
        return changes, lists

    def lists(self, id: str) -> list[Held[StatusList]]:  # noqa: A002
        """Status lists of this id, of whatever author, by digest."""
        return self._lists.get(id, [])

    def endorsements(self, text: bytes) -> list[Held[Endorsement]]:
        """Endorsements of a text, of whatever author, by digest."""
        return self._about.get((Endorsement, text), [])

    def recognitions(self, certificate: bytes) -> list[Held[Recognition]]:
        """Recognitions of a certificate, of whatever author, by digest."""
        return self._about.get((Recognition, certificate), [])

    def identities(self, party: str) -> list[Held[IdentityRecognition]]:
        """Recognitions of a party's identity, by its DID, of whatever author, by digest."""
        return self._about.get((IdentityRecognition, party), [])

    def accreditations(self, body: Author) -> list[Held[Accreditation]]:
        """Accreditations of a body, by digest."""
        return self._accredited.get(body, [])

    def accreditation_of(self, body: Author, digest: bytes) -> Held[Accreditation] | None:
        """The accreditation of a body that has this digest."""
        held = self.held.get(digest)
        if held is None or not isinstance(held.value, Accreditation):
            return None
        of = (held.value.body.did, held.value.body.jurisdiction)
        return cast("Held[Accreditation]", held) if of == body else None

    def successors(self, held: Held[Value_co]) -> list[Held[Value_co]]:
        """Statements of the same type and author that supersede this one, by digest."""
        return [
            one
            for one in self._successors.get(held.digest, ())
            if type(one.value) is type(held.value) and one.author == held.author
        ]

    def superseded(self, held: Held[Dated], moment: int) -> bool:
        """Whether a later statement has taken the place of this one by `moment`."""
        first = self.once(
            ("superseded", held.digest), lambda: min(map(begun, self.successors(held)), default=None)
        )
        return first is not None and first <= moment

    def sharing_index(self, held: Held[Dated], moment: int) -> Held[Dated] | None:
        """The first other of the same author, there by `moment`, that points to the same place of the same list."""
        reference = held.value.status
        if reference is None:
            return None
        place = (held.author, reference.list_id, reference.index)
        first = self.once(
            ("place", place),
            lambda: sorted(self._indexes.get(place, ()), key=lambda one: (one.existed, one.digest))[:2],
        )
        return next((one for one in first if one.digest != held.digest and one.existed <= moment), None)

    def is_authority(self, issuer: str, jurisdiction: str) -> bool:
        """Whether the trust list names `issuer` an authority of this jurisdiction."""
        return self.is_listed(issuer, jurisdiction, "authority")

    def is_listed(self, issuer: str, jurisdiction: str, role: str) -> bool:
        """Whether the trust list gives `issuer` this role in this jurisdiction."""
        listed = self.trust.authorities.get(issuer)
        return listed is not None and listed.jurisdiction == jurisdiction and role in listed.roles

    def speaks_for(self, held: Held[object], jurisdiction: str) -> bool:
        """Whether a statement is by an authority of `jurisdiction`, acting there."""
        return held.jurisdiction == jurisdiction and self.is_authority(held.issuer, jurisdiction)
