"""Membranous nephropathy, rules about the present line: remission, waiting, adequacy, missing results (5, 5.2, 5.3)."""

from __future__ import annotations

from cds_service.cards.wording_rules import RuleWording

COURSE: dict[str, RuleWording] = {
    "MN-06": RuleWording(
        "Too early to judge[ {line}][ (day {days})]: continue[; proteinuria {change} so far].",
        "[Day {days} of {line}|The present line is young]: response is judged from four to six months on. "
        "[Proteinuria {change} so far.]",
        change=("AT_SIX_MONTHS", "EGFR_FALL_ANEW"),
    ),
    "MN-11": RuleWording(
        "Responding[: proteinuria {change} in {time}]: continue, do not stop at six months.",
        "The trend is favourable[ (proteinuria {change} in {seen} days, {current})]; do not stop at six months. "
        "Remissions keep accruing through the first year and beyond; a CNI stays at its target trough for 12 months.",
        change=("TREND_REVERSES", "EGFR_FALL_ANEW"),
    ),
    "MN-12": RuleWording(
        "Remission on CNI[ ({current})]: step down slowly to half dose, then hold; do not stop abruptly.",
        "Remission is reached[ ({current})]; step down every 4-8 weeks to about half the starting dose and hold it. "
        "Never stop abruptly: early withdrawal brings relapse.",
        change=("RELAPSE_MET", "CREATININE_UP"),
    ),
    "MN-13": RuleWording(
        "Remission on reduced CNI[ ({reduced_days} of 365 days)]: hold this dose for at least 12 months.",
        "[The reduced dose ({dose_fraction} of the start) has been held for {reduced_days} days|The dose is reduced]. "
        "Hold about half dose for at least 12 months; watch creatinine and relapse.",
        change=("RELAPSE_MET", "CREATININE_UP"),
    ),
    "MN-14": RuleWording(
        "Remission held on reduced CNI[ for {reduced_time}]: stopping can be discussed to spare the kidney.",
        "The reduced dose has been held for a year or more[ ({reduced_days} days)]. Discontinuation may be considered "
        "after 12-24 months to limit nephrotoxicity; relapse after CNI is common (about one in four).",
        change=("RELAPSE_MET", "ANTIBODY_BACK"),
    ),
    "MN-15a": RuleWording(
        "[Creatinine up {creatinine_rise}|eGFR down {cni_egfr_fall}|Creatinine up more than 20 %] on a CNI: reduce or "
        "hold it and repeat before judging.",
        "[Creatinine is up more than 20 % on a CNI ({creatinine_rise} over its start)|eGFR is down {cni_egfr_fall} on "
        "a CNI; creatinine itself is not on record, and would be up by more than 20 %|Creatinine is up more than 20 % "
        "on a CNI]. CNI toxicity is the first explanation; the drug, not a new class, needs attention.",
        change=("CREATININE_BACK",),
    ),
    "MN-15b": RuleWording(
        "CNI toxicity[ (creatinine up {creatinine_rise})| (eGFR down {cni_egfr_fall})] and no response: leave the CNI; "
        "consider {next}.",
        "[Creatinine is up more than 20 % on a CNI ({creatinine_rise})|eGFR is down {cni_egfr_fall} on a CNI "
        "(creatinine is not on record, and would be up by more than 20 %)|Creatinine is up more than 20 % on a CNI] "
        "and the disease has not responded[ "
        "(proteinuria {change} in {seen} days)]. Going on costs kidney function without benefit.",
        "RTX",
        "Rituximab is the preferred next class after a CNI.",
        ("CREATININE_BACK", "RESPONSE", "ANTIBODY_GONE"),
    ),
    "MN-16": RuleWording(
        "Proteinuria[ {current}] with normal albumin: scarring (FSGS) likelier than active MN; consider biopsy.",
        "Albumin is normal[ ({albumin})] despite proteinuria[ of {current}]; scarring (secondary FSGS) is likelier "
        "than active disease. Optimise RAS and SGLT2 inhibition before any further immunosuppression.",
        change=("ALBUMIN_LOW", "ANTIBODY_BACK"),
    ),
    "MN-17": RuleWording(
        "Anti-PLA2R is gone[ ({antibody_time})]: this is not resistance. Wait; proteinuria lags by 1-2 years.",
        "[The antibody has been gone for {antibody_days} days|The antibody is gone]; proteinuria can lag for one to "
        "two years, so this is not resistance. More immunosuppression would add harm only.",
        change=("ANTIBODY_BACK", "EGFR_FALL_BIOPSY", "LAG_OVER"),
    ),
    "MN-17b": RuleWording(
        "Anti-PLA2R is gone but eGFR is falling[ ({egfr_fall})]: biopsy before any further treatment.",
        "The antibody is gone, yet eGFR is falling[ ({egfr_fall})]. Active MN does not explain this: look for "
        "scarring, drug toxicity, obstruction, renal vein thrombosis or a second disease.",
        change=("ANTIBODY_BACK", "FALL_EXPLAINED"),
    ),
    "MN-17c": RuleWording(
        "Proteinuria[ {current}] persists over two years after anti-PLA2R vanished: consider biopsy (scarring?).",
        "The antibody has been gone for more than two years[ ({antibody_days} days)]; the usual lag is over. Scarring "
        "(secondary FSGS) is likelier than active disease.",
        change=("ANTIBODY_BACK",),
    ),
    "MN-18": RuleWording(
        "Proteinuria below nephrotic range[ ({current})]: no new class; monitor.",
        "[Proteinuria is {current}|Proteinuria is below 3.5 g/d]: not a remission, but below the level at which "
        "another class is justified.",
        change=("NEPHROTIC_AGAIN", "EGFR_FALL_ANEW"),
    ),
    "MN-19": RuleWording(
        "[{line} stopped early|Last line stopped early] for intolerance: consider {next}.",
        "[{line}|The last line] was stopped for intolerance before its effect could be judged. This is not a failure "
        "of the class, but it is not suggested again.",
        "RTX",
        "Rituximab is the usual choice when it has not been used.",
        ("RESPONSE", "ANTIBODY_GONE", "EGFR_FALL"),
    ),
    "MN-20": RuleWording(
        "In remission[ ({current})]: no additional immunosuppression; anti-PLA2R every three months.",
        "Remission is reached[ ({current})] and no CNI needs tapering. No additional immunosuppression; anti-PLA2R "
        "every three months gives the earliest sign of relapse.",
        change=("RELAPSE_MET", "ANTIBODY_BACK"),
    ),
}

