"""JurisdictionEntry: what a jurisdiction says of itself, for others to take into their trust lists.

Format: docs/spec/jurisdiction-entry.md.  Nothing in it is believed because it is signed: whoever lists a
jurisdiction compares the entry's digest with what they know by another way.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.members import Members
from ledger.core.statement import Statement
from ledger.core.trust.listed import LISTED, read_listed
from ledger.errors import MalformedError
from ledger.statements.fields import ADDRESS, COUNTRY, DIGEST, URI
from ledger.statements.personal import finding
from ledger.statements.reading import SUBJECT, ContextRule, Kind, read_subject
from ledger.statements.shape import Anything, Array, Object, Problem, rule


class JurisdictionEntry(NamedTuple):
    """One jurisdiction; the members of `subject` have the forms of a trust list."""

    jurisdiction: str
    subject: dict[str, Any]


@rule("jurisdiction", "authorities", "logs", "witnesses", "chains")
def _as_in_a_trust_list(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    listed = {name: subject[name] for name in LISTED}
    try:
        read = read_listed(Members(listed, what="statement", pointer=at, required=LISTED))
    except MalformedError as fault:
        found.append(Problem(fault.pointer or at, fault.code, str(fault)))
        return
    own = subject["jurisdiction"]
    of_whom = {
        "authorities": [authority.jurisdiction for authority in read.authorities.values()],
        "logs": [log.jurisdiction for log in read.logs.values()],
    }
    for name, named in of_whom.items():
        for index, jurisdiction in enumerate(named):
            if jurisdiction != own:
                detail = f"of {jurisdiction}; a jurisdiction speaks of itself, {own}"
                found.append(Problem(f"{at}/{name}/{index}/jurisdiction", "jurisdiction-mismatch", detail))
    for index, authority in enumerate(read.authorities.values()):
        for place, key in enumerate(authority.keys.values()):
            if key.revoked_reason is not None and (personal := finding(key.revoked_reason)) is not None:
                detail = f"looks like {personal}; public fields hold no personal data"
                where = f"{at}/authorities/{index}/keys/{place}/revoked/reason"
                found.append(Problem(where, "personal-data", detail))


_ENTRIES = Array(Anything(), 0, 256)
SHAPE = Object(
    {
        "jurisdiction": COUNTRY,
        "authorities": _ENTRIES,
        "logs": _ENTRIES,
        "witnesses": _ENTRIES,
        "chains": _ENTRIES,
    },
    {"attester": ADDRESS, "node": URI, "supersedes": DIGEST},
    rules=(_as_in_a_trust_list,),
    note="What a jurisdiction says of itself, in the forms of a trust list.",
)


def _issued_by_its_registrar(subject: dict[str, Any], issuer: str, _created: int) -> Iterable[Problem]:
    for authority in subject["authorities"]:
        if authority["id"] == issuer and "registrar" in authority["roles"]:
            return
    yield Problem(
        f"{SUBJECT}/authorities", "issuer-mismatch", "the issuer is none of them with the role registrar"
    )


KIND = Kind(
    "JurisdictionEntry",
    ("registrar",),
    SHAPE,
    (ContextRule(frozenset({"jurisdiction", *LISTED}), _issued_by_its_registrar),),
)


def read(statement: Statement, *, screened: bool = True) -> JurisdictionEntry:
    """The entry that a statement holds.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return JurisdictionEntry(subject["jurisdiction"], subject)
