"""The graph written as text, PROV-JSON and SVG."""

import json
from xml.etree import ElementTree as ET

import pytest
from prov.model import ProvDocument

from ledger.services.lineage.drawing import HEIGHT, WIDTH, drawing_of
from ledger.services.lineage.graph import Entry, Lineage, Link, lineage_of, trace
from ledger.services.lineage.provenance import document_of, provenance_of
from ledger.services.lineage.tree import tree_of
from tests.services.lineage.graphs import BODY, EXPORTER, Certified, at_hand, hexed, made

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def story() -> Certified:
    return Certified()


@pytest.fixture(scope="module")
def lineage(story: Certified) -> Lineage:
    return trace(story.certificate.digest, at_hand(story.every))


@pytest.fixture(scope="module")
def troubled(story: Certified) -> Lineage:
    """One parent missing, two that supersede the certificate."""
    forks = [made("ConformityCertificate", BODY, supersedes=hexed(story.certificate)) for _ in range(2)]
    return trace(story.certificate.digest, at_hand([*story.every, *forks], story.accreditation))


def test_the_tree_says_what_rests_on_what(story: Certified, lineage: Lineage) -> None:
    lines = tree_of(lineage)
    assert lines[0] == f"{hexed(story.certificate)}  ConformityCertificate by {BODY}, {lines[0][-20:]}"
    assert lines[1] == "rests on:"
    assert lines[2].startswith(f"  accreditation -> {hexed(story.accreditation)}  Accreditation by ")
    assert any(line.startswith(f"  <- certificate {hexed(story.transfer)}") for line in lines)
    assert any(line.startswith(f"    <- record {hexed(story.acknowledgement)}") for line in lines)


def test_the_tree_tells_every_statement_once_and_every_reference(lineage: Lineage, troubled: Lineage) -> None:
    for one in (lineage, troubled):
        lines = tree_of(one)
        arrows = [
            line for line in lines if " -> " in line or " <- " in line or line.lstrip().startswith("<- ")
        ]
        assert len(arrows) == len(one.links)
        for entry in one.entries:
            described = [line for line in lines if f"{entry.digest.hex()}  " in line]
            assert len(described) == 1


def test_the_tree_names_gaps_and_conflicts(story: Certified, troubled: Lineage) -> None:
    text = "\n".join(tree_of(troubled))
    assert f"{hexed(story.accreditation)}  INCOMPLETE: not here" in text
    assert f"incomplete: {hexed(story.accreditation)} is not here" in text
    assert text.count("  CONFLICT") == 2
    assert f"conflict: {hexed(story.certificate)} is superseded by " in text


def test_a_statement_met_twice_is_told_once() -> None:
    bottom = made("TransferRecord")
    left, right = (
        made("TransferRecord", parents=[{"digest": hexed(bottom), "rel": "cites"}]) for _ in range(2)
    )
    parents = [{"digest": hexed(one), "rel": "cites"} for one in (left, right)]
    top = made("TransferRecord", parents=parents)
    text = "\n".join(tree_of(trace(top.digest, at_hand([bottom, left, right, top]))))
    assert text.count(f"{hexed(bottom)}  TransferRecord") == 1
    assert text.count(f"{hexed(bottom)} (above)") == 1


def test_prov_reads_its_own_json_back_equal(lineage: Lineage, troubled: Lineage) -> None:
    for one in (lineage, troubled):
        data = provenance_of(one)
        assert ProvDocument.deserialize(content=data.decode(), format="json") == document_of(one)
        assert provenance_of(one) == data


