"""What figures are made of: the time axis, scales, labels, doses, states."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import cds_service.guideline
from cds_service.cards.numbers import Dates
from cds_service.cards.wording_classes import CLASSES, OUTCOMES
from cds_service.cards.wording_states import STATES
from cds_service.case.model import Case, Dose, Exposure, Patient, Quantity
from cds_service.course.history import MOST_ENTRY_DAYS, MOST_STEPS, History, history_of
from cds_service.course.kinds import CYCLOSPORINE_WINDOW_END, KINDS, TACROLIMUS_WINDOW_END
from cds_service.course.labels import Taken, Wish, is_crossed, placed
from cds_service.course.levels import spread
from cds_service.course.panels import MOST_POINTS, panels_of
from cds_service.course.path import path_of
from cds_service.course.scale import MARGIN, Scale
from cds_service.course.therapy import bars_of
from cds_service.course.time_axis import NARROW, WIDE, TimeAxis, axis_of
from cds_service.course.wording import OUTCOME_TONES, STATE_TONES, seen_in_words, state_in_words
from cds_service.guideline.assessment import Assessment, Fact, LineSummary, Step
from cds_service.guideline.catalogue import assess_all
from cds_service.guideline.thresholds import Thresholds
from cds_service.hooks import patient_view
from tests.course.conftest import Told, plain, text_of

TODAY = date(2026, 11, 22)
ON = TODAY.toordinal()


class TestTimeAxis:
    def test_days_keep_their_order_and_stay_inside(self) -> None:
        axis = TimeAxis(ON - 700, ON)
        shares = [axis.share(day) for day in (ON - 9000, ON - 700, ON - 350, ON, ON + 9000)]
        assert shares == sorted(shares)
        assert 0 < shares[0] == shares[1] < 0.05 < 0.95 < shares[3] == shares[4] < 1

    def test_a_single_day_still_has_an_axis(self) -> None:
        assert axis_of([], ON) == axis_of([ON], ON) == TimeAxis(ON - 60, ON)

    @pytest.mark.parametrize("years", [0.2, 0.7, 1, 2, 3, 5, 8, 15, 40])
    def test_ticks_are_few_dated_and_never_touch(self, years: float) -> None:
        ticks = TimeAxis(ON - int(365 * years), ON).ticks()
        assert 1 <= len(ticks) <= 12
        few = [tick for tick in ticks if not tick.wide]
        narrow = [Taken(NARROW, 20).box(float(tick.x[:-1]) / 100, 14, "May 2026", tick.lean) for tick in few]
        said = [f"{tick.label} {tick.year if tick.always else ''}".strip() for tick in ticks]
        wide = [
            Taken(WIDE, 20).box(float(tick.x[:-1]) / 100, 14, words, tick.anchor)
            for tick, words in zip(ticks, said, strict=True)
        ]
        for width, boxes in ((NARROW, narrow), (WIDE, wide)):
            assert not [pair for pair in combinations(boxes, 2) if pair[0].touches(pair[1])]
            assert all(box.left >= -1 and box.right <= width + 1 for box in boxes)
        assert any(tick.year or len(tick.label) == 4 for tick in ticks if not tick.wide)


class TestScale:
    @pytest.mark.parametrize("logarithmic", [False, True])
    def test_more_is_higher_and_nothing_leaves_the_plot(self, logarithmic: bool) -> None:
        scale = Scale(0.5, 10, 100, logarithmic)
        places = [scale.y(value) for value in (0.0, 0.5, 1, 3.5, 10, 99)]
        assert places == sorted(places, reverse=True)
        assert places[0] == places[1] == 100 - MARGIN
        assert places[-1] == places[-2] == MARGIN

    def test_a_tenfold_step_is_the_same_everywhere_on_a_logarithmic_scale(self) -> None:
        scale = Scale(0.1, 10, 136, logarithmic=True)
        assert math.isclose(scale.y(0.1) - scale.y(1), scale.y(1) - scale.y(10))


class TestLevels:
    @pytest.mark.parametrize(
        ("heights", "expected"),
        [
            ([], []),
            ([40], [40]),
            ([20, 60], [20, 60]),
            ([40, 44], [35.5, 48.5]),
            ([2, 4], [6.5, 19.5]),
            ([97, 98, 99], [67.5, 80.5, 93.5]),
        ],
    )
    def test_words_beside_a_plot_are_moved_apart_and_stay_beside_it(
        self, heights: list[float], expected: list[float]
    ) -> None:
        assert spread(heights, 13, 100) == expected

    @pytest.mark.parametrize(
        "scale", [Scale(0.15, 10, 124, True), Scale(18, 42, 92), Scale(0, 0.4, 84), Scale(3, 9, 84)]
    )
    def test_a_scale_has_a_few_round_numbers_that_can_be_told_apart(self, scale: Scale) -> None:
        numbers = scale.round_numbers()
        assert 2 <= len(numbers) <= 5
        assert all(scale.shows(number) for number in numbers)
        assert all(upper - lower >= 13 for lower, upper in pairwise(sorted(map(scale.y, numbers))))

    def test_no_number_of_the_scale_lies_on_a_line(self, told: Mapping[str, Told]) -> None:
        for story in told.values():
            for gutter in story.of_class("gutter"):
                places = sorted(float(text.get("y", "")) for text in gutter if plain(text) == "text")
                assert all(lower - upper > 12 for upper, lower in pairwise(places)), story.name


def test_labels_never_touch_one_another_at_the_width_they_are_shown_on() -> None:
    wishes = [Wish(0.05 + 0.03 * n, 40 + 7 * (n % 4), f"{n}.{n}", n % 3) for n in range(30)]
    labels = placed(wishes, 100)
    assert any(labels)
    for width, wide in ((NARROW, {False}), (WIDE, {False, True})):
        taken = Taken(width, 100)
        boxes = [
            taken.box(wish.share, wish.y + label.dy, label.text, label.anchor)
            for wish, label in zip(wishes, labels, strict=True)
            if label and label.wide in wide
        ]
        assert boxes
        assert not [pair for pair in combinations(boxes, 2) if pair[0].touches(pair[1])]


@pytest.mark.parametrize(
    ("y", "line", "dy"), [(50.0, 90.0, -9), (50.0, 38.0, 17), (50.0, 44.0, 17), (50.0, 48.0, -9), (50.0, 62.0, -9)]
)
def test_a_label_stands_on_the_side_of_its_point_where_no_line_crosses_it(y: float, line: float, dy: int) -> None:
    (label,) = placed([Wish(0.5, y, "22", 0)], 100, [line])
    assert label is not None
    assert label.dy == dy
    assert not is_crossed(y + label.dy, [line])


def test_a_label_that_cannot_avoid_a_line_is_written_all_the_same() -> None:
    (label,) = placed([Wish(0.5, 50.0, "22", 0)], 100, [38.0, 62.0])
    assert label is not None


def test_the_albumin_of_the_first_story_is_written_beside_the_line_of_clot_risk(told: Mapping[str, Told]) -> None:
    story = told["tacrolimus-failed-so-rituximab-is-next"]
    (assessment,) = story.evaluation.assessments
    dates = Dates(story.on)
    panels = panels_of(story.evaluation.case, assessment, TimeAxis(ON - 220, ON), dates, story.knowledge.thresholds)
    (albumin,) = (panel for panel in panels if panel.title == "Albumin")
    labelled = [mark for mark in albumin.marks if mark.label]
    assert "22" in [mark.point.number for mark in labelled]
    for mark in labelled:
        assert mark.label
        assert not is_crossed(mark.y + mark.label.dy, [level.y for level in albumin.levels]), mark.point.full


def line_of(*records: Exposure, outcome: str = "FAILED") -> tuple[Case, Assessment]:
    codes = {"tacrolimus": "CNI", "rituximab": "RTX", "cyclophosphamide": "CYC", "belimumab": "BEL"}
    classes = tuple(dict.fromkeys(codes[record.agent] for record in records))
    agents = tuple(dict.fromkeys(record.agent for record in records))
    end = None if None in [record.end for record in records] else max(record.end or 0 for record in records)
    summary = LineSummary(classes, records[0].start, end, outcome, tuple(r.source for r in records), agents)
    return Case(Patient(), exposures=records), Assessment("MN", "MN_RESISTANT", "NO", "MN-07", lines=(summary,))


DAILY = Exposure("tacrolimus", "statement", ON - 100, None, "MedicationStatement/1", Dose(6, "day"))
PULSE = Dose(500, "administration")
INFUSIONS = [
    Exposure("rituximab", "administration", ON - day, ON - day, f"MedicationAdministration/{day}", dose)
    for day, dose in ((90, Dose(1000, "administration")), (76, Dose(1000, "administration")))
]


PULSES = [
    Exposure("cyclophosphamide", "administration", day, day, f"MedicationAdministration/{day}", PULSE)
    for day in (ON - 100, ON - 71, ON - 42)
]
COURSE_OF_PULSES = Exposure(
    "cyclophosphamide", "statement", ON - 100, ON - 42, "MedicationStatement/1", PULSE, reason="ineffective"
)
DAILY_PILLS = Exposure("cyclophosphamide", "statement", ON - 40, ON - 9, "MedicationStatement/2", Dose(150, "day"))
WEEKLY = Exposure("belimumab", "statement", ON - 90, None, "MedicationStatement/1", Dose(200, "administration"))


@pytest.mark.parametrize(
    ("records", "name", "dose", "dates"),
    [
        ([DAILY], "CNI (tacrolimus)", "6 mg/d", "2026-08-14, ongoing"),
        (INFUSIONS, "Rituximab", "2 × 1 g", "2026-08-24 to 2026-09-07"),
        ([DAILY, *INFUSIONS], "CNI (tacrolimus) and rituximab", "tacrolimus 6 mg/d and rituximab 2 × 1 g", ""),
        (
            [Exposure("rituximab", "administration", ON, ON, "x", Dose(375, "administration-m2"))],
            "Rituximab",
            "1 × 375 mg/m²",
            "",
        ),
        ([Exposure("rituximab", "administration", ON, ON, "x")], "Rituximab", "", "2026-11-22"),
        ([*PULSES, COURSE_OF_PULSES], "Cyclophosphamide", "3 × 500 mg", "2026-08-14 to 2026-10-11"),
        ([PULSES[0], DAILY_PILLS], "Cyclophosphamide", "1 × 500 mg, 150 mg/d", ""),
        ([COURSE_OF_PULSES], "Cyclophosphamide", "500 mg per dose", ""),
        ([WEEKLY, replace(WEEKLY, source="MedicationStatement/2")], "Belimumab", "200 mg per dose", ""),
    ],
)
def test_a_bar_names_classes_agents_doses_and_days(records: list[Exposure], name: str, dose: str, dates: str) -> None:
    case, assessment = line_of(*records)
    (bar,) = bars_of(case, assessment, TimeAxis(ON - 200, ON), Dates(TODAY))
    assert (bar.name, bar.dose.replace("\u00a0", " ")) == (name, dose)
    assert bar.dates == dates or not dates
    assert bar.judged == "did not work"
    assert len(bar.given) == sum(record.kind == "administration" for record in records)


def test_days_that_nobody_wrote_are_not_shown_as_days() -> None:
    case, _ = line_of(DAILY)
    unsure = LineSummary(("CNI",), ON - 100, ON - 100, "UNKNOWN", (), start_stated=False, end_stated=False)
    (bar,) = bars_of(case, Assessment("MN", "S", "A", "R", lines=(unsure,)), TimeAxis(ON - 200, ON), Dates(TODAY))
    assert bar.dates == "by 2026-08-14 (day not recorded), ended (day not recorded)"
    assert not bar.sure


def history(story: Told) -> History:
    (assessment,) = story.evaluation.assessments
    case, dates = story.evaluation.case, Dates(story.on)
    days = [value.day for series in case.quantities.values() for value in series]
    days += [line.start for line in assessment.lines]
    return history_of(case, assessment, axis_of(days, dates.today), dates, story.knowledge.thresholds)


class TestHistory:
    def test_it_ends_with_the_answer_of_the_card(self, told: Mapping[str, Told]) -> None:
        for story in told.values():
            (assessment,) = story.evaluation.assessments
            if assessment.disease is None:
                continue
            periods = history(story).periods
            assert periods[-1].state == state_in_words(assessment.state)
            assert [period.number for period in periods] == list(range(1, len(periods) + 1))
            assert all(before.state != after.state for before, after in pairwise(periods))

    @pytest.mark.parametrize(
        ("name", "on", "state"),
        [
            ("tacrolimus-failed-so-rituximab-is-next", "2026-10-17", "too early to judge the line"),
            # Its albumin is older than 90 days, and soon its proteinuria.
            ("tacrolimus-failed-so-rituximab-is-next", "2026-10-19", "a result is missing"),
            ("tacrolimus-failed-so-rituximab-is-next", "2026-11-11", "a result is missing"),
            ("tacrolimus-failed-so-rituximab-is-next", "2026-11-12", "resistant"),
            ("second-relapse-after-tacrolimus", "2025-03-02", "partial remission"),
            # The day of a relapse that the chart tells without a value.
            ("second-relapse-after-tacrolimus", "2025-07-10", "a result is missing"),
        ],
    )
    def test_a_state_ends_when_its_values_are_too_old(
        self, told: Mapping[str, Told], name: str, on: str, state: str
    ) -> None:
        assert state_on(history(told[name]), on) == state

    def test_it_says_what_the_service_answers_for_that_day(self, told: Mapping[str, Told]) -> None:
        asked = 0
        for story in list(told.values())[::3]:
            if story.evaluation.assessments[0].disease is None:
                continue
            found = history(story)
            starts = [date.fromisoformat(period.date).toordinal() for period in found.periods]
            for day in sorted({*starts, *(start - 1 for start in starts[1:])}):
                if not _known_since(story.evaluation.case, day):
                    continue
                on = date.fromordinal(day)
                answer = patient_view.judge(story.request, on, story.knowledge).evaluation.assessments[0]
                assert state_on(found, on.isoformat()) == state_in_words(answer.state), (story.name, on)
                asked += 1
        assert asked > 100

    def test_each_period_begins_on_its_first_day_with_the_rule_of_that_day(self, told: Mapping[str, Told]) -> None:
        story = told["relapse-two-years-after-tacrolimus"]
        case, thresholds = story.evaluation.case, story.knowledge.thresholds
        found = history(story).periods
        for period in found:
            day = date.fromisoformat(period.date)
            now, before = (assess_all(case, on, thresholds)[0] for on in (day, day - timedelta(days=1)))
            assert period.rule == now.rule
            assert now.state != before.state or period.number == 1
        assert "partial remission" in [period.state for period in found]

    @pytest.mark.parametrize(("years", "every"), [(0.2, 1), (1, 4), (20, 61)])
    def test_a_long_course_is_asked_less_often_and_says_so(
        self, told: Mapping[str, Told], monkeypatch: pytest.MonkeyPatch, years: float, every: int
    ) -> None:
        asked: list[date] = []

        def counted(case: Case, on: date, thresholds: Thresholds) -> tuple[Assessment, ...]:
            asked.append(on)
            return assess_all(case, on, thresholds)

        monkeypatch.setattr("cds_service.course.history.assess_all", counted)
        story = told["relapse-two-years-after-tacrolimus"]
        values = tuple(
            Quantity("albumin", ON - 7300 + 20 * n, 40.0, "g/L", f"Observation/{n}") for n in range(7300 // 20)
        )
        case = replace(story.evaluation.case, quantities={**story.evaluation.case.quantities, "albumin": values})
        axis = TimeAxis(ON - int(years * 365), ON)
        found = history_of(case, story.evaluation.assessments[0], axis, Dates(TODAY), Thresholds())
        assert found.every == every
        assert len(asked) <= MOST_STEPS + MOST_ENTRY_DAYS + 7 * 2 * len(found.periods)


def state_on(found: History, on: str) -> str:
    return [period.state for period in found.periods if period.date <= on][-1]


def _known_since(case: Case, day: int) -> bool:
    """Whether today's chart tells of that day what the chart of that day told: no line has since got its end."""
    return not any(e.start <= day < (e.end or 0) and e.reason for e in case.exposures)


