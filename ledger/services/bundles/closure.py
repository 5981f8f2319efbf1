"""What an evidence bundle carries: a statement and all in this log that its standing rests on, each digest once.

| of | is carried |
|---|---|
| every statement | the first enrolment under which its signature counts, and every revocation of its key |
| TransferRecord | earlier records, the importer's acknowledgement, the certificate it names |
| ConformityCertificate | what supersedes it, its accreditation or all of its body's, recognitions, status |
| Accreditation | the accreditor's own, up to the first; status |
| Recognition | certificate, arrangement, the recognition it goes on from, status |
| IdentityRecognition | what supersedes it, arrangement, status |
| RecognitionArrangement | every endorsement of it |
| TransferRecord | the measure and the decision that it names, the newest decisions about it |
| Decision | the measures that it was made by, and those in force that it leaves out; alone, its record |
| PolicyMeasure | every endorsement of it |

Beyond `LIMIT` is left out what comes last: strangers' decisions, and what these rest on.

The status of a statement is every change by its issuer, and editions of the list it names: the newest, and the one
that covers the moment asked about; where none is asked about, those by which it can be seen to have been valid.  What
is not in this log is not carried; whoever holds the other log's part joins it.

Source: docs/spec/bundle.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import parse_time
from ledger.errors import NotFoundError
from ledger.services.bundles.decided import Decisions, decisions_about, record_of
from ledger.services.bundles.joining import MOST_OF_A_LOG
from ledger.services.bundles.left_out import LeftOut, Times
from ledger.services.bundles.signers import add_signer
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.catalogue import read
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.edges import edges
from ledger.statements.transfer import TransferRecord
from ledger.store.rows import HOLDERS, row_of
from ledger.store.statements import Statements, StoredStatement
from ledger.verify.bundle import ENTRY_LIMIT, ITEM_LIMIT, TYPE_OF_ROLE
from ledger.verify.parties import CUSTODY

PARENT_LIMIT: Final = ITEM_LIMIT // 2
"""Statements after which no earlier record is added; the report then names the gap."""
LIMIT: Final = MOST_OF_A_LOG
"""Statements of one log."""
LIST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of status lists, after which no further edition is added but the newest of each list."""
LIST_ENTRIES: Final = ENTRY_LIMIT // 4
"""Likewise their entries."""
EDITIONS: Final = 4
"""Editions of one list that show when something was valid first."""
ARRANGEMENTS: Final = 8
"""Arrangements that are carried though no recognition in this log names one."""
READ: Final = 512
"""Arrangements and endorsements looked at for that."""

ROLE_OF_TYPE: Final[Mapping[str, str]] = {
    kind: role for role, kind in TYPE_OF_ROLE.items() if kind is not None
}
_NAMED: Final = frozenset({"certificate", "measure", "decision"})
"""Relations of a transfer record to what it says that it may cross by."""
_RESTS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "ConformityCertificate": ("accreditation",),
    "Accreditation": ("parent",),
    "Recognition": ("certificate", "arrangement", "onward"),
    "IdentityRecognition": ("arrangement",),
    "Decision": ("measure",),
}
"""Relations that lead to what a statement of a type rests on."""
_ENDORSED: Final = ("RecognitionArrangement", "PolicyMeasure")
_LEADS_TO: Final[Mapping[str, frozenset[str]]] = {
    "TransferRecord": frozenset({"ConformityCertificate", "PolicyMeasure", "Decision"}),
    "ConformityCertificate": frozenset({"Accreditation"}),
    "Accreditation": frozenset({"Accreditation"}),
    "Recognition": frozenset({"ConformityCertificate", "RecognitionArrangement", "Recognition"}),
    "IdentityRecognition": frozenset({"RecognitionArrangement"}),
    "Decision": frozenset({"PolicyMeasure"}),
}
"""The types of what they lead to: whoever names a statement of another does not get it carried so."""

Tells = Callable[[Statement, StoredStatement], bool]
"""Whether a statement's word is enough for another to be carried, which it names by digest."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A statement of a bundle: its role, and its index in the log."""

    role: str
    statement: Statement
    index: int


