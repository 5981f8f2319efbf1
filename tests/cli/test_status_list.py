"""Status lists by command."""

from pathlib import Path

import pytest

from tests.cli.running import done, evidence
from tests.cli.sides import Side
from tests.nodes import enrol

LIST = "did:web:lister.example.xa#status-1"


@pytest.fixture(scope="module")
def lister(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrol(xa.node, "lister", "body", tmp_path_factory.mktemp("lister"))[1]


def test_each_edition_names_the_one_before(xa: Side, lister: Path) -> None:
    issue = ("status-list", "issue", "--key", lister, "--node", xa.url, "--json")
    first = done(*issue).json
    assert (first["id"], first["new"], first["supersedes"]) == (LIST, True, None)
    assert done(*issue, "--if-needed").json == {**first, "new": False}
    second = done(*issue, "--days", "30").json
    assert second["supersedes"] == first["digest"]
    assert second["validFrom"] > first["validFrom"]
    shown = done("status-list", "show", LIST, "--node", xa.url, "--json").json
    assert shown["digest"] == second["digest"]
    assert shown["length"] == 131_072
    assert "0 withdrawn, 0 suspended, 0 reduced" in done("status-list", "show", LIST, "--node", xa.url).text


def test_a_list_of_another_name_is_one_of_its_own(xa: Side, lister: Path) -> None:
    name = "https://lister.example.xa/status/2"
    made = done("status-list", "issue", "--key", lister, "--node", xa.url, "--id", name, "--json").json
    assert (made["id"], made["supersedes"]) == (name, None)
    ran = evidence("status-list", "show", name, "--node", xa.url)
    assert (ran.status, "(status-list-unknown)" in ran.told) == (
        3,
        True,
    )  # whose it is, its name does not say
    done("status-list", "show", name, "--issuer", "did:web:lister.example.xa", "--node", xa.url)


def test_a_list_of_the_same_name_by_another_is_another_list(
    xa: Side, lister: Path, parties: dict[str, Path]
) -> None:
    own = done("status-list", "issue", "--key", lister, "--node", xa.url, "--if-needed", "--json").json
    other = done(
        "status-list", "issue", "--key", parties["body"], "--node", xa.url, "--id", LIST, "--json"
    ).json
    assert (other["id"], other["supersedes"]) == (LIST, None)
    shown = done("status-list", "show", LIST, "--node", xa.url, "--json").json
    assert (shown["digest"], shown["issuer"]) == (own["digest"], "did:web:lister.example.xa")


def test_what_is_no_file_is_looked_up_with_a_node(tmp_path: Path) -> None:
    assert evidence("status-list", "show", LIST).status == 2
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert evidence("status-list", "show", other).status == 1