ADEQUACY: dict[str, RuleWording] = {
    "MN-A1": RuleWording(
        "Not resistance yet: doses were missed. Secure adherence, then judge the line again.",
        "Before calling resistance, put this right: [{check}|adherence]. A class that was not taken has not failed.",
        change=("ADEQUATE_NOW",),
    ),
    "MN-A2": RuleWording(
        "Not resistance yet: [CNI troughs low ({trough_share} in range)|CNI exposure low]. Correct it, judge again.",
        "Before calling resistance, put this right: [{check}|CNI exposure]. About 3-8 ng/mL tacrolimus or 125-225 "
        "ng/mL cyclosporine is the usual target.",
        change=("ADEQUATE_NOW",),
    ),
    "MN-A3": RuleWording(
        "Not resistance yet: rituximab exposure too low[ ({rtx_dose_g})]. Complete the course, then judge again.",
        "Before calling resistance, put this right: [{check}|the rituximab dose]. [{rtx_dose_g} is|This is] less than "
        "one full course (two infusions); nephrotic patients lose the antibody in urine.",
        change=("ADEQUATE_NOW",),
    ),
    "MN-A4": RuleWording(
        "Not resistance yet: B cells were not depleted[ (lowest {cd19_lowest})]. Re-dose and find out why.",
        "Before calling resistance, put this right: [{check}|B-cell depletion]. Without depletion rituximab has not "
        "been tested: consider re-dosing, and measure anti-rituximab antibodies and IgG.",
        change=("ADEQUATE_NOW", "NEUTRALISED"),
    ),
    "MN-A5": RuleWording(
        "Not resistance yet: cyclophosphamide course too short[ ({cyc_days} days)]. Complete it or say why not.",
        "Before calling resistance, put this right: [{check}|the length of the cyclophosphamide course]. Fewer than "
        "80 days or six pulses do not count as an adequate course.",
        change=("ADEQUATE_NOW",),
    ),
}

