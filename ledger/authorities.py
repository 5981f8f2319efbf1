"""The authorities that a node's settings name: whom its jurisdiction lets recognise, and accredit.

    [[authorities]]
    id = "did:web:authority.example.xa"
    roles = ["authority"]

    [[authorities.keys]]
    id = "#2026"
    public-key = "z6Mk…"
    from = "2026-11-22T04:00:00Z"
    until = "2028-11-21T04:00:00Z"
    revoked-at = "2027-01-01T00:00:00Z"
    revoked-reason = "keyCompromise"

The registrar is not among them: the settings name it by itself, and no other authority has its role.  A key that was
revoked stays, so that everybody who reads the node's claim learns of it.

Source: docs/operations.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.times import format_time, parse_time
from ledger.errors import SetupError
from ledger.statements.codes import REVOCATION_REASONS
from ledger.statements.enrolment import MOST_KEYS
from ledger.statements.fields import DID, KEY_ID, MULTIKEY, TIME, Code, codes
from ledger.statements.shape import Array, Object, Problem, problems, rule

ROLES: Final = ("authority", "accreditor")
"""What the settings may let somebody be."""
MOST: Final = 64
"""Most authorities of a node."""


@dataclass(frozen=True, slots=True)
class AuthorityKey:
    """A key of an authority, for statements signed from `begins` until before `ends`; POSIX seconds.

    Attributes:
        multikey: The public key, as a Multikey.
        revoked_at: From when nothing counts that is not proven to be older; None where it is not revoked.
        revoked_reason: A code of the list of revocation reasons, with `revoked_at`.
    """

    id: str
    multikey: str
    begins: int
    ends: int
    revoked_at: int | None = None
    revoked_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody whose word counts in the node's jurisdiction, for `roles` of `ROLES`."""

    id: str
    roles: tuple[str, ...]
    keys: tuple[AuthorityKey, ...]


@rule("from", "until")
def _dates_in_order(key: dict[str, Any], at: str, found: list[Problem]) -> None:
    if key["from"] >= key["until"]:  # times of one form order as text does
        found.append(Problem(f"{at}/until", "time-order", 'not later than "from"'))


@rule("revoked-at", "revoked-reason")
def _revoked_with_reason(key: dict[str, Any], at: str, found: list[Problem]) -> None:
    if ("revoked-at" in key) != ("revoked-reason" in key):
        found.append(Problem(at, "member-missing", '"revoked-at" and "revoked-reason" go together'))


_KEY: Final = Object(
    {"id": KEY_ID, "public-key": MULTIKEY, "from": TIME, "until": TIME},
    {"revoked-at": TIME, "revoked-reason": Code("revocation reasons", REVOCATION_REASONS)},
    rules=(_dates_in_order, _revoked_with_reason),
)
_SHAPE: Final = Array(
    Object(
        {
            "id": DID,
            "roles": codes("roles of an authority", frozenset(ROLES)),
            "keys": Array(_KEY, 1, MOST_KEYS, unique="id"),
        }
    ),
    0,
    MOST,
    unique="id",
)


def read_authorities(value: object) -> tuple[Authority, ...]:
    """The authorities of a settings file, its member `authorities`.

    Raises:
        SetupError: `settings-invalid`, naming the member.
    """
    for problem in problems(_SHAPE, value, "authorities"):
        raise SetupError(
            f"setting {problem.pointer.replace('/', '.')}: {problem.detail}", code="settings-invalid"
        )
    assert isinstance(value, list)
    return tuple(
        Authority(one["id"], tuple(sorted(one["roles"])), tuple(_key(key) for key in one["keys"]))
        for one in value
    )


def _key(value: dict[str, Any]) -> AuthorityKey:
    return AuthorityKey(
        value["id"],
        value["public-key"],
        parse_time(value["from"]),
        parse_time(value["until"]),
        parse_time(value["revoked-at"]) if "revoked-at" in value else None,
        value.get("revoked-reason"),
    )


def authority_lines(authorities: Sequence[Authority]) -> Iterator[str]:
    """The lines of a settings file that `read_authorities` reads; the texts in them need no escapes."""
    for one in authorities:
        roles = ", ".join(f'"{role}"' for role in one.roles)
        yield from ("", "[[authorities]]", f'id = "{one.id}"', f"roles = [{roles}]")
        for key in one.keys:
            yield from ("", "[[authorities.keys]]", f'id = "{key.id}"', f'public-key = "{key.multikey}"')
            yield from (f'from = "{format_time(key.begins)}"', f'until = "{format_time(key.ends)}"')
            if key.revoked_at is not None:
                yield f'revoked-at = "{format_time(key.revoked_at)}"'
                yield f'revoked-reason = "{key.revoked_reason}"'
