"""The documentation site builds without a warning, loads nothing from another host, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OF_A_SHEET = re.compile(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"';]+")
QUIET = {"NO_MKDOCS_2_WARNING": "1"}
"""The theme announces the next major version of MkDocs; the lock keeps this one."""
LOADED = re.compile(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"?(https?:)?//([^\s\">]+)", flags=re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder))
    done = subprocess.run(command, cwd=ROOT, env=os.environ | QUIET, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    return folder


def test_the_four_kinds_are_there(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    for kind in ("Tutorial", "How to", "Reference", "Explanation"):
        assert kind in start


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    foreign = {
        f"{page.name}: {found[2]}"
        for page in site.rglob("*.html")
        for found in LOADED.finditer(page.read_text(encoding="utf-8"))
    }
    assert foreign == set()


def test_no_style_sheet_asks_another_host_for_a_font(site: Path) -> None:
    sheets = [sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css")]
    assert sheets
    assert not [
        found for text in sheets for found in re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"';]+", text)
    ]


def test_flow_charts_are_written_out_and_no_program_is_asked_for(site: Path) -> None:
    page = (site / "guidelines" / "membranous-nephropathy.html").read_text(encoding="utf-8")
    assert 'class="flow"' in page
    assert "Is the diagnosis only suspected?" in page
    assert "mermaid" not in page.partition("<article")[2].partition("</article>")[0]


def test_documents_outside_the_folder_that_a_page_links_to_are_pages(site: Path) -> None:
    assert (site / "checkout" / "mappings" / "sites" / "README.html").is_file() or (
        site / "checkout" / "mappings" / "sites" / "index.html"
    ).is_file()
    story = "tacrolimus-failed-so-rituximab-is-next"
    assert (site / "checkout" / "fixtures" / "patient-view" / story / "story.html").is_file()
