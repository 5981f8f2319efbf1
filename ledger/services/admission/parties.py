"""Who may sign, as this node knows it: the trust list's authorities and the parties enrolled in its log."""

import threading
from collections import OrderedDict, deque
from itertools import islice

from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.services.admission.admit import Party
from ledger.statements import enrolment as enrolments
from ledger.statements import revocation as key_revocations
from ledger.statements.enrolment import Enrolment
from ledger.store.checkpoints import Checkpoints
from ledger.store.statements import Statements, StoredStatement
from ledger.verify.keyrule import (
    Grant,
    Revocation,
    Times,
    authority_grants,
    enrolment_author,
    enrolment_grants,
    revocation_author,
)

KEPT = 4_096
"""Parties whose keys are kept parsed; the least recently used is read again when it signs again."""

REMEMBERED = 4_096
"""Changes that are remembered one by one; whoever has missed more looks everything up again."""


class Parties:
    """Looks parties up in the log and keeps them.  Safe for threads.

    Args:
        jurisdiction: Of the log.  Only enrolments by its own authorities count in it.
    """

    def __init__(
        self,
        statements: Statements,
        checkpoints: Checkpoints,
        trust: TrustList,
        jurisdiction: str,
        kept: int = KEPT,
    ) -> None:
        self.statements = statements
        self.checkpoints = checkpoints
        self.jurisdiction = jurisdiction
        self._trust = trust
        self._size = kept
        self._kept: OrderedDict[str, Party] = OrderedDict()
        self._changes = 0
        self._recent: deque[str] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    @property
    def trust(self) -> TrustList:
        """The trust list in force."""
        return self._trust

    def believe(self, trust: TrustList) -> None:
        """Go over to another trust list."""
        with self._lock:
            self._trust = trust
            self._kept.clear()
            self._recent.clear()
            self._changes += 1

    def forget(self, did: str) -> None:
        """Read a party again: something about it was registered."""
        with self._lock:
            self._kept.pop(did, None)
            self._recent.append(did)
            self._changes += 1

    @property
    def state(self) -> int:
        """How often something changed; see `changed_since`."""
        return self._changes

    def changed_since(self, state: int) -> tuple[int, frozenset[str] | None]:
        """The state now, and the DIDs of which something else may be known than at `state`; None: anybody.

        Args:
            state: As it was then; -1 is before everything.
        """
        with self._lock:
            count = self._changes - state
            if count > len(self._recent):
                return self._changes, None
            return self._changes, frozenset(islice(reversed(self._recent), count))

    def of(self, did: str, now: int) -> Party:
        """What is known of `did`; an unknown one has no grants."""
        with self._lock:
            found = self._kept.get(did)
            if found is not None:
                self._kept.move_to_end(did)
                return found
            trust, changes = self._trust, self._changes
        party = self._read(did, trust, now)
        with self._lock:
            # What was read while something changed may be the state before; it is used once and not kept.
            if changes == self._changes and party.grants:
                self._kept[did] = party
                if len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        return party

    def _read(self, did: str, trust: TrustList, now: int) -> Party:
        about = [(stored, parse_statement(stored.body)) for stored in self.statements.about_party(did)]
        grants: list[Grant] = []
        for stored, statement in about:
            if statement.type == "Enrolment":
                enrolment = self._counting_enrolment(stored, statement, trust, now)
                if enrolment is not None:
                    grants += enrolment_grants(statement.issuer, enrolment)
        revocations = self._revocations(did, about, grants, trust, now)
        return Party((*grants, *authority_grants(trust, did)), tuple(revocations))

    def _counting_enrolment(
        self, stored: StoredStatement, statement: Statement, trust: TrustList, now: int
    ) -> Enrolment | None:
        enrolment = enrolments.read(statement)
        try:
            enrolment_author(
                statement,
                enrolment,
                trust=trust,
                log_jurisdiction=self.jurisdiction,
                times=self._times(stored),
                now=now,
            )
        except LedgerError:
            return None  # counted when it was registered; the trust list no longer carries it
        return enrolment

    def _revocations(
        self,
        did: str,
        about: list[tuple[StoredStatement, Statement]],
        grants: list[Grant],
        trust: TrustList,
        now: int,
    ) -> list[Revocation]:
        """Those by registrars first: they may silence a party's; a party's never silence one another."""
        found: dict[bool, list[Revocation]] = {False: [], True: []}
        for own in (False, True):
            for stored, statement in about:
                if statement.type != "KeyRevocation" or (statement.issuer == did) != own:
                    continue
                try:
                    effect = revocation_author(
                        statement,
                        key_revocations.read(statement),
                        trust=trust,
                        grants=grants,
                        revocations=found[False],
                        times=self._times(stored),
                        now=now,
                    )
                except LedgerError:
                    continue
                found[own].append(effect)
        return found[False] + found[True]

    def _times(self, stored: StoredStatement) -> Times:
        """What this node itself knows of an entry's age: when it first signed a checkpoint over it."""
        checkpoint = self.checkpoints.earliest_covering(stored.index)
        return Times(operator=None if checkpoint is None else checkpoint.signed_at)
