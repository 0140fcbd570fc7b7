"""Every shipped code row, and the traps of terminology.md section 7 that a code alone decides."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cds_service.mapping import systems
from cds_service.mapping.check_digits import loinc_digit_is_right, snomed_digit_is_right
from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.codes import CODE_COLUMNS, FILES, OPTIONAL_FILES
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import LOCAL_ROUTES, Terminology, load

LOINC, SNOMED, RXNORM, ATC, NDC = systems.LOINC, systems.SNOMED, systems.RXNORM, systems.ATC, systems.NDC
LOCAL = "https://lab.example.org/codes"
CM, WHO, OWN = systems.ICD10CM, systems.ICD10WHO, systems.FINDING


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root())


def shipped_rows() -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for path, system in FILES + OPTIONAL_FILES:
        with (mappings_root() / path).open(encoding="utf-8", newline="") as lines:
            found += [(path, system, row) for row in csv.DictReader(lines)]
    return found


def found(terminology: Terminology, system: str, code: str) -> tuple[str, str] | None:
    meaning = terminology.look_up(system, code)
    return (meaning.concept, meaning.role) if meaning else None


def test_every_row_is_a_sound_code_with_a_known_concept_and_is_found_again(terminology: Terminology) -> None:
    rows = shipped_rows()
    wrong = []
    for path, system, row in rows:
        code = row["code"].rstrip("*")
        meaning = terminology.look_up(system, code)
        if fault_of_code(system, row["code"]) or row["concept"] not in terminology.concepts or not row["source"]:
            wrong.append((path, row["code"], "unsound"))
        elif meaning is None or (row["role"] == "include" and meaning.concept != row["concept"]):
            wrong.append((path, row["code"], "not found again"))
    assert wrong == []
    assert len(rows) > 2400


def test_rows_are_sorted_so_that_a_new_one_has_one_place() -> None:
    roles = ["include", "distractor", "exclude"]
    for path, _ in FILES + OPTIONAL_FILES:
        with (mappings_root() / path).open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            assert tuple(reader.fieldnames or ()) == CODE_COLUMNS
            keys = [(row["concept"], roles.index(row["role"]), row["code"]) for row in reader]
        if path != "own.csv":
            assert keys == sorted(keys), path


def test_licence_bound_rows_carry_no_term() -> None:
    assert [r["code"] for path, _, r in shipped_rows() if path.startswith("optional/") and r["display"]] == []


def test_every_concept_travels_under_our_own_code_system(terminology: Terminology) -> None:
    without = [key for key in terminology.concepts if found(terminology, OWN, key) != (key, "include")]
    assert without == []


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        (RXNORM, "29046", "acei"),
        (OWN, "adherence", "adherence"),
        (LOINC, "1751-7", "albumin"),
        (LOINC, "13952-7", "anti_hbc"),
        (LOINC, "73737-9", "anti_pla2r_elisa"),
        (SNOMED, "26843008", "antiphospholipid_syndrome"),
        (RXNORM, "1256", "azathioprine"),
        (RXNORM, "1092437", "belimumab"),
        (LOINC, "8116-6", "cd19_count"),
        (LOINC, "14682-9", "creatinine"),
        (RXNORM, "3002", "cyclophosphamide"),
        (RXNORM, "3008", "cyclosporine"),
        (LOINC, "53828-0", "cyclosporine_trough"),
        (LOINC, "8462-4", "dbp"),
        (LOINC, "85354-9", "blood_pressure_panel"),
        (LOINC, "98979-8", "egfr"),
        (LOINC, "5195-3", "hbsag"),
        (RXNORM, "5521", "hydroxychloroquine"),
        (SNOMED, "7246002", "kidney_biopsy"),
        (OWN, "ln_class", "ln_class"),
        (SNOMED, "68815009", "lupus_nephritis"),
        (SNOMED, "722119002", "membranous_nephropathy"),
        (RXNORM, "6902", "methylprednisolone"),
        (RXNORM, "68149", "mycophenolate_mofetil"),
        (OWN, "pla2r_stain", "pla2r_stain"),
        (SNOMED, "77386006", "pregnancy"),
        (LOINC, "2106-3", "pregnancy_test"),
        (LOINC, "2889-4", "proteinuria_24h"),
        (RXNORM, "121191", "rituximab"),
        (LOINC, "8480-6", "sbp"),
        (SNOMED, "55464009", "systemic_lupus_erythematosus"),
        (RXNORM, "42316", "tacrolimus"),
        (LOINC, "77348-1", "tacrolimus_trough"),
        (OWN, "tma_on_biopsy", "tma_on_biopsy"),
        (LOINC, "2890-2", "upcr"),
        # codes named elsewhere in the specifications
        (LOINC, "11253-2", "tacrolimus_trough"),
        (LOINC, "3520-4", "cyclosporine_trough"),
        (LOINC, "82810-3", "pregnancy_test"),
        (CM, "Z33.1", "pregnancy"),
        (CM, "N17.9", "acute_kidney_injury"),
        (SNOMED, "14669001", "acute_kidney_injury"),
        (ATC, "J05AF10", "hbv_antiviral"),
        (CM, "N18.6", "dialysis"),
        (CM, "B20", "serious_infection"),
    ],
)
def test_the_codes_of_the_specifications_mean_their_concept(
    terminology: Terminology, system: str, code: str, concept: str
) -> None:
    assert found(terminology, system, code) == (concept, "include")


@pytest.mark.parametrize(
    ("trap", "code", "concept"),
    [
        ("1 albumin/creatinine", "9318-7", "upcr"),
        ("1 albumin/creatinine", "14959-1", "upcr"),
        ("2 inverse ratio", "16285-9", "upcr"),
        ("3 12 h collection", "26801-1", "proteinuria_24h"),
        ("3 6 h collection", "18373-1", "proteinuria_24h"),
        ("4 concentration", "2888-6", "proteinuria_24h"),
        ("4 concentration", "21482-5", "proteinuria_24h"),
        ("5 dipstick", "20454-5", "proteinuria_24h"),
        ("6 total protein", "2885-2", "albumin"),
        ("7 urine creatinine", "2161-8", "creatinine"),
        ("8 after dialysis", "11041-1", "creatinine"),
        ("9 clearance", "2164-2", "egfr"),
        ("9 panel", "45066-8", "egfr"),
        ("13 anti-HBs", "22322-2", "hbsag"),
        ("14 IgM", "31204-1", "anti_hbc"),
        ("16 nephritic factor", "13086-4", "c3"),
        ("17 dose", "32594-4", "tacrolimus_trough"),
        ("17 two hours after the dose", "32997-9", "cyclosporine_trough"),
        ("18 percent of CD19", "94689-7", "cd19_count"),
        ("19 cardiac Lp-PLA2", "86951-1", "anti_pla2r_elisa"),
        ("19 bee venom", "58983-8", "anti_pla2r_elisa"),
        ("26 multiple of the median", "20465-1", "pregnancy_test"),
        ("quantitative hCG", "19080-1", "pregnancy_test"),
        ("ordinal dsDNA", "31348-6", "anti_dsdna"),
        ("54 imaging guidance", "24772-6", "kidney_biopsy"),
    ],
)
def test_a_look_alike_laboratory_code_is_a_distractor(
    terminology: Terminology, trap: str, code: str, concept: str
) -> None:
    assert found(terminology, LOINC, code) == (concept, "distractor"), trap


@pytest.mark.parametrize("code", ["38180-6", "29541-0"])
def test_a_viral_load_is_never_a_serology(terminology: Terminology, code: str) -> None:
    assert (found(terminology, LOINC, code) or ("", "none"))[1] != "include"


@pytest.mark.parametrize("code", ["23906-1", "48398-2", "4548-4"])
def test_what_no_rule_reads_is_not_known(terminology: Terminology, code: str) -> None:
    assert terminology.look_up(LOINC, code) is None


def test_an_egfr_pair_by_race_is_one_measure(terminology: Terminology) -> None:
    assert found(terminology, LOINC, "48643-1") == found(terminology, LOINC, "48642-3") == ("egfr", "include")


@pytest.mark.parametrize(
    ("trap", "system", "code", "agent", "route"),
    [
        ("27 ointment", RXNORM, "313189", "tacrolimus", "topical"),
        ("27 ointment", RXNORM, "314266", "tacrolimus", "topical"),
        ("27 ointment", ATC, "D11AH01", "tacrolimus", "topical"),
        ("28 eye drops", RXNORM, "351291", "cyclosporine", "ophthalmic"),
        ("28 eye drops", RXNORM, "2055021", "cyclosporine", "ophthalmic"),
        ("28 eye drops", RXNORM, "2590608", "cyclosporine", "ophthalmic"),
        ("28 eye drops", ATC, "S01XA18", "cyclosporine", "ophthalmic"),
        ("29 eye drops", ATC, "S01BA04", "prednisolone", "ophthalmic"),
        ("29 inhaled", RXNORM, "377280", "dexamethasone", "inhaled"),
        ("29 ear drops", RXNORM, "404630", "dexamethasone", "otic"),
    ],
)
def test_a_drug_by_a_local_route_is_a_distractor(
    terminology: Terminology, trap: str, system: str, code: str, agent: str, route: str
) -> None:
    meaning = terminology.look_up(system, code)
    assert meaning is not None
    assert (meaning.concept, meaning.role, meaning.route) == (agent, "distractor", route), trap
    assert meaning.route in LOCAL_ROUTES


def test_no_included_drug_has_a_local_route(terminology: Terminology) -> None:
    wrong = [
        key
        for key, meaning in terminology.known.items()
        if meaning.kind == "medication" and meaning.role == "include" and meaning.route in LOCAL_ROUTES
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("trap", "system", "code"),
    [
        ("27 pimecrolimus", ATC, "D11AH02"),
        ("34 hydrocortisone", ATC, "H02AB09"),
        ("35 methotrexate", ATC, "L04AX03"),
        ("35 everolimus", ATC, "L04AH02"),
        ("43 veterinary cyclosporine", RXNORM, "1233908"),
        ("43 veterinary telmisartan", RXNORM, "2057158"),
        ("46 membranoproliferative is only alike by name", CM, "N04.1"),
        ("52 hereditary", CM, "N07.2"),
        ("52 neonatal", SNOMED, "725592009"),
    ],
)
def test_another_drug_or_disease_is_excluded(terminology: Terminology, trap: str, system: str, code: str) -> None:
    meaning = terminology.look_up(system, code)
    assert meaning is not None and meaning.role == "exclude", trap


@pytest.mark.parametrize(
    ("code", "agent"),
    [
        ("L01XC02", "rituximab"),
        ("L01XC15", "obinutuzumab"),
        ("L01XC10", "ofatumumab"),
        ("L04AA26", "belimumab"),
        ("L01XC24", "daratumumab"),
        ("L01XC38", "isatuximab"),
        ("L04AA13", "leflunomide"),
    ],
)
def test_a_retired_atc_code_is_still_read(terminology: Terminology, code: str, agent: str) -> None:
    assert found(terminology, ATC, code) == (agent, "include")


@pytest.mark.parametrize(
    ("trap", "code"),
    [
        ("30 depot injection is no pulse", "1358610"),
        ("30 depot injection is no pulse", "1743781"),
    ],
)
def test_a_depot_steroid_is_told_from_a_pulse(terminology: Terminology, trap: str, code: str) -> None:
    meaning = terminology.look_up(RXNORM, code)
    assert meaning is not None and meaning.route == "depot", trap
    pulse = terminology.look_up(RXNORM, "1743726")
    assert pulse is not None and pulse.route == "parenteral"


@pytest.mark.parametrize("code", ["121191", "2105824", "2273510", "2472325", "1927885"])
def test_biosimilars_and_the_subcutaneous_form_are_the_same_agent(terminology: Terminology, code: str) -> None:
    assert found(terminology, RXNORM, code) == ("rituximab", "include")


@pytest.mark.parametrize(
    ("code", "agent"),
    [("68149", "mycophenolate_mofetil"), ("616449", "mycophenolic_acid"), ("408142", "mycophenolic_acid")],
)
def test_the_two_mycophenolates_are_kept_apart_for_the_dose(terminology: Terminology, code: str, agent: str) -> None:
    assert found(terminology, RXNORM, code) == (agent, "include")


@pytest.mark.parametrize(
    ("trap", "system", "code", "expected"),
    [
        ("46 membranoproliferative", CM, "N04.5", ("membranous_nephropathy", "distractor")),
        ("47 secondary", CM, "N04.22", ("secondary_membranous_nephropathy", "include")),
        ("49 drug-induced", CM, "M32.0", ("systemic_lupus_erythematosus", "distractor")),
        ("49 cutaneous", CM, "L93.0", ("systemic_lupus_erythematosus", "distractor")),
        ("50 organ not said", CM, "M32.10", ("systemic_lupus_erythematosus", "include")),
        ("50 WHO does not prove nephritis", WHO, "M32.1", ("lupus_nephritis", "distractor")),
        ("51 glomerular", CM, "M32.14", ("lupus_nephritis", "include")),
        ("54 specimen", SNOMED, "309269002", ("kidney_biopsy", "distractor")),
        ("54 kit", SNOMED, "465904000", ("kidney_biopsy", "distractor")),
        ("55 diet", CM, "Z91.110", ("nonadherence", "distractor")),
        ("55 dialysis", CM, "Z91.15", ("nonadherence", "distractor")),
        ("55 medication", CM, "Z91.148", ("nonadherence", "include")),
        ("urinary infection is not serious", CM, "N39.0", ("serious_infection", "distractor")),
        ("plain zoster is not serious", CM, "B02.9", ("serious_infection", "distractor")),
        ("latent tuberculosis", CM, "Z22.7", ("serious_infection", "distractor")),
        ("allergic aspergillosis", CM, "B44.81", ("serious_infection", "distractor")),
        ("invasive aspergillosis", CM, "B44.1", ("serious_infection", "include")),
        ("sepsis by prefix", CM, "A41.51", ("serious_infection", "include")),
        ("tuberculosis by prefix, WHO", WHO, "A16.2", ("serious_infection", "include")),
        ("history of cancer", CM, "Z85.3", ("malignancy", "distractor")),
        ("breast cancer by prefix", CM, "C50.911", ("malignancy", "include")),
        ("Merkel cell by prefix", CM, "C4A.9", ("malignancy", "include")),
        ("basal cell of skin", CM, "C44.311", ("malignancy", "distractor")),
        ("squamous cell of skin", CM, "C44.42", ("malignancy", "distractor")),
    ],
)
def test_diagnosis_codes_say_no_more_than_they_say(
    terminology: Terminology, trap: str, system: str, code: str, expected: tuple[str, str]
) -> None:
    assert found(terminology, system, code) == expected, trap


@pytest.mark.parametrize("code", ["D05.1", "D63.0", "N39.9", "J20.9", "O80", "Z3", "C", ""])
def test_a_prefix_reaches_no_further_than_its_family(terminology: Terminology, code: str) -> None:
    assert terminology.look_up(CM, code) is None


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (CM, "N04.21"),
        (CM, "N0421"),
        (CM, "n04.21"),
        (CM, "N04.21."),
        (CM, " N04.21 "),
        ("urn:oid:2.16.840.1.113883.6.90", "N0421"),
        ("https://hl7.org/fhir/sid/icd-10-cm/", "N04.21"),
    ],
)
def test_icd_is_read_with_and_without_its_dot(terminology: Terminology, system: str, code: str) -> None:
    assert found(terminology, system, code) == ("membranous_nephropathy", "include")


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("73286009", "I"),
        ("4676006", "II"),
        ("76521009", "III"),
        ("36402006", "IV"),
        ("52042003", "V"),
        ("11013005", "VI"),
    ],
)
def test_a_nephritis_code_with_a_class_implies_the_class(terminology: Terminology, code: str, word: str) -> None:
    meaning = terminology.look_up(SNOMED, code)
    assert meaning is not None
    assert (meaning.concept, meaning.implies) == ("lupus_nephritis", f"ln_class={word}")


def test_an_albumin_code_that_names_its_method_implies_it(terminology: Terminology) -> None:
    implied = {code: terminology.look_up(LOINC, code) for code in ("61152-5", "61151-7", "1751-7")}
    assert [meaning.implies for meaning in implied.values() if meaning] == ["method=BCP", "method=BCG", ""]


@pytest.mark.parametrize(
    ("code", "property_"), [("14682-9", "moles"), ("2160-0", "mass"), ("35203-9", ""), ("54347-0", "moles")]
)
def test_mass_and_moles_are_kept_for_the_unit_check(terminology: Terminology, code: str, property_: str) -> None:
    meaning = terminology.look_up(LOINC, code)
    assert meaning is not None and meaning.property == property_


@pytest.mark.parametrize(
    ("code", "right"),
    [("2889-4", True), ("2889-5", False), ("2889", False), ("28x9-4", False), ("2889-44", False), ("٢-1", False)],
)
def test_loinc_check_digit(code: str, right: bool) -> None:
    assert loinc_digit_is_right(code) is right


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("722119002", True),
        ("722119003", False),
        ("846000000000000", False),  # rounded by a spreadsheet
        ("0722119002", False),
        ("12345", False),
        ("308751000119106", True),
        ("30875100011910٦", False),
    ],
)
def test_snomed_check_digit(code: str, right: bool) -> None:
    assert snomed_digit_is_right(code) is right


@pytest.mark.parametrize(
    ("system", "code", "part"),
    [
        (SNOMED, "2.8191E+13", "turned into a number by a spreadsheet"),
        (LOCAL, "1E+05", "turned into a number by a spreadsheet"),
        (LOCAL, "2,8191E+13", "turned into a number by a spreadsheet"),
        (LOCAL, "01.03.2026", "turned into a date by a spreadsheet"),
        (LOCAL, "3/1/26", "turned into a date by a spreadsheet"),
        (LOCAL, "2026-03-01 00:00:00", "turned into a date by a spreadsheet"),
        (LOCAL, "1-Mar", "turned into a date by a spreadsheet"),
        (LOCAL, "Mar-01", "turned into a date by a spreadsheet"),
        (LOCAL, "1. Dez", "turned into a date by a spreadsheet"),
        (LOCAL, '="0310"', "the sign by which a spreadsheet was told"),
        (LOCAL, "'0310", "the sign by which a spreadsheet was told"),
        (SNOMED, "846000000000000000", "rounded by a spreadsheet"),
        (SNOMED, "68815008", "fails its SNOMED CT check digit"),
        (NDC, "310304000", "9 digits, an NDC has 11: a spreadsheet drops leading zeros"),
        (NDC, "0310304000", "10 digits"),
        (NDC, "003103040000", "too long"),
        (LOINC, "LP14355-9", "LOINC part"),
        (LOINC, "LG1314-9", "LOINC part"),
        (LOINC, "LA6576-8", "LOINC part"),
        (LOINC, "2889-5", "check digit, which would be 4"),
        (LOINC, "28894", "not a valid code"),
        (RXNORM, "OMOP4741859", "id of OMOP"),
        (RXNORM, "121191.0", "not a valid code"),
        (CM, "N04,21", "not a valid code"),
        (LOCAL, " X1", "blanks"),
        (LOCAL, "", "empty"),
    ],
)
def test_a_broken_code_is_refused_with_a_reason_and_with_what_to_do(system: str, code: str, part: str) -> None:
    fault = fault_of_code(system, code)
    assert fault is not None
    assert part in fault.what
    assert fault.do


@pytest.mark.parametrize("code", ["SEP-1", "MAY-12", "GLU+KET", "1.2.3", "4E10", "12-3", "OMOP1", "LA6576-8", "0310"])
def test_the_codes_of_a_laboratory_may_look_odd(code: str) -> None:
    assert fault_of_code(LOCAL, code) is None


def test_the_root_is_the_checkout_when_there_is_one() -> None:
    assert mappings_root() == Path(__file__).resolve().parents[2] / "mappings"
