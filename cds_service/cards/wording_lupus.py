"""Lupus nephritis: one entry per rule of clinical-spec 6.3 and 6.4."""

from __future__ import annotations

from cds_service.cards.wording_rules import RuleWording

_NO_RESPONSE = ("LN_RESPONSE", "LN_ADHERENCE", "LN_SCAR", "LN_EGFR")
_UNTREATED = ("LN_CLASS_CHANGE", "LN_EGFR", "LN_PREGNANT")
_ONE_REGIMEN = (
    "[One full-dose regimen has not worked (proteinuria {change} in {seen} days)|One full-dose regimen has not "
    "worked]; guidance now favours combination over another monotherapy, chosen by proteinuria and eGFR[ ({current}, "
    "eGFR {egfr})]."
)
_COMBINED = "The sequence of single drugs in older sources stays visible as an alternative (C-06)."

UNTREATED: dict[str, RuleWording] = {
    "LN-01": RuleWording(
        "LN class I/II: supportive care; immunosuppression only for lupus outside the kidney.",
        "Class I or II does not need immunosuppression for the kidney. Heavy proteinuria in class II suggests a "
        "podocyte disease and a second look at the biopsy.",
        change=("LN_CLASS_CHANGE",),
    ),
    "LN-02": RuleWording(
        "LN class VI: supportive care; immunosuppression no longer helps the kidney.",
        "Class VI means advanced sclerosis. Treat the kidney disease, not the nephritis, and plan for kidney "
        "replacement.",
        change=("LN_CLASS_CHANGE",),
    ),
    "LN-03": RuleWording(
        "Thrombotic microangiopathy on biopsy: urgent expert advice; treat its cause, not resistance.",
        "Apparent resistance is explained by TMA. Treatment follows the cause: anticoagulation in antiphospholipid "
        "syndrome, complement inhibition if complement-mediated, plasma exchange in TTP.",
        change=("LN_CLASS_CHANGE",),
    ),
    "LN-04a": RuleWording(
        "Severe proliferative LN, untreated[ ({current})]: consider {next} without delay.",
        "[Class {ln_class}. |]Falling eGFR, crescents or necrosis mark severe disease[; proteinuria is {current}].",
        "CYC_GC",
        "Intravenous cyclophosphamide with glucocorticoid is the established choice when the kidney is at risk.",
        _UNTREATED,
    ),
    "LN-04b": RuleWording(
        "Proliferative LN with heavy proteinuria[ ({current})], untreated: consider {next}.",
        "[Class {ln_class}. |][Proteinuria is {current}|Proteinuria is 3 g/g or more], without severe features.",
        "CNI_COMBO",
        "A CNI added to mycophenolate acts fastest on heavy proteinuria.",
        _UNTREATED,
    ),
    "LN-04c": RuleWording(
        "Proliferative LN, untreated[ ({current})]: consider {next}.",
        "[Class {ln_class}. |][Proteinuria is {current}, without|There are no] severe features.",
        "BEL_COMBO",
        "Belimumab added to standard therapy raises response and protects eGFR.",
        _UNTREATED,
    ),
    "LN-04d": RuleWording(
        "Class V LN below 1 g/g[ ({current})]: supportive care and hydroxychloroquine.",
        "[Proteinuria is {current}. |]Pure class V below 1 g/g does not need immunosuppression for the kidney (C-13).",
        change=("LN_CLASS_V_UP",),
    ),
    "LN-04v": RuleWording(
        "Class V LN, untreated[ ({current})]: consider {next}.",
        "[Proteinuria is {current}|Proteinuria is 1 g/g or more] in pure class V (threshold: C-13).",
        "CNI_COMBO",
        "A CNI added to mycophenolate lowers proteinuria best in class V.",
        _UNTREATED,
    ),
    "LN-05": RuleWording(
        "Active LN in pregnancy: {next} with glucocorticoid are the compatible options; involve experts.",
        "Pregnancy rules out mycophenolate, cyclophosphamide and, by default, biologics. Hydroxychloroquine, "
        "azathioprine, tacrolimus and glucocorticoid are compatible.",
        "AZA_CNI",
        "Care belongs with a team for high-risk pregnancy.",
        ("LN_AFTER_PREGNANCY",),
    ),
}

