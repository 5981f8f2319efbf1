"""A log under a new head key, honest and rewritten; one attack a test."""

from typing import Any

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.secp256k1 import address_of
from ledger.verify.text import render
from tests.simulator import World, hexed, seed, world
from tests.verify.attacking import judge, rebuilt


def moved(made: World, **start: Any) -> dict[str, Any]:
    """XA's log in a trust list after its head key changed at `size`."""
    log = made.xa.trusted_log()
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    return log


def test_a_log_goes_on_under_a_new_head_key_from_the_root_that_the_list_names() -> None:
    made = world()
    size, root = len(made.xa.entries), parse_checkpoint(made.xa.checkpoint()).checkpoint.root
    made.xa.head_name = "XA head 2"
    made.xa.anchor()
    made.filler()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    logs = [moved(made, size=size, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    report = judge(made, sections, logs=logs)
    assert report.verdict == "verified", render(report)


def test_a_log_rewritten_under_a_new_head_key_is_refused() -> None:
    made = world()
    size, root = len(made.xa.entries), parse_checkpoint(made.xa.checkpoint()).checkpoint.root
    made.xa.head_name = "XA head 2"
    made.xa.entries[0] = bytes(32)  # the rewriting
    made.xa.anchor()
    made.filler()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    logs = [moved(made, size=size, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    without = judge(made, sections, logs=logs)
    assert (without.step(6).outcome, without.step(6).code) == ("failed", "start-missing")
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    report = judge(made, sections, logs=logs)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "start-root")


def test_an_old_head_key_counts_only_up_to_its_last_size() -> None:
    made = world()
    size = len(made.xa.entries)
    logs = [moved(made, size=size + 5, root=bytes(32).hex(), last=size - 1), made.xb.trusted_log()]
    report = judge(made, logs=logs)
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "head-key-ended")


def test_a_head_key_of_nobody_is_refused() -> None:
    made = world()
    made.xa.head_name = "XA head of a stranger"
    made.xa.anchor()
    report = judge(made)
    assert report.step(5).outcome == "failed"


def test_an_old_head_key_counts_at_its_very_last_size() -> None:
    made = world()
    size = len(made.xa.entries)
    logs = [moved(made, size=size + 1, root=bytes(32).hex(), last=size), made.xb.trusted_log()]
    assert judge(made, logs=logs).verdict == "verified"


def test_a_new_head_key_counts_at_its_very_first_size_with_the_root_that_the_list_names() -> None:
    made = world()
    size, root = len(made.xa.entries), parse_checkpoint(made.xa.checkpoint()).checkpoint.root
    made.xa.head_name = "XA head 2"
    made.xa.anchor()
    sections = made.sections()
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    logs = [moved(made, size=size, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    assert judge(made, sections, logs=logs).verdict == "verified"
    early = [moved(made, size=size + 1, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    assert judge(made, sections, logs=early).step(5).code == "head-key-early"
    other = [moved(made, size=size, root=bytes([7] * 32).hex(), last=size - 1), made.xb.trusted_log()]
    assert judge(made, sections, logs=other).step(5).code == "head-key-start"
