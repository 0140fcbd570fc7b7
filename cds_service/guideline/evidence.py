"""The evidence register (clinical-spec section 10): what a card may cite, and how sure we are of it.

`confidence`: H the source text was read, M well known but not re-read, L recollection.
An empty `url` means the identifier was not verified and must not be shown as a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry: citation and finding in our own words."""

    citation: str
    finding: str
    confidence: str
    url: str = ""


def _doi(identifier: str) -> str:
    return f"https://doi.org/{identifier}"


EVIDENCE: Mapping[str, Evidence] = {
    "EV-01": Evidence(
        "Dr.Oracle page 2025-09-07 on resistant MN (secondary source)",
        "Defines resistant disease and gives an order of classes, the checks before each, and cyclophosphamide "
        "limits of 36 g (10 g with a wish for children)",
        "H",
    ),
    "EV-02": Evidence(
        "UpToDate excerpt (2016/2017) on resistant/relapsing LN",
        "True resistance is rare and up to half of patients relapse, so adherence and adequate dosing are checked "
        "first; this is an older text, read as abstract only",
        "H",
    ),
    "EV-03": Evidence(
        "Chen et al., Balkan Med J 2023;40:287-293",
        "In 91 patients non-remission went with more proteinuria (hazard ratio 1.15, 1.02-2.03) and anti-PLA2R "
        "(1.04, 1.01-1.73), and was rarer with higher albumin (0.58) and rituximab dose (0.34)",
        "H",
        _doi("10.4274/balkanmedj.galenos.2023.2022-9-7"),
    ),
    "EV-04": Evidence(
        "Dr.Oracle page 2025-10-28 on CNI duration",
        "Give a CNI 12-24 months, lower it to 50 % in 4-8 week steps; relapse 25.2 vs 6.4 % with cyclophosphamide",
        "H",
    ),
    "EV-05": Evidence(
        "Arora et al., Arthritis Rheumatol 2022;74:915-926",
        "Defines refractory lupus nephritis and lists the rescue treatments",
        "H",
        _doi("10.1002/art.42092"),
    ),
    "EV-06": Evidence(
        "KDIGO 2021, Kidney Int 2021;100(4S):S1-S276",
        "Sets the risk groups of MN, their treatment, and what to do in relapse (3.4.1) and resistance (3.4.2)",
        "M",
        _doi("10.1016/j.kint.2021.05.021"),
    ),
    "EV-07": Evidence(
        "KDIGO 2024 LN, Kidney Int 2024;105(1S):S1-S69",
        "Belimumab or a CNI (eGFR above 45) may come first; response is defined; maintenance lasts 36 months or longer",
        "M",
        _doi("10.1016/j.kint.2023.09.002"),
    ),
    "EV-08": Evidence(
        "Sammaritano et al., ACR 2024 LN",
        "Triple therapy comes first, with a CNI at 3 g/g or more; biopsy is repeated after 6 months without "
        "response; refractory disease gets anti-CD20 or an escalated triple therapy",
        "M",
    ),
    "EV-09": Evidence(
        "Fanouriakis et al., EULAR 2023 SLE, Ann Rheum Dis 2024;83:15-29",
        "Early combination is advised, and high-dose cyclophosphamide where the outlook is poor",
        "H",
        _doi("10.1136/ard-2023-224762"),
    ),
    "EV-10": Evidence(
        "EULAR 2025 SLE with kidney involvement (PMID 41107121)",
        "After failed monotherapy strongly consider a combination, or switch and refer; obinutuzumab is an option",
        "H",
        _doi("10.1016/j.ard.2025.09.007"),
    ),
    "EV-11": Evidence(
        "Fanouriakis et al., EULAR-ERA 2019 LN, Ann Rheum Dis 2020;79:713-723",
        "Response is aimed at within 12 months; without it, switch the class or use rituximab",
        "H",
        _doi("10.1136/annrheumdis-2020-216924"),
    ),
    "EV-12": Evidence(
        "MENTOR, Fervenza et al., N Engl J Med 2019;381:36-46",
        "Rituximab vs cyclosporine gave remission in 60 vs 52 % at 12 months and 60 vs 20 % at 24 months",
        "M",
        _doi("10.1056/NEJMoa1814427"),
    ),
    "EV-13": Evidence(
        "GEMRITUX, Dahan et al., J Am Soc Nephrol 2017;28:348-358",
        "Remission with rituximab (375 mg/m2 x2) plus supportive care against supportive care alone was 35 vs 21 % "
        "at 6 months (not significant) and 65 vs 34 % in the extended follow-up (significant)",
        "M",
    ),
    "EV-14": Evidence(
        "RI-CYCLO, Scolari et al., J Am Soc Nephrol 2021;32:972-982",
        "At 12 months rituximab vs cyclophosphamide gave complete remission in 16 vs 32 %, any remission in 62 vs 73 %",
        "H",
        _doi("10.1681/ASN.2020071091"),
    ),
    "EV-15": Evidence(
        "STARMEN, Fernandez-Juarez et al., Kidney Int 2021;99:986-998",
        "At 24 months cyclophosphamide vs tacrolimus-rituximab gave remission in 84 vs 58 %, complete in 60 vs 26 %",
        "M",
    ),
    "EV-16": Evidence(
        "Rojas-Rivera et al., Drugs 2022;82:109-132",
        "Tacrolimus then rituximab did worst; a CNI is third line; a second rituximab cycle before failure is untested",
        "H",
        _doi("10.1007/s40265-021-01656-1"),
    ),
    "EV-17": Evidence(
        "Teisseyre et al., Front Immunol 2022;13:859419",
        "Rituximab fails through low exposure, antibodies against the drug, or scarring",
        "H",
        _doi("10.3389/fimmu.2022.859419"),
    ),
    "EV-18": Evidence(
        "Podesta et al., Am J Kidney Dis 2024;83:340-349",
        "On ofatumumab all rituximab-intolerant and 30 % of rituximab-resistant patients remitted; measured GFR was "
        "13.4 % higher at 24 months",
        "M",
    ),
    "EV-19": Evidence(
        "Waldman et al., Kidney Int Rep 2016;1:73-84",
        "Of 13 patients on rituximab with cyclosporine 92 % had remitted at 9 months, 54 % completely at 12 months",
        "H",
        _doi("10.1016/j.ekir.2016.05.002"),
    ),
    "EV-20": Evidence(
        "Zonozi et al., Am J Kidney Dis 2021;78:793-803",
        "On rituximab, low-dose cyclophosphamide and prednisone 100 % of 60 remitted, 83 % completely, at 2 years",
        "M",
    ),
    "EV-21": Evidence(
        "Chinese RCT IV CYC vs RTX, Kidney Dis 2024",
        "Remission at 12 months was 76.1 % with cyclophosphamide infusions against 61.4 % with rituximab (P 0.06), "
        "complete in 33.8 vs 14.3 %; at 24 months the arms were alike",
        "H",
        _doi("10.1159/000540548"),
    ),
    "EV-22": Evidence(
        "MENTOR antibody analysis, PMC10578640",
        "Anti-PLA2R above 14 RU/mL at 3 and 6 months, together with the change in albumin, predicts failure",
        "H",
    ),
    "EV-23": Evidence(
        "Obinutuzumab refractory MN, n=15, Naval Medical University 2025",
        "All 15 patients remitted (complete in 26.7 %) and the antibody was gone in 9/11",
        "H",
    ),
    "EV-24": Evidence(
        "Obinutuzumab vs rituximab in MN, CJASN 2024, PMID 39207845",
        "Obinutuzumab did better than rituximab; the figures were not at hand",
        "L",
    ),
    # A result may have come out since: look before each release.
    "EV-25": Evidence(
        "MAJESTY (obinutuzumab vs tacrolimus, EudraCT 2020-003233-38)",
        "The trial compares complete remission at week 104; only its design was seen, no result was found",
        "H",
    ),
    "EV-26": Evidence(
        "Felzartamab PROMINENT NCT06962800",
        "A trial of 180 patients against tacrolimus was recruiting in February 2026, with results expected in 2029; "
        "in the phase 1b/2a study M-PLACE (Kidney Int Rep 2024), known from recollection only, the antibody fell",
        "H",
    ),
    "EV-27": Evidence(
        "Optimised RTX + steroid taper cohort, PMC12996836",
        "Dosing rituximab by measured exposure worked better in refractory MN (observational)",
        "H",
    ),
    "EV-28": Evidence(
        "BLISS-LN, Furie et al., N Engl J Med 2020;383:1117-1128",
        "Belimumab vs placebo gave a renal response in 43 vs 32 % and a complete one in 30 vs 20 % at 104 weeks, "
        "with less effect at a UPCR of 3 g/g or more (post hoc)",
        "M",
    ),
    "EV-29": Evidence(
        "AURORA 1, Rovin et al., Lancet 2021;397:2070-2080",
        "Voclosporin vs placebo, on mycophenolate, gave complete renal response in 41 vs 23 % at 52 weeks",
        "M",
    ),
    "EV-30": Evidence(
        "NOBILITY, Furie et al., Ann Rheum Dis 2022;81:100-107",
        "Obinutuzumab vs placebo gave complete renal response in 35 vs 23 % at week 52 and 41 vs 23 % at week 104",
        "M",
    ),
    "EV-31": Evidence(
        "REGENCY, Furie et al., N Engl J Med 2025;392:1471-1483",
        "Obinutuzumab vs placebo gave complete renal response in 46.4 vs 33.1 % at week 76",
        "H",
    ),
    "EV-32": Evidence(
        "US approval of obinutuzumab for LN, 2025-10-19/20",
        "Obinutuzumab is licensed for lupus nephritis in the United States",
        "H",
    ),
    "EV-33": Evidence(
        "CALIBRATE, Atisha-Fregoso et al., Arthritis Rheumatol 2021;73:121-131",
        "Belimumab after rituximab with cyclophosphamide gave response in 52 vs 41 % without it at week 48: no clear "
        "benefit, acceptable safety",
        "M",
    ),
    "EV-34": Evidence(
        "LUNAR, Rovin et al., Arthritis Rheum 2012;64:1215-1226",
        "Rituximab added to standard treatment missed the trial's endpoint",
        "M",
    ),
    "EV-35": Evidence(
        "Liu et al. multitarget, Ann Intern Med 2015;162:18-26",
        "Tacrolimus plus mycophenolate vs cyclophosphamide gave complete remission in 45.9 vs 25.6 % at 24 weeks",
        "M",
    ),
    "EV-36": Evidence(
        "CAR-T: Mackensen, Nat Med 2022;28:2124 (n 5); Muller, N Engl J Med 2024;390:687-700 (8 SLE of 15)",
        "Refractory SLE, nephritis included, reached drug-free remission in early uncontrolled series; trials recruit",
        "M",
    ),
    "EV-37": Evidence(
        "Weidenbusch et al., Nephrol Dial Transplant 2013;28:106",
        "In refractory lupus nephritis about 74 % responded to rituximab in pooled series (40 % completely)",
        "M",
    ),
    "EV-38": Evidence(
        "Houssiau 2002 Euro-Lupus; Appel 2009 ALMS; Dooley 2011; Contreras 2004",
        "These trials are the background of induction and maintenance treatment",
        "M",
    ),
    "EV-39": Evidence(
        "Birmingham et al., Kidney Int 2007;72:865",
        "The protein/creatinine ratio of a spot urine is unreliable in flares",
        "H",
    ),
    "EV-40": Evidence(
        "Voclosporin label",
        "With eGFR below 60, reduce the dose at a fall of 20-30 % and hold it above 30 %; do not start below 45 or "
        "with blood pressure above the label's limits",
        "H",
    ),
    "EV-41": Evidence(
        "Zhu et al., Am J Transl Res 2021;13:7622-7631",
        "Non-responders did better on ultra-low-dose rituximab with low-dose tacrolimus than on tacrolimus: more "
        "remissions, fewer side effects (retrospective)",
        "M",
    ),
    "EV-42": Evidence(
        "Hanset et al., Kidney Int Rep 2020;5:331",
        "Rituximab can be used in PLA2R-positive MN with severe chronic kidney disease",
        "M",
    ),
    "EV-43": Evidence(
        "Boyer-Suavet et al., Front Immunol 2019;10:3069",
        "Neutralising antibodies against rituximab go with relapse",
        "M",
    ),
    "EV-44": Evidence(
        "MMF in resistant MN, Am J Kidney Dis 2000",
        "Only small uncontrolled series support mycophenolate in resistant MN: the evidence is limited",
        "M",
    ),
    "EV-45": Evidence(
        "Sethi et al., Kidney Int Rep 2020;5:1515-1518 ; two cases, BMC Nephrol 2022",
        "First reports of remission on obinutuzumab after rituximab had failed",
        "H",
        _doi("10.1186/s12882-022-02761-3"),
    ),
}
