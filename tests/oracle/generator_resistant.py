"""Clean textbook courses of membranous nephropathy, so that the rare rows of the tables are reached too."""

from __future__ import annotations

import random

from tests.oracle.generator_parts import Facts, condition, infusion, observation, statement

EGFR_UNIT = "mL/min/1.73m2"


def textbook(rng: random.Random) -> Facts:
    """One or two adequate lines without response, a long-held half dose, or an antibody gone for years."""
    kind = rng.choices(["resistant", "half-dose", "antibody-gone", "untreated"], [8, 1, 1, 1])[0]
    start = -rng.choice([180, 200, 240, 300, 366])
    facts: Facts = [condition("membranous_nephropathy", -1500), observation("pla2r_stain", -1495, "positive")]
    facts.append(
        {"r": "Procedure", "concept": "kidney_biopsy", "day": -rng.choice([700, 730, 1495]), "status": "completed"}
    )
    if kind == "half-dose":
        return facts + half_dose(rng)
    if kind == "antibody-gone":
        return facts + antibody_gone(rng)
    if kind == "untreated":
        return facts + untreated(rng)
    for therapy, begin in zip(rng.sample(["RTX", "CYC", "CNI"], rng.choice([1, 1, 2])), (start, -1000), strict=False):
        facts += adequate(therapy, begin, last=begin == start, agent=rng.choice(["tacrolimus", "cyclosporine"]))
        facts.append(observation("proteinuria_24h", begin - 5, 9.0, "g/d"))
    facts.append(observation("proteinuria_24h", -10, rng.choice([8.8, 7.0, 6.4, 6.31]), "g/d"))
    facts.append(observation("albumin", -10, rng.choice([22, 27, 34.9]), "g/L"))
    level = rng.choice([100.0, 80.0, 70.0, 55.0])
    now = level * rng.choice([0.95, 1.0, 0.8, 0.7])
    facts += [observation("egfr", start - 3, level, EGFR_UNIT), observation("egfr", -60, round(now, 2), EGFR_UNIT)]
    facts.append(observation("egfr", -10, round(now, 2), EGFR_UNIT))
    facts.append(observation("anti_pla2r_elisa", start - 3, 100.0, "RU/mL"))
    facts.append(observation("anti_pla2r_elisa", -10, rng.choice([95.0, 60.0, 50.0, 30.0, 50.1]), "RU/mL"))
    if rng.random() < 0.15:
        facts.append(observation("anti_rituximab_ab", -20, "positive"))
    return facts


def adequate(therapy: str, begin: int, last: bool, agent: str) -> Facts:
    if therapy == "RTX":
        reason = "" if last else "ineffective"
        facts = [infusion("rituximab", begin, 1000), infusion("rituximab", begin + 14, 1000, "mg", reason)]
        return [*facts, observation("cd19_count", begin + 60, 0, "cells/uL")]
    if therapy == "CYC":
        return [statement("cyclophosphamide", begin, begin + 89, 150, "mg/d", "ineffective")]
    dose, level = (6, 6.0) if agent == "tacrolimus" else (250, 150.0)
    end = None if last else begin + 250
    trough = observation(f"{agent}_trough", -40 if last else begin + 200, level, "ng/mL")
    return [statement(agent, begin, end, dose, "mg/d", "" if last else "ineffective"), trough]


def half_dose(rng: random.Random) -> Facts:
    turn = -rng.choice([100, 364, 365, 366, 500])
    now = rng.choice([0.2, 1.5])
    return [
        statement("tacrolimus", -900, turn - 1, 6, "mg/d"),
        statement("tacrolimus", turn, None, rng.choice([3, 3.3, 3.31, 3.6]), "mg/d"),
        observation("proteinuria_24h", -903, 8.0, "g/d"),
        observation("proteinuria_24h", -10, now, "g/d"),
        observation("albumin", -10, rng.choice([35, 40, 34]), "g/L"),
        observation("egfr", -720, 80, EGFR_UNIT),
        observation("egfr", -10, 79, EGFR_UNIT),
        observation("anti_pla2r_elisa", -10, rng.choice([1.0, 60.0, 50.0]), "RU/mL"),
    ]


def antibody_gone(rng: random.Random) -> Facts:
    return [
        *adequate("RTX", -1100, last=True, agent=""),
        observation("proteinuria_24h", -1105, 9.0, "g/d"),
        observation("proteinuria_24h", -10, rng.choice([6.5, 5.0, 4.4]), "g/d"),
        observation("albumin", -10, rng.choice([28, 34.9, 35]), "g/L"),
        observation("egfr", -700, 80, EGFR_UNIT),
        observation("egfr", -60, rng.choice([79, 60]), EGFR_UNIT),
        observation("egfr", -10, rng.choice([79, 60]), EGFR_UNIT),
        observation("anti_pla2r_elisa", -1105, 90.0, "RU/mL"),
        observation("anti_pla2r_elisa", -rng.choice([500, 729, 730, 731, 800]), 1.0, "RU/mL"),
        observation("anti_pla2r_elisa", -10, 1.9, "RU/mL"),
    ]


def untreated(rng: random.Random) -> Facts:
    return [
        observation("proteinuria_24h", -rng.choice([179, 180, 250]), rng.choice([6.0, 8.5]), "g/d"),
        observation("proteinuria_24h", -10, rng.choice([5.0, 8.0, 8.1, 3.5, 3.0]), "g/d"),
        observation("albumin", -10, rng.choice([24.9, 25, 30]), "g/L"),
        observation("egfr", -200, 90, EGFR_UNIT),
        observation("egfr", -10, rng.choice([85, 60, 59.9]), EGFR_UNIT),
        observation("anti_pla2r_elisa", -10, rng.choice([20.0, 50.0, 50.1]), "RU/mL"),
    ]
