"""The entry of a node's jurisdiction: its signed word about itself, for partners to list.

Made from the node's claim, signed by its registrar, logged in its own log, and made anew when the claim says something
else.  Partners compare its digest by another way before they take it up.

Source: docs/spec/jurisdiction-entry.md.
"""

from collections.abc import Callable
from typing import Any, Final

from ledger.core.canonical import TRUST_LIMIT, Json, decode
from ledger.core.statement import Statement, parse_statement, sign_statement, unsigned
from ledger.errors import ConflictError, NotFoundError, StoreError
from ledger.services.home.folder import Home
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.registration.submitting import Submitting
from ledger.statements import jurisdiction
from ledger.store.rows import row_of
from ledger.store.statements import PAGE, Statements

TYPE: Final = jurisdiction.KIND.name
_TAKEN: Final = ("authorities", "logs", "chains")
_LOG_SECONDS: Final = 60.0


def entry_of(
    home: Home, claim: bytes, *, now: int, random: Callable[[int], bytes], previous: Statement | None = None
) -> Statement:
    """The entry that says what the node's claim says; `previous` itself where that says the same.

    Of witnesses it names the node's own, for the organisation that operates its log: a node that could name others
    could make up the quorum that is to watch it.

    Args:
        claim: The node's own trust list.
        now: POSIX seconds.
        random: `os.urandom`, or as good.
        previous: The entry signed last, which the new one supersedes.
    """
    document: Any = decode(claim, limit=TRUST_LIMIT, what="claim")
    subject: dict[str, Json] = {
        "attester": home.keys.attester.public,
        "jurisdiction": home.settings.jurisdiction,
        **{name: document[name] for name in _TAKEN},
        "witnesses": [one for one in document["witnesses"] if one["organisation"] == home.settings.operator],
    }
    if home.settings.address is not None:
        subject["node"] = home.settings.address
    if previous is not None:
        if {name: value for name, value in previous.subject.items() if name != "supersedes"} == subject:
            return previous
        subject["supersedes"] = previous.digest.hex()
    registrar = home.keys.registrar
    unsigned_entry = unsigned(
        kind=TYPE,
        identifier=statement_id(now, random(RANDOM_SIZE)),
        issuer=registrar.holder,
        subject=subject,
        valid_from=now,
    )
    made = sign_statement(unsigned_entry, registrar.private, registrar.verification_method, now)
    jurisdiction.read(made)
    return made


def logged_entry(statements: Statements, registrar: str) -> Statement | None:
    """The last entry that `registrar` logged here; None before the first."""
    first, last = 0, None
    while True:
        page = statements.of_type(TYPE, first=first)
        for stored in page:
            if stored.issuer == registrar:
                last = stored
        if len(page) < PAGE:
            return None if last is None else parse_statement(last.body)
        first = page[-1].index + 1


def require_entry(statements: Statements, registrar: str) -> Statement:
    """The last entry that `registrar` logged here.

    Raises:
        NotFoundError: `entry-missing`: the node was never served, or has no anchor contract yet.
    """
    found = logged_entry(statements, registrar)
    if found is None:
        raise NotFoundError(
            "this node has logged no entry of its jurisdiction yet; it does when it is served and has its contract",
            code="entry-missing",
        )
    return found


def log_entry(
    home: Home,
    claim: bytes,
    *,
    statements: Statements,
    sequencer: Submitting,
    now: int,
    random: Callable[[int], bytes],
) -> Statement:
    """Log a new entry where the claim says something else than the one logged last; the entry that stands.

    It goes to the log directly: whom the registrar's key belongs to is what the claim itself says.

    Raises:
        StoreError: It could not be stored; nothing else is affected, and the next call tries again.
    """
    last = logged_entry(statements, home.settings.registrar)
    made = entry_of(home, claim, now=now, random=random, previous=last)
    if made is last:
        return made
    try:
        (outcome,) = sequencer.submit([row_of(made)]).result(_LOG_SECONDS)
    except TimeoutError:
        raise StoreError(
            f"the log did not answer within {_LOG_SECONDS:.0f} s; the entry of the jurisdiction may be in it or not",
            code="log-slow",
        ) from None
    if isinstance(outcome, ConflictError):
        raise outcome
    return made
