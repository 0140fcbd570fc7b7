"""A drug that only a name tells, without a code, never decides that a line has failed (terminology.md section 6).

It ends "untreated", it forbids what was not tolerated, and it raises doubt. Where a class would be started because
another has failed, the guideline is run without such records, too; if that leads elsewhere, they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cds_service.case.drug_classes import LINE_CLASS_OF
from cds_service.case.model import Case, Exposure, SetAside
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.bounds import offered_by_all
from cds_service.guideline.picture import KNOWN_BY_NAME

# Relapse, flare and intolerance are answered whatever is not known of past lines (clinical-spec 3.4).
RESTS_ON_FAILURE = frozenset(
    {"MN_RESISTANT", "MN_RTX_PARTIAL_IMMUNOLOGIC", "MN_CNI_TOXICITY", "LN_NO_RESPONSE", "LN_REFRACTORY"}
)


def decided_by_codes(case: Case, assess: Callable[[Case], Assessment]) -> Assessment:
    """The assessment of the case, starting a class after a failure only where the codes alone tell of that failure."""
    told = assess(case)
    if told.action != "START_CLASS" or told.state not in RESTS_ON_FAILURE:
        return told
    named = [exposure for exposure in case.exposures if _is_named(exposure)]
    coded = replace(case, exposures=tuple([exposure for exposure in case.exposures if not _is_named(exposure)]))
    without = assess(coded)
    if (without.state, without.rule) == (told.state, told.rule):
        return offered_by_all(told, (told, without))
    doubted = tuple([SetAside(e.source, KNOWN_BY_NAME, e.agent, e.start) for e in named])
    asked = assess(replace(coded, set_aside=(*case.set_aside, *doubted)))
    return replace(offered_by_all(asked, (told, asked)), undecided=(*asked.undecided, *doubted))


def _is_named(exposure: Exposure) -> bool:
    return not exposure.coded and exposure.agent in LINE_CLASS_OF
