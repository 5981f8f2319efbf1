"""Documents that cost their reader far more than an honest one of their size would; each ends soon, and small."""

import time
import tracemalloc

import pytest

from ledger.core.canonical import BUNDLE_LIMIT, STATEMENT_LIMIT, decode, normalise
from ledger.core.members import Members
from ledger.errors import MalformedError

MEBIBYTE = 1 << 20


def spent(data: bytes) -> tuple[str, int, float]:
    """Code of the refusal, peak bytes and seconds."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(MalformedError) as refused:
            decode(data, limit=BUNDLE_LIMIT, what="bundle")
        return refused.value.code, tracemalloc.get_traced_memory()[1], time.monotonic() - began
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b'{"' + b"A" * 30_000 + b'":[' + b"1," * 30_000 + b"null]}",
        b'{"' + b"A" * 30_000 + b'":{' + b",".join(b'"%d":1' % n for n in range(20_000)) + b',"z":null}}',
    ],
    ids=["a list below a long name", "an object below a long name"],
)
def test_a_long_name_above_many_items_does_not_fill_the_memory(data: bytes) -> None:
    code, peak, seconds = spent(data)
    assert code == "not-canonical"
    assert peak < 64 * MEBIBYTE
    assert seconds < 5


def test_a_fault_below_a_long_name_is_described_in_few_words() -> None:
    name = "A" * 100_000
    with pytest.raises(MalformedError) as refused:
        decode(b'{"' + name.encode() + b'":null}', limit=BUNDLE_LIMIT, what="bundle")
    assert len(str(refused.value)) < 1_000
    with pytest.raises(MalformedError) as unknown:
        Members({name: 1}, what="bundle", pointer="", required=())
    assert unknown.value.code == "member-unknown"
    assert len(str(unknown.value)) < 1_000


def test_what_a_stranger_wrote_never_breaks_the_line_of_a_message() -> None:
    with pytest.raises(MalformedError) as refused:
        Members({"a\nVERIFIED\x1b[2J": 1}, what="bundle", pointer="", required=())
    assert str(refused.value).isprintable()
    with pytest.raises(MalformedError) as null:
        decode(b'{"a\\nVERIFIED\\u001b[2J":null}', limit=BUNDLE_LIMIT, what="bundle")
    assert str(null.value).isprintable()


def test_many_members_of_one_name_are_refused_soon() -> None:
    data = b"{" + b'"a":1,' * 100 + b",".join(b'"%x":1' % n for n in range(25_000)) + b"}"
    began = time.monotonic()
    with pytest.raises(MalformedError) as refused:
        normalise(data, limit=STATEMENT_LIMIT * 2, what="statement")
    assert refused.value.code == "duplicate-member"
    assert time.monotonic() - began < 2
