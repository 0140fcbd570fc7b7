"""Cards as plain text: for logs, pipes, screen readers and mails."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cds_service.terminal.cards import heading_of, shortened, suggestion_lines


def plain_cards(cards: Sequence[Mapping[str, Any]], *, short: bool = False) -> str:
    """The cards one below the other, the detail as the Markdown it is. `short` as in `show_cards`."""
    if not cards:
        return "No card: there is nothing to say about this patient.\n"
    return "\n".join("\n".join(_lines(shortened(card) if short else card)) + "\n" for card in cards)


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{heading_of(card)}]"
    yield str(card["summary"])
    if card.get("detail"):
        yield ""
        yield str(card["detail"]).rstrip()
    suggestions = suggestion_lines(card)
    if suggestions:
        yield ""
        yield "To accept:"
    for recommended, label, actions in suggestions:
        yield f"  {'(recommended) ' if recommended else ''}{label}"
        yield from (f"    - {action}" for action in actions)
    yield from (f"Link: {link['label']}: {link['url']}" for link in card.get("links", ()))
    yield f"Source: {card['source']['label']}"
