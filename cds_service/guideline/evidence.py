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
        "definitions, next-class algorithm, checks, limits 36/10 g",
        "H",
    ),
    "EV-02": Evidence(
        "UpToDate excerpt (2016/2017) on resistant/relapsing LN",
        "true resistance rare; relapse up to half; adherence/adequacy first. Only abstract text available; old",
        "H",
    ),
    "EV-03": Evidence(
        "Chen et al., Balkan Med J 2023;40:287-293",
        "n=91; numbers in 5.5; non-remission HR proteinuria 1.15 (1.02-2.03), anti-PLA2R 1.04 (1.01-1.73); higher albumin 0.58, RTX dose 0.34",
        "H",
        _doi("10.4274/balkanmedj.galenos.2023.2022-9-7"),
    ),
    "EV-04": Evidence(
        "Dr.Oracle page 2025-10-28 on CNI duration",
        "CNI 12-24 months, 4-8 week steps to 50 %; relapse 25.2 % CNI vs 6.4 % CYC",
        "H",
    ),
    "EV-05": Evidence(
        "Arora et al., Arthritis Rheumatol 2022;74:915-926",
        "refractory LN definition and rescue list",
        "H",
        _doi("10.1002/art.42092"),
    ),
    "EV-06": Evidence(
        "KDIGO 2021, Kidney Int 2021;100(4S):S1-S276",
        "MN risk groups, treatment, 3.4.1 relapse, 3.4.2 resistance",
        "M",
        _doi("10.1016/j.kint.2021.05.021"),
    ),
    "EV-07": Evidence(
        "KDIGO 2024 LN, Kidney Int 2024;105(1S):S1-S69",
        "initial options incl. belimumab and CNI (eGFR > 45); response table; maintenance >= 36 months",
        "H",
    ),
    "EV-08": Evidence(
        "Sammaritano et al., ACR 2024 LN",
        "triple therapy; >= 3 g/g CNI; re-biopsy after 6 months; refractory: anti-CD20 or triple escalation",
        "H",
    ),
    "EV-09": Evidence(
        "Fanouriakis et al., EULAR 2023 SLE, Ann Rheum Dis 2024;83:15-29",
        "early combination, high-dose CYC for poor-prognosis features",
        "H",
        _doi("10.1136/ard-2023-224762"),
    ),
    "EV-10": Evidence(
        "EULAR 2025 SLE with kidney involvement (PMID 41107121)",
        "switching and expert referral; combination strongly considered after failed monotherapy; obinutuzumab listed",
        "H",
        _doi("10.1016/j.ard.2025.09.007"),
    ),
    "EV-11": Evidence(
        "Fanouriakis et al., EULAR-ERA 2019 LN, Ann Rheum Dis 2020;79:713-723",
        "targets by 12 months; switch or RTX if no response",
        "H",
        _doi("10.1136/annrheumdis-2020-216924"),
    ),
    "EV-12": Evidence(
        "MENTOR, Fervenza et al., N Engl J Med 2019;381:36-46",
        "RTX vs CsA 60 vs 52 % at 12, 60 vs 20 % at 24 months",
        "H",
        _doi("10.1056/NEJMoa1814427"),
    ),
    "EV-13": Evidence(
        "GEMRITUX, Dahan et al., J Am Soc Nephrol 2017;28:348-358",
        "RTX 375 mg/m2 x2 + supportive vs supportive: 35 vs 21 % at 6 months (NS), significant in extended follow-up (65 vs 34 %)",
        "M",
    ),
    "EV-14": Evidence(
        "RI-CYCLO, Scolari et al., J Am Soc Nephrol 2021;32:972-982",
        "CR 16 vs 32 %, CR+PR 62 vs 73 % at 12 months",
        "H",
        _doi("10.1681/ASN.2020071091"),
    ),
    "EV-15": Evidence(
        "STARMEN, Fernandez-Juarez et al., Kidney Int 2021;99:986-998",
        "remission 84 vs 58 %, CR 60 vs 26 % at 24 months",
        "H",
    ),
    "EV-16": Evidence(
        "Rojas-Rivera et al., Drugs 2022;82:109-132",
        "sequential tacrolimus-RTX performed worst; CNI third line; second RTX cycle untested before failure call",
        "H",
        _doi("10.1007/s40265-021-01656-1"),
    ),
    "EV-17": Evidence(
        "Teisseyre et al., Front Immunol 2022;13:859419",
        "RTX resistance mechanisms: low exposure, anti-drug antibodies, scarring",
        "H",
        _doi("10.3389/fimmu.2022.859419"),
    ),
    "EV-18": Evidence(
        "Podesta et al., Am J Kidney Dis 2024;83:340-349",
        "ofatumumab: all RTX-intolerant, 30 % of RTX-resistant remitted; mGFR +13.4 % at 24 months",
        "H",
    ),
    "EV-19": Evidence(
        "Waldman et al., Kidney Int Rep 2016;1:73-84",
        "RTX + cyclosporine, n=13: 92 % CR+PR at 9 months, CR 54 % at 12",
        "H",
        _doi("10.1016/j.ekir.2016.05.002"),
    ),
    "EV-20": Evidence(
        "Zonozi et al., Am J Kidney Dis 2021;78:793-803",
        "RTX + low-dose CYC + prednisone, n=60: PR 100 %, CR 83 % at 2 years",
        "H",
    ),
    "EV-21": Evidence(
        "Chinese RCT IV CYC vs RTX, Kidney Dis 2024",
        "12 months 76.1 vs 61.4 % (P 0.06), CR 33.8 vs 14.3 %; 24 months similar",
        "H",
        _doi("10.1159/000540548"),
    ),
    "EV-22": Evidence(
        "MENTOR antibody analysis, PMC10578640",
        "3- and 6-month antibody (>14 RU/mL) plus albumin change predict failure",
        "H",
    ),
    "EV-23": Evidence(
        "Obinutuzumab refractory MN, n=15, Naval Medical University 2025",
        "all remitted (CR 26.7 %), immunologic remission 9/11",
        "H",
    ),
    "EV-24": Evidence(
        "Obinutuzumab vs rituximab in MN, CJASN 2024, PMID 39207845",
        "favourable for obinutuzumab; numbers not retrieved",
        "L",
    ),
    "EV-25": Evidence(
        "MAJESTY (obinutuzumab vs tacrolimus, EudraCT 2020-003233-38)",
        "CR at week 104; design seen, no result found in stored sources; check the press/registry before go-live",
        "H",
    ),
    "EV-26": Evidence(
        "Felzartamab PROMINENT NCT06962800",
        "recruiting Feb 2026, n 180, vs tacrolimus; results expected 2029; phase 1b/2a M-PLACE (Kidney Int Rep 2024) lowered antibody, details OK/L",
        "H",
    ),
    "EV-27": Evidence(
        "Optimised RTX + steroid taper cohort, PMC12996836",
        "exposure-guided dosing better in refractory MN; observational",
        "H",
    ),
    "EV-28": Evidence(
        "BLISS-LN, Furie et al., N Engl J Med 2020;383:1117-1128",
        "PERR 43 vs 32 %, CRR 30 vs 20 % at 104 weeks; less effect if UPCR >= 3 (post hoc)",
        "M",
    ),
    "EV-29": Evidence(
        "AURORA 1, Rovin et al., Lancet 2021;397:2070-2080",
        "CRR 41 vs 23 % at 52 weeks",
        "H",
    ),
    "EV-30": Evidence(
        "NOBILITY, Furie et al., Ann Rheum Dis 2022;81:100-107",
        "CRR 35 vs 23 % week 52; 41 vs 23 % week 104",
        "M",
    ),
    "EV-31": Evidence(
        "REGENCY, Furie et al., N Engl J Med 2025;392:1471-1483",
        "CRR 46.4 vs 33.1 % week 76",
        "H",
    ),
    "EV-32": Evidence(
        "US approval of obinutuzumab for LN, 2025-10-19/20",
        "licence",
        "H",
    ),
    "EV-33": Evidence(
        "CALIBRATE, Atisha-Fregoso et al., Arthritis Rheumatol 2021;73:121-131",
        "RTX+CYC then belimumab 52 vs 41 % week 48, no clear benefit, acceptable safety",
        "M",
    ),
    "EV-34": Evidence(
        "LUNAR, Rovin et al., Arthritis Rheum 2012;64:1215-1226",
        "RTX add-on missed the endpoint",
        "M",
    ),
    "EV-35": Evidence(
        "Liu et al. multitarget, Ann Intern Med 2015;162:18-26",
        "tacrolimus+MMF CR 45.9 vs 25.6 % at 24 weeks",
        "M",
    ),
    "EV-36": Evidence(
        "CAR-T: Mackensen, Nat Med 2022;28:2124 (n 5); Muller, N Engl J Med 2024;390:687-700 (8 SLE of 15)",
        "drug-free remission in refractory SLE incl. nephritis; early, uncontrolled; trials recruiting",
        "M",
    ),
    "EV-37": Evidence(
        "Weidenbusch et al., Nephrol Dial Transplant 2013;28:106",
        "RTX response in refractory LN, pooled about 74 % (40 % complete)",
        "M",
    ),
    "EV-38": Evidence(
        "Houssiau 2002 Euro-Lupus; Appel 2009 ALMS; Dooley 2011; Contreras 2004",
        "induction/maintenance background",
        "M",
    ),
    "EV-39": Evidence(
        "Birmingham et al., Kidney Int 2007;72:865",
        "spot UPCR unreliable in flares",
        "H",
    ),
    "EV-40": Evidence(
        "Voclosporin label",
        "reduce at 20-30 % eGFR fall when < 60, hold > 30 %; not below 45; BP limits",
        "H",
    ),
    "EV-41": Evidence(
        "Zhu et al., Am J Transl Res 2021;13:7622-7631",
        "ultra-low-dose RTX + low-dose tacrolimus vs tacrolimus in non-responders: more remission, fewer side effects (retrospective)",
        "H",
    ),
    "EV-42": Evidence(
        "Hanset et al., Kidney Int Rep 2020;5:331",
        "RTX usable in PLA2R-MN with severe CKD",
        "H",
    ),
    "EV-43": Evidence(
        "Boyer-Suavet et al., Front Immunol 2019;10:3069",
        "neutralising anti-rituximab antibodies go with relapse",
        "H",
    ),
    "EV-44": Evidence(
        "MMF in resistant MN, Am J Kidney Dis 2000",
        'small uncontrolled series; basis for "limited evidence"',
        "H",
    ),
    "EV-45": Evidence(
        "Sethi et al., Kidney Int Rep 2020;5:1515-1518 ; two cases, BMC Nephrol 2022",
        "obinutuzumab after RTX failure, first reports",
        "H",
        _doi("10.1186/s12882-022-02761-3"),
    ),
}
