"""The lineage as text: what the statement rests on, then what rests on it, each statement described once."""

from collections.abc import Iterator

from ledger.core.times import format_time
from ledger.services.lineage.graph import Entry, Lineage, Link


def tree_of(lineage: Lineage) -> list[str]:
    """Lines, without their ends."""
    marks = _marks(lineage)
    lines = [_told(lineage.entry(lineage.root), marks)]
    shown: set[Link] = set()
    for heading, forward in (("rests on", True), ("is referred to by", False)):
        branches = list(_branches(lineage, marks, shown, forward=forward))
        lines.append(f"{heading}:" if branches else f"{heading}: nothing that is here")
        lines += branches
    beside = [link for link in lineage.links if link not in shown]
    lines += ["what those rest on besides:"] if beside else []
    told = {lineage.root} | {end for link in shown for end in (link.source, link.target)}
    for link in beside:
        again = link.target in told
        target = f"{link.target.hex()} (above)" if again else _told(lineage.entry(link.target), marks)
        told.add(link.target)
        lines.append(f"  {link.source.hex()} {link.relation} -> {target}")
    lines += [f"incomplete: {digest.hex()} is not here" for digest in lineage.incomplete]
    for conflict in lineage.conflicts:
        by = ", ".join(digest.hex() for digest in conflict.by)
        lines.append(f"conflict: {conflict.target.hex()} is superseded by {by}")
    if lineage.more:
        lines.append("and more: the bounds of depth or count were reached")
    return lines


def _branches(lineage: Lineage, marks: dict[bytes, str], shown: set[Link], *, forward: bool) -> Iterator[str]:
    """All that is met in one direction, indented; what was told before is named and not gone into again."""
    every = {entry.digest: entry for entry in lineage.entries}
    steps: dict[bytes, list[Link]] = {}
    for one in lineage.links:
        steps.setdefault(one.source if forward else one.target, []).append(one)
    told = {lineage.root}
    stack = [iter(steps.get(lineage.root, ()))]
    while stack:
        link = next(stack[-1], None)
        if link is None:
            stack.pop()
            continue
        shown.add(link)
        digest = link.target if forward else link.source
        again = digest in told
        arrow = f"{link.relation} ->" if forward else f"<- {link.relation}"
        line = f"{digest.hex()} (above)" if again else _told(every[digest], marks)
        yield f"{'  ' * len(stack)}{arrow} {line}"
        if not again:
            told.add(digest)
            stack.append(iter(steps.get(digest, ())))


def _told(entry: Entry, marks: dict[bytes, str]) -> str:
    mark = marks.get(entry.digest, "")
    if entry.type is None or entry.created is None:
        return f"{entry.digest.hex()}  INCOMPLETE: not here{mark}"
    return f"{entry.digest.hex()}  {entry.type} by {entry.issuer}, {format_time(entry.created)}{mark}"


def _marks(lineage: Lineage) -> dict[bytes, str]:
    return dict.fromkeys((digest for one in lineage.conflicts for digest in one.by), "  CONFLICT")
