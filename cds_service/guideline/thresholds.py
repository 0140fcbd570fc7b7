"""Every number the guidelines decide with, once, with unit and source. A site may override them in TOML.

A changed value is stamped into the versions of each card and said on it. Source marks are those of
clinical-spec: S000 to S004 seeds, K guideline, T trial, OP our operationalisation, OK own knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace


def _number(default: float, unit: str, source: str, low: float, high: float) -> float:
    value: float = field(default=default, metadata={"unit": unit, "source": source, "low": low, "high": high})
    return value


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers. Ages are days, shares are 0 to 1, other units stand beside each field."""

    # Membranous nephropathy: response (section 4)
    mn_complete_remission: float = _number(0.3, "g/d", "K21", 0.1, 0.5)
    mn_nephrotic: float = _number(3.5, "g/d", "K21, S002", 2.0, 5.0)
    mn_normal_albumin: float = _number(35, "g/L", "K21", 25, 40)
    mn_partial_reduction: float = _number(0.50, "share", "K21", 0.3, 0.7)
    mn_trend_reduction: float = _number(0.30, "share", "S000, S003", 0.1, 0.5)
    mn_advanced_egfr: float = _number(30, "mL/min/1.73m2", "K12", 15, 45)
    mn_small_kidney: float = _number(8, "cm", "K12", 6, 10)
    # Membranous nephropathy: antibody
    antibody_negative: float = _number(2, "RU/mL", "S000", 1, 14)
    antibody_positive: float = _number(14, "RU/mL", "OP, T:MENTOR", 2, 20)
    antibody_diagnostic: float = _number(20, "RU/mL", "K21 3.1", 14, 50)
    antibody_pairing: float = _number(30, "d", "OP", 7, 60)
    antibody_partial_fall: float = _number(0.50, "share", "OP", 0.3, 0.9)
    antibody_second_course: float = _number(50, "RU/mL", "K21 figure (L)", 14, 100)
    antibody_high: float = _number(50, "RU/mL", "K21, OP", 20, 200)
    immunologic_lag: float = _number(730, "d", "S000: 12-24 months", 365, 900)
    # Membranous nephropathy: time on therapy
    early: float = _number(120, "d", "S000, S003", 90, 180)
    full: float = _number(180, "d", "S000, S003", 150, 270)
    one_year: float = _number(365, "d", "S003", 300, 400)
    # Membranous nephropathy: untreated
    untreated_rapid_fall: float = _number(0.30, "share", "OP", 0.2, 0.5)
    untreated_spontaneous_fall: float = _number(0.50, "share", "K21", 0.3, 0.7)
    untreated_low_egfr: float = _number(60, "mL/min/1.73m2", "K21 3.2", 45, 75)
    untreated_low_albumin: float = _number(25, "g/L", "K21 3.2", 20, 30)
    untreated_high_proteinuria: float = _number(8, "g/d", "K21 3.2", 5, 10)
    # Relapse and dependence
    relapse_rise: float = _number(1.5, "times nadir", "OP", 1.1, 2.0)
    relapse_albumin: float = _number(30, "g/L", "OP", 25, 35)
    relapse_spacing: float = _number(14, "d", "OP", 7, 42)
    dependence_window: float = _number(90, "d", "OP", 30, 180)
    # Calcineurin inhibitor
    cni_creatinine_rise: float = _number(1.20, "times baseline", "S003", 1.1, 1.5)
    cni_reduced_dose: float = _number(0.55, "share", "S003: about 50 %", 0.4, 0.75)
    tacrolimus_trough: float = _number(3, "ng/mL", "K21 (L)", 2, 8)
    cyclosporine_trough: float = _number(125, "ng/mL", "K21 (L)", 80, 225)
    trough_share: float = _number(0.5, "share", "OP", 0.3, 1.0)
    # Anti-CD20 and cyclophosphamide exposure (3.4)
    anti_cd20_grams: float = _number(1.4, "g", "S000, S002, OK", 0.7, 2.0)
    b_cells_depleted: float = _number(5, "cells/uL", "S000", 1, 20)
    cyc_days: float = _number(80, "d", "OP", 60, 120)
    cyc_pulses: float = _number(6, "pulses", "OP", 4, 8)
    cyc_lupus_grams: float = _number(2.5, "g", "OP", 2, 4)
    mycophenolate_grams: float = _number(2.0, "g/d", "S001, S004", 1.5, 3.0)
    # eGFR trend
    egfr_decline: float = _number(0.20, "share", "OP, S003", 0.1, 0.4)
    # Lupus nephritis (section 6)
    ln_complete: float = _number(0.5, "g/g", "K24", 0.3, 0.8)
    ln_partial: float = _number(3.0, "g/g", "K24", 2.0, 3.5)
    ln_partial_reduction: float = _number(0.50, "share", "K24", 0.3, 0.7)
    ln_kept_egfr: float = _number(0.85, "share", "K24", 0.75, 0.95)
    ln_small_reduction: float = _number(0.25, "share", "OP", 0.1, 0.4)
    ln_target: float = _number(0.7, "g/g", "E25, E19", 0.5, 1.0)
    ln_flare_after_complete: float = _number(1.0, "g/g", "E12, OP", 0.7, 2.0)
    ln_flare_after_partial: float = _number(2.0, "g/g", "E12, OP", 1.0, 3.0)
    ln_flare_rise: float = _number(2.0, "times best", "E12, OP", 1.5, 3.0)
    ln_low_c3: float = _number(0.9, "g/L", "OP", 0.6, 1.0)
    ln_heavy: float = _number(3.0, "g/g", "A24", 2.0, 3.5)
    ln_crescents: float = _number(25, "%", "E23, OP", 10, 50)
    ln_activity_low: float = _number(2, "points", "OP", 0, 4)
    ln_chronicity_high: float = _number(6, "points", "OP", 4, 8)
    ln_class_v_treat: float = _number(1.0, "g/g", "A24", 0.5, 3.5)
    ln_off_therapy: float = _number(30, "d", "OP", 14, 90)
    # Safety (section 7)
    mn_cni_egfr: float = _number(40, "mL/min/1.73m2", "OP", 30, 60)
    ln_cni_egfr: float = _number(45, "mL/min/1.73m2", "K24", 30, 60)
    rtx_cni_egfr: float = _number(45, "mL/min/1.73m2", "S002", 30, 60)
    cni_caution_egfr: float = _number(60, "mL/min/1.73m2", "OP", 45, 90)
    cni_systolic: float = _number(165, "mm[Hg]", "voclosporin label", 140, 180)
    cni_diastolic: float = _number(105, "mm[Hg]", "voclosporin label", 90, 120)
    mn_cyc_ceiling: float = _number(30, "g", "S000, OP", 20, 30)
    ln_cyc_ceiling: float = _number(33, "g", "S000, OP", 20, 33)
    mn_cyc_fertility: float = _number(4, "g", "S000", 0, 4)
    ln_cyc_fertility: float = _number(7, "g", "S000", 0, 7)
    mn_cyc_course: float = _number(12, "g", "OP", 6, 15)
    ln_cyc_course: float = _number(3, "g", "OP", 2, 6)
    cyc_note: float = _number(25, "g", "C-08", 10, 36)
    igg_hold: float = _number(4, "g/L", "OP", 3, 5)
    igg_caution: float = _number(6, "g/L", "OP", 5, 7)
    wbc_hold: float = _number(3.0, "10*9/L", "OP", 2.0, 4.0)
    neutrophil_hold: float = _number(1.5, "10*9/L", "OP", 1.0, 2.0)
    vte_albumin: float = _number(25, "g/L", "K21", 20, 30)
    # Ages of data (2.1)
    laboratory_age: float = _number(90, "d", "OP", 30, 90)
    antibody_age: float = _number(120, "d", "OP", 30, 120)
    complement_age: float = _number(60, "d", "OP", 30, 120)
    serology_age: float = _number(365, "d", "OP", 90, 365)
    pregnancy_test_age: float = _number(30, "d", "OP", 7, 30)
    immunoglobulin_age: float = _number(180, "d", "OP", 60, 180)
    blood_count_age: float = _number(30, "d", "OP", 7, 30)
    adherence_age: float = _number(180, "d", "OP", 90, 365)
    changed: tuple[str, ...] = ()

    def overridden(self, values: Mapping[str, object]) -> Thresholds:
        """These thresholds with a site's values; `changed` names each one, for the card.

        Raises:
            ValueError: naming every unknown name, non-number and value outside its safe range at once.
        """
        known = {item.name: item for item in numbers()}
        faults = [fault for name, value in values.items() if (fault := _fault(known.get(name), name, value))]
        if faults:
            raise ValueError("; ".join(faults))
        given = {name: float(value) for name, value in values.items() if isinstance(value, (int, float))}
        changed = tuple(
            f"{name}: {value:g} {known[name].metadata['unit']} instead of {getattr(self, name):g}"
            for name, value in sorted(given.items())
            if value != getattr(self, name)
        )
        return replace(self, **given, changed=(*self.changed, *changed))


def numbers() -> tuple[Field[float], ...]:
    """The overridable fields, with unit, source and safe range in their metadata."""
    return tuple(item for item in fields(Thresholds) if item.metadata)


def _fault(known: Field[float] | None, name: str, value: object) -> str:
    if known is None:
        return f"{name}: no such threshold"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{name}: not a number"
    low, high = known.metadata["low"], known.metadata["high"]
    if not low <= value <= high:
        return f"{name}: {value:g} {known.metadata['unit']} is outside the safe range {low:g} to {high:g}"
    return ""
