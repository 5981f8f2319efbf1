"""Everything that can be wrong with who speaks, and with what was agreed; see breaks.py."""

from collections.abc import Callable, Iterator
from typing import Any

from ledger.statements.arrangement import Equivalence
from ledger.statements.designation import AccreditorEntry, Designation
from tests.statements.recognition.breaks import (
    BOTH,
    NOW,
    THEN,
    Break,
    all_of,
    changed,
    dropped,
    resigned,
)
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    FORGER,
    OTHER_SCENARIO,
    SCOPE,
    STRANGER,
    World,
    authority,
    day,
    digest,
)

Change = Callable[[World], object]


def of_sides() -> list[Break]:
    return [
        *_recognition(),
        *_arrangement(),
        *_denunciation(),
        *_answers(),
        *_terms(),
        *_onward(),
    ]


def _recognition() -> Iterator[Break]:
    def one(name: str, code: str, outcome: str, change: Change) -> Break:
        return Break("mutual", f"recognition {name}", BOTH, code, outcome, change)

    yield one("none", "NOT_RECOGNISED", "absent", dropped("recognition"))
    unknown: Change = lambda w: w.authorities.pop(AUTHORITY["XB"][0])  # noqa: E731
    yield one("where no authority is known", "AUTHORITY_UNKNOWN", "absent", unknown)
    for author in (FORGER, STRANGER, AUTHORITY["XA"], BODY):
        wrong = resigned("recognition", issuer=author[0], jurisdiction=author[1])
        name = f"by {author[0]} of {author[1]}"
        yield one(name, "RECOGNITION_BY_WRONG_SIDE", "absent", wrong)
    for name, scope in {
        "of more persons": SCOPE._replace(persons=100_001),
        "of any number": SCOPE._replace(persons=None),
        "of further places": SCOPE._replace(destinations=frozenset({"XB", "XE"})),
    }.items():
        change = changed("recognition", effect="partial", scope=scope)
        yield one(name, "RECOGNITION_SCOPE_EXCEEDS", "failed", change)
    for span in (THEN, NOW, BOTH):
        start, stop = span
        for member, value in (("effect", "conditional"), ("conditions", ("a",)), ("scope", SCOPE)):
            end = day(stop or 900)
            change = _second(start, end, **{member: value})
            code = "RECOGNITIONS_CONTRADICT"
            yield Break("mutual", f"recognition contradicted in {member}", span, code, "failed", change)
            code = "ONWARD_RECOGNITIONS_CONTRADICT"
            yield Break("onward", f"recognition contradicted in {member}", span, code, "failed", change)


def _second(start: int, end: int, **members: Any) -> Change:
    return lambda w: w.recognition("second", created=day(start), index=4, valid_until=end, **members)


def _arrangement() -> Iterator[Break]:
    for kind, text, sides, prefix in (
        ("mutual", "arrangement", {"XA": "endorsement-xa", "XB": "endorsement-xb"}, ""),
        ("onward", "arrangement", {"XA": "endorsement-xa", "XB": "endorsement-xb"}, "ONWARD_"),
        ("onward", "arrangement-bc", {"XB": "endorsement-bc-xb", "XC": "endorsement-bc-xc"}, ""),
    ):
        yield Break(kind, f"{text} not held", BOTH, f"{prefix}ARRANGEMENT_MISSING", "absent", dropped(text))
        for name, code, change in (
            ("mou", "NO_LEGAL_BASIS", changed(text, kind="mou")),
            ("not binding", "NO_LEGAL_BASIS", changed(text, binding=False)),
            ("of another family", "ARRANGEMENT_SCOPE", changed(text, families=frozenset({"product"}))),
            (
                "of other data",
                "ARRANGEMENT_SCOPE",
                changed(text, data_categories=frozenset({"sensitivePersonal"})),
            ),
        ):
            yield Break(kind, f"{text} {name}", BOTH, prefix + code, "failed", change)
        for side, join in sides.items():
            absent = f"{prefix}ARRANGEMENT_NOT_ENDORSED"
            failed = f"{prefix}ARRANGEMENT_NOT_IN_FORCE"
            yield Break(kind, f"{text} not joined by {side}", BOTH, absent, "absent", dropped(join))
            forged = resigned(join, issuer=STRANGER[0], jurisdiction=STRANGER[1])
            yield Break(kind, f"{text} joined by a stranger for {side}", BOTH, absent, "absent", forged)
            late = changed(join, begins=day(35))
            yield Break(kind, f"{text} joined late by {side}", THEN, failed, "failed", late)
            shown = resigned(join, proven=day(35))
            yield Break(kind, f"{text} shown late by {side}", THEN, failed, "failed", shown)
            for span, name, change in (
                (THEN, "from later", _party(text, side, in_force_from=day(35))),
                (NOW, "ended", _party(text, side, until=day(35))),
                (BOTH, "ended", _party(text, side, until=day(25))),
            ):
                yield Break(kind, f"{text} for {side} {name}", span, failed, "failed", change)
            gone = _party(text, side, jurisdiction="XE")
            yield Break(kind, f"{text} does not name {side}", BOTH, f"{prefix}NOT_A_PARTY", "failed", gone)

    closed = all_of(
        _party("arrangement", "XA", jurisdiction="XD"),
        changed("arrangement", accession=False),
        changed("endorsement-xa", role="accession"),
    )
    yield Break("acceded", "closed, joined by XA all the same", BOTH, "NOT_A_PARTY", "failed", closed)


