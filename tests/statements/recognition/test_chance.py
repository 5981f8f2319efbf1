"""What has to hold of every evidence, tried on worlds at random of every kind; see test_properties.py."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.recognition import RecognitionReport
from tests.statements.recognition.chance import Chance, question, world_of
from tests.statements.recognition.drawn import STRANGERS, is_negative
from tests.statements.recognition.kinds import INTO, KINDS
from tests.statements.recognition.world import BODY, USE, World, day, digest

MANY = max(120, settings().max_examples)
SEEDS = st.integers(0, 2**62)
OUTSIDE = [*STRANGERS, (BODY[0], "XF"), ("did:web:authority.example.xa", "XE")]


def outcomes(report: RecognitionReport) -> tuple[str, str, str]:
    return report.verdict, report.at.outcome, report.known.outcome


def strangers(world: World) -> list[tuple[str, str]]:
    """Of those outside, who has no part in this world."""
    part = {(held.issuer, held.jurisdiction) for held in world.evidence}
    part |= {(listed.id, listed.jurisdiction) for listed in world.authorities.values()}
    return [author for author in OUTSIDE if author not in part]


def imitated(chance: Chance, world: World, authors: list[tuple[str, str]], *, most: int = 4) -> World:
    """The world with copies of some of its statements, at other times, signed by the authors."""
    more = world.copy()
    for number in range(chance.randint(1, most)):
        held = world.held[chance.choice(sorted(world.held))]
        did, jurisdiction = chance.choice(authors)
        more.held[f"copy{number}"] = held._replace(
            digest=digest(f"copy{number}"),
            issuer=did,
            jurisdiction=jurisdiction,
            created=chance.often(held.created, chance.day()),
        )
        if hasattr(held.value, "supersedes") and chance.random() < 0.4:
            more.change(f"copy{number}", supersedes=held.digest)
    return more


@settings(max_examples=MANY)
@given(SEEDS)
def test_what_strangers_copy_of_the_evidence_changes_no_verdict(number: int) -> None:
    chance = Chance(number)
    kind = chance.choice(sorted(KINDS))
    world = world_of(chance, kind)
    asked = question(chance, kind)
    more = imitated(chance, world, strangers(world))
    assert outcomes(more.ask(**asked)) == outcomes(world.ask(**asked))


@settings(max_examples=MANY)
@given(SEEDS)
def test_an_accreditation_under_the_name_of_the_body_is_no_word_of_the_body(number: int) -> None:
    chance = Chance(number)
    kind = chance.choice(["mutual", "domestic", "rooted"])
    world = KINDS[kind]()
    world.drop("accreditation")
    before = world.ask(into=INTO.get(kind, "XB"))
    world.accreditation("own", by=(BODY[0], chance.choice(["XE", "XB"])), created=chance.day())
    assert outcomes(world.ask(into=INTO.get(kind, "XB"))) == outcomes(before)


@settings(max_examples=MANY)
@given(SEEDS)
def test_leaving_out_what_is_not_negative_makes_no_world_good(number: int) -> None:
    chance = Chance(number)
    kind = chance.choice(sorted(KINDS))
    world = world_of(chance, kind)
    asked = {**question(chance, kind), "at": day(30)}
    whole = world.ask(**asked)
    if "valid" == whole.at.outcome == whole.known.outcome:
        return
    for name, held in world.held.items():
        if name == "certificate" or is_negative(world, held):
            continue
        left = world.copy()
        left.drop(name)
        report = left.ask(**asked)
        assert whole.at.outcome == "valid" or report.at.outcome != "valid", name
        assert whole.known.outcome == "valid" or report.known.outcome != "valid", name


@settings(max_examples=MANY)
@given(SEEDS)
def test_no_side_that_is_left_out_is_imitated_by_the_others(number: int) -> None:
    """Whatever the rest sign, copies of what is missing too: no recognition by it, and nothing in force with it."""
    chance = Chance(number)
    kind = chance.choice(["mutual", "acceded", "levelled", "onward", "chain"])
    world = KINDS[kind]()
    into = str(INTO.get(kind, "XB"))
    mine = [name for name, held in world.held.items() if held.jurisdiction == into]
    others = sorted(
        {(held.issuer, held.jurisdiction) for held in world.evidence if held.jurisdiction != into}
    )
    whole = imitated(chance, world, [*others, (f"did:web:authority.example.{into.lower()}", "XA")], most=12)
    for member in ("Recognition", "Endorsement"):
        less = whole.copy()
        less.drop(*(name for name in mine if world.held[name].type == member))
        report = less.ask(into=into, purpose=USE, at=chance.choice([None, day(30)]), known=day(41))
        passed = {premise.code for premise in report.known.premises if premise.outcome == "passed"}
        assert ("RECOGNISED" if member == "Recognition" else "IN_FORCE") not in passed
        assert report.verdict in {"UNKNOWN", "NOT_VALID_THEN"}
