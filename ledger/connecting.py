"""Why a connection did not come about, in words for whoever can mend it."""

import socket
import ssl


def unconnected(error: BaseException) -> str:
    """The reason that an error of any library comes down to; of none that is known, the usual one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "the name is not known, or there is no network to ask about it"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted here: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "what listens there does not speak TLS; is it http:// instead of https://?"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "the connection broke off"
        cause = cause.__cause__ or cause.__context__
    return "nothing listens there, or the connection was refused"
