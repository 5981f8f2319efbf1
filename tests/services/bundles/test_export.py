"""Exporting: what a bundle carries and where, and that all of it verifies under both sides' claims."""

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.commitment import SALT_SIZE, Opening, Openings, commitment
from ledger.core.statement import sign_statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, NotFoundError, RefusedError, StoreError
from ledger.services.bundles import export
from ledger.services.bundles.closure import Carried, closure
from ledger.services.bundles.joining import MOST_SECTIONS, disclose, join
from ledger.store.checkpoints import Checkpoints
from ledger.verify.bundle import SECTION_LIMIT, Bundle, parse_bundle
from tests.services.sides import Sides, holder, two_sides


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    with two_sides(tmp_path_factory.mktemp("sides")) as made:
        yield made


def roles(bundle: Bundle) -> list[list[str]]:
    return [sorted(item.role for item in section.items) for section in bundle.sections]


def sizes(bundle: Bundle, origin: str) -> list[int]:
    return [
        int(section.checkpoint.split(b"\n")[1]) for section in bundle.sections if section.origin == origin
    ]


def test_a_statement_stands_where_it_was_first_anchored(sides: Sides) -> None:
    record = sides.xa.register(sides.record())
    first = sides.xa.anchor()
    for _ in range(2):
        sides.xa.register(sides.record())
        sides.xa.anchor()
    data = sides.joined(record)
    bundle = parse_bundle(data)
    assert roles(bundle) == [["enrolment"], ["subject"], ["enrolment"], ["acknowledgement"]]
    assert sizes(bundle, sides.xa.node.log.origin) == [1, first]
    assert [section.extends is None for section in bundle.sections] == [True, False, True, False]
    assert all(len(section.anchors) == 1 for section in bundle.sections)
    assert sides.verify(data).verdict == "verified"


def test_the_bundle_of_a_statement_stays_the_same(sides: Sides) -> None:
    record = sides.xa.register(sides.record())
    sides.xa.anchor()
    before = sides.xa.bundle(record)
    sides.xa.register(sides.record())
    sides.xa.anchor()
    assert sides.xa.bundle(record) == before


