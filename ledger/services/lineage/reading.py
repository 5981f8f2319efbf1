"""A graph as another node tells it, read back.  It is that node's word; only digests tie it to anything."""

import re
from typing import Any

from ledger.core.did import is_did
from ledger.core.times import parse_time
from ledger.errors import LedgerError, MalformedError
from ledger.services.lineage.graph import MOST_COUNT, Entry, Lineage, Link, lineage_of
from ledger.statements.edges import NAMED_RELATIONS

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_ROLE = re.compile(r"[a-z][A-Za-z]{0,31}")
_MOST_LINKS = 16 * MOST_COUNT


def read_lineage(value: Any) -> Lineage:
    """The graph in a JSON value; incomplete statements and conflicts are found anew, not believed.

    Raises:
        MalformedError: `lineage-malformed`.
    """
    try:
        entries = [_entry(one) for one in _list(value["statements"], MOST_COUNT)]
        links = [
            Link(_digest(one["source"]), _match(one["relation"], None), _digest(one["target"]))
            for one in _list(value["links"], _MOST_LINKS)
        ]
        root, more = _digest(value["root"]), value["more"]
    except (KeyError, TypeError, IndexError, LedgerError) as error:
        raise MalformedError(f"the lineage is not in order: {error}", code="lineage-malformed") from None
    known = [entry.digest for entry in entries]
    ends = {end for link in links for end in (link.source, link.target)}
    if len(set(known)) != len(known) or not ends | {root} <= set(known) or not isinstance(more, bool):
        raise MalformedError("the lineage names statements that are not in it", code="lineage-malformed")
    return lineage_of(root, entries, links, more=more)


def _entry(value: Any) -> Entry:
    digest, depth = _digest(value["digest"]), value["depth"]
    if type(depth) is not int or not 0 <= depth <= MOST_COUNT:
        raise MalformedError("a depth is out of range")
    if value["held"] is False:
        return Entry(digest, depth)
    parties = tuple((_match(one["role"], _ROLE), _did(one["did"])) for one in _list(value["parties"], 8))
    kind, issuer = _match(value["type"], _TYPE), _did(value["issuer"])
    return Entry(digest, depth, kind, issuer, parse_time(value["created"]), parties)


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise MalformedError("a list is missing or too long")
    return value


def _digest(value: Any) -> bytes:
    return bytes.fromhex(_match(value, _DIGEST))


def _did(value: Any) -> str:
    if not isinstance(value, str) or not is_did(value):
        raise MalformedError("a DID is not in order")
    return value


def _match(value: Any, pattern: re.Pattern[str] | None) -> str:
    """Text of a form, or the name of a relation."""
    if not isinstance(value, str) or not (pattern.fullmatch(value) if pattern else value in NAMED_RELATIONS):
        raise MalformedError("a name is not in order")
    return value
