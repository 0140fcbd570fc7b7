"""What MkDocs is told about our pages; it calls the functions `on_...` by their names.

Documents outside `docs/` that a page links to (stories, contributing, site overlays) become pages of the site; a link
to any other file of the checkout becomes plain text. Flow charts are written out as lists: the program that draws
Mermaid would have to come from another host.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from cds_service.course.flow_chart import rows_of

CHECKOUT = Path(__file__).resolve().parent.parent
ADOPTED = "checkout"
"""Where adopted documents stand on the site."""
WRITTEN_BY_OTHERS = frozenset({"performance.md"})
"""Pages that `make bench` writes; until then the navigation goes without them."""
LINK = re.compile(
    r"(?P<mark>!?)\[(?P<text>[^\]\n]*)\]"
    r"\((?!https?:|mailto:|#)(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)"
)
MERMAID = re.compile(r"```mermaid\n(.*?)```", flags=re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave out of the navigation what is not written yet."""
    missing = {name for name in WRITTEN_BY_OTHERS if not (CHECKOUT / "docs" / name).is_file()}
    config.nav = _without(config.nav, missing)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adopt every document outside `docs/` that a page links to, and what those link to."""
    waiting = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    seen = set(waiting)
    while waiting:
        source = waiting.pop()
        for target in _linked(source):
            if target in seen or not target.endswith(".md") or not (CHECKOUT / target).is_file():
                continue
            seen.add(target)
            waiting.append(target)
            files.append(File.generated(config, _page_of(target), abs_src_path=str(CHECKOUT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as they are on the site, flow charts as lists."""
    here = page.file.src_uri
    source = here.removeprefix(f"{ADOPTED}/") if here.startswith(f"{ADOPTED}/") else f"docs/{here}"

    def led(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link["target"]))
        there = _page_of(target)
        if files.get_file_from_path(there) is None:
            if not (CHECKOUT / target).exists():
                raise PluginError(f"{source} links to {link['target']}, which is not there")
            return link["text"]
        way = posixpath.relpath(there, posixpath.dirname(here) or ".")
        return f"{link['mark']}[{link['text']}]({way}{link['anchor'] or ''})"

    return LINK.sub(led, MERMAID.sub(lambda block: _as_list(block[1], source), markdown))


def _without(entries: Any, missing: set[str]) -> Any:
    """The navigation without these pages."""
    if isinstance(entries, list):
        return [_without(entry, missing) for entry in entries if not _is_one_of(entry, missing)]
    if isinstance(entries, dict):
        return {title: _without(below, missing) for title, below in entries.items()}
    return entries


def _is_one_of(entry: Any, missing: set[str]) -> bool:
    return isinstance(entry, dict) and any(isinstance(below, str) and below in missing for below in entry.values())


def _linked(source: str) -> Iterator[str]:
    text = (CHECKOUT / source).read_text(encoding="utf-8")
    for link in LINK.finditer(text):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(source), link["target"]))


def _page_of(path: str) -> str:
    """Where a file of the checkout stands on the site."""
    return path.removeprefix("docs/") if path.startswith("docs/") else f"{ADOPTED}/{path}"


def _as_list(chart: str, source: str) -> str:
    """A chain of questions, each with what follows from yes. A chart of another kind is refused, not dropped."""
    try:
        rows = "".join(
            f'<li><p class="asks"><small>{html.escape(row.step)}</small>{html.escape(row.asks, quote=False)}</p>'
            f'<span aria-label="yes, then">→</span><span class="then">{html.escape(row.then)}</span></li>'
            for row in rows_of(chart)
        )
    except ValueError as error:
        raise PluginError(f"{source}: {error}") from None
    return f'<p>First yes wins.</p>\n<ol class="flow">{rows}</ol>'
