"""The console in a real browser: readable by everybody, on a phone, in the dark and on paper, without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from ledger.services.console.flows import FlowCounter
from tests.api.consoled import Consoled, consoled, filled
from tests.api.ruled import origin_of, ruled
from tests.services.recognising import Recognising
from tests.web.browser import AXE, Opened, opened, started
from tests.web.test_page import keep

ANSWERED = "from-country=XA&to=XB&category=personal&grade=general&year=98795&by=log"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoled]:
    with consoled(tmp_path_factory.mktemp("console"), whole) as made:
        made.app.state.flows = FlowCounter(made.node.statements, "XA", origin_of)
        yield made


def whole(made: Recognising) -> dict[str, str]:
    return filled(made) | ruled(made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not AXE.is_file():
        pytest.skip("node's packages of the page are missing; npm ci --prefix api/web")
    with started() as found:
        yield found


def views(seen: Consoled) -> dict[str, str]:
    return {
        "node": "/",
        "certificates": "/console/certificates",
        "recognition": "/console/recognition",
        "statement": f"/console/statements/{seen.digests['arrangement']}",
        "certificate": f"/console/statements/{seen.digests['valid']}",
        "lineage": f"/console/lineage/{seen.digests['later']}",
        "search": "/console/search?q=CB-2",
        "measures": "/console/measures",
        "flows": "/console/flows?year=2026",
        "precheck": f"/console/precheck?{ANSWERED}",
        "questions": "/console/precheck?from-country=XAA&by=log",
        "unknown": f"/console/statements/{'5d' * 32}",
    }


def unfolded(page: Opened) -> None:
    page.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_on_any_view(browser: Browser, seen: Consoled, scheme: str) -> None:
    with opened(browser, "about:blank", color_scheme=scheme, bypass_csp=True) as page:
        for name, path in views(seen).items():
            if scheme == "dark" and name in (
                "statement",
                "search",
                "unknown",
                "questions",
            ):  # nothing there that is not elsewhere
                continue
            page.page.goto(seen.url + path)
            if name == "node" or scheme == "light":
                keep(page, f"console-{name}" + ("" if scheme == "light" else "-dark"))
            unfolded(page)
            assert page.violations() == [], name


def test_a_phone_of_320_pixels_shows_it_all_without_scrolling_sideways(
    browser: Browser, seen: Consoled
) -> None:
    with opened(browser, "about:blank", width=320) as page:
        for name, path in views(seen).items():
            page.page.goto(seen.url + path)
            if name in ("node", "certificates"):
                keep(page, f"console-{name}-phone")
            unfolded(page)
            assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 320, name
            loaded = "() => [...document.images].map((one) => one.naturalWidth > 0)"
            assert page.page.evaluate(loaded) == ([True] if name == "lineage" else []), name
        assert [one for one in page.said if "404" not in one] == []  # nor is the policy broken anywhere


def test_it_works_without_scripts_and_asks_only_its_own_node(browser: Browser, seen: Consoled) -> None:
    with opened(browser, seen.url, java_script_enabled=False) as page:
        page.page.fill("#q", seen.digests["later"])
        page.page.keyboard.press("Enter")
        page.page.wait_for_url("**/console/statements/*")
        page.page.get_by_role("link", name="Lineage").click()
        page.page.wait_for_load_state("networkidle")
        assert "cites 5d5d5d5d5d5d" in page.text("main")
        assert {one.split("/")[2] for one in page.asked if not one.startswith("data:")} == {seen.url[7:]}
        assert page.said == []


def test_questions_are_answered_by_keyboard_alone_without_a_script(browser: Browser, seen: Consoled) -> None:
    with opened(browser, seen.url + "/console/precheck", java_script_enabled=False) as page:
        for name, value in (("from-country", "XA"), ("to", "XB"), ("year", "100000")):
            page.page.focus(f"#{name}")
            page.page.keyboard.type(value)
        for name, letter in (("category", "P"), ("grade", "G")):
            page.page.focus(f"#{name}")
            page.page.keyboard.press(letter)
        page.page.focus("#year")
        page.page.keyboard.press("Enter")
        page.page.wait_for_url("**/console/precheck?*")
        assert "It may not go as it is" in page.text("main")
        page.page.get_by_role("link", name="Ask with that").first.click()
        page.page.wait_for_load_state("networkidle")
        assert "It may go" in page.text("main")
        page.page.fill("#draft", '{"exporter": {"jurisdiction": "XA"}, "importer": {"jurisdiction": "XB"}}')
        page.page.get_by_role("button", name="say of the draft").click()
        page.page.wait_for_load_state("networkidle")
        assert "Nobody can say yet" in page.text("main")
        assert page.said == []