_WAITING = ("RESULT_ARRIVES",)

DATA: dict[str, RuleWording] = {
    "MN-D0": RuleWording(
        "MN is not established in the record: confirm it (anti-PLA2R or biopsy) before any treatment advice.",
        "Membranous nephropathy is recorded as provisional without an anti-PLA2R of 20 RU/mL or more, or its entry "
        "could not be read. Advice would rest on an unproven diagnosis.",
        change=_WAITING,
    ),
    "MN-D1": RuleWording(
        "No current [{missing}|proteinuria or eGFR]: measure before any advice on the next class.",
        "Proteinuria and eGFR decide everything here, and values older than 90 days are not used.",
        change=_WAITING,
    ),
    "MN-D2": RuleWording(
        "Measure anti-PLA2R: without it resistance cannot be told from immunologic remission.",
        "[Proteinuria is {current}; it {change} in {seen} days. |Proteinuria is {current}. |]If the antibody is gone "
        "this is not resistance and no new class is needed; if it persists, a switch is justified.",
        change=_WAITING,
    ),
    "MN-D3": RuleWording(
        "Measure serum albumin: a normal value points to scarring, not to resistant MN.",
        "[Proteinuria is {current}. ]Low albumin means active nephrotic disease; normal albumin means scarring is "
        "likelier. The advice differs, so it waits.",
        change=_WAITING,
    ),
    "MN-D4": RuleWording(
        "Anti-PLA2R is borderline[ ({antibody_value})]: an immunofluorescence test decides if it is gone.",
        "The ELISA lies between negative (2 RU/mL) and positive (14 RU/mL). Immunofluorescence is the more sensitive "
        "test and decides between remission and persistence.",
        change=_WAITING,
    ),
    "MN-D5": RuleWording(
        "No CNI troughs on file[ for {days} days from CNI start]: measure before calling the CNI failed.",
        "[Proteinuria {change} in {seen} days from CNI start. ]Without drug levels, failure cannot be told from "
        "under-dosing.",
        change=_WAITING,
    ),
    "MN-D6": RuleWording(
        "No B-cell count after anti-CD20: measure it before calling rituximab failed.",
        "[Proteinuria {change} in {seen} days since the infusion. ]Without a count in the first six months, failure "
        "cannot be told from insufficient exposure.",
        change=_WAITING,
    ),
    "MN-D7": RuleWording(
        "eGFR trend unclear[ (down {egfr_fall}, one value)]: repeat creatinine before choosing the next class.",
        "[eGFR is {egfr} against {egfr_reference}. |]Stable and falling eGFR lead to different classes, and one value "
        "does not settle which it is.",
        change=_WAITING,
    ),
    "MN-D8": RuleWording(
        "An earlier line has no clear outcome: find it before choosing the next class.",
        "Whether an earlier standard class failed decides what comes next. The record does not show it.",
        change=_WAITING,
    ),
    "MN-D9": RuleWording(
        "Risk class needs [{missing}|albumin and anti-PLA2R]: measure before deciding on treatment.",
        "[Proteinuria is {current} after six months of supportive care. ]Albumin and anti-PLA2R decide between "
        "watchful waiting and treatment.",
        change=_WAITING,
    ),
    "MN-D10": RuleWording(
        "Possible MN relapse[ ({current}, lowest {nadir})| ({current})]: confirm with a second proteinuria value.",
        "[Proteinuria is {current} against a lowest value of {nadir}. ]One value does not make a relapse: a second "
        "one at least 14 days later, a positive antibody or albumin below 30 g/L would.",
        change=_WAITING,
    ),
    "MN-D11": RuleWording(
        "No proteinuria from before the present line: response cannot be judged. Find the baseline.",
        "[Proteinuria is {current}. ]Response is measured against the value before the line began, which is not on "
        "file (from 180 days before to 30 days after the start).",
        change=_WAITING,
    ),
}
