"""What an issuer says of the status of its statements: editions of its status list, and changes.

Runs where the issuer's key is; the node only registers.  A change and the edition of the list that shows it go to
the node in one request, the change first: whoever sees the bit can find the reason.

Source: docs/spec/status-list.md, docs/spec/status-change.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.statement import Statement, parse_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import MalformedError, RefusedError
from ledger.remote.node import NodeClient, Refused, RemoteRefusedError
from ledger.services.drafts import sign_draft
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.keyfile import HolderKey
from ledger.statements import bitstring
from ledger.statements.status_list import SMALLEST, StatusList, lists
from ledger.statements.status_list import read as read_list

LIFE: Final = 7 * 86_400
"""Seconds for which an edition speaks, unless its issuer says otherwise."""
INDEX_BYTES: Final = 8
REFERRED: Final = "statusReference"

_BITS: Final[Mapping[str, tuple[str, bool]]] = {
    "suspend": ("suspension", True),
    "reinstate": ("suspension", False),
    "withdraw": ("revocation", True),
    "reduceScope": ("refresh", True),
}
"""Which bit a change sets or clears."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues, through which node, when.

    Attributes:
        clock: POSIX seconds.
        random: Gives that many random bytes.
    """

    key: HolderKey
    node: NodeClient
    clock: Callable[[], float]
    random: Callable[[int], bytes]

    def sign(self, kind: str, subject: Mapping[str, Any], *, now: int) -> Statement:
        """A statement of the issuer, checked as a node would check it."""
        identifier = statement_id(now, self.random(RANDOM_SIZE))
        draft = unsigned(
            kind=kind, identifier=identifier, issuer=self.key.holder, subject=subject, valid_from=now
        )
        return sign_draft(draft, self.key, now=now)

    def register(self, statements: Iterable[Statement]) -> None:
        """Register in one request, in order.

        Raises:
            RemoteRefusedError: The first that the node did not take.
        """
        for outcome in self.node.register_all([one.encoded for one in statements]):
            if isinstance(outcome, Refused):
                raise outcome.error


def list_name(issuer: str) -> str:
    """The id of an issuer's first status list."""
    return f"{issuer}#status-1"


def draw(random: Callable[[int], bytes], length: int = SMALLEST) -> int:
    """An index for a new statement, drawn so that neighbours in a list tell nothing about one another."""
    return int.from_bytes(random(INDEX_BYTES)) % length


def current(node: NodeClient, issuer: str, name: str) -> tuple[Statement, StatusList] | None:
    """The newest edition of a list that the node has; None where it has none.

    Raises:
        RemoteError: The node did not answer, or with something else than a list of that issuer and id.
    """
    data = node.status_list(issuer, name)
    if data is None:
        return None
    statement = parse_statement(data)
    read = read_list(statement, screened=False)
    if statement.issuer != issuer or read.id != name:
        raise RefusedError(
            f"the node answered with the list {read.id} of {statement.issuer}, asked for {name} of {issuer}",
            code="status-list-of-another",
        )
    return statement, read


