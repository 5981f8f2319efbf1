"""The quick answers about Ed25519 encodings, held against the numbers they are about."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.core.ed25519 import ORDER, is_acceptable, is_below_order

P = 2**255 - 19
OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL = {0, 1, P - 1, OF_ORDER_8, P - OF_ORDER_8}
EDGES = sorted(
    {
        edge + more
        for edge in (*SMALL, P, 2**247, 2**248, 2**252, 2**255 - 1, ORDER)
        for more in range(-20, 21)
    }
)


def encoded(number: int) -> bytes:
    return number.to_bytes(32, "little")


def agree(number: int) -> None:
    y = number % 2**255
    assert is_acceptable(encoded(number)) == (y < P and y not in SMALL)
    assert is_below_order(encoded(number)) == (number < ORDER)


def test_the_edges_are_told_apart() -> None:
    for edge in EDGES:
        for sign in (0, 1):
            agree((edge + (sign << 255)) % 2**256)


@given(st.integers(0, 2**256 - 1) | st.integers(0, 2**16).map(lambda less: 2**256 - 1 - less))
@settings(max_examples=200)
@example(0)
@example(2**256 - 1)
def test_any_encoding_is_told_apart(number: int) -> None:
    agree(number)