def test_of_a_very_long_series_the_newest_are_drawn_and_the_rest_counted() -> None:
    values = tuple(Quantity("egfr", ON - 3000 + 5 * n, 60.0, "mL/min/1.73m2", f"Observation/{n}") for n in range(400))
    case = Case(Patient(), {"egfr": values})
    (panel,) = panels_of(case, Assessment("MN", "S", "A", "R"), TimeAxis(ON - 3000, ON), Dates(TODAY), Thresholds())
    assert (len(panel.marks), panel.earlier, len(panel.points)) == (MOST_POINTS, 400 - MOST_POINTS, 400)


def test_of_many_points_only_those_that_matter_are_labelled() -> None:
    values = [Quantity("egfr", ON - 900 + 30 * n, 60.0 + n % 7, "mL/min/1.73m2", f"Observation/{n}") for n in range(30)]
    used = Fact("egfr", 63.0, "mL/min/1.73m2", values[17].day, "current", "Observation/17")
    case, assessment = Case(Patient(), {"egfr": tuple(values)}), Assessment("MN", "S", "A", "R", facts=(used,))
    (panel,) = panels_of(case, assessment, TimeAxis(ON - 900, ON), Dates(TODAY), Thresholds())
    labelled = [mark.point.source for mark in panel.marks if mark.label]
    assert set(labelled) <= {f"Observation/{n}" for n in (0, 6, 17, 29)}
    assert "Observation/17" in labelled
    few = replace(case, quantities={"egfr": tuple(values[::3])})
    (panel,) = panels_of(few, assessment, TimeAxis(ON - 900, ON), Dates(TODAY), Thresholds())
    assert all(mark.label for mark in panel.marks)


