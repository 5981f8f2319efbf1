"""JSON-RPC over HTTP: web3's provider, bounded.  Apart from `rpc`, since web3 is most of what a node's start takes."""

import time
from typing import Any

import orjson
import requests
from eth_typing import URI
from web3.providers.rpc import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.rpc import DEFAULT_TIMEOUT, host_of
from ledger.chain.watched import watched
from ledger.errors import ChainError

RESPONSE_LIMIT = 32 * 1024 * 1024
_CHUNK = 1 << 16


class BoundedHTTPProvider(HTTPProvider):
    """web3's HTTP provider with a bound on the answer's size and on the whole time it takes.

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
        # web3 would repeat reads, and has in the past repeated sends, on its own.
        super().__init__(url, exception_retry_configuration=None)
        self._timeout = timeout
        self._response_limit = response_limit

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask once.

        Raises:
            ChainError: `chain-unavailable`: an HTTP status other than 200; `chain-answer-invalid`: too large, or the
                answer to another request.
        """
        session = self._request_session_manager.cache_and_return_session(
            URI(self._url), request_timeout=self._timeout
        )
        watchdog = watched(session)
        try:
            with watchdog.within(self._timeout):
                return self._asked(method, params)
        except Exception as error:  # whatever became of an answer that was cut off
            if watchdog.late:
                raise requests.Timeout from error
            raise

    def _asked(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        deadline = time.monotonic() + self._timeout
        request = self.encode_rpc_request(method, params)
        with self._request_session_manager.get_response_from_post_request(
            URI(self._url),
            data=request,
            headers={**self.get_request_headers(), "Accept-Encoding": "identity"},
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
        answer: RPCResponse = orjson.loads(body)
        self._require_own(answer, orjson.loads(request)["id"])
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
        """Close idle connections."""
        cache = self._request_session_manager.session_cache
        for _, session in cache.items():  # noqa: PERF102 - no dict
            session.close()
        cache.clear()
