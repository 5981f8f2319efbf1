"""What an issuer says of the status of its statements: editions of its status list, and changes.

Runs where the issuer's key is; the node only registers.  A change and the edition of the list that shows it go to
the node in one request, the change first: whoever sees the bit can find the reason.  What the list says already is
not said again, so that a run that broke off can be run again.

Source: docs/spec/status-list.md, docs/spec/status-change.md.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from ledger.core.statement import Statement, parse_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import MalformedError, RefusedError, RemoteError
from ledger.remote.node import NodeClient, Refused, RemoteRefusedError
from ledger.services.drafting.drafts import sign_draft
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.keys.keyfile import HolderKey
from ledger.statements import bitstring
from ledger.statements.status_list import SMALLEST, StatusList, lists
from ledger.statements.status_list import read as read_list

LIFE: Final = 7 * 86_400
"""Seconds for which an edition speaks, unless its issuer says otherwise."""
INDEX_BYTES: Final = 8
REFERRED: Final = "statusReference"
Change = Literal["suspend", "reinstate", "withdraw", "reduceScope"]
_DRAWS: Final = 8
_EDITIONS: Final = 4
_AHEAD: Final = 5
"""Seconds by which the last edition may begin later than this clock shows; that long is waited."""
_PAUSE: Final = 0.1

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
        wait: Waits some seconds.
    """

    key: HolderKey
    node: NodeClient
    clock: Callable[[], float]
    random: Callable[[int], bytes]
    wait: Callable[[float], None] = time.sleep

    def draft(self, kind: str, subject: Mapping[str, Any]) -> dict[str, Any]:
        """A draft of the issuer, with a fresh id."""
        now = int(self.clock())
        identifier = statement_id(now, self.random(RANDOM_SIZE))
        return unsigned(
            kind=kind, identifier=identifier, issuer=self.key.holder, subject=subject, valid_from=now
        )

    def sign(self, kind: str, subject: Mapping[str, Any], *, now: int) -> Statement:
        """A statement of the issuer, checked as a node would check it."""
        return sign_draft(self.draft(kind, subject), self.key, now=now)

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


def renew(
    issuer: Issuer, name: str, *, life: int = LIFE, always: bool = False
) -> tuple[Statement, StatusList, bool]:
    """Make sure that the node has an edition with at least half of its life left.

    Returns:
        The newest edition, and whether it is a new one.
    """
    last = current(issuer.node, issuer.key.holder, name)
    if last is not None and not always and int(issuer.clock()) + life // 2 <= last[1].valid_until:
        return *last, False
    made = edition(issuer, name, last, now=_after(issuer, last), life=life)
    issuer.register([made])
    return made, read_list(made), True


def issue(
    issuer: Issuer, draft: Mapping[str, Any], *, name: str | None = None, life: int = LIFE
) -> Statement:
    """Sign and register a draft under an index of the issuer's status list that nobody uses yet.

    Args:
        issuer: Who signs.
        draft: An unsigned statement; a `statusReference` that it gives itself is kept, questions of a template are
            answered.
        name: Id of the list; what the draft names, else the issuer's first, where None.
        life: Seconds for which the list's edition speaks, where one has to be made.

    Raises:
        StatementInvalidError: The draft is not in order.
        RemoteRefusedError: The node did not take it.
    """
    listed, given = _place(draft, name, list_name(issuer.key.holder))
    trial = SMALLEST - 1 if given is None else given
    sign_draft(
        _placed(draft, listed, trial), issuer.key, now=int(issuer.clock())
    )  # before a list is made for it
    length = renew(issuer, listed, life=life)[1].length
    for attempt in range(_DRAWS):
        index = draw(issuer.random, length) if given is None else given
        signed = sign_draft(_placed(draft, listed, index), issuer.key, now=int(issuer.clock()))
        try:
            issuer.register([signed])
        except RemoteRefusedError as error:
            if error.problem != "status-index-reused" or given is not None or attempt == _DRAWS - 1:
                raise
            continue
        return signed
    raise AssertionError("the last attempt returns or raises")


class Changed(NamedTuple):
    """What was registered; None for what the node had already, or what there is none of."""

    change: Statement | None
    edition: Statement | None


