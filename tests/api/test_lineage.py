"""Lineage over HTTP: of what this log holds, in three forms, and within its bounds."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from prov.model import ProvDocument

from ledger.core.statement import Statement
from ledger.services.lineage.reading import read_lineage
from ledger.statements.catalogue import example
from tests.api.served import Served

MISSING = "5d" * 32


@pytest.fixture(scope="module")
def line(served: Served) -> list[Statement]:
    """A record whose parent is not here, one that supersedes it, and another that does."""
    subject = example("TransferRecord")["credentialSubject"]
    subject.pop("supersedes", None)
    first = served.sign(
        "TransferRecord", {**subject, "parents": [{"digest": MISSING, "rel": "cites"}]}, served.exporter
    )
    later = [
        served.sign("TransferRecord", {**subject, "supersedes": first.digest.hex()}, served.exporter)
        for _ in range(2)
    ]
    for statement in (first, *later):
        answered = served.post("/v1/statements", statement.encoded)
        assert answered.status_code == 201, answered.text
    return [first, *later]


def told(served: Served, statement: Statement, **query: Any) -> Any:
    answered = served.get(f"/v1/lineage/{statement.digest.hex()}", params=query)
    assert answered.status_code == 200, answered.text
    return answered


def test_a_lineage_names_what_is_missing_and_what_contradicts(served: Served, line: list[Statement]) -> None:
    found = told(served, line[0]).json()
    assert MISSING in found["incomplete"]
    (conflict,) = found["conflicts"]
    assert conflict["superseded"] == line[0].digest.hex()
    assert set(conflict["by"]) == {one.digest.hex() for one in line[1:]}
    assert read_lineage(found).to_json() == found


def test_it_is_given_as_prov_and_as_a_drawing(served: Served, line: list[Statement]) -> None:
    provenance = told(served, line[0], format="prov-json")
    assert len(ProvDocument.deserialize(content=provenance.text, format="json").get_records()) > 3
    drawing = told(served, line[0], format="svg")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in drawing.headers["content-security-policy"]
    assert ET.fromstring(drawing.content).tag.endswith("svg")


def test_its_bounds_are_said(served: Served, line: list[Statement]) -> None:
    found = told(served, line[0], count=2).json()
    assert (len(found["statements"]), found["more"]) == (2, True)
    assert told(served, line[0], depth=0).json()["more"] is True


def test_a_statement_known_only_by_name_has_one_and_an_unknown_one_has_none(
    served: Served, line: list[Statement]
) -> None:
    assert served.get(f"/v1/lineage/{MISSING}").status_code == 200
    answered = served.get(f"/v1/lineage/{'6e' * 32}")
    assert (answered.status_code, answered.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    "query", [{"depth": 65}, {"count": 0}, {"count": 1_001}, {"format": "pdf"}, {"deep": 1}]
)
def test_what_cannot_be_asked_is_refused(
    served: Served, line: list[Statement], query: dict[str, Any]
) -> None:
    answered = served.get(f"/v1/lineage/{line[0].digest.hex()}", params=query)
    assert answered.status_code == 400, answered.text