def closure(
    digest: bytes,
    statements: Statements,
    jurisdiction: str,
    *,
    at: int | None = None,
    also: Iterable[bytes] = (),
    size: int | None = None,
    tells: Tells | None = None,
    times: Times = lambda _: (),
) -> list[Carried]:
    """The statement and all that it rests on, as the table says; the statement itself comes first.

    Args:
        digest: Of the statement.
        statements: Of this log.
        jurisdiction: Of this log.
        at: The moment that is asked about, POSIX seconds; of a transfer, when it was signed unless told otherwise.
        also: Further statements, with what they rest on: as the arrangement that another log's recognition names.
            Those that are not in this log are passed over.
        size: Of the log as far as it can be proven already.  What others said later is left for later; a transfer's
            own history and acknowledgement are not.
        tells: Asked of what a transfer record names, of decisions about it, and of the record of a decision: digests
            are no secret, and whoever may not see a statement may name it.  None carries all.
        times: Of an entry, by when it is shown to have existed: a record that was dated back counts from then.

    Raises:
        NotFoundError: The statement is not in this log.
    """
    gathered = _Gathered(statements, tells)
    subject = gathered.add(digest, "subject")
    if subject is None:
        raise NotFoundError(f"no statement {digest.hex()} is registered here")
    told = read(subject, screened=False)
    if isinstance(told, TransferRecord):
        _transfer(subject, told, jurisdiction, gathered)
        at = subject.created if at is None else at
    for stored in record_of(subject, statements):
        if gathered.is_named(stored, subject):
            gathered.carry(stored)
    gathered.size = size
    if isinstance(told, TransferRecord):
        _crosses_by(subject, gathered)
    else:
        gathered.expand(subject)
    gathered.finish()
    _decided(subject, gathered, times, also)
    _own_arrangements(jurisdiction, gathered)
    gathered.finish()
    gathered.add_lists(_moments(subject, gathered) if at is None else [at], exact=at is not None)
    return list(gathered.found.values())


