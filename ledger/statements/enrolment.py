"""Enrolment: an authority's word for a party's keys and roles.

Format: docs/spec/enrolment.md.  Signed by a registrar of the trust list.  An enrolment cannot make a
registrar: that role comes from the trust list alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.suites import PublicKey, check_enrolment_key, parse_multikey
from ledger.core.times import parse_time
from ledger.errors import LedgerError, MalformedError
from ledger.statements.codes import ROLES
from ledger.statements.fields import COUNTRY, DID, KEY_ID, MULTIKEY, TIME, codes
from ledger.statements.identifiers import identifier_fault
from ledger.statements.party import IDENTIFIER, SCHEME, Party
from ledger.statements.reading import CLOCK_TOLERANCE, SUBJECT, ContextRule, Kind, read_subject
from ledger.statements.shape import Array, Object, Problem, rule

MOST_KEYS = 16
MOST_IDENTIFIERS = 16


class EnrolledKey(NamedTuple):
    """One key of a party and the dates it may sign in."""

    id: str
    """`#fragment`; the verification method is party + id."""
    key: PublicKey
    valid_from: int
    """POSIX seconds, included."""
    valid_until: int
    """POSIX seconds, excluded."""


class Enrolment(NamedTuple):
    """Who a party is, what it may sign, and with which keys."""

    party: str
    jurisdiction: str
    identifiers: tuple[tuple[str, str], ...]
    """(scheme, id)."""
    roles: frozenset[str]
    keys: tuple[EnrolledKey, ...]

    def key(self, key_id: str) -> EnrolledKey | None:
        """The key with this `#fragment`, or None."""
        return next((key for key in self.keys if key.id == key_id), None)

    def identifies(self, party: Party) -> bool:
        """Whether `party`, as a statement names it, is this one: DID, jurisdiction and identifier."""
        if (party.did, party.jurisdiction) != (self.party, self.jurisdiction):
            return False
        return party.scheme == "DID" or (party.scheme, party.id) in self.identifiers


@rule("from", "until")
def _dates_in_order(key: dict[str, Any], at: str, found: list[Problem]) -> None:
    if key["from"] >= key["until"]:  # times of one form order as text does
        found.append(Problem(f"{at}/until", "time-order", 'not later than "from"'))


@rule("publicKeyMultibase")
def _key_parses(key: dict[str, Any], at: str, found: list[Problem]) -> None:
    try:
        parse_multikey(key["publicKeyMultibase"])
    except MalformedError as refused:
        found.append(Problem(f"{at}/publicKeyMultibase", refused.code, str(refused)))


@rule("jurisdiction", "identifiers")
def _identifiers_hold(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    for index, identifier in enumerate(subject["identifiers"]):
        if identifier["scheme"] == "DID":
            detail = "a DID is no identifier of a register; the party's own is in party"
            found.append(Problem(f"{at}/identifiers/{index}/scheme", "not-in-list", detail))
            continue
        fault = identifier_fault(identifier["scheme"], identifier["id"], subject["jurisdiction"])
        if fault is not None:
            found.append(Problem(f"{at}/identifiers/{index}/id", *fault))


@rule("keys")
def _keys_differ(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    first: dict[str, int] = {}
    for index, key in enumerate(subject["keys"]):
        earlier = first.setdefault(key["publicKeyMultibase"], index)
        if earlier != index:
            detail = f"the same key as item {earlier}; revoking one would leave the other"
            found.append(Problem(f"{at}/keys/{index}/publicKeyMultibase", "duplicate", detail))


IDENTIFIERS = Array(Object({"scheme": SCHEME, "id": IDENTIFIER}), 0, MOST_IDENTIFIERS, unique=True)
ENROLLED_ROLES = codes("roles", ROLES)
ENROLLED_KEYS = Array(
    Object(
        {"id": KEY_ID, "publicKeyMultibase": MULTIKEY, "from": TIME, "until": TIME},
        rules=(_dates_in_order, _key_parses),
    ),
    1,
    MOST_KEYS,
    unique="id",
)
SHAPE = Object(
    {
        "party": DID,
        "jurisdiction": COUNTRY,
        "identifiers": IDENTIFIERS,
        "roles": ENROLLED_ROLES,
        "keys": ENROLLED_KEYS,
    },
    rules=(_identifiers_hold, _keys_differ),
    note="An authority's word for a party's keys and roles.",
)


def _not_back_dated(subject: dict[str, Any], _issuer: str, created: int) -> Iterable[Problem]:
    for index, key in enumerate(subject["keys"]):
        if parse_time(key["from"]) < created - CLOCK_TOLERANCE:
            detail = f"earlier than {CLOCK_TOLERANCE} s before the enrolment was signed"
            yield Problem(f"{SUBJECT}/keys/{index}/from", "back-dated", detail)


KIND = Kind("Enrolment", ("registrar",), SHAPE, (ContextRule(frozenset({"keys"}), _not_back_dated),))


def read(statement: Statement, *, screened: bool = True) -> Enrolment:
    """The enrolment that a statement makes; says nothing about whether its signer may make it.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    return enrolment_of(read_subject(KIND, statement, screened=screened))


def enrolment_of(subject: dict[str, Any]) -> Enrolment:
    """The value of a subject found in order."""
    return Enrolment(
        party=subject["party"],
        jurisdiction=subject["jurisdiction"],
        identifiers=tuple((entry["scheme"], entry["id"]) for entry in subject["identifiers"]),
        roles=frozenset(subject["roles"]),
        keys=tuple(
            EnrolledKey(
                key["id"],
                parse_multikey(key["publicKeyMultibase"]),
                parse_time(key["from"]),
                parse_time(key["until"]),
            )
            for key in subject["keys"]
        ),
    )


def key_problems(enrolment: Enrolment) -> list[Problem]:
    """Every key that a registrar must refuse to enrol: see `check_enrolment_key`.

    Asked at registration, not of every reader: the group check costs milliseconds a key.
    """
    found = []
    for index, enrolled in enumerate(enrolment.keys):
        try:
            check_enrolment_key(enrolled.key)
        except LedgerError as refused:
            where = f"{SUBJECT}/keys/{index}/publicKeyMultibase"
            found.append(Problem(where, refused.code, str(refused)))
    return found
