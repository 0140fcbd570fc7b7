"""Which agent is in which class (clinical-spec 3.1)."""

import pytest
from case_samples import course

from cds_service.case.drug_classes import ANTI_CD20, CLASS_OF, NEVER_A_LINE, PULSE, STANDARD_IN_MEMBRANOUS
from cds_service.case.segments import derive_segments

TABLE_3_1 = {
    "RTX": {"rituximab"},
    "CD20_2G": {"obinutuzumab", "ofatumumab"},
    "CYC": {"cyclophosphamide", "chlorambucil"},
    "CNI": {"tacrolimus", "cyclosporine", "voclosporin"},
    "MPAA": {"mycophenolate_mofetil", "mycophenolic_acid"},
    "AZA": {"azathioprine"},
    "BEL": {"belimumab"},
    "LEF": {"leflunomide"},
    "ANTI_CD38": {"daratumumab", "isatuximab", "felzartamab"},
    "PI": {"bortezomib"},
    "ANIF": {"anifrolumab"},
    "HCQ": {"hydroxychloroquine"},
    "RASI": {"acei", "arb"},
    "SGLT2": {"sglt2i"},
    "HBVRX": {"hbv_antiviral"},
}


@pytest.mark.parametrize(("therapy_class", "agents"), TABLE_3_1.items(), ids=TABLE_3_1)
def test_a_class_holds_the_agents_of_the_table(therapy_class: str, agents: set[str]) -> None:
    assert {agent for agent, its_class in CLASS_OF.items() if its_class == therapy_class} == agents


def test_every_class_is_one_of_the_table_or_a_glucocorticoid() -> None:
    assert set(CLASS_OF.values()) == set(TABLE_3_1) | {"GC"}


def test_only_these_classes_are_given_in_pulses() -> None:
    assert {"RTX", "CD20_2G", "BEL", "ANTI_CD38", "PI"} == PULSE


def test_anti_cd20_is_rituximab_and_the_second_generation() -> None:
    assert {"RTX", "CD20_2G"} == ANTI_CD20


def test_the_standard_classes_in_membranous_nephropathy() -> None:
    assert {"RTX", "CD20_2G", "CYC", "CNI"} == STANDARD_IN_MEMBRANOUS


@pytest.mark.parametrize("agent", sorted(CLASS_OF))
def test_supportive_drugs_and_steroids_never_make_a_line_and_all_others_do(agent: str) -> None:
    """3.1: GC, HCQ, RASI, SGLT2, HBVRX "never a line"; R-12: all immunosuppressive classes, rare ones too."""
    supportive = CLASS_OF[agent] in {"GC", "HCQ", "RASI", "SGLT2", "HBVRX"}
    assert (CLASS_OF[agent] in NEVER_A_LINE) is supportive
    assert len(derive_segments([course(agent, -300, -100)])) == (0 if supportive else 1)


def test_an_agent_without_a_class_makes_no_line() -> None:
    assert derive_segments([course("paracetamol", -300, None)]) == ()