COURSE: dict[str, RuleWording] = {
    "LN-10": RuleWording(
        "Too early to judge[ (day {days})]: continue; target is 25 % less proteinuria by three months.",
        "[Day {days} of treatment|The line is young][; proteinuria {change} so far]. Response is judged from four "
        "months on unless eGFR falls.",
        change=("LN_AT_SIX_MONTHS", "LN_EGFR"),
    ),
    "LN-11": RuleWording(
        "eGFR is falling early in treatment[ ({egfr_fall}, day {days})]: expert advice now.",
        "[eGFR has fallen {egfr_fall}|eGFR has fallen] within the first four months of treatment. Waiting for the "
        "usual time to judge is not safe.",
        change=("FALL_EXPLAINED",),
    ),
    "LN-13": RuleWording(
        "Responding[: proteinuria {change} in {time}]: continue and optimise; judge again by 12 months.",
        "[Proteinuria {change} in {seen} days. |]The trend does not meet the definition of non-response; full "
        "response often takes 12 months.",
        change=("LN_AT_SIX_MONTHS", "LN_EGFR"),
    ),
    "LN-14": RuleWording(
        "Not resistance yet: doses were missed. Secure adherence (levels, IV forms), then judge again.",
        "Apparent resistance is explained by adherence. Drug levels, hydroxychloroquine levels and intravenous forms "
        "help.",
        change=("ADEQUATE_NOW",),
    ),
    "LN-15": RuleWording(
        "Not resistance yet: under-dosed[ (mycophenolate {mpaa_dose_g}/d)]. Reach full dose, then judge again.",
        "Apparent resistance is explained by dose[: mycophenolate {mpaa_dose_g}/d against a target of 2-3 g/d]. A "
        "regimen below full dose has not failed.",
        change=("ADEQUATE_NOW",),
    ),
    "LN-16": RuleWording(
        "Scarring without activity on biopsy: supportive care, no escalation.",
        "Apparent resistance is explained by scarring: low activity and high chronicity on a recent biopsy. More "
        "immunosuppression would add harm only.",
        change=("LN_ACTIVITY_BACK",),
    ),
    "LN-17": RuleWording(
        "eGFR down[ {egfr_fall}| 20 % or more] on a CNI: reduce or hold it and repeat before judging.",
        "[eGFR has fallen {egfr_fall}|eGFR has fallen by 20 % or more] since the CNI began. CNI effect is the first "
        "explanation; stop at a fall above 30 %.",
        change=("CREATININE_BACK",),
    ),
    "LN-19": RuleWording(
        "LN, [{line} stopped early|last line stopped early] for intolerance: consider {next}.",
        "[{line}|The last line] was stopped for intolerance before it could be judged. It has not failed, but it is "
        "not suggested again.",
        change=("LN_RESPONSE", "LN_EGFR"),
    ),
    "LN-45": RuleWording(
        "Proteinuria is up[ ({current}, lowest {nadir})| ({current})], below the flare threshold: repeat in 4-8 weeks.",
        "[Proteinuria is {current} against a lowest value of {nadir}|Proteinuria is up a little]. This is neither "
        "response nor flare.",
        change=("LN_FLARE_MET",),
    ),
    "LN-50": RuleWording(
        "Responding or quiet LN[ ({current})]: continue; at least 36 months of treatment in all.",
        "[Proteinuria is {current} and the|The] response target is met. Early withdrawal brings flares: total "
        "duration of at least 36 months is advised.",
        change=("LN_FLARE_MET", "LN_PREGNANT"),
    ),
    "LN-51": RuleWording(
        "Partial response at one year[ ({current})]: continue; a repeat biopsy can tell activity from scar.",
        "[Proteinuria is {current}|Proteinuria is 0.7 g/g or more] after a year. A repeat biopsy decides between more "
        "treatment and none.",
        change=("LN_SCAR", "LN_FLARE_MET"),
    ),
}

