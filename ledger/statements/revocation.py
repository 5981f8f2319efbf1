"""KeyRevocation: from when a party's key counts no more.

Format: docs/spec/enrolment.md.  Signed by the registrar that enrolled the key, or by the party with another
valid key; it may only narrow.
"""

from typing import NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import REVOCATION_REASONS
from ledger.statements.fields import DID, KEY_ID, TIME, Code
from ledger.statements.reading import SUBJECT, Kind, read_subject
from ledger.statements.shape import Object, Problem, StatementInvalidError


class KeyRevocation(NamedTuple):
    """The key `party` + `key` is revoked from `at`, POSIX seconds."""

    party: str
    key: str
    at: int
    reason: str


SHAPE = Object(
    {"party": DID, "key": KEY_ID, "at": TIME, "reason": Code("reasons", REVOCATION_REASONS)},
    note="From when a party's key counts no more.",
)
KIND = Kind("KeyRevocation", ("registrar",), SHAPE)


def read(statement: Statement, *, screened: bool = True) -> KeyRevocation:
    """The revocation that a statement makes; says nothing about whether its signer may make it.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    if statement.verification_method == subject["party"] + subject["key"]:
        detail = "signed with the very key it revokes; the party signs with another of its keys"
        raise StatementInvalidError(KIND.name, [Problem(f"{SUBJECT}/key", "signed-by-revoked-key", detail)])
    return KeyRevocation(subject["party"], subject["key"], parse_time(subject["at"]), subject["reason"])
