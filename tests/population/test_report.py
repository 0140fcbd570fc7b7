"""The report: one file that needs nothing else, without small counts; and results without identifiers."""

import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from cds_service.population.figures import Bar, Flow, bars, flows
from cds_service.population.over_time import months
from cds_service.population.suppression import kept, kept_within
from cds_service.population.words import state_name
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import registry
from tests.population.exports import ON, rows, screened

NUMBER = 120
HEADINGS = (
    "In short",
    "From diagnosis to state",
    "States and rules",
    "Lines of treatment",
    "From resistance to the next line",
    "What the charts hold",
    "Codes that nobody has mapped",
    "How often a card would be seen",
    "What was prescribed then",
    "Remission as document 002 counts it, and as we do",
    "Where every line went",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    write_export(registry(NUMBER, 21, ON), place / "export", 21, ON, "R4", lambda done: None)
    screened(place / "export", place / "named", over_time=True)
    screened(place / "export", place / "hidden", over_time=True, deidentified=True)
    screened(place / "export", place / "all", over_time=True, smallest=1)
    return place


def page(folder: Path, name: str) -> str:
    return (folder / name / "report.html").read_text(encoding="utf-8")


def test_it_has_every_section_and_needs_nothing_from_elsewhere(folder: Path) -> None:
    html = page(folder, "named")
    assert all(f"<h2>{heading}</h2>" in html for heading in HEADINGS)
    assert html.count("<svg role=") >= 7
    assert "<script" not in html
    assert not re.search(r"(?:src|href|url)\s*[=(]", html)
    assert "default-src 'none'" in html
    Balanced().feed(html)


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "path"):
            assert self.open.pop() == tag


def test_small_counts_are_hidden_and_large_ones_are_right(folder: Path) -> None:
    states = Counter(row["state"] for row in rows(folder / "named" / "screening.ndjson"))
    hidden, told = page(folder, "named"), page(folder, "all")
    for state, number in states.items():
        name = state_name(state)
        assert f"{name}: {number}" in told
        assert (f"{name}: {number};" in hidden or f"{name}: {number}<" in hidden) <= (number >= 10)
    assert any(number < 10 for number in states.values())
    assert "&lt;10" in hidden


def cells(html: str, caption: str) -> list[list[str]]:
    """The rows of a table, by its caption."""
    _, _, rest = html.partition(f"<caption>{caption}</caption>")
    body = rest.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in body.split("</tr>") if row]


def test_what_is_hidden_does_not_follow_from_what_is_shown_beside_it(folder: Path) -> None:
    """The rules of a state add up to it, the outcomes of a line to its flow, the columns of what followed to a bar."""
    html = page(folder, "named")
    groups: dict[str, list[str]] = {}
    for _, _, state, _, number in cells(html, "Rules"):
        groups.setdefault(f"state {state}", []).append(number)
    for disease, line, _, number in cells(html, "What became of them"):
        groups.setdefault(f"line {disease} {line}", []).append(number)
    assert len(groups) > 20
    hidden = {name: numbers.count("hidden") for name, numbers in groups.items() if len(numbers) > 1}
    assert 1 not in hidden.values()
    assert max(hidden.values()) > 1
    assert not any("&lt;10" in numbers for numbers in groups.values())


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"a": 30, "b": 3, "c": 4}, {"a": 30, "b": None, "c": None}),
        ({"a": 30, "b": 3, "c": 12}, {"a": 30, "b": None, "c": None}),
        ({"a": 30, "b": 0}, {"a": 30, "b": 0}),
        ({"a": 3}, {"a": None}),
    ],
)
def test_a_hidden_count_does_not_follow_from_the_total(counts: Any, expected: Any) -> None:
    assert kept(counts, 10) == expected


def test_each_group_that_adds_up_is_hidden_by_itself() -> None:
    counts = {"a1": 3, "a2": 20, "b1": 30, "b2": 4, "b3": 5, "c1": 40}
    expected = {"a1": None, "a2": None, "b1": 30, "b2": None, "b3": None, "c1": 40}
    assert kept_within(counts, lambda key: key[0], 10) == expected


def test_without_identifiers_no_name_and_no_date_is_left(folder: Path) -> None:
    named = rows(folder / "named" / "screening.ndjson")
    written = b"".join(path.read_bytes() for path in (folder / "hidden").glob("*.ndjson"))
    written += (folder / "hidden" / "report.html").read_bytes()
    table = pyarrow.parquet.read_table(folder / "hidden" / "screening.parquet")
    told = written.decode() + str(table.to_pylist())
    assert not any(row["patient"] in told for row in named)
    assert not re.search(r"20\d\d-\d\d-\d\d", told)
    assert "Organization/" not in told
    hidden = rows(folder / "hidden" / "screening.ndjson")
    assert Counter(row["state"] for row in hidden) == Counter(row["state"] for row in named)
    assert len({row["patient"] for row in hidden}) == NUMBER


def test_two_runs_without_identifiers_cannot_be_joined(folder: Path, tmp_path: Path) -> None:
    screened(folder / "export", tmp_path / "again", deidentified=True)
    once, again = (rows(place / "screening.ndjson") for place in (folder / "hidden", tmp_path / "again"))
    assert {row["patient"] for row in once}.isdisjoint({row["patient"] for row in again})


def test_the_last_month_of_the_timeline_is_the_answer_of_today(folder: Path) -> None:
    timeline = rows(folder / "named" / "timeline.ndjson")
    last = {row["patient"]: row["state"] for row in timeline if row["lastShown"] == ON.isoformat()}
    assert last == {row["patient"]: row["state"] for row in rows(folder / "named" / "screening.ndjson")}
    table = pyarrow.parquet.read_table(folder / "named" / "timeline.parquet")
    assert table.to_pylist() == timeline


def test_a_state_is_first_shown_when_a_screening_of_that_month_shows_it_first(folder: Path, tmp_path: Path) -> None:
    timeline = rows(folder / "named" / "timeline.ndjson")
    day = date(2026, 6, 30)
    screened(folder / "export", tmp_path / "june", on=day)
    june = {r["patient"]: r["state"] for r in rows(tmp_path / "june" / "screening.ndjson") if r["action"] != "NO_CARD"}
    walked = {
        row["patient"]: row["state"] for row in timeline if row["firstShown"] <= day.isoformat() <= row["lastShown"]
    }
    assert walked == june


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 9, 15), date(2026, 11, 22), ["2026-09-30", "2026-10-31", "2026-11-22"]),
        (date(2026, 11, 20), date(2026, 11, 22), ["2026-11-22"]),
        (date(2024, 2, 1), date(2024, 3, 1), ["2024-02-29", "2024-03-01"]),
    ],
)
def test_months_end_on_their_last_day(first: date, last: date, expected: list[str]) -> None:
    assert [day.isoformat() for day in months(first, last)] == expected


def test_names_from_the_chart_are_escaped_in_figures() -> None:
    drawn = bars("x", [Bar("<b>", 1, "&")]) + flows("x", [Flow("<a>", "b", 3)], {})
    assert "<b>" not in drawn
    assert "<a>" not in drawn
