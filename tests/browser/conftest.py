"""The system's Chromium against the real server. Without a browser these tests are skipped, or fail where CI=true."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    f"the browser tests did not run: no Chromium on this machine (looked for {', '.join(NAMES)} on PATH). As root "
    "'apt-get install chromium' (Debian, Ubuntu), 'dnf install chromium' (Fedora) or 'brew install --cask chromium' "
    "(macOS), or name the file of one in CHROMIUM. Where CI=true this is a failure."
)
NOT_THERE = "the browser tests did not run: CHROMIUM names a file that cannot be run: {file}"
FAULTS_OF_A_PAGE = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""

Open = Callable[..., AbstractContextManager["Page"]]


def chromium() -> str | None:
    """The browser's file, wherever the system keeps it."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def lacking(path: str | None) -> str:
    """What is missing and how to get it; empty when the browser can be started."""
    if path is None:
        return MISSING
    return "" if shutil.which(path) else NOT_THERE.format(file=path)


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = chromium()
    if reason := lacking(path):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    driver: Playwright = request.getfixturevalue("playwright")
    started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
    yield started
    started.close()


@pytest.fixture
def opened(browser: Browser, server: Server) -> Open:
    """Open an address of the server; at the end no page has broken its policy, and none has complained."""

    @contextmanager
    def opening(path: str, *, lenient: bool = False, **context: Any) -> Iterator[Page]:
        around = browser.new_context(base_url=server.url, **context)
        around.add_init_script(FAULTS_OF_A_PAGE)
        page = around.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith(server.url) else None)
        page.goto(path)
        yield page
        if context.get("java_script_enabled", True):
            complaints += page.evaluate("window.__violations")
        around.close()
        assert complaints == [] or lenient

    return opening
