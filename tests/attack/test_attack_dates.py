"""Cases CLIN-24 to CLIN-33: results of tomorrow, of long ago, of some time in 2024, and birthdays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from cds_service.stories.agreement import without_uuids
from tests.attack.attacker import Attack
from tests.attack.case_table import case
from tests.attack.charts import (
    PROTEIN_24H,
    UPCR,
    Json,
    add,
    membranous,
    membranous_by_ratio,
    newest,
    observation,
    resources,
)

LATEST = "Observation/s-01-10"


def redated(call: Json, written: Callable[[date], str]) -> Json:
    """Every observation dated in another writing."""
    for one in resources(call):
        if "effectiveDateTime" in one:
            one["effectiveDateTime"] = written(date.fromisoformat(one["effectiveDateTime"]))
    return call


@case("CLIN-24")
@pytest.mark.parametrize("day", ["2026-11-24", "2036-11-22"], ids=["in two days", "in ten years"])
def test_a_result_of_the_future_is_left_out_and_that_is_said(attack: Attack, day: str) -> None:
    said = attack.send(add(membranous_by_ratio(), "proteinuria", observation("future", UPCR, day, 0.2, "g/g")))
    assert said.set_aside == {"Observation/future": "FUTURE"}
    assert f"UPCR {day} not used: dated after today." in said.detail
    assert said.rule == "MN-07"
    assert "0.2 g/g" not in said.detail


@case("CLIN-26")
def test_results_of_400_days_ago_are_dated_called_old_and_never_called_current(attack: Attack) -> None:
    earlier = timedelta(days=390)  # the newest of the base chart are ten days old
    said = attack.send(redated(membranous(), lambda day: (day - earlier).isoformat()))
    assert said.half["action"] == "DATA_REQUEST"
    assert "older than 90 days" in said.detail
    assert [fact for fact in said.half.get("facts", ()) if fact["role"] == "current"] == []
    assert "2025-10-18" in said.detail, "the card does not say of which day the last results are"


@case("CLIN-27")
def test_a_chart_opened_again_with_newer_results_gets_a_card_of_its_own(attack: Attack) -> None:
    before = membranous()
    after = add(membranous(), "proteinuria", observation("newer", PROTEIN_24H, "2026-11-22T14:00:00Z", 6.9, "g/d"))
    after["hookInstance"] = "6c0c9f1e-6d0a-4a4e-9df2-3a1f2b8c7d5e"
    first, second, resent = attack.send(before), attack.send(after), attack.send(before)
    current = next(fact for fact in second.facts("proteinuria_24h") if fact["role"] == "current")
    assert (current["value"], current["source"]) == (6.9, "Observation/newer")
    assert first.cards[0]["uuid"] != second.cards[0]["uuid"]
    assert resent.json == first.json


@case("CLIN-28")
@pytest.mark.parametrize("day", ["2026", "2026-11", "2024"])
def test_a_result_of_some_day_of_a_year_or_month_is_not_taken_for_one_of_its_first_day(
    attack: Attack, day: str
) -> None:
    call = add(membranous_by_ratio(), "proteinuria", observation("vague", UPCR, day, 0.2, "g/g"))
    said = attack.send(call)
    assert said.set_aside == {"Observation/vague": "DATE_IMPRECISE"}
    assert "UPCR not used: its date is not exact enough." in said.detail
    assert said.rule == "MN-07"
    assert [line for line in said.detail.splitlines() if "UPCR" in line and f"{day}-01" in line] == []


@case("CLIN-28")
@pytest.mark.parametrize("start", ["2026", "2026-11"])
def test_a_drug_begun_some_day_of_a_year_or_month_is_not_given_a_day_nobody_wrote(attack: Attack, start: str) -> None:
    call = membranous()
    next(one for one in resources(call) if one["id"] == "s-01-07")["effectivePeriod"]["start"] = start
    said = attack.send(call)
    rows = [line for line in said.detail.splitlines() if line.startswith("| CNI")]
    assert f"{start}-01" not in "".join(rows)
    assert "2026-11-22 to ongoing" not in "".join(rows), "the start is shown as the day of the call"
    assert "day 0" not in said.detail.lower()


IN_ZONES = {
    "Z": lambda day: f"{day}T10:00:00Z",
    "+14:00": lambda day: _instant(day).astimezone(timezone(timedelta(hours=14))).isoformat(),
    "-12:00": lambda day: _instant(day).astimezone(timezone(timedelta(hours=-12))).isoformat(),
    "noon in Berlin, summer and winter": lambda day: datetime.combine(
        day, time(12), ZoneInfo("Europe/Berlin")
    ).isoformat(),
}


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(10), UTC)


@case("CLIN-31")
@pytest.mark.parametrize("zone", IN_ZONES)
def test_one_instant_in_any_zone_gives_one_card(attack: Attack, zone: str) -> None:
    elsewhere = attack.send(redated(membranous(), IN_ZONES[zone]))
    assert without_uuids(elsewhere.json) == without_uuids(attack.send(membranous()).json)


@case("CLIN-31")
def test_results_are_ordered_by_instant_and_not_by_their_letters(attack: Attack) -> None:
    written_later = observation("first", UPCR, "2026-11-14T01:00:00+14:00", 7.0, "g/g")  # 11:00 UTC on the 13th
    taken_later = observation("second", UPCR, "2026-11-13T23:30:00-12:00", 7.9, "g/g")  # 11:30 UTC on the 14th
    said = attack.send(add(membranous_by_ratio(), "proteinuria", taken_later, written_later))
    current = next(fact for fact in said.facts("upcr") if fact["role"] == "current")
    assert (current["value"], current["date"]) == (7.9, "2026-11-14")


@case("CLIN-32")
@pytest.mark.parametrize(
    ("dated", "day", "remark"),
    [
        ({"effectivePeriod": {"start": "2026-11-12"}}, "2026-11-12", ""),
        ({"effectivePeriod": {"end": "2026-11-12"}}, "2026-11-12", ""),
        ({"effectivePeriod": {"start": "2026-11-11", "end": "2026-11-12"}}, "2026-11-12", ""),
        ({"issued": "2026-11-12T12:00:00Z"}, "2026-11-12", "dated by its release"),
        ({"effectiveTiming": {"event": ["2026-11-12"]}}, "", "UPCR not used: no date."),
        ({}, "", "UPCR not used: no date."),
    ],
    ids=["open end", "open start", "period", "issued only", "timing", "nothing"],
)
def test_which_of_several_dates_counts(attack: Attack, dated: Json, day: str, remark: str) -> None:
    call = membranous_by_ratio()
    latest = newest(call, UPCR)
    del latest["effectiveDateTime"]
    latest.update(dated)
    said = attack.send(call)
    assert [fact["date"] for fact in said.facts("upcr") if fact["role"] == "current"] == ([day] if day else [])
    assert remark in said.detail
    assert said.set_aside == ({} if day else {LATEST: "DATE_MISSING"})


@case("CLIN-33")
@pytest.mark.parametrize(
    ("born", "rule"), [("2008-11-23", ""), ("2008-11-22", "MN-07")], ids=["17 years and 364 days", "18 years today"]
)
def test_the_eighteenth_birthday_is_the_border(attack: Attack, born: str, rule: str) -> None:
    call = membranous()
    call["prefetch"]["patient"]["birthDate"] = born
    said = attack.send(call)
    assert [card["extension"]["org.nextline-cds.recommendation"]["rule"] for card in said.cards] == [rule][: bool(rule)]
    assert attack.line["rules"] == [rule or "SC-01"]
