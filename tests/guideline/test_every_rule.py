"""Every rule that clinical-spec sections 5 to 7 name is known to the engine, and a table test reaches it."""

from __future__ import annotations

import pytest

from cds_service.guideline.catalogue import all_rules
from tests.guideline import (
    test_lupus_flare,
    test_lupus_resistance,
    test_lupus_steps,
    test_lupus_untreated,
    test_membranous_adequacy,
    test_membranous_antibody,
    test_membranous_course,
    test_membranous_relapse,
    test_membranous_remission,
    test_membranous_resistance,
    test_membranous_scope,
    test_membranous_untreated,
    test_vetoes,
)
from tests.guideline.expectations import answer_for
from tests.guideline.rulebook import RULEBOOK

TABLES = (
    test_membranous_scope,
    test_membranous_untreated,
    test_membranous_remission,
    test_membranous_course,
    test_membranous_relapse,
    test_membranous_adequacy,
    test_membranous_antibody,
    test_membranous_resistance,
    test_lupus_steps,
    test_lupus_untreated,
    test_lupus_flare,
    test_lupus_resistance,
)
SECTIONS_5_TO_7 = """
SC-01 SC-02 SC-03
MN-D0 MN-D1 MN-D2 MN-D3 MN-D4 MN-D5 MN-D6 MN-D7 MN-D8 MN-D9 MN-D10 MN-D11
MN-00 MN-01 MN-02 MN-03 MN-04 MN-04b MN-05a MN-05b MN-06 MN-07 MN-08 MN-09 MN-10 MN-11 MN-12 MN-13 MN-14 MN-15a MN-15b
MN-16 MN-17 MN-17b MN-17c MN-18 MN-19 MN-20 MN-21 MN-22 MN-23 MN-24 MN-26 MN-27 MN-28
MN-30 MN-31 MN-32 MN-33 MN-34 MN-35 MN-36 MN-37 MN-A1 MN-A2 MN-A3 MN-A4 MN-A5
LN-D0 LN-D1 LN-D2 LN-D3 LN-D4 LN-D5 LN-D6 LN-D8
LN-01 LN-02 LN-03 LN-04a LN-04b LN-04c LN-04d LN-04v LN-05 LN-10 LN-11 LN-13 LN-14 LN-15 LN-16 LN-17 LN-19
LN-20a LN-20b LN-20c LN-21a LN-21b LN-21c LN-24 LN-25 LN-26 LN-27 LN-30 LN-31
LN-40 LN-41 LN-42 LN-43 LN-44 LN-45 LN-50 LN-51
SAFE-01 SAFE-02
"""
NAMED_BY_THE_SPECIFICATION = SECTIONS_5_TO_7.split()


def reached() -> set[str]:
    """The rules that the tables expect; each of their lines is itself a test."""
    found = {expected.rule for table in TABLES for expected in table.ROWS}
    deferred = (
        test_vetoes.resistant_mn(test_vetoes.INFECTION),
        test_vetoes.resistant_ln(test_vetoes.TUMOUR),
    )
    return found | {answer_for(case).rule for case in deferred}


REACHED = reached()


@pytest.mark.parametrize("rule", NAMED_BY_THE_SPECIFICATION)
def test_a_rule_of_the_specification_is_known_and_reached(rule: str) -> None:
    assert rule in all_rules()
    assert rule in RULEBOOK
    assert rule in REACHED


def test_the_engine_knows_no_rule_that_the_specification_does_not_name() -> None:
    assert set(all_rules()) == set(NAMED_BY_THE_SPECIFICATION)
    assert len(set(NAMED_BY_THE_SPECIFICATION)) == len(NAMED_BY_THE_SPECIFICATION)


def test_every_rule_is_listed_once() -> None:
    assert len(all_rules()) == len(set(all_rules()))


def test_the_sentences_of_the_tables_tell_the_tests_apart() -> None:
    for table in TABLES:
        sentences = [expected.sentence for expected in table.ROWS]
        assert len(sentences) == len(set(sentences)), table.__name__