@pytest.mark.parametrize("what", ["entry", "root"])
def test_what_the_log_does_not_prove_of_the_very_statement_is_not_exported(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    record = sides.xa.register(sides.record())
    size = sides.xa.anchor()
    if what == "entry":  # the statement is looked up at the place of another

        def misplaced(*given: Any, **named: Any) -> list[Carried]:
            return [replace(one, index=size - one.index - 1) for one in closure(*given, **named)]

        monkeypatch.setattr(export, "closure", misplaced)
    else:
        stored = sides.xa.node.checkpoints.at(size)
        assert stored is not None
        lines = stored.note.split(b"\n")
        other = replace(stored, note=b"\n".join([*lines[:2], b64encode(bytes(32)), *lines[3:]]))
        monkeypatch.setattr(Checkpoints, "at", lambda _self, _size: other)
    with pytest.raises(StoreError) as refused:
        sides.xa.bundle(record)
    assert refused.value.code == "store-corrupt"


def test_before_the_anchor_it_is_refused_or_says_so(sides: Sides) -> None:
    record = sides.xa.register(sides.record())
    with pytest.raises(RefusedError) as refused:
        sides.xa.bundle(record)
    assert refused.value.code == "not-anchored-yet"
    early = sides.xa.bundle(record, allow_unanchored=True)
    report = sides.verify(early)
    assert report.verdict == "not verified"
    bundle = parse_bundle(early)
    assert [len(section.anchors) for section in bundle.sections] == [1, 0]
    assert {(check.step, check.outcome) for check in report.checks if check.section == 1} >= {
        (4, "passed"),
        (5, "passed"),
        (6, "absent"),
        (7, "absent"),
    }
    sides.xa.anchor()
    assert sides.verify(sides.joined(record)).verdict == "verified"


def test_nothing_is_exported_that_is_not_registered(sides: Sides) -> None:
    with pytest.raises(NotFoundError):
        sides.xa.bundle(bytes(32))


def test_earlier_records_are_carried_and_cited_ones_are_not(sides: Sides) -> None:
    first = sides.xa.register(sides.record())
    second = sides.xa.register(sides.record(supersedes=first.hex()))
    cited = sides.xa.register(sides.record())
    sides.xa.anchor()
    parents = [{"digest": second.hex(), "rel": "derivedFrom"}, {"digest": cited.hex(), "rel": "cites"}]
    third = sides.xa.register(sides.record(parents=sorted(parents, key=lambda one: one["digest"])))
    sides.xa.anchor()
    data = sides.joined(third)
    carried = {item.statement.digest: item.role for _, item in parse_bundle(data).items}
    assert (carried[third], carried[second], carried[first]) == ("subject", "parent", "parent")
    assert cited not in carried
    assert sides.verify(data).verdict == "verified"


def test_a_long_history_is_merged_into_few_sections(sides: Sides) -> None:
    before: dict[str, str] = {}
    records = []
    for _ in range(MOST_SECTIONS + 2):
        records.append(sides.xa.register(sides.record(**before)))
        before = {"supersedes": records[-1].hex()}
        sides.xa.anchor()
    alone = parse_bundle(sides.xa.bundle(records[-1]))
    assert len(alone.sections) == MOST_SECTIONS < SECTION_LIMIT
    own = next(section for section, item in alone.items if item.role == "subject")
    assert [item.role for item in own.items] == ["subject"]
    data = sides.joined(records[-1])
    bundle = parse_bundle(data)
    assert {item.statement.digest for _, item in bundle.items} >= set(records)
    assert sides.verify(data).verdict == "verified"


def test_the_enrolment_that_covers_the_signature_is_the_one_carried(sides: Sides) -> None:
    renewed = holder("renewed", "XA")
    first = sides.xa.enrol(renewed, "exporter", days=1)
    sides.clock.now += 2 * 86_400
    second = sides.xa.enrol(renewed, "exporter")
    record = sides.xa.register(sides.record(key=renewed))
    sides.xa.anchor()
    data = sides.joined(record)
    carried = {item.statement.digest for _, item in parse_bundle(data).items}
    assert second in carried
    assert first not in carried
    assert sides.verify(data).verdict == "verified"


def test_a_revocation_of_the_key_is_carried_whatever_it_does_to_the_verdict(sides: Sides) -> None:
    old, new = holder("careful", "XA", "#1"), holder("careful", "XA", "#2")
    sides.xa.enrol(old, "exporter", also=(new,))
    signed_with_old = sides.xa.register(sides.record(key=old))
    signed_with_new = sides.xa.register(sides.record(key=new))
    at = format_time(sides.clock.now)
    subject = {"party": old.holder, "key": old.id, "at": at, "reason": "superseded"}
    revocation = sides.xa.register(sides.sign(new, "KeyRevocation", subject))
    sides.xa.anchor()
    revoked = sides.joined(signed_with_old)
    assert revocation in {item.statement.digest for _, item in parse_bundle(revoked).items}
    # Nobody but the operator says when it was signed.
    assert sides.verify(revoked).verdict == "not verified"
    other = sides.joined(signed_with_new)
    assert revocation not in {item.statement.digest for _, item in parse_bundle(other).items}
    assert sides.verify(other).verdict == "verified"


def test_an_acknowledgement_by_anybody_else_is_left_out(sides: Sides) -> None:
    stranger = holder("stranger", "XA")
    sides.xa.enrol(stranger, "importer")
    record = sides.xa.register(sides.record())
    sides.xa.register(sides.acknowledge(record, key=stranger))
    sides.xa.anchor()
    data = sides.joined(record)
    assert [
        item.statement.issuer for _, item in parse_bundle(data).items if item.role == "acknowledgement"
    ] == [sides.importer.holder]
    assert sides.verify(data).verdict == "verified"


def test_the_importers_word_counts_in_its_own_countrys_log_alone(sides: Sides) -> None:
    both = holder("importer-of-both", "XB")
    sides.xa.enrol(both, "importer")
    sides.xb.enrol(both, "importer")
    record = sides.xa.register(sides.record(importer=both.holder))
    here = sides.xa.register(sides.acknowledge(record, key=both))
    there = sides.xb.register(sides.acknowledge(record, key=both))
    sides.xa.anchor()
    sides.xb.anchor()
    data = join(sides.xa.bundle(record), sides.xb.bundle(there))
    carried = {item.statement.digest for _, item in parse_bundle(data).items}
    assert there in carried
    assert here not in carried
    assert sides.verify(data).verdict == "verified"


def test_only_bundles_that_belong_together_are_joined(sides: Sides) -> None:
    record, other = sides.xa.register(sides.record()), sides.xa.register(sides.record())
    given = sides.xb.register(sides.acknowledge(record))
    sides.xa.anchor()
    sides.xb.anchor()
    for first, second, code in (
        (sides.xa.bundle(other), sides.xb.bundle(given), "join-mismatch"),
        (sides.xa.bundle(record), sides.xa.bundle(other), "join-mismatch"),
        (sides.xb.bundle(given), sides.xa.bundle(record), "join-mismatch"),
    ):
        with pytest.raises(LedgerError) as refused:
            join(first, second)
        assert refused.value.code == code


def test_an_opened_commitment_passes_and_stays_closed_otherwise(sides: Sides) -> None:
    salt, value = os.urandom(SALT_SIZE), "17 containers"
    draft = sides.record()
    pointer = "/credentialSubject/volume/commitment"
    fixed = commitment(draft.id, pointer, salt, encode(value))
    document = {name: part for name, part in draft.document.items() if name != "proof"}
    document["credentialSubject"] = {**document["credentialSubject"], "volume": {"commitment": fixed.hex()}}
    key = sides.exporter
    signed = sign_statement(document, key.private, key.verification_method, sides.clock.now)
    record = sides.xa.register(signed)
    sides.xa.anchor()
    closed = sides.joined(record)
    openings = Openings(signed.id, {pointer: Opening(salt, value, None)})
    opened = disclose(closed, openings, ["volume"])
    assert value.encode() in opened
    assert value.encode() not in closed
    report = sides.verify(opened)
    assert report.verdict == "verified"
    assert [check.outcome for check in report.checks if check.step == 2] == ["passed"]
    assert sha256(opened).digest() != sha256(closed).digest()
