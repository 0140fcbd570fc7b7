"""Start page, story, card and course in a real browser: accessible, strict, by keyboard, without script, small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.showcase import FEATURED
from tests.browser.conftest import Open

if TYPE_CHECKING:
    from playwright.sync_api import Page

COURSES = tuple(f"/stories/{name}/course" for name in FEATURED[:3])
"""A failed line in membranous nephropathy, a refractory lupus nephritis, a missing result."""
CARD = f"/stories/{FEATURED[0]}"
DOCUMENTS = ("/documents/index.md", "/documents/guidelines/membranous-nephropathy.md")
PAGES = ("/", CARD, *COURSES, *DOCUMENTS)
TIP = ".told:not([hidden])"


def violations_of(page: Page) -> list[str]:
    """What axe-core finds, a line each."""
    from axe_playwright_python.sync_playwright import Axe

    # The browser's policy forbids injected scripts; axe is put in by the debugging interface, which it does not bind.
    found = Axe().run(page).response["violations"]
    return [
        f"{item['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for item in found for node in item["nodes"]
    ]


def violations_by_day_and_night(page: Page) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{scheme}: {line}" for line in violations_of(page)]
    return found


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_by_day_or_by_night(opened: Open, path: str) -> None:
    with opened(path, reduced_motion="reduce") as page:
        assert violations_by_day_and_night(page) == []


@pytest.mark.parametrize("name", FEATURED)
@pytest.mark.parametrize("width", [240, 1280])
def test_axe_finds_nothing_on_a_card_that_was_fired_from_the_start_page(opened: Open, name: str, width: int) -> None:
    with opened("/", reduced_motion="reduce", viewport={"width": width, "height": 900}) as page:
        page.locator(f"form[action$='/stories/{name}'] button").click()
        assert page.locator("article.ehr").count() >= 1
        page.locator("article.ehr summary").first.click()
        assert violations_by_day_and_night(page) == []


def test_axe_finds_nothing_on_a_course_seen_closer_with_a_tip_open(opened: Open) -> None:
    with opened(COURSES[0], reduced_motion="reduce") as page:
        page.get_by_role("button", name="Closer").click()
        page.locator(".panel .point").last.focus()
        page.wait_for_selector(TIP)
        assert violations_by_day_and_night(page) == []


def test_axe_would_find_something(opened: Open) -> None:
    with opened("/") as page:
        page.evaluate("document.documentElement.removeAttribute('lang')")
        assert any(line.startswith("html-has-lang") for line in violations_of(page))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_scrolled_sideways_on_the_smallest_screen(opened: Open, path: str) -> None:
    with opened(path, viewport={"width": 240, "height": 500}) as page:
        if path == CARD:
            page.get_by_role("button", name="Open the record").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 240
        outside = page.evaluate(
            "[...document.querySelectorAll('main *:not(svg *)')].filter((e) => e.getBoundingClientRect().right > 240.5)"
            ".filter((e) => !e.closest('pre, .scrolls')).map((e) => e.outerHTML.slice(0, 80))"
        )
        assert outside == []


def test_the_keyboard_reaches_every_point_and_hears_its_source(opened: Open) -> None:
    with opened(COURSES[0]) as page:
        wanted = page.locator(".point").count()
        page.locator(".point").first.focus()
        seen = []
        for _ in range(wanted):
            seen.append(page.evaluate("document.activeElement.getAttribute('data-source')"))
            tip = page.locator(TIP).inner_text()
            assert str(seen[-1]) in tip
            assert "In the chart:" in tip
            page.keyboard.press("Tab")
        assert len(set(seen)) == wanted == 13


def test_a_keyboard_alone_gets_from_the_start_page_to_a_course_and_past_its_figures(opened: Open) -> None:
    with opened("/") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.get_by_role("link", name="See the course: Tacrolimus").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/course")
        page.get_by_role("link", name="Skip the figures").focus()
        page.keyboard.press("Enter")
        assert page.url.endswith("#why-1")


def test_a_tip_comes_with_the_pointer_stays_under_it_and_goes_with_escape(opened: Open) -> None:
    with opened(COURSES[0]) as page:
        page.locator(".point.used .dot").first.hover()
        page.wait_for_selector(TIP)
        assert "8.4 g/d, 2026-04-16" in page.locator(TIP).inner_text()
        page.locator(TIP).hover()
        page.wait_for_timeout(400)
        assert page.locator(TIP).count() == 1
        page.keyboard.press("Escape")
        assert page.locator(TIP).count() == 0


def test_arrow_keys_go_from_point_to_point(opened: Open) -> None:
    with opened(COURSES[0]) as page:
        page.locator(".point").first.focus()
        page.keyboard.press("ArrowRight")
        assert "2026-07-25" in str(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowLeft")
        assert "2026-04-16" in str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


def test_closer_shows_less_time_and_the_whole_course_comes_back(opened: Open) -> None:
    with opened(COURSES[0]) as page:
        first = page.locator(".point .dot").first
        last = page.locator(".panel").first.locator(".point .dot").last
        before = first.bounding_box(), last.bounding_box()
        page.get_by_role("button", name="Closer").click()
        assert first.bounding_box()["x"] < before[0]["x"] - 200  # type: ignore[index]
        assert abs(last.bounding_box()["x"] - before[1]["x"]) < 100  # type: ignore[index]
        page.get_by_role("button", name="Earlier").click()
        page.get_by_role("button", name="Whole course").click()
        assert (first.bounding_box(), last.bounding_box()) == before
        assert page.get_by_role("button", name="Further").is_disabled()


def test_paper_gets_the_whole_course_and_the_screen_stays_as_it_was(opened: Open) -> None:
    widths = "[...document.querySelectorAll('.time')].map((drawing) => drawing.getAttribute('width')).join()"
    with opened(COURSES[0]) as page:
        whole = page.evaluate(widths)
        page.get_by_role("button", name="Closer").click()
        page.get_by_role("button", name="Earlier").click()
        left = page.locator(".time").first.get_attribute("x")
        page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {widths}; }})")
        page.pdf()
        assert page.evaluate("window.printed") == whole
        assert page.evaluate(widths) != whole
        assert page.locator(".time").first.get_attribute("x") == left


def test_no_two_links_of_the_start_page_have_the_same_words_and_different_aims(opened: Open) -> None:
    with opened("/") as page:
        links = page.evaluate(
            "[...document.querySelectorAll('.all-stories a')].map((link) => [link.textContent, link.href])"
        )
        assert len(links) > 100
        assert len({words for words, _ in links}) == len(links)


def test_a_point_out_of_sight_is_brought_back_when_the_keyboard_reaches_it(opened: Open) -> None:
    with opened(COURSES[0]) as page:
        closer = page.get_by_role("button", name="Closer")
        while closer.is_enabled():
            closer.click()
        point = page.locator(".point").first
        plot = page.locator(".panel .plot").first.bounding_box()
        point.focus()
        dot = point.locator(".dot").bounding_box()
        assert plot
        assert dot
        assert plot["x"] <= dot["x"] <= plot["x"] + plot["width"]


def test_the_start_page_leads_to_the_documents_and_those_to_one_another(opened: Open) -> None:
    with opened("/") as page:
        page.get_by_role("link", name="Documentation").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Nextline CDS"
        pictures = "[...document.querySelectorAll('.document img')].map((picture) => picture.naturalWidth)"
        page.wait_for_load_state("networkidle")
        widths = page.evaluate(pictures)
        assert len(widths) == 3
        assert all(widths)
        page.locator(".document").get_by_role("link", name="lupus nephritis").click()
        assert page.url.endswith("/documents/guidelines/lupus-nephritis.md")
        assert page.get_by_text("First yes wins.").count() == 1


def test_without_a_script_the_card_comes_and_the_course_tells_all(opened: Open) -> None:
    with opened("/", java_script_enabled=False) as page:
        page.get_by_role("button", name="Show the card").first.click()
        assert page.get_by_role("heading", name="Consider rituximab: proteinuria").count() == 1
        page.get_by_role("link", name="Course of treatment and values").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Membranous nephropathy: resistant"
        point = page.locator(".point.used").first
        tip = point.locator(".tip-box")
        assert not tip.is_visible()
        point.focus()
        assert tip.is_visible()
        assert "Observation/" in tip.inner_text()
        assert page.get_by_role("button", name="Closer").count() == 0