NO_RESPONSE: dict[str, RuleWording] = {
    "LN-20a": RuleWording(
        "LN not responding, severe[ ({current})]: consider {next} without delay.",
        _ONE_REGIMEN,
        "CYC_GC",
        f"Cyclophosphamide leads in severe disease. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-20b": RuleWording(
        "LN not responding, heavy proteinuria[ ({current})]: consider {next}.",
        _ONE_REGIMEN,
        "CNI_COMBO",
        f"At 3 g/g and above adding a CNI is favoured. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-20c": RuleWording(
        "LN not responding[ (proteinuria {change} in {time})]: consider {next}.",
        _ONE_REGIMEN,
        "BEL_COMBO",
        f"Below 3 g/g adding belimumab is favoured. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-21a": RuleWording(
        "LN not responding to cyclophosphamide, severe[ ({current})]: consider {next} without delay.",
        _ONE_REGIMEN,
        "ANTI_CD20_COMBO",
        f"Cyclophosphamide is used up; B-cell depletion with mycophenolate background leads. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-21b": RuleWording(
        "LN not responding to cyclophosphamide, heavy proteinuria[ ({current})]: consider {next}.",
        _ONE_REGIMEN,
        "CNI_COMBO",
        f"A CNI with mycophenolate background is favoured at 3 g/g and above. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-21c": RuleWording(
        "LN not responding to cyclophosphamide[ (proteinuria {change})]: consider {next}.",
        _ONE_REGIMEN,
        "BEL_COMBO",
        f"Belimumab with mycophenolate background is favoured below 3 g/g. {_COMBINED}",
        _NO_RESPONSE,
    ),
    "LN-24": RuleWording(
        "Refractory LN ([{failed_count} adequate regimens failed|two or more regimens failed]): consider {next}; "
        "refer.",
        "[{failed_count} different adequate regimens|Two different adequate regimens] failed in an adherent patient[; "
        "proteinuria is {current}].",
        "ANTI_CD20_COMBO",
        "B-cell depletion is the usual next step; obinutuzumab where licensed, rituximab where not (C-07).",
        _NO_RESPONSE,
    ),
    "LN-25": RuleWording(
        "Refractory and severe LN, cyclophosphamide not yet used: consider {next}; refer.",
        "[{failed_count} different adequate regimens|Two different adequate regimens] failed and disease is severe[; "
        "proteinuria is {current}][, eGFR {egfr}].",
        "CYC_GC",
        "Cyclophosphamide leads because it has not been used and the kidney is at immediate risk.",
        _NO_RESPONSE,
    ),
    "LN-26": RuleWording(
        "Refractory LN after anti-CD20[ ({current})]: consider {next}; refer.",
        "Two or more regimens failed, anti-CD20 among them[; proteinuria is {current}]. Evidence for what follows is "
        "weak; the order goes by severity and proteinuria.",
        change=_NO_RESPONSE,
    ),
    "LN-27": RuleWording(
        "LN with no standard class left: expert centre; only rescue options with limited evidence remain.",
        "Only rescue options with limited evidence remain[; proteinuria is {current}]. They belong in a centre with "
        "trials and experience.",
        change=_NO_RESPONSE,
    ),
    "LN-30": RuleWording(
        "Class V LN not responding[ (proteinuria {change} in {time})]: consider {next}.",
        "[Pure class V: proteinuria {change} in {seen} days to {current}|Pure class V has not responded to one "
        "adequate regimen].",
        "CNI_COMBO",
        "A CNI added to mycophenolate lowers proteinuria best in class V.",
        _NO_RESPONSE,
    ),
    "LN-31": RuleWording(
        "Refractory class V LN[ ({current})]: consider {next}; refer.",
        "Two or more adequate regimens failed in pure class V[; proteinuria is {current}].",
        "ANTI_CD20_COMBO",
        "B-cell depletion is the usual next step in refractory disease; evidence in class V is weak.",
        _NO_RESPONSE,
    ),
}
