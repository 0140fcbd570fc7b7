"""Invented patients for the comparison of oracle and engine: `random_vignette(random.Random(seed))`."""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import Any

from tests.oracle.generator_lupus import lupus
from tests.oracle.generator_membranous import membranous
from tests.oracle.generator_parts import safety
from tests.oracle.generator_records import spoil
from tests.oracle.generator_resistant import textbook


def random_vignette(rng: random.Random) -> dict[str, Any]:
    """One vignette in the fixture schema, without `expected`."""
    sex = rng.choice(["male", "female"])
    age = rng.choice([17, 18, 50, 51, 15]) if rng.random() < 0.04 else rng.randint(19, 78)
    disease = "MN" if rng.random() < 0.52 else "LN"
    if disease == "LN" and rng.random() < 0.7:
        sex, age = "female", min(age, rng.randint(19, 52))
    chosen = lupus if disease == "LN" else textbook if rng.random() < 0.15 else membranous
    facts = chosen(rng) + safety(rng, sex, age, disease)
    facts = [in_the_past(fact) for fact in spoil(rng, facts)]
    return {"id": "G", "title": "generated", "disease": disease, "patient": {"sex": sex, "age": age}, "facts": facts}


def in_the_past(fact: dict[str, Any]) -> dict[str, Any]:
    """No fact after the index date, and no period that ends before it begins."""
    fixed = {k: min(v, 0) if k in {"day", "onset", "start"} else v for k, v in fact.items()}
    if fixed.get("end") is not None:
        fixed["end"] = min(max(fixed["end"], fixed["start"]), 0)
    return fixed


def histogram(count: int) -> Counter[str]:
    from tests.oracle.judge import judge

    return Counter(judge(random_vignette(random.Random(seed))).rule for seed in range(count))


if __name__ == "__main__":
    for rule, number in sorted(histogram(int(sys.argv[1]) if len(sys.argv) > 1 else 20000).items()):
        print(f"{rule:8} {number}")