def _party(text: str, side: str, **members: Any) -> Change:
    def change(world: World) -> object:
        parties = world.held[text].value.parties
        new = (each._replace(**members) if each.jurisdiction == side else each for each in parties)
        return world.change(text, parties=tuple(new))

    return change


def _denunciation() -> Iterator[Break]:
    """Toward one or all, by either side, of a text or an accession, answered by a later join or not."""
    for kind, sides, role, text, prefix in (
        ("mutual", ("XA", "XB"), "party", "arrangement", ""),
        ("acceded", ("XB", "XA"), "accession", "arrangement", ""),
        ("onward", ("XB", "XC"), "party", "arrangement-bc", ""),
        ("onward", ("XA", "XB"), "party", "arrangement", "ONWARD_"),
        ("chain", ("XB", "XC"), "party", "arrangement-bc", "ONWARD_"),
    ):
        for side, other in (sides, sides[::-1]):
            joins = "party" if (kind, side) == ("acceded", "XA") else role
            for toward in (None, frozenset({other}), frozenset({other, "XD"})):
                for span in (THEN, NOW, BOTH):
                    change = _leaving(text, side, joins, span, toward)
                    to = "all" if toward is None else " and ".join(sorted(toward))
                    name = f"{text} denounced by {side} toward {to}"
                    yield Break(kind, name, span, f"{prefix}ARRANGEMENT_DENOUNCED", "failed", change)


def _answers() -> Iterator[Break]:
    """Joins and denunciations that do not take a denunciation back: (created, begins) of each."""
    leave, others = (25, 25), frozenset({"XD"})
    for name, first, second, members in (
        ("joined from the same moment", leave, (25, 25), {}),
        ("joined again later, from the same moment", (20, 25), (22, 25), {}),
        ("joined again later, from before", (20, 25), (22, 23), {}),
        ("joined before, from later", (20, 25), (18, 28), {}),
        ("joined at the same moment, from later", (20, 25), (20, 28), {}),
        ("denounced again toward others", leave, (26, 26), {"role": "denunciation", "toward": others}),
        ("joined again in a later day", leave, (50, 50), {}),
    ):
        for kind, side, role in (
            ("mutual", "XA", "party"),
            ("mutual", "XB", "party"),
            ("acceded", "XB", "accession"),
        ):
            replaces = {"supersedes": digest("leaving")} if "toward" in members else {}
            change = all_of(
                _endorsing("leaving", side, first, role="denunciation"),
                _endorsing("answer", side, second, **{"role": role, **members, **replaces}),
            )
            name_of = f"arrangement denounced by {side}, {name}"
            yield Break(kind, name_of, BOTH, "ARRANGEMENT_DENOUNCED", "failed", change)


def _endorsing(name: str, side: str, days: tuple[int, int], **members: Any) -> Change:
    created, begins = days
    return lambda w: w.endorsement(name, side, created=day(created), begins=day(begins), **members)


def _leaving(text: str, side: str, role: str, span: tuple[int, int | None], toward: Any) -> Change:
    start, stop = span

    def change(world: World) -> None:
        world.endorsement(
            f"leaving {side}", side, text=text, role="denunciation", created=day(start), toward=toward
        )
        if stop is not None:
            joins = [
                h.value
                for h in world.held.values()
                if h.type == "Endorsement" and h.value.jurisdiction == side
            ]
            again = joins[0]
            world.endorsement(
                f"joining {side}", side, text=text, role=role, created=day(stop),
                designated=again.designated, accreditors=again.accreditors,
            )  # fmt: skip

    return change


