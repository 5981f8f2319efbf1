"""One JSON-RPC node: requests out, results or ChainError back.

A node is somebody else's computer.  Answers are bounded in size and time, nothing is retried, redirects
are not followed, and an error text of the node is shown as printable text of bounded length.  The URL may
hold an API key, so that only its host appears in messages.
"""

import socket
import ssl
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson
import requests
import urllib3

from ledger.connecting import unconnected
from ledger.errors import ChainError, SetupError

DEFAULT_TIMEOUT = 15.0
_TEXT_LIMIT = 300
_METHOD_MISSING = (-32601, -32004)
_OF_TIME = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
# Every error of requests is an OSError, those of reading too: so the ones that are of connecting are named.
_OF_CONNECTING = (
    requests.ConnectionError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.MaxRetryError,
    urllib3.exceptions.ProtocolError,
    urllib3.exceptions.SSLError,
    ConnectionError,
    socket.gaierror,
    ssl.SSLError,
)


class Provider(Protocol):
    """What can be asked: any web3 provider, over HTTP or in this process; one in this process needs no web3."""

    def make_request(self, method: Any, params: Any) -> Any:
        """The JSON-RPC response, decoded."""
        ...


class RpcRefusedError(ChainError):
    """The node answered a request with an error of its own.

    Attributes:
        number: JSON-RPC error code.
        data: Revert data, when the node gave any.
    """

    default_code = "chain-request-refused"

    def __init__(self, message: str, number: int, data: bytes) -> None:
        super().__init__(message)
        self.number = number
        self.data = data

    @property
    def method_missing(self) -> bool:
        """Whether the node does not have the method at all."""
        return self.number in _METHOD_MISSING


def host_of(url: str) -> str:
    """Host and port of `url`, without what may be secret.

    Raises:
        SetupError: `chain-url`: not an HTTP URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SetupError("chain node address is not a URL", code="chain-url") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SetupError("chain node address is not an http or https URL with a host", code="chain-url")
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


def _why(error: Exception) -> str:
    """Of what providers raise, errors of connecting alone have a reason that the user can mend."""
    says = unconnected(error) if isinstance(error, _OF_CONNECTING) else None
    return says or f"its provider failed ({type(error).__name__})"


class RpcNode:
    """Requests to one node through any web3 provider.

    Args:
        provider: Carries the requests.
        name: Of the node, in messages.
    """

    def __init__(self, provider: Provider, *, name: str) -> None:
        self._provider = provider
        self.name = name

    def request(self, method: str, *params: Any) -> Any:
        """Result of `method`, not looked at yet.

        Raises:
            RpcRefusedError: The node answered with an error.
            ChainError: `chain-unavailable`, `chain-timeout` or `chain-answer-invalid`.
        """
        try:
            response: Any = self._provider.make_request(method, list(params))
        except ChainError:
            raise
        except Exception as error:  # a provider raises anything, and none tells what became of the request
            raise self._failure(method, error) from error
        if not isinstance(response, dict):
            raise self._invalid(method, "something that is no JSON-RPC response")
        if response.get("error") is not None:
            raise self._refusal(method, response["error"])
        if "result" not in response:
            raise self._invalid(method, "neither a result nor an error")
        return response["result"]

    def close(self) -> None:
        """Release the provider's connections, if it keeps any."""
        close = getattr(self._provider, "close", None)
        if callable(close):
            close()

    def _failure(self, method: str, error: Exception) -> ChainError:
        # A connection that was refused is an error of time too, as urllib3 has it.
        if isinstance(error, _OF_TIME) and not isinstance(error, urllib3.exceptions.NewConnectionError):
            return ChainError(f"{self.name} did not answer {method} in time", code="chain-timeout")
        if isinstance(error, orjson.JSONDecodeError):
            return self._invalid(method, "something that is not JSON")
        return ChainError(f"{self.name} could not be reached for {method}: {_why(error)}")

    def _invalid(self, method: str, what: str) -> ChainError:
        return ChainError(f"{self.name} answered {method} with {what}", code="chain-answer-invalid")

    def _refusal(self, method: str, error: Any) -> ChainError:
        if not isinstance(error, dict):
            return self._invalid(method, "an error of unknown form")
        number = error.get("code")
        text = printable(error.get("message"))
        return RpcRefusedError(
            f"{self.name} refused {method}: {text}",
            number if isinstance(number, int) else 0,
            _revert_data(error.get("data")),
        )


def printable(text: Any) -> str:
    """A node's text, made safe to show: printable ASCII, bounded."""
    shown = str(text)[:_TEXT_LIMIT]
    return "".join(letter if " " <= letter <= "~" else "?" for letter in shown)


def _revert_data(value: Any) -> bytes:
    """Revert data wherever a node puts it: `data`, or a member of it."""
    if isinstance(value, dict):
        value = value.get("data", value.get("result"))
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            return b""
    return b""
