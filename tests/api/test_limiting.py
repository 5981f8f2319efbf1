"""One client's requests are counted, and those above the limit are refused until later."""

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from api.app import build_app
from api.limiting import TOGETHER, LimitedAttestation, LimitedCosigning, LimitedVerification, limited
from api.problems import answer, status_of
from api.routes import attestations, verify, witness
from ledger.errors import RefusedError


def request(client: str, state: Any, *forwarded: str) -> Any:
    headers = Headers(raw=[(b"x-forwarded-for", one.encode()) for one in forwarded])
    return SimpleNamespace(
        app=SimpleNamespace(state=state), client=SimpleNamespace(host=client), headers=headers
    )


def refused(check: Any, *asked: Any) -> bool:
    try:
        check(request(*asked))
    except RefusedError:
        return True
    return False


def test_clients_behind_a_proxy_of_the_node_are_told_apart() -> None:
    check, state = limited("reads", 3), SimpleNamespace()
    for n in range(3):
        assert not refused(
            check, "127.0.0.1", state, f"198.51.100.{n}, 192.0.2.1"
        )  # says who he is as he likes
    assert refused(check, "127.0.0.1", state, "192.0.2.1")
    assert not refused(check, "127.0.0.1", state, "192.0.2.2")
    assert not refused(check, "127.0.0.1", state)


def test_the_header_that_a_proxy_adds_after_the_clients_own_counts() -> None:
    check, state = limited("reads", 1), SimpleNamespace()
    assert not refused(check, "127.0.0.1", state, "198.51.100.1", "192.0.2.1")
    assert refused(check, "127.0.0.1", state, "198.51.100.2", "192.0.2.1")


def test_addresses_of_ipv4_that_are_written_as_ipv6_are_told_apart() -> None:
    check, state = limited("reads", 1), SimpleNamespace()
    assert not refused(check, "::ffff:127.0.0.1", state, "::ffff:192.0.2.1")
    assert not refused(check, "::ffff:127.0.0.1", state, "::ffff:192.0.2.2")
    assert refused(check, "127.0.0.1", state, "192.0.2.2")


def test_nobody_but_a_proxy_of_the_node_speaks_for_another() -> None:
    check, state = limited("reads", 1), SimpleNamespace()
    assert not refused(check, "192.0.2.9", state, "192.0.2.1")
    assert refused(check, "192.0.2.9", state, "192.0.2.2")


def test_one_client_has_one_network_of_addresses() -> None:
    check, state = limited("reads", 1), SimpleNamespace()
    assert not refused(check, "127.0.0.1", state, "2001:db8::1")
    assert refused(check, "127.0.0.1", state, "2001:db8::ffff:2")
    assert not refused(check, "127.0.0.1", state, "2001:db8:0:1::1")


def test_invented_addresses_have_an_end() -> None:
    check, state = limited("reads", 1), SimpleNamespace()
    given = [refused(check, "127.0.0.1", state, f"192.0.2.{n}") for n in range(TOGETHER + 1)]
    assert given == [False] * TOGETHER + [True]
    assert refused(check, "127.0.0.1", state, "no address") is True


def test_a_client_above_the_limit_is_refused_and_others_are_not() -> None:
    check, state = limited("reads", 3), SimpleNamespace()
    for _ in range(3):
        check(request("192.0.2.1", state))
    with pytest.raises(RefusedError) as found:
        check(request("192.0.2.1", state))
    assert found.value.code == "too-many-requests"
    assert status_of(found.value) == 429
    assert answer(found.value).headers["retry-after"] == "60"
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
