"""One HTTP exchange with another node: bounded in time and size, and every failure an error of ours.

What a node says is data from a stranger.  Answers are cut off at a bound, problems (RFC 9457) become
`RemoteRefusedError`, and texts are stripped of what could move a terminal.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson

from ledger.connecting import unconnected
from ledger.errors import RemoteError
from ledger.watchdog import Watchdog

if TYPE_CHECKING:
    from ledger.remote.signing import RequestSigner  # loads a library that few calls need

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 30.0
"""Longest silence while an answer is read or a body is sent."""
PROBLEM_LIMIT: Final = 64 * 1024

_TEXT_LIMIT: Final = 500
_CODE_LIMIT: Final = 64
_REFUSED: Final = range(400, 600)


class RemoteRefusedError(RemoteError):
    """The node understood, and said no.

    Attributes:
        problem: The stable code of the node's problem; `http-<status>` where it gave none.
        status: The HTTP status.
        retry_after: Seconds after which the node asks to be tried again; None where it does not say.
    """

    default_code = "remote-refused"

    def __init__(
        self,
        detail: str,
        *,
        problem: str,
        status: int,
        pointer: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"the node refused: {detail} ({problem})", pointer=pointer)
        self.problem = problem
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, its status below 400 or one that was to be taken; its media type without parameters."""

    status: int
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Calling:
    """In whose name others are called, and where to.

    Attributes:
        signer: Signs what is private; None: nothing is signed.
        guarded: Whether a name that leads to a private address is not called; see `ledger.remote.guarded`.
    """

    signer: "RequestSigner | None" = None
    guarded: bool = False


UNSIGNED: Final = Calling()
GUARDED: Final = Calling(guarded=True)


