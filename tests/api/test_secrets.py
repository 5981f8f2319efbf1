"""Secrets stay where they are: no key of a home, and no token that a client sends, is found anywhere else."""

import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ledger.services.home.folder import KEYS
from tests.api.served import BUNDLE, NDJSON, Served, serving

TOKEN = "evidence-canary-7f3a91c4d2e85b60"
"""Like what people send by mistake: nobody asks for it."""

NOT_OF_THE_NODE = ("httpx", "httpcore", "uvicorn.access")
"""The client's own logs, and one that `evidence node serve` does not write."""


def secrets(home: Path) -> Iterator[bytes]:
    """Every secret of a home in every form in which it could stand somewhere."""
    for path in sorted((home / KEYS).iterdir()):
        whole = bytes.fromhex(orjson.loads(path.read_bytes())["secret"])
        for start in range(0, len(whole), 32):
            part = whole[start : start + 32]
            yield part
            yield part.hex().encode()
            yield part.hex().upper().encode()
            yield b64encode(part).rstrip(b"=")
            yield urlsafe_b64encode(part).rstrip(b"=")


def elsewhere(home: Path) -> dict[str, bytes]:
    """Every file of a home but those of its keys."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.relative_to(home).parts[0] != KEYS
    }


def asked(served: Served) -> dict[str, bytes]:
    """What is answered to requests that go well and to such as do not, each with a token in its fields."""
    fields = {
        "authorization": f"Bearer {TOKEN}",
        "cookie": f"session={TOKEN}",
        "x-api-key": TOKEN,
        "idempotency-key": TOKEN,
        "signature": f"a=:{TOKEN}:",
        "signature-input": f'a=("@method");keyid="{TOKEN}"',
    }
    json = {**fields, "content-type": "application/json"}
    record = served.record("canary")
    one = f"/v1/statements/{record.digest.hex()}"
    told: dict[str, bytes] = {}
    for name, body, kind in (
        ("/v1/statements", record.encoded, json),
        ("/v1/statements", record.encoded[:-9], json),
        ("/v1/statements", record.encoded + b"\n{}\n", fields | NDJSON),
        ("/v1/verify", b"{}", fields | BUNDLE),
        ("/v1/attestations", b"{}", json),
        ("/witness/add-checkpoint", b"old 0\n\n", fields),
    ):
        answer = served.post(name, body, kind)
        told[f"POST {name} {answer.status_code} {len(told)}"] = answer.content + str(answer.headers).encode()
    bundle = one + "/bundle?allowUnanchored=true"
    for name in (
        *(one, one + "/receipt", bundle, one + "/status", "/v1/transfers", "/v1/statements/x", "/nothing"),
        *("/health", "/metrics", "/.well-known/evidence-ledger", "/openapi.json", "/v1/transfers?a=1", "/"),
    ):
        answer = served.get(name, headers=fields)
        told[f"GET {name} {answer.status_code}"] = answer.content + str(answer.headers).encode()
    assert f"GET {bundle} 200" in told
    return told


def found(marks: list[bytes], places: dict[str, bytes]) -> list[str]:
    return [name for name, data in places.items() if any(mark in data for mark in marks)]


def test_no_secret_leaves_its_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path) as served:
        home = served.home.path
        marks = [*secrets(home), TOKEN.encode()]
        assert len(marks) > 50
        answers = asked(served)
        served.get(f"/v1/{TOKEN}")
        served.get(f"/v1/transfers?reference={TOKEN}")
        places = answers | elsewhere(home)
        assert "ledger.sqlite" in places
        assert not found(marks, places)
    assert not found(marks, elsewhere(home))
    said = [one for one in caplog.records if not one.name.startswith(NOT_OF_THE_NODE)]
    assert not found(marks, {str(number): one.getMessage().encode() for number, one in enumerate(said)})
    assert found([TOKEN.encode()], {"one": f"x{TOKEN}".encode()}) == ["one"]
