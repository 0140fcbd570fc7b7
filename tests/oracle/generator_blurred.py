"""Charts in which days are not told, records cannot be placed, and two values stand for one moment (decision 10)."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.facts import CLASS_OF, NUMBERS
from tests.oracle.generator import random_vignette
from tests.oracle.generator_parts import Facts

AGENTS = sorted(CLASS_OF)


def blurred_vignette(rng: random.Random) -> dict[str, Any]:
    """An invented patient of whom less is known for certain."""
    vignette = random_vignette(rng)
    facts = [blurred(rng, dict(fact)) for fact in vignette["facts"]]
    if rng.random() < 0.25:
        facts.append(unplaced(rng))
    if rng.random() < 0.3:
        facts += doubled(rng, facts)
    if rng.random() < 0.2:
        facts.append(relapse(rng, vignette["disease"]))
    return vignette | {"facts": facts}


def blurred(rng: random.Random, fact: dict[str, Any]) -> dict[str, Any]:
    """`told` is what a drug record tells: all, start, end, nothing of its days, or no name."""
    if fact["r"] != "MedicationStatement" or fact.get("end") is None or rng.random() < 0.5:
        return fact
    return fact | {"told": rng.choice(["start", "start", "end", "nothing"])}


def unplaced(rng: random.Random) -> dict[str, Any]:
    told = rng.choice(["nothing", "nothing", "no name"])
    return {"r": "MedicationStatement", "concept": rng.choice(AGENTS), "start": -900, "end": -800, "told": told}


def relapse(rng: random.Random, disease: str) -> dict[str, Any]:
    concept = "mn_relapse" if disease == "MN" else "ln_flare"
    return {"r": "Condition", "concept": concept, "onset": None, "clinical": "active", "verification": "confirmed"}


def doubled(rng: random.Random, facts: Facts) -> Facts:
    """A second result of a day that has one, well apart from it."""
    final = [f for f in facts if f["r"] == "Observation" and f["concept"] in NUMBERS and f.get("status") is None]
    if not final:
        return []
    chosen = max(rng.sample(final, min(3, len(final))), key=lambda f: f["day"])
    return [chosen | {"value": round(chosen["value"] * rng.choice([0.4, 0.6, 0.75, 1.35, 2.0]), 3)}]
