"""Invented courses of membranous nephropathy."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.generator_parts import (
    Course,
    Facts,
    condition,
    continuous,
    cyclophosphamide,
    egfr_course,
    infusion,
    line_start,
    near,
    observation,
    rituximab,
    statement,
)


def membranous(rng: random.Random) -> Facts:
    """Diagnosis, up to four lines, and the courses of protein, albumin, kidney function and antibody."""
    lines = rng.choices([0, 1, 2, 3], [2, 8, 4, 1])[0]
    start = line_start(rng)
    facts: Facts = []
    first = start
    if lines:
        last = course(rng, start, True, stop_reason(rng))
        facts += last.facts
        for _ in range(lines - 1):
            length = rng.randint(70, 400)
            gap = rng.choice([0, 5, 20, 31, 100, 300])
            first = first - gap - length
            facts += past(rng, first, first + length)
    onset = min(first - rng.choice([20, 200, 600]), -30) if lines else -rng.choice([40, 179, 180, 181, 400, 900])
    facts.append(condition("membranous_nephropathy", onset))
    facts.append({"r": "Procedure", "concept": "kidney_biopsy", "day": onset + 5, "status": "completed"})
    facts += proteinuria(rng, start, bool(lines))
    low = rng.random() < 0.12
    level = rng.uniform(25, 45) if low else near(rng, 40, 115, 60, 45, 40)
    reference = start - rng.choice([0, 5, 60, 100]) if lines else rng.choice([-28, -200, -300, -365, -366, -700])
    facts += egfr_course(rng, max(reference, -1600), level, "MN")
    facts += albumin(rng)
    facts += antibody(rng, onset, start)
    facts += extras(rng, start)
    return facts


def stop_reason(rng: random.Random) -> str:
    return rng.choices(
        ["", "intolerance", "ineffective", "non-adherence", "remission", "completed"], [9, 2, 1, 0.5, 1, 1]
    )[0]


def course(rng: random.Random, start: int, last: bool, reason: str) -> Course:
    kind = rng.choices(
        ["CNI", "RTX", "CYC", "CD20_2G", "MPAA", "RTX+CNI", "CNI+MPAA", "other"], [8, 8, 5, 1, 0.8, 1, 0.4, 0.3]
    )[0]
    if kind == "RTX":
        return rituximab(rng, start, reason)
    if kind == "CYC":
        return cyclophosphamide(rng, start, reason)
    if kind == "CD20_2G":
        return rituximab(rng, start, reason, rng.choice(["obinutuzumab", "ofatumumab"]))
    if kind == "RTX+CNI":
        base = rituximab(rng, start)
        partner = min(start + rng.choice([0, 30, 60, 61]), -1)
        return Course(start, None, base.facts + cni(rng, partner, last, reason).facts)
    if kind == "CNI+MPAA":
        other = statement("mycophenolate_mofetil", min(start + rng.choice([0, 60, 61, 90]), -1), None, 2, "g/d")
        return Course(start, None, [*cni(rng, start, last, reason).facts, other])
    if kind == "MPAA":
        return continuous(rng, "mycophenolate_mofetil", start, None, 2, "g/d", "")
    if kind == "other":
        return continuous(rng, rng.choice(["azathioprine", "leflunomide"]), start, None, 100, "mg/d", "")
    return cni(rng, start, last, reason)


def cni(rng: random.Random, start: int, last: bool, reason: str) -> Course:
    agent = rng.choice(["tacrolimus", "cyclosporine"])
    dose = 6.0 if agent == "tacrolimus" else 250.0
    stopped = bool(reason) or rng.random() < 0.2
    end = min(-1, start + rng.choice([30, 60, 119, 120, 150, 179, 180, 300, 600])) if stopped else None
    facts: Facts = []
    good = 6.0 if agent == "tacrolimus" else 160.0
    edge = 3.0 if agent == "tacrolimus" else 125.0
    stop = 0 if end is None else end
    for day in range(stop - rng.choice([10, 60]), max(start, stop - 220), -70):
        level = rng.choices([good, edge, good / 4], [8, 1, rng.choice([0.5, 6])])[0]
        if rng.random() < 0.85:
            facts.append(observation(f"{agent}_trough", day, level, "ng/mL"))
    if rng.random() < 0.3 and stop - start > 150:
        turn = max(start + 60, stop - rng.choice([60, 200, 364, 365, 366, 500]))
        reduced = dose * rng.choice([0.5, 0.55, 0.56, 0.6])
        first = statement(agent, start, turn - 1, dose, "mg/d")
        return Course(start, end, [first, statement(agent, turn, end, reduced, "mg/d", reason), *facts])
    built = continuous(rng, agent, start, end, dose, "mg/d", reason)
    return Course(start, end, built.facts + facts)


def past(rng: random.Random, start: int, end: int) -> Facts:
    """A past line with the values that judge it: failed, responded, between, or none."""
    reason = rng.choices(["", "ineffective", "intolerance", "remission", "non-adherence"], [4, 5, 1, 1, 0.5])[0]
    kind = rng.choices(["CNI", "RTX", "CYC", "CD20_2G", "MPAA"], [5, 5, 4, 0.7, 0.5])[0]
    if kind == "CNI":
        facts = [statement(rng.choice(["tacrolimus", "cyclosporine"]), start, end, None, "", reason)]
    elif kind == "RTX":
        facts = rituximab(rng, start, reason).facts
    elif kind == "CD20_2G":
        facts = rituximab(rng, start, reason, "obinutuzumab").facts
    elif kind == "MPAA":
        facts = [statement("mycophenolate_mofetil", start, end, 2, "g/d", reason)]
    else:
        facts = cyclophosphamide(rng, start, reason).facts
    base = rng.uniform(5, 11)
    factor = rng.choice([1.0, 0.9, 0.71, 0.6, 0.4, None])
    facts.append(observation("proteinuria_24h", start - 5, round(base, 1), "g/d"))
    if factor is not None:
        facts.append(observation("proteinuria_24h", end - rng.choice([2, 40]), round(base * factor, 1), "g/d"))
    return facts


def proteinuria(rng: random.Random, start: int, treated: bool) -> Facts:
    base = near(rng, 4.5, 12, 8, 7, 10)
    kind = rng.choices(
        ["none", "thirty", "half-high", "PR", "CR", "relapse", "sub", "worse", "stale"], [9, 2, 1, 2, 1.5, 5, 1, 1, 0.5]
    )[0]
    now = {
        "none": base * rng.uniform(0.72, 1.05), "thirty": base * rng.choice([0.7, 0.65, 0.55, 0.51]),
        "half-high": base * 0.5,
        "PR": min(base * 0.5, rng.uniform(0.5, 3.49)), "CR": rng.choice([0.1, 0.2, 0.29, 0.3]),
        "relapse": rng.choice([3.5, 3.6, 4.5, 6, 8]), "sub": 3.4, "worse": base * 1.3, "stale": base,
    }[kind]  # fmt: skip
    facts: Facts = []
    when = -rng.choice([91, 100]) if kind == "stale" else -rng.choice([0, 3, 10, 30, 60, 90])
    if kind == "half-high":
        base, now = 9.0, 4.5
    if rng.random() < 0.95:
        facts.append(observation("proteinuria_24h", start + rng.choice([-10, -2, 7, -100, 20]), round(base, 2), "g/d"))
    if kind == "relapse" and treated:
        low = rng.choice([0.2, 0.9, 1.5, 2.6, 3.0])
        turn = start + max(31, int((-start + when) * rng.uniform(0.3, 0.8)))
        facts.append(observation("proteinuria_24h", min(turn, when - 1), low, "g/d"))
        if rng.random() < 0.6:
            facts.append(observation("proteinuria_24h", when - rng.choice([13, 14, 30]), round(now * 0.95, 2), "g/d"))
    elif rng.random() < 0.6:
        middle = rng.choice([-180, -181, -200, start // 2])
        facts.append(observation("proteinuria_24h", middle, round((base + now) / 2, 2), "g/d"))
    facts.append(observation("proteinuria_24h", when, round(now, 2), "g/d"))
    return facts


def albumin(rng: random.Random) -> Facts:
    if rng.random() < 0.06:
        return []
    value = rng.choices([near(rng, 17, 34, 25, 30), 35.0, 34.9, near(rng, 35, 44, 35)], [14, 1, 1, 4])[0]
    return [observation("albumin", -rng.choice([3, 10, 60, 90, 91]), value, "g/L")]


def antibody(rng: random.Random, onset: int, start: int) -> Facts:
    kind = rng.choices(
        ["high", "fall", "gone", "long-gone", "low", "missing", "negative-disease", "iif", "old-only"],
        [11, 3, 2, 1, 1, 1, 1.5, 1.5, 1],
    )[0]
    stain = "negative" if kind == "negative-disease" else "positive"
    facts: Facts = [observation("pla2r_stain", onset + 5, stain)] if rng.random() < 0.85 else []
    now = -rng.choice([2, 10, 60, 120, 121])
    base = rng.choice([28.0, 60.0, 90.0, 150.0, 300.0])
    if kind != "negative-disease" and rng.random() < 0.9:
        facts.append(observation("anti_pla2r_elisa", start - 6, base, "RU/mL"))
    value = {
        "high": base * rng.uniform(0.55, 1.1), "fall": rng.choice([14, 20, 30, 45, 50, 50.5]),
        "gone": rng.choice([0.5, 1.9]),
        "long-gone": 1.0, "low": rng.choice([2.0, 5.0, 13.9]), "negative-disease": 0.5,
        "iif": rng.choice([1.0, 5.0, 13.9, 20.0]),
    }.get(kind)  # fmt: skip
    if kind == "old-only":
        facts.append(observation("anti_pla2r_elisa", -125, base, "RU/mL"))
    if value is not None:
        facts.append(observation("anti_pla2r_elisa", now, round(value, 1), "RU/mL"))
    if kind == "long-gone":
        facts.append(observation("anti_pla2r_elisa", -rng.choice([400, 730, 731, 900]), 1.0, "RU/mL"))
    if kind == "iif":
        word = rng.choice(["positive", "negative"])
        facts.append(observation("anti_pla2r_iif", now - rng.choice([0, 30, 31]), word))
    return facts


def extras(rng: random.Random, start: int) -> Facts:
    facts: Facts = []
    if rng.random() < 0.85:
        count = rng.choices([0.0, 2.0, 4.9, 5.0, 28.0], [8, 2, 1, 1, 3])[0]
        for day in (start + 14 + rng.choice([13, 14, 40, 90]), start + 180 + 40):
            if day <= 0:
                facts.append(observation("cd19_count", day, count, "cells/uL"))
    choices: list[tuple[float, dict[str, Any]]] = [
        (0.08, observation("anti_rituximab_ab", -30, rng.choice(["positive", "positive", "negative"]))),
        (0.04, condition("life_threatening_nephrotic", -15)),
        (0.08, condition("mn_relapse", -rng.choice([20, 31, 60, 150, 400]))),
        (0.02, condition("secondary_membranous_nephropathy", -100)),
        (0.06, observation("kidney_length", -200, rng.choice([7.5, 7.9, 8.0, 10.5]), "cm")),
        (0.02, condition("dialysis", -100)),
        (0.15, observation("creatinine", start - 3, 80, "umol/L")),
    ]
    facts += [fact for chance, fact in choices if rng.random() < chance]
    if any(f["concept"] == "creatinine" for f in facts):
        facts.append(observation("creatinine", -rng.choice([2, 90, 91]), rng.choice([80, 96, 96.1, 97, 120]), "umol/L"))
    if rng.random() < 0.03:
        facts.append(infusion("rituximab", -rng.choice([900, 1500]), 1000))
    return facts
