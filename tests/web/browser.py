"""A real browser, and the page in it as somebody saved it: opened from a file, with the network off."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
WEB = ROOT / "api" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000
"""Milliseconds that anything on the page may take; machines are busy."""


def chromium() -> str:
    """The system's browser; skips where there is none."""
    found = (
        os.environ.get("EVIDENCE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if found is None:
        pytest.skip("chromium is missing; apt-get install chromium")
    return found


def built_page() -> Path:
    """The page, built of the sources as they stand; skips where node's packages are missing."""
    if not AXE.is_file():
        pytest.skip("node's packages of the page are missing; npm ci --prefix api/web")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "package.py")], check=True)
    return WEB / "dist" / "verify.html"


@contextmanager
def started() -> Iterator[Browser]:
    """A browser for a module's tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Opened:
    """The page in a context of its own.

    Attributes:
        asked: Addresses that the page asked for beside its own file.
        said: What it wrote on the console, and errors that nobody caught.
    """

    context: BrowserContext
    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def give(self, *, evidence: Path | None = None, trust: Path | None = None) -> None:
        """Choose files by the pickers."""
        if evidence is not None:
            self.page.set_input_files("#evidence-file", evidence)
        if trust is not None:
            self.page.set_input_files("#trust-file", trust)

    def answered(self) -> None:
        """Wait for the end of the verification."""
        self.page.wait_for_selector('#answer[aria-busy="false"]:not([hidden])', timeout=PATIENCE)

    @property
    def verdict(self) -> str:
        """The class of the verdict: passed, failed or absent."""
        return self.page.get_attribute("#verdict", "class") or ""

    def step(self, number: int) -> str:
        """The outcome of a step."""
        return (self.page.get_attribute(f"#step-{number}", "class") or "").removeprefix("told ")

    def text(self, selector: str) -> str:
        """What is read in a place."""
        return self.page.inner_text(selector)

    def violations(self) -> list[str]:
        """What axe finds wrong, at any level that it knows."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        # What fades in has little contrast for a moment.
        self.page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document)")
        return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


@contextmanager
def opened(
    browser: Browser, address: str, *, now: int | None = None, width: int = 1100, **options: Any
) -> Iterator[Opened]:
    """The page at an address, with the network off unless it is served."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        context.set_offline(address.startswith("file:"))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        made = Opened(context, page)
        page.on("request", lambda request: made.asked.append(request.url))
        page.on("console", lambda message: made.said.append(message.text))
        page.on("pageerror", lambda error: made.said.append(str(error)))
        if now is not None:
            page.clock.set_fixed_time(datetime.fromtimestamp(now, tz=UTC))
        page.goto(address)
        yield made
    finally:
        context.close()
