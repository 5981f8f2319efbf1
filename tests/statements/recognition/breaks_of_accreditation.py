"""Everything that can be wrong with an accreditation; see breaks.py."""

from collections.abc import Callable, Iterator
from typing import Any

from ledger.statements.accreditation import AccreditedScheme
from tests.statements.recognition.breaks import BOTH, Break, all_of, changed, dropped, resigned
from tests.statements.recognition.kinds import ROOT
from tests.statements.recognition.world import ACCREDITOR, BODY, STRANGER, World, day, digest, party

Change = Callable[[World], object]
SCHEME = AccreditedScheme(
    "urn:example:scheme:cross-border-personal-data",
    frozenset({"2.0"}),
    "personalDataProtection",
    1095,
    None,
)


def of_accreditation() -> Iterator[Break]:
    """All of them."""
    yield from _of_one()
    yield from _of_parents()
    too_long = _scheme(maximum_days=1094)
    for kind in ("mutual", "domestic"):
        yield Break(kind, "certificate too long", BOTH, "VALIDITY_TOO_LONG", "failed", too_long)
        self = resigned("accreditation", issuer=BODY[0])
        yield Break(kind, "accredited by itself", BOTH, "SELF_ACCREDITATION", "failed", self)
        foreign = resigned("accreditation", issuer=BODY[0], jurisdiction="XE")
        code = "ACCREDITOR_NOT_RECOGNISED"
        yield Break(kind, "accredited by its name elsewhere", BOTH, code, "absent", foreign)


def _scheme(**members: Any) -> Change:
    return changed("accreditation", schemes=(SCHEME._replace(**members),))


def _of_one() -> Iterator[Break]:
    """Of the accreditation alone."""
    cases: dict[str, tuple[str, str, Change]] = {
        "none": ("MISSING", "absent", dropped("accreditation")),
        "named, not held": ("MISSING", "absent", _naming("nothing", ACCREDITOR[0])),
        "named, by another": ("OF_ANOTHER", "failed", _naming("accreditation", STRANGER[0])),
        "named, of another type": ("OF_ANOTHER", "failed", _naming("list-body", BODY[0])),
        "of another scheme": ("SCOPE", "failed", _scheme(id="urn:example:scheme:other")),
        "of another version": ("SCOPE", "failed", _scheme(versions=frozenset({"1.0"}))),
        "of another family": ("SCOPE", "failed", _scheme(family="product")),
        "of fewer categories": (
            "SCOPE",
            "failed",
            changed("accreditation", data_categories=frozenset({"personal"})),
        ),
        "of a lower level": (
            "SCOPE",
            "failed",
            all_of(_scheme(level=1), changed("certificate", level=2)),
        ),
        "later than the certificate": ("LAPSED", "failed", changed("accreditation", valid_from=day(11))),
        "shown later than the certificate": ("LAPSED", "failed", resigned("accreditation", proven=day(11))),
        "in a circle, named": (
            "CYCLE",
            "failed",
            all_of(
                resigned("accreditation", issuer=ROOT[0]),
                changed("accreditation", parent=digest("back")),
                lambda w: w.accreditation("back", by=BODY, of=ROOT),
                _naming("accreditation", ROOT[0]),
            ),
        ),
    }
    for name, (code, outcome, change) in cases.items():
        for kind in ("mutual", "domestic"):
            yield Break(kind, f"accreditation {name}", BOTH, f"ACCREDITATION_{code}", outcome, change)


def _of_parents() -> Iterator[Break]:
    """Of the way to an accreditor that is recognised."""
    short = dropped("root")
    for kind, change, code, outcome, name in (
        ("rooted", short, "ACCREDITATION_MISSING", "absent", "parent missing, named"),
        (
            "rooted",
            changed("root", body=party(STRANGER)),
            "ACCREDITOR_NOT_RECOGNISED",
            "failed",
            "parent of another",
        ),
        (
            "rooted",
            resigned("root", issuer=STRANGER[0]),
            "ACCREDITOR_NOT_RECOGNISED",
            "failed",
            "root unknown",
        ),
    ):
        named = all_of(change, _naming("accreditation", ACCREDITOR[0]))
        yield Break(kind, f"accreditation {name}", BOTH, code, outcome, named)
        nobody = "ACCREDITOR_NOT_RECOGNISED"
        yield Break(kind, f"accreditation {name}, not by the certificate", BOTH, nobody, "absent", change)
    named = _naming("accreditation", ACCREDITOR[0])
    far, cycle = "ACCREDITOR_NOT_RECOGNISED", "ACCREDITATION_CYCLE"
    yield Break("rooted", "eight parents", BOTH, "ACCREDITED", "passed", _parents(8))
    yield Break("rooted", "nine parents", BOTH, far, "absent", _parents(9))
    yield Break("rooted", "nine parents, named", BOTH, cycle, "failed", all_of(_parents(9), named))
    lost = all_of(_parents(9), dropped("parent 9"), named)
    yield Break("rooted", "nine parents, one not held, named", BOTH, cycle, "failed", lost)


def _parents(number: int) -> Change:
    """So many parents between the accreditation and the accreditor that counts, that one's included."""

    def change(world: World) -> None:
        world.drop("root")
        below = ACCREDITOR
        for place in range(1, number + 1):
            above = ROOT if place == number else (f"did:web:accreditor{place}.example.xa", "XA")
            parent = None if place == number else digest(f"parent {place + 1}")
            world.accreditation(f"parent {place}", by=above, of=below, parent=parent)
            world.status_list(f"list of {above[0]}", above, created=day(0))
            below = above
        world.change("accreditation", parent=digest("parent 1"))

    return change


def _naming(name: str, accreditor: str) -> Change:
    return changed("certificate", accreditation=(accreditor, digest(name)))
