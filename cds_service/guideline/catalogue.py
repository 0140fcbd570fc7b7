"""The guidelines there are, which one a case belongs to, and the one assessment it gets.

Source: clinical-spec section 5 step 0, section 1 (routing), rulings R-01, R-02, R-08.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment, Disease, Step
from cds_service.guideline.background import SUSPECTED, Problems, problems_of, routed
from cds_service.guideline.bounds import decided_by_bounds
from cds_service.guideline.doubled import decided_by_doubles
from cds_service.guideline.lupus.candidates import NOTHING_LEFT, RESCUE_MENU, RESCUE_MENU_IN_PREGNANCY
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.lupus.steps import STEPS as LUPUS_STEPS
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.membranous.steps import STEPS as MEMBRANOUS_STEPS
from cds_service.guideline.names import decided_by_codes
from cds_service.guideline.needs import KEEP
from cds_service.guideline.picture import Picture
from cds_service.guideline.rows import Answer, decided, rules_of
from cds_service.guideline.safety import Offer, deferred, offer
from cds_service.guideline.summary import assessment_of
from cds_service.guideline.thresholds import Thresholds

__all__ = ["DEFAULT_THRESHOLDS", "DISEASES", "KEEP", "all_rules", "assess_all"]

KNOWLEDGE_VERSION = "1.0"
ADULT = 18
ONLY_TEXT = "CODE_UNMAPPED"
UNREAD_DIAGNOSIS = frozenset({"UNREADABLE", "CODE_CONFLICT", ONLY_TEXT, "NO_SUBJECT"})
DEFAULT_THRESHOLDS = Thresholds()
DISEASES: Mapping[Disease, str] = {"MN": "membranous nephropathy", "LN": "lupus nephritis"}
SCOPE_RULES = ("SC-01", "SC-02", "SC-03")
SAFETY_RULES = ("SAFE-01", "SAFE-02")


def all_rules() -> tuple[str, ...]:
    """Every rule id that an assessment can carry."""
    return (*SCOPE_RULES, *rules_of(MEMBRANOUS_STEPS), "LN-D0", *rules_of(LUPUS_STEPS), *SAFETY_RULES)


def assess_all(case: Case, on: date, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> tuple[Assessment, ...]:
    """The assessment of the case on that day, one for each disease that speaks: confirmed lupus nephritis wins over
    a membranous code, which often stands for class V.
    """
    known, today = case.until(on), on.toordinal()

    def once(seen: Case) -> Assessment:
        return _assess(seen, on, thresholds)

    def by_codes(seen: Case) -> Assessment:
        return decided_by_codes(seen, once)

    coded = False not in [exposure.coded for exposure in known.exposures]

    def assess(seen: Case) -> Assessment:
        return decided_by_bounds(seen, today, once if coded else by_codes)

    return (decided_by_doubles(known, today, assess) if known.disagreements else assess(known),)


def _assess(case: Case, on: date, thresholds: Thresholds) -> Assessment:
    problems = problems_of(case)
    route = _route(case, problems)
    if route.startswith("LN"):
        lupus = LupusPicture(case, problems, on.toordinal(), thresholds)
        return _outside(lupus, "LN") or _lupus(lupus, suspected=route == "LN?")
    picture = MembranousPicture(case, problems, on.toordinal(), thresholds)
    return _outside(picture, "MN" if route else None) or _membranous(picture, unread=route == "MN?")


def _route(case: Case, problems: Problems) -> str:
    """LN when confirmed, MN in any other stated form, "LN?" for suspected lupus nephritis alone, else empty."""
    lupus_entries = routed(problems, "lupus_nephritis")
    if "confirmed" in [condition.verification for condition in lupus_entries]:
        return "LN"
    membranous = [*routed(problems, "membranous_nephropathy"), *routed(problems, "secondary_membranous_nephropathy")]
    unread = _unread_diagnoses(case) if case.set_aside else {}
    if "lupus_nephritis" in unread:
        # A text establishes nothing (section 1): it stands back behind a diagnosis. A code may be the confirmed one.
        established = not SUSPECTED.issuperset([condition.verification for condition in membranous])
        return "MN" if established and unread["lupus_nephritis"] == {ONLY_TEXT} else "LN?"
    if membranous:
        return "MN"
    if "membranous_nephropathy" in unread:
        return "MN?"
    return "LN?" if lupus_entries else ""


def _unread_diagnoses(case: Case) -> Mapping[str, set[str]]:
    """Diseases whose problem-list entry came and could not be used, and why: asked for, never passed over."""
    found: dict[str, set[str]] = {}
    for item in case.set_aside:
        if item.reason in UNREAD_DIAGNOSIS and item.resource.startswith("Condition"):
            found.setdefault(item.concept, set()).add(item.reason)
    return found


def _outside(p: Picture, disease: Disease | None) -> Assessment | None:
    """Step 0: children, dialysis and transplant, neither disease. A missing birth date is said, not guessed."""
    oldest = p.oldest_years
    if oldest is not None and oldest < ADULT:
        return _no_card("SC-01", f"age {oldest}", disease)
    performed = [procedure.concept for procedure in p.case.procedures]
    replaced = [name for name in ("dialysis", "kidney_transplant") if name in performed or p.active(name)]
    if replaced:
        return _no_card("SC-02", " and ".join(replaced).replace("_", " "), disease)
    if disease is None:
        return _no_card("SC-03", "neither disease is on the problem list as active", None)
    if p.years is None or p.years < ADULT:
        return Assessment(
            disease=disease,
            state=f"{disease}_INSUFFICIENT_DATA",
            action="DATA_REQUEST",
            rule="SC-01",
            missing=("BIRTH_DATE",),
            trace=(Step("step 0", "Is the patient an adult?", "birth date missing or not exact enough", True),),
        )
    return None


def _no_card(rule: str, saw: str, disease: Disease | None) -> Assessment:
    step = Step("step 0", "Is the patient outside what the guidelines cover?", saw, True)
    return Assessment(disease=disease, state="OUT_OF_SCOPE", action="NO_CARD", rule=rule, trace=(step,))


def _membranous(p: MembranousPicture, *, unread: bool) -> Assessment:
    p.look()
    if not unread:
        return assessment_of(p, deferred(p, offer(p, decided(MEMBRANOUS_STEPS, p))))
    answer = Answer(
        "MN_INSUFFICIENT_DATA", "DATA_REQUEST", "MN-D0", "entry unreadable", missing=("MN_DIAGNOSIS_CONFIRMATION",)
    )
    p.trace.append(Step("MN step 0", "Could the diagnosis be read?", "its entry was set aside", True))
    return assessment_of(p, Offer(answer))


def _lupus(p: LupusPicture, *, suspected: bool) -> Assessment:
    p.look()
    if suspected:
        return _suspected_lupus(p)
    answer = decided(LUPUS_STEPS, p)
    offered = offer(p, answer)
    if answer.action == "START_CLASS" and not offered.classes:
        return assessment_of(p, replace(offered, answer=_rescue(p, answer)), replaced_rule=answer.rule)
    return assessment_of(p, deferred(p, offered))


def _suspected_lupus(p: LupusPicture) -> Assessment:
    answer = Answer(
        "LN_INSUFFICIENT_DATA", "DATA_REQUEST", "LN-D0", "only suspected", missing=("LN_DIAGNOSIS_CONFIRMATION",)
    )
    p.trace.append(Step("LN step 0", "Is the diagnosis only suspected?", "not confirmed", True))
    return assessment_of(p, Offer(answer))


def _rescue(p: LupusPicture, answer: Answer) -> Answer:
    """No candidate left: the rescue menu of an expert centre, from whichever table it came (R-08, R-21)."""
    menu = RESCUE_MENU_IN_PREGNANCY if p.pregnant else RESCUE_MENU
    saw = f"{answer.rule} has no class left"
    p.trace.append(Step("LN 6.4-8", "Is no class left?", saw, True))
    return Answer(answer.state, "REFER_EXPERT", NOTHING_LEFT, saw, notes=answer.notes, menu=menu)
