"""Step 1: the form of a bundle, one fault a test; and that whatever the bytes, a report comes out, soon."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError
from ledger.verify.bundle import ITEM_LIMIT, SECTION_LIMIT, parse_bundle
from ledger.verify.report import Report
from ledger.verify.single import verify_receipt_file, verify_statement_file
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle
from tests.campaign import count
from tests.simulator import NOW, START, World, key, world

MADE = world()
TRUE = MADE.bundle()
TRUST = MADE.trust()

MADE_KEY = key("party")
Change = Callable[[dict[str, Any]], None]


def first(document: dict[str, Any]) -> dict[str, Any]:
    return document["sections"][0]  # type: ignore[no-any-return]


def anchor(document: dict[str, Any]) -> dict[str, Any]:
    return first(document)["anchors"][0]  # type: ignore[no-any-return]


FAULTS: dict[str, tuple[str, Change]] = {
    "another format": ("format-unknown", lambda one: one.update(format="evidence-bundle/2")),
    "an unknown member": ("member-unknown", lambda one: one.update(note="x")),
    "no section": ("too-many-sections", lambda one: one.update(sections=[])),
    "too many sections": ("too-many-sections", lambda one: one.update(sections=one["sections"] * 9)),
    "a section without items": ("member-value", lambda one: first(one).update(items=[])),
    "no list of foreign anchors": ("member-missing", lambda one: first(one).pop("foreign")),
    "an unknown role": ("member-value", lambda one: first(one)["items"][0].update(role="witness")),
    "a role of another type": ("role-type", lambda one: first(one)["items"][1].update(role="keyRevocation")),
    "two subjects": ("subject-missing", lambda one: first(one)["items"][1].update(role="subject")),
    "another subject": ("subject-missing", lambda one: one.update(subject=bytes(32).hex())),
    "a statement twice": ("digest-twice", lambda one: first(one)["items"].append(first(one)["items"][1])),
    "extends of a first section": ("extends-superfluous", lambda one: first(one).update(extends=[])),
    "a repeated checkpoint": (
        "checkpoint-repeated",
        lambda one: anchor(one).update(checkpoint=first(one)["checkpoint"]),
    ),
    "a negative index": ("member-value", lambda one: first(one)["items"][0].update(index=-1)),
    "a path too long": (
        "member-value",
        lambda one: first(one)["items"][0].update(path=[bytes(32).hex()] * 129),
    ),
    "a path of short hashes": ("member-value", lambda one: first(one)["items"][0].update(path=["00"])),
    "a path in capitals": ("member-value", lambda one: first(one)["items"][0].update(path=["A" * 64])),
    "too many nodes": ("member-value", lambda one: anchor(one).update(storage=["0x00"] * 66)),
    "a node without 0x": ("member-value", lambda one: anchor(one).update(storage=["00"])),
    "half a byte": ("member-value", lambda one: anchor(one).update(header="0x0")),
    "empty disclosures": ("member-value", lambda one: first(one)["items"][0].update(disclosures={})),
    "a disclosure of both": (
        "disclosure-shape",
        lambda one: first(one)["items"][0].update(
            disclosures={"/a": {"salt": bytes(32).hex(), "value": 1, "fileSha256": bytes(32).hex()}}
        ),
    ),
    "a disclosure of neither": (
        "disclosure-shape",
        lambda one: first(one)["items"][0].update(disclosures={"/a": {"salt": bytes(32).hex()}}),
    ),
    "unknown finality": ("member-value", lambda one: anchor(one).update(finality={"kind": "hope"})),
    "finality of two kinds": ("member-unknown", lambda one: anchor(one)["finality"].update(epoch=1)),
    "a short signature": ("member-value", lambda one: anchor(one)["finality"].update(signature="0x00")),
    "an origin that is none": ("member-value", lambda one: first(one).update(origin="registry example")),
    "a chain that is none": ("member-value", lambda one: anchor(one).update(chain="31001")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_form_fails_step_1_by_name(fault: str) -> None:
    code, change = FAULTS[fault]
    document = json.loads(TRUE)
    change(document)
    report = verify_bundle(encode(document), TRUST, now=NOW)
    assert (report.step(1).outcome, report.step(1).code) == ("failed", code)
    assert {check.outcome for check in report.checks if check.step > 1} == {"absent"}


@pytest.mark.parametrize(
    ("kind", "code"), [("attested", "epoch-unknown"), ("sealed", "finality-unsupported")]
)
def test_finality_that_the_trust_list_knows_nothing_of_is_absent(kind: str, code: str) -> None:
    document = json.loads(TRUE)
    signature = anchor(document)["finality"]["signature"]
    finality: dict[str, Any] = {"kind": kind, "epoch": 1}
    anchor(document)["finality"] = {**finality, "signatures": [signature]} if kind == "attested" else finality
    report = verify_bundle(encode(document), TRUST, now=NOW)
    assert (report.step(7).outcome, report.step(7).code) == ("absent", code)
    assert (report.verdict, report.exit_status) == ("not verified", 1)


def test_a_step_that_nobody_requires_still_fails_the_whole() -> None:
    made = world()
    made.ack = made.xb.add(made.acknowledgement(made.subject, "rejected"))
    made.xb.anchor()
    trust = made.trust(require={"TransferRecord": {"steps": [1, 3, 4, 5]}})
    report = verify_bundle(made.bundle(), trust, now=NOW)
    assert report.missing == ()
    assert report.verdict == "not verified"


def endures(data: bytes, trust: TrustList = TRUST) -> Report:
    report = verify_bundle(data, trust, now=NOW)
    assert render(report)
    assert json.dumps(report.to_json())
    return report


def leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(found for name, below in inner for found in leaves(below, (*at, name)))]


PLACES = [at for at in leaves(json.loads(TRUE)) if at]
JUNK = st.recursive(
    st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(max_size=40).filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text))
    | st.sampled_from(["0x", "0x00", "0x" + "ff" * 65, "00" * 32, "\n\n", "— a b", "9" * 400, START]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet="abcdef/~#", max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=count(400), suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), junk=JUNK)
def test_anything_anywhere_ends_in_a_report_and_never_verified(place: tuple[Any, ...], junk: Any) -> None:
    document = json.loads(TRUE)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    if holder[place[-1]] == junk:
        return
    holder[place[-1]] = junk
    data = encode(document)
    assert endures(data).verdict != "verified" or "receipt" in place


@settings(max_examples=count(300))
@given(data=st.binary(max_size=300), start=st.integers(0, len(TRUE)), length=st.integers(0, 60))
def test_any_bytes_end_in_a_report(data: bytes, start: int, length: int) -> None:
    assert endures(data).verdict == "not verified"
    spliced = TRUE[:start] + data + TRUE[start + length :]
    assert spliced == TRUE or endures(spliced).verdict == "not verified"


@settings(max_examples=count(300))
@given(
    data=st.binary(max_size=40),
    start=st.integers(0, 1 << 14),
    length=st.integers(0, 60),
    prefix=st.booleans(),
)
def test_any_receipt_statement_or_list_ends_in_an_error_of_ours(
    data: bytes, start: int, length: int, prefix: bool
) -> None:
    made = MADE
    receipt = b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + made.xa.checkpoint()
    for one, verify in ((receipt, verify_receipt_file), (made.subject.encoded, verify_statement_file)):
        at = start % len(one)
        changed = one[:at] + data + (b"" if prefix else one[at + length :])
        report = verify(changed, TRUST, now=NOW)
        assert render(report)
        assert report.verdict != "verified" or changed == one
    listed = TRUST.encoded
    at = start % len(listed)
    changed = listed[:at] + data + listed[at + length :]
    if changed != listed:
        with pytest.raises(LedgerError):
            parse_trust_list(changed)


@pytest.mark.exhaustive
def test_as_many_items_as_a_bundle_holds_are_verified_soon() -> None:
    made = World()
    made.run()
    enrolments = [
        made.xa.add(made.xa.enrol(f"did:web:party{n}.example.xa", ["exporter"], [("#1", MADE_KEY)]))
        for n in range(ITEM_LIMIT - 4)
    ]
    made.xa.anchor()
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    sections = [
        made.xa.section([*items, *(("enrolment", one) for one in enrolments)]),
        made.xb.section([("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)]),
    ]
    data = made.bundle(sections)
    began = time.monotonic()
    assert endures(data, made.trust()).verdict == "verified"
    assert time.monotonic() - began < 20
    sections[0]["items"].append(copy.deepcopy(sections[1]["items"][1]))
    assert endures(made.bundle(sections), made.trust()).step(1).code == "too-many-items"


def test_many_disclosures_and_many_anchors_are_judged_soon() -> None:
    document = json.loads(TRUE)
    item = first(document)["items"][0]
    item["disclosures"] = {
        f"/credentialSubject/{n}/commitment": {"salt": "00" * 32, "value": 1} for n in range(40_000)
    }
    first(document)["anchors"] = [anchor(document)] * 400
    began = time.monotonic()
    assert endures(encode(document)).step(2).code == "disclosure-no-commitment"
    assert time.monotonic() - began < 20


def test_the_limits_are_those_of_the_format() -> None:
    assert (SECTION_LIMIT, ITEM_LIMIT) == (16, 1_024)
    assert len(parse_bundle(TRUE).sections) == 2
