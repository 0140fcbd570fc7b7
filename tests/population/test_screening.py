"""A screening gives each patient the answer that a call over HTTP gives."""

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tests.population.exports import RECOMMENDATION, STORIES, rows, screened, stories_as_export, story, write_lines

# The member of the card's extension, and the column of the row.
SAME = {
    **{name: name for name in ("disease", "state", "action", "rule", "severity", "asOf")},
    **{name: name for name in ("alternatives", "vetoed", "missing", "notes", "evidence", "conflicts")},
    "nextClass": "class",
}
NEITHER = {"lupus-without-nephritis", "membranous-nephropathy-long-resolved"}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("stories")
    stories_as_export(folder / "export")
    counts = screened(folder / "export", folder / "out")
    return counts, {row["patient"]: row for row in rows(folder / "out" / "screening.ndjson")}, folder


@pytest.mark.parametrize("place", STORIES, ids=lambda place: place.name)
def test_a_row_says_what_the_card_says(place: Path, answered: Any) -> None:
    patient, _, halves = story(place)
    row = answered[1].get(patient)
    if not halves:
        assert row is None or row["action"] == "NO_CARD"
        return
    half = halves[0]
    assert {column: row[column] for column in SAME.values()} == {
        column: half.get(member, [] if isinstance(row[column], list) else "") for member, column in SAME.items()
    }
    assert [
        (one["name"], one["value"] if one["word"] == "" else one["word"], one["source"]) for one in row["facts"]
    ] == [(one["name"], one.get("value"), one["source"]) for one in half.get("facts", ())]
    assert [(line["classes"], line["start"], line["end"], line["outcome"]) for line in row["lines"]] == [
        (line["classes"], line["start"], line.get("end"), line["outcome"]) for line in half.get("lines", ())
    ]
    assert sum(one["count"] for one in row["setAside"]) == len(half.get("setAside", ()))
    assert row["versions"]["knowledge"] == half["versions"]["knowledge"]


def test_patients_with_neither_disease_are_counted_and_have_no_row(answered: Any) -> None:
    counts, found, _ = answered
    absent = {place.name for place in STORIES if story(place)[0] not in found}
    assert absent == NEITHER
    assert counts["patients"] | {} == counts["patients"] | {
        "found": len(STORIES),
        "with_disease": len(STORIES) - len(NEITHER),
        "neither_disease": len(NEITHER),
    }


def test_parquet_holds_the_same_rows(answered: Any) -> None:
    _, found, folder = answered
    table = pyarrow.parquet.read_table(folder / "out" / "screening.parquet")
    assert {row["patient"]: row for row in table.to_pylist()} == found


def test_nothing_is_left_of_the_work(answered: Any) -> None:
    left = {path.name for path in (answered[2] / "out").iterdir()}
    assert left == {"broken.ndjson", "counts.json", "report.html", "screening.ndjson", "screening.parquet"}


def test_the_order_and_the_files_make_no_difference(answered: Any, tmp_path: Path) -> None:
    everything = [resource for place in STORIES for resource in story(place)[1]]
    random.Random(7).shuffle(everything)
    write_lines(tmp_path / "export" / "b.ndjson", everything[::2])
    write_lines(tmp_path / "export" / "deeper" / "a.ndjson", everything[1::2])
    screened(tmp_path / "export", tmp_path / "out")
    assert {row["patient"]: row for row in rows(tmp_path / "out" / "screening.ndjson")} == answered[1]


def test_the_extension_is_where_the_tests_look_for_it() -> None:
    assert sum(bool(story(place)[2]) for place in STORIES) > len(STORIES) / 2, RECOMMENDATION