class Exchange:
    """A connection to one node, kept open between requests.

    Args:
        url: Where the node is, `http://` or `https://`.
        transport: Another way than the network, for tests.
        patience: Seconds that a whole answer may take; None: as long as it does not fall silent.
        calling: In whose name.

    Raises:
        RemoteError: `remote-url`: not such an address.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        patience: float | None = None,
        calling: Calling = UNSIGNED,
    ) -> None:
        _require_url(url)
        self._signer = calling.signer
        if transport is None and calling.guarded:
            from ledger.remote.guarded import Guarded  # loads what opens connections

            transport = Guarded(verify=url.lower().startswith("https:"))
        self._patience = patience
        self._watchdog = Watchdog()
        self.url = url.rstrip("/")
        self._client = httpx2.Client(
            transport=transport,
            timeout=httpx2.Timeout(SECONDS, connect=CONNECT_SECONDS),
            # Certificates are read and checked where there is TLS; without it reading them is all that a start takes.
            verify=url.lower().startswith("https:"),
            # A proxy of the environment has no business between a user and a node, and no redirect is followed:
            # the user named the node.
            trust_env=False,
            follow_redirects=False,
            headers={"accept-encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        body: bytes | None = None,
        content_type: str | None = None,
        query: Mapping[str, str | Sequence[str]] | None = None,
        taken: frozenset[int] = frozenset(),
        private: bool = False,
    ) -> Answer:
        """One request and its whole answer, of at most `limit` bytes.

        Args:
            taken: Statuses from 400 that are answers like others.
            private: Whether it is signed, where somebody signs.

        Raises:
            RemoteError: `remote-unreachable`: no answer, or it broke off; `remote-answer-invalid`: too large, or not
                HTTP; `RemoteRefusedError` for a status from 400.
        """
        watched = nullcontext() if self._patience is None else self._watchdog.within(self._patience)
        with watched:
            return self._ask(method, path, limit, body, content_type, query, taken, private)

    def _ask(
        self,
        method: str,
        path: str,
        limit: int,
        body: bytes | None,
        content_type: str | None,
        query: Mapping[str, str | Sequence[str]] | None,
        taken: frozenset[int],
        private: bool,  # noqa: FBT001 - as `ask` has it by name
    ) -> Answer:
        ends = None if self._patience is None else time.monotonic() + self._patience
        headers = {} if content_type is None else {"content-type": content_type}
        try:
            request = self._client.build_request(
                method,
                self.url + path,
                content=body,
                headers=headers,
                params=dict(query) if query else None,
                extensions={} if ends is None else {"trace": self._watchdog.trace},
            )
            if private and self._signer is not None:
                request.headers.update(
                    self._signer.fields(method, str(request.url), body, content_type=content_type or "")
                )
            with closing(self._client.send(request, stream=True)) as response:
                refused = response.status_code in _REFUSED and response.status_code not in taken
                received = _read(response, PROBLEM_LIMIT if refused else limit, self.url, ends)
                if (
                    ends is not None and self._watchdog.late
                ):  # a body without a length seems to end where it was cut
                    raise _slow(self.url, f"{len(received)} bytes came")
        except httpx2.HTTPError as error:
            if self._patience is not None and self._watchdog.late:
                raise _slow(self.url, "it was cut off") from None
            raise _broken(error, self.url) from None
        except httpx2.InvalidURL:
            raise _url_error() from None
        if refused:
            raise _refusal(response, received)
        if not response.is_success and response.status_code not in taken:
            raise invalid(self.url, f"status {response.status_code}")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(response.status_code, received, content_type)


def invalid(url: str, found: str) -> RemoteError:
    """The error of an answer that does not hold, `remote-answer-invalid`."""
    return RemoteError(f"node {url} answered with {found}", code="remote-answer-invalid")


def problem_of(value: object, status: int, retry_after: int | None = None) -> RemoteRefusedError:
    """The error that a problem document states; for any value, since a stranger wrote it."""
    members: dict[str, Any] = value if isinstance(value, dict) else {}
    code = str(members.get("type", "")).rpartition("/")[2]
    if not code or len(code) > _CODE_LIMIT or code.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        code = f"http-{status}"
    pointer = members.get("pointer")
    errors = members.get("errors")
    if pointer is None and isinstance(errors, list) and errors and isinstance(errors[0], dict):
        pointer = errors[0].get("pointer")
    detail = members.get("detail") or members.get("title") or f"status {status}"
    return RemoteRefusedError(
        plain(detail),
        problem=code,
        status=status,
        pointer=plain(pointer) if isinstance(pointer, str) else None,
        retry_after=retry_after,
    )


def plain(text: object) -> str:
    """Text of a stranger, fit to be printed: one line, printable characters, at most 500 of them."""
    whole = str(text)[: _TEXT_LIMIT * 2]
    shown = "".join(character if character.isprintable() else " " for character in whole)
    return shown if len(shown) <= _TEXT_LIMIT else shown[: _TEXT_LIMIT - 1] + "…"


def _read(response: httpx2.Response, limit: int, url: str, ends: float | None) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_raw():
        size += len(part)
        if size > limit:
            raise invalid(url, f"more than the {limit} bytes that are read")
        if ends is not None and time.monotonic() > ends:
            raise _slow(url, f"{size} bytes came")
        parts.append(part)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise invalid(url, "a compressed body, which was not asked for")
    return b"".join(parts)


def _slow(url: str, came: str) -> RemoteError:
    return RemoteError(
        f"node {url} did not finish its answer in the time that it has; {came}", code="remote-slow"
    )


def _refusal(response: httpx2.Response, body: bytes) -> RemoteRefusedError:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    after = response.headers.get("retry-after", "")
    seconds = int(after) if after.isascii() and after.isdigit() and len(after) < 7 else None  # noqa: PLR2004
    return problem_of(value, response.status_code, seconds)


def _broken(error: httpx2.HTTPError, url: str) -> RemoteError:
    if isinstance(
        error, httpx2.ProtocolError | httpx2.DecodingError | httpx2.UnsupportedProtocol
    ) and not isinstance(error, httpx2.RemoteProtocolError):
        return invalid(url, "something that is not HTTP")
    if isinstance(error, httpx2.ConnectError):
        says = unconnected(error) or "no connection came about"
    elif isinstance(error, httpx2.ConnectTimeout):
        says = f"no connection within {CONNECT_SECONDS:g} seconds"
    elif isinstance(error, httpx2.TimeoutException):
        says = f"silent for {SECONDS:g} seconds"
    else:
        says = "the connection broke off"
    return RemoteError(f"node {url} could not be reached: {says}", code="remote-unreachable")


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        sound = sound and not (parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        sound = False
    if not sound or len(url) > 2000 or not url.isascii() or not url.isprintable() or " " in url:  # noqa: PLR2004
        raise _url_error()


def _url_error() -> RemoteError:
    return RemoteError("the address of a node is written http://HOST:PORT or https://HOST", code="remote-url")
