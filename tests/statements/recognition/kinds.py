"""Good worlds of several kinds, to be spoilt one thing at a time: each certificate counts in all of them."""

from collections.abc import Callable

from ledger.statements.arrangement import Equivalence
from ledger.statements.designation import AccreditorEntry, Designation
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    SCOPE,
    World,
    day,
    digest,
    domestic,
    mutual,
    onward,
)

ROOT = ("did:web:root.example.xa", "XA")
DOCUMENTS = frozenset({"ebl/other", "einvoice/UBL-2.1"})


def chain(depth: int = 3) -> World:
    """XA's certificate, recognised by XB, on that by XC, on that by XD; each arrangement lets onward so deep."""
    world = onward(depth)
    world.change("arrangement", onward_depth=depth)
    world.arrangement(
        "arrangement-cd",
        parties=("XC", "XD"),
        onward_depth=depth,
        equivalences=(
            Equivalence("XC-PRIV 1", "XD-DP 2", "both", None, ("one", "two")),
            Equivalence("XC-PRIV 1", "XD-DP 3", "aToB", None, ("three",)),
        ),
        designated=(),
        accreditors=(AccreditorEntry("XC", "did:web:accreditor.example.xc"),),
    )
    world.endorsement("endorsement-cd-xc", "XC", text="arrangement-cd")
    world.endorsement("endorsement-cd-xd", "XD", text="arrangement-cd")
    world.recognition(
        "recognition-xd",
        side="XD",
        text="arrangement-cd",
        created=day(24),
        onward=digest("recognition-xc"),
    )
    world.status_list("list-xd", AUTHORITY["XD"], created=day(24))
    return world


def rooted(world: World | None = None) -> World:
    """The accreditor is itself accredited, by the one whose word counts."""
    world = world or mutual()
    if "arrangement" in world.held:
        world.change("arrangement", accreditors=(AccreditorEntry("XA", ROOT[0]),))
    world.accreditation("root", by=ROOT, of=ACCREDITOR)
    world.change("accreditation", parent=digest("root"))
    world.status_list("list-root", ROOT, created=day(0))
    return world


def acceded() -> World:
    """XB is not in the text, which lets others accede; XA designates in its endorsement."""
    world = mutual()
    text = world.held["arrangement"].value
    world.change(
        "arrangement",
        parties=(text.parties[0], text.parties[1]._replace(jurisdiction="XC", authority=AUTHORITY["XC"][0])),
        accession=True,
        designated=(),
        accreditors=(),
    )
    world.change("endorsement-xb", role="accession")
    world.change(
        "endorsement-xa",
        designated=(Designation("XA", BODY[0], day(5), None, None),),
        accreditors=(AccreditorEntry("XA", ACCREDITOR[0]),),
    )
    return world


def levelled() -> World:
    """Certificates and schemes have levels, equivalences a least one."""
    world = mutual()
    world.change("certificate", level=2)
    world.change(
        "arrangement",
        equivalences=(
            Equivalence("ISO/IEC 27701:2025", "XB-PIMS 3", "both", 2, ("dear", "slow")),
            Equivalence("XB-PIMS 4", "ISO/IEC 27701:2025", "both", 1, ("dear",)),
            Equivalence("ISO/IEC 27701:2025", "XB-PIMS 5", "aToB", 3, ()),
        ),
    )
    return world


def of_documents() -> World:
    """What is certified is a kind of document."""
    world = mutual()
    schemes = world.held["accreditation"].value.schemes
    world.change("accreditation", schemes=(schemes[0]._replace(family="document"),), document_types=DOCUMENTS)
    world.change("certificate", family="document", scope=SCOPE._replace(document_types=DOCUMENTS))
    world.change("arrangement", families=frozenset({"document"}), document_types=DOCUMENTS)
    return world


KINDS: dict[str, Callable[[], World]] = {
    "acceded": acceded,
    "chain": chain,
    "documents": of_documents,
    "domestic": domestic,
    "levelled": levelled,
    "mutual": mutual,
    "onward": onward,
    "rooted": rooted,
}
INTO: dict[str, str | None] = {"chain": "XD", "domestic": None, "onward": "XC"}
"""Where the certificate is to count; XB where nothing else is said."""
