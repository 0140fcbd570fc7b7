"""The start page, and the page of an example patient with its card as an EHR shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup

from cds_service.cards.approval import Approval, in_plain_words
from cds_service.course.markdown import html_of
from cds_service.course.templates import template


class Entry(NamedTuple):
    """An example patient in a list."""

    name: str
    title: str
    text: str


class StoryShown(NamedTuple):
    """An example patient on a page of his or her own. `request` is the file a client's call is kept in."""

    entry: Entry
    request: str


class CardLink(NamedTuple):
    """A link of a card; `smart` ones open the course."""

    label: str
    url: str
    smart: bool


class CardShown(NamedTuple):
    """A card as an EHR shows it: the detail as safe HTML, suggestions and reasons as words."""

    summary: str
    indicator: str
    detail: Markup
    source: str
    source_url: str
    suggestions: tuple[tuple[str, bool], ...]
    links: tuple[CardLink, ...]
    reasons: tuple[str, ...]


def shown_card(card: Mapping[str, Any], course: str) -> CardShown:
    """What is on a card. `course` is where its SMART link leads here."""
    links = [
        CardLink(link["label"], link["url"], False) for link in card.get("links", ()) if link["type"] == "absolute"
    ]
    links.insert(0, CardLink("Course of treatment and values", course, True))
    suggestions = ((str(item["label"]), bool(item.get("isRecommended"))) for item in card.get("suggestions", ()))
    return CardShown(
        summary=str(card["summary"]),
        indicator=str(card["indicator"]),
        detail=html_of(str(card.get("detail", ""))),
        source=str(card["source"]["label"]),
        source_url=str(card["source"].get("url", "")),
        suggestions=tuple(suggestions),
        links=tuple(links),
        reasons=tuple(str(reason["display"]) for reason in card.get("overrideReasons", ())),
    )


def start_page(
    *,
    featured: Sequence[Entry],
    others: Sequence[Entry],
    services: Sequence[tuple[str, str, str, str]],
    approval: Approval,
    on: date,
    base: str,
    documented: bool,
) -> str:
    """What this is, patients to try it on, and where everything else is. A service: title, id, hook, description.

    `documented` says whether the documents are served as well.
    """
    return template("start.html").render(
        featured=featured, others=others, services=services, documented=documented, **around(approval, on, base)
    )


def story_page(story: StoryShown, cards: Sequence[CardShown] | None, *, approval: Approval, on: date, base: str) -> str:
    """A patient in words, and the cards once the service was asked; None before that."""
    return template("story.html").render(story=story, cards=cards, **around(approval, on, base))


def around(approval: Approval, on: date, base: str) -> dict[str, str]:
    """What the frame of every page is given. `base` is the path that the service is published under."""
    signed = in_plain_words(approval, on.toordinal())
    return {"signed": signed, "assets": f"{base}/assets", "home": f"{base}/", "base": base}
