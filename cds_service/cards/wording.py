"""The sentences of every rule, gathered from the tables by disease and situation."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.cards import wording_lupus, wording_lupus_flare, wording_membranous, wording_membranous_course
from cds_service.cards.wording_rules import SCOPE_AND_SAFETY, RuleWording

RULES: Mapping[str, RuleWording] = {
    **SCOPE_AND_SAFETY,
    **wording_membranous.UNTREATED,
    **wording_membranous.RESISTANT,
    **wording_membranous.RELAPSE,
    **wording_membranous_course.COURSE,
    **wording_membranous_course.ADEQUACY,
    **wording_membranous_course.DATA,
    **wording_lupus.UNTREATED,
    **wording_lupus.COURSE,
    **wording_lupus.NO_RESPONSE,
    **wording_lupus_flare.FLARE,
    **wording_lupus_flare.DATA,
}
