"""A page of what concerns a jurisdiction, from a node that may say anything."""

import contextlib
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RemoteError
from ledger.remote.concerning import Concerning, Named, concerning_of
from tests.remote.transports import URL, answering, client

DIGEST = "ab" * 32
ITEM = {"index": 5, "digest": DIGEST, "type": "TransferRecord"}
PAGE: dict[str, Any] = {"items": [ITEM], "after": 9, "more": True}


def test_a_page_is_read_and_the_place_is_asked_for() -> None:
    asked: list[httpx2.URL] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url)
        return httpx2.Response(200, json=PAGE)

    with client(answer) as node:
        assert node.concerning("XB", after=4) == Concerning((Named(5, DIGEST),), 9, more=True)
    assert (asked[0].path, dict(asked[0].params)) == ("/v1/concerning", {"jurisdiction": "XB", "after": "4"})


@pytest.mark.parametrize(
    "change",
    [
        {"items": None},
        {"items": [1]},
        {"items": [{**ITEM, "index": 4}]},
        {"items": [{**ITEM, "index": 10}]},
        {"items": [{**ITEM, "index": "5"}]},
        {"items": [{**ITEM, "index": True}]},
        {"items": [{**ITEM, "digest": DIGEST.upper()}]},
        {"items": [{**ITEM, "digest": DIGEST[1:]}]},
        {"items": [{**ITEM, "digest": "../../etc"}]},
        {"items": [ITEM, ITEM]},
        {"after": None},
        {"after": 3},
        {"after": 2**60},
        {"after": 4},
        {"more": 1},
    ],
    ids=str,
)
def test_a_page_that_does_not_hold_is_refused(change: dict[str, Any]) -> None:
    with answering(json={**PAGE, **change}) as node, pytest.raises(RemoteError) as refused:
        node.concerning("XB", after=4)
    assert refused.value.code == "remote-answer-invalid"


NAMES = st.sampled_from(["items", "after", "more", "index", "digest"])
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
)


@given(st.dictionaries(st.sampled_from(["items", "after", "more"]), json), st.integers(-1, 9))
def test_any_page_is_read_or_refused(told: dict[str, Any], after: int) -> None:
    with contextlib.suppress(RemoteError):
        assert concerning_of(told, after, URL).after >= after


def test_an_entry_comes_as_it_is() -> None:
    with answering(content=b'{"@context":[]}') as node:
        assert node.entry() == b'{"@context":[]}'
