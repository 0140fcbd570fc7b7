"""Cards and explanations as a person sees them."""

import io

import pytest
from rich.console import Console

from cds_service.terminal.cards import shortened, show_cards
from cds_service.terminal.explanation import day, show_assessment, show_case
from cds_service.terminal.plain import plain_cards

CARD = {
    "summary": "Consider rituximab next",
    "indicator": "warning",
    "detail": "It did **not** work.\n\n### Values\n\n| Value | Date |\n|---|---|\n| Albumin 24 g/L | 2026-11-12 |\n",
    "source": {"label": "KDIGO 2021"},
    "suggestions": [
        {"label": "Rituximab", "isRecommended": True, "actions": [{"type": "create", "description": "Draft an order"}]},
        {"label": "Cyclophosphamide"},
    ],
    "links": [{"label": "Guideline", "url": "https://example.org/g", "type": "absolute"}],
    "extension": {"org.nextline-cds.recommendation": {"state": "MN_RESISTANT", "rule": "MN-07"}},
}
SAYS = (
    "Consider rituximab next",
    "WARNING",
    "MN_RESISTANT, rule MN-07",
    "Albumin 24 g/L",
    "2026-11-12",
    "KDIGO 2021",
    "Rituximab",
    "Draft an order",
    "Cyclophosphamide",
    "https://example.org/g",
)
BARE = {"summary": "Nothing more", "indicator": "info", "source": {"label": "Nextline"}}


def screen(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, no_color=True)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("said", SAYS)
def test_a_card_shows_what_it_says_as_a_panel_and_as_plain_text(said: str) -> None:
    console = screen()
    show_cards(console, [CARD])
    assert said in printed(console)
    assert said in plain_cards([CARD])


def test_the_recommended_suggestion_is_marked_and_the_other_is_not() -> None:
    console = screen()
    show_cards(console, [CARD])
    assert "● Rituximab" in printed(console)
    assert "○ Cyclophosphamide" in printed(console)
    assert "(recommended) Rituximab" in plain_cards([CARD])


def test_a_card_with_the_required_members_only_is_shown() -> None:
    console = screen()
    show_cards(console, [BARE])
    assert "Nothing more" in printed(console)
    assert "To accept" not in printed(console) + plain_cards([BARE])


def test_no_card_is_said_in_words() -> None:
    console = screen()
    show_cards(console, [])
    assert "No card" in printed(console)
    assert "No card" in plain_cards([])


def test_markdown_is_compact() -> None:
    console = screen()
    show_cards(console, [CARD])
    inside = [line.strip("│ ") for line in printed(console).splitlines()[2:-2]]
    assert not [place for place in range(len(inside) - 1) if inside[place] == inside[place + 1] == ""]
    assert inside[inside.index("Values") + 1] != ""


LONG = "Opening.\n\n**One**\n\n1\n\n**Two**\n\n2\n\n**Before starting**\n\n- test\n\n**Evidence**\n\nEV-01\n"


def test_a_shortened_card_keeps_the_opening_and_what_comes_before_starting_and_names_the_rest() -> None:
    detail = shortened({"detail": LONG})["detail"]
    for kept in ("Opening.", "**One**", "**Two**", "- test", "Further on this card: Evidence"):
        assert kept in detail
    assert "EV-01" not in detail


@pytest.mark.parametrize("detail", ["Opening.", "Opening.\n\n**One**\n\n1\n", ""])
def test_a_card_with_nothing_to_leave_out_stays_as_it_is(detail: str) -> None:
    assert shortened({"detail": detail}) == {"detail": detail}


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_a_card_fits_the_terminal(width: int) -> None:
    console = screen(width)
    show_cards(console, [CARD])
    assert max(map(len, printed(console).splitlines())) <= min(width, 100)


@pytest.mark.parametrize(("ordinal", "shown"), [(739942, "2026-11-22"), (None, "ongoing")])
def test_a_day_reads_as_a_date(ordinal: int | None, shown: str) -> None:
    assert day(ordinal) == shown


def case(**bins: object) -> dict[str, object]:
    value = {"measure": "albumin", "day": 739942, "value": 24.0, "unit": "g/L", "bound": "<", "source": "Observation/1"}
    return {
        "bins": {"total": 3, "used": ("a",), "superseded": ("b",), "not_relevant": 1, "set_aside": 0} | bins,
        "quantities": {"albumin": [value]},
        "findings": {},
        "exposures": [{"agent": "rituximab", "start": 739000, "end": None, "reason": "", "source": "M/[1]"}],
        "set_aside": [{"resource": "Observation/2", "reason": "UNIT_REJECTED", "concept": "upcr"}],
    }


def test_a_case_shows_values_exposures_and_what_was_set_aside() -> None:
    console = screen()
    show_case(console, case())
    for said in ("<24 g/L", "2026-11-22", "rituximab", "ongoing", "M/[1]", "UNIT_REJECTED", "= 3 resources"):
        assert said in printed(console)


def test_bins_that_do_not_add_up_are_not_glossed_over() -> None:
    console = screen()
    show_case(console, case(total=5))
    assert "= 3, but 5 came in" in printed(console)


def test_an_assessment_shows_answer_lines_and_every_row_considered() -> None:
    console = screen()
    line = {"classes": ("RTX", "CNI"), "start": 739000, "end": 739942, "outcome": "FAILED", "why": "no response"}
    steps = [
        {"row": "MN-06", "asked": "days < 120", "saw": "215", "applied": False},
        {"row": "MN-07", "asked": "F = {CNI}", "saw": "CNI", "applied": True},
    ]
    answer = {"disease": "MN", "state": "MN_RESISTANT", "action": "START_CLASS", "next_class": "RTX", "rule": "MN-07"}
    show_assessment(console, {**answer, "lines": [line], "trace": steps})
    text = printed(console)
    for said in ("MN: MN_RESISTANT, START_CLASS RTX, by rule MN-07", "RTX + CNI", "FAILED", "days < 120", "215", "yes"):
        assert said in text
