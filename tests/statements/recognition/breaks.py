"""Everything that can be wrong with one premise, from one day to another.

A break spoils a good world `then` (day 30, mended by day 40), `now` (day 40, not yet day 30) or `both`; it says
which code it leads to.  The certificate is asked for on day 30, as known on day 40.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.statements.recognition.kinds import ROOT
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    DAY,
    SCOPE,
    SMALLER,
    STRANGER,
    World,
    day,
    digest,
    party,
)

Span = tuple[int, int | None]

THEN: Span = (25, 35)
NOW: Span = (35, None)
BOTH: Span = (25, None)
WHEN = {THEN: "then", NOW: "now", BOTH: "both"}


class Break(NamedTuple):
    """One thing that is wrong.

    Attributes:
        kind: Of the world in which it is.
        name: What is wrong, in words.
        span: From which day, and to which.
        code: Of the premise that tells.
        outcome: Of that premise.
        change: What makes it so.
    """

    kind: str
    name: str
    span: Span
    code: str
    outcome: str
    change: Callable[[World], object]

    @property
    def when(self) -> str:
        return WHEN[self.span]

    @property
    def id(self) -> str:
        return f"{self.kind}: {self.name}, {self.when}"


LISTS = {
    "certificate": ("list-body", BODY),
    "accreditation": ("list-accreditor", ACCREDITOR),
    "recognition": ("list-xb", AUTHORITY["XB"]),
    "recognition-xc": ("list-xc", AUTHORITY["XC"]),
    "root": ("list-root", ROOT),
}
TARGETS = [
    ("mutual", "certificate", ""),
    ("domestic", "certificate", ""),
    ("mutual", "accreditation", "ACCREDITATION_"),
    ("domestic", "accreditation", "ACCREDITATION_"),
    ("rooted", "root", "ACCREDITATION_"),
    ("mutual", "recognition", "RECOGNITION_"),
    ("onward", "recognition", "ONWARD_RECOGNITION_"),
    ("chain", "recognition-xc", "ONWARD_RECOGNITION_"),
    ("chain", "recognition", "ONWARD_RECOGNITION_"),
]


def every_break() -> list[Break]:
    from tests.statements.recognition.breaks_of_accreditation import of_accreditation  # needs this module
    from tests.statements.recognition.breaks_of_sides import of_sides

    found = [each for kind, target, prefix in TARGETS for each in of_status(kind, target, prefix)]
    found += [
        each
        for kind, target, _ in TARGETS
        if target[:3] in {"cer", "rec"}
        for each in of_extent(kind, target)
    ]
    return [*found, *of_dates(), *of_accreditation(), *of_sides()]


def change_of(target: str, change: str, on: int, name: str = "", **members: Any) -> Callable[[World], object]:
    called = name or f"{change} {target} {on}"
    return lambda world: world.status_change(called, target, change, created=day(on), **members)


def list_of(target: str, on: int, bits: str = "", **members: Any) -> Callable[[World], object]:
    """A new edition of the list that the target is in, with its bit set in one of the three lists."""

    def change(world: World) -> object:
        place = world.held[target].value.status.index
        said: dict[str, Any] = {bits: [place]} if bits else {}
        called = f"list of {target} {on} {bits}"
        return world.status_list(called, LISTS[target][1], created=day(on), **said, **members)

    return change


def ended(target: str, on: int) -> Callable[[World], object]:
    """The list that the target is in is good for so long only."""
    name, author = LISTS[target]

    def change(world: World) -> object:
        begun = world.held[name].created
        return world.status_list(name, author, created=begun, days=(day(on) - begun) / DAY)

    return change


def dropped(*names: str) -> Callable[[World], object]:
    return lambda world: world.drop(*names)


def changed(name: str, **members: Any) -> Callable[[World], object]:
    return lambda world: world.change(name, **members)


def resigned(name: str, **members: Any) -> Callable[[World], object]:
    return lambda world: world.resign(name, **members)


def all_of(*changes: Callable[[World], object] | None) -> Callable[[World], object]:
    return lambda world: [change(world) for change in changes if change is not None]


def twin(target: str, on: int) -> Callable[[World], object]:
    """Something else of the same author takes the same place in its list."""

    def change(world: World) -> object:
        world.held[f"twin {target}"] = world.held[target]._replace(
            digest=digest(f"twin {target}"), created=day(on)
        )
        member = {"certificate": digest("other"), "body": party(STRANGER)}
        fields = world.held[target].value._fields
        if target != "certificate":
            key = "certificate" if "certificate" in fields else "body"
            world.change(f"twin {target}", **{key: member[key]})
        return world

    return change


def of_status(kind: str, target: str, prefix: str) -> Iterator[Break]:
    def one(name: str, span: Span, code: str, outcome: str, *changes: Any) -> Break:
        return Break(kind, f"{target} {name}", span, prefix + code, outcome, all_of(*changes))

    name, _ = LISTS[target]
    for span in (THEN, NOW, BOTH):
        start, stop = span
        changes: dict[str, Any] = {"by a change": None, "by a list": None}
        if stop is not None:
            changes = {
                "by a change": change_of(target, "reinstate", stop),
                "by a list": list_of(target, stop),
            }
        for how, back in changes.items():
            yield one(
                f"suspended by a change{', mended ' + how if stop else ''}",
                span, "SUSPENDED", "failed", change_of(target, "suspend", start), back,
            )  # fmt: skip
            yield one(
                f"suspended by a list{', mended ' + how if stop else ''}",
                span, "SUSPENDED", "failed", list_of(target, start, "suspended"), back,
            )  # fmt: skip
            if stop is None:
                break
        again = None if stop is None else list_of(target, stop)
        yield one(
            "out of date in its list", span, "STATUS_LIST_EXPIRED", "absent", ended(target, start), again
        )
        if span is NOW:
            continue
        yield one("in no list", span, "STATUS_UNKNOWN", "absent", dropped(name), again)
        foreign = all_of(
            dropped(name),
            lambda world: world.status_list(
                f"foreign {name}", STRANGER, id=world.held[target].value.status.list_id, created=day(5)
            ),
        )
        yield one("in a list of another", span, "STATUS_LIST_OF_ANOTHER", "absent", foreign, again)
    for span in (NOW, BOTH):
        start = span[0]
        suspend = change_of(target, "suspend", start)
        for name, change in {
            "suspended and reinstated at one moment": change_of(target, "reinstate", start),
            "suspended and shown as not at one moment": list_of(target, start),
            "suspended, and shown as not by a list that never was in force": all_of(
                list_of(target, start - 1, days=2),
                resigned(f"list of {target} {start - 1} ", proven=day(start + 2)),
            ),
            "suspended, and reinstated by another": change_of(target, "reinstate", start + 1, by=STRANGER),
        }.items():
            yield one(name, span, "SUSPENDED", "failed", suspend, change)
        yield one("withdrawn by a change", span, "WITHDRAWN", "failed", change_of(target, "withdraw", start))
        yield one("withdrawn by a list", span, "WITHDRAWN", "failed", list_of(target, start, "withdrawn"))
        yield one("sharing its index", span, "STATUS_INDEX_REUSED", "failed", twin(target, start))
    yield one(
        "out of the range of its list", BOTH, "STATUS_INDEX_RANGE", "absent",
        lambda world: world.change(target, status=world.held[target].value.status._replace(index=99)),
    )  # fmt: skip


def of_extent(kind: str, target: str) -> Iterator[Break]:
    """What a reduction leaves, and what a list says of one that is not there."""
    elsewhere = SCOPE._replace(scenarios=frozenset({("urn:evidence-ledger:scenario:v1", "other")}))
    for span in (NOW, BOTH):
        reduced = change_of(target, "reduceScope", span[0], scope=elsewhere)
        yield Break(kind, f"{target} reduced to something else", span, "OUT_OF_SCOPE", "failed", reduced)
    for span in (THEN, NOW, BOTH):
        start, stop = span
        told = None if stop is None else change_of(target, "reduceScope", stop, scope=SMALLER)
        change = all_of(list_of(target, start, "refreshed"), told)
        yield Break(kind, f"{target} reduced, nobody says how", span, "SCOPE_UNKNOWN", "absent", change)


def of_dates() -> Iterator[Break]:
    """The certificate's own, and those of recognitions and accreditations."""
    late = day(35)
    for kind in ("mutual", "domestic"):
        for name, span, code, change in (
            ("begins later", THEN, "NOT_YET_VALID", changed("certificate", valid_from=late)),
            ("proven later", THEN, "BACK_DATED", resigned("certificate", proven=late)),
            ("in a later block", THEN, "BACK_DATED", resigned("certificate", operator=late)),
            ("expired", NOW, "EXPIRED", changed("certificate", valid_until=late)),
            ("expired", BOTH, "EXPIRED", changed("certificate", valid_until=day(25))),
            ("superseded", NOW, "SUPERSEDED", renewed("certificate", 35)),
            ("superseded", BOTH, "SUPERSEDED", renewed("certificate", 25)),
        ):
            yield Break(kind, f"certificate {name}", span, code, "failed", change)
    for kind, name, prefix in (
        ("mutual", "recognition", "RECOGNITION_"),
        ("onward", "recognition", "ONWARD_RECOGNITION_"),
        ("onward", "recognition-xc", "RECOGNITION_"),
        ("chain", "recognition-xc", "ONWARD_RECOGNITION_"),
    ):
        for span, code, change in (
            (THEN, "NOT_YET", changed(name, valid_from=late)),
            (NOW, "EXPIRED", changed(name, valid_until=late)),
            (BOTH, "EXPIRED", changed(name, valid_until=day(25))),
            (NOW, "SUPERSEDED", all_of(renewed(name, 35), change_of("renewed " + name, "withdraw", 35))),
            (BOTH, "SUPERSEDED", all_of(renewed(name, 25), change_of("renewed " + name, "withdraw", 25))),
        ):
            told = (
                "RECOGNITION_WITHDRAWN"
                if code == "SUPERSEDED" and prefix == "RECOGNITION_"
                else prefix + code
            )
            yield Break(kind, f"{name} {code.lower()}", span, told, "failed", change)
    for kind, name in (("mutual", "accreditation"), ("domestic", "accreditation"), ("rooted", "root")):
        for span in (THEN, NOW, BOTH):
            again = None if span[1] is None else renewed(name, span[1])
            change = all_of(changed(name, valid_until=day(span[0])), again)
            yield Break(kind, f"{name} lapsed", span, "ACCREDITATION_LAPSED", "failed", change)
        for span in (NOW, BOTH):
            change = all_of(renewed(name, span[0]), changed(f"renewed {name}", valid_until=day(span[0] + 1)))
            yield Break(kind, f"{name} renewed for a day", span, "ACCREDITATION_LAPSED", "failed", change)


def renewed(name: str, on: int) -> Callable[[World], object]:
    """Another statement of the same author replaces it, at another index."""

    def change(world: World) -> object:
        held = world.held[name]
        called = f"renewed {name}"
        world.held[called] = held._replace(digest=digest(called), created=day(on))
        status = held.value.status._replace(index=50)
        return world.change(
            called,
            valid_from=day(on),
            valid_until=day(on + 900),
            supersedes=held.digest,
            status=status,
        )

    return change
