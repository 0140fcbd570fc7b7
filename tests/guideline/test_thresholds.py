"""A site may change a number within its safe range; it is then named, and it decides."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cds_service.guideline.catalogue import assess_all
from cds_service.guideline.thresholds import Thresholds, numbers
from tests.guideline.patients import ON, proteinuria
from tests.guideline.standard_patients import resistant_mn

NAMES = [item.name for item in numbers()]


def test_every_number_has_unit_source_and_a_range_that_holds_it() -> None:
    assert len(NAMES) > 60
    for item in numbers():
        meta = item.metadata
        assert meta["unit"]
        assert meta["source"]
        assert meta["low"] <= getattr(Thresholds(), item.name) <= meta["high"]
        assert meta["low"] < meta["high"]


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_the_safe_range_are_accepted_and_nothing_beyond(name: str) -> None:
    meta = next(item.metadata for item in numbers() if item.name == name)
    for value in (meta["low"], meta["high"]):
        assert getattr(Thresholds().overridden({name: value}), name) == value
    for value in (math.nextafter(meta["low"], -math.inf), math.nextafter(meta["high"], math.inf)):
        with pytest.raises(ValueError, match=name):
            Thresholds().overridden({name: value})


def test_a_changed_value_is_named_with_unit_and_default() -> None:
    changed = Thresholds().overridden({"mn_nephrotic": 3.0})
    assert changed.mn_nephrotic == 3.0
    assert changed.changed == ("mn_nephrotic: 3 g/d instead of 3.5",)


def test_the_default_said_again_is_no_change() -> None:
    assert Thresholds().overridden({"mn_nephrotic": 3.5}) == Thresholds()


def test_changes_add_up() -> None:
    twice = Thresholds().overridden({"mn_nephrotic": 3}).overridden({"egfr_decline": 0.25})
    assert len(twice.changed) == 2
    assert (twice.mn_nephrotic, twice.egfr_decline) == (3.0, 0.25)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mn_nefrotic": 3}, "mn_nefrotic: no such threshold"),
        ({"changed": 1}, "changed: no such threshold"),
        ({"mn_nephrotic": "3"}, "mn_nephrotic: not a number"),
        ({"mn_nephrotic": True}, "mn_nephrotic: not a number"),
        ({"mn_nephrotic": None}, "mn_nephrotic: not a number"),
        ({"mn_nephrotic": math.nan}, "mn_nephrotic"),
        ({"mn_nephrotic": math.inf}, "mn_nephrotic"),
        ({"mn_nephrotic": 9}, "mn_nephrotic: 9 g/d is outside the safe range 2 to 5"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Thresholds().overridden(values)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"one: no such threshold; two: no such threshold; mn_nephrotic: not a number"):
        Thresholds().overridden({"one": 1, "two": 2, "mn_nephrotic": "x"})


def test_a_changed_threshold_decides() -> None:
    case = resistant_mn(proteinuria(-220, 4.2), proteinuria(-120, 4.1), proteinuria(-10, 3.6))
    (usual,) = assess_all(case, ON)
    (stricter,) = assess_all(case, ON, Thresholds().overridden({"mn_nephrotic": 4.0}))
    assert (usual.rule, stricter.rule) == ("MN-07", "MN-18")


# What the specification prints, against what the engine decides with.
PRINTED = {
    "mn_complete_remission": 0.3, "mn_nephrotic": 3.5, "mn_normal_albumin": 35, "mn_partial_reduction": 0.5,
    "mn_trend_reduction": 0.3, "mn_advanced_egfr": 30, "mn_small_kidney": 8, "antibody_negative": 2,
    "antibody_positive": 14, "antibody_diagnostic": 20, "antibody_pairing": 30, "antibody_second_course": 50,
    "immunologic_lag": 730, "early": 120, "full": 180, "one_year": 365, "relapse_rise": 1.5, "relapse_albumin": 30,
    "dependence_window": 90, "cni_creatinine_rise": 1.2, "cni_reduced_dose": 0.55, "tacrolimus_trough": 3,
    "cyclosporine_trough": 125, "anti_cd20_grams": 1.4, "b_cells_depleted": 5, "cyc_days": 80, "cyc_pulses": 6,
    "cyc_lupus_grams": 2.5, "mycophenolate_grams": 2, "egfr_decline": 0.2, "ln_complete": 0.5, "ln_partial": 3,
    "ln_kept_egfr": 0.85, "ln_small_reduction": 0.25, "ln_low_c3": 0.9, "ln_heavy": 3, "mn_cni_egfr": 40,
    "ln_cni_egfr": 45, "rtx_cni_egfr": 45, "cni_systolic": 165, "cni_diastolic": 105, "mn_cyc_ceiling": 30,
    "ln_cyc_ceiling": 33, "mn_cyc_fertility": 4, "ln_cyc_fertility": 7, "laboratory_age": 90, "antibody_age": 120,
    "serology_age": 365, "pregnancy_test_age": 30, "immunoglobulin_age": 180, "blood_count_age": 30,
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_the_defaults_are_those_of_the_specification(name: str) -> None:
    assert getattr(Thresholds(), name) == PRINTED[name]


def test_the_ceilings_of_cyclophosphamide_can_only_be_lowered() -> None:
    """36 g lifetime and 10 g with a wish for children are hard: the safe range ends at the default."""
    for name in ("mn_cyc_ceiling", "ln_cyc_ceiling", "mn_cyc_fertility", "ln_cyc_fertility"):
        with pytest.raises(ValueError, match="safe range"):
            Thresholds().overridden({name: getattr(Thresholds(), name) + 0.1})


def test_thresholds_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        Thresholds().mn_nephrotic = 1  # type: ignore[misc]
    assert replace(Thresholds(), mn_nephrotic=3.0).changed == ()
