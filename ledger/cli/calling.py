"""In whose name a command asks nodes: nobody's, or that of the key it is given.

Set where the command is declared, so that every call of the command is signed alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ledger.remote.exchange import Calling  # loads the client, which a help does without
    from ledger.remote.node import NodeClient

_KEY: Final[ContextVar[Path | None]] = ContextVar("key", default=None)


@contextmanager
def signing_with(key: Path | None) -> Iterator[None]:
    """Have what is private asked for in the name of a key file's holder; None: in nobody's."""
    token = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(token)


def calling() -> "Calling":
    """In whose name this command asks.

    Raises:
        SetupError: The key file cannot be read, or is none.
    """
    from ledger.remote.exchange import UNSIGNED, Calling

    path = _KEY.get()
    if path is None:
        return UNSIGNED
    from ledger.remote.signing import RequestSigner
    from ledger.services.keys.keyfile import read_holder_key

    holder = read_holder_key(path)
    return Calling(RequestSigner(holder.private, holder.verification_method))


def client(url: str) -> "NodeClient":
    """Calls to a node, in the name that this command has."""
    from ledger.remote.node import NodeClient

    return NodeClient(url, calling=calling())
