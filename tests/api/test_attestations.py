"""Attesters' requests over HTTP, and what proves an anchor."""

import time
from typing import Any

import pytest

from api.anchor_schemas import AnchorProof, Anchors, AttestedSize
from ledger.core.attestation import parse_request
from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from tests.api.served import JSON, Served
from tests.schemas import validator
from tests.services.finality.attesting import Scene


def conforms(model: Any, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    validator(model.model_json_schema()).validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def anchored(served: Served) -> int:
    """The size of an anchor that stands."""
    served.post("/v1/statements", served.record("ATTEST-1").encoded)
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if items := served.get("/v1/anchors").json()["items"]:
            return int(items[-1]["size"])
        time.sleep(0.1)
    pytest.fail("nothing was anchored")


def test_every_anchor_tells_who_vouches_for_it(served: Served, anchored: int) -> None:
    listed = conforms(Anchors, served.get("/v1/anchors"))["items"]
    (found,) = [one for one in listed if one["size"] == anchored]
    assert (found["vouched"], found["finality"]["kind"]) == ("operator only", "operator")


def test_one_anchor_is_handed_out_as_a_bundle_has_it(served: Served, anchored: int) -> None:
    found = conforms(AnchorProof, served.get(f"/v1/anchors/{anchored}"))
    assert found["chain"] == served.node.chain_name
    assert served.get(f"/v1/anchors/{anchored}?chain={found['chain']}").json() == found
    assert found["checkpoint"].startswith(f"{found['origin']}\n{anchored}\n")
    assert set(found["anchor"]) >= {"chain", "header", "finality", "account", "storage", "receipt"}
    encode(found["anchor"])


@pytest.mark.parametrize("place", ["/v1/anchors/999999", "/v1/anchors/1?chain=eip155:7"])
def test_an_anchor_that_there_is_not_is_not_found(served: Served, place: str, anchored: int) -> None:
    assert anchored
    answer = served.get(place)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/anchor-unknown")


def test_a_request_of_a_stranger_is_refused(served: Served, tmp_path: Any) -> None:
    # XA's node is asked about another log, which neither its trust list nor a partner names.
    scene = Scene(tmp_path)
    data = scene.request(checkpoint=scene.world.xb.checkpoint())
    assert parse_request(data)
    answer = served.post("/v1/attestations", data)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/log-unknown")


def test_a_node_attests_nothing_of_its_own(served: Served, anchored: int) -> None:
    proof = served.get(f"/v1/anchors/{anchored}").json()
    parts = ("account", "header", "storage")
    request = {
        "anchor": {name: proof["anchor"][name] for name in parts},
        "chain": proof["chain"],
        "checkpoint": proof["checkpoint"],
        "consistency": [],
        "epoch": 1,
        "format": "evidence-attestation-request/1",
        "old": 0,
    }
    answer = served.post("/v1/attestations", encode(request))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/attestation-own")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", JSON, 400),
        (b"[]", JSON, 400),
        (b"", JSON, 400),
        (b" " * (512 * 1024 + 1), JSON, 413),
        (b"{}", {"content-type": "text/plain"}, 415),
    ],
    ids=["no members", "no object", "nothing", "too large", "another type"],
)
def test_what_is_no_request_is_refused(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = served.post("/v1/attestations", body, headers)
    assert answer.status_code == status, answer.text
    assert decode(encode(answer.json()), limit=BUNDLE_LIMIT, what="problem")


def test_the_size_that_was_attested_is_told(served: Served) -> None:
    found = conforms(AttestedSize, served.get("/v1/attestations?log=registry.example.xb/XB/2026"))
    assert found["size"] == 0
    assert found["address"] == served.home.keys.attester.public
    assert served.get("/v1/attestations").status_code == 400
