"""Invented courses of lupus nephritis."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.generator_parts import (
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


def lupus(rng: random.Random) -> Facts:
    """Diagnosis, biopsy, up to four lines, and the courses of protein and kidney function."""
    lines = rng.choices([0, 1, 2, 3, 4], [2, 6, 5, 3, 1])[0]
    start = line_start(rng)
    facts: Facts = []
    first = start
    if lines:
        facts += last_line(rng, start)
        for _ in range(lines - 1):
            length = rng.randint(100, 400)
            first = first - rng.choice([0, 20, 31, 61, 100, 300]) - length
            facts += past(rng, first, first + length)
    onset = min(first - rng.choice([20, 200]), -30)
    facts.append(condition("systemic_lupus_erythematosus", onset - 300))
    facts.append(condition("lupus_nephritis", onset))
    facts += biopsy(rng, onset)
    facts += proteinuria(rng, start, bool(lines))
    low = rng.random() < 0.1
    level = rng.uniform(28, 60) if low else near(rng, 45, 120, 45, 60)
    reference = start - rng.choice([0, 5, 60, 100]) if lines else rng.choice([-27, -28, -200, -365, -366])
    facts += egfr_course(rng, max(reference, -1600), level, "LN")
    facts += extras(rng)
    return facts


def stop(rng: random.Random, start: int, chance: float) -> tuple[int | None, str]:
    """The end of a line and why it ended."""
    if rng.random() > chance:
        return None, ""
    end = min(-1, start + rng.choice([20, 60, 119, 120, 130, 150, 170, 179, 180, 250, 500]))
    reasons = ["", "intolerance", "ineffective", "remission", "non-adherence", "completed"]
    return end, rng.choices(reasons, [2, 3, 1, 2, 0.5, 1])[0]


def last_line(rng: random.Random, start: int) -> Facts:
    kinds = [
        "MPAA",
        "CYC",
        "CYC+AZA",
        "CYC+MPAA",
        "RTX+MPAA",
        "BEL+MPAA",
        "CNI+MPAA",
        "RTX",
        "AZA",
        "CNI",
        "RARE",
        "ADD-ON",
    ]
    kind = rng.choices(kinds, [9, 2, 2, 1, 2, 1.5, 3, 1, 0.5, 1, 0.4, 1.5])[0]
    end, reason = stop(rng, start, 0.25)
    if kind.startswith("CYC"):
        cyc = cyclophosphamide(rng, start, "" if kind != "CYC" else reason, "LN")
        after = (cyc.end or 0) + rng.choice([1, 20, 60, 61])
        if kind == "CYC" or after > -1:
            return cyc.facts
        if kind == "CYC+AZA":
            return [*cyc.facts, statement("azathioprine", after, None, 100, "mg/d")]
        return [*cyc.facts, statement("mycophenolate_mofetil", after, None, 2, "g/d")]
    if kind == "RTX":
        return rituximab(rng, start, reason, rng.choice(["rituximab", "obinutuzumab"])).facts
    simple: dict[str, tuple[str, float, str]] = {
        "AZA": ("azathioprine", 100, "mg/d"), "CNI": ("tacrolimus", 4, "mg/d"), "RARE": ("leflunomide", 20, "mg/d"),
    }  # fmt: skip
    if kind in simple:
        agent, dose, unit = simple[kind]
        return continuous(rng, agent, start, end, dose, unit, reason).facts
    facts = mycophenolate(rng, start, end, reason if kind == "MPAA" or rng.random() < 0.5 else "")
    later = min(-1, start + rng.choice([0, 0, 10, 60, 61, 100]))
    if kind == "RTX+MPAA":
        facts += rituximab(rng, later, "", rng.choice(["rituximab", "obinutuzumab"])).facts
    if kind == "BEL+MPAA":
        facts += belimumab(later, end, reason)
    if kind == "CNI+MPAA":
        agent = rng.choice(["tacrolimus", "voclosporin", "cyclosporine"])
        facts += continuous(rng, agent, later, end, 4, "mg/d", reason).facts
    if kind == "ADD-ON":
        begun = start - rng.choice([59, 60, 61, 200, 400])
        facts = mycophenolate(rng, begun, None, "")
        facts += continuous(rng, rng.choice(["tacrolimus", "belimumab"]), start, end, 4, "mg/d", reason).facts
    return facts


def mycophenolate(rng: random.Random, start: int, end: int | None, reason: str) -> Facts:
    dose = rng.choices([2.5, 2.0, 3.0, 1.99, 1.5, 1.0, None], [6, 3, 3, 0.5, 1, 0.5, 0.7])[0]
    if rng.random() < 0.1 and dose is not None:
        return [statement("mycophenolic_acid", start, end, rng.choice([1.44, 1.43, 0.72, 2.16]), "g/d", reason)]
    return continuous(rng, "mycophenolate_mofetil", start, end, dose, "g/d", reason).facts


def belimumab(start: int, end: int | None, reason: str) -> Facts:
    stop_day = 0 if end is None else end
    facts = [infusion("belimumab", day, 600) for day in range(start, stop_day + 1, 28)] or [
        infusion("belimumab", start, 600)
    ]
    if reason:
        facts[-1]["reason"] = reason
    return facts


def past(rng: random.Random, start: int, end: int) -> Facts:
    reason = rng.choices(["", "ineffective", "intolerance", "remission", "non-adherence"], [3, 6, 1, 1, 0.5])[0]
    kind = rng.choices(["MPAA", "CYC", "RTX", "BEL", "CNI+MPAA", "AZA", "CYC+AZA"], [5, 4, 3, 2, 2, 0.5, 1])[0]
    if kind == "MPAA":
        facts = mycophenolate(rng, start, end, reason)
    elif kind == "CYC":
        facts = cyclophosphamide(rng, start, reason, "LN").facts
    elif kind == "RTX":
        facts = rituximab(rng, start, reason, rng.choice(["rituximab", "obinutuzumab"])).facts
    elif kind == "BEL":
        facts = belimumab(start, end, reason)
    elif kind == "AZA":
        facts = [statement("azathioprine", start, end, 100, "mg/d", reason)]
    elif kind == "CYC+AZA":
        cyc = cyclophosphamide(rng, start, "", "LN")
        begin = (cyc.end or start) + 20
        facts = [*cyc.facts, statement("azathioprine", begin, max(end, begin), 100, "mg/d", reason)]
    else:
        facts = [*mycophenolate(rng, start, end, reason), statement("tacrolimus", start, end, 4, "mg/d", reason)]
    base = rng.uniform(2.5, 6)
    factor = rng.choice([1.0, 0.95, 0.76, 0.7, 0.6, 0.4, None])
    facts.append(observation("upcr", start - 5, round(base, 2), "g/g"))
    if factor is not None:
        facts.append(observation("upcr", end - rng.choice([2, 40]), round(base * factor, 2), "g/g"))
    return facts


def biopsy(rng: random.Random, onset: int) -> Facts:
    day = -rng.choice([30, 100, 180, 181, 250, 365, 366, 900])
    day = max(day, onset)
    kinds = ["III", "IV", "III+V", "IV+V", "V", "I", "II", "VI", None]
    ln_class = rng.choices(kinds, [4, 8, 2, 1, 4, 0.4, 0.4, 0.5, 0.5])[0]
    facts: Facts = [{"r": "Procedure", "concept": "kidney_biopsy", "day": day, "status": "completed"}]
    if ln_class:
        facts.append(observation("ln_class", day, ln_class))
    choices: list[tuple[float, Facts]] = [
        (0.06, [observation("fibrinoid_necrosis", day, rng.choice(["positive", "negative"]))]),
        (0.10, [observation("crescents_pct", day, near(rng, 0, 60, 25, 24), "%")]),
        (0.03, [observation("tma_on_biopsy", day, rng.choice(["positive", "negative"]))]),
        (0.08, [observation("ln_activity_index", day, rng.choice([1, 2, 3, 8]), "{score}"),
                observation("ln_chronicity_index", day, rng.choice([2, 5, 6, 8]), "{score}")]),
    ]  # fmt: skip
    return facts + [fact for chance, some in choices if rng.random() < chance for fact in some]


def proteinuria(rng: random.Random, start: int, treated: bool) -> Facts:
    base = near(rng, 1.5, 7, 3, 4, 2)
    kind = rng.choices(
        ["none", "some", "PR", "CR", "flare", "flare-pr", "worse", "stale", "small"], [9, 2, 2, 1.5, 4, 2, 2, 0.4, 0.5]
    )[0]
    now = {
        "none": base * rng.uniform(0.76, 1.02), "some": base * rng.choice([0.75, 0.7, 0.55]),
        "PR": min(base * 0.5, 2.9),
        "CR": rng.choice([0.2, 0.4, 0.49, 0.5]), "flare": rng.choice([0.9, 1.0, 1.4, 2.5, 4.0]),
        "flare-pr": rng.choice([1.9, 2.0, 2.6, 3.5]), "worse": base * 1.2, "stale": base, "small": 0.45,
    }[kind]  # fmt: skip
    when = -rng.choice([91, 120]) if kind == "stale" else -rng.choice([0, 3, 10, 30, 60, 90])
    facts: Facts = []
    if kind == "small":
        base = 0.6
    if rng.random() < 0.95:
        facts.append(observation("upcr", start + rng.choice([-10, -2, 7, -100, 20]), round(base, 2), "g/g"))
    if kind.startswith("flare") and treated:
        low = rng.choice([0.2, 0.4, 0.49]) if kind == "flare" else base * rng.choice([0.3, 0.4, 0.5])
        turn = start + max(31, int((-start + when) * rng.uniform(0.3, 0.8)))
        facts.append(observation("upcr", min(turn, when - 1), round(low, 2), "g/g"))
        if rng.random() < 0.6:
            facts.append(observation("upcr", when - rng.choice([13, 14, 30]), round(now * 0.98, 2), "g/g"))
    elif rng.random() < 0.5:
        facts.append(observation("upcr", start // 2, round((base + now) / 2, 2), "g/g"))
    facts.append(observation("upcr", when, round(now, 2), "g/g"))
    return facts


def extras(rng: random.Random) -> Facts:
    choices: list[tuple[float, dict[str, Any]]] = [
        (0.10, observation("sediment_active", -rng.choice([5, 60, 61]), "positive")),
        (0.12, observation("c3", -rng.choice([5, 60, 61]), near(rng, 0.4, 1.4, 0.9), "g/L")),
        (0.10, condition("ln_flare", -rng.choice([10, 30, 31, 200, 900]))),
        (
            0.07,
            observation(
                "adherence", -rng.choice([20, 180, 181]), rng.choice(["non-adherent", "non-adherent", "adherent"])
            ),
        ),
        (0.02, condition("kidney_transplant", -100)),
        (0.03, condition("membranous_nephropathy", -500)),
        (0.02, condition("acute_kidney_injury", -10)),
    ]
    return [fact for chance, fact in choices if rng.random() < chance]
