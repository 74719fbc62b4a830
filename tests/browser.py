"""Debian's Chromium, driven by playwright; it may speak to the site under test and to nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, Request, Response, ViewportSize, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Complaints:
    """What a person would not see and a maintainer must: errors of scripts and policies, foreign requests."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page, site: str) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.found.append(f"console: {message.text}")

        def answer(answered: Response) -> None:
            if answered.status >= 400:
                self.found.append(f"{answered.status} {answered.url}")

        def request(sent: Request) -> None:
            if not sent.url.startswith((site, "data:", "blob:")):
                self.found.append(f"foreign request: {sent.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("request", request)
        page.on("response", answer)


@contextmanager
def browser_page(site: str, locale: str = "en") -> Iterator[tuple[Page, Complaints]]:
    """A page of a fresh browser on the site, and what it complained about."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "Chromium is needed: make test installs it on Debian"
    complaints = Complaints()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            page = browser.new_context(base_url=site, viewport=DESKTOP, locale=locale).new_page()
            complaints.watch(page, site)
            yield page, complaints
        finally:
            browser.close()


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than the window; 0 on a page that fits."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