def _terms() -> Iterator[Break]:
    """Designation, equivalence and purpose."""
    entry = Designation("XA", BODY[0], day(5), None, None)
    for name, span, entries in (
        ("nobody", BOTH, ()),
        ("another body", BOTH, (entry._replace(body=STRANGER[0]),)),
        ("it for another side", BOTH, (entry._replace(jurisdiction="XB"),)),
        ("it too late", BOTH, (entry._replace(begins=day(11)),)),
        ("it for another family", BOTH, (entry._replace(families=frozenset({"product"})),)),
        ("it up to then", BOTH, (entry._replace(ends=day(30)),)),
        ("it up to now", NOW, (entry._replace(ends=day(35)),)),
        ("it twice, with a gap", THEN, (entry._replace(ends=day(25)), entry._replace(begins=day(35)))),
    ):
        change = changed("arrangement", designated=entries)
        yield Break("mutual", f"arrangement designates {name}", span, "BODY_NOT_DESIGNATED", "failed", change)
        in_join = changed("endorsement-xa", designated=entries)
        yield Break("acceded", f"XA designates {name}", span, "BODY_NOT_DESIGNATED", "failed", in_join)
    for kind in ("mutual", "onward", "chain"):
        other = (AccreditorEntry("XA", STRANGER[0]), AccreditorEntry("XB", ACCREDITOR[0]))
        change = changed("arrangement", accreditors=other)
        code = "ACCREDITOR_NOT_RECOGNISED"
        yield Break(kind, "arrangement lists other accreditors", BOTH, code, "absent", change)
    for name, code, equivalence in (
        (
            "the wrong way",
            "STANDARD_NOT_EQUIVALENT",
            Equivalence("XB-PIMS 3", "ISO/IEC 27701:2025", "aToB", None, ()),
        ),
        ("of others", "STANDARD_NOT_EQUIVALENT", Equivalence("XB-PIMS 3", "XC-PRIV 1", "both", None, ())),
        ("from a level", "INSUFFICIENT_LEVEL", Equivalence("ISO/IEC 27701:2025", "XB-PIMS 3", "both", 1, ())),
    ):
        for kind in ("mutual", "onward"):
            change = changed("arrangement", equivalences=(equivalence,))
            yield Break(kind, f"equivalence {name}", BOTH, code, "failed", change)
    low = changed("certificate", level=1)
    yield Break("levelled", "certificate of a low level", BOTH, "EQUIVALENT", "passed", low)
    for name, scope in {
        "of other data": SCOPE._replace(data_categories=frozenset({"nonPersonal"})),
        "of other scenarios": SCOPE._replace(scenarios=frozenset({OTHER_SCENARIO})),
        "of other places": SCOPE._replace(destinations=frozenset({"XD"})),
        "of fewer persons": SCOPE._replace(persons=499),
    }.items():
        for kind, names in (
            ("mutual", ("certificate",)),
            ("mutual", ("recognition",)),
            ("domestic", ("certificate",)),
        ):
            change = changed(names[0], scope=scope)
            yield Break(kind, f"{names[0]} {name}", BOTH, "OUT_OF_SCOPE", "failed", change)


def _onward() -> Iterator[Break]:
    for kind, top in (("onward", "recognition-xc"), ("chain", "recognition-xd")):
        for name, code, outcome, change in (
            ("named is not held", "ONWARD_MISSING", "absent", dropped("recognition")),
            (
                "named is of another",
                "ONWARD_OF_ANOTHER",
                "failed",
                changed("recognition", certificate=digest("x")),
            ),
            (
                "named is something else",
                "ONWARD_OF_ANOTHER",
                "failed",
                changed(top, onward=digest("list-xb")),
            ),
            ("goes in a circle", "NOT_TRANSITIVE", "failed", changed("recognition", onward=digest(top))),
            ("goes home", "NOT_TRANSITIVE", "failed", changed("recognition", jurisdiction="XA")),
            (
                "by an unknown side",
                "ONWARD_AUTHORITY_UNKNOWN",
                "absent",
                lambda w: w.authorities.pop(AUTHORITY["XB"][0]),
            ),
            (
                "by the wrong side",
                "ONWARD_RECOGNITION_BY_WRONG_SIDE",
                "failed",
                resigned("recognition", issuer=STRANGER[0]),
            ),
        ):
            if (kind, name) != ("chain", "by an unknown side"):  # there the arrangement above tells first
                yield Break(kind, f"onward {name}", BOTH, code, outcome, change)
    for kind, texts in (
        ("onward", {"arrangement-bc": 1}),
        ("chain", {"arrangement-cd": 2, "arrangement-bc": 1}),
    ):
        for text, hops in texts.items():
            for depth in range(4):
                passed = depth >= hops
                code, outcome = ("ONWARD", "passed") if passed else ("NOT_TRANSITIVE", "failed")
                change = changed(text, onward_depth=depth)
                yield Break(kind, f"{text} onward {depth} deep", BOTH, code, outcome, change)
    for kind, text, depth in (("onward", "arrangement-bc", 0), ("chain", "arrangement-cd", 1)):
        missing = all_of(dropped("recognition"), changed(text, onward_depth=depth))
        name = f"{text} onward {depth} deep, beyond what is held"
        yield Break(kind, name, BOTH, "NOT_TRANSITIVE", "failed", missing)
    yield Break(
        "onward", "XB's authority is one of XC", BOTH, "ONWARD_RECOGNITION_BY_WRONG_SIDE", "failed",
        lambda w: w.authorities.update(
            {AUTHORITY["XB"][0]: authority(AUTHORITY["XB"][0], "XC"), "x": authority("did:web:x", "XB")}
        ),
    )  # fmt: skip
