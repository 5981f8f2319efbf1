"""What whoever runs a node asks of it: whether it lives, whether it takes statements, its counters."""

import re
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.problem_types import problem_types
from ledger.errors import SetupError, StoreError
from ledger.ruling import Ruling
from ledger.services.keys.keyfile import HolderKey
from ledger.services.rules.reviewing import Reviewer, Waiting
from tests.api.served import NDJSON, Served


def samples(served: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = served.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def of(found: dict[Any, float], name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


def test_registrations_are_counted_alone_and_of_streams(served: Served) -> None:
    before = samples(served)
    records = [served.record(f"counted-{number}") for number in range(3)]
    for _ in range(2):
        assert served.post("/v1/transfers", records[0].encoded).status_code < 300
    lines = b"\n".join(one.encoded for one in records) + b'\n{"status":201,"digest":1}\n'
    assert served.post("/v1/statements", lines, NDJSON).text.count('"problem"') == 1
    after = samples(served)
    assert (
        of(after, "evidence_registrations_total", first="new")
        - of(before, "evidence_registrations_total", first="new")
        == 3
    )
    assert (
        of(after, "evidence_registrations_total", first="again")
        - of(before, "evidence_registrations_total", first="again")
        == 2
    )


def test_refusals_are_counted_by_code(served: Served) -> None:
    before = samples(served)
    assert served.get("/v1/transfers?nothing=1").status_code == 400
    assert served.post("/v1/statements", b"\n", NDJSON).text.count('"problem"') == 1
    assert served.get("/v1/statements/" + "0" * 64).status_code == 404
    after = samples(served)
    more = {
        dict(labels)["code"]: value - before.get((name, labels), 0.0)
        for (name, labels), value in after.items()
        if name == "evidence_refusals_total" and value != before.get((name, labels), 0.0)
    }
    assert more.pop("query-invalid") == 1
    assert more.pop("not-found") == 1
    assert sum(more.values()) == 1
    assert set(more) <= set(problem_types())


def test_how_far_the_node_is_stands_in_the_metrics(served: Served) -> None:
    assert served.post("/v1/transfers", served.record("gauged").encoded).status_code == 201
    found = samples(served)
    size = served.node.log.head.size
    assert of(found, "evidence_log_size") == size
    assert of(found, "evidence_checkpoint_size") == size
    assert 0 <= of(found, "evidence_checkpoint_age_seconds") < 120
    assert of(found, "evidence_ready") == 1
    assert ("evidence_queue_depth", ()) in found
    chain = served.node.chain_name
    assert 0 <= of(found, "evidence_anchor_lag_entries", chain=chain) <= size
    assert ("evidence_anchors_pending", (("chain", chain),)) in found


def test_a_review_that_could_not_be_made_stands_in_health_and_metrics(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "reviewTrouble" not in served.get("/health").json()
    node = served.node

    def no_key() -> HolderKey:
        raise SetupError("there is no key", code="key-missing")

    reviewer = Reviewer(
        lambda: node.shelf, node.parties, node.sequencer, no_key, Ruling(), clock=node.clock, period=60.0
    )
    monkeypatch.setattr(node, "reviewer", reviewer)
    assert of(samples(served), "evidence_reviews_waiting") == 0
    refused = StoreError("not now", code="store-full")
    monkeypatch.setattr(reviewer, "_waiting", {7: Waiting(7, 1, 0.0, refused)})
    told = served.get("/health").json()
    assert (told["reviewTrouble"], told["reviewsWaiting"]) == ({"code": "store-full", "detail": "not now"}, 1)
    assert of(samples(served), "evidence_reviews_waiting") == 1
    reviewer.start()
    try:
        until = time.monotonic() + 10
        while (code := served.get("/health").json()["reviewTrouble"]["code"]) == "store-full":
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        reviewer.close()
    assert code == "key-missing"


HOSTILE = (
    "/v1/statements/%22%7Dx%0Aevidence_log_size%201",
    "/nothing/secret-path-41",
    "/problems/%0aevil",
    "/log/..%2f..%2fsecret-path-41",
    "/v1/certificates/secret-path-41",
    "/v1/schemas/secret-path-41?x=secret-path-41",
)


def test_no_label_is_taken_from_a_request(served: Served) -> None:
    served.get("/health")
    with served.client() as client:
        for path in (*HOSTILE, "/v1/schemas/TransferRecord"):
            for method in ("GET", "POST", "HEAD", "DELETE", "SEARCH"):
                client.request(method, path)
    text = served.get("/metrics").text
    assert "secret-path-41" not in text
    assert "evil" not in text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert routes <= {*(one.partition(" ")[2] for one in _rows()), "other"}
    assert set(re.findall(r'method="([^"]*)"', text)) <= {"GET", "HEAD", "POST", "other"}
    assert "/v1/schemas/{name}" in routes
    assert 'method="HEAD",route="/v1/schemas/{name}"' in text


def _rows() -> set[str]:
    from api.access import table

    return set(table().routes)


def test_the_metrics_are_of_a_registry_of_their_own(served: Served) -> None:
    text = served.get("/metrics").text
    assert "python_gc" not in text
    assert "process_" not in text


def test_a_node_that_cannot_store_lives_and_is_not_ready(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.get("/health/ready").json() == {"ready": True}
    with monkeypatch.context() as broken:
        broken.setattr(served.node.sequencer, "_trouble", StoreError("the disk is full", code="store-full"))
        refused = served.get("/health/ready")
        assert (refused.status_code, refused.json()["ready"]) == (503, False)
        assert refused.json()["trouble"]["code"] == "store-full"
        assert served.get("/health/live").json() == {"alive": True}
        assert of(samples(served), "evidence_ready") == 0