class _Gathered:
    """Statements as they are found, at most `LIMIT`, and of the first `size` of the log only where it is set."""

    def __init__(self, statements: Statements, tells: Tells | None) -> None:
        self.statements = statements
        self.tells = tells
        self.size: int | None = None
        self.found: dict[bytes, Carried] = {}
        self._expanded: set[bytes] = set()
        self._waiting: list[Statement] = []

    def add(self, digest: bytes, role: str | None = None) -> Statement | None:
        """Carry a statement, under the role of its type unless another is told, and its signer; None if not here."""
        held = self.found.get(digest)
        if held is not None:
            return held.statement
        stored = self.statements.by_digest(digest)
        return None if stored is None else self.carry(stored, role)

    def carry(self, stored: StoredStatement, role: str | None = None) -> Statement | None:
        """As `add`; None too where there is no room, no role for its type, or it stands past `size`."""
        held = self.found.get(stored.digest)
        if held is not None:
            return held.statement
        fitting = ROLE_OF_TYPE.get(stored.type) if role is None else role
        if self.size is not None and stored.index >= self.size:
            return None
        if fitting is None or len(self.found) >= LIMIT:
            return None
        statement = parse_statement(stored.body)
        self.found[stored.digest] = Carried(fitting, statement, stored.index)
        add_signer(statement, self.statements, self.carry)
        return statement

    def is_named(self, stored: StoredStatement | None, by: Statement) -> bool:
        """Whether a statement may be carried because a transfer record names it."""
        return stored is not None and (self.tells is None or self.tells(by, stored))

    def follow(self, digest: bytes, by: Statement | None = None) -> None:
        """Carry a statement and, in time, what it rests on.  What answers it may be here though it is not.

        Args:
            by: The statement that names it, whose word for it counts for no more than it may.
        """
        stored = None if by is None else self.statements.by_digest(digest)
        if by is not None and stored is not None:
            if stored.type not in _LEADS_TO[by.type]:
                return
            if by.type == "TransferRecord" and not self.is_named(stored, by):
                return
        statement = self.add(digest)
        if statement is not None:
            self.expand(statement)
        elif digest not in self._expanded:
            self._expanded.add(digest)
            for relation, kind in (("certificate", "Recognition"), ("statement", "Endorsement")):
                self._answers(digest, relation, kind)

    def expand(self, statement: Statement) -> None:
        """Carry, in time, what a statement rests on; each statement once, whatever leads back to it."""
        if statement.digest not in self._expanded:
            self._expanded.add(statement.digest)
            self._waiting.append(statement)

    def finish(self) -> None:
        """Go on until everything that is waited for is carried."""
        while self._waiting:
            self._expand(self._waiting.pop())

    def _expand(self, statement: Statement) -> None:
        kind, named = statement.type, edges(statement)
        for stored in self._said_later(statement):
            self.carry(stored)
        if kind == "ConformityCertificate" and "accreditation" not in dict(named):
            for stored in self.statements.attestations("Accreditation", holder=statement.issuer):
                self.follow(stored.digest)
        for relation in _RESTS_ON.get(kind, ()):
            for target in (target for name, target in named if name == relation):
                self.follow(target, statement)
        if kind == "ConformityCertificate":
            self._answers(statement.digest, "certificate", "Recognition")
        elif kind in _ENDORSED:
            self._answers(statement.digest, "statement", "Endorsement")

    def _said_later(self, statement: Statement) -> Iterator[StoredStatement]:
        """What the issuer of an attestation said of it since: what supersedes it, and changes of its status."""
        digest, issuer = statement.digest, statement.issuer
        if statement.type in ("ConformityCertificate", "IdentityRecognition"):
            yield from self.statements.referring(digest, "supersedes", issuer=issuer)
        if statement.type in HOLDERS:
            yield from self.statements.referring(digest, "statement", kind="StatusChange", issuer=issuer)

    def _answers(self, digest: bytes, relation: str, kind: str) -> None:
        for stored in self.statements.referring(digest, relation, kind=kind, limit=LIMIT):
            statement = self.carry(stored)
            if statement is not None:
                self.expand(statement)

    def add_lists(self, moments: Iterable[int], *, exact: bool) -> None:
        """Carry editions of the lists that tell the status of what is carried; the newest of each first.

        Args:
            moments: Those to be covered, POSIX seconds, the weightiest first.
            exact: Carry nothing in the place of an edition that covers a moment.
        """
        rows = [row_of(one.statement) for one in self.found.values()]
        lists = dict.fromkeys((row.issuer, row.status.list_id) for row in rows if row.status is not None)
        for issuer, name in lists:
            newest = self.statements.status_list(issuer, name, size=self.size)
            if newest is not None:
                self.carry(newest)
        size = entries = 0
        for issuer, name in lists:
            for stored in self._editions(issuer, name, moments, exact=exact):
                size += len(stored.body)
                entries += int(str(parse_statement(stored.body).subject["length"]))
                if size <= LIST_BYTES and entries <= LIST_ENTRIES:
                    self.carry(stored)

    def _editions(
        self, issuer: str, name: str, moments: Iterable[int], *, exact: bool
    ) -> Iterator[StoredStatement]:
        seen: set[bytes] = set()
        for moment in moments:
            found = self.statements.status_list(issuer, name, at=moment, size=self.size)
            if found is None and not exact:
                found = self.statements.status_list_after(issuer, name, moment)
            if found is not None and found.digest not in seen:
                seen.add(found.digest)
                yield found
            if len(seen) == EDITIONS:
                return


def _moments(subject: Statement, gathered: _Gathered) -> list[int]:
    """When the subject may have been valid: before what ended it, and whenever something it rests on began."""
    carried = [one.statement for one in gathered.found.values()]
    ended = {
        parse_time(str(one.subject["effective"])) - 1
        for one in carried
        if one.type == "StatusChange" and one.subject["change"] in ("suspend", "withdraw")
    }
    first = _begin_of(subject)
    began = {_begin_of(one) for one in carried if one.type != "StatusChange"}
    return [
        *sorted(moment for moment in ended if moment >= first),
        *sorted(moment for moment in began if moment >= first),
    ]


