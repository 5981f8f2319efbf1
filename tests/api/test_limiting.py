"""One client's requests are counted, and those above the limit are refused until later."""

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.app import build_app
from api.limiting import LimitedAttestation, LimitedCosigning, LimitedVerification, limited
from api.problems import answer, status_of
from api.routes import attestations, verify, witness
from ledger.errors import RefusedError


def request(client: str, state: Any) -> Any:
    return SimpleNamespace(app=SimpleNamespace(state=state), client=SimpleNamespace(host=client))


def test_a_client_above_the_limit_is_refused_and_others_are_not() -> None:
    check, state = limited("reads", 3), SimpleNamespace()
    for _ in range(3):
        check(request("192.0.2.1", state))
    with pytest.raises(RefusedError) as refused:
        check(request("192.0.2.1", state))
    assert refused.value.code == "too-many-requests"
    assert status_of(refused.value) == 429
    assert answer(refused.value).headers["retry-after"] == "60"
    check(request("192.0.2.2", state))
    limited("others", 3)(request("192.0.2.1", state))


@pytest.mark.parametrize(
    ("path", "method", "limit"),
    [
        ("/v1/verify", "post", LimitedVerification),
        ("/v1/attestations", "post", LimitedAttestation),
        ("/witness/add-checkpoint", "post", LimitedCosigning),
    ],
)
def test_what_strangers_can_have_the_node_work_for_is_limited(path: str, method: str, limit: Any) -> None:
    described = build_app(lambda: pytest.fail("no node is opened")).openapi()["paths"][path]
    assert method in described
    (route,) = [
        one
        for module in (attestations, verify, witness)
        for one in module.router.routes
        if isinstance(one, APIRoute) and (one.path, one.methods) == (path, {method.upper()})
    ]
    assert limit.dependency in [one.call for one in route.dependant.dependencies]
