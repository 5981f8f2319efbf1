"""Records that go on from earlier ones: no gap, no fork, nothing that belongs elsewhere."""

from ledger.core.statement import Statement
from ledger.verify.report import Report
from tests.simulator import World, world
from tests.trees import tree_consistency
from tests.verify.attacking import judge, rebuilt


def following(made: World, *parents: tuple[Statement, str], supersedes: Statement | None = None) -> None:
    """Make the subject a later record that refers to earlier ones."""
    members: dict[str, object] = {}
    if parents:
        members["parents"] = [{"digest": parent.digest.hex(), "rel": rel} for parent, rel in parents]
    if supersedes is not None:
        members["supersedes"] = supersedes.digest.hex()
    made.subject = made.xa.add(made.record("following", **members))
    made.ack = made.xb.add(made.acknowledgement(made.subject))


def judged(made: World, *parents: Statement) -> Report:
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    return judge(made, rebuilt(made, [*items, *(("parent", parent) for parent in parents)]))


def said(made: World, *parents: Statement) -> tuple[str, str]:
    check = judged(made, *parents).step(9)
    return check.outcome, check.code


def test_a_record_that_replaces_another_is_carried_with_it_or_leaves_a_gap() -> None:
    made = world()
    earlier = made.xa.add(made.record("earlier"))
    following(made, supersedes=earlier)
    assert judged(made, earlier).verdict == "verified"
    assert said(made) == ("absent", "custody-gap")


def test_each_relation_of_custody_asks_for_the_earlier_record_and_no_other_does() -> None:
    for rel in ("derivedFrom", "revises", "corrects"):
        made = world()
        earlier = made.xa.add(made.record("earlier"))
        following(made, (earlier, rel))
        assert said(made) == ("absent", "custody-gap"), rel
        assert said(made, earlier) == ("passed", "accepted"), rel
    for rel in ("cites", "underArrangement", "partOf"):
        made = world()
        earlier = made.xa.add(made.record("earlier"))
        following(made, (earlier, rel))
        assert said(made) == ("passed", "accepted"), rel
        assert said(made, earlier) == ("failed", "custody-stray"), rel


def test_two_records_that_replace_the_same_one_are_a_fork() -> None:
    made = world()
    earlier = made.xa.add(made.record("earlier"))
    rival = made.xa.add(made.record("rival", supersedes=earlier.digest.hex()))
    following(made, (rival, "derivedFrom"), supersedes=earlier)
    assert said(made, earlier, rival) == ("failed", "custody-fork")


def test_a_record_that_nobody_refers_to_is_a_stray_one() -> None:
    made = world()
    stranger = made.xa.add(made.record("stranger"))
    assert said(made, stranger) == ("failed", "custody-stray")


def test_a_record_that_replaces_the_subject_is_not_passed_over() -> None:
    made = world()
    later = made.xa.add(made.record("later", supersedes=made.subject.digest.hex()))
    assert said(made, later) == ("failed", "custody-stray")


def test_a_gap_anywhere_in_the_line_is_a_gap() -> None:
    made = world()
    first = made.xa.add(made.record("first"))
    second = made.xa.add(made.record("second", supersedes=first.digest.hex()))
    following(made, supersedes=second)
    assert said(made, second) == ("absent", "custody-gap")
    assert said(made, first, second) == ("passed", "accepted")


def test_an_earlier_record_in_a_section_that_does_not_hold_closes_no_gap() -> None:
    made = world()
    earlier = made.xa.add(made.record("earlier"))
    following(made, (earlier, "derivedFrom"))
    made.xa.anchor()
    made.xb.anchor()
    size = len(made.xa.entries)
    first = made.xa.section([("parent", earlier)])
    theirs = made.xb.section([("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)])
    made.filler()
    made.xa.anchor()
    second = made.xa.section([("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    second["extends"] = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    assert judge(made, [first, second, theirs]).verdict == "verified"
    first["items"][0]["path"][0] = bytes(32).hex()
    report = judge(made, [first, second, theirs])
    assert (report.step(9).outcome, report.step(9).code) == ("absent", "premise-failed")