def _begin_of(statement: Statement) -> int:
    """From when a statement may have an effect, by its own words: its dates, and when it was signed; POSIX seconds."""
    begins = statement.subject.get("validFrom", statement.subject.get("from"))
    return max(statement.created, parse_time(begins) if isinstance(begins, str) else 0)


def _transfer(statement: Statement, record: TransferRecord, jurisdiction: str, gathered: _Gathered) -> None:
    """Carry earlier records and the acknowledgement that counts."""
    waiting = [(statement, record)]
    while waiting:
        by, naming = waiting.pop()
        for earlier in _earlier(naming, gathered.statements):
            if earlier.digest in gathered.found or len(gathered.found) >= PARENT_LIMIT:
                continue
            parent = gathered.add(earlier.digest) if gathered.is_named(earlier, by) else None
            told = None if parent is None else read(parent, screened=False)
            waiting += [(parent, told)] if parent is not None and isinstance(told, TransferRecord) else []
    # One in a log of another country than the importer's counts for nothing, and would stand in the way of the other.
    if record.importer.jurisdiction == jurisdiction:
        given = gathered.statements.acknowledgements_of(statement.digest, issuer=record.importer.did, limit=1)
        if given:
            gathered.add(given[0].digest)


def _crosses_by(record: Statement, gathered: _Gathered) -> None:
    """Carry what a record says that it may cross by."""
    for relation, target in edges(record):
        if relation in _NAMED:
            gathered.follow(target, record)


def _decided(subject: Statement, gathered: _Gathered, times: Times, also: Iterable[bytes]) -> None:
    """Carry decisions about a record and what they leave out, and `also`; then those that weigh less."""
    record, about = gathered.found[subject.digest], Decisions([], [])
    if subject.type == "TransferRecord":
        about = decisions_about(subject, gathered.statements)
    elif subject.type == "Decision":
        record = gathered.found.get(bytes.fromhex(str(subject.subject["transfer"])), record)
    left_out = LeftOut(record.statement, times(record.index), gathered.statements)
    for decisions, besides in ((about.own, also), (about.others, ())):
        for stored in decisions:
            gathered.follow(stored.digest, subject)
        gathered.finish()
        for digest in left_out.by([held.statement for held in gathered.found.values()]):
            gathered.follow(digest)
            gathered.finish()  # a joint measure is no use without its endorsements
        for digest in besides:
            gathered.follow(digest)
        gathered.finish()


def _earlier(record: TransferRecord, statements: Statements) -> Iterator[StoredStatement]:
    """The records in this log that a record goes on from; those that it merely cites prove nothing about it."""
    named = {parent.digest for parent in record.parents if parent.rel in CUSTODY}
    if record.supersedes is not None:
        named.add(record.supersedes)
    for digest in sorted(named):
        stored = statements.by_digest(digest)
        if stored is not None and stored.type == TYPE_OF_ROLE["parent"]:
            yield stored


def _own_arrangements(jurisdiction: str, gathered: _Gathered) -> None:
    """Carry the arrangements by which others may recognise a certificate, where no statement in this log names one.

    The recognition stands in the other side's log and names the text; the text may stand in this one.
    """
    found = [one.statement for one in gathered.found.values()]
    certificates = [one for one in found if one.type == "ConformityCertificate"]
    if not certificates or any(one.type in ("RecognitionArrangement", "Recognition") for one in found):
        return
    certificate = read(certificates[0], screened=False)
    assert isinstance(certificate, ConformityCertificate)
    count = 0
    for stored in reversed(gathered.statements.of_type("RecognitionArrangement", limit=READ)):
        text = read(parse_statement(stored.body), screened=False)
        assert isinstance(text, RecognitionArrangement)
        is_side = text.accession or text.party(jurisdiction) is not None
        if is_side and certificate.family in text.families and count < ARRANGEMENTS:
            gathered.follow(stored.digest)
            count += 1
    for stored in reversed(gathered.statements.of_type("Endorsement", limit=READ)):
        (named,) = (target for name, target in edges(parse_statement(stored.body)) if name == "statement")
        if gathered.statements.index_of(named) is None and count < ARRANGEMENTS:
            gathered.add(stored.digest)
            count += 1
