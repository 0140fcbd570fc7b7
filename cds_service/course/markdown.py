"""The Markdown of a card as HTML, as a careful EHR shows it: no raw HTML, links to https addresses only."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup


class Part(NamedTuple):
    """A part of a card: its title, and what stands under it."""

    title: str
    body: Markup


def html_of(markdown: str) -> Markup:
    """Safe HTML of GitHub-flavoured Markdown as our cards use it: paragraphs, lists, tables, emphasis, links."""
    return Markup(_reader().render(markdown))  # noqa: S704 - raw HTML is switched off, everything else is escaped


def inline_html_of(markdown: str) -> Markup:
    """The same for a piece of one paragraph."""
    return Markup(_reader().renderInline(markdown))  # noqa: S704 - as above


def part_of(markdown: str) -> Part | None:
    """A titled part of a card ("**Title**", blank line, the rest); None for an empty one."""
    title, _, body = markdown.partition("\n\n")
    return Part(title.strip("*"), html_of(body)) if body else None


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "xhtmlOut": True}).enable("table")
    reader.validateLink = lambda url: url.startswith("https://")  # type: ignore[method-assign]
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("image", _no_image)
    # The table is as wide as its place: it may be scrolled by keyboard where letters are very large.
    return reader


def _link(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", "noreferrer noopener")
    return str(renderer.renderToken(tokens, index, options, env))


def _no_image(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return str(renderer.renderInlineAsText(tokens[index].children or [], options, env))
