"""Bundles whose statements all hold and that were made to take their reader forever."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.core.times import format_time
from ledger.statements import recognition
from ledger.verify import bundle
from tests.simulator import DAY, START
from tests.verify.mutual import AUTHORITY_XA, AUTHORITY_XB, BODY, LENGTH, Mutual, recognised

COUNT = 60


def never_good() -> Mutual:
    """In order but for the status of the recognition: no moment will do."""
    made = recognised()
    del made.said[f"list {AUTHORITY_XB} {START + 5}"]
    return made


def endorsed_often(made: Mutual) -> None:
    """Many endorsements of one side, each with bodies designated from moments of their own."""
    text = made.said["arrangement"][1].digest.hex()
    for one in range(COUNT):
        bodies = [
            {
                "jurisdiction": "XA",
                "body": f"did:web:body{n}.example.xa",
                "from": format_time(START + 300 + 40 * one + n),
            }
            for n in range(40)
        ]
        subject = {
            "statement": text,
            "role": "party",
            "jurisdiction": "XA",
            "from": format_time(START),
            "designatedBodies": bodies,
        }
        made.say(f"endorsement {one}", "Endorsement", AUTHORITY_XA, subject, START + 300 + one)


@contextmanager
def calls_counted() -> Iterator[list[int]]:
    """How many calls of functions of the rule there were."""
    count = [0]

    def note(frame: object, event: str, _: object) -> None:
        if event == "call" and "statements" in frame.f_code.co_filename:  # type: ignore[attr-defined]
            count[0] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield count
    finally:
        sys.setprofile(before)


def test_more_moments_than_can_be_tried_are_named_and_not_tried() -> None:
    made = never_good()
    endorsed_often(made)
    report = made.report(into="XB")
    assert (report.step(10).outcome, report.step(10).code) == ("absent", "recognition-status-unknown")
    assert recognition.UNTRIED in report.not_checked


def test_what_is_good_among_the_moments_tried_is_found_all_the_same() -> None:
    made = recognised()
    endorsed_often(made)
    report = made.report(into="XB")
    assert (report.verdict, report.step(10).code) == ("verified", "valid")
    assert recognition.UNTRIED not in report.not_checked


def test_a_few_moments_are_all_tried() -> None:
    assert recognition.UNTRIED not in never_good().report(into="XB").not_checked


def of_many(kind: str, count: int) -> Mutual:
    """Many statements of one kind that all concern the certificate, each with a moment of its own."""
    made = never_good()
    for n in range(count):
        at = START + 300 + n
        subject: dict[str, Any]
        if kind == "Recognition":
            subject = {
                **made.said["recognition"][1].subject,
                "statusReference": {
                    "statusListCredential": f"{AUTHORITY_XB}#status-1",
                    "statusListIndex": 100,
                },
                "validFrom": format_time(START + n),
            }
            made.say(f"again {n}", kind, AUTHORITY_XB, subject, at)
        else:
            subject = {
                "statement": made.said["certificate"][1].digest.hex(),
                "change": "reinstate",
                "reason": "resolved",
                "effective": format_time(at),
            }
            made.say(f"again {n}", kind, BODY, subject, at)
    return made


def test_twice_the_recognitions_take_no_more_than_about_four_times_the_work() -> None:
    counted = []
    for many in (40, 80):
        made = of_many("Recognition", many)
        with calls_counted() as calls:
            made.report(into="XB")
        counted.append(calls[0])
    assert counted[1] < 5 * counted[0]


def test_twice_the_changes_of_status_take_no_more_than_about_twice_the_work() -> None:
    counted = []
    for many in (100, 200):
        made = of_many("StatusChange", many)
        with calls_counted() as calls:
            made.report(into="XB")
        counted.append(calls[0])
    assert counted[1] < 3 * counted[0]


def test_lists_that_would_fill_the_memory_are_refused_before_they_are_inflated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = recognised()
    monkeypatch.setattr(bundle, "ENTRY_LIMIT", 3 * LENGTH)  # as many as there are lists
    assert made.report().verdict == "verified"
    made.list_bits(BODY, begins=START + 6, ends=START + 7 * DAY)
    report = made.report()
    assert (report.verdict, report.step(1).code) == ("not verified", "too-many-entries")