def test_prov_has_entities_activities_and_agents(story: Certified, lineage: Lineage) -> None:
    told = json.loads(provenance_of(lineage))
    entities = {f"evidence:statement-{entry.digest.hex()}" for entry in lineage.entries}
    assert set(told["entity"]) == entities
    assert {BODY, EXPORTER} <= set(told["agent"])
    names = {name.partition(":")[2].partition("-")[0] for name in told["activity"]}
    assert names == {"transfer", "assessment", "accreditation", "recognition"}
    transfer = f"evidence:transfer-{hexed(story.transfer)}"
    used = {(one["prov:activity"], one["prov:entity"]) for one in told["used"].values()}
    assert (transfer, f"evidence:statement-{hexed(story.certificate)}") in used
    generated = {(one["prov:entity"], one["prov:activity"]) for one in told["wasGeneratedBy"].values()}
    assert (f"evidence:statement-{hexed(story.transfer)}", transfer) in generated
    roles = {
        (one["prov:agent"], one["prov:role"])
        for one in told["wasAssociatedWith"].values()
        if one["prov:activity"] == transfer
    }
    assert roles == {(EXPORTER, "exporter"), ("did:web:importer.example.xb", "importer")}
    assert len(told["wasAttributedTo"]) == len(entities)


def test_prov_says_revision_gap_and_conflict(story: Certified, troubled: Lineage) -> None:
    told = json.loads(provenance_of(troubled))
    states = [one.get("evidence:state") for one in told["entity"].values()]
    assert (states.count("incomplete"), states.count("conflict")) == (1, 2)
    revisions = [
        one for one in told["wasDerivedFrom"].values() if "prov:Revision" in str(one.get("prov:type"))
    ]
    assert len(revisions) == 2


def test_the_drawing_is_an_image_with_words_for_who_does_not_see_it(troubled: Lineage) -> None:
    root = ET.fromstring(drawing_of(troubled))
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert troubled.root.hex() in str(title.text)
    assert "Incomplete: " in str(description.text)
    assert "Conflict: " in str(description.text)
    groups = [one for one in root.iter(f"{SVG}g") if "entry" in str(one.get("class"))]
    assert len(groups) == len(troubled.entries)
    assert all(one.find(f"{SVG}title") is not None for one in groups)
    words = [str(text.text) for text in root.iter(f"{SVG}text")]
    assert words.count("incomplete") == 1
    assert words.count("conflict") == 2


def test_no_boxes_overlap_and_all_lie_within(lineage: Lineage) -> None:
    root = ET.fromstring(drawing_of(lineage))
    boxes = [
        (int(one.get("x", "")), int(one.get("y", "")))
        for one in root.iter(f"{SVG}rect")
        if one.get("class") == "box"
    ]
    assert len(boxes) == len(lineage.entries)
    for number, (x, y) in enumerate(boxes):
        assert 0 <= x <= int(root.get("width", "")) - WIDTH
        assert 0 <= y <= int(root.get("height", "")) - HEIGHT
        assert all(abs(x - u) >= WIDTH or abs(y - v) >= HEIGHT for u, v in boxes[:number])


def test_every_line_leads_downwards(story: Certified, lineage: Lineage) -> None:
    root = ET.fromstring(drawing_of(lineage))
    drawn = [one.get("d", "") for one in root.iter(f"{SVG}path") if one.get("class") == "link"]
    assert len(drawn) == len(lineage.links)
    for path in drawn:
        begins, ends = path[1:].partition("C")[0], path.rpartition(" ")[2]
        assert int(begins.split()[1]) < int(ends)


def test_the_same_graph_gives_the_same_bytes(story: Certified, lineage: Lineage) -> None:
    again = trace(story.certificate.digest, at_hand(reversed(story.every)))
    assert drawing_of(again) == drawing_of(lineage)
    assert tree_of(again) == tree_of(lineage)


def test_nothing_of_a_statement_becomes_markup() -> None:
    evil = Entry(b"\1" * 32, 0, "<script>", "did:web:<b>&\"'", 0, (("x", "did:web:<i>"),))
    root = ET.fromstring(drawing_of(lineage_of(evil.digest, [evil], [], more=False)))
    assert "<script>" in [text.text for text in root.iter(f"{SVG}text")]
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text",
    }  # fmt: skip


def test_a_forged_cycle_ends() -> None:
    entries = [Entry(bytes([number]) * 32, 0, "TransferRecord", EXPORTER, 0) for number in range(3)]
    ring = [Link(entries[number].digest, "cites", entries[(number + 1) % 3].digest) for number in range(3)]
    lineage = lineage_of(entries[0].digest, entries, ring, more=False)
    assert drawing_of(lineage).endswith(b"</svg>\n")
    assert len(tree_of(lineage)) < 20
