"""Chromium for tests: found, started, and watched for what a page must never do.

Without Chromium the tests skip and say so; with ``COBUILD_REQUIRE=browser`` (as in CI) they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def chromium() -> str:
    """Return the path of a Chromium; skip the test where there is none, or fail it where one is required."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    reason = f"no Chromium on the path (looked for {', '.join(_NAMES)}); apt install chromium"
    if "browser" in os.environ.get("COBUILD_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: while Playwright runs, no asynchronous test can (both want the loop)."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@dataclass
class Watch:
    """What pages asked of other hosts, and what they complained about."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self._address(request.url))
        page.on("websocket", lambda socket: self._address(socket.url))
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.origin:
            self.foreign.append(url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location}")


@contextmanager
def visiting(browser: Browser, url: str, *, may_complain: bool = False, **how: Any) -> Iterator[Page]:
    """Open a page in a context of its own; at the end it must have kept to its own host, without an error.

    ``may_complain`` is for tests that take the server away or have something refused: the browser itself reports that.
    """
    how = {"viewport": DESK, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"} | how
    context: BrowserContext = browser.new_context(**how)
    watch = Watch(urlsplit(url).netloc)
    context.on("page", watch.follow)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()
    assert watch.foreign == [], "the page asked other hosts"
    assert may_complain or watch.complaints == []
