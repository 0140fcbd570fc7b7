"""The engine and the independent oracle answer alike on invented patients.

`CDS_ORACLE_SEEDS` sets how many (default 2000). Read a difference with
`python -m tests.oracle.differential --show SEED`.
"""

from __future__ import annotations

import os

from tests.oracle.differential import compare, report
from tests.oracle.generator_blurred import blurred_vignette

SEEDS = int(os.environ.get("CDS_ORACLE_SEEDS", "2000"))

# Invented charts on which the two read the specification differently, and why the engine keeps its reading.
SETTLED = {
    146: "five days of azathioprine between cyclophosphamide pulses are no line of their own",
    506: "rituximab at full dose is judged on its own when its partner was given for 119 days (R-23 by analogy)",
    1489: "mycophenolate alone that had failed before is not repeated, although it worked later (section 9)",
    1757: "a reason for ending that is older than the line says nothing about the line",
    2062: "maintenance joins the cyclophosphamide it follows, also past one day of azathioprine (TL-8)",
    2068: "mycophenolate and tacrolimus going on, begun 60 days apart, are one regimen before a planned sequence",
    4121: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    4229: "rituximab was not tolerated and the cyclophosphamide went on for two months more: judged by that (R-24)",
    4368: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    5141: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    7609: "a class that had failed before is not repeated in a flare, although it worked later (section 9)",
    8407: "a class that had failed before is not repeated in a flare, although it worked later (section 9)",
    8743: "a reason for ending that is older than the line says nothing about the line",
    8997: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    9135: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    9439: "maintenance joins the cyclophosphamide it follows, also beside another line (TL-8)",
    9816: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    10263: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    11385: "a class that had failed before is not repeated in a flare, although it worked later (section 9)",
    11423: "any non-adherence of the last 180 days counts, also when a later answer says adherent",
    11500: "a coded relapse counts as earlier when it is more than 30 days old",
    11558: "a class that had failed before is not repeated in a flare, although it worked later (section 9)",
    11952: "a drug not tolerated beside a partner that goes on or acts on: judged by the partner (R-24)",
    11980: "a class that had failed before is not repeated in a flare, although it worked later (section 9)",
}
# The same with days that are not told, records that cannot be placed and doubled values, where that makes a difference.
SETTLED_BLURRED = {
    **{seed: SETTLED[seed] for seed in (146, 1489, 1757, 2062, 2068, 5141, 8407, 8997, 10263, 11385, 11423)},
    4092: "rituximab at full dose is judged first, its partner of unknown length asked for at step 19 (R-23)",
}


def test_engine_and_oracle_agree_on_invented_patients() -> None:
    found = compare(seed for seed in range(SEEDS) if seed not in SETTLED)
    assert not found, "\n" + report(found)


def test_engine_and_oracle_agree_on_patients_of_whom_less_is_known() -> None:
    """Decision 10: drugs without a first or last day, records without a name, two values of one moment."""
    found = compare((seed for seed in range(SEEDS) if seed not in SETTLED_BLURRED), blurred_vignette)
    assert not found, "\n" + report(found)


def test_every_settled_difference_still_exists() -> None:
    for seed in SETTLED:
        assert compare([seed]), f"seed {seed} agrees now: take it off the list"
    for seed in SETTLED_BLURRED:
        assert compare([seed], blurred_vignette), f"seed {seed}, blurred, agrees now: take it off the list"
