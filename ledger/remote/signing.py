"""Signing requests to a node (RFC 9421): the profile that both sides keep, and the side that signs.

    Signature-Input: evidence=("@method" "@authority" "@target-uri");created=1795320000;expires=1795320300;
        keyid="did:web:exporter.example.xa#2026";nonce="…";tag="evidence-ledger"

A request with a body covers `content-digest`, `content-type` and `idempotency-key` as well.  The algorithm follows
from the key, and is never written down.

Source: docs/spec/request-signatures.md.
"""

import base64
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NoReturn

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)

from ledger.core.signer import Signer
from ledger.core.suites import ECDSA, EDDSA, PublicKey, verify

TAG: Final = "evidence-ledger"
LABEL: Final = "evidence"
COVERED: Final = ("@method", "@authority", "@target-uri")
OF_A_BODY: Final = ("content-digest", "content-type", "idempotency-key")
"""What a request with a body covers beside `COVERED`."""
LIFE: Final = 300
"""Most seconds from `created` to `expires`."""
NONCE_SIZE: Final = 16
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests have a body, be it an empty one."""


class _Ours(HTTPSignatureAlgorithm):
    """An algorithm by the signature rule of statements, with our own keys."""

    def __init__(
        self, public_key: PublicKey | None = None, private_key: Signer[PublicKey] | None = None
    ) -> None:
        self._public, self._private = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        assert self._private is not None
        return self._private.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises SignatureError where the key rejects the signature."""
        assert self._public is not None
        verify(self._public, message, signature)


class Ed25519(_Ours):
    """RFC 9421 section 3.3.6."""

    algorithm_id = "ed25519"


class EcdsaP256(_Ours):
    """RFC 9421 section 3.3.4, with low s alone."""

    algorithm_id = "ecdsa-p256-sha256"


ALGORITHMS: Final[dict[str, type[HTTPSignatureAlgorithm]]] = {EDDSA: Ed25519, ECDSA: EcdsaP256}
"""By the suite of the key."""


class Fields:
    """The fields of a message, each line by itself, as the library reads and writes them."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self._lines = list(lines)

    def items(self) -> list[tuple[str, str]]:
        """Name and value of each line."""
        return self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._lines))

    def __contains__(self, name: str) -> bool:
        return any(line.lower() == name.lower() for line, _ in self._lines)

    def __setitem__(self, name: str, value: str) -> None:
        self._lines.append((name, value))

    def __delitem__(self, name: str) -> None:
        self._lines = [line for line in self._lines if line[0].lower() != name.lower()]


@dataclass(slots=True)
class Asked:
    """A request as both sides see it: the method, the whole address, the fields."""

    method: str
    url: str
    headers: Fields


@dataclass(frozen=True, slots=True)
class RequestSigner:
    """Signs requests with one key.

    Attributes:
        verification_method: Names the key, `did:…#…`.
        clock: POSIX seconds.
        random: `os.urandom`, or as good.
    """

    private: Signer[PublicKey] = field(repr=False)
    verification_method: str
    clock: Callable[[], float] = time.time
    random: Callable[[int], bytes] = os.urandom

    def fields(
        self, method: str, url: str, body: bytes | None = None, *, content_type: str = "", once: str = ""
    ) -> dict[str, str]:
        """The fields that a request has for being signed.

        Args:
            url: Whole, as it is asked for.
            body: None for a request that has none.
            content_type: Of the body.
            once: `Idempotency-Key` of a request with a body; "" makes one.
        """
        given: list[tuple[str, str]] = []
        covered: tuple[str, ...] = COVERED
        if body is not None:
            covered = COVERED + OF_A_BODY
            given = [("content-type", content_type), ("idempotency-key", once or self._fresh())]
        fields = Fields(given)
        begins = datetime.fromtimestamp(int(self.clock()), UTC)
        algorithm = ALGORITHMS[self.private.suite]
        HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=_Held(self.private)).sign(
            Asked(method, url, fields),
            key_id=self.verification_method,
            created=begins,
            expires=datetime.fromtimestamp(begins.timestamp() + LIFE, UTC),
            nonce=self._fresh(),
            label=LABEL,
            tag=TAG,
            include_alg=False,
            covered_component_ids=covered,
            body=body,
        )
        return {name.lower(): value for name, value in fields.items()}

    def _fresh(self) -> str:
        return base64.urlsafe_b64encode(self.random(NONCE_SIZE)).rstrip(b"=").decode()


class _Held(HTTPSignatureKeyResolver):
    """The one key of a signer."""

    def __init__(self, private: Signer[PublicKey]) -> None:
        self._private = private

    def resolve_private_key(self, key_id: str) -> Signer[PublicKey]:
        """The key, whatever it is called."""
        del key_id
        return self._private

    def resolve_public_key(self, key_id: str) -> NoReturn:
        """Never asked."""
        raise NotImplementedError(key_id)
