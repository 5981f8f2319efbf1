"""One client's requests are counted, and those above the limit are refused until later."""

from types import SimpleNamespace
from typing import Any

import pytest

from api.limiting import limited
from api.problems import answer, status_of
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
