"""Cards as a person wants to read them in a terminal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.box import ROUNDED
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Heading, Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment
from rich.text import Text

WIDTH = 100
COLOURS: Mapping[str, str] = {"info": "cyan", "warning": "yellow", "critical": "red"}
SECTIONS_WHEN_SHORT = 2
ALWAYS_SHOWN = frozenset({"Before starting"})
MACHINE_HALF = "org.nextline-cds.recommendation"

_SECTION = re.compile(r"^\*\*([^*\n]+)\*\*$", re.MULTILINE)
"""A line in bold and nothing else: the title of a section of the detail."""


def show_cards(console: Console, cards: Sequence[Mapping[str, Any]], *, short: bool = False) -> None:
    """Print each card as a panel in the colour of its indicator; say so when there is none.

    `short` keeps the first sections of the detail and names the others.
    """
    if not cards:
        console.print(Text("  No card: there is nothing to say about this patient.", style="dim"))
    for card in cards:
        console.print(_panel(shortened(card) if short else card), width=min(console.width, WIDTH))


def shortened(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """The card with the opening of its detail and what nobody may overlook; the other sections are named only."""
    opening, *rest = _SECTION.split(str(card.get("detail", "")))
    sections = list(zip(rest[::2], rest[1::2], strict=True))
    kept = [
        *sections[:SECTIONS_WHEN_SHORT],
        *(pair for pair in sections[SECTIONS_WHEN_SHORT:] if pair[0] in ALWAYS_SHOWN),
    ]
    left_out = [title for title, body in sections if (title, body) not in kept]
    if not left_out:
        return card
    shown = "".join(f"**{title}**{body}" for title, body in kept)
    return {**card, "detail": f"{opening}{shown}\n\n*Further on this card: {' · '.join(left_out)}*"}


def heading_of(card: Mapping[str, Any]) -> str:
    """Indicator, state and rule in one line: WARNING  MN_RESISTANT, rule MN-07."""
    advice = card.get("extension", {}).get(MACHINE_HALF, {})
    words = [str(card["indicator"]).upper()]
    if advice:
        words.append(f"{advice['state']}, rule {advice['rule']}")
    return "  ".join(words)


def suggestion_lines(card: Mapping[str, Any]) -> list[tuple[bool, str, list[str]]]:
    """For each suggestion: is it the recommended one, its label, and what accepting it would put in the chart."""
    return [
        (
            bool(suggestion.get("isRecommended")),
            str(suggestion["label"]),
            [str(action["description"]) for action in suggestion.get("actions", ())],
        )
        for suggestion in card.get("suggestions", ())
    ]


def _panel(card: Mapping[str, Any]) -> Panel:
    colour = COLOURS.get(card["indicator"], "white")
    parts: list[RenderableType] = [Text(card["summary"], style=f"bold {colour}")]
    if card.get("detail"):
        parts += [Text(), _CompactMarkdown(card["detail"])]
    parts += [*_suggestions(card, colour), Text(), Text(f"Source: {card['source']['label']}", style="dim")]
    parts += [Text(f"{link['label']}: {link['url']}", style="dim") for link in card.get("links", ())]
    return Panel(
        Group(*parts),
        title=Text(heading_of(card), style=f"bold {colour}"),
        title_align="left",
        border_style=colour,
        box=ROUNDED,
        padding=(1, 2),
    )


def _suggestions(card: Mapping[str, Any], colour: str) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for recommended, label, actions in suggestion_lines(card):
        mark = Text("● " if recommended else "○ ", style=colour)
        parts.append(mark.append(label, style="bold" if recommended else ""))
        parts += [Padding(Text(action, style="dim"), (0, 0, 0, 4)) for action in actions]
    return [Text(), Text("To accept", style="bold"), *parts] if parts else []


class _LeftHeading(Heading):
    """Rich centres headings and frames the first level: too loud for a card."""

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        self.text.stylize("bold underline")
        yield self.text


class _WideMarkdown(Markdown):
    elements: ClassVar = {**Markdown.elements, "heading_open": _LeftHeading}


class _CompactMarkdown:
    """Markdown without the second of two blank lines, and without the one below a heading."""

    def __init__(self, source: str) -> None:
        self._markdown = _WideMarkdown(source)
        self._headings = {*_SECTION.findall(source), *re.findall(r"^#+ (.+)$", source, flags=re.MULTILINE)}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        gap, tight = False, True
        for line in console.render_lines(self._markdown, options, pad=False):
            text = "".join(segment.text for segment in line).strip()
            if not text:
                gap = not tight
                continue
            if gap:
                yield Segment.line()
            yield from line
            yield Segment.line()
            gap, tight = False, text in self._headings
