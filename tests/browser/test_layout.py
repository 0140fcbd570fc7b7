"""Every story's course page on three screens and on paper, by day and by night: all of its words can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cds_service.stories.catalogue import all_stories
from tests.browser.conftest import Open

if TYPE_CHECKING:
    from playwright.sync_api import Page

HEAPS = 8
WIDTHS = (240, 700, 1400)
# What A4 leaves between the margins of the page.
PAPER = 688
STORIES = [story.name for story in all_stories()]
ZOOMED = (*STORIES[::12], "moderate-risk-after-a-year-of-waiting", "relapse-two-years-after-tacrolimus")
FAULTS = """async () => {
  // A change of width is answered with the next frame.
  for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
  const faults = [];
  const said = (text) => text.textContent.trim().replace(/\\s+/g, ' ');
  const drawn = [...document.querySelectorAll('.figures svg text')]
    .map((text) => [text, text.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
  // A nested drawing has no box of its own: its place follows from its attributes.
  const frame = (svg) => {
    const around = svg.parentElement.closest('svg');
    if (!around) return svg.getBoundingClientRect();
    const left = around.getScreenCTM().e + svg.x.baseVal.value;
    return { left, right: left + svg.width.baseVal.value, top: -Infinity, bottom: Infinity };
  };
  drawn.forEach(([text, box], index) => {
    if (box.left < -0.5 || box.right > innerWidth + 0.5) faults.push(`outside the page: ${said(text)}`);
    for (let svg = text.closest('svg'); svg; svg = svg.parentElement.closest('svg')) {
      if (!svg.matches('.plot, .gutter') && getComputedStyle(svg).overflow === 'visible') continue;
      const edge = frame(svg);
      const across = box.left < edge.left - 1.5 || box.right > edge.right + 1.5;
      if (across || box.top < edge.top - 3 || box.bottom > edge.bottom + 3)
        faults.push(`cut off: ${said(text)}`);
    }
    drawn.slice(index + 1).forEach(([other, its]) => {
      const across = box.left + 0.5 < its.right && its.left + 0.5 < box.right;
      if (across && box.top + 2 < its.bottom - 2 && its.top + 2 < box.bottom - 2)
        faults.push(`one on the other: ${said(text)} | ${said(other)}`);
    });
  });
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  return faults;
}"""


def faults_of(page: Page) -> Iterator[str]:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        yield from (f"{width}: {fault}" for fault in page.evaluate(FAULTS))


@pytest.mark.parametrize("heap", range(HEAPS))
def test_no_word_is_cut_off_or_covered_on_any_screen_or_on_paper(opened: Open, heap: int) -> None:
    found = {}
    with opened("/", color_scheme="light", reduced_motion="reduce") as page:
        for name in STORIES[heap::HEAPS]:
            page.emulate_media(color_scheme="light")
            page.goto(f"/stories/{name}/course")
            faults = list(faults_of(page))
            page.emulate_media(color_scheme="dark")
            faults += [f"dark {fault}" for fault in page.evaluate(FAULTS)]
            page.set_viewport_size({"width": PAPER, "height": 900})
            page.emulate_media(media="print")
            faults += [f"print {fault}" for fault in page.evaluate(FAULTS)]
            page.emulate_media(media="screen")
            if faults:
                found[name] = faults
    assert found == {}


@pytest.mark.parametrize("name", ZOOMED)
def test_a_reader_who_looks_closer_still_reads_every_line_and_no_half_number(opened: Open, name: str) -> None:
    with opened(f"/stories/{name}/course", reduced_motion="reduce") as page:
        if page.get_by_role("heading", level=1).inner_text() == "No advice":
            pytest.skip("this story has no figures: the guideline does not cover the patient")
        lines = page.locator(".level-number")
        wanted = lines.all_inner_texts()
        closer = page.get_by_role("button", name="Closer").first
        steps = 0
        while closer.is_enabled():
            closer.click()
            steps += 1
            assert list(faults_of(page)) == [], steps
            assert lines.all_inner_texts() == wanted
            assert all(line.is_visible() for line in lines.all())
        assert " to 2026-11-22" in page.locator(".shown").first.inner_text() or not steps


def test_the_words_of_a_line_stand_beside_it_on_wide_screens_and_above_it_on_narrow_ones(opened: Open) -> None:
    with opened("/stories/tacrolimus-failed-so-rituximab-is-next/course") as page:
        words = page.locator(".level-words .on-roomy").first
        page.set_viewport_size({"width": 1400, "height": 900})
        assert words.is_visible()
        page.set_viewport_size({"width": 240, "height": 900})
        assert not words.is_visible()
        assert page.locator(".lines").first.inner_text() == "Lines: 3.5 nephrotic, 0.3 complete remission"


def test_the_check_would_find_a_word_on_another_and_one_cut_off(opened: Open) -> None:
    with opened("/stories/tacrolimus-failed-so-rituximab-is-next/course") as page:
        page.evaluate("document.querySelectorAll('.panel .label').forEach((text) => text.setAttribute('x', '50%'))")
        assert any("one on the other: 8.4 | 8" in fault for fault in faults_of(page))
        page.evaluate("document.querySelector('.panel .label').setAttribute('x', '-40')")
        assert any("cut off: 8.4" in fault for fault in faults_of(page))
