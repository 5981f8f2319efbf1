"""The same exchange by a file: what concerns a jurisdiction, one bundle a line, carried by any means.

    evidence-partner file = (bundle, canonical JSON, line feed)*

Nothing in it needs to be believed: each bundle is verified as if the partner's node had given it.

Source: docs/spec/exchange.md.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from ledger.core.canonical import BUNDLE_LIMIT
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError, RefusedError, VerificationError
from ledger.services.bundles.export import Shelf, bundle_of
from ledger.services.exchange.accepting import accept
from ledger.services.exchange.concerning import Concerns
from ledger.services.exchange.pulling import WRITTEN, Pulled
from ledger.services.files import reported
from ledger.services.trust.partners import Partner
from ledger.store.partners import Kept, Mirror
from ledger.verify.bundle import parse_bundle

MOST_LINES: Final = 1_000_000


def export_lines(shelf: Shelf, concerns: Concerns, jurisdiction: str) -> Iterator[bytes]:
    """The lines of the file for `jurisdiction`: the bundle of each statement that concerns it.

    What is in the log and in no anchored checkpoint yet is exported without an anchor.
    """
    latest = shelf.checkpoints.latest()
    size = 0 if latest is None else latest.size
    after, more = -1, size > 0
    while more:
        page = concerns.page(jurisdiction, after=after, size=size)
        for told in page.items:
            yield bundle_of(told.digest, shelf, allow_unanchored=True) + b"\n"
        after, more = page.after, page.more


def take_file(
    path: Path,
    partners: Sequence[Partner],
    *,
    mirror: Mirror,
    trust: TrustList,
    clock: Callable[[], float],
    told: Callable[[int], None] = lambda _: None,
) -> list[Pulled]:
    """Verify and keep what a file holds of the given partners; how it went for each that it is of.

    A line that does not hold is counted and passed over.

    Args:
        told: Called with the number of lines done.

    Raises:
        SetupError: It cannot be read.
        MalformedError: `line-too-long`, `input-empty`, `stream-too-long`.
        StoreError: The mirror could not be written.
    """
    by_log = {origin: partner for partner in partners for origin in partner.entry.listed.logs}
    results: dict[str, Pulled] = {}
    waiting: dict[str, list[Kept]] = {}
    lines = 0
    with reported("read file", path), path.open("rb") as file:
        for line in _lines(file):
            lines += 1
            partner, found = _taken(line, by_log, trust, int(clock()))
            result = results.setdefault(partner, Pulled(partner))
            result.looked += 1
            if isinstance(found, LedgerError):
                result.refused += 1
                result.why.setdefault(found.code, f"line {lines}: {found}")
            else:
                result.kept += 1
                result.waiting += not found.anchored
                waiting.setdefault(partner, []).append(found)
                if len(waiting[partner]) >= WRITTEN:
                    mirror.put(partner, waiting.pop(partner))
            told(lines)
    for partner, kept in waiting.items():
        mirror.put(partner, kept)
    if not lines:
        raise MalformedError(f"{path} holds no bundle", code="input-empty")
    return [results[name] for name in sorted(results)]


def _taken(
    line: bytes, by_log: dict[str, Partner], trust: TrustList, now: int
) -> tuple[str, Kept | LedgerError]:
    """Whose bundle a line holds, `-` where that is not known, and the bundle or what is wrong with it."""
    name = "-"
    try:
        bundle = parse_bundle(line)
        origin = next(section.origin for section, item in bundle.items if item.role == "subject")
        partner = by_log.get(origin)
        if partner is None:
            raise VerificationError(
                f"the bundle is about a statement in {origin}, which is a log of no partner asked for",
                code="partner-log",
            )
        name = partner.name
        if origin not in trust.logs:
            raise RefusedError(
                f"the trust list of {trust.publisher.id} does not name {origin}", code="partner-not-trusted"
            )
        return name, accept(line, partner, trust, now=now)
    except LedgerError as error:
        return name, error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends, none read beyond the limit of a bundle."""
    count = 0
    while line := file.readline(BUNDLE_LIMIT + 2):
        count += 1
        if len(line) > BUNDLE_LIMIT + 1:
            raise MalformedError(
                f"line {count} has more than {BUNDLE_LIMIT} bytes; a line holds one bundle",
                code="line-too-long",
            )
        if count > MOST_LINES:
            raise MalformedError(f"more than {MOST_LINES} lines are not read", code="stream-too-long")
        if line.strip():
            yield line.rstrip(b"\r\n")
