"""Loading the mapping data, and the words they know."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import pytest

from cds_service.errors import ConfigurationFault
from cds_service.mapping import systems
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import MappingFault, Terminology, load

KEYS = """
    membranous_nephropathy secondary_membranous_nephropathy lupus_nephritis systemic_lupus_erythematosus
    antiphospholipid_syndrome pregnancy serious_infection malignancy acute_kidney_injury dialysis kidney_transplant
    life_threatening_nephrotic mn_relapse ln_flare kidney_biopsy proteinuria_24h upcr albumin creatinine egfr
    anti_pla2r_elisa anti_pla2r_iif anti_dsdna c3 c4 cd19_count igg tacrolimus_trough cyclosporine_trough wbc
    neutrophils sbp dbp weight bsa hbsag anti_hbc hcv_ab hiv pregnancy_test kidney_length pla2r_stain
    anti_rituximab_ab ln_class ln_activity_index ln_chronicity_index crescents_pct fibrinoid_necrosis tma_on_biopsy
    sediment_active adherence fertility_wish cyc_cumulative_prior rituximab obinutuzumab ofatumumab cyclophosphamide
    chlorambucil tacrolimus cyclosporine voclosporin mycophenolate_mofetil mycophenolic_acid azathioprine belimumab
    leflunomide daratumumab isatuximab felzartamab bortezomib anifrolumab prednisone prednisolone methylprednisolone
    dexamethasone hydroxychloroquine acei arb sglt2i hbv_antiviral
