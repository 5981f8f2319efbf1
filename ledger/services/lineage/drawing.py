"""The lineage as SVG 1.1 for screen and print: newest statements above, what they rest on below.

Layers follow the longest path; within a layer the order is that of the neighbours above.  All sizes are integers and
nothing is measured, so the same graph gives the same bytes.  Readable without the picture: every box and the whole
have a title, and what is missing or contradicts is told in words and by the line, not by colour alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from ledger.core.times import format_time
from ledger.services.lineage.graph import Entry, Lineage, Link
from ledger.verify.text import short

WIDTH: Final = 236
HEIGHT: Final = 74
GAP: Final = 28
RISE: Final = 74
MARGIN: Final = 24
_STYLE: Final = """\
text{font:12px "DejaVu Sans",Verdana,Arial,sans-serif;fill:#111}
.type{font-weight:bold;font-size:13px}.code{font-family:"DejaVu Sans Mono",Consolas,monospace;font-size:11px}
.box{fill:#fff;stroke:#111;stroke-width:1}.root .box{stroke-width:3}
.missing .box{stroke-dasharray:6 4}.conflict .box{stroke:#8b1a1a;stroke-width:2.5}.word{font-weight:bold;fill:#8b1a1a}
.link{fill:none;stroke:#333;stroke-width:1.2}.relation{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4}
"""
_ARROW: Final = """\
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0 10 5 0 10z" fill="#333"/></marker></defs>"""
_NAME_LENGTH: Final = 33
_ROUNDS: Final = 200
_WORD: Final = (70, 13)
_MOVES: Final = 4


def drawing_of(lineage: Lineage) -> bytes:
    """An SVG document, UTF-8."""
    rows = _rows(lineage)
    widest = max(len(row) for row in rows)
    width = 2 * MARGIN + widest * WIDTH + (widest - 1) * GAP
    height = 2 * MARGIN + len(rows) * HEIGHT + (len(rows) - 1) * RISE
    places = {
        digest: (
            (width - len(row) * (WIDTH + GAP) + GAP) // 2 + column * (WIDTH + GAP),
            MARGIN + level * (HEIGHT + RISE),
        )
        for level, row in enumerate(rows)
        for column, digest in enumerate(row)
    }
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'role="img" aria-labelledby="title desc">',
        f'<title id="title">Lineage of {lineage.root.hex()}</title>',
        f'<desc id="desc">{escape(_described(lineage))}</desc>',
        f"<style>{_STYLE}</style>",
        _ARROW,
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_link(link, places) for link in lineage.links),
        *(line for entry in lineage.entries for line in _box(entry, lineage, places[entry.digest])),
        *_relations(lineage.links, places),
        "</svg>",
        "",
    ]
    return "\n".join(lines).encode()


def _rows(lineage: Lineage) -> list[list[bytes]]:
    """Digests by layer: each statement just above the highest that it refers to, the others just below who refers."""
    height = {entry.digest: 0 for entry in lineage.entries}
    for _ in range(
        min(len(height), _ROUNDS)
    ):  # a graph of digests has no cycle; a forged one ends all the same
        moved = False
        for link in lineage.links:
            if height[link.source] <= height[link.target] < len(height) - 1:
                height[link.source] = height[link.target] + 1
                moved = True
        if not moved:
            break
    top = max(height.values())
    layer = {digest: top - found for digest, found in height.items()}
    referring = _referring(lineage)
    for digest in referring.keys() - {link.source for link in lineage.links}:
        layer[digest] = 1 + max(layer[source] for source in referring[digest])
    rows: list[list[bytes]] = [[] for _ in range(len(layer) + 1)]
    for digest in sorted(layer):
        rows[layer[digest]].append(digest)
    rows = [row for row in rows if row]
    above: dict[bytes, int] = {}
    for row in rows:
        neighbours = {
            digest: [above[source] for source in referring.get(digest, ()) if source in above]
            for digest in row
        }
        row.sort(key=lambda digest: (sum(found) / len(found) if (found := neighbours[digest]) else 0, digest))
        above |= {digest: column for column, digest in enumerate(row)}
    return rows


def _referring(lineage: Lineage) -> dict[bytes, list[bytes]]:
    """What refers to each statement."""
    found: dict[bytes, list[bytes]] = {}
    for link in lineage.links:
        found.setdefault(link.target, []).append(link.source)
    return found


def _described(lineage: Lineage) -> str:
    told = [f"{len(lineage.entries)} statements, {len(lineage.links)} references."]
    told += [f"Incomplete: {digest.hex()} is not here." for digest in lineage.incomplete]
    told += [
        f"Conflict: {one.target.hex()} is superseded by {' and by '.join(by.hex() for by in one.by)}."
        for one in lineage.conflicts
    ]
    if lineage.more:
        told.append("There is more than is drawn.")
    return " ".join(told)


def _ends(link: Link, places: Mapping[bytes, tuple[int, int]]) -> tuple[int, int, int, int]:
    (left, top), (below, floor) = places[link.source], places[link.target]
    return left + WIDTH // 2, top + HEIGHT, below + WIDTH // 2, floor


def _link(link: Link, places: Mapping[bytes, tuple[int, int]]) -> str:
    x, y, u, v = _ends(link, places)
    middle = (y + v) // 2
    return f'<path class="link" d="M{x} {y}C{x} {middle} {u} {middle} {u} {v}" marker-end="url(#head)"/>'


def _relations(links: Iterable[Link], places: Mapping[bytes, tuple[int, int]]) -> Iterator[str]:
    """The words on the lines, half way; one that would lie on another moves down."""
    taken: set[tuple[int, int]] = set()
    for link in links:
        x, y, u, v = _ends(link, places)
        across, down = (x + u) // 2, (y + v) // 2
        column = across // _WORD[0]
        for _ in range(_MOVES):
            row = down // _WORD[1]
            if taken.isdisjoint((column + beside, row) for beside in (-1, 0, 1)):
                break
            down += _WORD[1]
        taken.add((column, down // _WORD[1]))
        at = f'x="{across}" y="{down}"'
        yield f'<text class="relation" text-anchor="middle" {at}>{escape(link.relation)}</text>'


def _box(entry: Entry, lineage: Lineage, place: tuple[int, int]) -> Iterator[str]:
    x, y = place
    conflict = any(entry.digest in one.by for one in lineage.conflicts)
    missing = entry.type is None
    classes = [
        name
        for name, holds in (
            ("root", entry.digest == lineage.root),
            ("missing", missing),
            ("conflict", conflict),
        )
        if holds
    ]
    yield f'<g class="{" ".join(["entry", *classes])}"><title>{escape(_title(entry, conflict=conflict))}</title>'
    yield f'<rect class="box" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="3"/>'
    yield f'<text class="type" x="{x + 10}" y="{y + 19}">{escape(entry.type or "incomplete")}</text>'
    yield f'<text class="code" x="{x + 10}" y="{y + 36}">{short(entry.digest)}</text>'
    if conflict:
        yield f'<text class="word" text-anchor="end" x="{x + WIDTH - 10}" y="{y + 19}">conflict</text>'
    if entry.issuer is None or entry.created is None:
        yield f'<text x="{x + 10}" y="{y + 52}">referred to, and not here</text>'
    else:
        yield f'<text x="{x + 10}" y="{y + 52}">{escape(_cut(entry.issuer))}</text>'
        yield f'<text x="{x + 10}" y="{y + 67}">{format_time(entry.created)}</text>'
    yield "</g>"


def _title(entry: Entry, *, conflict: bool) -> str:
    if entry.type is None or entry.created is None:
        return f"{entry.digest.hex()}: incomplete, not here"
    told = f"{entry.type} {entry.digest.hex()} by {entry.issuer}, {format_time(entry.created)}"
    return f"{told}; conflict: another supersedes the same" if conflict else told


def _cut(text: str) -> str:
    return text if len(text) <= _NAME_LENGTH else f"{text[: _NAME_LENGTH - 1]}…"
