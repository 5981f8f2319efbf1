"""JSON-RPC over HTTP, bounded: a provider as web3 would have it, but without web3, whose start takes most of a second.

Connections are kept and lent to whoever asks next, on whichever thread: of threads that come and go each would
otherwise open its own.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import orjson
import requests

from ledger.chain.rpc import DEFAULT_TIMEOUT, host_of
from ledger.chain.watched import watched
from ledger.errors import ChainError

RESPONSE_LIMIT = 32 * 1024 * 1024
_CHUNK = 1 << 16


class BoundedHTTPProvider:
    """Asks a node once, with a bound on the answer's size and on the whole time it takes; safe for threads.

    Args:
        url: Of the node; http or https.
        timeout: Seconds for a whole request.
        response_limit: Largest answer, in bytes.

    Raises:
        SetupError: `chain-url`: not an HTTP URL.
    """

    def __init__(
        self, url: str, *, timeout: float = DEFAULT_TIMEOUT, response_limit: int = RESPONSE_LIMIT
    ) -> None:
        self.host = host_of(url)
        self._url = url
        self._timeout = timeout
        self._response_limit = response_limit
        self._numbers = count()
        self._idle: deque[requests.Session] = deque()
        self._closed = False

    def make_request(self, method: str, params: Any) -> Any:
        """Ask once; nothing is ever sent again.

        Raises:
            ChainError: `chain-unavailable`: an HTTP status other than 200; `chain-answer-invalid`: too large, or the
                answer to another request.
        """
        with self._lent() as session:
            watchdog = watched(session)
            try:
                with watchdog.within(self._timeout):
                    return self._asked(session, method, params)
            except Exception as error:  # whatever became of an answer that was cut off
                if watchdog.late:
                    raise requests.Timeout from error
                raise

    @contextmanager
    def _lent(self) -> Iterator[requests.Session]:
        """A session that nobody else uses meanwhile; the one that came back last, whose connection is the warmest."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = requests.Session()
            session.trust_env = False  # a proxy of the environment is none of the connections watched
        try:
            yield session
        finally:
            self._idle.append(session)
            if self._closed:
                self.close()

    def _asked(self, session: requests.Session, method: str, params: Any) -> Any:
        deadline = time.monotonic() + self._timeout
        number = next(self._numbers)
        asked = {"jsonrpc": "2.0", "method": method, "params": params or [], "id": number}
        with session.post(
            self._url,
            data=orjson.dumps(asked),
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
            timeout=self._timeout,
            stream=True,
            allow_redirects=False,
        ) as response:
            if response.status_code != requests.codes.ok:
                raise ChainError(f"chain node at {self.host} answered HTTP {response.status_code}")
            body = bytearray()
            # One read from the socket at a time, so that an answer that drips in meets the deadline too.
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                body += chunk
                if len(body) > self._response_limit:
                    raise ChainError(
                        f"chain node at {self.host} answered more than {self._response_limit} bytes",
                        code="chain-answer-invalid",
                    )
                if time.monotonic() > deadline:
                    raise requests.Timeout
        answer: Any = orjson.loads(body)
        self._require_own(answer, number)
        return answer

    def _require_own(self, answer: Any, number: int) -> None:
        """A proxy on the way may mix up answers; an error need not say what it is the answer to."""
        if not isinstance(answer, dict) or (answer.get("id") is None and answer.get("error") is not None):
            return
        if answer.get("id") != number:
            raise ChainError(
                f"chain node at {self.host} answered another request than the one asked",
                code="chain-answer-invalid",
            )

    def close(self) -> None:
        """Close idle connections; one that is lent is closed when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