"""
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
STATUS_REASON = "http://terminology.hl7.org/CodeSystem/medicationrequest-status-reason"


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "mappings"
    shutil.copytree(mappings_root(), root)
    return root


def faults_of(root: Path) -> list[str]:
    with pytest.raises(MappingFault) as caught:
        load(root)
    return [str(problem) for problem in caught.value.problems]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_concept_keys_of_clinical_spec_section_12_are_all_there(terminology: Terminology) -> None:
    assert set(KEYS.split()) - set(terminology.concepts) == set()


@pytest.mark.parametrize(
    "spelling",
    [
        "http://loinc.org",
        "https://loinc.org",
        "http://loinc.org/",
        "https://loinc.org/",
        " http://loinc.org ",
        "HTTP://LOINC.ORG",
        "urn:oid:2.16.840.1.113883.6.1",
        "2.16.840.1.113883.6.1",
    ],
)
def test_a_system_is_known_under_all_its_names(terminology: Terminology, spelling: str) -> None:
    meaning = terminology.look_up(spelling, "2889-4")
    assert meaning is not None and meaning.concept == "proteinuria_24h"


def test_a_code_means_nothing_in_another_system(terminology: Terminology) -> None:
    assert terminology.look_up(systems.SNOMED, "2889-4") is None
    assert terminology.look_up("", "2889-4") is None
    assert terminology.look_up(systems.RXNORM, "68815009") is None


def test_a_meaning_names_the_row_that_decided(terminology: Terminology) -> None:
    meaning = terminology.look_up(systems.LOINC, "2889-4")
    assert meaning is not None
    path, line = meaning.row.split(":")
    row = (mappings_root() / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert row.startswith("proteinuria_24h,2889-4,")


@pytest.mark.parametrize(
    ("concept", "text", "system", "word"),
    [
        ("hbsag", "positive", "", "positive"),
        ("hbsag", "  NEGATIVE. ", "", "negative"),
        ("hbsag", "Non-Reactive", "", "negative"),
        ("hbsag", "Not  detected", "", "negative"),
        ("hbsag", "260385009", systems.SNOMED, "negative"),
        ("hbsag", "10828004", "https://snomed.info/sct/", "positive"),
        ("hbsag", "LA6577-6", systems.LOINC, "negative"),
        ("hbsag", "POS", V3, "positive"),
        ("hbsag", "NEG", "http://hl7.org/fhir/v3/ObservationInterpretation", "negative"),
        ("hbsag", "H", V3, None),
        ("hbsag", "equivocal", "", None),
        ("hbsag", "TNP", "", None),
        ("hbsag", "", "", None),
        ("hbsag", "IV", "", None),
        ("hbsag", "positive " * 1000, "", None),
        ("tma_on_biopsy", "yes", "", "positive"),
        ("tma_on_biopsy", "absent", "", "negative"),
        ("fertility_wish", "yes", "", "yes"),
        ("fertility_wish", "positive", "", "yes"),
        ("fertility_wish", "373066001", systems.SNOMED, "yes"),
        ("pregnancy_test", "LA15173-0", systems.LOINC, "positive"),
        ("pregnancy_test", "60001007", systems.SNOMED, "negative"),
        ("hbsag", "77386006", systems.SNOMED, None),
        ("ln_class", "IV", "", "IV"),
        ("ln_class", "iii + v", "", "III+V"),
        ("ln_class", "V and IV", "", "IV+V"),
        ("ln_class", "Class III", "", "III"),
        ("ln_class", "ISN/RPS 2003 class IV-G (A/C)", "", "IV"),
        ("ln_class", "lupus nephritis class V", "", "V"),
        ("ln_class", "III or IV", "", None),
        ("ln_class", "class VII", "", None),
        ("ln_class", "III+V", systems.FINDING, "III+V"),
        ("ln_class", "52042003", systems.SNOMED, "V"),
        ("adherence", "non-adherent", "", "non-adherent"),
        ("adherence", "Compliant", "", "adherent"),
        ("adherence", "129834002", systems.SNOMED, "non-adherent"),
        ("adherence", "yes", "", None),
        ("creatinine", "positive", "", None),
        ("nothing", "positive", "", None),
    ],
)
def test_an_answer_is_one_of_our_words_or_nothing(
    terminology: Terminology, concept: str, text: str, system: str, word: str | None
) -> None:
    assert terminology.answer(concept, text, system) == word


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("Bromocresol purple (BCP)", "BCP"),
        ("BCG", "BCG"),
        ("Colorimetric, bromcresol-green endpoint", "BCG"),
        ("immunoturbidimetric", "immunometric"),
        ("BCP, formerly BCG", None),
        ("dry chemistry", None),
        ("", None),
    ],
)
def test_an_albumin_method_is_named_once_or_not_known(terminology: Terminology, text: str, method: str | None) -> None:
    assert terminology.method(text) == method


@pytest.mark.parametrize(
    ("system", "code", "reason"),
    [
        (systems.LINE_END, "ineffective", "ineffective"),
        (systems.LINE_END, "completed", "completed"),
        ("http://nextline-cds.org/CodeSystem/line-end/", "remission", "remission"),
        (STATUS_REASON, "sintol", "intolerance"),
        (STATUS_REASON, "salg", "intolerance"),
        (STATUS_REASON, "altchoice", None),
        (systems.SNOMED, "407563006", "intolerance"),
        (systems.ICD10CM, "Z91.148", "non-adherence"),
        ("", "Ineffective", "ineffective"),
        ("", "patient moved", None),
        ("", "", None),
    ],
)
def test_a_status_reason_becomes_a_line_end_reason(
    terminology: Terminology, system: str, code: str, reason: str | None
) -> None:
    assert terminology.reason(system, code) == reason


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("rituximab-abbs 10 MG/ML Injection", ("rituximab", "parenteral")),
        ("Rituxan Hycela 1400 MG / 23,400 UNT", ("rituximab", "subcutaneous")),
        ("anifrolumab-fnia", ("anifrolumab", "parenteral")),
        ("GAZYVA 1000 mg/40 mL", ("obinutuzumab", "parenteral")),
        ("Prograf 1 MG Oral Capsule", ("tacrolimus", "oral")),
        ("tacrolimus 0.1 % ointment", ("tacrolimus", "topical")),
        ("Restasis", ("cyclosporine", "ophthalmic")),
        ("ciclosporin", ("cyclosporine", "")),
        ("mycophenolate mofetil 500 MG", ("mycophenolate_mofetil", "")),
        ("mycophenolate sodium 360 mg DR tablet", ("mycophenolic_acid", "oral")),
        ("methylPREDNISolone acetate 40 MG/ML Injectable Suspension", ("methylprednisolone", "depot")),
        ("prednisone 5 MG", ("prednisone", "oral")),
        ("rituximab and tacrolimus", ("", "")),
        ("tacrolimus level", None),
        ("no rituximab", None),
        ("allergy to rituximab", None),
        ("anti-rituximab antibody", None),
        ("methotrexate", None),
        ("", None),
    ],
)
def test_a_drug_that_is_only_text_is_found_by_its_name(
    terminology: Terminology, text: str, drug: tuple[str, str] | None
) -> None:
    assert terminology.drug_by_name(text) == drug


def test_codes_of_a_concept_are_what_a_search_may_ask_for(terminology: Terminology) -> None:
    assert terminology.codes_of("anti_pla2r_elisa", systems.LOINC) == ((systems.LOINC, "73737-9"),)
    assert (systems.FINDING, "upcr") in terminology.codes_of("upcr")
    assert (systems.LOINC, "16285-9") in terminology.codes_of("upcr", role="distractor")
    assert not [code for _, code in terminology.codes_of("malignancy") if "*" in code]


def test_without_the_licence_bound_tables_the_rest_still_works(terminology: Terminology) -> None:
    free = load(mappings_root(), optional=False)
    assert free.look_up(systems.SNOMED, "197590001") is None
    assert free.look_up(systems.CPT, "50200") is None
    assert free.look_up(systems.SNOMED, "722119002") == terminology.look_up(systems.SNOMED, "722119002")
    assert free.look_up(systems.SNOMED, "722119002") is not None
    assert free.version != terminology.version


def test_the_version_names_the_bytes_that_were_read(terminology: Terminology, copy: Path) -> None:
    assert load(copy).version == terminology.version
    assert len(terminology.version.removeprefix("sha256:")) == 64
    edit(copy / "NOTICE", "LOINC", "Loinc")  # not read
    assert load(copy).version == terminology.version
    edit(copy / "own.csv", "contract section 4", "contract section four")
    assert load(copy).version != terminology.version
    assert terminology.knowledge == "1.0"


def test_nothing_in_it_can_be_changed(terminology: Terminology) -> None:
    with pytest.raises(TypeError):
        terminology.known["a", "b"] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        terminology.version = ""  # type: ignore[misc]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("loinc.csv", ",2889-4,", ",2889-5,", "check digit"),
        ("snomed.csv", ",722119002,", ",722119003,", "check digit"),
        ("snomed.csv", ",722119002,", ",7.22119E+08,", "spreadsheet"),
        ("loinc.csv", ",2889-4,", ",LP2889-4,", "LOINC part"),
        ("loinc.csv", "proteinuria_24h,2889-4,", "protein,2889-4,", "unknown concept 'protein'"),
        ("loinc.csv", ",2890-2,", ",2889-4,", "means"),
        ("rxnorm.csv", ",include,", ",included,", "unknown role"),
        ("rxnorm.csv", "\n", "\n\n", "cells where 11 belong"),
        ("rxnorm.csv", "concept,code", "code,concept", "the columns must be"),
        ("units.csv", ",0.001,", ",\u0660.001,", "neither a decimal number"),
        ("units.csv", ",88.4,", ",88.4/0,", "zero"),
        ("units.csv", "creatinine,mg/dL,umol/L,", "creatinine,mg/dL,mg/dL,", "canonical unit"),
        ("units.csv", "creatinine,mg/dL,", "kreatinin,mg/dL,", "not a measure"),
        ("answers.csv", ",pos,positive,", ",pos,maybe,", "not a word"),
        ("answers.csv", "10828004", "10828005", "check digit"),
        ("reasons.csv", ",intolerance,intolerance,", ",intolerance,disliked,", "unknown reason"),
        ("brands.csv", "Gazyva,obinutuzumab", "Gazyva,obinutuzumap", "not a medication"),
        (
            "systems.csv",
            "http://snomed.info/sct,http://snomed.info\n",
            "http://loinc.org,http://snomed.info/sct\n",
            "already",
        ),
        ("concepts.toml", 'kind = "measure"', 'kind = "mesure"', "kind must be"),
        ("concepts.toml", "low = 20.0", 'low = "20"', "must be a number"),
        ("concepts.toml", "low = 20.0", "low = 5000.0", "low is above high"),
        ("concepts.toml", "[albumin]", "[albumin", "not readable as TOML"),
        ("VERSION", "knowledge: 1.0", "edition: 1.0", "no line `knowledge"),
    ],
)
def test_a_fault_is_named_with_its_file(copy: Path, file: str, old: str, new: str, said: str) -> None:
    edit(copy / file, old, new)
    faults = faults_of(copy)
    assert any(said in fault and fault.startswith(f"mappings/{file}:") for fault in faults), faults[:5]


def test_all_faults_are_shown_together_with_their_lines(copy: Path) -> None:
    lines = (copy / "loinc.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    for index in (5, 9):
        lines[index] = lines[index].replace(",include,", ",inlcude,")
    (copy / "loinc.csv").write_text("".join(lines), encoding="utf-8")
    (copy / "ndc.csv").unlink()
    faults = faults_of(copy)
    assert [fault.rsplit(": ", 1)[0] for fault in faults if "unknown role" in fault] == [
        "mappings/loinc.csv:6",
        "mappings/loinc.csv:10",
    ]
    assert any(fault.startswith("mappings/ndc.csv:0: cannot be read") for fault in faults)


@pytest.mark.parametrize("file", ["loinc.csv", "units.csv", "answers.csv", "own.csv", "optional/cpt.csv"])
def test_a_file_cut_anywhere_inside_a_line_is_refused(copy: Path, file: str) -> None:
    whole = (copy / file).read_bytes()
    for kept in range(64, len(whole), max(64, len(whole) // 20)):
        if whole[kept - 1 : kept] != b"\n":
            (copy / file).write_bytes(whole[:kept])
            assert any(file in fault for fault in faults_of(copy)), kept


def test_a_sealed_copy_refuses_any_other_byte(copy: Path) -> None:
    names = [str(path.relative_to(copy)) for path in sorted(copy.rglob("*")) if path.suffix in (".csv", ".toml")]
    sums = [f"{hashlib.sha256((copy / name).read_bytes()).hexdigest()}  {name}" for name in [*names, "VERSION"]]
    (copy / "CHECKSUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    assert load(copy).look_up(systems.LOINC, "2889-4") is not None
    whole = (copy / "rxnorm.csv").read_bytes()
    (copy / "rxnorm.csv").write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])  # a whole line gone
    assert any("CHECKSUMS" in fault for fault in faults_of(copy))


def test_bytes_that_are_not_text_are_refused_with_their_line(copy: Path) -> None:
    path = copy / "brands.csv"
    path.write_bytes(path.read_bytes().replace(b"Gazyva,", b"Gazyv\xe4,", 1))
    assert any(fault.startswith("mappings/brands.csv:") and "not UTF-8" in fault for fault in faults_of(copy))


def test_a_fault_of_the_mappings_stops_the_start_like_any_other_configuration_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault) as caught:
        load(tmp_path)
    assert any("concepts.toml" in fault for fault in caught.value.faults)


def test_loading_is_fast_enough_to_be_done_at_every_start() -> None:
    best = min(_seconds_to_load() for _ in range(5))
    assert best < 0.25  # about 0.03 s on an idle machine; the bound only catches a change of kind


def _seconds_to_load() -> float:
    before = time.perf_counter()
    load(mappings_root())
    return time.perf_counter() - before