def change(
    issuer: Issuer,
    target: Statement,
    kind: Change,
    *,
    reason: str,
    until: int | None = None,
    scope: Mapping[str, Any] | None = None,
    life: int = LIFE,
) -> Changed:
    """Suspend, reinstate, withdraw or reduce what the issuer issued, and publish the list that shows it.

    Args:
        issuer: Who signs; the issuer of `target`.
        target: What changes.
        kind: suspend, reinstate, withdraw or reduceScope.
        reason: Code of `status-reasons`.
        until: The longest a suspension may last, POSIX seconds.
        scope: What is left after a reduction.
        life: Seconds for which the new edition speaks.

    Raises:
        RefusedError: `status-of-another`: the target was issued by somebody else; `withdrawn-already`: nothing
            follows a withdrawal; `status-list-ahead`.
        RemoteRefusedError: The node did not take it.
    """
    if target.issuer != issuer.key.holder:
        raise RefusedError(
            f"{target.digest.hex()} was issued by {target.issuer}; the key is of {issuer.key.holder}",
            code="status-of-another",
        )
    reference: Any = target.subject.get(REFERRED)
    if reference is None:
        said = _said(issuer, target, kind, reason, until, scope, now=int(issuer.clock()))
        issuer.register([said])
        return Changed(said, None)
    name, index = reference["statusListCredential"], reference["statusListIndex"]
    last = current(issuer.node, issuer.key.holder, name)
    if last is not None and _says_already(last[1], index, kind, target):
        return Changed(None, None)
    now = _after(issuer, last)
    said = _said(issuer, target, kind, reason, until, scope, now=now)
    bits = {_BITS[kind][0]: (index, _BITS[kind][1])}
    made = edition(issuer, name, last, now=now, life=life, bits=bits)
    issuer.register([said, made])
    return Changed(said, _settled(issuer, name, made, bits, life))


def _said(
    issuer: Issuer,
    target: Statement,
    kind: Change,
    reason: str,
    until: int | None,
    scope: Mapping[str, Any] | None,
    *,
    now: int,
) -> Statement:
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
    return issuer.sign("StatusChange", subject, now=now)


def _says_already(listed: StatusList, index: int, kind: Change, target: Statement) -> bool:
    """Whether an edition shows what a change would make it show; a reduction may always be followed by another."""
    if index >= listed.length:
        raise MalformedError(f"index {index} is not in a list of {listed.length}", code="list-index")
    withdrawn = bitstring.bit(listed.revocation, index)
    if withdrawn and kind != "withdraw":
        raise RefusedError(
            f"{target.type} {target.digest.hex()} was withdrawn, and a withdrawal is for good",
            code="withdrawn-already",
        )
    suspended = bitstring.bit(listed.suspension, index)
    return {"withdraw": withdrawn, "suspend": suspended, "reinstate": not suspended, "reduceScope": False}[
        kind
    ]


def _settled(
    issuer: Issuer, name: str, made: Statement, bits: Mapping[str, tuple[int, bool]], life: int
) -> Statement:
    """The edition that is the newest and has the bits; another's, made at the same moment without them, is followed."""
    for _ in range(_EDITIONS):
        newest = current(issuer.node, issuer.key.holder, name)
        if newest is None:
            raise RemoteError(
                f"the node has no edition of {name} after one was registered", code="remote-answer-invalid"
            )
        statement, read = newest
        held = {"revocation": read.revocation, "suspension": read.suspension, "refresh": read.refresh}
        if all(bitstring.bit(held[what], index) == is_set for what, (index, is_set) in bits.items()):
            return statement
        made = edition(issuer, name, newest, now=_after(issuer, newest), life=life, bits=bits)
        issuer.register([made])
    return made


def _after(issuer: Issuer, last: tuple[Statement, StatusList] | None) -> int:
    """A moment after the last edition began: of two that begin in one second none follows the other."""
    while True:
        now = int(issuer.clock())
        if last is None or now > last[1].valid_from:
            return now
        if last[1].valid_from > now + _AHEAD:
            raise RefusedError(
                f"the last edition of {last[1].id} begins at {format_time(last[1].valid_from)};"
                f" this clock shows {format_time(now)}",
                code="status-list-ahead",
            )
        issuer.wait(_PAUSE)


def _place(draft: Mapping[str, Any], name: str | None, first: str) -> tuple[str, int | None]:
    """The list and the index for a draft; None where an index is to be drawn."""
    told = draft.get("credentialSubject")
    reference = told.get(REFERRED) if isinstance(told, dict) else None
    listed = reference.get("statusListCredential") if isinstance(reference, dict) else None
    index = reference.get("statusListIndex") if isinstance(reference, dict) else None
    if not isinstance(listed, str) or listed.startswith("<"):  # a question of the template
        return first if name is None else name, None
    if name not in (None, listed):
        raise RefusedError(
            f"the draft names the status list {listed}, not {name}", code="status-list-of-another"
        )
    return listed, index if isinstance(index, int) else None


def _placed(draft: Mapping[str, Any], name: str, index: int) -> dict[str, Any]:
    subject = {
        **draft["credentialSubject"],
        REFERRED: {"statusListCredential": name, "statusListIndex": index},
    }
    return {**draft, "credentialSubject": subject}
