"""Requests that are signed, and requests that are signed wrongly."""

import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from http_message_signatures import HTTPMessageSigner

from ledger.remote.signing import ALGORITHMS, COVERED, LABEL, LIFE, TAG, Asked, Fields, RequestSigner, _Held
from ledger.services.keys.keyfile import HolderKey
from ledger.services.node.callers import KeyRecord
from tests.api.served import Served


def nonce() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()


def signer(key: HolderKey) -> RequestSigner:
    return RequestSigner(key.private, key.verification_method)


@dataclass
class Forged:
    """A signature whose every part can be another."""

    key: HolderKey
    tag: str = TAG
    keyid: str = ""
    life: int = LIFE
    age: int = 0
    include_alg: bool = False
    covered: tuple[str, ...] = COVERED
    nonce: str = field(default_factory=nonce)
    label: str = LABEL

    def fields(
        self, method: str, url: str, given: Mapping[str, str] = {}, body: bytes | None = None
    ) -> dict[str, str]:
        fields = Fields(given.items())
        algorithm = ALGORITHMS[self.key.private.suite]
        begins = time.time() - self.age
        HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=_Held(self.key.private)).sign(
            Asked(method, url, fields),
            key_id=self.keyid or self.key.verification_method,
            created=_moment(begins),
            expires=_moment(begins + self.life),
            nonce=self.nonce,
            label=self.label,
            tag=self.tag,
            include_alg=self.include_alg,
            covered_component_ids=self.covered,
            body=body,
        )
        return {name.lower(): value for name, value in fields.items()}


def _moment(seconds: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(seconds), UTC)


@dataclass
class Looked:
    """Stands in the place of what looks callers up."""

    record: KeyRecord

    def of(self, method: str, *, created: int, now: int) -> list[KeyRecord]:
        return [self.record]


def read(served: Served, path: str, key: HolderKey) -> httpx2.Response:
    """A GET that `key` signs."""
    url = served.url + path
    return served.get(path, headers=signer(key).fields("GET", url))


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a problem; of what is no problem, the status and nothing."""
    kind = answer.headers.get("content-type", "")
    code = answer.json()["type"].rpartition("/")[2] if "problem" in kind else ""
    return answer.status_code, code
