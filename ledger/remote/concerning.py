"""What of a node's log concerns a jurisdiction, as the node tells it: one page, held against its form.

Whether a statement stands there, and what it says, only its bundle shows.
"""

from dataclasses import dataclass
from typing import Any, Final

from ledger.core.canonical import INTEGER_LIMIT
from ledger.remote.exchange import invalid

_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Named:
    """A statement that a node names: its place in the log and its digest, in hex."""

    index: int
    digest: str


@dataclass(frozen=True, slots=True)
class Concerning:
    """A page.

    Attributes:
        after: Index of the last statement that the node looked at, to go on after.
        more: Whether the node says that its log goes on.
    """

    items: tuple[Named, ...]
    after: int
    more: bool


def concerning_of(told: dict[str, Any], after: int, url: str) -> Concerning:
    """The page that an answer states.

    Raises:
        RemoteError: `remote-answer-invalid`: it is none, or leads back or nowhere.
    """
    items, last, more = told.get("items"), told.get("after"), told.get("more")
    if not isinstance(items, list) or type(more) is not bool or type(last) is not int:
        raise invalid(url, "a page without items, or without where it ends")
    if not after <= last <= INTEGER_LIMIT or (more and last == after):
        raise invalid(url, "a page that leads back or nowhere")
    named = []
    before = after
    for item in items:
        found = _named(item)
        if found is None or not before < found.index <= last:
            raise invalid(url, "a page with an item that is none, or out of order")
        before = found.index
        named.append(found)
    return Concerning(tuple(named), last, more)


def _named(item: object) -> Named | None:
    members: dict[str, Any] = item if isinstance(item, dict) else {}
    index, digest = members.get("index"), members.get("digest")
    if type(index) is not int or not isinstance(digest, str):
        return None
    return Named(index, digest) if len(digest) == 64 and _DIGITS.issuperset(digest) else None  # noqa: PLR2004
