"""The project's documents as pages of the service, where it runs from a checkout: the start page's way to them.

The documentation site (`make docs`) has the same documents with a search. Here they are read without building
anything, under the strict policy of all pages.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from cds_service.course.flow_chart import MERMAID, rows_of
from cds_service.course.templates import template

FIRST = "index.md"
_PICTURES: Mapping[str, str] = {".png": "image/png", ".svg": "image/svg+xml"}
_COMMENT = re.compile(r"<!--.*?-->\n?", flags=re.DOTALL)
_NOTE = re.compile(r'^!!! \w+ "(?P<title>[^"\n]*)"\n(?P<text>(?:    .*\n?|\n)*)', flags=re.MULTILINE)
_ATTRIBUTES = re.compile(r"(?<=\))\{ [^}\n]* \}")
_TITLE = re.compile(r"^# (.+)$", flags=re.MULTILINE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|/", flags=re.IGNORECASE)
_GROUPS: Mapping[str, str] = {
    "how-to": "How to",
    "reference": "Reference",
    "guidelines": "Guidelines",
    "explanation": "Explanation",
    "decisions": "Decisions",
}


class Document(NamedTuple):
    """A document as a page shows it."""

    name: str
    title: str
    body: Markup


class Picture(NamedTuple):
    """A picture of a document, with its media type."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents and pictures by their names below the folder. Nothing else of the machine can be asked for.

    Each is read when it is asked for: one that was taken away since the start is no longer one.
    """

    files: Mapping[str, Path]

    def document(self, name: str) -> Document | None:
        """A document; None when there is none of that name."""
        text = self._text(name)
        if text is None:
            return None
        found = _TITLE.search(text)
        return Document(name, found[1] if found else name, _html_of(text, name, self.files))

    def picture(self, name: str) -> Picture | None:
        """A picture; None when there is none of that name."""
        media_type = _PICTURES.get(posixpath.splitext(name)[1])
        content = self._content(name) if media_type else None
        return Picture(content, media_type) if media_type and content is not None else None

    def contents(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Name and title of every document, by group; those of the first are at the top of the folder."""
        groups: dict[str, list[tuple[str, str]]] = {"Start": [], **{title: [] for title in _GROUPS.values()}}
        for name in self.files:
            text = self._text(name)
            if text is not None:
                found = _TITLE.search(text)
                group = _GROUPS.get(posixpath.dirname(name), "Start")
                groups[group].append((name, found[1].replace("`", "") if found else name))
        return {title: tuple(entries) for title, entries in groups.items() if entries}

    def _text(self, name: str) -> str | None:
        content = self._content(name) if name.endswith(".md") else None
        # A page with a mark where a letter cannot be read tells more than none.
        return None if content is None else content.decode("utf-8", errors="replace")

    def _content(self, name: str) -> bytes | None:
        file = self.files.get(name)
        try:
            return file.read_bytes() if file and _is_itself(file) else None
        except OSError:
            return None


def documents_of_checkout() -> Documents:
    """The documents beside this package; none where it was installed without them."""
    checkout = Path(__file__).resolve().parent.parent.parent
    return documents_in(checkout / "docs" if (checkout / "mkdocs.yml").is_file() else None)


def documents_in(folder: Path | None) -> Documents:
    """Every document and picture of a folder, wherever that lies. What is a link to somewhere else is none."""
    if folder is None:
        return Documents({})
    there, kinds = folder.resolve(), {".md", *_PICTURES}
    files = sorted(file for file in there.rglob("*") if file.suffix in kinds and file.is_file() and _is_itself(file))
    return Documents({file.relative_to(there).as_posix(): file for file in files})


def _is_itself(file: Path) -> bool:
    """No part of the whole path is a symbolic link, so it is in the folder that it was found in."""
    return file.resolve() == file


def document_page(documents: Documents, document: Document, around: Mapping[str, str]) -> str:
    """The whole page. `around` is what every page is given."""
    return template("document.html").render(
        document=document, up="../" * document.name.count("/"), contents=documents.contents(), **around
    )


def _html_of(text: str, name: str, files: Mapping[str, Path]) -> Markup:
    """Safe HTML. What only the documentation site understands (notes, attributes) is written in plain Markdown."""
    reader = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
    for rule, written in _RULES.items():
        reader.add_render_rule(rule, lambda _, tokens, index, options, env, written=written: written)
    reader.add_render_rule("fence", _fence)
    tokens = reader.parse(_ATTRIBUTES.sub("", _COMMENT.sub("", _NOTE.sub(_quoted, text))))
    _name_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = list(_led(token.children, posixpath.dirname(name), files))
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704 - raw HTML is off, the rest escaped


_RULES: Mapping[str, str] = {
    # A wide table or a long command is scrolled in its place, by keyboard as well.
    "table_open": '<div class="scrolls" tabindex="0" role="group" aria-label="Table">\n<table>\n',
    "table_close": "</table>\n</div>\n",
}


def _fence(_: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    content = tokens[index].content
    if tokens[index].info.strip() == MERMAID:
        rows = "".join(
            f"<li><strong>{Markup.escape(row.step)}</strong> {Markup.escape(row.asks)} "
            f'<span class="then">→ {Markup.escape(row.then)}</span></li>\n'
            for row in rows_of(content)
        )
        return f'<p>First yes wins.</p>\n<ul class="plain">\n{rows}</ul>\n'
    return f'<pre tabindex="0"><code>{Markup.escape(content)}</code></pre>\n'


def _quoted(note: re.Match[str]) -> str:
    lines = (line.removeprefix("    ") for line in note["text"].splitlines())
    return f"> **{note['title']}**\n>\n" + "".join(f"> {line}\n" for line in lines) + "\n"


def _name_headings(tokens: list[Token]) -> None:
    """Anchors as the documentation site makes them."""
    taken: dict[str, int] = {}
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            plain = "".join(child.content for child in inner.children or ())
            slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
            taken[slug] = taken.get(slug, 0) + 1
            token.attrSet("id", slug if taken[slug] == 1 else f"{slug}_{taken[slug] - 1}")


def _led(tokens: Iterable[Token], folder: str, files: Mapping[str, Path]) -> Iterator[Token]:
    """Without links to what is not served here: their words stay."""
    dropped = False
    for token in tokens:
        if token.type == "link_open":
            dropped = not _is_served(str(token.attrGet("href")), folder, files)
            token.attrSet("rel", "noreferrer noopener")
        if not (dropped and token.type in {"link_open", "link_close"}):
            yield from _broken(token)


def _broken(token: Token) -> Iterator[Token]:
    """The one HTML element our tables use, a break within a cell."""
    pieces = token.content.split("<br/>") if token.type == "text" else []
    if len(pieces) < 2:
        yield token
        return
    for place, piece in enumerate(pieces):
        if place:
            yield Token("hardbreak", "br", 0)
        yield Token("text", "", 0, content=piece)


def _is_served(address: str, folder: str, files: Mapping[str, Path]) -> bool:
    if address.startswith(("https://", "#")):
        return True
    if _ABSOLUTE.match(address):
        return False
    target = files.get(posixpath.normpath(posixpath.join(folder, unquote(address.partition("#")[0]))))
    return target is not None and target.is_file()