@pytest.mark.parametrize(("bound", "shape", "number"), [("<", "down", "< 2"), (">=", "up", "≥ 2"), ("", "dot", "2")])
def test_a_bound_points_to_the_side_of_the_true_value(bound: str, shape: str, number: str) -> None:
    value = Quantity("anti_pla2r_elisa", ON - 9, 2.0, "RU/mL", "Observation/1", bound=bound)  # type: ignore[arg-type]
    case = Case(Patient(), {"anti_pla2r_elisa": (value,)})
    (panel,) = panels_of(case, Assessment("MN", "S", "A", "R"), TimeAxis(ON - 99, ON), Dates(TODAY), Thresholds())
    (mark,) = panel.marks
    assert (mark.shape, mark.point.number) == (shape, number)


def test_every_state_and_outcome_has_words() -> None:
    folder = Path(str(cds_service.guideline.__file__)).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    states = set(re.findall(r'Answer\(\s*"((?:MN|LN)_[A-Z_]+)"', sources))
    assert len(states) > 30
    assert states <= set(STATES)
    assert set(OUTCOME_TONES) <= set(OUTCOMES)
    assert set(STATE_TONES) <= set(STATES)


def test_trough_windows_end_where_the_wording_of_the_class_says() -> None:
    windows = {kind.title: kind.window(Thresholds()) for kind in KINDS if kind.window}
    assert windows == {
        "Tacrolimus trough": (3, TACROLIMUS_WINDOW_END),
        "Cyclosporine trough": (125, CYCLOSPORINE_WINDOW_END),
    }
    assert "3-8 ng/mL (tacrolimus)" in CLASSES["CNI"].regimen
    assert "125-225 ng/mL (cyclosporine)" in CLASSES["CNI"].regimen


