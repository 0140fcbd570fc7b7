"""Oracle against engine: `python -m tests.oracle.differential --n 5000 [--first 0] [--show SEED]`."""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from tests.oracle.adapter import build_case
from tests.oracle.facts import INDEX
from tests.oracle.generator import random_vignette
from tests.oracle.generator_blurred import blurred_vignette
from tests.oracle.judge import judge

FIELDS = ("rule", "state", "action", "next_class", "alternatives", "vetoed", "missing", "severity", "notes")
Difference = tuple[str, str, str, str]


def engine() -> Callable[..., Any]:
    """The engine's `assess_all`; ImportError with a clear sentence when it is not there."""
    try:
        return import_module("cds_service.guideline.catalogue").assess_all  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as missing:
        raise ImportError(f"cds_service.guideline.catalogue.assess_all is not there yet: {missing}") from missing


def oracle_answer(vignette: dict[str, Any]) -> dict[str, Any]:
    verdict = judge(vignette)
    if verdict.action == "NO_CARD":
        return {"action": "NO_CARD", "rule": verdict.rule}
    return {
        "rule": verdict.rule, "state": verdict.state, "action": verdict.action, "next_class": verdict.next_class or "",
        "alternatives": tuple(verdict.alternatives), "vetoed": tuple(sorted(c for c, _ in verdict.vetoed)),
        "missing": tuple(sorted(verdict.missing)), "severity": verdict.severity, "notes": tuple(sorted(verdict.notes)),
    }  # fmt: skip


def engine_answer(vignette: dict[str, Any], assess_all: Callable[..., Any]) -> dict[str, Any]:
    answers = tuple(assess_all(build_case(vignette), INDEX))
    cards = [a for a in answers if a.action != "NO_CARD"]
    if not cards:
        return {"action": "NO_CARD", "rule": answers[0].rule if answers else ""}
    one = cards[0]
    return {
        "rule": one.rule if len(cards) == 1 else f"{len(cards)} cards", "state": one.state, "action": one.action,
        "next_class": one.next_class or "", "alternatives": tuple(one.alternatives),
        "vetoed": tuple(sorted({v.therapy_class for v in one.vetoed})), "missing": tuple(sorted(one.missing)),
        "severity": one.severity, "notes": tuple(sorted(n for n in one.notes if not n.startswith("VETO_"))),
    }  # fmt: skip


def differences(wanted: dict[str, Any], given: dict[str, Any]) -> Iterable[Difference]:
    """(field, wanted, given, rules): the first graded field that differs hides the ones that follow from it."""
    if "NO_CARD" in (wanted["action"], given["action"]):
        if wanted["action"] != given["action"]:
            yield "card", wanted["rule"], given["rule"], ""
        return
    for name in FIELDS:
        if wanted[name] == given[name]:
            continue
        left, right = wanted[name], given[name]
        if name == "notes":
            left, right = sorted(set(left) - set(right)), sorted(set(right) - set(left))
        yield name, str(left), str(right), wanted["rule"]
        if name == "rule":
            return


Invent = Callable[[random.Random], dict[str, Any]]


def compare(seeds: Iterable[int], invent: Invent = random_vignette) -> dict[Difference, list[int]]:
    """Every difference with the seeds that show it; `invent` makes the patient of a seed."""
    assess_all = engine()
    found: dict[Difference, list[int]] = defaultdict(list)
    for seed in seeds:
        vignette = invent(random.Random(seed))
        wanted = oracle_answer(vignette)
        try:
            given = engine_answer(vignette, assess_all)
        except Exception as fault:
            found[("crash", wanted["rule"], f"{type(fault).__name__}: {fault}", "")].append(seed)
            continue
        for difference in differences(wanted, given):
            found[difference].append(seed)
    return found


def shortest(seeds: list[int]) -> int:
    return min(seeds, key=lambda seed: len(random_vignette(random.Random(seed))["facts"]))


def report(found: dict[Difference, list[int]]) -> str:
    rows = sorted(found.items(), key=lambda item: (item[0][0], -len(item[1])))
    return "\n".join(
        f"{len(seeds):5}  {name:12} oracle {wanted} | engine {given} | {rule} | seed {shortest(seeds)}"
        for (name, wanted, given, rule), seeds in rows
    )


def show(seed: int, invent: Invent = random_vignette) -> str:
    vignette = invent(random.Random(seed))
    lines = [f"seed {seed}: {vignette['disease']} {vignette['patient']}"]
    for fact in sorted(vignette["facts"], key=lambda f: f.get("start", f.get("day", f.get("onset"))) or 0):
        lines.append("  " + " ".join(f"{k}={v}" for k, v in fact.items()))
    lines.append(f"oracle {oracle_answer(vignette)}")
    lines.append(f"engine {engine_answer(vignette, engine())}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int)
    parser.add_argument("--blurred", action="store_true", help="days not told, records not placed, doubled values")
    chosen = parser.parse_args()
    invent = blurred_vignette if chosen.blurred else random_vignette
    if chosen.show is not None:
        print(show(chosen.show, invent))
        return
    found = compare(range(chosen.first, chosen.first + chosen.n), invent)
    seeds = {seed for some in found.values() for seed in some}
    print(report(found))
    print(f"{len(seeds)} of {chosen.n} vignettes differ")


if __name__ == "__main__":
    main()
