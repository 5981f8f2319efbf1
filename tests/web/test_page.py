"""The saved page in a real browser, with the network off: what an officer, a judge or a trader on a phone does."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from ledger.core.times import parse_time
from ledger.core.trust import sign_trust_list
from tests.simulator import NOW, World, key, world
from tests.web.browser import ROOT, Opened, built_page, opened, started

SCREENSHOTS = os.environ.get("EVIDENCE_SCREENSHOTS")
LARGE = 2 << 30
ZEROS = "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51"
"""SHA-256 of as many bytes, all of them 0, by `sha256sum`."""
DECISIONS = ROOT / "tests" / "vectors" / "decided"
DECIDED = parse_time(json.loads((DECISIONS / "verdicts.json").read_bytes())["now"])
FLAT = 400 << 20
"""Bytes by which the browser may grow while it hashes a file of two gigabytes."""


@dataclass(frozen=True, slots=True)
class Files:
    """What lies on the reader's disk."""

    page: str
    good: Path
    tampered: Path
    trust: Path
    broken_trust: Path
    other_trust: Path
    folder: Path
    made: World


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    page = built_page()
    folder = tmp_path_factory.mktemp("disk")
    made = world()
    saved = folder / "saved verifier.html"
    saved.write_bytes(page.read_bytes())
    bundle = made.bundle()
    trust = sign_trust_list(made.trust_body(), {"#1": key("publisher")})
    other = sign_trust_list(made.trust_body(logs=[made.xb.trusted_log()]), {"#1": key("publisher")})
    path = json.loads(bundle)["sections"][0]["items"][0]["path"][0]
    other_path = path[:-1] + ("0" if path[-1] != "0" else "1")
    given = {
        "transfer.evidence.json": bundle,
        "tampered.evidence.json": bundle.replace(path.encode(), other_path.encode(), 1),
        "trust.json": trust,
        "broken.json": trust.replace(b'"version":1', b'"version":2'),
        "other.json": other,
    }
    for name, data in given.items():
        (folder / name).write_bytes(data)
    assert given["tampered.evidence.json"] != bundle
    assert given["broken.json"] != trust
    return Files(saved.as_uri(), *(folder / name for name in given), folder, made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as made:
        yield made


def keep(made: Opened, name: str) -> None:
    """A picture for the documentation, where it is asked for."""
    if SCREENSHOTS:
        place = ROOT / "docs" / "pictures"
        place.mkdir(exist_ok=True)
        made.page.screenshot(path=place / f"{name}.png", full_page=True)


def test_a_good_bundle_is_verified_and_nothing_is_asked_of_any_network(
    browser: Browser, files: Files
) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        assert page.verdict == "passed", page.text("#answer")
        assert {number: page.step(number) for number in range(1, 12)} == {
            number: "passed" if number in (1, 3, 4, 5, 6, 7, 9) else "absent" for number in range(1, 12)
        }
        assert "later correction" in page.text("#unchecked")
        assert files.made.trust().list_hash.hex() in page.text("#trust-shown").replace(" ", "")
        assert [one for one in page.asked if not one.startswith(("file:", "blob:", "data:"))] == []
        assert page.said == []
        keep(page, "verify-good")


def test_a_tampered_bundle_fails_and_the_step_is_named(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.tampered, trust=files.trust)
        page.answered()
        assert page.verdict == "failed"
        assert page.step(4) == "failed"
        assert "proof-invalid" in page.text("#step-4")
        keep(page, "verify-tampered")


def test_a_trust_list_that_does_not_load_leaves_nothing_known(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.broken_trust)
        page.page.wait_for_selector("#trust-name.refusal")
        assert "nothing is known" in page.text("#trust-name")
        assert page.page.is_hidden("#answer")


DROPPED = """() => {
  const given = new DataTransfer();
  given.items.add(new File(['{"format":"evidence-openings/1",'], "openings.json"));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true }));
}"""


def test_an_answer_is_shown_no_more_once_a_file_was_refused(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        assert page.verdict == "passed"
        page.page.evaluate(DROPPED)
        page.page.wait_for_selector("#verdict .refusal")
        page.page.select_option("#language", "zh")
        assert page.verdict == "absent"


def test_a_trust_list_that_names_another_log_verifies_nothing(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.other_trust)
        page.answered()
        assert page.verdict == "failed"
        assert page.step(5) == "absent"


def test_another_fingerprint_than_the_one_from_elsewhere_is_told(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(trust=files.trust)
        page.page.wait_for_selector("#expected")
        right = files.made.trust().list_hash.hex()
        page.page.fill("#expected", " ".join(right[place : place + 4] for place in range(0, 64, 4)).upper())
        assert page.page.get_attribute("#expected-told", "class") == "outcome passed"
        page.page.fill("#expected", f"{right[:-1]}{'0' if right[-1] != '0' else '1'}")
        assert page.page.get_attribute("#expected-told", "class") == "outcome failed"


def test_a_file_of_two_gigabytes_is_hashed_with_progress_in_flat_memory(
    browser: Browser, files: Files
) -> None:
    large = files.folder / "large.bin"
    with large.open("wb") as made:
        made.truncate(LARGE)
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        processes = browser_processes()
        before = used(processes)
        page.page.evaluate("() => document.getElementById('more').setAttribute('open', '')")
        page.page.set_input_files("#content-0", large)
        page.page.wait_for_selector("#progress progress")
        seen, most = set[float](), 0
        while page.page.get_attribute("#answer", "aria-busy") == "true":
            seen.add(page.page.evaluate("() => document.querySelector('#progress progress')?.value ?? 0"))
            most = max(most, used(processes))
            page.page.wait_for_timeout(300)
        assert len(seen) > 3
        assert page.step(2) == "absent"  # the salt is the signer's
        assert most - before < FLAT
        assert ZEROS in page.text("#by-hand")
    large.unlink()


def browser_processes() -> list[psutil.Process]:
    """This test's browser; to look for its processes takes long where a machine has many."""
    children = psutil.Process().children(recursive=True)
    return [one for one in children if "chrom" in one.name()]


def used(processes: list[psutil.Process]) -> int:
    """Memory of those that are still there."""
    found = 0
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            found += one.memory_info().rss
    return found


def test_a_phone_of_320_pixels_shows_it_all_without_scrolling_sideways(
    browser: Browser, files: Files
) -> None:
    with opened(browser, files.page, now=NOW, width=320) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        page.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 320
        keep(page, "verify-phone")


def test_everything_can_be_done_with_the_keyboard(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        for picked, file in (("evidence-file", files.good), ("trust-file", files.trust)):
            reach(page, picked)
            with page.page.expect_file_chooser() as chooser:
                page.page.keyboard.press("Space", delay=50)
            chooser.value.set_files(file)
        page.answered()
        assert page.verdict == "passed"
        reach(page, "print")
        reach(page, "save")
        with page.page.expect_download() as download:
            page.page.keyboard.press("Enter")
        saved = files.folder / "report.json"
        download.value.save_as(saved)
        assert json.loads(saved.read_text())["verdict"] == "verified"


def reach(page: Opened, wanted: str) -> None:
    """Press Tab until an element has the focus, and see that it shows."""
    for _ in range(60):
        page.page.keyboard.press("Tab")
        if page.page.evaluate("() => document.activeElement?.id") == wanted:
            break
    assert page.page.evaluate("() => document.activeElement?.id") == wanted
    outline = """() => {
        const here = document.activeElement, label = here.closest('.choose')?.querySelector('.button') ?? here;
        return [here, label].map((one) => getComputedStyle(one).outlineStyle);
    }"""
    assert "solid" in page.page.evaluate(outline)


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [("#into", "X1", "xb"), ("#at", "2999-01-01T00:00:00", "2026-11-22T00:00:00")],
    ids=["a country that is none", "a time to come"],
)
def test_what_cannot_be_asked_is_not_left_out_of_the_question(
    browser: Browser, files: Files, field: str, wrong: str, right: str
) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        page.page.evaluate("() => document.getElementById('more').setAttribute('open', '')")
        page.page.fill(field, wrong)
        page.page.press(field, "Tab")
        page.page.wait_for_selector("#answer", state="hidden")
        assert page.page.evaluate(f"() => document.querySelector('{field}').matches(':invalid')")
        page.page.fill(field, right)
        page.page.press(field, "Tab")
        page.answered()
        assert page.verdict == "passed"


@pytest.mark.parametrize("language", ["en", "zh", "ar-XB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser: Browser, files: Files, language: str, scheme: str) -> None:
    with opened(browser, f"{files.page}?lang={language}", now=NOW, color_scheme=scheme) as page:
        assert page.violations() == []
        page.give(evidence=files.tampered if language == "zh" else files.good, trust=files.trust)
        page.answered()
        page.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.violations() == []
        direction = page.page.evaluate("() => document.documentElement.dir")
        assert direction == ("rtl" if language == "ar-XB" else "ltr")


def test_the_protocol_is_one_page_of_paper(browser: Browser, files: Files) -> None:
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=files.good, trust=files.trust)
        page.answered()
        place = files.folder / "protocol.pdf"
        page.page.emulate_media(media="print")
        page.page.pdf(path=place, prefer_css_page_size=True)
        pages = PdfReader(place).pages
        assert len(pages) == 1
        assert files.made.trust().list_hash.hex() in "".join(pages[0].extract_text().split())


def test_what_a_stranger_wrote_moves_nothing_on_the_page(browser: Browser, files: Files) -> None:
    made = World()
    made.filler()
    made.exporter_enrolment = made.xa.add(
        made.xa.enrol(made.exporter, ["exporter"], [("#2026", key("exporter"))])
    )
    record = made.xa.add(made.record(reference="PO\u202e1\u2066<b>x</b>"))
    made.filler()
    made.xa.anchor()
    section = made.xa.section([("subject", record), ("enrolment", made.exporter_enrolment)])
    place = files.folder / "hostile.evidence.json"
    place.write_bytes(made.bundle([section], record))
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=place, trust=files.trust)
        page.answered()
        page.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
        said = page.text("#said") if page.page.is_visible("#said details") else page.text("#steps")
        answer = page.page.inner_html("#answer")
        assert "\u202e" not in answer
        assert "<b>x</b>" not in answer
        assert "U+202E" in said or page.step(1) == "failed"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "XA-1 version 1",
                "encrypted in transit",
                "Whether they are kept was not checked",
                "the evidence does not carry",
            ),
        ),
        (
            "zh",
            (
                "XA-1 第 1 版",
                "传输与存储均加密",
                "条件是否得到遵守",
                "是否另有未载于本证据的生效措施",
            ),
        ),
        ("ar-XB", ("\u202eencrypted\u202c",)),
    ],
)
def test_a_decision_is_told_with_its_limits_in_every_language(
    browser: Browser, files: Files, language: str, words: tuple[str, ...]
) -> None:
    with opened(browser, f"{files.page}?lang={language}", now=DECIDED) as page:
        page.give(evidence=DECISIONS / "conditional.evidence.json", trust=DECISIONS / "trust.json")
        page.answered()
        assert (page.verdict, page.step(11)) == ("passed", "passed")
        told = "".join(page.page.text_content(f"#{place}") or "" for place in ("unchecked", "steps", "rules"))
        assert [word for word in words if word not in told] == []
        assert page.violations() == []
        page.give(evidence=DECISIONS / "measure-changed-by-a-byte.evidence.json")
        page.page.wait_for_selector("#step-11.failed")
        page.answered()
        assert page.verdict == "failed"
        assert "measure-changed" in page.text("#step-11")
        assert page.said == []


def test_a_bundle_of_200_megabytes_is_refused_before_it_is_read(browser: Browser, files: Files) -> None:
    place = files.folder / "huge.evidence.json"
    with place.open("wb") as made:
        made.write(b'{"format":"evidence-bundle/1",')
        made.truncate(200 << 20)
    with opened(browser, files.page, now=NOW) as page:
        page.give(evidence=place, trust=files.trust)
        page.answered()
        assert page.verdict == "absent"
        assert "too-large" in page.text("#verdict")
    place.unlink()


def test_the_page_is_small_and_its_policy_forbids_the_network(files: Files) -> None:
    held = (ROOT / "api" / "web" / "dist" / "verify.html").read_bytes()
    assert len(held) <= 400_000
    policy = held[: held.index(b"</head>")].decode()
    for rule in ("default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
