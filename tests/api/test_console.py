"""The node console: what it tells, that strangers' words do nothing on it, and that what is private stays so."""

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from fastapi.routing import APIRoute

from api.access import EVERYBODY, table
from api.console import plots
from api.console.pages import HERE
from api.console.words import shown, time
from api.routes.console import router
from ledger.core.statement import parse_statement
from ledger.errors import ChainError
from ledger.services.console.anchoring import anchoring
from tests.api.consoled import HOSTILE, PRIVATE, Consoled, consoled

VIEWS = ("/", "/console/certificates", "/console/recognition", "/console/search?q=CB-2")
ASKED = f'"><script>alert(2)</script>\u202e\u2066{HOSTILE}'


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoled]:
    with consoled(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture
def private(seen: Consoled) -> Iterator[Consoled]:
    seen.answer_parties_alone(True)
    yield seen
    seen.answer_parties_alone(False)


def text(seen: Consoled, path: str, status: int = 200) -> str:
    """What is read on a page, in one line."""
    answered = seen.get(path)
    assert answered.status_code == status, answered.text
    return " ".join(unescape(re.sub("<[^>]*>", " ", answered.text)).split())


def row(seen: Consoled, path: str, first: str) -> str:
    """The cells of the table's row that begins with some words, in one line."""
    found = re.findall("<tr>(.*?)</tr>", seen.get(path).text, re.DOTALL)
    lines = [" ".join(unescape(re.sub("<[^>]*>", " ", one)).split()) for one in found]
    return next(line for line in lines if line.startswith(first))


def views(seen: Consoled) -> list[str]:
    named = [
        ("statements", "arrangement"),
        ("statements", "valid"),
        ("statements", "later"),
        ("lineage", "later"),
    ]
    pages = [f"/console/{kind}/{seen.digests[name]}" for kind, name in named]
    return [*VIEWS, *pages, f"/console/statements/{'6e' * 32}"]


def test_the_node_is_told_in_words_with_its_growth_anchors_witnesses_and_alarms(seen: Consoled) -> None:
    told = text(seen, "/")
    size = seen.node.log.head.size
    for words in (
        "Node of XA It registers statements. No trouble is known to it.",
        f"Statements {size}, of which {size} are under a signed checkpoint",
        f"Covered by final anchors {size - 1} of {size} statements",
        "What was anchored is final; later statements wait for the next anchor.",
        "No witness is asked to cosign this log",
        "None stands; the node watches no partner\N{RIGHT SINGLE QUOTATION MARK}s log.",
    ):
        assert words in told, words


def test_a_trouble_is_told_in_words(seen: Consoled, monkeypatch: pytest.MonkeyPatch) -> None:
    own = seen.node.chains[0]
    monkeypatch.setattr(type(own), "doubt", ChainError(f"shown {HOSTILE}", code="anchor-unsigned"))
    told = seen.get("/").text
    assert f'<strong class="failed">Anchoring on {own.name}:</strong> shown &lt;script&gt;' in told
    assert "[U+061C]" in told
    assert "No trouble" not in told


def test_the_plots_are_drawings_that_tables_repeat(seen: Consoled) -> None:
    page = seen.get("/").text
    drawings = [ET.fromstring(one) for one in re.findall("<svg.*?</svg>", page, re.DOTALL)]
    assert len(drawings) == 2
    for one in drawings:
        assert one.attrib["role"] == "img"
        for name in one.attrib["aria-labelledby"].split():
            assert f'id="{name}"' in page
    latest = seen.node.checkpoints.latest()
    assert latest is not None
    assert row(seen, "/", time(latest.signed_at)).endswith(f" {latest.size}")
    held = seen.node.anchors.latest_anchored(seen.node.chain_name)
    assert held is not None
    sent = anchoring(seen.node.anchors, seen.node.checkpoints, held.row.chain, 0).delivered[-1]
    assert sent.gas is not None
    assert 40_000 < sent.gas < sent.gas_limit
    told = row(seen, "/", f"{held.row.size} {held.row.block_number} ")
    assert told.endswith(f" 10 s {sent.gas:,} {sent.gas_limit:,}".replace(",", " "))


def test_a_line_rises_where_the_log_grew_and_needles_stand_side_by_side() -> None:
    assert plots.steps([(100, 1), (150, 1), (200, 4)]) == ("M0 225H500V225H1000V0H1000", 4)
    assert plots.needles([5, 10]) == ("M250 300V150M750 300V0", 10)
    assert [plots.top_of(most) for most in (0, 1, 3, 7, 10, 11, 61, 101)] == [2, 2, 4, 8, 10, 20, 80, 200]


@pytest.mark.parametrize(
    ("name", "status"),
    [("valid", "valid"), ("withdrawn", "withdrawn"), ("suspended", "suspended"), ("expired", "expired")],
)
def test_a_certificate_stands_with_its_status_and_its_end(seen: Consoled, name: str, status: str) -> None:
    stored = seen.node.statements.by_digest(bytes.fromhex(seen.digests[name]))
    assert stored is not None
    subject = parse_statement(stored.body).subject
    told = row(seen, "/console/certificates", f"{subject['certificateNumber']} ")
    assert told.startswith(f"{subject['certificateNumber']} {status} {subject['validUntil'][:10]}")
    assert f"Status at present {status}" in text(seen, f"/console/statements/{seen.digests[name]}")


def test_a_page_of_certificates_leads_to_the_next(seen: Consoled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.services.console.certified.PAGE", 2)
    numbers, path = list[str](), "/console/certificates"
    for _ in range(9):
        page = seen.get(path).text
        numbers += re.findall(r"<td class=\"theirs\">(CB-\d+)", page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        if following is None:
            break
        path = following[1]
    assert numbers == ["CB-2", "CB-3", "CB-4", "CB-5", "CB-10"]


def test_the_published_lists_stand_there_with_their_newest_edition(seen: Consoled) -> None:
    assert row(seen, "/console/certificates", "https://body.example.xa/status/1 did:web:body.example.xa")


def test_the_matrix_says_what_is_in_force_what_one_side_signed_and_what_is_not_there(seen: Consoled) -> None:
    path = "/console/recognition"
    assert row(seen, path, "XA at") == "XA at home in force signed by one side"
    assert row(seen, path, "XB in") == "XB in force at home none"
    assert row(seen, path, "XC signed") == "XC signed by one side none at home"


def test_an_endorsement_by_whom_the_node_does_not_believe_is_not_in_force(
    seen: Consoled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(seen.node), "believed", lambda node: node.trust)
    assert row(seen, "/console/recognition", "XA at") == "XA at home not in force signed by one side"


def test_a_lineage_is_a_picture_and_the_same_in_tables(seen: Consoled) -> None:
    path = f"/console/lineage/{seen.digests['later']}"
    page = seen.get(path).text
    (picture,) = re.findall('<img src="([^"]*)" alt="Drawing of 3 statements and 2 references', page)
    assert seen.get(unescape(picture)).headers["content-type"] == "image/svg+xml"
    assert "5d5d5d5d5d5d… referred to, and not here" in row(seen, path, "5d5d5d5d5d5d")
    assert f"{seen.digests['later'][:12]}… derivedFrom {seen.digests['record'][:12]}…" in text(seen, path)


@pytest.mark.parametrize("form", ["{}", "sha256:{}", "  {} ", "0x{}"])
def test_a_digest_leads_to_its_statement(seen: Consoled, form: str) -> None:
    digest = seen.digests["record"]
    answered = seen.get("/console/search", params={"q": form.format(digest)})
    assert (answered.status_code, answered.headers["location"]) == (303, f"/console/statements/{digest}")


def test_statements_are_found_by_id_number_reference_and_place(seen: Consoled) -> None:
    stored = seen.node.statements.by_digest(bytes.fromhex(seen.digests["valid"]))
    assert stored is not None
    for asked, name in (
        (parse_statement(stored.body).id, "valid"),
        ("CB-2", "valid"),
        (str(stored.index), "valid"),
        (PRIVATE, "record"),
    ):
        found = seen.get("/console/search", params={"q": asked}).text
        assert set(re.findall("/console/statements/([0-9a-f]{64})", found)) == {seen.digests[name]}, asked


@pytest.mark.parametrize("asked", ["", " ", "nothing", "9" * 15, "9" * 400, "x" * 5_000])
def test_what_names_nothing_finds_nothing(seen: Consoled, asked: str) -> None:
    answered = seen.get("/console/search", params={"q": asked})
    assert answered.status_code == 200
    assert "That nothing is found says nothing about other logs" in answered.text
    assert "/console/statements/" not in answered.text


def test_a_statement_stands_with_what_proves_it_and_what_is_not_known(seen: Consoled) -> None:
    digest = seen.digests["valid"]
    told = text(seen, f"/console/statements/{digest}")
    for words in (
        "Issuer did:web:body.example.xa State anchored",
        "holds the log at 20 statements; operator only",
        "whether what it says is true",
        "whether witnesses saw the same log",
        "whether it counts in another jurisdiction",
        '"certificateNumber": "CB-2"',
    ):
        assert words in told, words
    for link in re.findall('href="(/v1/[^"]*)"', seen.get(f"/console/statements/{digest}").text):
        assert seen.get(unescape(link)).status_code == 200, link
    newest = seen.node.statements.by_index(seen.node.log.head.size - 1)
    assert newest is not None
    told = text(seen, f"/console/statements/{newest.digest.hex()}")
    assert "what a chain would show: no final anchor covers it yet" in told


@pytest.mark.parametrize("kind", ["statements", "lineage"])
def test_of_a_digest_that_is_not_here_nothing_more_is_said(seen: Consoled, kind: str) -> None:
    assert "That says nothing about other logs" in text(seen, f"/console/{kind}/{'6e' * 32}", 404)


def test_a_statement_that_a_partner_gave_is_named_with_its_log(seen: Consoled) -> None:
    (kept,) = seen.node.mirror.of_type("Endorsement")
    told = text(seen, f"/console/statements/{kept.subject.hex()}", 404)
    assert f"a Endorsement, entry {kept.index} of registry.example.xb/XB/2026" in told


def test_words_of_strangers_do_nothing_on_any_page(seen: Consoled) -> None:
    told = seen.get(f"/console/statements/{seen.digests['arrangement']}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;[U+061C][U+E0041]" in told
    answered = seen.get("/console/search", params={"q": ASKED}).text
    assert "[U+202E][U+2066]" in answered
    for page in (answered, *(seen.get(path).text for path in views(seen))):
        assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:|http://", page)
        assert not any(turning in page for turning in "\u061c\u202e\u2066\U000e0041")


def test_text_is_shown_as_it_is_and_what_turns_or_hides_it_as_a_number() -> None:
    assert shown("a\u202eb\u200bc\x00d\ufeff") == "a[U+202E]b[U+200B]c[U+0000]d[U+FEFF]"
    kept = "Größe 中文\u3000\u05d0\u05d1\u00a0e\u0301\n"
    assert shown(kept) == kept


def test_no_page_runs_or_loads_anything_of_others(seen: Consoled) -> None:
    for path in (*views(seen), "/console.css"):
        headers = seen.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:;"), path
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    tag = seen.get("/console.css").headers["etag"]
    assert seen.get("/console.css", headers={"If-None-Match": tag}).status_code == 304


def test_what_is_private_stands_on_no_page_of_a_node_that_answers_its_parties_alone(
    private: Consoled,
) -> None:
    # Their DIDs, numbers, references and texts; the node's own operator and the registrar's list are no secret.
    secret = (
        "CB-",
        PRIVATE,
        "exporter.example",
        "importer.example",
        "authority.example",
        "alert(1)",
        "in force<",
    )
    for path in views(private):
        page = private.get(path).text
        if "search" in path:
            page = page.replace("CB-2", "")  # what was asked
        assert [word for word in secret if word in page] == [], path
    told = text(private, f"/console/statements/{private.digests['record']}")
    assert "TransferRecord" in told
    assert "what it says, and who signed it: that is for its parties" in told
    for asked in ("CB-2", PRIVATE):
        assert "/console/statements/" not in private.get("/console/search", params={"q": asked}).text


def test_what_everybody_may_see_stands_there_all_the_same(private: Consoled) -> None:
    assert "It registers statements." in text(private, "/")
    assert "Covered by final anchors" in text(private, "/")
    assert row(private, "/console/certificates", "https://body.example.xa/status/1")
    assert "Certificates are told to their parties alone" in text(private, "/console/certificates")
    assert "This node answers its parties alone." in text(private, "/console/recognition")
    stored = private.node.statements.by_digest(bytes.fromhex(private.digests["record"]))
    assert stored is not None
    assert private.digests["record"] in private.get(f"/console/search?q={stored.index}").text


def test_through_a_proxy_nobody_is_a_user_of_this_machine(seen: Consoled) -> None:
    page = seen.get("/console/certificates", headers={"X-Forwarded-For": "192.0.2.1"}).text
    assert "CB-" not in page


def test_every_route_has_a_row_that_lets_everybody_ask() -> None:
    routes = [one for one in router.routes if isinstance(one, APIRoute)]
    assert len(routes) == 7
    for one in routes:
        assert table().routes[f"GET {one.path}"].may == {EVERYBODY: "any"}
        assert len(one.dependencies) == (one.path != "/console.css")  # so many pages a minute


def test_the_wheel_has_the_templates_and_the_stylesheet() -> None:
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())
    named = project["tool"]["setuptools"]["package-data"]["api"]
    api = HERE.parent
    carried = {found for form in named for found in api.glob(form)}
    beside = {one for one in HERE.rglob("*") if one.suffix in (".html", ".css")}
    assert len(beside) > 8
    assert beside <= carried
