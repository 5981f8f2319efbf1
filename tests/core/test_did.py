"""The shape of DIDs and key ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.did import LENGTH_LIMIT, is_did, is_key_id, split_did_url
from ledger.errors import MalformedError


@pytest.mark.parametrize(
    "did",
    [
        "did:web:exporter.example.xa",
        "did:web:example.xa%3A8443",
        "did:web:example.xa:companies:4711",
        "did:web:example.xa:a%20b",
        "did:key:z6MkjsuSPUAywtMAS9FYWYwVm3XWe4EZ6iMbT4M458HMBnEh",
        "did:web:" + "x" * (LENGTH_LIMIT - 8),
    ],
)
def test_a_did_of_a_known_method_is_accepted(did: str) -> None:
    assert is_did(did)
    assert split_did_url(did + "#2026") == (did, "#2026")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did:web:",
        "did:web:-",
        "did:web:Example.xa",
        "did:web:example.xa/path",
        "did:web:example.xa?query",
        "did:web:example.xa#key",
        "did:web:example.xa::a",
        "did:web:example.xa:",
        "did:web:example.xa:a%2",
        "did:web:example.xa:a%ff",
        "did:web:exämple.xa",
        "did:web:example.xa\n",
        " did:web:example.xa",
        "did:key:",
        "did:key:z0",
        "did:key:u6Mk",
        "did:ethr:0x00",
        "DID:web:example.xa",
        "https://example.xa",
        "did:web:" + "x" * (LENGTH_LIMIT - 7),
        None,
        1,
    ],
)
def test_everything_else_is_not(text: object) -> None:
    assert not is_did(text)


@pytest.mark.parametrize("text", ["", "#", "2026", "##", "#a#b", "#a b", "#ä", "#a\n", "#" + "a" * 65, None])
def test_a_key_id_has_its_own_shape(text: object) -> None:
    assert not is_key_id(text)
    assert is_key_id("#" + "aZ0._-" * 10)


@given(st.text(max_size=40))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        did, key_id = split_did_url("did:web:a" + text)
        assert did + key_id == "did:web:a" + text
    except MalformedError as error:
        assert error.code == "did-malformed"  # noqa: PT017