def test_codes_in_what_a_row_saw_are_said_in_words() -> None:
    assert seen_in_words("failed: CNI, CYC; eGFR STABLE") == "failed: CNI, cyclophosphamide; eGFR stable"
    assert seen_in_words("antibody POS, day 215") == "antibody present, day 215"


def test_units_of_what_a_row_saw_are_those_of_the_card() -> None:
    assert (
        seen_in_words("lowest CD19 22 cells/uL, creatinine 129 umol/L") == "lowest CD19 22 /µL, creatinine 129 µmol/L"
    )
    assert seen_in_words("eGFR 61 mL/min/1.73m2; 172 mm[Hg]; 2.1 10*9/L") == (
        "eGFR 61 mL/min/1.73 m²; 172 mmHg; 2.1 x10⁹/L"
    )


class TestDaysOfALine:
    @pytest.mark.parametrize(
        ("line", "saw", "said"),
        [
            (("CYC", 179), "last standard line: CYC, day 260", "begun 260 days ago, ended on day 179"),
            (("CYC", 179), "fell 9% on day 260", "fell 9% 260 days after the line's start (ended on day 179)"),
            (("CNI", None), "last standard line: CNI, day 260", "begun 260 days ago, ongoing"),
            (("CNI", None), "day 260", "260 days after the line's start"),
            (
                ("RTX", 14),
                "day 260, eGFR STABLE",
                "260 days after the line's start (last given on day 14), eGFR stable",
            ),
            (("RTX", 0), "day 260", "260 days after the line's start (given on one day)"),
            (("CNI", 9), "day 77", "77 days after the line's start"),
        ],
    )
    def test_nobody_reads_a_line_that_ended_as_one_that_goes_on(
        self, line: tuple[str, int | None], saw: str, said: str
    ) -> None:
        code, after = line
        start = ON - 260
        summary = LineSummary((code,), start, None if after is None else start + after, "FAILED", ())
        steps = (Step("MN step 4", "?", saw, False),)
        (step,) = path_of(Assessment("MN", "S", "A", "R", lines=(summary,), trace=steps), ON)
        assert step.saw.endswith(said)

    def test_days_that_nobody_wrote_are_not_counted(self) -> None:
        unsure = LineSummary(("CNI",), ON - 100, ON - 90, "UNKNOWN", (), start_stated=False, end_stated=False)
        steps = (Step("MN step 11", "?", "day 100", False),)
        (step,) = path_of(Assessment("MN", "S", "A", "R", lines=(unsure,), trace=steps), ON)
        assert step.saw == "at least 100 days after the line's start (ended, day not recorded)"

    def test_no_story_tells_a_bare_day(self, told: Mapping[str, Told]) -> None:
        seen = [text_of(element) for story in told.values() for element in story.of_class("saw")]
        assert not [text for text in seen if re.search(r"(^|[^d]) day \d|^day \d", text.replace("on day", "onday"))]


def test_what_came_before_the_axis_is_drawn_at_its_edge_with_words_and_source(told: Mapping[str, Told]) -> None:
    story = told["tacrolimus-failed-so-rituximab-is-next"]
    (before,) = story.of_class("befores")
    events = [event for event in before if "event" in event.get("class", "")]
    assert [text_of(event) for event in events] == ["MN onset, 2024-12-22", "Kidney biopsy, 2024-12-27"]
    assert all("/" in event.get("aria-label", "") and event.get("tabindex") == "0" for event in events)
    assert all(any(plain(part) == "path" for part in event.iter()) for event in events)
