import pytest

from ledger.errors import MalformedError
from ledger.services.render.pointer import Pointer, checked_url, parse_pointer

DIGEST, TRUST = bytes(range(32)), bytes(range(32, 64))


@pytest.mark.parametrize("url", [None, "https://node.example.xa:8443/v1/bundle?x=1&y=%20"])
def test_a_pointer_is_read_back_as_it_was_written(url: str | None) -> None:
    pointer = Pointer(url, DIGEST, TRUST)
    assert parse_pointer(str(pointer)) == pointer


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node.example.xa/bundle",
        "javascript:alert(1)",
        "file:///etc/hosts",
        "https://",
        "https://node.example.xa/#evidence=00",
        "https://user@node.example.xa/",
        "https://node.example.xa/a b",
        "https://node.example.xa/\n",
        'https://node.example.xa/"',
        "https://node.example.xa/证",
        "https://node.example.xa:port/",
        "https://[::1/",
        "https://node.example.xa/" + "x" * 300,
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(MalformedError) as refused:
        checked_url(url)
    assert refused.value.code == "url-invalid"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: text + "0",
        lambda text: text.replace("#", "?"),
        lambda text: text.replace("trust=", "trust"),
        lambda text: text + "\n",
    ],
)
def test_a_changed_pointer_is_not_read(change: object) -> None:
    with pytest.raises(MalformedError):
        parse_pointer(change(str(Pointer(None, DIGEST, TRUST))))  # type: ignore[operator]