def edition(
    issuer: Issuer,
    name: str,
    before: tuple[Statement, StatusList] | None,
    *,
    now: int,
    life: int = LIFE,
    bits: Mapping[str, tuple[int, bool]] | None = None,
) -> Statement:
    """The next edition of a list: the last one, with some bits changed, valid from now on.

    Args:
        issuer: Who signs.
        name: Id of the list.
        before: The last edition; None makes the first, with no bit set.
        now: POSIX seconds.
        life: Seconds for which it speaks.
        bits: By purpose, an index and whether its bit is to be set.
    """
    if before is None:
        empty = bytes(SMALLEST // 8)
        held = {"revocation": empty, "suspension": empty, "refresh": empty}
        length = SMALLEST
    else:
        last = before[1]
        held = {"revocation": last.revocation, "suspension": last.suspension, "refresh": last.refresh}
        length = last.length
    for purpose, (index, is_set) in (bits or {}).items():
        if index >= length:
            raise MalformedError(f"index {index} is not in a list of {length}", code="list-index")
        held[purpose] = bitstring.put(held[purpose], index, is_set=is_set)
    subject: dict[str, Any] = {
        "id": name,
        "validFrom": format_time(now),
        "validUntil": format_time(now + life),
        **lists(length=length, **held),
    }
    if before is not None:
        subject["supersedes"] = before[0].digest.hex()
    return issuer.sign("StatusList", subject, now=now)


def renew(issuer: Issuer, name: str, *, life: int = LIFE, always: bool = False) -> Statement | None:
    """Make sure that the node has an edition with at least half of its life left.

    Returns:
        The new edition; None where the last one still speaks long enough.
    """
    now = int(issuer.clock())
    last = current(issuer.node, issuer.key.holder, name)
    if last is not None and not always and now + life // 2 <= last[1].valid_until:
        return None
    made = edition(issuer, name, last, now=now, life=life)
    issuer.register([made])
    return made


def issue(
    issuer: Issuer, draft: Mapping[str, Any], *, name: str | None = None, life: int = LIFE
) -> Statement:
    """Sign and register a draft under an index of the issuer's status list that nobody uses yet.

    Args:
        issuer: Who signs.
        draft: An unsigned statement; a `statusReference` that it gives itself is kept.
        name: Id of the list; the issuer's first where None.
        life: Seconds for which the list's edition speaks, where one has to be made.

    Raises:
        RemoteRefusedError: The node did not take it.
    """
    listed = name if name is not None else list_name(issuer.key.holder)
    subject = dict(draft["credentialSubject"])
    given = REFERRED in subject
    if given:
        listed = subject[REFERRED]["statusListCredential"]
    renew(issuer, listed, life=life)
    for attempt in range(_DRAWS):
        if not given:
            index = draw(issuer.random)
            subject[REFERRED] = {"statusListCredential": listed, "statusListIndex": index}
        now = int(issuer.clock())
        signed = sign_draft({**draft, "credentialSubject": subject}, issuer.key, now=now)
        try:
            issuer.register([signed])
        except RemoteRefusedError as error:
            if error.problem != "status-index-reused" or given or attempt == _DRAWS - 1:
                raise
            continue
        return signed
    raise AssertionError("the last attempt returns or raises")


_DRAWS = 8


def change(
    issuer: Issuer,
    target: Statement,
    kind: str,
    *,
    reason: str,
    until: int | None = None,
    scope: Mapping[str, Any] | None = None,
    life: int = LIFE,
) -> tuple[Statement, Statement | None]:
    """Suspend, reinstate, withdraw or reduce what the issuer issued, and publish the list that shows it.

    Args:
        issuer: Who signs; the issuer of `target`.
        target: What changes.
        kind: suspend, reinstate, withdraw or reduceScope.
        reason: Code of `status-reasons`.
        until: The longest a suspension may last, POSIX seconds.
        scope: What is left after a reduction.
        life: Seconds for which the new edition speaks.

    Returns:
        The change, and the list's new edition; None where the target names no list.

    Raises:
        RefusedError: `status-of-another`: the target was issued by somebody else.
        RemoteRefusedError: The node did not take it.
    """
    if target.issuer != issuer.key.holder:
        raise RefusedError(
            f"{target.digest.hex()} was issued by {target.issuer}; the key is of {issuer.key.holder}",
            code="status-of-another",
        )
    now = int(issuer.clock())
    subject: dict[str, Any] = {
        "statement": target.digest.hex(),
        "change": kind,
        "reason": reason,
        "effective": format_time(now),
    }
    if until is not None:
        subject["until"] = format_time(until)
    if scope is not None:
        subject["scope"] = dict(scope)
    said = issuer.sign("StatusChange", subject, now=now)
    reference: Any = target.subject.get(REFERRED)
    if reference is None:
        issuer.register([said])
        return said, None
    name, index = reference["statusListCredential"], reference["statusListIndex"]
    purpose, is_set = _BITS[kind]
    last = current(issuer.node, issuer.key.holder, name)
    made = edition(issuer, name, last, now=now, life=life, bits={purpose: (index, is_set)})
    issuer.register([said, made])
    return said, made
