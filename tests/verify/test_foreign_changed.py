"""Foreign parts changed at random: nothing but the true one passes step 8, and everything ends in a report."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from ledger.verify.bundle import parse_bundle
from ledger.verify.foreign import check_foreign
from ledger.verify.notes import open_note
from tests.blocks import hexed
from tests.campaign import count
from tests.foreign import held_abroad
from tests.simulator import NOW, world
from tests.verify.test_bundle_form import JUNK, endures, leaves

MADE = world()
CONTRACT, SECTIONS = held_abroad(MADE)
PART = SECTIONS[0]["foreign"][0]
TRUST = MADE.trust(foreign=[CONTRACT.trusted()])
LOG = TRUST.logs[MADE.xa.origin]
OWN = open_note(SECTIONS[0]["checkpoint"].encode(), MADE.xa.origin, LOG)
HEXED = ["header", "source", "account", "storage", "disputed", "signature"]


@settings(max_examples=count(120), deadline=None)
@given(member=st.sampled_from(HEXED), where=st.integers(0, 1 << 16), bit=st.integers(0, 7), cut=st.booleans())
def test_whatever_bit_of_a_foreign_part_is_changed_it_does_not_pass(
    member: str, where: int, bit: int, cut: bool
) -> None:
    part = json.loads(json.dumps(PART))
    holder = part["finality"] if member == "signature" else part
    listed = isinstance(holder[member], list)
    texts = holder[member] if listed else [holder[member]]
    at = where % len(texts)
    data = bytearray.fromhex(texts[at][2:])
    data[where % len(data)] ^= 1 << bit
    texts[at] = hexed(bytes(data[:-1] if cut else data))
    if not listed:
        holder[member] = texts[0]
    try:
        section = parse_bundle(MADE.bundle([{**SECTIONS[0], "foreign": [part]}])).sections[0]
    except MalformedError:
        return
    # Step 8 by itself, under the section's true checkpoint.
    result = check_foreign(section, 0, OWN, LOG, TRUST, required_grade="operator", now=NOW)
    assert (result.check.outcome == "passed") == (part == PART)


PLACES = [at for at in leaves(PART) if at]


@settings(max_examples=count(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), junk=JUNK)
def test_anything_anywhere_in_a_foreign_part_ends_in_a_report(place: tuple[Any, ...], junk: Any) -> None:
    part = json.loads(json.dumps(PART))
    holder = part
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = junk
    if part == PART:
        return
    bundle = MADE.bundle([{**SECTIONS[0], "foreign": [part]}, SECTIONS[1]])
    first = next(check for check in endures(bundle, TRUST).checks if check.step == 8)
    assert first.outcome != "passed"
