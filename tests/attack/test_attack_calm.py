"""Cases CLIN-52 and CLIN-58: the same chart again and again, and the tone of every card there is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cds_service.stories.agreement import without_uuids
from cds_service.stories.catalogue import all_stories
from tests.attack.attacker import Attack
from tests.attack.case_table import case
from tests.attack.charts import Json, membranous

# Words of an order, of a hard stop, or of a certainty that no rule has.
ORDERS = re.compile(
    r"\b(you must|must be (?:started|given|stopped)|start (?:\w+ )?(?:immediately|now|today)|order now|do not proceed|"
    r"override required|mandatory|immediately (?:start|stop|give)|is required to)\b",
    re.IGNORECASE,
)
BASES = ("**Evidence", "**On the active list**")  # the second: drugs that harm the unborn, with their dates
LINK_HOSTS = {"doi.org", "127.0.0.1"}


@case("CLIN-52")
def test_the_same_chart_opened_five_times_says_the_same_once_a_topic(attack: Attack) -> None:
    opened = []
    for number in range(5):
        call = membranous() | {"hookInstance": f"6c0c9f1e-6d0a-4a4e-9df2-3a1f2b8c7d5{number}"}
        opened.append(attack.send(call))
    topics = [card["source"]["topic"]["code"] for card in opened[0].cards]
    assert len(topics) == len(set(topics)) == 1
    assert all(without_uuids(said.json) == without_uuids(opened[0].json) for said in opened)


@case("CLIN-58")
def test_no_card_of_any_story_shouts_orders_or_hides_its_basis(attack: Attack) -> None:
    cards = [card for story in all_stories() for card in attack.send(story.request).cards]
    assert len(cards) > 150
    assert [fault for card in cards for fault in faults(card)] == []


def faults(card: Json) -> list[str]:
    """What makes a card less than an offer that can be checked."""
    text = "\n".join((card["summary"], card["detail"], *(one["label"] for one in card.get("suggestions", ()))))
    drafts = [action for one in card.get("suggestions", ()) for action in one["actions"]]
    drafted = [action["resource"] for action in drafts]
    links = [card["source"].get("url", ""), *(link["url"] for link in card.get("links", ()))]
    checks = {
        "critical where nothing is a matter of minutes": card["indicator"] == "critical",
        f"an order: {ORDERS.findall(text)}": bool(ORDERS.search(text)),
        "no basis": not any(title in card["detail"] for title in BASES),
        "no source link": not links[0],
        "a link to somewhere else": any(urlsplit(link).hostname not in LINK_HOSTS for link in links if link),
        "more than a draft": any(action["type"] != "create" for action in drafts)
        or any((one["status"], one["intent"]) != ("draft", "proposal") for one in drafted),
        "one order and no other choice": bool(drafted) and card.get("selectionBehavior") not in {"at-most-one", "any"},
        "nothing to decline with": "overrideReasons" not in card,
    }
    return [f"{card['summary'][:60]}: {fault}" for fault, wrong in checks.items() if wrong]
