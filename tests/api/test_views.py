"""What each may see of one statement, held by files in `views`: public, party, authority, court.

`EVIDENCE_WRITE_VIEWS=1` writes them anew; look at the difference before it is committed.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from ledger.services.node.callers import Caller, KeyRecord
from ledger.verify.bundle import parse_bundle
from tests.api.served import EXPORTER, Served, holder, serving
from tests.api.signing import Looked, signer

VIEWS: Final = Path(__file__).with_name("views")
WHO: Final = {
    "public": None,
    "party": Caller(EXPORTER, frozenset({"exporter"}), "XA"),
    "authority": Caller("did:web:authority.example.xb", frozenset({"authority"}), "XB"),
    "court": Caller("did:web:court.example.xa", frozenset({"court"}), "XA"),
}
ASKED: Final = {
    "status": "/v1/statements/{digest}/status",
    "statement": "/v1/statements/{digest}",
    "receipt": "/v1/statements/{digest}/receipt",
    "bundle": "/v1/statements/{digest}/bundle?allowUnanchored=true",
    "lineage": "/v1/lineage/{digest}",
    "transfers": "/v1/transfers",
}


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("views"), reads="parties") as served:
        found = served.app.state.callers
        yield served
        served.app.state.callers = found


@pytest.fixture(scope="module")
def digest(private: Served) -> str:
    record = private.record("VIEWED-1")
    assert private.post("/v1/statements", record.encoded).status_code == 201
    return record.digest.hex()


def shown(name: str, answer: httpx2.Response) -> Any:
    """An answer as the files have it: what is there, and not what differs from run to run."""
    if answer.status_code != 200:
        return {"status": answer.status_code, "code": answer.json()["type"].rpartition("/")[2]}
    if name == "bundle":
        items = [item for _, item in parse_bundle(answer.content).items]
        return {"status": 200, "carries": sorted(item.statement.type for item in items)}
    if name == "receipt":
        return {"status": 200, "begins": answer.text.splitlines()[0]}
    return {"status": 200, "says": told(answer.json())}


def told(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: told(one) for name, one in sorted(value.items()) if name not in ("anchored", "proof")}
    if isinstance(value, list):
        return [told(one) for one in value]
    if isinstance(value, str):
        for form, word in ((r"^(/v1/statements/)?[0-9a-f]{64}$", r"\1DIGEST"), (r"^20..-.*Z$", "TIME")):
            value = re.sub(form, word, value)
        return "ID" if value.startswith("urn:uuid:") else "registered" if value == "anchored" else value
    return "NUMBER" if type(value) is int else value


@pytest.mark.parametrize("who", WHO)
def test_each_sees_of_a_statement_what_its_file_says(private: Served, digest: str, who: str) -> None:
    key, caller = holder(EXPORTER), WHO[who]
    if caller is not None:
        private.app.state.callers = Looked(KeyRecord(key.private.public, caller))
    found = {}
    for name, form in ASKED.items():
        path = form.format(digest=digest)
        fields = {} if caller is None else signer(key).fields("GET", private.url + path)
        found[name] = shown(name, private.get(path, headers=fields))
    text = json.dumps(found, indent=2) + "\n"
    file = VIEWS / f"{who}.json"
    if os.environ.get("EVIDENCE_WRITE_VIEWS") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


def test_the_files_differ_where_they_must() -> None:
    views = {who: json.loads((VIEWS / f"{who}.json").read_text()) for who in WHO}
    assert set(views["public"]["status"]["says"]) == {"created", "digest", "index", "state", "type", "url"}
    assert {"issuer", "reference"} <= set(views["party"]["status"]["says"])
    assert views["public"]["statement"] == {"status": 401, "code": "caller-unsigned"}
    for who in ("party", "authority", "court"):
        assert views[who]["statement"]["says"]["credentialSubject"]["reference"] == "VIEWED-1"
    assert (
        views["court"]["transfers"] == views["court"]["lineage"] == {"status": 403, "code": "access-denied"}
    )
    assert b"VIEWED" not in (VIEWS / "public.json").read_bytes()
    assert EXPORTER not in (VIEWS / "public.json").read_text()
