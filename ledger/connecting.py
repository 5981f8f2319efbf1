"""Why a connection did not come about, in words for whoever can mend it."""

import errno
import http.client
import socket
import ssl
from typing import Final

from ledger.errors import LedgerError

_REASONS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "the name is not known, or there is no network to ask about it"),
    (ssl.SSLError, "what listens there does not speak TLS; is it http:// instead of https://?"),
    (ConnectionRefusedError, "nothing listens there, or the connection was refused"),
    (ConnectionError, "the connection broke off"),
    (http.client.IncompleteRead, "the connection broke off"),
    (http.client.HTTPException, "what listens there does not speak HTTP"),
)
"""The first whose class fits."""
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})


def unconnected(error: BaseException) -> str | None:
    """The reason that an error of any library comes down to; None where its causes have none that is known here."""
    cause: BaseException | None = error
    # An error of ours was being handled when this one came: that was another connection, with a reason of its own.
    while cause is not None and not isinstance(cause, LedgerError):
        says = _reason(cause)
        if says is not None:
            return says
        cause = cause.__cause__ or cause.__context__
    return None


def _reason(cause: BaseException) -> str | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.errno in _NO_WAY:
        return "no network leads there"
    return next((says for kind, says in _REASONS if isinstance(cause, kind)), None)
