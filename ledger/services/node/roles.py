"""What one process of a node does, where several serve one log on a database of a server.

    api        takes statements in and answers for the log; hands over what it verified
    sequencer  moves the log, or stands by to
    anchorer   anchors the log when it is its turn, has it cosigned, carries and watches; asks partners
    all        all of it; of several, one moves the log, and one anchors

What a node signs as a witness and as an attester rests on files of its home, so that only `all` does either: two
homes would sign two histories.

Source: docs/operations.md.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from ledger.errors import RefusedError, SetupError
from ledger.services.admission.parties import Parties
from ledger.services.home.folder import Home, NodeKeys
from ledger.services.keys.external import require_signs
from ledger.services.keys.keyfile import HeldKey
from ledger.services.log.sequencer import Sequencer
from ledger.services.recovery.restart import Restart
from ledger.services.registration.submitting import Submitting
from ledger.store.checkpoints import Checkpoints
from ledger.store.log import FEW, Log

if TYPE_CHECKING:
    from ledger.services.node.election import Open

Role = Literal["api", "sequencer", "anchorer", "all"]
ROLES: Final[tuple[str, ...]] = get_args(Role)
MOVING: Final = ("sequencer", "all")
"""The roles that move the log when it is their turn."""
ANCHORING: Final = ("anchorer", "all")
"""The roles that have chains, and work on threads of their own."""
_OWN_FILES: Final = ("/witness/", "/v1/attestations", "/chain")
_OPEN: Final = ("/health", "/health/live", "/health/ready", "/metrics")


def role_of(name: str, database: str | None) -> Role:
    """The role that is called `name`.

    Raises:
        SetupError: `role-unknown`; `role-needs-server`: with a log in a file one process does all.
    """
    if name not in ROLES:
        raise SetupError(f"there is no role {name}; there are {', '.join(ROLES)}", code="role-unknown")
    if name != "all" and database is None:
        raise SetupError(
            f"role {name} needs a database on a server, named by DATABASE_URL; with ledger.sqlite one process does all",
            code="role-needs-server",
        )
    return cast("Role", name)


def require_signers(keys: NodeKeys, role: Role) -> None:
    """Have each program that holds a key which a process of this role signs with sign once, before it serves.

    Raises:
        SetupError: As of `ledger.services.keys.external.External.sign`.
    """
    if role in MOVING and isinstance(keys.head, HeldKey):
        require_signs(keys.head.signer)
    if role in ANCHORING:
        require_signs(keys.registrar.private)
        require_signs(keys.publisher.private)


def check_served(role: Role, path: str) -> None:
    """Refuse what a process of this role does not serve.

    Raises:
        RefusedError: `role-not-served`.
    """
    if role == "all" or path in _OPEN:
        return
    if role == "api" and not path.startswith(_OWN_FILES):
        return
    what = "this address" if role == "api" else "no API but /health"
    verb = "does not serve" if role == "api" else "serves"
    raise RefusedError(
        f"a process of role {role} {verb} {what}; ask one of another role", code="role-not-served"
    )


def submitting_of(
    home: Home,
    role: Role,
    log: Log,
    checkpoints: Checkpoints,
    parties: Parties,
    opened: Callable[..., tuple[Restart, Sequencer]],
) -> tuple[Restart | None, Submitting]:
    """What takes statements to a node's log, and what it asks before the first signature where that is done once.

    Args:
        opened: See `ledger.services.recovery.restart.sequencer_of`.
    """
    server = home.settings.database
    if server is None:
        return opened()
    return None, joined(server, role, log, checkpoints, parties, lambda publish: opened(publish=publish))


def joined(
    url: str, role: Role, log: Log, checkpoints: Checkpoints, parties: Parties, open_: "Open"
) -> Submitting:
    """What takes statements to a log that several processes serve; closes whatever it opened.

    Args:
        url: Address of the database.
        log: Follows what other processes append from here on, and so do `parties`.
        open_: Opens what asks who watched the log, and what signs it; for roles that move it.

    Raises:
        SetupError, StoreError: The database, or the log where it is this process's turn to move it.
    """
    from ledger.services.log.pending import Pending
    from ledger.services.node.election import Elected  # loads the driver, which a log in a file does without
    from ledger.store.pending import PendingStore

    def followed(first: int, size: int) -> None:
        if size - first > FEW:
            parties.believe(parties.trust)
            return
        for did in parties.statements.parties_between(first, size):
            parties.forget(did)

    log.follows, log.followed = True, followed
    store = PendingStore(url)
    try:
        pending = Pending(store, log, checkpoints, owner=secrets.token_hex(16))
    except BaseException:
        store.close()
        raise
    if role not in MOVING:
        return pending
    try:
        return Elected(log, store, pending, open_, forget=parties.forget)
    except BaseException:
        pending.close()
        raise
