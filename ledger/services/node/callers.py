"""Who may have signed a request: the keys of parties, authorities, partners' nodes and the operator, with their roles.

    did:web:exporter.example.xa#2026            enrolled in the log, or an authority of the trust list in force
    did:web:registry.example.xa#2026-publisher  the operator of this node
    did:web:registry.example.xb#z6Mk…           a partner's node: the key it cosigns with, as its entry names it

Source: docs/spec/request-signatures.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.core.note import ED25519_COSIGNATURE
from ledger.core.suites import EDDSA, PublicKey, encode_multikey
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.errors import RefusedError
from ledger.services.admission.parties import Parties
from ledger.services.keys.keyfile import HolderKey
from ledger.services.node.assembly import Node
from ledger.services.trust.known_logs import stamps
from ledger.services.trust.partners import Partner, PartnerBook
from ledger.verify.keyrule import authority_grants, revoked_from

OPERATOR: Final = "operator"
PARTNER: Final = "partner"
WITNESS: Final = "witness"


class CallerError(RefusedError):
    """It is not shown who asks: the request is not signed, or its signature does not count."""

    default_code = "caller-unsigned"


class Caller(NamedTuple):
    """Who asks.

    Attributes:
        did: Of the holder of the key.
        roles: Those under which the key counts now.
        jurisdiction: For which they are given.
    """

    did: str
    roles: frozenset[str]
    jurisdiction: str


class KeyRecord(NamedTuple):
    """A key that a verification method may name.

    Attributes:
        fault: Why it does not count now; told only to whoever holds it.
    """

    key: PublicKey
    caller: Caller
    fault: CallerError | None = None


@dataclass(slots=True)
class Callers:
    """Looks up whose a verification method is.  Safe for threads.

    Attributes:
        parties: Those enrolled in the log.
        believed: The trust list in force.
        partners: Whose nodes may ask.
        operator: The operator's key; its public half alone is used.
        jurisdiction: Of this node.
    """

    parties: Parties
    believed: Callable[[], TrustList]
    partners: PartnerBook
    operator: HolderKey
    jurisdiction: str
    _held: tuple[object, tuple[Partner, ...]] | None = None

    def of(self, method: str, *, created: int, now: int) -> list[KeyRecord]:
        """The keys that `method` may name; several where one was enrolled again, none where it is unknown.

        Args:
            method: `did:…#…`.
            created: When the request says it was signed, POSIX seconds.
            now: POSIX seconds.
        """
        did, _, fragment = method.partition("#")
        return [
            *self._granted(did, f"#{fragment}", created, now),
            *self._operators(did, f"#{fragment}"),
            *self._nodes(did, fragment),
        ]

    def _granted(self, did: str, key_id: str, created: int, now: int) -> Iterator[KeyRecord]:
        party = self.parties.of(did, now)
        for grant in {*party.grants, *authority_grants(self.believed(), did)}:
            if grant.key_id != key_id:
                continue
            revoked = revoked_from(grant, party.revocations)
            fault: CallerError | None = None
            if not (grant.begins <= created < grant.ends and now < grant.ends):
                fault = CallerError(
                    f"{did}{key_id} is a key for {format_time(grant.begins)} to {format_time(grant.ends)}",
                    code="caller-key-ended",
                )
            if revoked is not None and revoked <= now:
                fault = CallerError(
                    f"{did}{key_id} is revoked from {format_time(revoked)}", code="caller-key-revoked"
                )
            yield KeyRecord(grant.key, Caller(did, grant.roles, grant.jurisdiction), fault)

    def _operators(self, did: str, key_id: str) -> Iterator[KeyRecord]:
        if (did, key_id) == (self.operator.holder, self.operator.id):
            yield KeyRecord(
                self.operator.private.public, Caller(did, frozenset({OPERATOR}), self.jurisdiction)
            )

    def _nodes(self, did: str, fragment: str) -> Iterator[KeyRecord]:
        if not fragment.startswith("z"):
            return
        for partner in self._partners():
            for witness in partner.entry.listed.witnesses:
                if witness.organisation != did or witness.vkey.type != ED25519_COSIGNATURE:
                    continue
                key = PublicKey(EDDSA, witness.vkey.key)
                if encode_multikey(key) == fragment:
                    yield KeyRecord(key, Caller(did, frozenset({PARTNER, WITNESS}), partner.name))

    def _partners(self) -> tuple[Partner, ...]:
        state = stamps(self.partners.folder)
        if self._held is None or self._held[0] != state:
            self._held = (state, tuple(self.partners.list()))
        return self._held[1]


def callers_of(node: Node) -> Callers:
    """Those who may ask a node."""
    home = node.home
    return Callers(
        node.parties, node.believed, node.partners, home.keys.publisher, home.settings.jurisdiction
    )
