"""Pictures for the documents, of the real service in a real browser: `make pictures` writes docs/pictures.

The server is started as a person would start it, on a free port, with a database of its own. Pictures are what the
example patients look like today; a picture that grew beyond MOST_BYTES is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

CHECKOUT = Path(__file__).resolve().parent.parent
PICTURES = CHECKOUT / "docs" / "pictures"
MOST_BYTES = 200_000
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-lcd-text")
WIDTH = 1080
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COURSES = {
    "course-membranous.png": "tacrolimus-failed-so-rituximab-is-next",
    "course-lupus.png": "mycophenolate-then-cyclophosphamide-failed",
    "course-antibody.png": "antibody-gone-while-proteinuria-lags",
}
PHONE = ("course-phone.png", "tacrolimus-failed-so-rituximab-is-next", 390)
CLOSER = ("course-closer.png", "relapse-two-years-after-tacrolimus", 560)
"""The file, the story, and the width of the screen or the height of the picture."""
CARD_STORY = "tacrolimus-failed-so-rituximab-is-next"
PARTS = (
    "h3",
    ".suggestions",
    "Consider rituximab.",
    "Values used",
    "Treatment so far",
    "Options, first choice first",
    "Before starting",
    "Watch",
    "What would change this advice",
    "Evidence",
    "Where sources disagree",
    "Rule MN-07",
    "Course of treatment and values",
    "summary",
)
"""What docs/reference/card.md explains, in its order: a selector, or the first words of a part."""
CARD_PARTS = {"card-1.png": "", "card-2.png": "Options, first choice", "card-3.png": "Evidence"}
"""A picture for each third of the card, and the part it begins with."""
NUMBERED = """(parts) => {
  const card = document.querySelector('article.ehr');
  card.style.marginLeft = '34px';
  parts.forEach((part, index) => {
    const texts = [...card.querySelectorAll('strong, p, a')].filter((e) => e.textContent.trim().startsWith(part));
    const place = /^[A-Z]/.test(part) ? texts[texts.length - 1] : card.querySelector(part);
    if (!place) throw new Error(`the card has no part ${part}`);
    const mark = document.createElement('b');
    mark.textContent = index + 1;
    Object.assign(mark.style, {
      position: 'absolute', left: '20px', top: `${place.getBoundingClientRect().top + window.scrollY}px`,
      width: '24px', height: '24px', borderRadius: '12px', background: '#00695c', color: '#fff', fontSize: '13px',
      lineHeight: '24px', textAlign: 'center' });
    document.body.append(mark);
  });
}"""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The service on a free port, ready to answer; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = {"CDS_PORT": str(port), "CDS_WORKERS": "1", "CDS_DATABASE_URL": f"sqlite:///{folder}/pictures.sqlite3"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    command = (sys.executable, "-m", "cds_service.cli", "serve")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=clean | ours, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            urlopen(f"{address}/health/ready", timeout=2).close()  # noqa: S310 - our own address
            return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the service did not start")


def take(browser: Browser, address: str) -> Iterator[Path]:
    """Write every picture and name it."""
    context = browser.new_context(
        base_url=address, viewport={"width": WIDTH, "height": 800}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/")
    yield _shot(page, "start-page.png", 900)
    for name, story in COURSES.items():
        page.goto(f"/stories/{story}/course")
        yield _shot(page, name)
    yield _closer(page)
    yield _phone(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 760, "height": 900})
    page.goto(f"/stories/{CARD_STORY}")
    page.get_by_role("button", name="Open the record").click()
    page.evaluate(NUMBERED, PARTS)
    begins = {name: _part(page, part) for name, part in CARD_PARTS.items()}
    card = page.locator("article.ehr").first.bounding_box()
    ends = [*list(begins.values())[1:], card["y"] + card["height"] + 6 if card else 0]
    for (name, top), bottom in zip(begins.items(), ends, strict=True):
        yield _clipped(page, name, top, bottom)
    context.close()


def _shot(page: Page, name: str, height: int = 0) -> Path:
    """From the top of a page down to the end of its figures, or as far as is said."""
    path = PICTURES / name
    figures = page.locator("figure, .panel, .panels").last.bounding_box() if not height else None
    bottom = height or (int(figures["y"] + figures["height"]) + 24 if figures else 0)
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom})
    return path


def _closer(page: Page) -> Path:
    """By night, the newest part of a course, with what is told of its last value."""
    name, story, height = CLOSER
    page.emulate_media(color_scheme="dark")
    page.goto(f"/stories/{story}/course")
    closer = page.get_by_role("button", name="Closer")
    for _ in range(3):
        closer.click()
    page.locator(".panel").first.locator(".point.used").last.focus()
    top = closer.bounding_box()
    path = PICTURES / name
    clip: FloatRect = {"x": 0, "y": top["y"] - 12 if top else 0, "width": WIDTH, "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)
    return path


def _phone(page: Page) -> Path:
    """The course on a telephone, from the answer to the antibody."""
    name, story, width = PHONE
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/stories/{story}/course")
    figures = page.locator(".panel").nth(1).bounding_box()
    path = PICTURES / name
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": figures["y"] + figures["height"] if figures else 844}
    page.screenshot(path=path, full_page=True, clip=clip)
    return path


def _part(page: Page, heading: str) -> float:
    """Where a part of the card begins; without a name the card itself."""
    places = page.locator("article.ehr strong", has_text=re.compile(f"^{heading}")) if heading else None
    found = (places or page.locator("article.ehr")).first.bounding_box()
    return found["y"] - 8 if found else 0


def _clipped(page: Page, name: str, top: float, bottom: float) -> Path:
    path = PICTURES / name
    clip: FloatRect = {"x": 0, "y": top, "width": 740, "height": bottom - top}
    page.screenshot(path=path, full_page=True, clip=clip)
    return path


def main() -> int:
    """Write the pictures; the exit status is how many are too large."""
    browser_file = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if browser_file is None:
        sys.exit("no Chromium on this machine: install the package chromium, or name its file in CHROMIUM")
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    too_large = 0
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_file, args=list(ARGUMENTS))
        for picture in take(browser, address):
            size = picture.stat().st_size
            too_large += size > MOST_BYTES
            sys.stdout.write(f"{picture.relative_to(CHECKOUT)}: {size:,} bytes{' TOO LARGE' * (size > MOST_BYTES)}\n")
        browser.close()
    return too_large


if __name__ == "__main__":
    sys.exit(main())
