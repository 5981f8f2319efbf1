"""Finding statements by what people have in hand: a digest, an id, a number, a reference, a place in the log."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from ledger.store.statements import Statements, StoredStatement

LONGEST: Final = 512
"""Characters of what is looked for; what is longer names nothing."""
MOST: Final = 50
"""Statements that are found."""
_NUMBERED: Final = ("ConformityCertificate", "Accreditation", "Recognition")
_DIGEST: Final = re.compile(r"[0-9A-Fa-f]{64}")
_PLACE: Final = re.compile(r"[0-9]{1,15}")


def digest_in(text: str) -> bytes | None:
    """The digest that a text is, as people copy one: with spaces, or a prefix."""
    plain = "".join(text.split()).removeprefix("sha256:").removeprefix("0x")
    return bytes.fromhex(plain) if _DIGEST.fullmatch(plain) else None


def found(
    text: str, statements: Statements, *, sees: Callable[[StoredStatement], bool]
) -> list[StoredStatement]:
    """The statements that a text names, each once, in the order of the log.

    A place in the log is public, and so is which statement stands there; of the rest, what the reader may see.

    Args:
        text: As somebody typed it.
        sees: Whether the reader may see a statement.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > LONGEST:
        return []
    named = {one.index: one for one in _named(wanted, statements) if sees(one)}
    if _PLACE.fullmatch(wanted) and (one := statements.by_index(int(wanted))) is not None:
        named[one.index] = one
    return [named[index] for index in sorted(named)][:MOST]


def _named(wanted: str, statements: Statements) -> Iterator[StoredStatement]:
    yield from statements.of_id(wanted, limit=MOST)
    yield from statements.of_type("TransferRecord", reference=wanted, limit=MOST)
    for kind in _NUMBERED:
        yield from statements.attestations(kind, number=wanted, limit=MOST)
